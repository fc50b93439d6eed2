/**
 * Issue a Capillary cart promotion to many customers, with exactly one outcome per customer.
 *
 * ```js
 * import { issueBulk } from "issue-bulk";
 *
 * const report = await issueBulk(
 *   { promotionId: "67dd4210ef21a64211227e04", contextId: "summer", customerIds: [555567088n] },
 *   { host: "eu.api.capillarytech.com", auth: { username, password } },
 * );
 * console.log(report.counts);
 * ```
 *
 * @packageDocumentation
 */
export * from "./face.js";

// The default entry: the wasm is inside and compiled on import, so that it works without
// configuration in Node, Bun, Deno, browsers and every bundler.
import * as core from "./core.js";
import { engine } from "./engine.js";
import { unpacked } from "./packing.js";
import { order, text } from "./wasm-text.js";

engine.boot(core, () => void core.initSync({ module: unpacked(order, text) }));
