// A plan over a long input, in a process of its own: prints what it found and the core's memory.

import process from "node:process";
import { coreBytes } from "./core-memory.mjs";

const { planIssueBulk } = await import("issue-bulk");
/** @type {{ unit: string, units: number, times: number }} */
const { unit, units, times } = JSON.parse(process.argv[2] ?? "{}");
const bytes = new TextEncoder().encode(unit.repeat(units));
let left = times;

/** The piece again and again, then an id on a line of its own. */
const customerIds = new ReadableStream({
  pull: (stream) => {
    left -= 1;
    if (left >= 0) return stream.enqueue(bytes);
    stream.enqueue(new TextEncoder().encode("\n7\n"));
    return stream.close();
  },
});

const request = { promotionId: "67dd4210ef21a64211227e04", contextId: "c", customerIds };
const options = { host: "service.example", input: { format: /** @type {const} */ ("lines") } };
const { given, distinct, problems } = await planIssueBulk(request, options);
const found = { given, distinct, reason: problems[0]?.reason, coreBytes: coreBytes() };
process.stdout.write(JSON.stringify(found));
