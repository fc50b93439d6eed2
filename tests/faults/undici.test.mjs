// Groups C, D and E of the catalogue from Node through the transport on undici.

import { issueBulk } from "issue-bulk";
import { undiciTransport } from "issue-bulk/node";
import { play } from "./support/play.mjs";
import { testTable } from "./support/table.mjs";

testTable("undici", async () => {
  const transport = await undiciTransport();
  return {
    play: (given) => play(issueBulk, { ...given, options: { ...given.options, transport } }),
    stop: async () => {},
  };
});
