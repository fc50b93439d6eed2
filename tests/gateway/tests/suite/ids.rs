//! Ids: exact, unknown, repeated, too many.

use issue_bulk_gateway::world::PROMOTION_ONCE;
use serde_json::json;

use crate::support::Bench;

#[test]
fn longs_arrive_and_return_digit_for_digit() {
    let bench = Bench::start();
    let ids = "[9007199254740993, 9223372036854775807,\n1]";
    let text = bench.issue(ids).text();
    assert!(text.contains("\"9007199254740993\":{"), "{text}");
    assert!(text.contains("\"customerId\":9223372036854775807,"), "{text}");
    let kept: Vec<String> = bench
        .lines("/account/ids")
        .iter()
        .map(|line| line["id"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(kept, ["1", "9007199254740993", "9223372036854775807"]);
}

#[test]
fn bodies_that_are_no_ids_issue_nothing() {
    let bench = Bench::start();
    for (body, code) in [
        ("[9223372036854775808]", 1006),
        ("[5.0]", 1006),
        ("[1e9]", 1006),
        ("[0]", 1006),
        ("[-5]", 1006),
        ("[null]", 1006),
        ("[\"5\"]", 1006),
        ("[]", 1006),
        ("{\"ids\":[5]}", 400),
        ("[5", 400),
        ("", 400),
    ] {
        let answer = bench.issue(body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["errors"][0]["code"], code, "{body}");
    }
    let summary = bench.summary();
    assert_eq!((&summary["issued"], &summary["calls"]), (&json!(0), &json!(11)));
}

#[test]
fn an_unknown_customer_is_treated_as_switched() {
    let bench = Bench::knowing(&[5, 6]);
    let refused = bench.issue("[5,7]");
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (400, &json!(1006)));
    assert_eq!(bench.summary()["issued"], 0);

    bench.switch(json!({"ids": {"unknown": "omit"}}));
    let value = bench.issue("[5,7]").json();
    assert!(value["data"].get("7").is_none() && value["data"].get("5").is_some());

    bench.switch(json!({"ids": {"unknown": "errors", "unknownCode": 404}}));
    let value = bench.issue("[5,7]").json();
    assert_eq!(
        value["errors"][0],
        json!({"code": 404, "message": "Passed promotion is not found",
        "customerId": 7})
    );

    bench.switch(json!({"ids": {"unknown": "entryError"}}));
    assert_eq!(bench.issue("[7]").json()["data"]["7"]["error"]["code"], 404);
    bench.switch(json!({"ids": {"unknown": "nullEntry"}}));
    assert_eq!(bench.issue("[7]").json()["data"]["7"], json!(null));
    bench.switch(json!({"ids": {"unknown": "issue"}}));
    assert_eq!(bench.issue("[7]").json()["data"]["7"]["customerId"], 7);
    assert_eq!(bench.summary()["issued"], 3);
}

#[test]
fn a_limit_per_customer_holds_and_answers_as_switched() {
    let bench = Bench::start();
    assert_eq!(bench.issue_of(PROMOTION_ONCE, "[5]").status, 200);
    let value = bench.issue_of(PROMOTION_ONCE, "[5,6]").json();
    assert_eq!(value["data"]["5"]["error"]["code"], 708);
    assert_eq!(value["data"]["6"]["customerId"], 6);

    bench.switch(json!({"ids": {"limitReached": "rejectAll"}}));
    let refused = bench.issue_of(PROMOTION_ONCE, "[7,5]");
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (400, &json!(708)));
    let summary = bench.summary();
    assert_eq!((&summary["issued"], &summary["maxIssuedPerCustomer"]), (&json!(2), &json!(1)));

    bench.switch(json!({"ids": {"limitReached": "issue"}}));
    assert_eq!(bench.issue_of(PROMOTION_ONCE, "[5]").json()["data"]["5"]["customerId"], 5);
    assert_eq!(bench.summary()["duplicatesIssued"], 1);
}

#[test]
fn the_same_id_twice_is_treated_as_switched() {
    let bench = Bench::start();
    assert_eq!(bench.issue("[5,5]").text().matches("\"5\":{").count(), 1);
    assert_eq!(bench.summary()["issued"], 1);
    bench.switch(json!({"ids": {"duplicates": "issueEach"}}));
    assert_eq!(bench.issue("[6,6]").text().matches("\"6\":{").count(), 1);
    assert_eq!(bench.lines("/account/issuances?customerId=6").len(), 2);
    bench.switch(json!({"ids": {"duplicates": "rejectAll"}}));
    assert_eq!(bench.issue("[7,7]").status, 400);
    let summary = bench.summary();
    assert_eq!(summary["arrivals"], 6);
    assert_eq!((&summary["issued"], &summary["duplicatesIssued"]), (&json!(3), &json!(1)));
}

#[test]
fn arrays_and_bodies_have_switched_bounds() {
    let bench = Bench::start();
    bench.switch(json!({"ids": {"arrayMax": 2}}));
    let answer = bench.issue("[1,2,3]");
    assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (400, &json!(1060)));
    bench.switch(json!({"ids": {"arrayMaxCode": 413}}));
    assert_eq!(bench.issue("[1,2,3]").status, 413);
    bench.switch(json!({"ids": {"arrayMax": null, "bodyBytesMax": 10}}));
    assert_eq!(bench.issue("[100,200,300]").status, 413);
    assert_eq!(bench.issue("[1,2,3]").status, 200);
}

#[test]
fn a_locked_customer_is_the_documented_521() {
    let bench = Bench::start();
    bench.switch(json!({"lockedCustomers": ["6"]}));
    assert_eq!(bench.issue("[5,6]").status, 521);
    assert_eq!(bench.issue("[5]").status, 200);
}

#[test]
fn errors_take_every_envelope_and_status() {
    let bench = Bench::start();
    for (envelope, pointer) in [
        ("promotions", "/errors/0/code"),
        ("validation", "/errorCode"),
        ("accessGroup", "/errors/0/code"),
        ("token", "/errors/0/code"),
        ("badges", "/errors/0/code"),
    ] {
        bench.switch(json!({"errors": {"envelope": envelope, "status": {"1006": 200}}}));
        let answer = bench.issue("[]");
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json().pointer(pointer), Some(&json!(1006)), "{envelope}");
    }
    bench.switch(json!({"errors": {"envelope": "html"}}));
    assert!(bench.issue("[]").text().starts_with("<!DOCTYPE html>"));
    bench.switch(json!({"errors": {"envelope": "empty"}}));
    assert!(bench.issue("[]").body.is_empty());
    bench.switch(json!({"errors": {"envelope": "customer"}}));
    assert_eq!(bench.issue("[]").json()["response"]["status"]["code"], "1006");
}
