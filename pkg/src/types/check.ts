import type { RunOptions } from "./options.js";
import type { StopCode } from "./report.js";

/** Where and as whom a promotion is looked at. */
export type CheckOptions = Pick<
  RunOptions,
  | "host"
  | "basePath"
  | "auth"
  | "attribution"
  | "orgId"
  | "timeoutMs"
  | "attempts"
  | "seed"
  | "signal"
  | "transport"
>;

/** A promotion as the service describes it, and what that means for issuing it in bulk. */
export interface PromotionCheck {
  readonly promotionId: string;
  /** No finding refuses. Warnings remain to be read. */
  readonly ok: boolean;
  /** Whether the service knows it; null where it could not be asked. */
  readonly exists: boolean | null;
  readonly active: boolean | null;
  /** `"CUSTOMER"`, `"POS"`, `"CODE"`, `"EARNING"`, `"REWARD"`; null where the service is silent. */
  readonly type: string | null;
  /** Milliseconds since 1970, or null. */
  readonly startDate: number | null;
  /** Milliseconds since 1970, or null. */
  readonly endDate: number | null;
  /**
   * Issuances a customer can have; -1 for no limit, null where the service is silent. Only with 1
   * does the service itself stop a second issuance, which makes `ambiguous: "retry"` safe.
   */
  readonly maxIssuancePerCustomer: number | null;
  readonly customerActivationRequired: boolean | null;
  readonly findings: readonly Finding[];
}

/** Something to know before a run. */
export interface Finding {
  /** `"refuse"`: the service would refuse to issue it; `"warn"`: a risk the caller takes. */
  readonly severity: "refuse" | "warn";
  readonly code: FindingCode;
  readonly message: string;
}

/**
 * Refusals: `promotion-not-found`, `promotion-inactive`, `promotion-expired`, `promotion-type` (POS
 * and CODE are not issued to customers), `issuance-limit-zero`; `promotion-unread` or a
 * {@link StopCode} where the service could not be asked.
 *
 * Warnings: `issuance-unlimited` (-1), `issuance-repeatable` (above 1), `issuance-limit-untold`,
 * `promotion-type-unproven`, `promotion-not-started`, `activation-required`, `details-unclear`.
 */
export type FindingCode =
  | StopCode
  | "promotion-unread"
  | "promotion-inactive"
  | "promotion-expired"
  | "promotion-type"
  | "promotion-type-unproven"
  | "promotion-not-started"
  | "issuance-limit-zero"
  | "issuance-unlimited"
  | "issuance-repeatable"
  | "issuance-limit-untold"
  | "activation-required"
  | "details-unclear";
