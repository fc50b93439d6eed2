/** Customers from a file, read as it is needed. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

/** Large enough that a read costs little beside what is done with it. */
const PIECE_BYTES = 1 << 20;

export function fileInput(
  path: string | URL,
  { gzip = /\.gz$/i.test(String(path)) }: { gzip?: boolean | undefined } = {},
): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
      // An error of the file breaks the stream behind it, whose reader is told.
      yield* gzip ? pipeline(file, createGunzip({ chunkSize: PIECE_BYTES }), () => {}) : file;
    },
  };
}
