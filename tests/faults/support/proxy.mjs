// A TCP proxy that delays, slices, cuts and resets, in both directions, at places a seed decides.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * @typedef {import("node:net").Socket} Socket
 * @typedef {"request" | "answer"} Direction
 * @typedef {"delay" | "slice" | "cut" | "reset"} Action
 */

/** What may happen to a piece of bytes, in percent of the pieces; the rest passes as it is. */
const PERCENT = Object.freeze({ delay: 10, slice: 10, cut: 2, reset: 2 });

const DELAY_MS_MAX = 30;

/**
 * @param {{ to: string, seed: number }} options address of the service; what decides the places
 */
export async function startProxy({ to, seed }) {
  const { hostname, port } = new URL(to);
  const random = chance(seed);
  /** @type {Map<string, number>} */
  const happened = new Map();
  /** @type {Set<Socket>} */
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    const count = (/** @type {string} */ what) => happened.set(what, (happened.get(what) ?? 0) + 1);
    void carry(near, far, random, (action) => count(`request: ${action}`));
    void carry(far, near, random, (action) => count(`answer: ${action}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    host: `http://127.0.0.1:${address.port}`,
    happened,
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/**
 * Carries bytes until either side ends, one piece after the other.
 *
 * @param {Socket} from
 * @param {Socket} to
 * @param {() => number} random
 * @param {(action: Action) => void} note
 */
async function carry(from, to, random, note) {
  try {
    for await (const bytes of from) {
      const action = draw(random);
      if (action !== null) note(action);
      if (action === "delay") await delay(random() * DELAY_MS_MAX);
      const place = Math.floor(random() * bytes.length);
      if (action === "cut" || action === "reset") {
        to.write(bytes.subarray(0, place));
        await end([to, from], action);
        return;
      }
      to.write(bytes.subarray(0, action === "slice" ? place : bytes.length));
      if (action !== "slice") continue;
      await delay(1);
      to.write(bytes.subarray(place));
    }
    to.end();
  } catch {
    to.destroy();
  }
}

/**
 * Ends both sides; what was written before a cut still arrives.
 *
 * @param {Socket[]} sockets
 * @param {"cut" | "reset"} how
 */
async function end(sockets, how) {
  if (how === "cut") await delay(1);
  for (const socket of sockets) {
    if (how === "reset") socket.resetAndDestroy();
    else socket.end(() => socket.destroy());
  }
}

/** @returns {Action | null} */
function draw(/** @type {() => number} */ random) {
  let left = random() * 100;
  for (const [action, percent] of Object.entries(PERCENT)) {
    left -= percent;
    if (left < 0) return /** @type {Action} */ (action);
  }
  return null;
}

/**
 * Numbers from 0 to 1, the same for the same seed: a 32-bit mixing of a counter.
 *
 * @param {number} seed
 */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}
