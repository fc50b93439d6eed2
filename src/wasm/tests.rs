//! The border in a real JavaScript runtime, Node or Chromium: exact ids, a whole run driven by
//! hand, options and errors. What JavaScript does with it is tested on the npm package.

use super::intake::{Input, Intake};
use super::journal::{Recovered, Recovery};
use super::outcomes::Outcomes;
use super::plan::Plan;
use super::run::Run;
use js_sys::{Function, JSON, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

const PROMOTION: &str = "67dd4210ef21a64211227e04";

/// What a run asks for.
#[derive(Debug, PartialEq)]
enum Asked {
    Send { batch: u32, attempt: u32 },
    Abort { batch: u32, attempt: u32 },
    Credentials,
    Persist,
    Wait { until: f64 },
    Done,
}

fn ask(run: &mut Run, now: f64) -> Asked {
    match run.poll(now) {
        0 => Asked::Send { batch: run.batch(), attempt: run.attempt() },
        1 => Asked::Abort { batch: run.batch(), attempt: run.attempt() },
        2 => Asked::Credentials,
        3 => Asked::Wait { until: run.until() },
        4 => Asked::Persist,
        _ => Asked::Done,
    }
}

/// The value of a JavaScript object literal in JSON.
fn value(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

fn request() -> JsValue {
    value(&format!(r#"{{"promotionId":"{PROMOTION}","contextId":"973"}}"#))
}

/// Options of a run, beside the host.
fn options(json: &str) -> JsValue {
    let options = value(json);
    Reflect::set(&options, &"host".into(), &"eu.api.capillarytech.com".into()).unwrap();
    options
}

fn plan(json: &str) -> Plan {
    Plan::of_run(request(), options(json), false).unwrap()
}

/// A function of the caller.
fn function() -> JsValue {
    Function::new_no_args("").into()
}

fn intake() -> Intake {
    plan("{}").intake()
}

fn input(text: &str) -> Input {
    let mut intake = intake();
    intake.push_bytes(text.as_bytes()).unwrap();
    intake.finish().unwrap()
}

fn run_by(ids: &str, plan: &Plan) -> Run {
    let mut run = Run::new(plan, input(ids), 0.0, 0.0, 1.0).unwrap();
    run.start(0.0);
    run
}

fn run(ids: &str, json: &str) -> Run {
    run_by(ids, &plan(json))
}

/// The service's answer, in pieces of seven bytes.
fn answer(run: &mut Run, now: f64, batch: u32, attempt: u32) {
    let body = String::from_utf8(run.body(batch).unwrap()).unwrap();
    let ids = body.trim_matches(['[', ']']).split(',');
    let entries: Vec<String> = ids
        .map(|id| {
            format!(
                "\"{id}\":{{\"id\":\"67dd4237ef21a64211227e06\",\"customerId\":{id},\
                 \"promotionId\":\"{PROMOTION}\",\"earnedFromId\":\"973\",\
                 \"eventTime\":1742553655678,\"validTill\":1746046799999}}"
            )
        })
        .collect();
    let text = format!("{{\"data\":{{{}}}}}", entries.join(","));
    run.head(now, batch, attempt, 200.0, 0.0, "", "", "r 1");
    assert!(text.as_bytes().chunks(7).all(|piece| run.chunk(batch, attempt, piece)));
    run.end(now, batch, attempt);
}

fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap()
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

fn counts(outcomes: &Outcomes) -> String {
    let counts = outcomes.counts();
    let count = |key: &str| get(&counts, key).as_f64().unwrap().to_string();
    ["issued", "rejected", "unsent", "unknown", "attempts"].map(count).join(" ")
}

#[wasm_bindgen_test]
fn ids_cross_the_border_exactly() {
    let mut intake = intake();
    intake.push_text("9007199254740993").unwrap();
    intake.push_longs(&[i64::MAX]).unwrap();
    intake.push_number(9_007_199_254_740_992.0).unwrap();
    intake.push_text("9223372036854775808").unwrap();
    let read = intake.finish().unwrap();
    assert!(text(&read.summary()).contains(r#""given":4,"invalid":2"#));
    let problems = text(&read.problems());
    assert!(problems.contains("not-exact") && problems.contains("too-large"), "{problems}");
}

#[wasm_bindgen_test]
fn a_run_driven_by_hand_issues_every_id() {
    let ids = "9007199254740993\n9223372036854775807\n5\n";
    let mut run = run(ids, r#"{"batchSize":2}"#);
    let target = text(&run.target(0));
    let end = format!(r#"/promotions/{PROMOTION}/issueBulk?contextId=973","headers":{{}}}}"#);
    assert!(target.ends_with(&end), "{target}");
    assert_eq!(ask(&mut run, 0.0), Asked::Send { batch: 0, attempt: 1 });
    assert_eq!(run.body(0).unwrap(), b"[9007199254740993,9223372036854775807]");
    assert_eq!(ask(&mut run, 0.0), Asked::Send { batch: 1, attempt: 1 });
    assert_eq!(ask(&mut run, 0.0), Asked::Wait { until: 60_000.0 });
    answer(&mut run, 10.0, 1, 1);
    answer(&mut run, 20.0, 0, 1);
    assert_eq!(ask(&mut run, 20.0), Asked::Done);
    let outcomes = run.outcomes(0.0).unwrap();
    assert_eq!(counts(&outcomes), "3 0 0 0 2");
    let found = outcomes.at(outcomes.find("9223372036854775807") as u32);
    assert_eq!(get(&found, "customerId"), "9223372036854775807");
    assert_eq!(get(&found, "id"), "67dd4237ef21a64211227e06");
    assert_eq!(get(&found, "eventTime").as_f64(), Some(1_742_553_655_678.0));
    assert_eq!(outcomes.ids().to_vec(), [9_007_199_254_740_993, i64::MAX, 5]);
    assert_eq!(outcomes.states().to_vec(), [0, 0, 0]);
    assert_eq!(outcomes.find("6"), -1.0);
    assert!(outcomes.at(3).is_undefined());
}

#[wasm_bindgen_test]
fn what_failed_is_sent_again_only_if_it_is_proven_not_to_have_left() {
    let mut refused = run("1", "{}");
    assert_eq!(ask(&mut refused, 0.0), Asked::Send { batch: 0, attempt: 1 });
    refused.fail(1.0, 0, 1, true);
    let Asked::Wait { until } = ask(&mut refused, 1.0) else { panic!("it must back off") };
    assert_eq!(ask(&mut refused, until), Asked::Send { batch: 0, attempt: 2 });
    // The first attempt is over: what still comes of it changes nothing.
    refused.fail(until, 0, 1, false);
    answer(&mut refused, until, 0, 2);
    assert_eq!(ask(&mut refused, until), Asked::Done);
    assert_eq!(counts(&refused.outcomes(0.0).unwrap()), "1 0 0 0 2");

    let mut lost = run("1", "{}");
    assert_eq!(ask(&mut lost, 0.0), Asked::Send { batch: 0, attempt: 1 });
    lost.fail(1.0, 0, 1, false);
    assert_eq!(ask(&mut lost, 1.0), Asked::Done);
    assert_eq!(get(&lost.outcomes(0.0).unwrap().at(0), "reason"), "network");
}

#[wasm_bindgen_test]
fn a_timeout_drops_the_exchange_and_a_retry_after_is_kept() {
    let mut slow = run("1", r#"{"timeoutMs":50}"#);
    assert_eq!(ask(&mut slow, 0.0), Asked::Send { batch: 0, attempt: 1 });
    assert_eq!(ask(&mut slow, 50.0), Asked::Abort { batch: 0, attempt: 1 });
    assert_eq!(ask(&mut slow, 50.0), Asked::Done);
    assert_eq!(get(&slow.outcomes(0.0).unwrap().at(0), "reason"), "timeout");

    let mut busy = run("1", "{}");
    assert_eq!(ask(&mut busy, 0.0), Asked::Send { batch: 0, attempt: 1 });
    busy.head(1.0, 0, 1, 429.0, 0.0, "7", "", "");
    busy.end(1.0, 0, 1);
    let Asked::Wait { until } = ask(&mut busy, 1.0) else { panic!("it must wait") };
    assert!(until >= 7_001.0, "{until}");
}

#[wasm_bindgen_test]
fn credentials_are_asked_for_and_none_that_cannot_be_sent_is_taken() {
    let mut with_token = run("1", r#"{"auth":{"key":"k","secret":"s"}}"#);
    assert_eq!(ask(&mut with_token, 0.0), Asked::Credentials);
    assert_eq!(with_token.token_request().as_deref(), Some(r#"{"key":"k","secret":"s"}"#));
    assert!(text(&with_token.target(0)).ends_with(r#""headers":{}}"#));
    with_token.take_token(1.0, 200, br#"{"data":{"accessToken":"t","ttlSeconds":300}}"#);
    assert_eq!(ask(&mut with_token, 1.0), Asked::Send { batch: 0, attempt: 1 });
    let target = text(&with_token.target(0));
    assert!(target.ends_with(r#""headers":{"X-CAP-API-OAUTH-TOKEN":"t"}}"#), "{target}");

    let with_function = options("{}");
    Reflect::set(&with_function, &"auth".into(), &function()).unwrap();
    let plan = Plan::of_run(request(), with_function, false).unwrap();
    let mut asking = run_by("1", &plan);
    assert_eq!(ask(&mut asking, 0.0), Asked::Credentials);
    assert_eq!(asking.token_request(), None);
    asking.add_header("x-one", "1");
    asking.add_header("x-two", "2\r\nx-three: 3");
    asking.add_header("x-four", "4");
    asking.take_headers(1.0);
    assert_eq!(ask(&mut asking, 1.0), Asked::Done);
    assert_eq!(counts(&asking.outcomes(0.0).unwrap()), "0 0 1 0 0");
}

/// Stores what the run wants to store.
fn persist(run: &mut Run, journal: &mut Vec<u8>) {
    journal.extend(run.take_journal());
    run.persisted();
}

fn recovered(journal: &[u8]) -> Result<Option<Recovered>, JsValue> {
    let mut recovery = Recovery::new();
    recovery.feed(journal);
    recovery.finish()
}

#[wasm_bindgen_test]
fn a_run_goes_on_from_its_journal_and_what_was_on_its_way_is_unknown() {
    let numbers = r#"{"journal":{},"batchSize":1,"concurrency":2}"#;
    let mut first = run("1\n2\n3\n4\n4\nx\n", numbers);
    let mut journal = Vec::new();
    assert_eq!(ask(&mut first, 0.0), Asked::Persist);
    persist(&mut first, &mut journal);
    assert_eq!(ask(&mut first, 0.0), Asked::Persist);
    persist(&mut first, &mut journal);
    assert_eq!(ask(&mut first, 0.0), Asked::Send { batch: 0, attempt: 1 });
    assert_eq!(ask(&mut first, 0.0), Asked::Send { batch: 1, attempt: 1 });
    answer(&mut first, 5.0, 0, 1);
    assert_eq!(ask(&mut first, 5.0), Asked::Persist);
    // With this outcome goes the intent to send the third, which never leaves.
    journal.extend(first.take_journal());
    let torn = [&journal[..], &[7; 3]].concat();

    let found = recovered(&torn).unwrap().unwrap();
    assert_eq!(found.bytes(), journal.len() as f64);
    assert!(found.check(input("1\n2\n3\n4\n")).is_ok());
    assert_eq!(get(&found.check(input("1\n2\n")).unwrap_err(), "code"), "journal-mismatch");
    let resumed = Plan::of_resumed_run(options("{}"), false).unwrap();
    let mut second = Run::resumed(&resumed, found, 0.0, 0.0, 1.0).unwrap();
    second.start(0.0);
    while ask(&mut second, 0.0) == Asked::Persist {
        persist(&mut second, &mut journal);
    }
    let (batch, attempt) = (second.batch(), second.attempt());
    assert_eq!(second.body(batch).unwrap(), b"[4]");
    answer(&mut second, 1.0, batch, attempt);
    while ask(&mut second, 1.0) == Asked::Persist {
        persist(&mut second, &mut journal);
    }
    let outcomes = second.outcomes(0.0).unwrap();
    assert_eq!(counts(&outcomes), "2 0 0 2 4");
    assert_eq!(get(&outcomes.at(1), "reason"), "interrupted");
    assert_eq!(get(&outcomes.counts(), "given").as_f64(), Some(6.0));
    assert!(text(&outcomes.problems()).contains("not-digits"));

    let review = recovered(&journal).unwrap().unwrap().review(0.0, 0.0).unwrap();
    assert_eq!(counts(&review), "2 0 0 2 4");
    assert_eq!(review.ids().to_vec(), [1, 2, 3, 4]);
}

#[wasm_bindgen_test]
fn a_journal_that_cannot_be_believed_is_refused_with_its_place() {
    assert!(recovered(b"").unwrap().is_none());
    let Err(thrown) = recovered(b"customer_id\n1\n") else { panic!("it is no journal") };
    assert_eq!(get(&thrown, "code"), "journal-damaged");
    assert!(get(&thrown, "message").as_string().unwrap().contains("at byte 0"));
    let Err(thrown) = recovered(b"IssBulk\x7f") else { panic!("it is another version") };
    assert_eq!(get(&thrown, "code"), "journal-version");
}

#[wasm_bindgen_test]
fn a_plan_sends_nothing_and_keeps_the_input() {
    let input = input("1\n2\n3\n3\nx\n");
    let plan = plan(r#"{"batchSize":2}"#);
    let text = text(&plan.forecast(&input).unwrap());
    assert!(text.contains(r#""distinct":3"#) && text.contains(r#""requests":2"#), "{text}");
    assert!(Run::new(&plan, input, 0.0, 0.0, 0.0).is_ok());
}
