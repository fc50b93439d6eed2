//! Faults of the wire, seen byte by byte on HTTP/1.1.

use std::io::Write as _;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Bench, End, connect, exchange, read_more};

fn right_answer_len() -> usize {
    Bench::start().issue("[5]").body.len()
}

#[test]
fn a_body_can_be_cut_at_any_byte() {
    let bench = Bench::start();
    let length = right_answer_len();
    for at in 0..length {
        bench.fault(json!({"kind": "truncate", "at": {"byte": at}}));
        let answer = bench.issue("[5]");
        assert_eq!((answer.status, answer.body.len(), answer.end), (200, at, End::Closed));
        assert_eq!(answer.header("content-length").unwrap(), length.to_string());
    }
    let summary = bench.summary();
    assert_eq!((&summary["issued"], &summary["aborted"]), (&json!(length), &json!(length)));
}

#[test]
fn a_cut_can_be_chunked_a_reset_or_in_the_head() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "truncate", "framing": "chunked", "at": {"byte": 20}}));
    let answer = bench.issue("[5]");
    assert_eq!(
        (answer.text().as_str(), answer.end),
        ("14\r\n{\"data\":{\"5\":{\"id\":\"\r\n", End::Closed)
    );
    bench.fault(json!({"kind": "truncate", "at": {"beforeEnd": 1}, "end": "reset"}));
    assert_eq!(bench.issue("[5]").end, End::Reset);
    bench.fault(json!({"kind": "resetInBody"}));
    assert_eq!(bench.issue("[5]").end, End::Reset);
    bench.fault(json!({"kind": "truncateHead", "at": {"byte": 12}}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.head.as_str(), answer.end), ("HTTP/1.1 200", End::Closed));
}

#[test]
fn a_call_can_end_without_an_answer() {
    let bench = Bench::start();
    for (kind, end, issued) in [
        ("resetAfterRead", End::Reset, 0),
        ("closeBeforeAnswer", End::Closed, 0),
        ("actThenDrop", End::Closed, 1),
        ("goAway", End::Closed, 1),
    ] {
        bench.fault(json!({"kind": kind}));
        let answer = bench.issue("[5]");
        assert_eq!((answer.end, answer.status, answer.head.as_str()), (end, 0, ""), "{kind}");
        assert_eq!(bench.summary()["issued"], issued, "{kind}");
    }
    bench.fault(json!({"kind": "streamReset", "reason": "cancel"}));
    assert_eq!(bench.issue("[5]").end, End::Reset);
    assert_eq!(bench.summary_when("aborted=5")["byStatus"], json!({"none": 5}));
}

#[test]
fn a_reset_can_come_before_the_body_is_read() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "resetBeforeRead"}));
    let mut stream = connect(bench.gateway.http());
    let bytes = bench.issue_bytes("[5]");
    let head = bytes.len().saturating_sub(3);
    stream.write_all(&bytes[..head]).unwrap();
    assert_eq!(read_more(&mut stream, &mut Vec::new()), Some(End::Reset));
    let summary = bench.summary();
    assert_eq!((&summary["calls"], &summary["arrivals"]), (&json!(1), &json!(0)));
}

#[test]
fn a_stall_before_the_headers_ends_with_the_client() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "stallBeforeHeaders", "apply": true}));
    let mut stream = connect(bench.gateway.http());
    stream.write_all(&bench.issue_bytes("[5]")).unwrap();
    assert_eq!(bench.summary_when("calls=1&issued=1&arrivals=1")["aborted"], 0);
    drop(stream);
    bench.summary_when("aborted=1&openCalls=0");
    assert_eq!(bench.lines("/account/calls")[0]["aborted"], true);
}

