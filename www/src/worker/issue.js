/** `POST /api/issue`: everything is checked before anything is sent. `DELETE` cancels a run. */
import { IssueBulkError, issueBulk, planIssueBulk } from "issue-bulk";
import { admit } from "./access.js";
import { streamAnswer } from "./answer.js";
import { readBody } from "./body.js";
import { Meter, checkBudget } from "./budget.js";
import { checkBodyKind, readParameters } from "./parameters.js";
import { Refusal } from "./refusal.js";
import { cancel, enter, runKey } from "./runs.js";
import { readSettings } from "./settings.js";

/** How often a run looks whether it was cancelled: far below what a person notices. */
const CANCEL_LOOK_MS = 200;

/**
 * @param {URL} url
 * @param {Request} request
 * @param {import("./settings.js").Env} env
 * @param {{ waitUntil(promise: Promise<unknown>): void }} ctx
 * @returns {Promise<Response>}
 * @throws {Refusal} with nothing sent
 */
export async function issueRoute(url, request, env, ctx) {
  if (request.method !== "POST" && request.method !== "DELETE") {
    throw new Refusal(405, "method-not-allowed", "Use POST to issue, or DELETE to cancel.", {
      allow: "POST, DELETE",
    });
  }
  await admit(url, request, env);
  const key = runKey(request);
  if (request.method === "DELETE") {
    cancel(key);
    return new Response(null, { status: 202 });
  }
  const settings = readSettings(env);
  const { request: job, input, pace } = readParameters(url.searchParams);
  checkBodyKind(request);
  const customerIds = await readBody(request, settings.bodyBytesMax);
  const what = { ...job, customerIds };
  const how = { host: settings.host, auth: settings.auth, input, ...pace };
  const plan = await planned(what, how);
  checkBudget(plan.requests, settings);
  return started(enter(key), plan, what, how, settings.subrequests, request.signal, ctx);
}

/**
 * @param {import("issue-bulk").IssueRequest} what
 * @param {import("issue-bulk").RunOptions} how
 */
async function planned(what, how) {
  try {
    return await planIssueBulk(what, how);
  } catch (error) {
    if (error instanceof IssueBulkError) throw new Refusal(400, error.code, error.message);
    throw error;
  }
}

/**
 * @param {import("./runs.js").Run} run
 * @param {import("issue-bulk").Plan} plan
 * @param {import("issue-bulk").IssueRequest} what
 * @param {import("issue-bulk").RunOptions} how
 * @param {number} subrequests
 * @param {AbortSignal} left aborted when the client goes away
 * @param {{ waitUntil(promise: Promise<unknown>): void }} ctx
 */
function started(run, plan, what, how, subrequests, left, ctx) {
  const stop = new AbortController();
  const look = setInterval(() => run.cancelled && stop.abort(), CANCEL_LOOK_MS);
  left.addEventListener("abort", () => stop.abort());
  const meter = new Meter(subrequests, () => stop.abort());
  const { readable, done } = streamAnswer(plan, stop, async (onProgress) => {
    const watch = { transport: meter.fetch, onProgress, signal: stop.signal };
    const report = await issueBulk(what, { ...how, ...watch });
    // The meter ends a run by cancelling it; a run that ended otherwise says so itself.
    const isCut = report.stopped?.code === "cancelled" && meter.stopped !== null;
    return { report, stopped: isCut ? meter.stopped : report.stopped };
  });
  // A client that left cancels the run, but what is in flight is awaited as long as it may be.
  ctx.waitUntil(done.finally(() => clearInterval(look)));
  return new Response(readable, {
    headers: { "content-type": "application/x-ndjson; charset=utf-8" },
  });
}
