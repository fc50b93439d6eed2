// The case table of groups C, D and E as tests, in whatever runtime plays them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AUTH, PROMOTION } from "../../../pkg/test/gateway.mjs";
import { withGateway } from "../../../pkg/test/runs.mjs";
import { BODY } from "../cases/body.mjs";
import { IDS } from "../cases/case.mjs";
import { NETWORK } from "../cases/network.mjs";
import { MET_BY, STATUS } from "../cases/status.mjs";
import { assertHonest, assertOutcomes } from "./judge.mjs";

/**
 * @typedef {import("../cases/case.mjs").Case} Case
 * @typedef {import("./play.mjs").Play} Play
 * @typedef {import("./play.mjs").Told} Told
 *
 * @typedef {object} Subject
 * @property {(given: Play) => Promise<Told>} play
 * @property {() => Promise<void>} stop
 */

/** They may send a POST again by themselves. */
const BROWSERS = ["chromium", "firefox"];

/** One call after the other, ten ids each, and no rule that stops the run early. */
const OPTIONS = Object.freeze({ batchSize: 10, concurrency: 1, seed: 1 });

/**
 * @param {import("../cases/case.mjs").Runtime} runtime
 * @param {() => Promise<Subject>} start
 */
export function testTable(runtime, start) {
  const service = withGateway();
  /** @type {Subject} */
  let subject;
  before(async () => {
    subject = await start();
  });
  after(() => subject?.stop());
  for (const one of [...STATUS, ...BODY, ...NETWORK]) {
    test(`${one.name} (${runtime})`, async () => {
      const { gateway } = service;
      await gateway.faults(rules(one));
      if (one.switches !== undefined) await gateway.switches(one.switches);
      const options = { ...OPTIONS, ...one.options };
      const given = { host: gateway.host, promotionId: PROMOTION, auth: AUTH, ids: IDS, options };
      const told = await subject.play(given);
      if (one.awaits !== undefined) await gateway.reached(one.awaits);
      const expect = one.differs?.[runtime] ?? one.expect;
      assertOutcomes(told, expect);
      const resends = BROWSERS.includes(runtime) || expect.resends === true;
      assertHonest(told, await accountOf(gateway), { resends });
      if (expect.calls !== undefined) {
        assert.equal((await gateway.calls()).length, expect.calls, "calls that arrived");
      }
      assertDisarmed(told.csv);
    });
  }
}

/** @param {Case} one */
function rules({ name, fault, times }) {
  if (fault === null) return [];
  const id = name.includes("1006") ? MET_BY.guilty : MET_BY.first;
  return [{ when: { contains: [id], ...(times === undefined ? {} : { times }) }, fault }];
}

/** @param {import("../../../pkg/test/gateway.mjs").Gateway} gateway */
async function accountOf(gateway) {
  const [ids, issuances, calls] = await Promise.all([
    gateway.ids(),
    gateway.issuances(),
    gateway.calls(),
  ]);
  return { ids, issuances, calls: calls.length };
}

/** No cell starts a formula, and no control character but line ends is left to act anywhere. */
function assertDisarmed(/** @type {string} */ csv) {
  const found = csv.match(/(?:^|,)"?[=+\-@\t].*|.*[\0-\t\v\f\x0e-\x1f\x7f-\x9f].*/m);
  assert.equal(found?.[0], undefined);
}