#[test]
fn stalls_end_when_the_faults_change() {
    let bench = Bench::start();
    let faults = [
        (json!({"kind": "stallBeforeHeaders"}), 0),
        (json!({"kind": "stallInBody", "at": {"byte": 1}}), 1),
    ];
    for (calls, (fault, bytes_before)) in (1..).zip(faults) {
        bench.fault(fault);
        let bytes = bench.issue_bytes("[5]");
        let address = bench.gateway.http();
        let client = std::thread::spawn(move || exchange(&mut connect(address), &bytes));
        bench.summary_when(&format!("calls={calls}&arrivals={calls}"));
        assert!(!client.is_finished());
        bench.control("DELETE", "/faults", "");
        let answer = client.join().unwrap();
        assert_eq!((answer.end, answer.body.len()), (End::Closed, bytes_before));
    }
    bench.summary_when("openCalls=0");
    assert_eq!(bench.issue("[5]").status, 200);
}

#[test]
fn a_hundred_stalled_calls_leave_nothing_behind() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "stallInBody", "at": {"share": 0.5}}));
    let bytes = bench.issue_bytes("[5]");
    let streams: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(bench.gateway.http());
            stream.write_all(&bytes).unwrap();
            stream
        })
        .collect();
    bench.summary_when("arrivals=100");
    streams.iter().for_each(|stream| stream.shutdown(Shutdown::Both).unwrap());
    drop(streams);
    bench.summary_when("aborted=100&openCalls=0");
}

#[test]
fn delays_and_drips_take_their_time_and_arrive_complete() {
    let bench = Bench::start();
    let started = Instant::now();
    bench.fault(json!({"kind": "delay", "ms": 60, "jitterMs": 10}));
    assert_eq!(bench.issue("[5]").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(60));
    let started = Instant::now();
    bench.fault(json!({"kind": "drip", "bytes": 20, "everyMs": 5}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.end, &answer.json()["data"]["5"]["customerId"]), (End::Complete, &json!(5)));
    assert!(started.elapsed() >= Duration::from_millis(45));
    let started = Instant::now();
    bench.control("DELETE", "/faults", "");
    bench.switch(json!({"latencyMs": 40}));
    assert_eq!(bench.issue("[5]").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(40));
}

#[test]
fn lengths_can_lie() {
    let bench = Bench::start();
    let length = right_answer_len();
    bench.fault(json!({"kind": "contentLengthLong", "by": 7}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.body.len(), answer.end), (length, End::Closed));
    bench.fault(json!({"kind": "contentLengthShort", "by": 7}));
    let named = bench.issue("[5]").header("content-length").unwrap();
    assert_eq!(named, length.saturating_sub(7).to_string());
}

#[test]
fn informational_answers_come_with_and_without_a_final_one() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "informational"}));
    let answer = bench.issue("[5]");
    assert_eq!((answer.status, answer.end, answer.body.len()), (103, End::Closed, 0));
    assert_eq!(bench.summary()["issued"], 0);
    bench.fault(json!({"kind": "informational", "status": 100, "then": true}));
    let answer = bench.issue("[5]");
    assert_eq!(answer.status, 100);
    assert!(answer.text().starts_with("HTTP/1.1 200 OK\r\n"), "{}", answer.text());
    assert!(answer.text().contains("\"customerId\":5,"));
    bench.fault(json!({"kind": "raw", "text": "SSH-2.0-nonsense\r\n\r\n"}));
    assert_eq!(bench.issue("[5]").head, "SSH-2.0-nonsense");
}

#[test]
fn a_half_close_follows_a_complete_answer() {
    let bench = Bench::start();
    bench.fault(json!({"kind": "halfClose"}));
    let mut stream = connect(bench.gateway.http());
    let answer = exchange(&mut stream, &bench.issue_bytes("[5]"));
    assert_eq!((answer.end, &answer.json()["data"]["5"]["customerId"]), (End::Complete, &json!(5)));
    assert_eq!(read_more(&mut stream, &mut Vec::new()), Some(End::Closed));
    drop(stream);
    assert_eq!(bench.summary_when("openCalls=0")["aborted"], 0);
}

#[test]
fn an_ordinary_connection_is_kept_and_used_again() {
    let bench = Bench::start();
    let mut stream = connect(bench.gateway.http());
    for _ in 0..3 {
        assert_eq!(exchange(&mut stream, &bench.issue_bytes("[5]")).status, 200);
    }
    assert_eq!(bench.control("GET", "/health", "").json()["openConnections"], 1);
}
