/** The entry that is given its wasm. */
import { init, initSync, issueBulk, type WasmSource } from "issue-bulk/slim";
import { issueBulk as complete } from "issue-bulk";
import { same } from "./check.js";

same<typeof issueBulk, typeof complete>(true);

export async function start(bytes: Uint8Array): Promise<void> {
  // @ts-expect-error a number is no source
  await init(1);
  const sources: WasmSource[] = [
    bytes,
    bytes.buffer as ArrayBuffer,
    new WebAssembly.Module(new Uint8Array()),
    new Response(),
    new URL("https://page.example/core.wasm"),
    "/core.wasm",
  ];
  for (const source of sources) await init(source);
  await init(fetch("/core.wasm"));
  initSync(bytes);
}
