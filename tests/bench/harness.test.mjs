import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BENCH = fileURLToPath(new URL("bench.mjs", import.meta.url));

test("a tiny run measures every group, and shows whose ids are wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-bench-"));
  const file = join(folder, "tiny.json");
  try {
    const args = [BENCH, "--tiny", "--json", file];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { machine, bars, cases } = JSON.parse(readFileSync(file, "utf8"));
    assert.equal(machine.node, process.version);
    for (const bar of bars) {
      assert.deepEqual(Object.keys(bar).slice(0, 4), ["name", "value", "bar", "holds"]);
      assert.equal(typeof bar.holds, "boolean", bar.name);
      assert.ok(stdout.includes(`| ${bar.name} |`), bar.name);
    }
    const groups = new Set(cases.map((/** @type {{ group: string }} */ { group }) => group));
    const wanted = ["answers", "intake", "bodies", "client", "memory", "start", "wire"];
    assert.deepEqual([...groups].sort(), [...wanted, "exactness", "bytes"].sort());
    exact(cases);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** @param {import("./processes.mjs").Result[]} cases */
function exact(cases) {
  for (const { name, subjects } of cases) {
    for (const [subject, { median, wrong }] of Object.entries(subjects)) {
      assert.ok(Number.isFinite(median), `${name}, ${subject}`);
      if (subject.startsWith("issue-bulk")) assert.equal(wrong, 0, `${name}, ${subject}`);
    }
  }
  const wire = cases.find(({ group }) => group === "exactness")?.subjects["fetch + p-limit"];
  assert.ok(wire !== undefined && wire.wrong > wire.checked / 2, JSON.stringify(wire));
}
