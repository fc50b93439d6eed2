/** The customers' file, read whole before anything is sent: what is in it decides whether to. */
import { Refusal } from "./refusal.js";

/**
 * @param {Request} request
 * @param {number} bytesMax
 * @returns {Promise<Uint8Array>}
 * @throws {Refusal} 413 `body-too-large`
 */
export async function readBody(request, bytesMax) {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  for await (const piece of request.body ?? []) {
    length += piece.byteLength;
    if (length > bytesMax) throw tooLarge(bytesMax);
    pieces.push(piece);
  }
  return joined(pieces, length);
}

/** @param {Uint8Array[]} pieces @param {number} length */
function joined(pieces, length) {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** @param {number} bytesMax */
function tooLarge(bytesMax) {
  return new Refusal(
    413,
    "body-too-large",
    `The file is larger than ${bytesMax} bytes: send it in parts, or raise BODY_BYTES_MAX.`,
  );
}
