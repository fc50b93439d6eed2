// Groups C, D and E of the catalogue from Bun.

import { bun } from "../../tests/matrix/executables.mjs";
import { startProcess } from "./support/process.mjs";
import { testTable } from "./support/table.mjs";

testTable("bun", () => startProcess(bun(), []));
