#!/usr/bin/env node
/** The command `issue-bulk`. */
import process from "node:process";
import { CommanderError } from "commander";
import { refuseSecretArguments } from "./credentials.js";
import { EXIT, explain } from "./exit.js";
import { makeProgram } from "./program.js";
import { Screen } from "./screen.js";
import { printable } from "./text.js";

const args = process.argv.slice(2);
let screen = new Screen({ json: args.includes("--json") });

try {
  refuseSecretArguments(args);
  const program = makeProgram((ending) => {
    screen = ending.screen;
    process.exitCode = ending.exitCode;
  });
  await program.parseAsync(args, { from: "user" });
} catch (error) {
  if (error instanceof CommanderError) {
    // It has said what is wrong, or printed the help that was asked for.
    process.exitCode = error.exitCode === 0 ? EXIT.issued : EXIT.usage;
  } else {
    const { code, message, exitCode } = explain(error);
    screen.event("error", { code, message, exitCode });
    screen.error(message.split("\n").map(printable).join("\n"));
    process.exitCode = exitCode;
  }
}
// A pipe that nobody has closed must not keep a finished command alive.
process.stdin.destroy();
