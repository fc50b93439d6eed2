/** A report that is given back at the end of a block, which TypeScript knows since 5.2. */
import { issueBulk, type IssueRequest, type RunOptions } from "issue-bulk";

export async function issued(request: IssueRequest, options: RunOptions): Promise<number> {
  using report = await issueBulk(request, options);
  return report.counts.issued;
}
