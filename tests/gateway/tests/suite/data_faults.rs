//! Faults that leave the wire alone: other answers, and right answers with wrong data.

use serde_json::{Value, json};

use crate::support::{Bench, End};

#[test]
fn a_status_can_be_ordered_with_and_without_effect() {
    let bench = Bench::start();
    for status in [201, 204, 206, 299, 308, 400, 408, 425, 500, 502, 503, 504, 521, 599] {
        bench.fault(json!({"kind": "status", "status": status, "headers": {"x-a": "b"}}));
        let answer = bench.issue("[5]");
        assert_eq!((answer.status, answer.end), (status, End::Complete));
        assert_eq!(answer.header("x-a").unwrap(), "b");
    }
    assert_eq!(bench.summary()["issued"], 0);
    bench.fault(json!({"kind": "status", "status": 500, "apply": true}));
    assert_eq!(bench.issue("[5]").status, 500);
    assert_eq!(bench.summary()["issued"], 1);
    bench.fault(json!({"kind": "unknownStatus"}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.status, &answer.json()["data"]["5"]["customerId"]), (299, &json!(5)));
}

#[test]
fn codes_envelopes_and_bodies_of_an_error_can_be_ordered() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "status", "status": 409, "code": 1007, "envelope": "badges"}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (409, &json!(1007)));
    bench.fault(json!({"kind": "html", "status": 502}));
    let page = bench.issue("[5]");
    assert!(page.status == 502 && page.header("content-type").unwrap().starts_with("text/html"));
    bench.fault(json!({"kind": "redirect", "location": "http://elsewhere.example/"}));
    let answer = bench.issue("[5]");
    assert_eq!(answer.status, 302);
    assert_eq!(answer.header("location").unwrap(), "http://elsewhere.example/");
    bench.fault(json!({"kind": "body", "text": "=cmd()", "contentType": "text/csv"}));
    assert_eq!(bench.issue("[5]").text(), "=cmd()");
}

#[test]
fn an_issue_can_take_effect_after_its_answer() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "lateApply", "afterMs": 50}));
    assert_eq!(bench.issue("[5,6]").status, 504);
    let summary = bench.summary_when("issued=2");
    assert_eq!(summary["byStatus"], json!({"504": 1}));
    assert_eq!(bench.lines("/account/issuances")[0]["call"], 1);
}

#[test]
fn faults_of_single_ids_decide_what_was_issued() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "omitIds", "which": {"every": 2}}));
    let data = bench.issue("[1,2,3,4]").json();
    assert_eq!(keys(&data), ["1", "3"]);
    assert_eq!(bench.summary()["issued"], 4);
    bench.fault(json!({"kind": "omitIds", "which": {"ids": ["12"]}, "apply": false}));
    assert_eq!(keys(&bench.issue("[11,12]").json()), ["11"]);
    assert_eq!(bench.summary()["issued"], 5);
    bench.fault(json!({"kind": "perIdError", "code": 1040, "message": "active already"}));
    let data = bench.issue("[21,22]").json();
    assert_eq!(data["data"]["21"]["error"]["message"], "active already");
    assert_eq!(bench.summary()["issued"], 6);
    bench.fault(json!({"kind": "perIdError", "place": "errors", "which": "all"}));
    let data = bench.issue("[31]").json();
    assert_eq!((&data["data"], &data["errors"][0]["customerId"]), (&json!({}), &json!(31)));
    bench.fault(json!({"kind": "nullEntries"}));
    assert_eq!(bench.issue("[41]").json()["data"]["41"], Value::Null);
    assert_eq!(bench.summary()["issued"], 7);
}

#[test]
fn a_wrong_answer_without_effect_issues_nothing() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "wrongPromotion", "apply": false}));
    let data = bench.issue("[5]").json();
    assert_eq!(data["data"]["5"]["promotionId"], "67dd4210ef21a6421122ffff");
    let summary = bench.summary();
    assert_eq!((&summary["issued"], &summary["arrivals"]), (&json!(0), &json!(1)));
}

