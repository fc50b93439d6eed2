// In Bun or Deno: one run for each host, and how many of its customers are unsent and unknown.

import process from "node:process";
import { issueBulk } from "issue-bulk";

const request = { promotionId: "67dd4210ef21a64211227e04", contextId: "c", customerIds: [11, 12] };
for (const host of JSON.parse(process.argv[2] ?? "[]")) {
  const { counts } = await issueBulk(request, { host, attempts: 2 });
  console.log(JSON.stringify([counts.unsent, counts.unknown]));
}
