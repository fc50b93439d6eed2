// Loaded before a program, it takes hard links away, as FAT, SMB and Android do.

import { syncBuiltinESMExports } from "node:module";
import promises from "node:fs/promises";

promises.link = async () => {
  throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
};
syncBuiltinESMExports();
