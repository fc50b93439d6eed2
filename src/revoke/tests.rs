//! The machine on virtual time against a scripted service.

use super::*;
use crate::plan::Options;
use crate::status::Status;
use crate::traffic::{Head, Machine, Output};
use core::time::Duration;

const PROMOTION: &str = "69117663b1cfc114606fd7fb";

/// The service's reply to one call: a status with a body, or a failure.
type Reply = Result<(u16, String), Failure>;

fn target(customer: i64, ids: usize) -> Target {
    let ids = (0..ids).map(|n| format!("e{customer}-{n}").into()).collect();
    let customer = CustomerId::new(customer).unwrap();
    Target::new(customer, PromotionId::new(PROMOTION).unwrap(), ids).unwrap()
}

fn service_of() -> Service {
    let host = "eu.api.capillarytech.com";
    Service::new(&Options { host, concurrency: Some(4.0), ..Options::default() }).unwrap()
}

struct Run {
    revoke: Revoke,
    /// Time and body of each call.
    calls: Vec<(u64, serde_json::Value)>,
    in_flight_max: usize,
}

impl Run {
    fn counts(&self) -> [usize; 4] {
        let all = || self.revoke.results().iter().flatten();
        let found =
            RevokeVerdict::ALL.map(|verdict| all().filter(|one| one.verdict == verdict).count());
        let Counts { revoked, refused, unsent, unknown } = self.revoke.counts();
        assert_eq!(found, [revoked, refused, unsent, unknown].map(|count| count as usize));
        found
    }

    fn stopped(&self) -> Option<&'static str> {
        self.revoke.stopped().map(|stopped| stopped.code.code())
    }
}

