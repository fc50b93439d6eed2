/** Every entry, for projects whose compiler does not read `exports` of a manifest. */
import { IssueBulkError, issueBulk, type Journal, type Report } from "issue-bulk";
import { fileInput, fileJournal } from "issue-bulk/node";
import { init, issueBulk as slim } from "issue-bulk/slim";

export async function run(host: string): Promise<Report> {
  const journal: Journal = fileJournal("run.journal");
  const customerIds = fileInput("customers.csv");
  try {
    return await issueBulk({ promotionId: "p", contextId: "c", customerIds }, { host, journal });
  } catch (error) {
    if (!(error instanceof IssueBulkError) || error.code !== "core-not-ready") throw error;
    await init("/core.wasm");
    return slim({ promotionId: "p", contextId: "c", customerIds }, { host, journal });
  }
}
