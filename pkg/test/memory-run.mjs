// One run in a process of its own. Measured are the core's memory, which never shrinks and so
// shows its own peak, and the most that the whole process ever had.

import process from "node:process";
import { AUTH } from "./gateway.mjs";
import { ids, what } from "./runs.mjs";

/** @type {WebAssembly.Memory[]} */
const memories = [];
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  /** @param {[WebAssembly.Module, WebAssembly.Imports?]} args */
  constructor(...args) {
    super(...args);
    const { memory } = this.exports;
    if (memory instanceof WebAssembly.Memory) memories.push(memory);
  }
};

const { issueBulk } = await import("issue-bulk");
const { count, ...options } = JSON.parse(process.argv[2] ?? "{}");
const report = await issueBulk(what(ids(count)), { auth: AUTH, concurrency: 1, ...options });
const reasons = new Set([...report.unknown()].map(({ reason }) => reason));
const coreBytes = memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
const processBytes = process.resourceUsage().maxRSS * 1_024;
const taken = { coreBytes, processBytes };
console.log(JSON.stringify({ counts: report.counts, reasons: [...reasons], ...taken }));
