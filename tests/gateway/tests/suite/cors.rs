//! Who may call from a page.

use issue_bulk_gateway::world::PROMOTION;
use serde_json::json;

use crate::support::{Answer, BASIC, Bench, connect, exchange, request};

fn target() -> String {
    format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1")
}

fn preflight(bench: &Bench, origin: &str) -> Answer {
    let with = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    bench.send("OPTIONS", &target(), &with, "")
}

#[test]
fn any_origin_may_call_by_default() {
    let bench = Bench::start();
    let answer = preflight(&bench, "http://page.example");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin").unwrap(), "*");
    let allowed = answer.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("authorization") && allowed.contains("x-cap-api-oauth-token"));
    let with = [("authorization", BASIC), ("origin", "http://page.example")];
    let answer = bench.send("POST", &target(), &with, "[5]");
    assert_eq!(answer.header("access-control-allow-origin").unwrap(), "*");
    assert!(answer.header("access-control-expose-headers").unwrap().contains("x-cap-requestid"));
    let summary = bench.summary();
    assert_eq!(summary["calls"], 1);
    assert_eq!(summary["callsByPath"], json!({"issue": 1, "preflight": 1}));
}

#[test]
fn origins_can_be_listed_or_refused() {
    let bench = Bench::start();
    bench.switch(json!({"cors": {"origins": ["http://good.example"]}}));
    let good = preflight(&bench, "http://good.example");
    assert_eq!(good.header("access-control-allow-origin").unwrap(), "http://good.example");
    assert_eq!(good.header("vary").unwrap(), "Origin");
    let bad = preflight(&bench, "http://bad.example");
    assert_eq!(bad.header("access-control-allow-origin"), None);
    bench.switch(json!({"cors": {"origins": null}}));
    let none = preflight(&bench, "http://good.example");
    assert_eq!(none.header("access-control-allow-origin"), None);
}

#[test]
fn the_control_port_is_for_loopback_alone() {
    let bench = Bench::start();
    assert!(bench.gateway.control().ip().is_loopback() && bench.gateway.http().ip().is_loopback());
    let ask = |with: &[(&str, &str)]| {
        let bytes = request("GET", "/health", with, "");
        exchange(&mut connect(bench.gateway.control()), bytes.as_bytes())
    };
    let page = ask(&[("origin", "http://127.0.0.1:8787")]);
    assert_eq!(page.header("access-control-allow-origin").unwrap(), "http://127.0.0.1:8787");
    assert_eq!(ask(&[("origin", "http://evil.example")]).status, 403);
    let rebound = "GET /health HTTP/1.1\r\nhost: evil.example\r\n\r\n";
    assert_eq!(exchange(&mut connect(bench.gateway.control()), rebound.as_bytes()).status, 403);
}
