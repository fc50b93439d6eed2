/** The page's files, with the hosts it may send to written into its form. */
import { Refusal } from "./refusal.js";
import { directOrigins } from "./hosts.js";

/**
 * @param {Request} request
 * @param {import("./settings.js").Env} env
 */
export async function page(request, env) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    throw new Refusal(405, "method-not-allowed", "Files are only read: use GET.", {
      allow: "GET, HEAD",
    });
  }
  const response = await env.ASSETS.fetch(request);
  if (response.status === 404) throw new Refusal(404, "not-found", "There is no such file.");
  if (!response.headers.get("content-type")?.startsWith("text/html")) return response;
  return withHosts(response, directOrigins(env));
}

/**
 * @param {Response} response
 * @param {string[]} origins
 */
function withHosts(response, origins) {
  const rewriter = new (/** @type {any} */ (globalThis).HTMLRewriter)();
  return rewriter
    .on("#direct-host", {
      /** @param {{ append(html: string, options: { html: boolean }): void }} select */
      element(select) {
        for (const origin of origins) {
          // An origin is what URL serialised: it holds no character that HTML gives a meaning.
          select.append(`<option value="${origin}">${origin}</option>`, { html: true });
        }
      },
    })
    .transform(response);
}
