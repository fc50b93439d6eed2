// A core that is started twice, the slower time while a run is on its way. In a process of its
// own, since a core starts once.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as slim from "issue-bulk/slim";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();

test("an init that arrives late leaves the core of a run alone", async () => {
  const bytes = readFileSync(fileURLToPath(import.meta.resolve("issue-bulk/wasm")));
  const { readable, writable } = new TransformStream();
  const headers = { "content-type": "application/wasm" };
  const late = slim.init(new Response(readable, { headers }));
  const writer = writable.getWriter();
  // Taken only once somebody reads: then that init is on its way.
  await writer.write(bytes.subarray(0, 8));

  slim.initSync(bytes);
  const job = slim.startIssueBulk(what(ids(100)), service.where({ batchSize: 10 }));
  job.pause();
  for await (const { state } of job.progress) if (state === "paused") break;
  await writer.write(bytes.subarray(8));
  await writer.close();
  await late;
  job.resume();
  assert.equal((await job.done).counts.issued, 100);
  assert.equal((await service.gateway.summary()).issued, 100);
});
