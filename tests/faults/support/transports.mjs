// Ways to send, for the question which of them keep a runtime from sending a POST twice.

/** @type {Record<string, import("issue-bulk").Transport>} */
export const TRANSPORTS = {
  plain: (url, init) => fetch(url, init),
  noStore: (url, init) => fetch(url, { ...init, cache: "no-store" }),
  keepalive: (url, init) => fetch(url, { ...init, keepalive: true }),
  /** A body that the browser cannot read again is one that it cannot send again. */
  streamed: (url, init) => {
    const body = new Response(init.body).body;
    return fetch(url, /** @type {RequestInit} */ ({ ...init, body, duplex: "half" }));
  },
};
