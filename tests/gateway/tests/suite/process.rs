//! The program: its line, its flags, its end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{BASIC, connect, control, request};

fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_issue-bulk-gateway"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn started(arguments: &[&str]) -> (Child, Value) {
    let mut child = gateway(arguments).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[test]
fn it_says_where_it_listens_and_ends_with_its_input() {
    let (mut child, ready) = started(&["--exit-with-stdin", "--https-port", "0"]);
    let names: Vec<&String> = ready.as_object().unwrap().keys().collect();
    assert_eq!(names, ["http", "https", "control", "certificate"]);
    assert!(ready["https"].as_str().unwrap().starts_with("127.0.0.1:"));
    let pem = ready["certificate"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE"));
    let address = ready["control"].as_str().unwrap().parse().unwrap();
    assert_eq!(control(address, "GET", "/health", "").json()["ok"], true);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_beyond_its_memory_is_streamed() {
    const BYTES: u64 = 200_000_000;
    let (mut child, ready) = started(&["--exit-with-stdin"]);
    let address = |name: &str| ready[name].as_str().unwrap().parse().unwrap();
    let rules = json!({"rules": [{"fault": {"kind": "oversized", "bytes": BYTES}}]});
    let put = control(address("control"), "PUT", "/faults", &rules.to_string());
    assert_eq!(put.status, 200);
    let promotion = issue_bulk_gateway::world::PROMOTION;
    let target = format!("/api_gateway/v1/promotions/{promotion}/issueBulk?contextId=1");
    let with = [("authorization", BASIC), ("connection", "close")];
    let mut stream = connect(address("http"));
    stream.write_all(request("POST", &target, &with, "[5]").as_bytes()).unwrap();
    let read = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
    assert!(read > BYTES);
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kib < 64 * 1_024, "{peak_kib} KiB");
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn it_ends_cleanly_on_either_signal_and_not_before() {
    for signal in ["-TERM", "-INT"] {
        let (mut child, ready) = started(&["--bench"]);
        assert_eq!(ready["https"], Value::Null);
        drop(child.stdin.take());
        let address = ready["control"].as_str().unwrap().parse().unwrap();
        assert_eq!(control(address, "GET", "/health", "").status, 200);
        let kill = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn it_reads_a_world_and_customers_and_names_what_is_wrong_with_them() {
    let directory = std::env::temp_dir().join(format!("gateway-world-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let path = |name: &str| directory.join(name).to_str().unwrap().to_string();
    let write = |name: &str, text: &str| {
        std::fs::File::create(path(name)).unwrap().write_all(text.as_bytes()).unwrap();
        path(name)
    };
    let promotion = json!({"id": "67dd4210ef21a64211227aaa", "type": "CUSTOMER"});
    let world = write("world.json", &json!({"promotions": [promotion]}).to_string());
    let customers = write("customers.csv", "customerId\n5\n6\n");
    let (mut child, ready) =
        started(&["--exit-with-stdin", "--world", &world, "--customers", &customers]);
    let address = ready["control"].as_str().unwrap().parse().unwrap();
    let known = control(address, "GET", "/world", "").json();
    assert_eq!(known["promotions"][0]["id"], "67dd4210ef21a64211227aaa");
    assert_eq!(known["customers"], json!(["5", "6"]));
    drop(child.stdin.take());
    child.wait().unwrap();

    let bad = write("bad.csv", "5\nfive\n");
    for arguments in [["--customers", &bad], ["--world", &bad], ["--world", "/nowhere"]] {
        let mut child = gateway(&arguments).spawn().unwrap();
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(error.contains(arguments[1]), "{error}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}
