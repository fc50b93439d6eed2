// Modules of the installed package that no entry exports, for what the real core cannot show: a
// crash. They are found through the package's manifest, so that they are the packed files.

/**
 * @param {string} [name] of a file in `dist`
 * @returns {Promise<any>}
 */
export function inside(name = "inside.js") {
  return import(new URL(`dist/${name}`, import.meta.resolve("issue-bulk/package.json")).href);
}
