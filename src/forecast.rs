//! The dry run: the real job on virtual time, against a service that always answers.
//!
//! It sends nothing. Because the machine is the one that will run, its batches, its concurrency
//! and its rate are not estimated but played; only the service's latency is an assumption.

use crate::id::{AttemptNumber, BatchId};
use crate::job::{Head, Job, Output};
use crate::plan::Plan;
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;

/// What a run would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    pub requests: u32,
    /// Bytes of request bodies.
    pub bytes: u64,
    pub elapsed: Duration,
}

/// Plays the run of `plan` over `ids`, each answer coming `latency` after its request, and gives
/// the ids back.
pub fn forecast(plan: Plan, ids: Vec<i64>, latency: Duration) -> (Forecast, Vec<i64>) {
    let mut now = Instant::START;
    let mut job = Job::new(plan.without_stop_rules(), ids, false, 0, now);
    let mut in_flight: Vec<(Instant, BatchId, AttemptNumber)> = Vec::new();
    loop {
        match job.poll_output(now) {
            Output::Send { batch, attempt } => in_flight.push((now.after(latency), batch, attempt)),
            Output::Wait { until } => {
                let answer = in_flight.iter().map(|(at, _, _)| *at).min();
                let Some(next) = [until, answer].into_iter().flatten().min() else { break };
                now = now.max(next);
                answer_due(&mut job, &mut in_flight, now);
            }
            // Without a journal and without credentials the last two never come.
            Output::Abort { .. } | Output::FetchCredentials | Output::Persist => {}
            Output::Done => break,
        }
    }
    let progress = job.progress(now);
    let forecast = Forecast {
        requests: progress.tally.attempts,
        bytes: progress.tally.bytes_sent,
        elapsed: Duration::from_millis(progress.elapsed_ms),
    };
    (forecast, job.into_ids())
}

/// An answer without ids keeps the ledger small, and the job moves on as after any other.
fn answer_due(job: &mut Job, in_flight: &mut Vec<(Instant, BatchId, AttemptNumber)>, now: Instant) {
    in_flight.retain(|(at, batch, attempt)| {
        if *at > now {
            return true;
        }
        job.handle_head(*batch, *attempt, Head { status: 200, ..Head::default() });
        let _complete = job.handle_chunk(*batch, *attempt, b"{\"data\":{}}");
        job.handle_end(now, *batch, *attempt);
        false
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Options;

    fn forecast_of(ids: i64, options: Options<'_>) -> Forecast {
        let plan = Plan::new(&Options {
            promotion_id: "67dd4210ef21a64211227e04",
            context_id: "973",
            host: "eu.api.capillarytech.com",
            ..options
        });
        let ids: Vec<i64> = (1..=ids).collect();
        let (forecast, back) = forecast(plan.unwrap(), ids.clone(), Duration::from_secs(1));
        assert_eq!(back, ids);
        forecast
    }

    #[test]
    fn a_run_takes_a_request_a_batch_and_starts_slowly() {
        let forecast = forecast_of(10_000, Options::default());
        // Two at first, then one more for every answer: 2 + 4 + 4 left of the ten.
        let expected = Forecast { requests: 10, bytes: 48_904, elapsed: Duration::from_secs(3) };
        assert_eq!(forecast, expected);
    }

    #[test]
    fn a_rate_stretches_the_run_to_its_length() {
        let options =
            Options { batch_size: Some(10.0), rate_per_minute: Some(60.0), ..Options::default() };
        let forecast = forecast_of(1_000, options);
        assert_eq!(forecast.requests, 100);
        assert!(forecast.elapsed.as_secs().abs_diff(100) <= 1, "{forecast:?}");
    }

    #[test]
    fn nothing_takes_nothing() {
        let nothing = Forecast { requests: 0, bytes: 0, elapsed: Duration::ZERO };
        assert_eq!(forecast_of(0, Options::default()), nothing);
    }
}
