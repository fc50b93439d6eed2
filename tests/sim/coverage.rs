//! Marks that a large enough set of worlds must leave: a rare path that no world takes is a path
//! that nobody tested.

use crate::fault::{ANSWERS, ENDINGS, NETWORK};
use crate::run::Summary;

const MARKS: [&str; 67] = [
    "meaning ids",
    "meaning not-reached",
    "meaning throttled",
    "meaning too-large",
    "meaning guilty",
    "meaning credentials",
    "meaning stop",
    "meaning ambiguous",
    "issued ",
    "rejected entry-error",
    "rejected invalid-customer",
    "unsent cancelled",
    "unsent deadline",
    "unsent promotion-not-found",
    "unsent promotion-unusable",
    "unsent unauthorised",
    "unsent access-denied",
    "unsent endpoint-refuses",
    "unsent redirected",
    "unsent retry-after-too-long",
    "unsent throttled",
    "unsent too-many-ambiguous",
    "unsent too-many-failures",
    "unsent protocol-violation",
    "unsent not-reached",
    "unsent retry-budget-used",
    "unsent refused-with-others",
    "unsent too-large",
    "unknown timeout",
    "unknown network",
    "unknown ambiguous-status",
    "unknown cut-body",
    "unknown unreadable-body",
    "unknown oversized-body",
    "unknown contradictory-body",
    "unknown errors-in-success",
    "unknown missing-in-answer",
    "unknown entry-error",
    "unknown unreadable-entry",
    "unknown mismatched-entry",
    "paused unauthorised",
    "paused access-denied",
    "paused retry-after-too-long",
    "paused throttled",
    "split down to one",
    "sent again in doubt",
    "retry-after honoured",
    "older credentials refused",
    "credentials renewed",
    "credentials overdue",
    "credentials refused",
    "credentials unavailable",
    "fed after the end",
    "enough",
    "cancelled",
    "deadline",
    "journal-failed",
    "unsent journal-failed",
    "unknown interrupted",
    "crash before the run began",
    "crash while storing",
    "crash between intent and send",
    "crash while in flight",
    "crash between answer and outcome",
    "crash of a resumed run",
    "torn tail dropped",
    "resumed after the end",
];

/// The marks that no world left.
pub fn missing(summary: &Summary) -> Vec<String> {
    let faults = NETWORK.into_iter().chain(ANSWERS).chain(ENDINGS);
    let faults = faults.map(|fault| format!("fault {fault:?}"));
    let marks = MARKS.iter().map(|mark| (*mark).to_owned());
    marks.chain(faults).filter(|mark| !summary.marks.contains_key(mark)).collect()
}
