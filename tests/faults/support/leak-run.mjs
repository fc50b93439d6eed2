// Twenty runs of a thousand batches each, in a process of its own; prints the core's memory after
// each. The service is a function, for the core is what is measured.

import process from "node:process";
import { coreBytes } from "./core-memory.mjs";
import { answerTo } from "./scripted.mjs";

const { issueBulk } = await import("issue-bulk");
const promotionId = "67dd4210ef21a64211227e04";
const customerIds = Array.from({ length: 10_000 }, (_, at) => String(500_000_001 + at));

/** @type {import("issue-bulk").Transport} */
const transport = async (_, { body }) => {
  const ids = (await new Response(body).text()).match(/\d+/g) ?? [];
  return new Response(answerTo(ids, promotionId).split("\r\n\r\n")[1]);
};

let batches = 0;
/** @type {number[]} */
const after = [];
for (let run = 0; run < 20; run += 1) {
  const options = { host: "service.example", batchSize: 10, transport };
  const report = await issueBulk({ promotionId, contextId: "c", customerIds }, options);
  batches += report.counts.attempts;
  report.dispose();
  after.push(coreBytes());
}
process.stdout.write(JSON.stringify({ batches, after }));
