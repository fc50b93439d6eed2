// A run that goes on when its terminal is closed, and one in a container that is stopped.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as later } from "node:timers/promises";
import { test } from "node:test";
import { BIN, WHAT, environment, start, withFolder } from "./cli.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

/** Milliseconds that a run in the background may take. */
const PATIENCE_MS = 20_000;

/** @param {string} path @param {RegExp} text */
async function saw(path, text) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await later(50)) {
    if (existsSync(path) && text.test(readFileSync(path, "utf8"))) return;
  }
  assert.fail(`${path} never said ${text}`);
}

/**
 * Types a command that goes on in the background at a terminal, waits for the first call and closes
 * the terminal.
 *
 * @param {string} prefix
 * @param {string} name of the list
 */
async function leave(prefix, name) {
  const { gateway } = service;
  await gateway.switches({ latencyMs: 300 });
  const path = file(name, `${ids(3_000).join("\n")}\n`);
  const words = [process.execPath, BIN, "run", path, ...WHAT, "--yes", "--concurrency", "1"];
  const command = words.map((word) => `'${word}'`).join(" ");
  const line = `${prefix} ${command} > '${path}.log' 2>&1 < /dev/null & sleep 60`;
  const env = { SHELL: "/bin/sh", ...environment(gateway.host) };
  const terminal = spawn("script", ["-qefc", line, "/dev/null"], { env, stdio: "pipe" });
  await gateway.reached({ arrivals: 1 });
  terminal.kill("SIGKILL");
  await once(terminal, "close");
  return path;
}

test("setsid keeps a run when its terminal is closed", async () => {
  const path = await leave("setsid", "kept.csv");
  await saw(`${path}.log`, /3,?000/);
  await service.gateway.reached({ issued: 3_000 });
});

test("a run whose terminal is closed ends in order, also under nohup, and goes on", async () => {
  const path = await leave("nohup", "left.csv");
  await saw(`${path}.log`, /Stopping/);
  while (existsSync(`${path}.issue-bulk.lock`)) await later(50);
  const env = environment(service.gateway.host);
  const again = await start(["run", path, ...WHAT, "--yes"], { env }).ended;
  assert.equal(again.code, 0, again.stderr);
  const { issued, arrivals } = await service.gateway.summary();
  assert.deepEqual([issued, arrivals], [3_000, 3_000]);
});

const CONTAINER = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
const skip = spawnSync(CONTAINER[0] ?? "", [...CONTAINER.slice(1), "true"]).status !== 0;

test("a container that is stopped awaits its answers and sends no more", { skip }, async () => {
  await service.gateway.switches({ latencyMs: 500 });
  const path = file("stopped.csv", `${ids(3_000).join("\n")}\n`);
  const env = environment(service.gateway.host);
  const runtime = [...CONTAINER, process.execPath];
  const run = start(["run", path, ...WHAT, "--yes", "--concurrency", "1"], { env, runtime });
  await service.gateway.reached({ arrivals: 1_000 });
  const inside = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, "utf8");
  process.kill(Number(inside.trim()), "SIGTERM");
  await run.ended;
  const { issued, arrivals } = await service.gateway.summary();
  assert.deepEqual([issued, arrivals], [1_000, 1_000]);
  const again = await start(["run", path, ...WHAT, "--yes"], { env, runtime }).ended;
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await service.gateway.summary()).arrivals, 3_000);
  assert.ok(existsSync(join(folder, "stopped.results.csv")));
});
