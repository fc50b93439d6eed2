//! The dry run: the real job on virtual time, against a service that always answers.
//!
//! It sends nothing. Because the machine is the one that will run, its concurrency and its rate are
//! not estimated but played; only the service's latency is an assumption ([`LATENCY`]). It is drawn
//! anew for every call from a fixed seed, over and over, so that the same plan gives the same
//! percentiles. A played batch holds one id, whatever it will hold: what a call takes is assumed
//! not to depend on it, and so ten million ids cost no more than their calls.

use crate::id::{AttemptNumber, BatchId, List};
use crate::job::Job;
use crate::ledger::State;
use crate::limits::{
    FORECAST_CALLS_MAX, FORECAST_CALLS_MIN, FORECAST_CALLS_PER_LANE, FORECAST_RUNS,
};
use crate::plan::Plan;
use crate::request;
use crate::rng::Rng;
use crate::time::{Instant, millis};
use crate::traffic::{Head, Machine, Output};
use alloc::vec::Vec;
use core::time::Duration;

/// What a run would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Calls, if every one succeeds at once.
    pub requests: u32,
    /// Bytes of request bodies.
    pub bytes: u64,
    /// As many runs take less as take longer.
    pub median: Duration,
    /// Nine of ten runs take less.
    pub p90: Duration,
    /// 99 of a hundred runs take less.
    pub p99: Duration,
}

/// The assumed latency of a call: so many of ten thousand calls take at most so many milliseconds,
/// and in between it grows evenly. A guess and no measurement: batches of a thousand were sized to
/// take about a second, and a service under load has a tail.
const LATENCY: [(u64, u64); 6] =
    [(0, 300), (1_000, 600), (5_000, 1_000), (9_000, 2_000), (9_900, 4_000), (10_000, 8_000)];

/// No call takes longer.
const SLOWEST: Duration = Duration::from_millis(8_000);

/// The run of `plan` over `ids`.
pub fn forecast(plan: &Plan, ids: &List) -> Forecast {
    let size = usize::try_from(plan.batch_size()).unwrap_or(usize::MAX).max(1);
    let requests = u32::try_from(ids.len().div_ceil(size)).unwrap_or(u32::MAX);
    let starts = (0..ids.len()).step_by(size);
    let batches = starts.map(|start| start..start.saturating_add(size).min(ids.len()));
    let bytes = batches
        .filter_map(|places| ids.slice(places))
        .map(|batch| request::body_bytes(&batch) as u64)
        .sum();
    let mut rng = Rng::new(FORECAST_SEED);
    let calls = requests.min(played_of(plan.concurrency_max()));
    let runs: Vec<Played> =
        (0..FORECAST_RUNS).map(|_| run_of(plan, calls, &mut || latency(&mut rng))).collect();
    let times = sorted(extended(&runs, requests, calls));
    let percentile = |percent: usize| {
        let place = times.len().saturating_sub(1).saturating_mul(percent) / 100;
        Duration::from_millis(times.get(place).copied().unwrap_or_default())
    };
    Forecast { requests, bytes, median: percentile(50), p90: percentile(90), p99: percentile(99) }
}

/// Calls that are played of a long run.
fn played_of(concurrency: u32) -> u32 {
    let calls = concurrency.saturating_mul(FORECAST_CALLS_PER_LANE);
    calls.clamp(FORECAST_CALLS_MIN, FORECAST_CALLS_MAX)
}

/// Inserts one by one: of a hundred numbers that takes no time, while the standard library's sort
/// is three kilobytes of wasm that the first plan would wait for.
fn sorted(times: Vec<u64>) -> Vec<u64> {
    times.into_iter().fold(Vec::new(), |mut sorted, time| {
        sorted.insert(sorted.partition_point(|earlier| *earlier <= time), time);
        sorted
    })
}

/// The milliseconds of runs of so many calls of which the first were played. The rest goes on as
/// evenly as the middle half did, when the concurrency has found its level and nothing is at its
/// end yet; and as chance evens out, runs differ by the square root of how much longer they are.
fn extended(runs: &[Played], calls: u32, played: u32) -> Vec<u64> {
    let mean = |of: fn(&Played) -> u64| {
        let sum = runs.iter().map(of).fold(0_u64, u64::saturating_add);
        sum.checked_div(runs.len() as u64).unwrap_or(0)
    };
    let (all, middle) = (mean(|run| run.all), mean(|run| run.middle));
    let rest = u64::from(calls.saturating_sub(played));
    let outside = (played / 4).saturating_mul(2);
    let middle_calls = u64::from(played.saturating_sub(outside)).max(1);
    let more = middle.saturating_mul(rest).checked_div(middle_calls).unwrap_or(0);
    let longer = u64::from(calls).saturating_mul(10_000).checked_div(u64::from(played));
    let percent = longer.unwrap_or(10_000).isqrt();
    let spread = |millis: u64| millis.saturating_mul(percent) / 100;
    let total = all.saturating_add(more);
    runs.iter()
        .map(|run| match run.all.checked_sub(all) {
            Some(above) => total.saturating_add(spread(above)),
            None => total.saturating_sub(spread(all.saturating_sub(run.all))),
        })
        .collect()
}