/// Answers come 100 ms after their call.
fn run(targets: Vec<Target>, service: &mut dyn FnMut(usize, &serde_json::Value) -> Reply) -> Run {
    let mut now = Instant::START;
    let revoke = Revoke::new(service_of(), targets, false, 7, now);
    let mut run = Run { revoke, calls: Vec::new(), in_flight_max: 0 };
    let mut flights = Vec::new();
    for _ in 0..100_000 {
        match run.revoke.poll_output(now) {
            Output::Send { batch, attempt } => {
                let request = run.revoke.request(batch);
                assert!(request.url.ends_with("/promotions/revokeEarn"), "{}", request.url);
                let body: serde_json::Value =
                    serde_json::from_slice(&request.body.unwrap()).unwrap();
                let reply = service(run.calls.len() + 1, &body);
                run.calls.push((now.as_millis(), body));
                flights.push((now.after(Duration::from_millis(100)), batch, attempt, reply));
                run.in_flight_max = run.in_flight_max.max(flights.len());
            }
            Output::Wait { until } => {
                let next = flights.iter().map(|(at, ..)| *at).chain(until).min().unwrap();
                now = now.max(next);
                let Some(due) = flights.iter().position(|(at, ..)| *at <= now) else { continue };
                let (_, batch, attempt, reply) = flights.remove(due);
                deliver(&mut run.revoke, now, (batch, attempt), reply);
            }
            Output::Done => {
                assert!(flights.is_empty(), "answers on their way are awaited");
                return run;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("the machine does not end");
}

fn deliver(
    revoke: &mut Revoke,
    now: Instant,
    (batch, attempt): (crate::id::BatchId, crate::id::AttemptNumber),
    reply: Reply,
) {
    match reply {
        Ok((status, body)) => {
            let retry_after = (status == 429).then(|| Duration::from_secs(1));
            let status = Status::Http(status);
            let head = Head { status, retry_after, ..Head::default() };
            revoke.handle_head(now, batch, attempt, head);
            let _flow = revoke.handle_chunk(batch, attempt, body.as_bytes());
            revoke.handle_end(now, batch, attempt);
        }
        Err(failure) => revoke.handle_failure(now, batch, attempt, failure),
    }
}

/// The answer that revokes all that was asked for.
fn gone(body: &serde_json::Value) -> Reply {
    let ids = &body["earnRevokeDetails"][0]["earnIds"];
    let detail =
        format!(r#"{{"promotionId":"{PROMOTION}","revokedEarnIds":{ids},"status":"SUCCESS"}}"#);
    let data = format!(r#"{{"customerId":{},"revokedDetails":[{detail}]}}"#, body["customerId"]);
    Ok((200, format!(r#"{{"data":{data},"errors":[]}}"#)))
}

fn error(status: u16, code: i64) -> Reply {
    Ok((status, format!(r#"{{"errors":[{{"code":{code},"message":"no"}}]}}"#)))
}

#[test]
fn the_first_issuance_goes_alone_and_the_others_follow_one_customer_a_call() {
    let huge = 9_007_199_254_740_993;
    let targets = vec![target(huge, 3), target(2, 1), target(3, 1_000)];
    let mut service = |_: usize, body: &serde_json::Value| gone(body);
    let run = run(targets, &mut service);
    assert_eq!((run.counts(), run.stopped()), ([1_004, 0, 0, 0], None));
    let sent: Vec<_> = run
        .calls
        .iter()
        .map(|(_, body)| {
            let details = body["earnRevokeDetails"].as_array().unwrap();
            assert!(details.len() == 1 && details[0]["promotionId"] == PROMOTION);
            (body["customerId"].as_i64().unwrap(), details[0]["earnIds"].as_array().unwrap().len())
        })
        .collect();
    assert_eq!(sent, [(huge, 1), (huge, 2), (2, 1), (3, 1_000)]);
    assert!(run.calls[1].0 >= 100, "the second call waits for the first answer");
}

#[test]
fn a_first_issuance_that_is_not_found_stops_it_and_a_redeemed_one_does_not() {
    let targets = || (1..=10).map(|customer| target(customer, 1)).collect::<Vec<_>>();
    let replies: [(Reply, [usize; 4], &str); 7] = [
        (error(400, 731), [0, 1, 9, 0], "first-not-revoked"),
        (error(500, 731), [0, 0, 9, 1], "first-not-revoked"),
        (Err(Failure::Network(None)), [0, 0, 9, 1], "first-not-revoked"),
        (error(403, 4000), [0, 0, 10, 0], "access-denied"),
        (Ok((403, "<html>".into())), [0, 0, 10, 0], "blocked"),
        (Ok((407, String::new())), [0, 0, 10, 0], "proxy-authentication"),
        (Ok((401, String::new())), [0, 0, 10, 0], "unauthorised"),
    ];
    for (reply, counts, code) in replies {
        let mut service = |_: usize, _: &serde_json::Value| reply.clone();
        let run = run(targets(), &mut service);
        assert_eq!((run.counts(), run.stopped()), (counts, Some(code)), "{reply:?}");
        assert_eq!(run.calls.len(), 1, "{reply:?}");
    }
    let mut service = |call: usize, body: &serde_json::Value| {
        if call == 1 { error(400, 729) } else { gone(body) }
    };
    let run = run(targets(), &mut service);
    assert_eq!((run.counts(), run.stopped()), ([9, 1, 0, 0], None));
}

#[test]
fn what_did_nothing_is_made_again_and_what_may_have_is_not() {
    let targets = || (1..=6).map(|customer| target(customer, 1)).collect::<Vec<_>>();
    let cases: [(Reply, [usize; 4], usize); 6] = [
        (Ok((429, String::new())), [6, 0, 0, 0], 7),
        (Err(Failure::NotSent(None)), [6, 0, 0, 0], 7),
        (Err(Failure::Network(None)), [5, 0, 0, 1], 6),
        (Err(Failure::Timeout), [5, 0, 0, 1], 6),
        (Ok((200, "<html>".to_owned())), [5, 0, 0, 1], 6),
        (error(400, 731), [5, 1, 0, 0], 6),
    ];
    for (reply, counts, calls) in cases {
        let mut service = |call: usize, body: &serde_json::Value| match call {
            3 => reply.clone(),
            _ => gone(body),
        };
        let run = run(targets(), &mut service);
        assert_eq!((run.counts(), run.calls.len()), (counts, calls), "{reply:?}");
        assert_eq!(run.stopped(), None, "{reply:?}");
    }
}

#[test]
fn an_answer_is_read_issuance_by_issuance() {
    let answer = |text: &str| {
        let text = text.replace("PROMOTION", PROMOTION);
        let mut service = |call: usize, body: &serde_json::Value| match call {
            1 => gone(body),
            _ => Ok((200, text.clone())),
        };
        run(vec![target(1, 1), target(2, 3)], &mut service).counts()
    };
    let detail = r#"{"promotionId":"PROMOTION","revokedEarnIds":["e2-0"],"status":"SUCCESS"}"#;
    let own = r#"{"code":"729","message":"redeemed","promotionId":"x","earnIds":["e2-1"]}"#;
    let contradiction = r#"{"code":729,"message":"redeemed","earnIds":["e2-0"]}"#;
    let ok =
        |errors: &str| format!(r#"{{"data":{{"revokedDetails":[{detail}]}},"errors":[{errors}]}}"#);
    assert_eq!(answer(&ok("")), [2, 0, 0, 2]);
    assert_eq!(answer(&ok(own)), [2, 1, 0, 1]);
    assert_eq!(answer(&ok(contradiction)), [1, 0, 0, 3]);
    assert_eq!(answer(&ok("").replace("SUCCESS", "FAILED")), [1, 0, 0, 3]);
    assert_eq!(answer(&ok("").replace("PROMOTION", "other")), [1, 0, 0, 3]);
}

#[test]
fn answers_in_a_row_that_prove_nothing_stop_it() {
    let targets: Vec<Target> = (1..=30).map(|customer| target(customer, 1)).collect();
    let mut service = |call: usize, body: &serde_json::Value| {
        if call == 1 { gone(body) } else { error(503, 503) }
    };
    let run = run(targets, &mut service);
    assert_eq!(run.stopped(), Some("too-many-ambiguous"));
    let [revoked, refused, unsent, unknown] = run.counts();
    assert!(revoked == 1 && refused == 0 && unsent + unknown == 29 && unknown < 12, "{unknown}");
    assert!(run.in_flight_max <= 4);
}

#[test]
fn a_cancel_awaits_what_is_on_its_way() {
    let now = Instant::START;
    let mut revoke = Revoke::new(service_of(), vec![target(1, 2)], false, 7, now);
    let Output::Send { batch, attempt } = revoke.poll_output(now) else { panic!() };
    let body = serde_json::from_slice(&revoke.request(batch).body.unwrap()).unwrap();
    revoke.cancel();
    assert!(matches!(revoke.poll_output(now), Output::Wait { until: Some(_) }));
    deliver(&mut revoke, now, (batch, attempt), gone(&body));
    assert_eq!(revoke.poll_output(now), Output::Done);
    let verdicts: Vec<_> = revoke.results()[0].iter().map(|one| one.verdict.name()).collect();
    assert_eq!(verdicts, ["revoked", "unsent"]);
    assert_eq!(revoke.stopped().unwrap().code, StopCode::Cancelled);
}

#[test]
fn targets_that_no_call_can_hold_are_refused() {
    let of = |ids: Vec<Box<str>>| {
        let customer = CustomerId::new(1).unwrap();
        Target::new(customer, PromotionId::new(PROMOTION).unwrap(), ids)
    };
    for ids in [vec![], vec!["".into()], vec!["x".repeat(257).into()], vec!["a".into(); 1_001]] {
        assert_eq!(of(ids).unwrap_err().code, "invalid-issuances");
    }
}

#[test]
fn issuances_become_one_target_a_customer() {
    let one = |customer: i64, promotion: &str, id: &str| {
        let customer = CustomerId::new(customer).unwrap();
        (customer, PromotionId::new(promotion).unwrap(), Box::from(id))
    };
    let issuances = [
        one(2, PROMOTION, "a"),
        one(1, PROMOTION, "b"),
        one(2, PROMOTION, "c"),
        one(2, PROMOTION, "a"),
    ];
    let found = targets(issuances).unwrap();
    let shown: Vec<_> = found.iter().map(|t| (t.customer().get(), t.ids().join(" "))).collect();
    assert_eq!(shown, [(2, "a c".to_owned()), (1, "b".to_owned())]);
    let of_two = [one(1, PROMOTION, "a"), one(1, "other", "b")];
    assert_eq!(targets(of_two).unwrap_err().code, "invalid-issuances");
    let many = (0..1_001).map(|n| one(1, PROMOTION, &format!("e{n}")));
    assert_eq!(targets(many).unwrap_err().code, "invalid-issuances");
}

#[test]
fn rows_are_safe_in_a_spreadsheet_and_exact_in_json() {
    let huge = 9_007_199_254_740_993;
    let mut service = |call: usize, body: &serde_json::Value| match call {
        1 => gone(body),
        _ => Ok((400, r#"{"errors":[{"code":731,"message":"=1+\"1\""}]}"#.to_owned())),
    };
    let run = run(vec![target(huge, 1), target(2, 2)], &mut service);
    let text = |write: fn(&Revoke, usize, usize, &mut Vec<u8>), from, count| {
        let mut out = Vec::new();
        write(&run.revoke, from, count, &mut out);
        String::from_utf8(out).unwrap()
    };
    let refused = |id: &str| format!(r#"2,refused,"{id}","{PROMOTION}",731,400,"'=1+""1""","#);
    let lines = [
        "customer_id,outcome,issuance_id,promotion_id,service_code,http_status,message,request_id"
            .to_owned(),
        format!(r#"{huge},revoked,"e{huge}-0","{PROMOTION}",,200,,"#),
        refused("e2-0"),
        refused("e2-1"),
        String::new(),
    ];
    assert_eq!(text(write_csv, 0, 9), lines.join("\r\n"));
    assert_eq!(text(write_csv, 1, 9), lines[2..].join("\r\n"));
    assert_eq!(text(write_csv, 2, 9), "");
    let json = text(write_ndjson, 0, 1);
    let promotion = format!(r#""promotionId":"{PROMOTION}","id":"e{huge}-0""#);
    let rest = r#""code":null,"status":200,"message":"","requestId":null"#;
    let whole =
        format!("{{\"outcome\":\"revoked\",\"customerId\":\"{huge}\",{promotion},{rest}}}\n");
    assert_eq!(json, whole);
    assert_eq!(text(write_ndjson, 1, 1).lines().count(), 2);
}

/// A line: status, body, the verdicts on two issuances of one call. `GONE` stands for an answer
/// that takes both back, `ONE` for one that takes back the first.
const ANSWERS: &str = r#"
    200 GONE                                                          revoked revoked
    200 ONE                                                           revoked unknown
    400 GONE                                                          revoked revoked
    500 GONE                                                          unknown unknown
    400 {"errors":[{"code":731}]}                                     refused refused
    400 {"errors":[{"code":"731"}]}                                   refused refused
    400 {"errorCode":400,"message":"Validation_Failed"}               refused refused
    400 {"errors":[{"code":999}]}                                     unknown unknown
    400 {"errors":[{"code":729,"earnIds":["e2-1"]}]}                  unknown refused
    200 <html>                                                        unknown unknown
    200 {"data":                                                      unknown unknown
    404 {"errors":[{"code":404}]}                                     refused refused
    403 {"errors":[{"code":4000}]}                                    unsent unsent
    405 {}                                                            unsent unsent
    302 {}                                                            unsent unsent
    503 {"errors":[{"code":500}]}                                     unknown unknown
    500 {"errors":[{"code":731}]}                                     unknown unknown
"#;

#[test]
fn each_answer_proves_what_the_table_says() {
    for line in ANSWERS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<_> = line.split_whitespace().collect();
        let [status, text, first, second] = cells[..] else { panic!("{line}") };
        let status: u16 = status.parse().unwrap();
        let mut service = |call: usize, body: &serde_json::Value| match (call, text) {
            (1, _) => gone(body),
            (_, "GONE") => gone(body).map(|(_, text)| (status, text)),
            (_, "ONE") => gone(body).map(|(_, text)| (status, text.replace(r#","e2-1""#, ""))),
            _ => Ok((status, text.to_owned())),
        };
        let run = run(vec![target(1, 1), target(2, 2)], &mut service);
        let found: Vec<_> = run.revoke.results()[1].iter().map(|one| one.verdict.name()).collect();
        assert_eq!(found, [first, second], "{line}");
    }
}
