// Groups C, D and E of the catalogue from a page in a real Firefox.

import { startFirefox } from "./support/page.mjs";
import { testTable } from "./support/table.mjs";

testTable("firefox", startFirefox);