/// Milliseconds of a played run, and of its calls without the first and the last quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Played {
    all: u64,
    middle: u64,
}

/// Any number serves: it only has to stay the same.
const FORECAST_SEED: u64 = 0x1557_0e1b;

/// A run of so many calls. One call that is always answered in time takes as long as its answer,
/// which is told without playing: a small plan is one that somebody waits for.
fn run_of(plan: &Plan, calls: u32, latency: &mut dyn FnMut() -> Duration) -> Played {
    if calls == 1 && plan.policy().timeout > SLOWEST {
        let all = millis(latency());
        return Played { all, middle: all };
    }
    play(plan, calls, latency)
}

/// Not inlined, so that engines that compile what is called leave it out of a plan for one call.
#[inline(never)]
fn play(plan: &Plan, calls: u32, latency: &mut dyn FnMut() -> Duration) -> Played {
    let ids: List = (1..=i64::from(calls)).collect();
    let mut now = Instant::START;
    let mut job = Job::new(plan.clone().for_forecast(), ids, false, 0, now);
    let mut in_flight: Vec<(Instant, BatchId, AttemptNumber)> = Vec::new();
    let quarter = calls / 4;
    let (mut first, mut last) = (Instant::START, Instant::START);
    loop {
        match job.poll_output(now) {
            Output::Send { batch, attempt } => {
                in_flight.push((now.after(latency()), batch, attempt));
            }
            Output::Wait { until } => {
                let answer = in_flight.iter().map(|(at, _, _)| *at).min();
                let Some(next) = [until, answer].into_iter().flatten().min() else { break };
                now = now.max(next);
                answer_due(&mut job, &mut in_flight, now);
                let answered = job.ledger().count(State::Unknown);
                if answered <= quarter {
                    first = now;
                }
                if answered <= calls.saturating_sub(quarter) {
                    last = now;
                }
            }
            Output::Abort { .. } | Output::FetchCredentials | Output::Persist => {}
            Output::Done => break,
        }
    }
    Played { all: millis(now.since(Instant::START)), middle: millis(last.since(first)) }
}

/// An answer without ids keeps the ledger small, and the job moves on as after any other.
fn answer_due(job: &mut Job, in_flight: &mut Vec<(Instant, BatchId, AttemptNumber)>, now: Instant) {
    in_flight.retain(|(at, batch, attempt)| {
        if *at > now {
            return true;
        }
        job.handle_head(now, *batch, *attempt, Head { status: 200, ..Head::default() });
        let _complete = job.handle_chunk(*batch, *attempt, b"{\"data\":{}}");
        job.handle_end(now, *batch, *attempt);
        false
    });
}

