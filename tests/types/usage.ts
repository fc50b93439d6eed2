/** The package as a TypeScript module uses it: what must compile, and what must not. */
import {
  IssueBulkError,
  checkPromotion,
  fetchTransport,
  issueBulk,
  planIssueBulk,
  reconcile,
  revoke,
  startIssueBulk,
  version,
  type Auth,
  type Columns,
  type Counts,
  type CustomerIds,
  type ErrorCode,
  type Issued,
  type Job,
  type Note,
  type Outcome,
  type Plan,
  type Progress,
  type Rejected,
  type Report,
  type Revocation,
  type RunOptions,
  type StopCode,
  type Transport,
  type Unknown,
  type Unsent,
} from "issue-bulk";
import { same } from "./check.js";

const what = { promotionId: "67dd4210ef21a64211227e04", contextId: "summer" };
const where: RunOptions = { host: "eu.api.capillarytech.com" };

async function* arriving(): AsyncGenerator<bigint> {
  yield 1n;
}

export const inputs: CustomerIds[] = [
  [1, 2n, "3"],
  [1, null, undefined],
  new Set(["1", "2"]),
  new Map([[1n, "name"]]).keys(),
  arriving(),
  new BigInt64Array(2),
  new Float64Array(2),
  new Int32Array(2),
  new Uint8Array(2),
  new ArrayBuffer(2),
  "1\n2",
  new Blob(["1"]),
  new Response("1"),
  new Blob(["1"]).stream(),
  [new Uint8Array(1)],
];

// @ts-expect-error objects are no ids
export const rows: CustomerIds = [{ customerId: 1 }];
// @ts-expect-error neither is one number a list
export const one: CustomerIds = 1;
// @ts-expect-error nor a promise of a list
export const promised: CustomerIds = Promise.resolve([1]);

export const auths: Auth[] = [
  { username: "u", password: "p" },
  { username: "u", passwordMd5: "0123456789abcdef0123456789abcdef" },
  { key: "k", secret: "s" },
  { token: "t" },
  () => ({ authorization: "Basic x" }),
  async () => new Headers(),
];
// @ts-expect-error a user name alone is no credential
export const half: Auth = { username: "u" };

export const transport: Transport = fetch;

export async function run(): Promise<void> {
  same<ReturnType<typeof issueBulk>, Promise<Report>>(true);
  same<ReturnType<typeof startIssueBulk>, Job>(true);
  same<ReturnType<typeof planIssueBulk>, Promise<Plan>>(true);
  same<ReturnType<typeof version>, string>(true);

  const signal: AbortSignal = AbortSignal.timeout(1_000);
  const report = await issueBulk(
    { ...what, customerIds: [1n] },
    { ...where, signal, transport, rate: { perMinute: 100 }, input: { column: 2 } },
  );
  // @ts-expect-error a misspelt option
  await issueBulk({ ...what, customerIds: [1n] }, { ...where, concurency: 3 });
  // @ts-expect-error a promotion without its context
  await issueBulk({ promotionId: "p", customerIds: [1n] }, where);
  // @ts-expect-error no host
  await issueBulk({ ...what, customerIds: [1n] }, {});
  read(report);
}

function read(report: Report): void {
  same<typeof report.counts, Counts>(true);
  const one = report.get("555567088");
  same<typeof one, Outcome | undefined>(true);
  if (one?.outcome === "issued") {
    same<typeof one, Issued>(true);
    same<typeof one.eventTime, number | null>(true);
  } else if (one !== undefined) {
    same<typeof one, Rejected | Unsent | Unknown>(true);
    // @ts-expect-error only an issuance has an id
    one.id;
    const status: number | null = one.status;
    void status;
  }
  const issued = report.get(555567088n, "issued");
  same<typeof issued, Issued | undefined>(true);
  // @ts-expect-error no outcome is called so
  report.get(1n, "failed");
  for (const outcome of report) same<typeof outcome, Outcome>(true);
  for (const outcome of report.issued()) same<typeof outcome, Issued>(true);
  for (const outcome of report.rejected()) same<typeof outcome, Rejected>(true);
  for (const outcome of report.unsent()) same<typeof outcome, Unsent>(true);
  for (const outcome of report.unknown()) same<typeof outcome, Unknown>(true);
  const columns: Columns = report.columns();
  const ids: BigInt64Array = columns.customerIds;
  const csv: ReadableStream<Uint8Array> = report.csv();
  void new Response(report.ndjson());
  void [ids, csv, JSON.stringify(report)];
  const [note] = report.notes;
  same<typeof note, Note | undefined>(true);
  if (report.stopped !== null) same<typeof report.stopped.status, number | null>(true);
  // @ts-expect-error a report is only read
  report.counts.issued = 1;
}

export async function watch(job: Job): Promise<Report> {
  for await (const progress of job.progress) {
    same<typeof progress, Progress>(true);
    // @ts-expect-error there is no such state
    if (progress.state === "failed") break;
  }
  job.pause();
  job.resume({ token: "t" });
  job.cancel();
  return job.done;
}

export async function around(report: Report): Promise<Report> {
  const check = await checkPromotion({ promotionId: "67dd4210ef21a64211227e04" }, where);
  same<typeof check.maxIssuancePerCustomer, number | null>(true);
  const [finding] = check.findings;
  same<NonNullable<typeof finding>["severity"], "refuse" | "warn">(true);
  // @ts-expect-error a check has no batches
  await checkPromotion({ promotionId: "a" }, { ...where, batchSize: 5 });
  const settled = await reconcile(report, { quietMs: 0, rate: { perMinute: 60 } });
  for (const { verifiedBy } of settled.issued()) {
    same<typeof verifiedBy, "answer" | "read-back">(true);
  }
  await issueBulk(
    { ...what, customerIds: [1] },
    { ...where, ambiguous: "reconcile", reconcile: { apartMs: 5 } },
  );
  const { host, auth } = where;
  const pace = { rate: { perMinute: 60 }, concurrency: 2 };
  const undone = await revoke({ issuances: settled.issued() }, { host, auth, ...pace });
  for (const row of undone) {
    same<typeof row, Revocation>(true);
    // @ts-expect-error there is no such outcome
    if (row.outcome === "issued") continue;
  }
  await revoke({ issuances: [{ customerId: 1n, promotionId: "a", id: "b" }] }, { host });
  await revoke({ issuances: settled }, { host, transport: fetchTransport });
  // @ts-expect-error a customer alone is no issuance
  await revoke({ issuances: [{ customerId: 1n }] }, { host });
  return settled;
}

/** A switch over every code compiles only while the codes are literals. */
export function advice(code: StopCode | ErrorCode): string {
  switch (code) {
    case "promotion-not-found":
    case "core-crashed":
      return code;
    // @ts-expect-error there is no such code
    case "oops":
      return code;
    default:
      return "";
  }
}

export function handle(error: unknown): ErrorCode | null {
  if (!(error instanceof IssueBulkError)) return null;
  same<typeof error.code, ErrorCode>(true);
  same<typeof error.name, "IssueBulkError">(true);
  return error.code;
}
