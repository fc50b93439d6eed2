//! A progress on its way out.

use super::intake::Source;
use crate::job::{Progress, RunState};
use crate::json::Object;
use crate::outcome::StopCode;

pub(super) fn write_progress(progress: &Progress, source: &Source, object: &mut Object<'_>) {
    let state = state_name(progress.state);
    let counts = [
        ("distinct", progress.distinct),
        ("queued", progress.queued),
        ("inFlight", progress.in_flight),
        ("issued", progress.issued),
        ("rejected", progress.rejected),
        ("unsent", progress.unsent),
        ("unknown", progress.unknown),
        ("attempts", progress.tally.attempts),
        ("retries", progress.tally.retries),
    ];
    object.text("state", Some(state));
    source.write_counts(object);
    for (name, count) in counts {
        object.count(name, count.into());
    }
    object.count("bytesSent", progress.tally.bytes_sent);
    object.count("bytesReceived", progress.tally.bytes_received);
    object.count("elapsedMs", progress.elapsed_ms);
    // More milliseconds than a Long holds are no forecast.
    object.number("etaMs", progress.eta_ms.and_then(|eta_ms| i64::try_from(eta_ms).ok()));
    object.text("pausedBy", progress.paused_by.map(StopCode::code));
}

const fn state_name(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Paused => "paused",
        RunState::Stopping => "stopping",
        RunState::Reconciling => "reconciling",
        RunState::Done => "done",
    }
}