#[test]
fn entries_can_contradict_the_request() {
    let bench = Bench::start();
    let issued = |fault: Value| {
        bench.fault(fault);
        bench.issue("[9223372036854775807,5]").text()
    };
    let text = issued(json!({"kind": "wrongKeys"}));
    assert!(text.contains("{\"1\":{\"id\""), "{text}");
    let text = issued(json!({"kind": "extraIds", "ids": ["77"]}));
    assert!(text.contains("\"77\":{\"id\"") && text.contains("\"customerId\":77"), "{text}");
    let text = issued(json!({"kind": "duplicateIds", "which": "all"}));
    assert_eq!(text.matches("\"5\":{").count(), 2);
    let text = issued(json!({"kind": "wrongContext"}));
    assert_eq!(text.matches("\"973\"").count(), 1);
    for (form, number) in [
        ("text", "\"9223372036854775807\","),
        ("float", "9223372036854775807.0,"),
        ("exponent", "9223372036854775807e0,"),
    ] {
        let text = issued(json!({"kind": "numberForms", "form": form}));
        assert!(text.contains(&format!("\"customerId\":{number}")), "{text}");
    }
    let ids: Vec<Value> = bench.lines("/account/ids").iter().map(|row| row["id"].clone()).collect();
    assert_eq!(ids, [json!("5"), json!("9223372036854775807")]);
}

#[test]
fn bodies_can_be_too_big_too_deep_and_too_many() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "oversized", "bytes": 5_000_000}));
    let answer = bench.issue("[5]");
    assert!(answer.body.len() >= 5_000_000);
    assert_eq!(answer.json()["data"]["5"]["customerId"], 5);
    bench.fault(json!({"kind": "deep", "depth": 100_000}));
    let text = bench.issue("[5]").text();
    assert!(text.contains(&"[".repeat(100_000)));
    bench.fault(json!({"kind": "manyKeys", "keys": 1_000}));
    assert_eq!(bench.issue("[5]").json().as_object().unwrap().len(), 1_001);
    bench.fault(json!({"kind": "twoDocuments"}));
    assert_eq!(bench.issue("[5]").text().matches("{\"data\"").count(), 2);
    bench.fault(json!({"kind": "trailingBytes", "text": " x"}));
    assert!(bench.issue("[5]").text().ends_with("}} x"));
    bench.fault(json!({"kind": "gzipBomb", "bytes": 1_000_000_000}));
    let bomb = bench.issue("[5]");
    assert_eq!(bomb.header("content-encoding").unwrap(), "gzip");
    assert!(bomb.body.len() < 2_000_000, "{}", bomb.body.len());
}

#[test]
fn rules_choose_their_calls_and_bad_ones_are_refused() {
    let bench = Bench::start();
    bench.faults(json!([
        {"name": "third", "when": {"calls": [3]}, "fault": {"kind": "html"}},
        {"when": {"contains": ["9223372036854775807"]}, "fault": {"kind": "status", "status": 500}},
        {"when": {"path": "token"}, "fault": {"kind": "status", "status": 503}},
    ]));
    let statuses: Vec<u16> =
        ["[1]", "[9223372036854775807]", "[3]", "[4]"].map(|ids| bench.issue(ids).status).into();
    assert_eq!(statuses, [200, 500, 200, 200]);
    assert_eq!(bench.send("POST", "/v3/oauth/token/generate", &[], "{}").status, 503);
    let faults: Vec<Value> =
        bench.lines("/account/calls").iter().map(|call| call["fault"].clone()).collect();
    assert_eq!(faults, [json!(null), json!("status"), json!("third"), json!(null)]);
    let described = bench.control("GET", "/faults", "").json();
    assert_eq!(described["fired"]["third"], 1);
    assert_eq!(
        bench.control("PUT", "/faults", r#"{"rules":[{"fault":{"kind":"x"}}]}"#).status,
        400
    );
    assert_eq!(bench.control("PUT", "/faults", "{").status, 400);
    bench.control("DELETE", "/faults", "");
    assert_eq!(bench.issue("[9223372036854775807]").status, 200);
    assert_eq!(bench.control("PATCH", "/switches", r#"{"shape":{"prety":1}}"#).status, 400);
    assert_eq!(bench.control("GET", "/nothing", "").status, 404);
}

fn keys(body: &Value) -> Vec<&str> {
    body["data"].as_object().unwrap().keys().map(String::as_str).collect()
}
