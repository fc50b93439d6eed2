// The command in Bun and Deno: files, pipes, the journal, a terminal and Ctrl-C are all theirs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { WHAT, environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

const { ISSUE_BULK_BUN = "", ISSUE_BULK_DENO = "" } = process.env;

const RUNTIMES = {
  bun: [ISSUE_BULK_BUN],
  deno: [ISSUE_BULK_DENO, "run", "--allow-all", "--no-prompt", "--node-modules-dir=manual"],
};

for (const [name, runtime] of Object.entries(RUNTIMES)) {
  const env = () => ({
    ...environment(service.gateway.host),
    DENO_DIR: join(folder, "deno"),
    NO_COLOR: "1",
  });
  const cli = (/** @type {string[]} */ args, input = "") =>
    start(args, { env: env(), input, runtime }).ended;

  test(`${name}: plan, run, run again, report and revoke`, async () => {
    assert.ok(runtime[0], "set ISSUE_BULK_BUN and ISSUE_BULK_DENO to their executables");
    const path = file(`${name}.csv`, `${ids(2_000).join("\n")}\n`);
    assert.equal((await cli(["plan", "-", "--json"], "11\n12\n")).events[0].distinct, 2);
    const run = ["run", path, ...WHAT, "--yes"];
    assert.equal((await cli(run)).code, 0);
    assert.equal((await cli(run)).code, 0);
    assert.equal((await service.gateway.summary()).issued, 2_000);
    const out = join(folder, `${name}.ndjson`);
    assert.equal((await cli(["report", path, "--out", out])).code, 0);
    const few = file("few.ndjson", readFileSync(out, "utf8").split("\n").slice(0, 3).join("\n"));
    const revoke = ["revoke", few, "--out", join(folder, `${name}.gone.csv`)];
    assert.equal((await cli([...revoke, "--confirm", "revoke 3"])).code, 0);
    const bad = await cli(["plan", join(folder, "nowhere.csv")]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /no such file/);
  });

  test(`${name}: a lost answer is in doubt, and nothing was sent twice`, async () => {
    const path = file(`${name}-lost.csv`, `${ids(20).join("\n")}\n`);
    await service.gateway.faults([{ when: {}, fault: { kind: "actThenDrop" } }]);
    assert.equal((await cli(["run", path, ...WHAT, "--yes"])).code, 3);
    const { issued, arrivals } = await service.gateway.summary();
    assert.deepEqual([issued, arrivals], [20, 20]);
  });

  test(`${name}: a typed number, Ctrl-C, and the same command goes on`, async () => {
    const path = file(`${name}-typed.csv`, `${ids(3_000).join("\n")}\n`);
    const slow = { when: { calls: [1] }, fault: { kind: "delay", ms: 700 } };
    await service.gateway.faults([slow]);
    const command = ["run", path, ...WHAT, "--concurrency", "1"];
    const cut = startOnTerminal(command, { env: env(), runtime });
    await cut.saw("Type 3000");
    cut.child.stdin?.write("3000\r");
    await service.gateway.reached({ arrivals: 1_000 });
    cut.child.stdin?.write("\u0003");
    const { code, stdout } = await cut.ended;
    assert.equal(code, 130);
    assert.match(stdout, /Issued +1,000/);
    assert.equal((await cli([...command, "--yes"])).code, 0);
    const { issued, duplicatesIssued } = await service.gateway.summary();
    assert.deepEqual([issued, duplicatesIssued], [3_000, 0]);
  });
}
