/**
 * What only runtimes with files and sockets have: Node, Bun and Deno.
 *
 * @packageDocumentation
 */
export { fileInput } from "./node/file-input.js";
export { fileJournal } from "./node/file-journal.js";
export { undiciTransport } from "./node/undici-transport.js";
