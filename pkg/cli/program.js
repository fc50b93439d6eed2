/** The commands, their options and their help. */
import { Command } from "commander";
import { version } from "issue-bulk";
import { HELP as HELP_CREDENTIALS } from "./credentials.js";
import * as groups from "./options.js";
import { plan } from "./plan.js";
import { report } from "./report.js";
import { resume } from "./resume.js";
import { HELP as HELP_REVOKE, revoke } from "./revoke.js";
import { HELP as HELP_RUN, run } from "./run.js";
import { Screen } from "./screen.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {(file: string, given: Given, screen: Screen) => Promise<number>} Action */

const FILE = "CSV, TSV, NDJSON, JSON or one id a line, .gz or not; - for standard input";

const JOURNAL = "a journal (*.issue-bulk), or the file of customers that it lies beside";

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
 * @typedef {object} Ending
 * @property {number} exitCode
 * @property {Screen} screen that the command used
 */

/**
 * @param {(ending: Ending) => void} began told when a command begins, and again of its end
 */
export function makeProgram(began) {
  const program = new Command("issue-bulk")
    .description("Issue a Capillary cart promotion to many customers, each exactly once.")
    .version(version())
    .helpCommand("help [command]", "what a command does and takes")
    .addHelpText("after", EXITS)
    .exitOverride()
    .showHelpAfterError("See --help.");

  /**
   * @param {Command} command
   * @param {Action} action
   */
  const perform = (command, action) =>
    command.action(async (file, given) => {
      const screen = new Screen(given);
      began({ exitCode: 0, screen });
      began({ exitCode: await action(file, given, screen), screen });
    });

  const planning = program
    .command("plan")
    .summary("read the customers and say what a run would do; sends nothing")
    .argument("<file>", FILE);
  use(planning, groups.inputOptions, groups.paceOptions, groups.screenOptions);
  perform(planning, plan);

  const running = program
    .command("run")
    .summary("issue the promotion to every customer of a file")
    .argument("<file>", FILE);
  use(running, groups.requestOptions, groups.serviceOptions, groups.inputOptions);
  use(running, groups.paceOptions, groups.journalOptions, groups.outOptions);
  use(running, groups.screenOptions);
  running
    .option("-y, --yes", "issue without a question, for scripts")
    .addHelpText("after", HELP_RUN);
  perform(running, run);

  const resuming = program
    .command("resume")
    .summary("go on with an interrupted run, from its journal alone")
    .argument("<file>", JOURNAL);
  use(resuming, groups.serviceOptions, groups.paceOptions, groups.outOptions);
  use(resuming, groups.screenOptions);
  resuming.option("-y, --yes", "go on without a question, for scripts");
  perform(resuming, resume);

  const reporting = program
    .command("report")
    .summary("say what a journal holds, or write it as results; sends nothing")
    .argument("<file>", JOURNAL);
  use(reporting, groups.outOptions, groups.listOption, groups.screenOptions);
  perform(reporting, report);

  const revoking = program
    .command("revoke")
    .summary("take issuances back that were made in error")
    .argument("<file>", "results of a run, CSV or NDJSON; - for standard input")
    .addHelpText("after", HELP_REVOKE)
    .option("-p, --promotion <id>", "what was issued: a CSV does not hold it");
  use(revoking, groups.serviceOptions);
  revoking
    .optionsGroup("Pace:")
    .option("--concurrency <n>", "calls at a time at most (default 4)", groups.whole)
    .option("--per-minute <n>", "calls a minute at most (default: no limit)", groups.whole);
  use(revoking, groups.outOptions, groups.screenOptions);
  revoking.option("--confirm <words>", "confirms it without a terminal; the command says how");
  perform(revoking, revoke);

  program
    .command("credentials")
    .summary("how credentials are given")
    .addHelpText("after", `\n${HELP_CREDENTIALS}`)
    .action(() => void process.stdout.write(`${HELP_CREDENTIALS}\n`));
  return program;
}

/**
 * @param {Command} command
 * @param {groups.Group[]} added
 */
function use(command, ...added) {
  for (const add of added) add(command);
}
