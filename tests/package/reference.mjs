// The API reference, made of the types and what is written beside them.

import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Application } from "typedoc";
import { ROOT } from "../../scripts/project.mjs";

/** The entries, by the file of their types. */
const ENTRIES = { main: "issue-bulk", slim: "issue-bulk/slim", node: "issue-bulk/node" };

const NOTE = '<!-- Made of the types of pkg/dist by "npm run snapshots"; npm test compares it. -->';

/**
 * @returns {Promise<Map<string, string>>} names of files and their text
 * @throws {Error} when a type is exported without being documented, or a link leads nowhere
 */
export async function reference() {
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-reference-"));
  try {
    await generate(folder);
    const names = readdirSync(folder).filter((name) => name !== "README.md").sort();
    return new Map(names.map((name) => [name, titled(name, join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} out */
async function generate(out) {
  const types = join(ROOT, "pkg", "dist");
  /** @type {Record<string, unknown>} */
  const options = {
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: Object.keys(ENTRIES).map((name) => join(types, `${name}.d.ts`)),
    tsconfig: join(ROOT, "tests", "package", "tsconfig.reference.json"),
    out,
    readme: "none",
    disableSources: true,
    excludeExternals: true,
    // `npm test` checks the types by itself; here only their documentation matters.
    skipErrorChecking: true,
    outputFileStrategy: "modules",
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    typeDeclarationFormat: "table",
    requiredToBeDocumented: ["Class", "Function", "Interface", "TypeAlias"],
    validation: { notDocumented: true, invalidLink: true, notExported: true },
    logLevel: "Warn",
  };
  const application = await Application.bootstrapWithPlugins(options);
  const project = await application.convert();
  if (project === undefined) throw new Error("typedoc cannot read pkg/dist");
  application.validate(project);
  if (application.logger.hasErrors() || application.logger.hasWarnings()) {
    throw new Error("the reference has faults, named above");
  }
  await application.generateOutputs(project);
}

/**
 * @param {string} name
 * @param {string} path
 */
function titled(name, path) {
  const entry = ENTRIES[/** @type {keyof typeof ENTRIES} */ (name.replace(/\.md$/, ""))];
  const text = readFileSync(path, "utf8").replace(/^# .*$/m, `# ${entry}`);
  return `${NOTE}\n\n${text.replace(/ +$/gm, "").trimEnd()}\n`;
}
