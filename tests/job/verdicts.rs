//! What each kind of answer makes of the ids it is about.

use crate::world::*;
use issue_bulk::job::RunState;
use issue_bulk::outcome::{Outcome, StopCode};
use issue_bulk::plan::Options;
use issue_bulk::report::{self, Detail};
use issue_bulk::traffic::Machine;
use issue_bulk::verdict::Failure;

#[test]
fn every_id_is_issued_and_sent_once() {
    let mut service = issue;
    let mut world = World::new(2_500, Options::default(), &mut service);
    let progress = world.run();
    expect(&world, &[("issued", 2_500)]);
    assert_eq!((progress.state, progress.tally.attempts), (RunState::Done, 3));
    let mut arrived: Vec<i64> = world.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
    arrived.sort_unstable();
    assert_eq!(arrived, (1..=2_500).collect::<Vec<i64>>());
    let row = report::row(&world.job, 41).unwrap();
    let Detail::Issued(issued) = row.detail else { panic!("not issued") };
    assert_eq!((row.customer, issued.earned_from), (42, CONTEXT));
    assert_eq!((issued.id.as_ref(), issued.promotion), ("67dd4237ef21a6421100002a", PROMOTION));
    assert_eq!(issued.event_time, Some(1_742_553_655_678));
}

#[test]
fn what_an_exchange_proves() {
    let a_404 = |text| errors(404, 404, text);
    let a_400 = |code, text| errors(400, code, text);
    let cases: Vec<(Reply, &str, Option<StopCode>)> = vec![
        (
            a_404("Passed promotion is not found"),
            "unsent promotion-not-found",
            Some(StopCode::PromotionNotFound),
        ),
        (
            a_404("Promotion or customer not found"),
            "unsent promotion-not-found",
            Some(StopCode::PromotionNotFound),
        ),
        (
            Reply::Status(404, "<html>".into()),
            "unsent promotion-not-found",
            Some(StopCode::PromotionNotFound),
        ),
        (a_400(706, "expired"), "unsent promotion-unusable", Some(StopCode::PromotionUnusable)),
        (
            a_400(400, "Promotion with ids : [1] not found"),
            "unsent promotion-not-found",
            Some(StopCode::PromotionNotFound),
        ),
        (a_400(708, "limit"), "unknown ambiguous-status", None),
        (a_400(1007, "fetching"), "unknown ambiguous-status", None),
        (Reply::Status(400, "<html>".into()), "unknown ambiguous-status", None),
        (Reply::Status(401, String::new()), "unsent unauthorised", Some(StopCode::Unauthorised)),
        (
            errors(403, 4000, "Access is denied!"),
            "unsent access-denied",
            Some(StopCode::AccessDenied),
        ),
        (Reply::Status(403, "<html>".into()), "unsent blocked", Some(StopCode::Blocked)),
        (
            Reply::Status(407, String::new()),
            "unsent proxy-authentication",
            Some(StopCode::ProxyAuthentication),
        ),
        (
            Reply::Status(405, String::new()),
            "unsent endpoint-refuses",
            Some(StopCode::EndpointRefuses),
        ),
        (Reply::Status(302, String::new()), "unsent redirected", Some(StopCode::Redirected)),
        (Reply::Hidden, "unsent redirected", Some(StopCode::Redirected)),
        (errors(498, 498, "expired"), "unsent unauthorised", Some(StopCode::Unauthorised)),
        (Reply::Status(498, String::new()), "unknown ambiguous-status", None),
        (Reply::Status(201, success(&[1, 2])), "unknown ambiguous-status", None),
        (Reply::Status(204, String::new()), "unknown ambiguous-status", None),
        (Reply::Status(408, String::new()), "unknown ambiguous-status", None),
        (errors(409, 705, "x"), "unknown ambiguous-status", None),
        (errors(500, 500, "x"), "unknown ambiguous-status", None),
        (Reply::Status(502, "<html>".into()), "unknown ambiguous-status", None),
        (errors(521, 521, "lock"), "unknown customer-locked", None),
        (Reply::Fails(Failure::Network(None)), "unknown network", None),
        (Reply::Silence, "unknown timeout", None),
        (
            Reply::Cut(400, r#"{"errors":[{"code":706,"message":"x"}]}"#.into()),
            "unknown ambiguous-status",
            None,
        ),
        (Reply::Cut(200, success(&[1, 2])), "unknown cut-body", None),
        (Reply::Status(200, success(&[1, 2])[..90].into()), "unknown cut-body", None),
        (Reply::Status(200, String::new()), "unknown cut-body", None),
        (
            Reply::Status(200, "<html>".into()),
            "unknown unreadable-body",
            Some(StopCode::NotTheService),
        ),
        (
            Reply::Status(511, "<html>".into()),
            "unknown ambiguous-status",
            Some(StopCode::NotTheService),
        ),
        (Reply::Status(200, success(&[1, 2]) + "x"), "unknown unreadable-body", None),
        (Reply::Status(200, success(&[1, 1])), "unknown contradictory-body", None),
        (
            Reply::Status(200, r#"{"data":"#.to_owned() + &"[".repeat(100)),
            "unknown oversized-body",
            None,
        ),
        (errors(200, 1006, "x"), "unknown errors-in-success", None),
        (errors(200, 498, "expired"), "unsent unauthorised", Some(StopCode::Unauthorised)),
        (Reply::Status(200, r#"{"data":null}"#.into()), "unknown unreadable-body", None),
        (Reply::Status(200, r#"{"data":{}}"#.into()), "unknown missing-in-answer", None),
    ];
    for (reply, expected, stop) in cases {
        let mut reply = Some(reply);
        let mut service = |ids: &[i64]| reply.take().unwrap_or_else(|| issue(ids));
        let mut world = World::new(2, Options::default(), &mut service);
        assert_eq!(world.run().state, RunState::Done);
        assert_eq!(world.stop_code(), stop, "{expected}");
        assert_eq!(world.sent.len(), 1, "nothing is sent again: {expected}");
        expect(&world, &[(expected, 2)]);
    }
}

#[test]
fn a_login_page_or_a_407_in_place_of_an_answer_pauses_a_job_at_the_first() {
    let cases = [
        (Reply::Status(200, "<html>Log in".into()), StopCode::NotTheService, 1),
        (Reply::Status(511, String::new()), StopCode::NotTheService, 1),
        (Reply::Status(407, "<html>".into()), StopCode::ProxyAuthentication, 0),
        (Reply::Status(403, "<html>".into()), StopCode::Blocked, 0),
    ];
    for (reply, code, unknown) in cases {
        let options = || Options {
            batch_size: Some(1.0),
            concurrency: Some(1.0),
            attended: true,
            ..Options::default()
        };
        let mut first = Some(reply.clone());
        let mut service = |ids: &[i64]| first.take().unwrap_or_else(|| issue(ids));
        let mut world = World::new(3, options(), &mut service);
        let progress = world.run();
        assert_eq!((progress.paused_by, world.sent.len()), (Some(code), 1));
        assert_eq!((progress.unknown, progress.queued), (unknown, 3 - unknown));
        world.job.resume(world.now);
        let progress = world.run();
        assert_eq!((progress.issued, progress.unknown), (3 - unknown, unknown), "{code:?}");
        assert_eq!(world.stop_code(), None);
        let told = world.job.notes().iter().filter(|note| note.code == code.code()).count();
        assert_eq!(told, unknown as usize, "{code:?}");
        // As the last answer it leaves nothing to pause for.
        let mut service = |_: &[i64]| reply.clone();
        let mut world = World::new(1, options(), &mut service);
        if unknown == 1 {
            let progress = world.run();
            assert_eq!((progress.state, progress.paused_by), (RunState::Done, None));
        }
    }
}

#[test]
fn ids_are_judged_by_their_own_slot() {
    let mut service = |_: &[i64]| {
        let entries = [
            entry(1),
            r#""2":{"error":{"code":708,"message":"limit"}}"#.into(),
            r#""3":{"error":{"code":500,"message":"oops"}}"#.into(),
            r#""4":null"#.into(),
        ];
        Reply::Status(200, format!(r#"{{"data":{{{}}}}}"#, entries.join(",")))
    };
    let mut world = World::new(5, Options::default(), &mut service);
    world.run();
    let expected = [
        ("issued", 1),
        ("rejected entry-error", 1),
        ("unknown entry-error", 1),
        ("unknown unreadable-entry", 1),
        ("unknown missing-in-answer", 1),
    ];
    expect(&world, &expected);
    let Detail::Cause(cause) = report::row(&world.job, 1).unwrap().detail else { panic!() };
    assert_eq!((cause.code, &*cause.message, cause.status), (Some(708), "limit", Some(200)));
    assert_eq!(cause.request_id.as_deref(), Some("r-1"));
}

/// Each order of the same errors decides the same, and a code that proves nothing wins.
#[test]
fn every_error_of_an_entry_counts() {
    for (errors, expected) in [
        ("[708,500]", "unknown entry-error"),
        ("[500,708]", "unknown entry-error"),
        (r#"[{"code":"708"},{"code":"726"}]"#, "rejected entry-error"),
    ] {
        let body = format!(r#"{{"data":{{"1":{{"errors":{errors}}}}}}}"#);
        let mut service = |_: &[i64]| Reply::Status(200, body.clone());
        let mut world = World::new(1, Options::default(), &mut service);
        world.run();
        expect(&world, &[(expected, 1)]);
    }
}

#[test]
fn an_issuance_that_is_said_to_have_failed_is_unknown_and_not_sent_again() {
    let whole = |fields: &str| format!("{},{fields}}}", success(&[1]).strip_suffix('}').unwrap());
    let inside = |fields: &str| success(&[1]).replace("\"id\"", &format!("{fields},\"id\""));
    for (body, expected) in [
        (inside(r#""success":false"#), "unknown entry-error"),
        (inside(r#""status":"FAILED""#), "unknown entry-error"),
        (whole(r#""success":"false""#), "unknown errors-in-success"),
        (whole(r#""isSuccess":false"#), "unknown errors-in-success"),
        (whole(r#""response":{"status":{"code":"401"}}"#), "unknown errors-in-success"),
        (whole(r#""errorCode":500"#), "unknown errors-in-success"),
    ] {
        let mut service = |_: &[i64]| Reply::Status(200, body.clone());
        let options = Options { ambiguous: Some("retry"), ..Options::default() };
        let mut world = World::new(1, options, &mut service);
        world.run();
        expect(&world, &[(expected, 1)]);
        assert_eq!(world.sent.len(), 1, "{body}");
    }
}

#[test]
fn ids_that_were_not_sent_stop_the_run_and_what_is_proven_stands() {
    let mut service = |ids: &[i64]| Reply::Status(200, success(&[ids, &[99]].concat()));
    let options = Options { concurrency: Some(1.0), ..batch_of(2) };
    let mut world = World::new(4, options, &mut service);
    world.run();
    assert_eq!(world.stop_code(), Some(StopCode::ProtocolViolation));
    expect(&world, &[("issued", 2), ("unsent protocol-violation", 2)]);
}

#[test]
fn a_promotion_that_is_not_found_leaves_the_rest_unsent() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 3 { errors(404, 404, "Passed promotion is not found") } else { issue(ids) }
    };
    let options = Options { concurrency: Some(1.0), ..batch_of(10) };
    let mut world = World::new(100, options, &mut service);
    world.run();
    expect(&world, &[("issued", 20), ("unsent promotion-not-found", 80)]);
    assert_eq!(world.sent.len(), 3);
    assert_eq!(&*world.job.stopped().unwrap().said, "Passed promotion is not found");
}

#[test]
fn outcomes_are_four_and_have_their_numbers() {
    let names: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.name()).collect();
    assert_eq!(names, ["issued", "rejected", "unsent", "unknown"]);
}

#[test]
fn exports_balance_and_disarm_formulas() {
    let mut service = |ids: &[i64]| {
        let first = entry(ids[0]);
        let body = format!(
            r#"{{"data":{{{first},"2":{{"error":{{"code":708,"message":"=cmd()|\"x\""}}}}}}}}"#
        );
        Reply::Status(200, body)
    };
    let mut world = World::new(2, Options::default(), &mut service);
    world.run();
    let (mut csv, mut ndjson) = (Vec::new(), Vec::new());
    report::write_csv(&world.job, 0, 10, &mut csv);
    report::write_ndjson(&world.job, 0, 10, &mut ndjson);
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    assert_eq!((&rows[0][0], &rows[0][1]), ("1", "issued"));
    assert_eq!(
        (&rows[0][3], &rows[0][4]),
        ("2025-03-21T10:40:55.678Z", "2025-04-30T20:59:59.999Z")
    );
    assert_eq!((&rows[1][7], &rows[1][9]), ("708", "'=cmd()|\"x\""));
    let lines: Vec<serde_json::Value> = String::from_utf8(ndjson)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["customerId"], "1");
    assert_eq!(lines[1]["message"], "=cmd()|\"x\"");
    assert_eq!(lines[1]["code"].as_i64(), Some(708));
}

#[test]
fn a_secret_that_the_service_repeats_is_read_nowhere() {
    const SECRET: &str = "hunter2!";
    let says = |status| errors(status, 706, &format!("refused for {SECRET}"));
    let entry_error =
        format!(r#"{{"data":{{"1":{{"error":{{"code":708,"message":"{SECRET}"}}}}}}}}"#);
    let odd = entry(1).replace(CONTEXT, SECRET).replace("67dd4237ef21a64211000001", SECRET);
    let odd = format!(r#"{{"data":{{{odd}}}}}"#);
    let replies =
        [says(400), says(500), says(403), Reply::Status(200, entry_error), Reply::Status(200, odd)];
    for reply in replies {
        let mut reply = Some(reply);
        let mut service = |ids: &[i64]| reply.take().unwrap_or_else(|| issue(ids));
        let mut world = World::new(1, Options::default(), &mut service);
        world.job.secrets().keep(SECRET);
        world.run();
        let (mut csv, mut ndjson) = (Vec::new(), Vec::new());
        report::write_csv(&world.job, 0, 10, &mut csv);
        report::write_ndjson(&world.job, 0, 10, &mut ndjson);
        let told = format!("{:?} {:?}", world.job.stopped(), world.job.notes());
        let read = [csv, ndjson, told.into_bytes()].concat();
        let read = String::from_utf8(read).unwrap();
        assert!(!read.contains(SECRET), "{read}");
        assert!(read.contains("[hidden]"), "{read}");
    }
}

/// When every issuance of [`success`] was made.
const EVENT_MS: i64 = 1_742_553_655_678;
const HOUR_MS: i64 = 3_600_000;

/// How far our clock is ahead, in hours, and of two answers how old their issuances and their
/// `Date` are in truth.
#[test]
fn an_answer_from_before_its_call_issues_nothing_plainly() {
    let (fresh, repeated, earlier) = ((0, 0), (1, 1), (1, 0));
    let month = 720;
    for (ahead, answers, expected, noted) in [
        (0, [fresh, fresh], &[("issued", 4)][..], 0),
        // A cache repeats an answer of an hour ago; a fresh one before it told the time.
        (0, [fresh, repeated], &[("issued", 2), ("unknown older-than-call", 2)], 1),
        // The service answers with issuances that it made an hour before.
        (0, [earlier, fresh], &[("issued", 2), ("unknown older-than-call", 2)], 1),
        // No fresh answer told: our clock alone proves nothing.
        (0, [repeated, repeated], &[("issued", 4)], 2),
        (month, [fresh, fresh], &[("issued", 4)], 2),
        (-month, [fresh, fresh], &[("issued", 4)], 0),
    ] {
        let mut answers = answers.into_iter();
        let mut service = |ids: &[i64]| {
            let (event_age, date_age) = answers.next().unwrap();
            let event = EVENT_MS - event_age * HOUR_MS;
            Reply::Dated {
                date_ms: EVENT_MS - date_age * HOUR_MS,
                ahead_ms: -(date_age + ahead) * HOUR_MS,
                body: success(ids).replace(&EVENT_MS.to_string(), &event.to_string()),
            }
        };
        let options = Options { concurrency: Some(1.0), ..batch_of(2) };
        let mut world = World::new(4, options, &mut service);
        world.run();
        expect(&world, expected);
        let notes: Vec<_> = world.job.notes().iter().map(|note| (note.code, note.count)).collect();
        let told = (noted > 0).then_some(("answer-older-than-call", noted));
        assert_eq!(notes, told.into_iter().collect::<Vec<_>>(), "{answers:?}");
        assert_eq!(world.sent.len(), 2, "nothing is sent again");
    }
}

#[test]
fn what_changes_no_outcome_is_noted_and_counted() {
    let odd = |ids: &[i64]| {
        let entries = success(ids).replace(CONTEXT, "another");
        let entries = entries.strip_suffix("}}").unwrap();
        let errors = r#""errors":[{"code":1006,"message":"m"}]"#;
        Reply::Status(200, format!(r#"{entries},"x":null}},{errors}}}"#))
    };
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 2 { issue(ids) } else { odd(ids) }
    };
    let options = Options { concurrency: Some(1.0), ..batch_of(2) };
    let mut world = World::new(6, options, &mut service);
    world.run();
    expect(&world, &[("issued", 6)]);
    let notes: Vec<_> = world.job.notes().iter().map(|note| (note.code, note.count)).collect();
    assert_eq!(notes, [("context-differs", 2), ("unreadable-keys", 2), ("errors-beside-data", 2)]);
}

#[test]
fn a_redirect_that_a_browser_hides_has_no_status() {
    let hidden = || Reply::Hidden;
    let told = || Reply::Status(302, String::new());
    for (reply, told) in [(hidden as fn() -> Reply, None), (told, Some(302))] {
        let mut service = |_: &[i64]| reply();
        let mut world = World::new(1, Options::default(), &mut service);
        world.run();
        assert_eq!(world.job.stopped().unwrap().status, told);
        let Detail::Cause(cause) = report::row(&world.job, 0).unwrap().detail else { panic!() };
        assert_eq!(cause.status, told);
    }
}
