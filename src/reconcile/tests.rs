//! Pages as a table, and the machine on virtual time against a scripted read-back.

use super::*;
use crate::id::unpack_issuance_id;
use crate::job::Job;
use crate::plan::{Options, Plan};
use crate::status::Status;
use crate::traffic::{Head, Machine, Output};
use crate::verdict::Failure;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};

const PROMOTION: &str = "67dd4210ef21a64211227e04";
const OTHER: &str = "67dd4210ef21a64211227e05";
const EARNED: &str = "68df4539dd46cd232fb6fbd3";
/// The wall-clock start of the run ...
const START: i64 = 1_747_126_842_000;
/// ... and its duration, in milliseconds.
const ELAPSED_MS: i64 = 60_000;
const QUIET_MS: i64 = 900_000;
const END: i64 = START + ELAPSED_MS + QUIET_MS;

fn earned(promotion: &str, time: i64) -> String {
    let (until, of) = (time + 1, format!(r#""promotionId":"{promotion}","customerId":1"#));
    format!(r#"{{"earnedPromotionId":"{EARNED}",{of},"validTill":{until},"eventTime":{time}}}"#)
}

fn with(row: &str, field: &str) -> String {
    format!("{},{field}}}", row.strip_suffix('}').unwrap())
}

fn seen(page: &[String], ahead_ms: Option<i64>) -> &'static str {
    let (from, until) = (UnixTime::from_millis(START), UnixTime::from_millis(END));
    seen_in(Window { from, until, is_journals: false, first_event: None }, page, ahead_ms)
}

fn seen_in(window: Window, page: &[String], ahead_ms: Option<i64>) -> &'static str {
    let text = format!(r#"{{"data":[{}]}}"#, page.join(","));
    let search = Search { customer: 1, promotion: PROMOTION, context: "973", window, ahead_ms };
    match read_page(&rows(text.as_bytes()).unwrap(), &search) {
        Reading::NoRow { .. } => "nothing",
        Reading::Issued(earned) if earned.times > 1 => "issued twice",
        Reading::Issued(_) => "issued",
        Reading::Unclear(UnclearReason::NearTheRun) => "near",
        Reading::Unclear(UnclearReason::OtherContext) => "other context",
        Reading::Unclear(UnclearReason::Unreadable) => "unreadable",
    }
}

#[test]
fn what_a_page_says() {
    let own = |time| earned(PROMOTION, time);
    let inside = own(START + 5);
    let minute = 60_000;
    let day = 24 * 60 * minute;
    let table: Vec<(Vec<String>, Option<i64>, &str)> = vec![
        (vec![], Some(0), "nothing"),
        (vec![earned(OTHER, START)], Some(0), "nothing"),
        (vec![inside.clone()], Some(0), "issued"),
        (vec![inside.clone()], None, "issued"),
        (vec![earned(&PROMOTION.to_uppercase(), START + 5)], Some(0), "unreadable"),
        (vec![inside.clone(), inside.clone()], Some(0), "issued twice"),
        (vec![earned(OTHER, START), inside.clone()], Some(0), "issued"),
        // The window, with whole seconds of the service's clock.
        (vec![own(START - 2_000)], Some(0), "issued"),
        (vec![own(START - 2_001)], Some(0), "near"),
        (vec![own(END + 2_000)], Some(0), "issued"),
        (vec![own(END + 2_001)], Some(0), "near"),
        (vec![own(START - 5 * minute - 2_000)], Some(0), "near"),
        (vec![own(START - 5 * minute - 2_001)], Some(0), "nothing"),
        // The service's clock is wrong, with and without a `Date`.
        (vec![own(START + 60 * minute)], Some(60 * minute), "issued"),
        (vec![own(START + 60 * minute)], Some(0), "near"),
        (vec![own(START - 60 * minute)], Some(-60 * minute), "issued"),
        (vec![own(START - 60 * minute)], Some(0), "nothing"),
        (vec![own(START - 60 * minute)], None, "near"),
        (vec![own(START - 2 * day)], None, "near"),
        // A row that can be the run's decides beside ambiguous ones.
        (vec![own(START - minute), inside.clone()], Some(0), "issued"),
        (vec!["{}".into(), inside.clone()], Some(0), "issued"),
        // Another context decides nothing within the window.
        (vec![with(&inside, r#""earnedFromId":"973""#)], Some(0), "issued"),
        (vec![with(&inside, r#""earnedFromId":"974""#)], Some(0), "other context"),
        (vec![with(&inside, r#""earnedFromId":"974""#), inside.clone()], Some(0), "issued"),
        (vec![with(&own(START - minute), r#""earnedFromId":"974""#)], Some(0), "near"),
        (vec![with(&own(START - day), r#""earnedFromId":"974""#)], Some(0), "nothing"),
        (vec![with(&inside, r#""earnedFromId":null"#)], Some(0), "issued"),
        // An unreadable row decides nothing.
        (vec!["{}".into()], Some(0), "unreadable"),
        (vec![format!(r#"{{"promotionId":"{PROMOTION}"}}"#)], Some(0), "unreadable"),
        (vec![with(&inside, r#""eventTime":1"#)], Some(0), "unreadable"),
        (vec![inside.replace("\"customerId\":1", "\"customerId\":2")], Some(0), "unreadable"),
        (vec![inside.replace("\"customerId\":1,", "")], Some(0), "issued"),
        (vec![inside.replace(&format!("\"{EARNED}\""), "null")], Some(0), "unreadable"),
    ];
    for (page, ahead_ms, expected) in table {
        assert_eq!(seen(&page, ahead_ms), expected, "{page:?} {ahead_ms:?}");
    }
}

const HOUR: i64 = 3_600_000;
const MONTH: i64 = 30 * 24 * HOUR;

/// The finding of a page with one row at this time, for the run of a journal.
fn in_journal(first_event: Option<i64>, time: i64, ahead_ms: Option<i64>) -> &'static str {
    let (from, until) = (UnixTime::from_millis(START), UnixTime::from_millis(START + 2 * MONTH));
    let first_event = first_event.map(UnixTime::from_millis);
    let window = Window { from, until, is_journals: true, first_event };
    seen_in(window, &[earned(PROMOTION, time)], ahead_ms)
}

#[test]
fn the_start_of_a_journal_is_in_doubt_for_longer() {
    for (time, ahead_ms, expected) in [
        (START, Some(0), "issued"),
        (START - 2_000, Some(0), "issued"),
        (START - 2_001, Some(0), "near"),
        (START - HOUR, Some(0), "near"),
        (START - 26 * HOUR - 2_000, Some(0), "near"),
        (START - 26 * HOUR - 2_001, Some(0), "nothing"),
        // The offset now may differ from that of the process that began.
        (START + 2_999, Some(HOUR), "near"),
        (START + 3_000, Some(HOUR), "issued"),
        (START - HOUR, Some(-HOUR), "near"),
        (START - 27 * HOUR, Some(-HOUR), "near"),
        (START - 27 * HOUR - 2_001, Some(-HOUR), "nothing"),
        (START - HOUR, None, "near"),
        (START - 26 * HOUR - 2_001, None, "nothing"),
    ] {
        // The first issuance came five seconds after the start.
        let found = in_journal(Some(START + 5_000), time, ahead_ms);
        assert_eq!(found, expected, "{} {ahead_ms:?}", time - START);
    }
}

/// The clock that wrote the start down was wrong, and the reading's is right.
#[test]
fn the_first_issuance_of_a_run_tells_how_wrong_its_clock_was() {
    for (first_event, time, expected) in [
        // A month ahead: customers issued meanwhile are no earlier ones.
        (Some(START - MONTH), START - MONTH - 2_000, "issued"),
        (Some(START - MONTH), START - MONTH - 2_001, "near"),
        (Some(START - MONTH), START - MONTH - 26 * HOUR, "near"),
        (Some(START - MONTH), START - MONTH - 26 * HOUR - 1, "nothing"),
        // A month behind: what was issued long before the first is not the run's for certain.
        (Some(START + MONTH), START + MONTH - 26 * HOUR, "issued"),
        (Some(START + MONTH), START + MONTH - 26 * HOUR - 1, "near"),
        (Some(START + MONTH), START - 26 * HOUR - 2_001, "nothing"),
        // Nothing was issued, so nothing tells.
        (None, START, "issued"),
        (None, START - 2_001, "near"),
        (None, START - MONTH, "near"),
        (None, START - 24 * MONTH, "near"),
    ] {
        for ahead_ms in [Some(0), None] {
            let found = in_journal(first_event, time, ahead_ms);
            assert_eq!(found, expected, "{first_event:?} {} {ahead_ms:?}", time - START);
        }
    }
}

#[test]
fn an_earn_id_that_is_no_object_id_hides_secrets() {
    let row = earned(PROMOTION, START + 5).replace(EARNED, "for hunter2!");
    let reply = page(&[row]).unwrap().1;
    let clocks = (Instant::START, UnixTime::from_millis(END));
    let rules = RulesGiven { quiet_ms: Some(0.0), ..RulesGiven::default() };
    let rules = Rules::new(&rules).unwrap();
    let mut machine = Reconcile::new(record(1), plan().service().clone(), rules, false, 3, clocks);
    machine.secrets().keep("hunter2!");
    let mut now = Instant::START;
    loop {
        match machine.poll_output(now) {
            Output::Send { batch, attempt } => {
                machine.handle_head(
                    now,
                    batch,
                    attempt,
                    Head { status: Status::Http(200), ..Head::default() },
                );
                let _flow = machine.handle_chunk(batch, attempt, reply.as_bytes());
                machine.handle_end(now, batch, attempt);
            }
            Output::Wait { until } => now = until.unwrap(),
            Output::Done => break,
            other => panic!("{other:?}"),
        }
    }
    let (record, _) = machine.into_record();
    assert_eq!(record.ledger.extra_texts(0).unwrap().id.as_deref(), Some("for [hidden]"));
}

/// The answer to one reading: status, body.
type Reply = (u16, String);
type Service<'a> = dyn FnMut(i64, u64) -> Option<Reply> + 'a;

fn page(rows: &[String]) -> Option<Reply> {
    Some((200, format!(r#"{{"data":[{}],"errors":[]}}"#, rows.join(","))))
}

fn plan() -> Plan {
    Plan::new(&Options {
        promotion_id: PROMOTION,
        context_id: "973",
        host: "eu.api.capillarytech.com",
        ..Options::default()
    })
    .unwrap()
}

/// A run that left these ids unknown and one issued.
fn record(unknown: i64) -> Record {
    let mut job = Job::new(plan(), (1..=unknown).collect::<Vec<_>>(), false, 1, Instant::START);
    let mut now = Instant::START;
    loop {
        match job.poll_output(now) {
            Output::Send { batch, attempt } => {
                now = Instant::from_millis(ELAPSED_MS as u64);
                job.handle_failure(now, batch, attempt, Failure::Network(None));
            }
            Output::Done => break,
            other => panic!("{other:?}"),
        }
    }
    job.into_record(UnixTime::from_millis(START), UnixTime::from_millis(START + ELAPSED_MS))
}

struct Run {
    record: Record,
    evidence: Evidence,
    /// The time of each reading, by customer.
    reads: HashMap<i64, Vec<u64>>,
}

impl Run {
    fn outcomes(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        let ledger = &self.record.ledger;
        for (row, state) in (0_u32..).zip(ledger.states()) {
            let outcome = state.outcome().unwrap().name();
            let reason = ledger.cause_of(row).map_or("", |cause| cause.reason.code());
            *counts.entry(format!("{outcome} {reason}").trim().to_owned()).or_default() += 1;
        }
        counts
    }

    fn note(&self, code: &str) -> u32 {
        self.record.notes.iter().find(|note| note.code == code).map_or(0, |note| note.count)
    }
}

fn read_back(unknown: i64, given: RulesGiven, service: &mut Service<'_>) -> Run {
    let rules = Rules::new(&given).unwrap();
    let start = Instant::from_millis(1_000);
    let wall_clock = UnixTime::from_millis(START + ELAPSED_MS);
    let record = record(unknown);
    let mut machine =
        Reconcile::new(record, plan().service().clone(), rules, false, 3, (start, wall_clock));
    let mut now = start;
    let mut reads: HashMap<i64, Vec<u64>> = HashMap::new();
    for _ in 0..1_000_000 {
        match machine.poll_output(now) {
            Output::Send { batch, attempt } => {
                let url = machine.request(batch).url;
                let customer: i64 = url
                    .split("/customer/")
                    .nth(1)
                    .unwrap()
                    .split('?')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                reads.entry(customer).or_default().push(now.as_millis());
                match service(customer, now.as_millis()) {
                    Some((status, body)) => {
                        let clock_ahead_ms = Some(0);
                        let head = Head {
                            status: Status::Http(status),
                            clock_ahead_ms,
                            ..Head::default()
                        };
                        machine.handle_head(now, batch, attempt, head);
                        let _flow = machine.handle_chunk(batch, attempt, body.as_bytes());
                        machine.handle_end(now, batch, attempt);
                    }
                    None => machine.handle_failure(now, batch, attempt, Failure::Network(None)),
                }
            }
            Output::Wait { until } => now = until.unwrap(),
            Output::Done => {
                let (record, evidence) = machine.into_record();
                return Run { record, evidence, reads };
            }
            Output::Abort { .. } | Output::FetchCredentials | Output::Persist => {}
        }
    }
    panic!("the reading does not end");
}

fn counts(pairs: &[(&str, u32)]) -> BTreeMap<String, u32> {
    pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
}

#[test]
fn an_honest_read_back_leaves_nothing_unknown() {
    let mut service = |customer: i64, _: u64| match customer % 2 {
        0 => page(&[earned(PROMOTION, START + 5)
            .replace("\"customerId\":1", &format!("\"customerId\":{customer}"))]),
        _ => page(&[]),
    };
    let run = read_back(100, RulesGiven::default(), &mut service);
    assert_eq!(run.outcomes(), counts(&[("issued", 50), ("unsent read-back-not-issued", 50)]));
    assert_eq!((run.evidence.asked, run.evidence.issued, run.evidence.not_issued), (100, 50, 50));
    assert_eq!(run.evidence.calls, 200);
    for times in run.reads.values() {
        // Quiet first, then twice with a minute in between.
        assert!(times[0] >= 1_000 + QUIET_MS as u64, "{times:?}");
        assert!(times.len() == 2 && times[1] >= times[0] + 60_000, "{times:?}");
    }
    let issuance = run.record.ledger.issuance(1).unwrap();
    assert_eq!(unpack_issuance_id(&issuance.id), EARNED);
    assert_eq!((issuance.event_time, issuance.valid_till), (START + 5, START + 6));
    assert!(run.record.was_read_back);
    assert!(run.record.ledger.is_read_back(1) && run.record.ledger.is_read_back(0));
}

#[test]
fn readings_that_differ_are_repeated_until_two_agree() {
    let mut calls = 0;
    let mut late = |_: i64, _: u64| {
        calls += 1;
        if calls == 1 { page(&[]) } else { page(&[earned(PROMOTION, START + 5)]) }
    };
    let run = read_back(1, RulesGiven::default(), &mut late);
    assert_eq!((run.outcomes(), calls), (counts(&[("issued", 1)]), 3));
    let mut calls = 0;
    let mut flickers = |_: i64, _: u64| {
        calls += 1;
        if calls % 2 == 1 { page(&[]) } else { page(&[earned(PROMOTION, START + 5)]) }
    };
    let run = read_back(1, RulesGiven::default(), &mut flickers);
    assert_eq!(run.outcomes(), counts(&[("unknown network", 1)]));
    assert_eq!((run.note("read-backs-disagree"), calls), (1, 4));
}

#[test]
fn a_reading_that_showed_the_issuance_is_not_outweighed_by_absences() {
    let own = earned(PROMOTION, START + 5);
    let near = earned(PROMOTION, START - 30_000);
    for shown in [own, near] {
        let mut calls = 0;
        let mut service = |_: i64, _: u64| {
            calls += 1;
            if calls == 1 { page(std::slice::from_ref(&shown)) } else { page(&[]) }
        };
        let run = read_back(1, RulesGiven::default(), &mut service);
        assert_eq!(run.outcomes(), counts(&[("unknown network", 1)]), "{shown}");
        assert_eq!((run.note("read-backs-disagree"), calls), (1, 4), "{shown}");
    }
}

#[test]
fn an_empty_list_beside_warnings_proves_nothing() {
    let text = r#"{"data":[],"warnings":["partial result"]}"#;
    let mut service = |_: i64, _: u64| Some((200, text.to_owned()));
    let run = read_back(1, RulesGiven::default(), &mut service);
    assert_eq!(run.outcomes(), counts(&[("unknown network", 1)]));
    assert_eq!(run.note("read-back-failed"), 1);
}

#[test]
fn a_full_page_that_shows_nothing_decides_nothing() {
    let full = |rows: usize| vec![earned(OTHER, START).replace("\"customerId\":1,", ""); rows];
    // Customer 1 has the limit, 2 what the service gives unasked, 3 and 4 the same longest page,
    // 5 a short one, 6 a full one that shows the issuance.
    let mut service = |customer: i64, _: u64| match customer {
        1 => page(&full(50)),
        2 => page(&full(10)),
        3 | 4 => page(&full(40)),
        5 => page(&full(9)),
        _ => {
            let own = earned(PROMOTION, START).replace("\"customerId\":1,", "");
            page(&[full(49), vec![own]].concat())
        }
    };
    let given = RulesGiven { limit: Some(50.0), ..RulesGiven::default() };
    let run = read_back(6, given, &mut service);
    let expected = [("issued", 1), ("unknown network", 2), ("unsent read-back-not-issued", 3)];
    assert_eq!(run.outcomes(), counts(&expected));
    assert_eq!(run.note("read-back-page-full"), 2);
    // Without a longer page, two of one length are a ceiling.
    let mut ceiling = |_: i64, _: u64| page(&full(40));
    let run = read_back(2, given, &mut ceiling);
    assert_eq!(run.outcomes(), counts(&[("unknown network", 2)]));
}

#[test]
fn what_fails_is_asked_again_and_a_dead_service_is_left_alone() {
    let mut calls = 0;
    let mut shaky = |customer: i64, _: u64| {
        calls += 1;
        let own = earned(PROMOTION, START)
            .replace("\"customerId\":1", &format!("\"customerId\":{customer}"));
        match calls % 3 {
            1 => Some((503, String::new())),
            _ => page(&[own]),
        }
    };
    let run = read_back(5, RulesGiven::default(), &mut shaky);
    assert_eq!(run.outcomes(), counts(&[("issued", 5)]));
    for dead in [(500, ""), (200, "<html>"), (200, r#"{"data":{}}"#), (200, r#"{"data":[1]}"#)] {
        let mut calls = 0;
        let mut service = |_: i64, _: u64| {
            calls += 1;
            Some((dead.0, dead.1.to_owned()))
        };
        let run = read_back(1_000, RulesGiven::default(), &mut service);
        assert_eq!(run.outcomes(), counts(&[("unknown network", 1_000)]));
        assert!(calls < 60, "{dead:?}: {calls} calls");
        assert_eq!(run.note("read-back-stopped"), 1_000);
    }
}

#[test]
fn refusals_end_the_reading_and_unknown_customers_were_issued_nothing() {
    let coded = |status: u16, code: u16, text: &str| {
        (status, format!(r#"{{"errors":[{{"code":{code},"message":"{text}"}}]}}"#))
    };
    let says = |status, text: &str| coded(status, status, text);
    let cases = [
        (says(404, "Customer not found"), "unsent read-back-not-issued", ""),
        (coded(400, 1006, "Invalid customer identifier"), "unsent read-back-not-issued", ""),
        (coded(404, 1006, "x"), "unsent read-back-not-issued", ""),
        (says(400, "Invalid customer"), "unknown network", ""),
        (coded(400, 500, "Error while fetching customer"), "unknown network", ""),
        (coded(404, 1007, "Error while fetching customer"), "unknown network", ""),
        (coded(200, 1006, "Invalid customer identifier"), "unknown network", ""),
        (says(422, "Customer not found"), "unknown network", ""),
        (says(404, "No route to customer service"), "unknown network", ""),
        (says(404, "no such thing"), "unknown network", "endpoint-refuses"),
        ((404, "<html>".into()), "unknown network", "endpoint-refuses"),
        ((401, String::new()), "unknown network", "unauthorised"),
        (says(200, "x"), "unknown network", ""),
        (coded(403, 4000, "Access is denied!"), "unknown network", "access-denied"),
        ((403, String::new()), "unknown network", "blocked"),
        ((403, "<html>".into()), "unknown network", "blocked"),
        ((407, String::new()), "unknown network", "proxy-authentication"),
        ((302, String::new()), "unknown network", "redirected"),
    ];
    for (reply, expected, code) in cases {
        let mut service = |_: i64, _: u64| Some(reply.clone());
        let run = read_back(2, RulesGiven::default(), &mut service);
        assert_eq!(run.outcomes(), counts(&[(expected, 2)]), "{reply:?}");
        assert!(code.is_empty() || run.note(code) == 1, "{reply:?}");
    }
}

#[test]
fn a_429_slows_all_and_the_rate_is_kept() {
    let mut calls = 0;
    let mut service = |_: i64, _: u64| {
        calls += 1;
        if calls == 5 { Some((429, String::new())) } else { page(&[]) }
    };
    let given = RulesGiven { rate_per_minute: Some(60.0), ..RulesGiven::default() };
    let run = read_back(120, given, &mut service);
    assert_eq!(run.outcomes(), counts(&[("unsent read-back-not-issued", 120)]));
    let mut times: Vec<u64> = run.reads.values().flatten().copied().collect();
    times.sort_unstable();
    assert!(times.windows(61).all(|window| window[60] - window[0] >= 59_999), "{times:?}");
}

#[test]
fn an_id_issued_twice_is_issued_and_told() {
    let row = earned(PROMOTION, START + 5);
    let mut service = |_: i64, _: u64| page(&[row.clone(), row.clone()]);
    let run = read_back(1, RulesGiven::default(), &mut service);
    assert_eq!(run.outcomes(), counts(&[("issued", 1)]));
    assert_eq!(run.note("issued-more-than-once"), 1);
}

#[test]
fn bad_rules_are_refused() {
    let bad = [
        RulesGiven { quiet_ms: Some(-1.0), ..RulesGiven::default() },
        RulesGiven { apart_ms: Some(f64::NAN), ..RulesGiven::default() },
        RulesGiven { limit: Some(9.0), ..RulesGiven::default() },
        RulesGiven { limit: Some(1_001.0), ..RulesGiven::default() },
        RulesGiven { rate_per_minute: Some(0.0), ..RulesGiven::default() },
    ];
    for given in bad {
        assert_eq!(Rules::new(&given).unwrap_err().code, "invalid-reconcile", "{given:?}");
    }
    let zero = RulesGiven { quiet_ms: Some(0.0), apart_ms: Some(0.0), ..RulesGiven::default() };
    assert_eq!(Rules::new(&zero).unwrap().quiet, Duration::ZERO);
}
