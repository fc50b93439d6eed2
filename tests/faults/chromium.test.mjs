// Groups C, D and E of the catalogue from a page in a real Chromium.

import { startPage } from "./support/page.mjs";
import { testTable } from "./support/table.mjs";

testTable("chromium", startPage);
