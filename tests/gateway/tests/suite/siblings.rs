//! The endpoints around issueBulk.

use issue_bulk_gateway::world::{PROMOTION, PROMOTION_EXPIRED, PROMOTION_INACTIVE};
use serde_json::{Value, json};

use crate::support::Bench;

const PROMOTIONS: &str = "/api_gateway/v1/promotions";

fn issued_id(bench: &Bench, customer: &str) -> String {
    let value = bench.issue(&format!("[{customer}]")).json();
    value["data"][customer]["id"].as_str().expect("an id").to_string()
}

fn rows(bench: &Bench, query: &str) -> Vec<Value> {
    let answer = bench.get(&format!("{PROMOTIONS}/customer/5{query}"));
    assert_eq!(answer.status, 200);
    answer.json()["data"].as_array().unwrap().clone()
}

#[test]
fn details_and_config_show_the_named_promotions() {
    let bench = Bench::start();
    let ids = format!("{PROMOTION},{PROMOTION_EXPIRED},{PROMOTION_INACTIVE},none");
    let details = bench.get(&format!("{PROMOTIONS}/?promotionIds={ids}")).json();
    assert_eq!(details["data"].as_array().unwrap().len(), 3);
    assert_eq!(details["data"][0]["maxIssuancePerCustomer"], -1);
    assert_eq!(details["data"][0]["type"], "CUSTOMER");
    let config = |more: &str| {
        let value = bench.get(&format!("{PROMOTIONS}/config?promotionIds={ids}{more}")).json();
        value["data"].as_array().unwrap().len()
    };
    assert_eq!(
        [config(""), config("&includeExpired=true"), config("&includeInactive=true")],
        [1, 2, 2]
    );
    assert_eq!(config("&includeExpired=true&includeInactive=true"), 3);
}

#[test]
fn a_customers_promotions_are_those_issued() {
    let bench = Bench::start();
    assert!(rows(&bench, "").is_empty());
    let ids: Vec<String> = (0..12).map(|_| issued_id(&bench, "5")).collect();
    issued_id(&bench, "6");
    let newest_first: Vec<_> = ids.iter().rev().map(|id| json!(id)).collect();
    let found: Vec<Value> =
        rows(&bench, "?limit=50").into_iter().map(|row| row["earnedPromotionId"].clone()).collect();
    assert_eq!(found, newest_first);
    assert_eq!(rows(&bench, "").len(), 10);
    assert_eq!(rows(&bench, "?limit=3").len(), 3);
    let row = &rows(&bench, "")[0];
    assert_eq!((&row["customerId"], &row["promotionStatus"]), (&json!(5), &json!("ACTIVE")));
    assert!(row.get("earnedFromId").is_none());
    assert_eq!(bench.get(&format!("{PROMOTIONS}/customer/x")).status, 404);
}

#[test]
fn what_a_read_back_shows_is_switched() {
    let bench = Bench::start();
    let id = issued_id(&bench, "5");
    issued_id(&bench, "5");
    bench.switch(json!({"reconcile": {"limitMax": 1, "sameId": false, "earnedFromId": true}}));
    let seen = rows(&bench, "?limit=50");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["earnedFromId"], "973");
    let other = seen[0]["earnedPromotionId"].as_str().unwrap();
    assert_ne!(other, id);
    assert_eq!(other.get(..8), id.get(..8));
    bench.switch(json!({"reconcile": {"delayMs": 3_600_000}}));
    assert!(rows(&bench, "").is_empty());
}

#[test]
fn revoking_takes_an_issuance_back_once() {
    let bench = Bench::start();
    let id = issued_id(&bench, "5");
    let unknown = "67dd4237ef21a64211227e06";
    let body = json!({"customerId": 5, "earnRevokeDetails":
        [{"promotionId": PROMOTION, "earnIds": [id, unknown]}]});
    let target = format!("{PROMOTIONS}/revokeEarn");
    let answer = bench.post(&target, &body.to_string());
    assert_eq!(answer.status, 200);
    let value = answer.json();
    assert_eq!(
        value["data"]["revokedDetails"][0],
        json!({"promotionId": PROMOTION,
        "revokedEarnIds": [id], "status": "SUCCESS"})
    );
    assert_eq!(value["errors"][0]["earnIds"], json!([unknown]));
    assert_eq!(value["errors"][0]["code"], 731);
    assert!(rows(&bench, "").is_empty());
    let again = bench.post(&target, &body.to_string());
    assert_eq!((again.status, &again.json()["data"]), (400, &json!(null)));
    assert_eq!(bench.lines("/account/issuances")[0]["revoked"], true);
    let many = vec![unknown; 1_001];
    let body = json!({"customerId": 5, "earnRevokeDetails":
        [{"promotionId": PROMOTION, "earnIds": many}]});
    assert_eq!(bench.post(&target, &body.to_string()).json()["errors"][0]["code"], 400);
}
