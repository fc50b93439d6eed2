//! The account: exact, durable, readable under load.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use issue_bulk_gateway::world::PROMOTION_ONCE;
use issue_bulk_gateway::{AccountPlace, Config};
use serde_json::{Value, json};

use crate::support::{Bench, connect, control, exchange, request};

/// A directory of its own for one test, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("issue-bulk-gateway-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("account.sqlite")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn on_disk(path: &Path) -> Bench {
    Bench::with(Config { account: AccountPlace::File(path.into()), ..Config::default() })
}

fn spawn(path: &Path) -> (Child, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_issue-bulk-gateway"))
        .arg("--account")
        .arg(path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[test]
fn memory_and_disk_keep_the_same_account() {
    let scratch = Scratch::new();
    for bench in [Bench::start(), on_disk(&scratch.file())] {
        bench.issue("[5,6]");
        bench.issue("[6,7]");
        bench.issue_of(PROMOTION_ONCE, "[5,5]");
        let summary = bench.summary();
        let expected = json!({"calls": 3, "callsByPath": {"issue": 3}, "arrivals": 6, "issued": 5,
            "distinctArrived": 4, "distinctIssued": 4, "duplicatesIssued": 1,
            "maxIssuedPerCustomer": 2, "byStatus": {"200": 3}, "aborted": 0});
        assert_eq!(summary, expected);
        let ids = bench.lines("/account/ids");
        assert_eq!(ids[0], json!({"id": "5", "arrivals": 3, "issued": 2}));
        assert_eq!(ids[1], json!({"id": "6", "arrivals": 2, "issued": 2}));
        let once = bench.lines(&format!("/account/ids?promotionId={PROMOTION_ONCE}"));
        assert_eq!(once, [json!({"id": "5", "arrivals": 2, "issued": 1})]);
        let issuances = bench.lines("/account/issuances");
        let customers: Vec<&str> =
            issuances.iter().map(|row| row["customerId"].as_str().unwrap()).collect();
        assert_eq!(customers, ["5", "6", "6", "7", "5"]);
        let calls = bench.lines("/account/calls?ids=full");
        assert_eq!(calls[2]["customerIds"], json!(["5", "5"]));
        assert_eq!((&calls[2]["call"], &calls[2]["status"]), (&json!(3), &json!(200)));
        assert_eq!(bench.control("POST", "/reset", "").status, 200);
        assert!(bench.lines("/account/issuances").is_empty());
        assert!(bench.lines("/account/ids").is_empty() && bench.lines("/account/calls").is_empty());
        assert_eq!(bench.issue("[9]").status, 200);
        assert_eq!(bench.lines("/account/calls")[0]["call"], 1);
    }
}

#[test]
fn a_restart_continues_where_it_stopped() {
    let scratch = Scratch::new();
    let first = on_disk(&scratch.file());
    first.issue_of(PROMOTION_ONCE, "[5]");
    let before = first.lines("/account/issuances");
    let summary = first.summary();
    drop(first);
    let second = on_disk(&scratch.file());
    assert_eq!(second.summary(), summary);
    let value = second.issue_of(PROMOTION_ONCE, "[5,6]").json();
    assert_eq!(value["data"]["5"]["error"]["code"], 708);
    let after = second.lines("/account/issuances");
    assert_eq!(after[..1], before[..]);
    assert_ne!(after[1]["id"], after[0]["id"]);
    assert_eq!(second.lines("/account/calls")[1]["call"], 2);
}

/// Clients write without pause until the process is killed in the middle; every id of every
/// answer they received must be in the account that the next process opens.
#[test]
fn kill_9_loses_nothing_that_was_answered() {
    let scratch = Scratch::new();
    let mut answered: Vec<String> = Vec::new();
    for round in 0..3_i64 {
        let (mut child, ready) = spawn(&scratch.file());
        let address = ready["http"].as_str().unwrap().parse().unwrap();
        let clients: Vec<_> = (0..4_i64)
            .map(|client| thread::spawn(move || write_until_dead(address, round, client)))
            .collect();
        let control_address = ready["control"].as_str().unwrap().parse().unwrap();
        let before = control(control_address, "GET", "/account/summary", "").json();
        let calls = before["calls"].as_u64().unwrap() + 40;
        let wait = format!("/account/summary?waitMs=15000&calls={calls}");
        assert_eq!(control(control_address, "GET", &wait, "").json()["inTime"], true);
        child.kill().unwrap();
        child.wait().unwrap();
        for client in clients {
            answered.extend(client.join().unwrap());
        }
    }
    assert!(answered.len() >= 20 * 36 * 3, "{}", answered.len());
    let bench = on_disk(&scratch.file());
    let kept: std::collections::HashSet<String> = bench
        .lines("/account/issuances")
        .iter()
        .map(|row| row["customerId"].as_str().unwrap().to_string())
        .collect();
    let lost: Vec<_> = answered.iter().filter(|id| !kept.contains(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let summary = bench.summary();
    assert_eq!(summary["issued"], kept.len());
    assert_eq!(summary["arrivals"], summary["issued"]);
}

fn write_until_dead(address: std::net::SocketAddr, round: i64, client: i64) -> Vec<String> {
    let mut answered = Vec::new();
    let mut stream = connect(address);
    let start =
        round.saturating_mul(1_000_000_000).saturating_add(client.saturating_mul(100_000_000));
    let mut numbers = start.saturating_add(1)..;
    loop {
        let ids: Vec<String> = numbers.by_ref().take(20).map(|id| id.to_string()).collect();
        let target = format!(
            "/api_gateway/v1/promotions/{}/issueBulk?contextId=k",
            issue_bulk_gateway::world::PROMOTION
        );
        let with = [("authorization", crate::support::BASIC)];
        let bytes = request("POST", &target, &with, &format!("[{}]", ids.join(",")));
        let answer = exchange(&mut stream, bytes.as_bytes());
        if answer.end != crate::support::End::Complete {
            break;
        }
        answered.extend(ids);
    }
    answered
}

#[test]
fn the_account_can_be_read_while_it_grows() {
    let scratch = Scratch::new();
    let bench = on_disk(&scratch.file());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for first in [1_i64, 100_000_000] {
            let (bench, stop) = (&bench, &stop);
            scope.spawn(move || {
                let mut stream = connect(bench.gateway.http());
                let mut numbers = first..;
                while !stop.load(Ordering::Relaxed) {
                    let ids: Vec<String> =
                        numbers.by_ref().take(200).map(|id| id.to_string()).collect();
                    let bytes = bench.issue_bytes(&format!("[{}]", ids.join(",")));
                    assert_eq!(exchange(&mut stream, &bytes).status, 200);
                }
            });
        }
        for path in ["/account/ids", "/account/issuances", "/account/calls", "/account/summary"] {
            bench.summary_when("issued=2000");
            assert!(!bench.lines(path).is_empty(), "{path}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let issued = bench.summary()["issued"].as_u64().unwrap();
    assert_eq!(bench.lines("/account/issuances").len() as u64, issued);
    assert_eq!(bench.lines("/account/ids").len() as u64, issued);
}

#[test]
fn a_reader_that_leaves_or_dawdles_harms_nobody() {
    let bench = Bench::start();
    let ids: Vec<String> = (1..=20_000).map(|id: i32| id.to_string()).collect();
    bench.issue(&format!("[{}]", ids.join(",")));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(bench.gateway.control());
            let bytes = request("GET", "/account/issuances", &[], "");
            stream.write_all(bytes.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert_eq!(bench.issue("[30000]").status, 200);
    drop(readers);
    assert_eq!(bench.lines("/account/issuances").len(), 20_001);
}

#[test]
fn bench_mode_counts_without_keeping() {
    let bench = Bench::with(Config { account: AccountPlace::Counters, ..Config::default() });
    assert_eq!(bench.issue("[5,6]").json()["data"]["6"]["customerId"], 6);
    let summary = bench.summary();
    assert_eq!((&summary["issued"], &summary["arrivals"]), (&json!(2), &json!(2)));
    assert!(bench.lines("/account/ids").is_empty());
}

#[test]
fn a_file_that_is_no_account_is_refused() {
    let scratch = Scratch::new();
    std::fs::write(scratch.file(), "not a database, but long enough to be looked at").unwrap();
    let config = Config { account: AccountPlace::File(scratch.file()), ..Config::default() };
    let Err(error) = issue_bulk_gateway::Gateway::start(config) else { panic!("it started") };
    assert!(error.to_string().contains("account.sqlite"), "{error}");
}
