//! The seed document, line by line.

use issue_bulk_gateway::world::{
    PROMOTION, PROMOTION_CODE, PROMOTION_EARNING, PROMOTION_EXPIRED, PROMOTION_INACTIVE,
};
use serde_json::json;

use crate::support::{BASIC, Bench, End};

#[test]
fn the_documented_call_gets_the_documented_answer() {
    let bench = Bench::start();
    for target in [
        format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=973"),
        format!("//api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=973"),
    ] {
        let answer = bench.post(&target, "[555567088]");
        assert_eq!((answer.status, answer.end), (200, End::Complete));
        let value = answer.json();
        let entry = &value["data"]["555567088"];
        let fields: Vec<&String> = entry.as_object().unwrap().keys().collect();
        let documented =
            ["id", "customerId", "promotionId", "earnedFromId", "eventTime", "validTill"];
        assert_eq!(fields, documented);
        assert_eq!(entry["customerId"], 555_567_088);
        assert_eq!(entry["promotionId"], PROMOTION);
        assert_eq!(entry["earnedFromId"], "973");
        let second = entry["eventTime"].as_i64().unwrap().div_euclid(1000);
        assert!(entry["id"].as_str().unwrap().starts_with(&format!("{second:08x}")));
        assert_eq!(value.as_object().unwrap().len(), 1);
        assert!(!answer.body.contains(&b' '), "no white space");
        assert_eq!(answer.header("x-cap-requestid").unwrap().len(), 32);
        assert_eq!(
            answer.header("x-cap-api-request-uri").unwrap(),
            "/v1/promotions/{promotionId}/issueBulk"
        );
    }
}

#[test]
fn an_unknown_promotion_is_the_documented_404() {
    let bench = Bench::start();
    for promotion in ["67dd4210ef21a64211220000", "nonsense", "a%2Fb"] {
        let answer = bench.issue_of(promotion, "[1]");
        assert_eq!(answer.status, 404);
        let message = "Passed promotion is not found";
        assert_eq!(answer.json(), json!({"errors": [{"code": 404, "message": message}]}));
    }
    let headless = bench.post("/api_gateway/v1/promotions//issueBulk?contextId=1", "[1]");
    assert_eq!(headless.status, 404);
    assert_eq!(bench.summary()["issued"], 0);
}

#[test]
fn promotions_that_cannot_be_issued_have_their_codes() {
    let bench = Bench::start();
    for (promotion, code) in [
        (PROMOTION_EXPIRED, 706),
        (PROMOTION_INACTIVE, 709),
        (PROMOTION_CODE, 707),
        (PROMOTION_EARNING, 714),
    ] {
        let answer = bench.issue_of(promotion, "[1]");
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    bench.switch(json!({"promotion": {"expired": 404, "malformed": 725, "wrongType": {}}}));
    assert_eq!(bench.issue_of(PROMOTION_EXPIRED, "[1]").status, 404);
    assert_eq!(bench.issue_of("x", "[1]").json()["errors"][0]["code"], 725);
    assert_eq!(bench.issue_of(PROMOTION_CODE, "[1]").status, 200);
}

#[test]
fn the_context_comes_back_as_it_was_meant() {
    let bench = Bench::start();
    let cases = [
        ("2%20items%20in%20cart", "2 items in cart"),
        ("a%26b%25%23%F0%9F%8E%81", "a&b%#\u{1F381}"),
        ("%22quoted%5C%22", "\"quoted\\\""),
    ];
    for (sent, meant) in cases {
        let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId={sent}");
        let answer = bench.post(&target, "[5]");
        assert_eq!(answer.json()["data"]["5"]["earnedFromId"], meant);
    }
    let contexts: Vec<_> = bench
        .lines("/account/calls")
        .into_iter()
        .map(|call| call["contextId"].as_str().unwrap().to_string())
        .collect();
    assert_eq!(contexts, cases.map(|(_, meant)| meant.to_string()));
}

#[test]
fn what_becomes_of_a_strange_context_is_switched() {
    let bench = Bench::start();
    let status = |query: &str| {
        bench
            .post(&format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk{query}"), "[5]")
            .status
    };
    let long = format!("?contextId={}", "x".repeat(200));
    assert_eq!(
        [status(""), status("?contextId="), status("?contextId=a&contextId=b"), status(&long)],
        [400, 400, 200, 200]
    );
    bench.switch(json!({"contextId": {"required": false, "allowEmpty": true, "charsMax": 128,
        "repeated": "reject", "allowNonAscii": false}}));
    assert_eq!(
        [status(""), status("?contextId="), status("?contextId=a&contextId=b"), status(&long)],
        [200, 200, 400, 400]
    );
    assert_eq!(status("?contextId=%C3%A9"), 400);
}

#[test]
fn other_methods_types_and_paths_are_refused() {
    let bench = Bench::start();
    let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1");
    assert_eq!(bench.get(&target).status, 405);
    assert_eq!(bench.get("/elsewhere").status, 404);
    let with = [("authorization", BASIC), ("content-type", "text/plain")];
    assert_eq!(bench.send("POST", &target, &with, "[1]").status, 415);
    bench.switch(json!({"requireContentType": false}));
    assert_eq!(bench.send("POST", &target, &with, "[1]").status, 200);
}

#[test]
fn the_body_can_take_every_switched_form() {
    let bench = Bench::start();
    let patch = json!({"shape": {"pretty": true, "extraFields": true, "isoTwins": true,
        "bom": true, "chunked": true, "errors": "empty", "entryOrder": "sorted"},
        "requestId": {"header": "X-CAP-REQUEST-ID", "echo": true}});
    bench.switch(patch);
    let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1");
    let with = [("authorization", BASIC), ("x-cap-request-id", "mine")];
    let answer = bench.send("POST", &target, &with, "[7,5]");
    assert_eq!(answer.header("transfer-encoding").unwrap(), "chunked");
    assert_eq!(answer.header("x-cap-request-id").unwrap(), "mine");
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["errors"], json!([]));
    assert!(value["data"]["5"]["eventTimeISO"].is_string());
    assert!(text.find("\"5\": {").unwrap() < text.find("\"7\": {").unwrap());
    assert_eq!(bench.control("POST", "/reset", "").status, 200);
    assert!(!bench.issue("[5]").text().contains('\n'));
}

#[test]
fn answers_are_gzipped_only_where_switched_and_accepted() {
    let bench = Bench::start();
    bench.switch(json!({"gzip": true}));
    let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1");
    let with = [("authorization", BASIC), ("accept-encoding", "br, gzip")];
    let packed = bench.send("POST", &target, &with, "[7]");
    assert_eq!(packed.header("content-encoding").unwrap(), "gzip");
    assert!(packed.body.starts_with(&[0x1f, 0x8b]));
    assert_eq!(bench.issue("[7]").header("content-encoding"), None);
}
