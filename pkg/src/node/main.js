/** What only runtimes with files and sockets have: Node, Bun and Deno. */
export { fileInput } from "./file-input.js";
export { fileJournal } from "./file-journal.js";
export { undiciTransport } from "./undici-transport.js";
