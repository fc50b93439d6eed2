/**
 * The features of a runtime that the core needs. An import never throws, as that would give a blank
 * page or fail a whole test file: the first call names the missing feature.
 */

/** Also what the glue makes when it is loaded, for which `stand-ins.ts` has substitutes. */
const NEEDED = ["WebAssembly", "TextDecoder", "TextEncoder"];

/** @throws {ReferenceError} as the engine would, where the runtime lacks something */
export function assertComplete(): void {
  const name = missing();
  if (name !== undefined) throw new ReferenceError(`${name} is not defined`);
}

/** The sentences on a core that could not be made ready. */
export function adviceOn(failure: unknown): string {
  const name = missing();
  if (name === "WebAssembly") {
    return (
      "This runtime has no WebAssembly, which the core is: allow it (Node's --jitless and some " +
      "browsers' lockdown modes switch it off), or run elsewhere."
    );
  }
  if (name !== undefined) {
    return (
      `This environment has no ${name}, which the core needs: under jest use the environment ` +
      "'node' instead of 'jsdom', or define it before issue-bulk is imported."
    );
  }
  const said = String((failure as { message?: unknown } | null)?.message);
  if (/content.security.policy|unsafe-eval|\bcsp\b/i.test(said)) {
    return (
      "The Content-Security-Policy of this page forbids to compile WebAssembly: it needs " +
      "script-src 'wasm-unsafe-eval'."
    );
  }
  if (said.includes("disallowed by embedder")) {
    return (
      "This runtime compiles WebAssembly only when it is deployed: bundle issue-bulk with the " +
      "runtime's own conditions (workerd, edge-light), or import issue-bulk/slim."
    );
  }
  return "The core could not be loaded or compiled. The cause says more.";
}

/** The first that is missing. */
function missing(): string | undefined {
  return NEEDED.find((name) => !(name in globalThis));
}
