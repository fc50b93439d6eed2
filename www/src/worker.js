/**
 * The Worker: the page as static assets, and one route that sends with credentials the page
 * never sees. What it answers and demands is described in www/README.md.
 */
import { issueRoute } from "./worker/issue.js";
import { Refusal, refusalResponse } from "./worker/refusal.js";
import { page } from "./worker/page.js";
import { secured } from "./worker/headers.js";

export default {
  /**
   * @param {Request} request
   * @param {import("./worker/settings.js").Env} env
   * @param {{ waitUntil(promise: Promise<unknown>): void }} ctx
   */
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    try {
      return secured(await route(url, request, env, ctx), url, env);
    } catch (error) {
      return secured(refusalResponse(error), url, env);
    }
  },
};

/**
 * @param {URL} url
 * @param {Request} request
 * @param {import("./worker/settings.js").Env} env
 * @param {{ waitUntil(promise: Promise<unknown>): void }} ctx
 * @returns {Promise<Response>}
 */
async function route(url, request, env, ctx) {
  if (url.pathname === "/api/issue") return issueRoute(url, request, env, ctx);
  if (url.pathname === "/api" || url.pathname.startsWith("/api/")) {
    throw new Refusal(404, "not-found", "There is no such route; use POST /api/issue.");
  }
  return page(request, env);
}
