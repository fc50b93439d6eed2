import assert from "node:assert/strict";
import { test } from "node:test";
import { obstacles } from "./publish.mjs";

const READY = Object.freeze({
  version: "0.1.0",
  repository: { type: "git", url: "git+https://forge.example/issue-bulk.git" },
  changelog: "# Changelog\n\n## 0.1.0 - 2026-12-01\n\n### Added\n\n## 0.0.9 - 2026-11-01\n",
  npm: "11.5.1",
  identity: true,
  clean: true,
});

test("a release that has everything may be published", () => {
  assert.deepEqual(obstacles(READY), []);
  assert.deepEqual(obstacles({ ...READY, npm: "12.0.0" }), []);
});

const MISSING = [
  [{ repository: undefined }, /names no repository/],
  [{ changelog: "# Changelog\n\n## 0.1.0 - unreleased\n" }, /give 0\.1\.0 the date/],
  [{ changelog: "## 0.2.0 - 2026-12-01\n" }, /begins with "## 0\.2\.0/],
  [{ changelog: "" }, /begins with ""/],
  [{ npm: "11.5.0" }, /npm is 11\.5\.0/],
  [{ npm: "10.9.9" }, /npm is 10\.9\.9/],
  [{ npm: "" }, /npm is : install/],
  [{ identity: false }, /no signed identity/],
  [{ clean: false }, /differs from what is committed/],
];

for (const [change, sentence] of MISSING) {
  test(`it may not be published with ${JSON.stringify(change)}`, () => {
    const found = obstacles({ ...READY, ...change });
    assert.equal(found.length, 1);
    assert.match(String(found[0]), /** @type {RegExp} */ (sentence));
  });
}
