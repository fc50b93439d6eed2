/** What a screen reader is told: a run may report often, a listener should hear it seldom. */
import { write } from "./dom.js";

const EVERY_MS = 5_000;

let saidAt = -Infinity;

/** Says it now, whatever was said before. */
export function announce(/** @type {string} */ text) {
  saidAt = performance.now();
  write("status", text);
}

/** Says it unless something was said a moment ago. */
export function announceSeldom(/** @type {string} */ text) {
  if (performance.now() - saidAt >= EVERY_MS) announce(text);
}
