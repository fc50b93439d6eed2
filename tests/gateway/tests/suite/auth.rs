//! Credentials, tokens and access groups.

use issue_bulk_gateway::world::PROMOTION;
use serde_json::{Value, json};

use crate::support::{Answer, BASIC, Bench};

const TOKEN_PATH: &str = "/v3/oauth/token/generate";
/// `store.reader` and `store.denied` with the md5 of `server123`.
const READER: &str = "Basic c3RvcmUucmVhZGVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";

fn issue(bench: &Bench, with: &[(&str, &str)]) -> Answer {
    let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1");
    bench.send("POST", &target, with, "[5]")
}

fn token(bench: &Bench, key: &str, secret: &str) -> Answer {
    bench.send("POST", TOKEN_PATH, &[], &json!({"key": key, "secret": secret}).to_string())
}

fn token_text(answer: &Answer) -> String {
    answer.json()["data"]["accessToken"].as_str().expect("a token").to_string()
}

#[test]
fn nobody_and_strangers_are_unauthorised() {
    let bench = Bench::start();
    for with in [vec![], vec![("authorization", "Basic eDp5")], vec![("authorization", "x")]] {
        let answer = issue(&bench, &with);
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["response"]["status"]["code"], "401");
    }
    assert_eq!(bench.summary()["arrivals"], 3);
    assert_eq!(bench.summary()["issued"], 0);
}

#[test]
fn a_token_is_fetched_used_and_expires() {
    let bench = Bench::start();
    let answer = token(&bench, "sample-key", "sample-secret");
    assert_eq!((answer.status, &answer.json()["data"]["ttlSeconds"]), (200, &json!(300)));
    assert_eq!(answer.json()["errors"], Value::Null);
    let text = token_text(&answer);
    assert_eq!(text.split('.').count(), 3);
    let with = [("x-cap-api-oauth-token", text.as_str())];
    assert_eq!(issue(&bench, &with).status, 200);
    assert_ne!(token_text(&token(&bench, "sample-key", "sample-secret")), text);

    bench.control("POST", "/tokens/expire", "");
    let expired = issue(&bench, &with);
    assert_eq!(expired.status, 401);
    assert_eq!(expired.json()["response"]["status"]["code"], "498");
    bench.switch(json!({"auth": {"expiredStatus": 498}}));
    assert_eq!(issue(&bench, &with).status, 498);
}

#[test]
fn a_token_dies_by_its_own_term() {
    let bench = Bench::start();
    bench.switch(json!({"auth": {"tokenTtlSeconds": 0}}));
    let text = token_text(&token(&bench, "sample-key", "sample-secret"));
    assert_eq!(issue(&bench, &[("x-cap-api-oauth-token", &text)]).status, 401);
}

#[test]
fn wrong_keys_are_shape_d_with_a_switched_status() {
    let bench = Bench::start();
    let answer = token(&bench, "sample-key", "wrong");
    assert_eq!(answer.status, 401);
    let error = json!({"code": 320_001, "message": "Invalid client key and secret"});
    assert_eq!(answer.json(), json!({"data": null, "errors": [error]}));
    bench.switch(json!({"auth": {"tokenRefusedStatus": 200}}));
    assert_eq!(token(&bench, "no-key", "sample-secret").status, 200);
    assert_eq!(bench.send("POST", TOKEN_PATH, &[], "{}").status, 400);
}

#[test]
fn the_headers_a_token_may_use_are_switched() {
    let bench = Bench::start();
    let text = token_text(&token(&bench, "sample-key", "sample-secret"));
    let bearer = format!("Bearer {text}");
    let others = [("cap-api-access-token", text.as_str()), ("authorization", bearer.as_str())];
    assert!(others.iter().all(|other| issue(&bench, &[*other]).status == 401));
    bench.switch(json!({"auth": {"tokenHeaders": ["cap-api-access-token", "authorization"]}}));
    assert!(others.iter().all(|other| issue(&bench, &[*other]).status == 200));
}

#[test]
fn access_groups_refuse_with_403() {
    let bench = Bench::start();
    let denied = issue(&bench, &[("authorization", READER)]);
    assert_eq!(denied.status, 403);
    let error =
        json!({"status": false, "code": 4000, "message": "Not authorized. Access is denied!"});
    assert_eq!(denied.json(), json!({"warnings": [], "errors": [error]}));
    let read = [("authorization", READER)];
    let target = "/api_gateway/v1/promotions/customer/5";
    assert_eq!(bench.send("GET", target, &read, "").status, 200);
    let client = token_text(&token(&bench, "denied-key", "denied-secret"));
    assert_eq!(issue(&bench, &[("x-cap-api-oauth-token", &client)]).status, 403);
}

#[test]
fn the_authorisation_service_can_be_away_and_secrets_rotated() {
    let bench = Bench::start();
    bench.switch(json!({"auth": {"unavailable": true}}));
    let away = issue(&bench, &[("authorization", BASIC)]);
    assert_eq!((away.status, &away.json()["errors"][0]["code"]), (503, &json!(4001)));
    bench.switch(json!({"auth": {"unavailable": false, "refuseAll": true}}));
    assert_eq!(issue(&bench, &[("authorization", BASIC)]).status, 401);
    assert_eq!(token(&bench, "sample-key", "sample-secret").status, 401);
}

#[test]
fn attribution_is_noted_and_secrets_are_not() {
    let bench = Bench::start();
    let with = [
        ("authorization", BASIC),
        ("x-cap-api-attribution-entity-type", "TILL"),
        ("x-cap-api-attribution-entity-code", "till-7"),
    ];
    assert_eq!(issue(&bench, &with).status, 200);
    let kept = bench.control("GET", "/account/calls", "").text();
    let call: Value = serde_json::from_str(kept.trim()).unwrap();
    assert_eq!(call["attribution"]["x-cap-api-attribution-entity-code"], "till-7");
    assert!(call["headers"].as_array().unwrap().contains(&json!("authorization")));
    let world = bench.control("GET", "/world", "").text();
    for secret in ["c3RvcmU", "8a16a6b7", "server123", "sample-secret"] {
        assert!(!kept.contains(secret) && !world.contains(secret), "{secret}");
    }
    let lookup = [("authorization", BASIC), ("x-cap-api-attribution-lookup", "x")];
    assert_eq!(issue(&bench, &lookup).json()["errors"][0]["code"], 1061);
}

#[test]
fn a_message_can_repeat_what_was_sent() {
    let bench = Bench::start();
    let message = "not with {credentials} for {body}";
    bench.fault(json!({"kind": "status", "status": 500, "message": message}));
    let said = |with: &[(&str, &str)]| issue(&bench, with).json()["errors"][0]["message"].clone();
    let repeated = |sent: &str| json!(format!("not with {sent} for [5]"));
    assert_eq!(said(&[("authorization", BASIC)]), repeated(BASIC));
    assert_eq!(said(&[("x-cap-api-oauth-token", "t.o.k")]), repeated("t.o.k"));
    bench.fault(json!({"kind": "perIdError", "message": "{credentials}"}));
    let entry = &issue(&bench, &[("authorization", BASIC)]).json()["data"]["5"];
    assert_eq!(entry["error"]["message"], BASIC);
}
