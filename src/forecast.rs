//! The dry run: the real job on virtual time, played once. It sends nothing.
//!
//! The machine is the one that will run, so concurrency, rate and timeout are played and not
//! estimated. The service is assumed: every call is answered after [`LATENCY`], whatever it holds,
//! and none is refused. A played batch holds one id, so that ten million ids cost no more than
//! their calls.

use crate::id::{AttemptNumber, BatchId, IdList};
use crate::job::Job;
use crate::limits::FORECAST_CALLS_MAX;
use crate::plan::Plan;
use crate::request;
use crate::status::Status;
use crate::time::Instant;
use crate::traffic::{Head, Machine, Output};
use alloc::vec::Vec;
use core::time::Duration;

/// The calls, bytes and time that a run would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Calls, if every one succeeds at once.
    pub requests: u32,
    /// Bytes of request bodies.
    pub bytes: u64,
    /// Milliseconds that the played run took.
    pub estimated: Duration,
}

/// The assumed time of every call. A guess, not a measurement: the default batch size is meant to
/// take about a second.
const LATENCY: Duration = Duration::from_secs(1);

/// Forecasts a run of `plan` over `ids`.
pub fn forecast(plan: &Plan, ids: &IdList) -> Forecast {
    let size = usize::try_from(plan.batch_size()).unwrap_or(usize::MAX).max(1);
    let requests = u32::try_from(ids.len().div_ceil(size)).unwrap_or(u32::MAX);
    let starts = (0..ids.len()).step_by(size);
    let batches = starts.map(|start| start..start.saturating_add(size).min(ids.len()));
    let bytes = batches
        .filter_map(|rows| ids.slice(rows))
        .map(|batch| request::body_bytes(&batch) as u64)
        .sum();
    Forecast { requests, bytes, estimated: estimate(plan, requests) }
}

/// Plays the first calls of a run and extrapolates the rest at their mean pace.
fn estimate(plan: &Plan, calls: u32) -> Duration {
    let played = calls.min(FORECAST_CALLS_MAX);
    let times = calls.checked_div(played).unwrap_or(0);
    let rest = calls.checked_rem(played).unwrap_or(0);
    let time = play(plan, played);
    let of_rest = time.saturating_mul(rest).checked_div(played).unwrap_or_default();
    time.saturating_mul(times).saturating_add(of_rest)
}

/// The duration of a run of so many calls.
fn play(plan: &Plan, calls: u32) -> Duration {
    let ids: IdList = (1..=i64::from(calls)).collect();
    let mut now = Instant::START;
    let mut job = Job::new(plan.clone().for_forecast(), ids, false, 0, now);
    let mut in_flight: Vec<(Instant, BatchId, AttemptNumber)> = Vec::new();
    loop {
        match job.poll_output(now) {
            Output::Send { batch, attempt } => {
                in_flight.push((now.after(LATENCY), batch, attempt));
            }
            Output::Wait { until } => {
                let answer = in_flight.iter().map(|(at, _, _)| *at).min();
                let Some(next) = [until, answer].into_iter().flatten().min() else { break };
                now = now.max(next);
                answer_due(&mut job, &mut in_flight, now);
            }
            Output::Abort { .. } | Output::FetchCredentials | Output::Persist => {}
            Output::Done => break,
        }
    }
    now.since(Instant::START)
}

/// The answer holds no ids: the ledger stays small, and the job goes on as after any other.
fn answer_due(job: &mut Job, in_flight: &mut Vec<(Instant, BatchId, AttemptNumber)>, now: Instant) {
    in_flight.retain(|(at, batch, attempt)| {
        if *at > now {
            return true;
        }
        job.handle_head(
            now,
            *batch,
            *attempt,
            Head { status: Status::Http(200), ..Head::default() },
        );
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
        forecast(&plan.unwrap(), &(1..=ids).collect())
    }

    fn seconds(ids: i64, options: Options<'_>) -> f64 {
        forecast_of(ids, options).estimated.as_secs_f64()
    }

    #[test]
    fn a_run_takes_a_request_a_batch_and_starts_slowly() {
        let forecast = forecast_of(10_000, Options::default());
        assert_eq!((forecast.requests, forecast.bytes), (10, 48_904));
        // Two at first, then one more for every answer: 2 + 4 + 4 left of the ten.
        assert_eq!(forecast.estimated, Duration::from_secs(3));
    }

    #[test]
    fn one_call_takes_its_latency_or_its_timeout() {
        let retry = Options { ambiguous: Some("retry"), ..Options::default() };
        assert_eq!(seconds(1, Options::default()), 1.0);
        assert_eq!(seconds(1, Options { timeout_ms: Some(900.0), ..Options::default() }), 0.9);
        // A call that is never answered in time is made five times, with a wait in between.
        assert!(seconds(1, Options { timeout_ms: Some(900.0), ..retry }) > 4.5);
    }

    #[test]
    fn a_rate_stretches_the_run_to_its_length() {
        let options =
            Options { batch_size: Some(10.0), rate_per_minute: Some(60.0), ..Options::default() };
        let forecast = forecast_of(1_000, options);
        assert_eq!(forecast.requests, 100);
        assert!((99..=101).contains(&forecast.estimated.as_secs()), "{forecast:?}");
    }

    #[test]
    fn a_run_too_long_to_be_played_goes_on_at_the_pace_of_what_was() {
        for concurrency in [1, 6, 64] {
            let options = || Options {
                concurrency: Some(concurrency.into()),
                batch_size: Some(1.0),
                ..Options::default()
            };
            let calls = i64::from(FORECAST_CALLS_MAX) * 5 / 2;
            let exact = (calls / i64::from(concurrency)) as f64;
            let estimated = seconds(calls, options());
            // The slow start is counted once for each stretch that is as long as what was played.
            assert!((exact..exact * 1.04).contains(&estimated), "{concurrency}: {estimated}");
        }
    }

    #[test]
    fn a_deadline_does_not_shorten_the_forecast() {
        let options = Options { deadline_ms: Some(1.0), ..Options::default() };
        assert_eq!(forecast_of(5_000, options), forecast_of(5_000, Options::default()));
    }

    #[test]
    fn nothing_takes_nothing() {
        let nothing = Forecast { requests: 0, bytes: 0, estimated: Duration::ZERO };
        assert_eq!(forecast_of(0, Options::default()), nothing);
    }
}
