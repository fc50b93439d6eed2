// Where the program of an environment says how it went: an HTTP server on this machine, because
// every environment has `fetch` and few have a standard output that can be read.

import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

/**
 * @typedef {object} Told
 * @property {import("issue-bulk").Counts} counts
 * @property {import("issue-bulk").Stopped | null} stopped
 * @property {string} rows the report as NDJSON
 */

/**
 * What one environment has posted.
 *
 * @typedef {object} Posts
 * @property {string | null} imported the version that the package gave, once it did
 * @property {Promise<Told>} report rejects when the program failed
 */

/**
 * @typedef {object} Collector
 * @property {string} url
 * @property {() => Posts} begin from now on the posts are those of another environment
 * @property {() => Promise<void>} stop
 */

/** @returns {Promise<Collector>} */
export async function startCollector() {
  /** @type {Listener} */
  let listener = listen();
  const server = createServer(async (request, answer) => {
    const body = await text(request);
    listener.take(request.url ?? "", body);
    answer.writeHead(204, { "access-control-allow-origin": "*" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    begin: () => {
      listener = listen();
      return listener.posts;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** @typedef {{ posts: Posts, take: (path: string, body: string) => void }} Listener */

/** @returns {Listener} */
function listen() {
  /** @type {(told: Told) => void} */
  let resolve = () => {};
  /** @type {(error: Error) => void} */
  let reject = () => {};
  /** @type {Promise<Told>} */
  const report = new Promise((...settle) => ([resolve, reject] = settle));
  // It may fail before anybody waits for it.
  report.catch(() => {});
  /** @type {Posts} */
  const posts = { imported: null, report };
  const take = (/** @type {string} */ path, /** @type {string} */ body) => {
    if (path === "/imported") posts.imported = body;
    else if (path === "/report") resolve(JSON.parse(body));
    else if (path === "/failed") reject(new Error(body));
  };
  return { posts, take };
}
