/** Customers from a file, read as it is needed. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";

/** Large enough that a read costs little beside what is done with it. */
const PIECE_BYTES = 1 << 20;

/**
 * Customers from a file, for `customerIds`: opened when it is read, so it can be given to
 * `planIssueBulk` and then to `issueBulk`.
 *
 * @param options `gzip`: whether it is compressed. Default: whether its name ends in `.gz`.
 */
export function fileInput(
  path: string | URL,
  options: { gzip?: boolean | undefined } = {},
): AsyncIterable<Uint8Array> {
  const { gzip = /\.gz$/i.test(String(path)) } = options;
  return {
    async *[Symbol.asyncIterator]() {
      const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
      // An error of the file breaks the stream behind it, whose reader is told.
      yield* gzip ? pipeline(file, createGunzip({ chunkSize: PIECE_BYTES }), () => {}) : file;
    },
  };
}
