/** `POST /api/issue` as a program would call it. */
import { request } from "node:http";
import { PROMOTION } from "./gateway.mjs";
import { TOKEN } from "./site.mjs";

/**
 * One call, over node:http because `fetch` lets nobody set Host or Origin.
 *
 * @param {string} origin of the site
 * @param {{ method?: string, path?: string, query?: Record<string, string> | string,
 *   headers?: Record<string, string | undefined>, body?: string | Buffer }} [given] an undefined
 *   header is left out
 */
export function call(origin, given = {}) {
  const { method = "POST", path = "/api/issue", body = "1\n2\n3\n" } = given;
  const query = given.query ?? { promotionId: PROMOTION, contextId: "page test" };
  const headers = {
    origin,
    authorization: `Bearer ${TOKEN}`,
    "content-type": "text/csv",
    ...given.headers,
  };
  const url = new URL(`${path}?${new URLSearchParams(query)}`, origin);
  const set = Object.entries(headers).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: Object.fromEntries(set) }, resolve);
    asked.on("error", reject);
    asked.end(["GET", "HEAD", "DELETE"].includes(method) ? undefined : body);
  });
}

/** @param {import("node:http").IncomingMessage} response */
export async function textOf(response) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/**
 * A whole answer.
 *
 * @returns {Promise<{ status: number, headers: Record<string, string>, text: string }>}
 */
export async function answered(origin, given) {
  const response = await call(origin, given);
  const text = await textOf(response);
  return { status: response.statusCode, headers: response.headers, text };
}

/** The lines of an NDJSON answer by kind. */
export function linesOf(text) {
  const values = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const of = (type) => values.filter((value) => value.type === type);
  return {
    plan: of("plan")[0],
    problems: of("problem"),
    progress: of("progress"),
    rows: of(undefined),
    summary: of("summary")[0],
    last: values.at(-1),
  };
}
