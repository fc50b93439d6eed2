// Groups C, D and E of the catalogue from Node, over real sockets.

import { issueBulk } from "issue-bulk";
import { play } from "./support/play.mjs";
import { testTable } from "./support/table.mjs";

testTable("node", async () => ({
  play: (given) => play(issueBulk, given),
  stop: async () => {},
}));
