// Runs in a process of another runtime: one order a line on standard input, what came of it a line
// on standard output.

import process from "node:process";
import { createInterface } from "node:readline";
import { issueBulk } from "issue-bulk";
import { play } from "./play.mjs";
import { TRANSPORTS } from "./transports.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { transport, ...given } = JSON.parse(line);
  const options = { ...given.options, transport: TRANSPORTS[transport] };
  console.log(JSON.stringify(await play(issueBulk, { ...given, options })));
}
