// One run in a process of its own, which finds a proxy in its environment or does not.

import process from "node:process";
import { issueBulk } from "issue-bulk";
import { undiciTransport } from "issue-bulk/node";
import { ids, what } from "./runs.mjs";

const { isOverUndici, ...options } = JSON.parse(process.argv[2] ?? "{}");
const transport = isOverUndici ? { transport: await undiciTransport() } : {};
const report = await issueBulk(what(ids(30)), { ...options, ...transport });
console.log(JSON.stringify(report.counts));
