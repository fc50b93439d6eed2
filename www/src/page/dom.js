/** The few things the page does with the document. Text only ever enters it as text. */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element "${id}".`);
  return found;
}

/** @param {string} id */
export const input = (id) => /** @type {HTMLInputElement} */ (byId(id));

/** @param {string} id */
export const select = (id) => /** @type {HTMLSelectElement} */ (byId(id));

/** The chosen value of a group of radio buttons. */
export function chosen(/** @type {string} */ name) {
  const found = document.querySelector(`input[name="${name}"]:checked`);
  return found === null ? "" : /** @type {HTMLInputElement} */ (found).value;
}

/** @param {string} id @param {boolean} visible */
export function show(id, visible) {
  byId(id).hidden = !visible;
}

/** @param {string} id @param {string} text */
export function write(id, text) {
  byId(id).textContent = text;
}

/** Shows a notice while it has a text. */
export function notice(/** @type {string} */ id, /** @type {string} */ text) {
  write(id, text);
  show(id, text !== "");
}

/**
 * @param {string} name of the element
 * @param {{ class?: string } & Record<string, string>} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {Array<{ text: string, class?: string } | { node: Node, class?: string }>} cells */
export function tableRow(cells) {
  const made = cells.map((cell) =>
    element(
      "td",
      cell.class === undefined ? {} : { class: cell.class },
      "node" in cell ? cell.node : cell.text,
    ),
  );
  return element("tr", {}, ...made);
}

const NUMBER = new Intl.NumberFormat("en");

/** A count with its thousands apart. */
export function count(/** @type {number} */ value) {
  return NUMBER.format(value);
}

/** @param {number} value @param {string} one @param {string} [many] */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A length of time for people: the two largest units that matter. */
export function duration(/** @type {number} */ ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return counted(seconds, "second");
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `about ${counted(minutes, "minute")}`;
  return `about ${counted(Math.floor(minutes / 60), "hour")} ${minutes % 60} min`;
}

/** A size for people, in powers of 1024. */
export function size(/** @type {number} */ bytes) {
  if (bytes < 1024) return counted(bytes, "byte");
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
