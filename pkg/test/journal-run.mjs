// One run with a file journal in a process of its own, to be killed: it says when its first
// answer came, and then its counts.

import process from "node:process";
import { resumeIssueBulk, startIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { ids, what } from "./runs.mjs";

const { path, count, isResumed = false, ...options } = JSON.parse(process.argv[2] ?? "{}");
const journal = fileJournal(path);
if (isResumed) {
  console.log(JSON.stringify((await resumeIssueBulk(journal, options)).counts));
} else {
  const job = startIssueBulk(what(ids(count)), { ...options, journal });
  for await (const { issued } of job.progress) if (issued > 0) break;
  console.log("answered");
  console.log(JSON.stringify((await job.done).counts));
}
