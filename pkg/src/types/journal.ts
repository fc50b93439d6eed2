import type { IssueRequest, RunOptions } from "./options.js";

/**
 * Where a run writes down what it is about to do and what came of it, so that another process can
 * go on with it after a crash: `fileJournal` of `issue-bulk/node`, {@link indexedDbJournal}, or
 * one of your own. It holds ids, outcomes and the request, and no credentials.
 *
 * One run at a time may have it; the functions of this package that are given a journal close it
 * when they are done.
 */
export interface Journal {
  /**
   * Everything from the start, in pieces of any size; nothing if there is no journal, which is not
   * made by this. Called once, before anything else.
   */
  read(): AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;
  /**
   * The same for who only looks: without a lock, and refused while a run has it open. Without
   * this function `read` is called.
   */
  look?: (() => AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>) | undefined;
  /**
   * Adds bytes at the end. Resolves once they would survive a crash of the process and of the
   * machine: a request leaves only afterwards. Never called while one is on its way.
   */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the journal if there is none: called by a new run before the first append. Without this
   * function `append` has to.
   */
  create?: (() => Promise<void>) | undefined;
  /** Drops what follows the first `length` bytes: a piece that was written in half. */
  truncate(length: number): Promise<void>;
  /** Lets go of it; called once, at the end, also after a failure. */
  close?: (() => Promise<void>) | undefined;
}

/**
 * How a run goes on. Promotion, context, base path and batch size are as in the journal where they
 * are left out, and the host must be. All else has its default, not what the first run had: give
 * pace, `ambiguous` and limits again, and credentials, which no journal holds.
 */
export interface ResumeOptions extends Omit<RunOptions, "journal"> {
  /**
   * The request, where the program has it again: what is given must be that of the journal, the
   * customers or more of them, or the run is refused with `journal-mismatch`.
   */
  request?: { [Field in keyof IssueRequest]?: IssueRequest[Field] | undefined } | undefined;
}

/** A journal in a browser; see {@link indexedDbJournal}. */
export interface BrowserJournal extends Journal {
  close(): Promise<void>;
  /** Deletes what it holds, customers included; `journal-locked` while a run has it open. */
  delete(): Promise<void>;
}
