/** The commands, their options and their help. */
import { Command } from "commander";
import { version } from "issue-bulk";
import { HELP as HELP_CHECK, check } from "./check.js";
import { HELP as HELP_CREDENTIALS } from "./credentials.js";
import * as groups from "./options.js";
import { plan } from "./plan.js";
import { HELP as HELP_RECONCILE, reconcile } from "./reconcile.js";
import { report } from "./report.js";
import { HELP as HELP_RESUME, resume } from "./resume.js";
import { HELP as HELP_REVOKE, revoke } from "./revoke.js";
import { HELP as HELP_RUN, run } from "./run.js";
import { Screen } from "./screen.js";

/** @typedef {import("./options.js").Given} Given */

/**
 * What a command does with its one argument; the exit code comes back.
 *
 * @typedef {(argument: string, given: Given, screen: Screen) => Promise<number>} Action
 */

const FILE = "CSV, TSV, NDJSON, JSON or one id a line, .gz or not; - for standard input";
const JOURNAL = "a journal (*.issue-bulk), or the file of customers that it lies beside";
const YES = /** @type {const} */ (["-y, --yes", "without a question, for scripts"]);

const EXITS = `
Examples:
  issue-bulk plan customers.csv
  issue-bulk run customers.csv --promotion 67dd4210ef21a64211227e04 --context summer-2026
  issue-bulk report customers.csv --out results.csv

Exit codes:
  0    every customer was issued
  1    some were rejected, not sent or invalid
  2    the command, its configuration or this machine has to be mended
  3    some may have been issued: look before anybody issues to them again
  4    the service made the run stop
  130  interrupted`;

/**
 * The commands in the order of the help.
 *
 * @type {readonly (readonly [(program: Command) => Command, Action])[]}
 */
const COMMANDS = [
  [planCommand, plan],
  [checkCommand, check],
  [runCommand, run],
  [resumeCommand, resume],
  [reconcileCommand, reconcile],
  [reportCommand, report],
  [revokeCommand, revoke],
];

/**
 * @typedef {object} Ending
 * @property {number} exitCode
 * @property {Screen} screen that the command used
 */

/**
 * @param {(ending: Ending) => void} tell told when a command begins, and again of its end
 */
export function makeProgram(tell) {
  const program = new Command("issue-bulk")
    .description("Issue a Capillary cart promotion to many customers, each exactly once.")
    .version(version())
    .helpCommand("help [command]", "what a command does and takes")
    .addHelpText("after", EXITS)
    .exitOverride()
    .showHelpAfterError("See --help.");
  for (const [make, action] of COMMANDS) {
    use(make(program), groups.screenOptions).action(async (argument, given) => {
      const screen = new Screen(given);
      tell({ exitCode: 0, screen });
      tell({ exitCode: await action(argument, given, screen), screen });
    });
  }
  program
    .command("credentials")
    .summary("how credentials are given")
    .addHelpText("after", `\n${HELP_CREDENTIALS}`)
    .action(() => void process.stdout.write(`${HELP_CREDENTIALS}\n`));
  return program;
}

/** @param {Command} program */
function planCommand(program) {
  const command = program
    .command("plan")
    .summary("read the customers and say what a run would do; sends nothing")
    .argument("<file>", FILE);
  return use(command, groups.inputOptions, groups.paceOptions);
}

/** @param {Command} program */
function checkCommand(program) {
  const command = program
    .command("check")
    .summary("ask the service whether a promotion can be issued; issues nothing")
    .argument("<promotion>", "the cart promotion: its id in the service")
    .addHelpText("after", HELP_CHECK);
  return use(command, groups.serviceOptions);
}

/** @param {Command} program */
function runCommand(program) {
  const command = program
    .command("run")
    .summary("issue the promotion to every customer of a file")
    .argument("<file>", FILE)
    .addHelpText("after", HELP_RUN);
  use(command, groups.requestOptions, groups.serviceOptions, groups.inputOptions);
  use(command, groups.paceOptions, groups.doubtOption, groups.journalOptions);
  return use(command, groups.outOptions).option(...YES);
}

/** @param {Command} program */
function resumeCommand(program) {
  const command = program
    .command("resume")
    .summary("go on with an interrupted run, without its file of customers")
    .argument("<file>", JOURNAL)
    .addHelpText("after", HELP_RESUME);
  use(command, groups.serviceOptions, groups.paceOptions, groups.doubtOption);
  return use(command, groups.outOptions).option(...YES);
}

/** @param {Command} program */
function reconcileCommand(program) {
  const command = program
    .command("reconcile")
    .summary("look what became of the customers that a run left unknown")
    .argument("<file>", JOURNAL)
    .addHelpText("after", HELP_RECONCILE);
  use(command, groups.serviceOptions, groups.readBackOptions)
    .optionsGroup("Pace:")
    .option("--concurrency <n>", "looks at a time at most (default 6)", groups.whole)
    .option("--per-minute <n>", "looks a minute at most (default 600)", groups.whole)
    .option("--timeout <seconds>", "for one look (default 60)", groups.whole);
  return use(command, groups.outOptions, groups.listOption);
}

/** @param {Command} program */
function reportCommand(program) {
  const command = program
    .command("report")
    .summary("say what a journal holds, or write it as results; sends nothing")
    .argument("<file>", JOURNAL);
  return use(command, groups.outOptions, groups.listOption);
}

/** @param {Command} program */
function revokeCommand(program) {
  const command = program
    .command("revoke")
    .summary("take issuances back that were made in error")
    .argument("<file>", "results of a run, CSV or NDJSON, or its journal; - for standard input")
    .addHelpText("after", HELP_REVOKE)
    .option("-p, --promotion <id>", "what was issued: a CSV does not hold it");
  use(command, groups.serviceOptions)
    .optionsGroup("Pace:")
    .option("--concurrency <n>", "calls at a time at most, 1 to 64 (default 6)", groups.whole)
    .option("--per-minute <n>", "calls a minute at most (default: no limit)", groups.whole);
  const words = "confirms it without a terminal; the command says how";
  return use(command, groups.outOptions).option("--confirm <words>", words);
}

/**
 * @param {Command} command
 * @param {groups.Group[]} added
 */
function use(command, ...added) {
  for (const add of added) add(command);
  return command;
}
