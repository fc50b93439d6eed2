//! Too many calls, and every form of Retry-After.

use serde_json::json;

use crate::support::Bench;

#[test]
fn the_real_limit_refuses_and_says_when() {
    let bench = Bench::start();
    // One token a minute, so that a slow machine cannot earn one between these calls.
    bench.switch(json!({"rateLimitPerMinute": 1, "rate": {"burst": 2}}));
    assert_eq!([bench.issue("[1]").status, bench.issue("[2]").status], [200, 200]);
    let refused = bench.issue("[3]");
    assert_eq!(refused.status, 429);
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((30..=60).contains(&seconds), "{seconds}");
    assert_eq!(bench.summary()["byStatus"], json!({"200": 2, "429": 1}));
    bench.switch(json!({"rate": {"burst": 0, "retryAfter": {"form": "absent"},
        "envelope": "html", "status": 503}}));
    let refused = bench.issue("[3]");
    assert_eq!((refused.status, refused.header("retry-after")), (503, None));
    assert!(refused.text().starts_with("<!DOCTYPE"));
    assert_eq!(bench.summary()["issued"], 2);
}

#[test]
fn every_form_of_retry_after_can_be_ordered() {
    let bench = Bench::start();
    let ordered = |form: serde_json::Value| {
        bench.fault(json!({"kind": "rateLimited", "retryAfter": form}));
        let answer = bench.issue("[1]");
        assert_eq!(answer.status, 429);
        answer.header("retry-after")
    };
    assert_eq!(ordered(json!({"form": "absent"})), None);
    assert_eq!(ordered(json!({"form": "seconds", "seconds": 7})).unwrap(), "7");
    assert_eq!(ordered(json!({"form": "day"})).unwrap(), "86400");
    assert_eq!(ordered(json!({"form": "huge"})).unwrap(), "99999999999999999999999999");
    assert_eq!(ordered(json!({"form": "negative"})).unwrap(), "-5");
    assert_eq!(ordered(json!({"form": "raw", "value": "1.5"})).unwrap(), "1.5");
    assert!(ordered(json!({"form": "garbage"})).unwrap().parse::<u64>().is_err());
    let date = |format: &str| {
        ordered(json!({"form": "date", "format": format, "inSeconds": 3600})).unwrap()
    };
    assert!(date("imf").ends_with(" GMT") && date("imf").contains(", "));
    assert_eq!(date("rfc850").matches('-').count(), 2);
    assert!(!date("asctime").contains("GMT"));
    assert_eq!(bench.summary()["issued"], 0);
}

#[test]
fn a_service_with_a_wrong_clock_dates_by_it() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "rateLimited", "dateSkewSeconds": -86400,
        "retryAfter": {"form": "date", "format": "imf", "inSeconds": 0}}));
    let answer = bench.issue("[1]");
    assert_eq!(answer.header("date"), answer.header("retry-after"));
    assert_eq!(answer.head.matches("date:").count(), 1);
}
