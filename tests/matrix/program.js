// The program that every environment runs: issue 1,000 ids, say what became of each.

/** What the gateway's sample account may issue. */
const PROMOTION = "67dd4210ef21a64211227e04";
const AUTH = { username: "store.server", password: "server123" };

/** The customers of a run. */
export const CUSTOMERS = 1_000;

/** From here on a JavaScript number is no longer exact: 2^53. */
const BEYOND_DOUBLES = 9_007_199_254_740_992n;

/**
 * Issues and reports. What it posts: `imported` with the version once the package answers, then
 * `report`, or `failed` with the error.
 *
 * @param {Pick<typeof import("issue-bulk"), "issueBulk" | "version">} face the package, however
 *   the environment imported it
 * @param {{ host: string, collector: string }} where the gateway, and who wants to know
 * @returns {Promise<void>}
 */
export async function play({ issueBulk, version }, { host, collector }) {
  /** @param {string} step @param {string} body */
  const post = async (step, body) => {
    const answer = await fetch(`${collector}/${step}`, { method: "POST", body });
    await answer.text();
  };
  try {
    await post("imported", version());
    const report = await issueBulk(
      { promotionId: PROMOTION, contextId: "matrix", customerIds: customers() },
      { host, auth: AUTH, batchSize: 100 },
    );
    const { counts, stopped } = report;
    const rows = await new Response(report.ndjson()).text();
    await post("report", JSON.stringify({ counts, stopped, rows }));
  } catch (error) {
    await post("failed", error instanceof Error ? `${error.stack}` : String(error));
  }
}

/** Every form an id may have, and ids that no double can hold. */
function* customers() {
  for (let at = 0; at < CUSTOMERS; at += 1) {
    const id = BigInt(at) + (at % 4 === 0 ? BEYOND_DOUBLES : 500_000_000n);
    if (at % 4 === 1) yield Number(id);
    else if (at % 4 === 2) yield String(id);
    else yield id;
  }
}
