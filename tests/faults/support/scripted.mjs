// A raw HTTP/1.1 server that answers what a script says, for what a well-behaved server cannot do.

import { once } from "node:events";
import { createServer } from "node:net";

/**
 * @typedef {object} Call
 * @property {number} number of this request, from 1, over all connections
 * @property {number} connection it came on, from 1
 * @property {string[]} ids of its body
 * @property {import("node:net").Socket} socket
 */

/**
 * @param {(call: Call) => unknown} script called once for each whole request
 */
export async function startScripted(script) {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  let [calls, connections] = [0, 0];
  const server = createServer((socket) => {
    const connection = (connections += 1);
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    let received = "";
    socket.setEncoding("latin1").on("data", (text) => {
      received += text;
      for (let rest = afterRequest(received); rest !== null; rest = afterRequest(received)) {
        const request = received.slice(0, received.length - rest.length);
        const ids = request.slice(request.indexOf("\r\n\r\n")).match(/\d+/g) ?? [];
        received = rest;
        script({ number: (calls += 1), connection, ids, socket });
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    host: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/**
 * What follows the first request, or null while it is not whole.
 *
 * @param {string} text
 */
function afterRequest(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return null;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  const end = head + 4 + length;
  return text.length < end ? null : text.slice(end);
}

/**
 * The documented answer to a batch, as the bytes of an HTTP/1.1 answer.
 *
 * @param {string[]} ids
 * @param {string} promotionId
 */
export function answerTo(ids, promotionId) {
  const entries = ids.map((customerId, at) => {
    const entry = { id: String(at).padStart(24, "0"), customerId: Number(customerId), promotionId };
    return `"${customerId}":${JSON.stringify(entry)}`;
  });
  const body = `{"data":{${entries.join(",")}},"errors":[]}`;
  const headers = `content-type: application/json\r\ncontent-length: ${body.length}`;
  return `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`;
}
