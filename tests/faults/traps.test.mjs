// A trap of the core, wherever it happens: every run of the instance ends with `core-crashed`, no
// promise stays pending, and nothing more is sent.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inChromium, inNode, inWorkerd, makeTrappingCore } from "./support/trap-places.mjs";

/** @type {import("./support/trap-program.mjs").Asked[]} */
const TRAPS = [
  { place: "turn", how: "trap" },
  { place: "task", how: "trap" },
  { place: "waker", how: "trap" },
  { place: "chunk", how: "trap" },
  { place: "timer", how: "trap" },
  { place: "cancel", how: "trap" },
  { place: "task", how: "memory" },
];

/** @type {{ folder: string, stop: () => Promise<void> }} */
let core;
/** @type {Awaited<ReturnType<typeof inChromium>>} */
let browser;

before(async () => {
  core = await makeTrappingCore();
  browser = await inChromium(core.folder);
});

after(async () => {
  await browser.stop();
  await core.stop();
});

/** @type {[string, () => import("./support/trap-places.mjs").Play][]} */
const PLACES = [
  ["Node", () => inNode(core.folder)],
  ["workerd", () => inWorkerd(core.folder)],
  ["Chromium", () => browser.play],
];

for (const [name, player] of PLACES) {
  test(`a trap ends every run of the instance in ${name}`, { timeout: 120_000 }, async () => {
    const play = player();
    for (const asked of TRAPS) {
      const seen = await play(asked);
      const crashed = "core-crashed";
      assert.deepEqual(
        seen,
        { ended: [crashed, crashed, crashed], later: crashed, sentAfter: 0, hasTrapped: true },
        JSON.stringify(asked),
      );
    }
  });
}

test("a core that is not told to trap runs to its end", async () => {
  const seen = await inNode(core.folder)({ place: "nowhere", how: "trap" });
  assert.deepEqual([seen.ended[0], seen.later, seen.hasTrapped], ["resolved", "resolved", false]);
});

test("what is shipped has no such switch", async () => {
  const name = "issueBulkTrap";
  const shipped = await readFile(fileURLToPath(import.meta.resolve("issue-bulk/wasm")));
  assert.ok(!shipped.includes(name));
  assert.ok((await readFile(`${core.folder}/core_bg.wasm`)).includes(name));
});
