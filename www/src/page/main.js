/** The page: reads a list, asks, sends, and shows what became of every customer. */
import { IssueBulkError } from "issue-bulk";
import { confirm, connectConfirm } from "./confirm.js";
import { connectCustomers, customers, resetCustomers } from "./customers.js";
import { byId, notice, show } from "./dom.js";
import { connectForm, entered } from "./form.js";
import { connectResults, showResults } from "./results.js";
import { connectRun, watch } from "./run.js";
import { NothingSent, sendDirectly, sendThroughSite } from "./send.js";
import { planned } from "./survey.js";

connectCustomers();
connectForm();
connectConfirm();
connectRun();
connectResults(() => {
  show("form", true);
  resetCustomers();
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  void review();
});

/** A second look while one is under way could ask to send again what is being sent. */
let reviewing = false;

async function review() {
  if (reviewing) return;
  reviewing = true;
  try {
    await ask();
  } finally {
    reviewing = false;
  }
}

const NO_CUSTOMERS = "Give a list with at least one valid customer id first, and have it checked.";

async function ask() {
  notice("error", "");
  const list = customers();
  const given = entered();
  if (list === null) return complain(NO_CUSTOMERS);
  if (given === null) return;
  try {
    const plan = await planned(list, given.what);
    if (plan.distinct === 0) return complain(NO_CUSTOMERS);
    confirm(plan, given, () => void send(list, plan, given));
  } catch (error) {
    complain(error instanceof IssueBulkError ? error.message : "The list could not be read.");
  }
}

/**
 * @param {import("./survey.js").List} list
 * @param {import("issue-bulk").Plan} plan
 * @param {import("./form.js").Entered} given
 */
async function send(list, plan, { what, how }) {
  const request = { ...what, confirmed: { customers: plan.distinct, digest: plan.digest } };
  show("form", false);
  try {
    const ended = await watch(
      (onProgress) =>
        how.way === "site"
          ? sendThroughSite(list, request, how.token, onProgress)
          : sendDirectly(list, request, how, onProgress),
      plan.distinct,
    );
    await showResults(ended, plan);
  } catch (error) {
    show("form", true);
    complain(error instanceof NothingSent ? `Nothing was sent. ${error.message}` : PAGE_FAILED);
  }
}

const PAGE_FAILED =
  "The page failed. If customers were being sent, take all of them as unknown: look before you " +
  "send them again.";

/** Says what is wrong where the eye and the focus are taken to. */
function complain(/** @type {string} */ text) {
  notice("error", text);
  byId("error").focus();
}