fn latency(rng: &mut Rng) -> Duration {
    let drawn = rng.up_to(10_000);
    let (mut before, mut at) = LATENCY[0];
    for (share, latency) in LATENCY {
        if drawn <= share {
            let width = share.saturating_sub(before).max(1);
            let above = latency.saturating_sub(at).saturating_mul(drawn.saturating_sub(before));
            return Duration::from_millis(at.saturating_add(above.checked_div(width).unwrap_or(0)));
        }
        (before, at) = (share, latency);
    }
    Duration::from_millis(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Options;

    fn plan(options: Options<'_>) -> Plan {
        Plan::new(&Options {
            promotion_id: "67dd4210ef21a64211227e04",
            context_id: "973",
            host: "eu.api.capillarytech.com",
            ..options
        })
        .unwrap()
    }

    fn forecast_of(ids: i64, options: Options<'_>) -> Forecast {
        let ids: List = (1..=ids).collect();
        forecast(&plan(options), &ids)
    }

    #[test]
    fn a_run_takes_a_request_a_batch_and_starts_slowly() {
        let forecast = forecast_of(10_000, Options::default());
        assert_eq!((forecast.requests, forecast.bytes), (10, 48_904));
        // Two at first, then one more for every answer: 2 + 4 + 4 left of the ten.
        let mut second = || Duration::from_secs(1);
        assert_eq!(play(&plan(Options::default()), 10, &mut second).all, 3_000);
    }

    #[test]
    fn one_call_takes_as_long_as_when_it_is_played() {
        let cases = [
            Options::default(),
            Options { rate_per_minute: Some(1.0), concurrency: Some(1.0), ..Options::default() },
            Options { timeout_ms: Some(8_001.0), ambiguous: Some("retry"), ..Options::default() },
            Options { timeout_ms: Some(8_000.0), ambiguous: Some("retry"), ..Options::default() },
            // Calls that are not answered in time, which are given up or made again.
            Options { timeout_ms: Some(900.0), ..Options::default() },
            Options { timeout_ms: Some(900.0), ambiguous: Some("retry"), ..Options::default() },
        ];
        for options in cases {
            let plan = plan(options);
            let (mut one, mut other) = (Rng::new(1), Rng::new(1));
            for _ in 0..1_000 {
                let told = run_of(&plan, 1, &mut || latency(&mut one));
                assert_eq!(told, play(&plan, 1, &mut || latency(&mut other)), "{plan:?}");
            }
            let told = run_of(&plan, 1, &mut || SLOWEST);
            assert_eq!(told, play(&plan, 1, &mut || SLOWEST), "{plan:?}");
        }
    }

    #[test]
    fn a_rate_stretches_the_run_to_its_length_and_leaves_little_to_chance() {
        let options =
            Options { batch_size: Some(10.0), rate_per_minute: Some(60.0), ..Options::default() };
        let forecast = forecast_of(1_000, options);
        assert_eq!(forecast.requests, 100);
        for time in [forecast.median, forecast.p90, forecast.p99] {
            assert!((99..=107).contains(&time.as_secs()), "{forecast:?}");
        }
    }

    #[test]
    fn percentiles_are_in_order_and_stay_the_same() {
        let forecast = forecast_of(100_000, Options::default());
        assert!(forecast.median < forecast.p90 && forecast.p90 < forecast.p99, "{forecast:?}");
        // A hundred calls, six at a time, of 1.3 seconds on average.
        assert!((15..35).contains(&forecast.median.as_secs()), "{forecast:?}");
        assert_eq!(forecast_of(100_000, Options::default()), forecast);
    }

    #[test]
    fn a_long_run_goes_on_as_it_was_played_and_chance_evens_out() {
        let mut second = || Duration::from_secs(1);
        for concurrency in [1, 6, 64] {
            let options = Options { concurrency: Some(concurrency.into()), ..Options::default() };
            let calls = played_of(concurrency);
            let run = play(&plan(options), calls, &mut second);
            let [ten_times] = extended(&[run], 10 * calls, calls)[..] else {
                panic!("one run, one time")
            };
            let exact = u64::from(10 * calls / concurrency) * 1_000;
            let error = ten_times.abs_diff(exact) * 100 / exact;
            assert!(error <= 2, "{concurrency}: {ten_times} of {exact}");
        }
        let runs = [Played { all: 900, middle: 600 }, Played { all: 1_100, middle: 600 }];
        // 990 more calls of 100 ms, and a hundred times as long makes ten times the difference.
        assert_eq!(extended(&runs, 1_000, 10), [99_000, 101_000]);
    }

    #[test]
    fn a_deadline_does_not_shorten_the_forecast() {
        let options = Options { deadline_ms: Some(1.0), ..Options::default() };
        assert_eq!(forecast_of(5_000, options), forecast_of(5_000, Options::default()));
    }

    #[test]
    fn latencies_have_the_assumed_shape() {
        let mut rng = Rng::new(7);
        let mut drawn: Vec<u64> = (0..100_000).map(|_| millis(latency(&mut rng))).collect();
        drawn.sort_unstable();
        for (share, expected) in [(0.5, 1_000), (0.9, 2_000), (0.99, 4_000)] {
            let found = drawn[(share * 100_000.0) as usize];
            assert!(found.abs_diff(expected) * 20 <= expected, "{share}: {found}");
        }
        assert!(drawn[0] >= 300 && Duration::from_millis(drawn[99_999]) <= SLOWEST);
    }

    #[test]
    fn nothing_takes_nothing() {
        let nothing = Forecast {
            requests: 0,
            bytes: 0,
            median: Duration::ZERO,
            p90: Duration::ZERO,
            p99: Duration::ZERO,
        };
        assert_eq!(forecast_of(0, Options::default()), nothing);
    }
}
