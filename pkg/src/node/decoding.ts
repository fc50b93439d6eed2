/** Answers that a proxy or the service has packed, unpacked as `fetch` does it. */
import { Transform, pipeline } from "node:stream";
import type { TransformCallback } from "node:stream";
import * as zlib from "node:zlib";

/** As many as undici's `fetch` takes: each may unpack to a thousand times as much. */
const CODINGS_MAX = 5;

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;

/** Gives what can be given at once, and takes an end without a checksum. */
const SOON: zlib.ZlibOptions = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
const SOON_BROTLI: zlib.BrotliOptions = {
  flush: BROTLI_OPERATION_FLUSH,
  finishFlush: BROTLI_OPERATION_FLUSH,
};

/** Missing before Node 22.15. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

const DECODERS = new Map<string, () => Transform>([
  ["gzip", () => zlib.createGunzip(SOON)],
  ["x-gzip", () => zlib.createGunzip(SOON)],
  ["deflate", () => new Inflate()],
  ["br", () => zlib.createBrotliDecompress(SOON_BROTLI)],
]);
if (createZstdDecompress !== undefined) DECODERS.set("zstd", () => createZstdDecompress());

/** `deflate` comes with the header of zlib and without it; the first byte tells. */
class Inflate extends Transform {
  #inner: Transform | null = null;

  override _transform(bytes: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.#inner === null) {
      const hasHeader = ((bytes[0] ?? 0) & 0x0f) === 8;
      this.#inner = hasHeader ? zlib.createInflate(SOON) : zlib.createInflateRaw(SOON);
      this.#inner.on("data", (piece) => this.push(piece));
      this.#inner.on("error", (error) => this.destroy(error));
    }
    this.#inner.write(bytes, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inner === null) return done();
    this.#inner.on("end", () => done());
    this.#inner.end();
  }
}

/** What is told of a body while it is unpacked. */
export interface Listener {
  /** More bytes may come. */
  onDrain: () => void;
  onEnd: () => void;
  onError: (error: unknown) => void;
}

/** A body on its way through one decoder after the other. */
export class Decoding {
  #first: Transform;
  #last: Transform;

  /** @param decoders in the order in which bytes pass them, at least one */
  constructor(decoders: readonly Transform[], { onDrain, onEnd, onError }: Listener) {
    this.#first = decoders[0] as Transform;
    this.#last = decoders[decoders.length - 1] as Transform;
    this.#first.on("drain", onDrain);
    this.#last.on("end", onEnd);
    if (decoders.length === 1) this.#last.on("error", onError);
    else pipeline(decoders, (error) => error && onError(error));
  }

  /** Takes packed bytes; `false` when no more may come before `onDrain`. */
  write(bytes: Uint8Array): boolean {
    return this.#first.write(bytes);
  }

  end(): void {
    this.#first.end();
  }

  /** Holds bytes back until then. */
  readTo(take: (bytes: Uint8Array) => void): void {
    this.#last.on("data", take);
  }

  destroy(): void {
    this.#first.destroy();
    this.#last.destroy();
  }
}

/**
 * The decoders for a `Content-Encoding`: none where nothing is packed, or one coding is unknown.
 *
 * @throws TypeError if there are too many
 */
export function decodersOf(header: string | null): Transform[] {
  const codings = header?.toLowerCase().split(",") ?? [];
  if (codings.length > CODINGS_MAX) {
    throw new TypeError(`too many content-encodings: ${codings.length} of ${CODINGS_MAX}`);
  }
  const makers = codings.reverse().map((coding) => DECODERS.get(coding.trim()));
  return makers.every((make) => make !== undefined) ? makers.map((make) => make()) : [];
}
