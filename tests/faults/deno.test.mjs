// Groups C, D and E of the catalogue from Deno.

import { deno } from "../../tests/matrix/executables.mjs";
import { startProcess } from "./support/process.mjs";
import { testTable } from "./support/table.mjs";

testTable("deno", () => startProcess(deno(), ["run", "--quiet", "--allow-net", "--allow-env"]));
