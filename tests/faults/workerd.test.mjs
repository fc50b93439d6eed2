// Groups C, D and E of the catalogue from a Worker in the real workerd.

import { startWorkerd } from "./support/workerd.mjs";
import { testTable } from "./support/table.mjs";

testTable("workerd", startWorkerd);
