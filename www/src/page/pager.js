/** A table's rows, a page at a time: a hundred stay fast for any number behind them. */
import { count, element } from "./dom.js";

export const PAGE_ROWS = 100;

export class Pager {
  #nav;
  #draw;
  #length = 0;
  #page = 0;
  #where = element("span", {});
  /** @type {Array<{ button: HTMLButtonElement, target: () => number }>} */
  #buttons = [];

  /**
   * @param {HTMLElement} nav where the buttons go; hidden while one page holds everything
   * @param {(from: number, to: number) => void} draw the rows `from` up to before `to`
   */
  constructor(nav, draw) {
    this.#nav = nav;
    this.#draw = draw;
    const last = () => Math.max(0, Math.ceil(this.#length / PAGE_ROWS) - 1);
    this.#add("First", () => 0);
    this.#add("Previous", () => Math.max(0, this.#page - 1));
    nav.append(this.#where);
    this.#add("Next", () => Math.min(last(), this.#page + 1));
    this.#add("Last", last);
  }

  /** Shows the first page of `length` rows. */
  reset(/** @type {number} */ length) {
    this.#length = length;
    this.#go(0);
  }

  /** @param {string} label @param {() => number} target */
  #add(label, target) {
    const button = /** @type {HTMLButtonElement} */ (element("button", { type: "button" }, label));
    button.addEventListener("click", () => this.#go(target()));
    this.#buttons.push({ button, target });
    this.#nav.append(button);
  }

  #go(/** @type {number} */ page) {
    this.#page = page;
    const from = page * PAGE_ROWS;
    const to = Math.min(this.#length, from + PAGE_ROWS);
    this.#draw(from, to);
    this.#nav.hidden = this.#length <= PAGE_ROWS;
    this.#where.textContent = `${count(from + 1)} to ${count(to)} of ${count(this.#length)}`;
    // Not `disabled`: that would take the focus away from the button that was just pressed.
    for (const { button, target } of this.#buttons) {
      button.setAttribute("aria-disabled", String(target() === page));
    }
  }
}
