import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildIfChanged } from "./changed.mjs";

/**
 * @param {(build: (fails?: boolean) => Promise<boolean>, root: string) => Promise<void>} body
 */
async function withStep(body) {
  const root = mkdtempSync(join(tmpdir(), "issue-bulk-changed-"));
  mkdirSync(join(root, "src", "dist"), { recursive: true });
  writeFileSync(join(root, "src", "one.txt"), "one");
  const step = {
    name: "step", inputs: ["src"], outputs: ["made.txt"], root, stamps: join(root, "stamps"),
  };
  /** @param {boolean} [fails] */
  const build = (fails = false) =>
    buildIfChanged(step, async () => {
      writeFileSync(join(root, "made.txt"), "made");
      if (fails) throw new Error("failed");
    });
  try {
    await body(build, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("a step whose inputs are as before is left out", () =>
  withStep(async (build, root) => {
    assert.deepEqual([await build(), await build()], [true, false]);
    writeFileSync(join(root, "src", "one.txt"), "two");
    assert.deepEqual([await build(), await build()], [true, false]);
    writeFileSync(join(root, "src", "new.txt"), "");
    assert.deepEqual([await build(), await build()], [true, false]);
    rmSync(join(root, "src", "new.txt"));
    assert.equal(await build(), true);
  }));

test("what a build makes is no input", () =>
  withStep(async (build, root) => {
    await build();
    writeFileSync(join(root, "src", "dist", "made.txt"), "made");
    assert.equal(await build(), false);
  }));

test("an output that is missing, or of another build, is made again", () =>
  withStep(async (build, root) => {
    await build();
    rmSync(join(root, "made.txt"));
    assert.equal(await build(), true);
    writeFileSync(join(root, "made.txt"), "made by somebody else");
    assert.deepEqual([await build(), await build()], [true, false]);
  }));

test("a build that failed is done again", () =>
  withStep(async (build) => {
    await assert.rejects(build(true), /failed/);
    assert.deepEqual([await build(), await build()], [true, false]);
  }));
