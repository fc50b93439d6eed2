// One run in a process of its own, measured by the most memory the process ever had.

import process from "node:process";
import { issueBulk } from "issue-bulk";
import { AUTH } from "./gateway.mjs";
import { ids, what } from "./runs.mjs";

const { host, count, concurrency } = JSON.parse(process.argv[2] ?? "{}");
const options = { host, auth: AUTH, concurrency };

// What the first call costs in any case: compiling, connecting, the heap of fetch.
await issueBulk(what(["1"]), { ...options, host: "http://127.0.0.1:9", attempts: 1 });
globalThis.gc?.();
const before = process.memoryUsage.rss();
const report = await issueBulk(what(ids(count)), options);
const grownBytes = process.resourceUsage().maxRSS * 1_024 - before;
const reasons = new Set([...report.unknown()].map(({ reason }) => reason));
console.log(JSON.stringify({ counts: report.counts, reasons: [...reasons], grownBytes }));
