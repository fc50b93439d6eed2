/** The last step before anything is sent: what will happen, and the count typed by hand. */
import { byId, count, counted, duration, element, input, size, write } from "./dom.js";
import { setError } from "./form.js";

const dialog = () => /** @type {HTMLDialogElement} */ (byId("confirm"));

/** @type {import("issue-bulk").Plan | null} */
let asked = null;
/** @type {() => void} */
let onConfirmed = () => {};

/** Connects the dialog. */
export function connectConfirm() {
  byId("confirm-form").addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit();
  });
  byId("back").addEventListener("click", () => dialog().close());
  input("typed").addEventListener("input", () => setError("typed", ""));
}

/**
 * @param {import("issue-bulk").Plan} plan
 * @param {import("./form.js").Entered} entered
 * @param {() => void} confirmed
 */
export function confirm(plan, { what, how }, confirmed) {
  asked = plan;
  onConfirmed = confirmed;
  const customers = counted(plan.distinct, "customer");
  write("confirm-text", `This issues the promotion ${what.promotionId} to ${customers}.`);
  write("typed-label", `Type ${plan.distinct} to confirm`);
  write("send", `Send to ${customers}`);
  byId("confirm-plan").replaceChildren(
    ...entries([
      ["Promotion", what.promotionId],
      ["Context", what.contextId],
      ["Left out", `${count(plan.invalid)} invalid, ${counted(plan.duplicate, "duplicate")}`],
      ["Sent", how.way === "site" ? "through this site" : `from this browser to ${how.host}`],
      ["Requests", `${count(plan.requests)}, ${size(plan.bytes)}`],
      ["Expected time", duration(plan.estimatedMs)],
    ]),
  );
  input("typed").value = "";
  setError("typed", "");
  dialog().showModal();
  input("typed").focus();
}

/** @param {Array<[string, string]>} pairs */
function entries(pairs) {
  return pairs.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
}

function onSubmit() {
  if (asked === null) return;
  // People copy the count as they see it, with its separators.
  const typed = input("typed").value.replaceAll(/[\s,.'_]/g, "");
  if (typed !== String(asked.distinct)) {
    setError("typed", `This is not ${asked.distinct}. Nothing was sent.`);
    input("typed").focus();
    return;
  }
  asked = null;
  dialog().close();
  onConfirmed();
}
