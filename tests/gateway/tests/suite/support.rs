//! A gateway in this process, and a client that sees every byte and how a connection ends.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use issue_bulk_gateway::world::{Customers, PROMOTION, World};
use issue_bulk_gateway::{Config, Gateway};
use serde_json::{Value, json};

/// The documented Basic vector of `store.server` / `server123`.
pub const BASIC: &str = "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";
/// No answer takes this long; a test that would hang fails instead.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

pub struct Bench {
    pub gateway: Gateway,
}

/// What came back before the connection was free again or ended.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    pub end: End,
}

/// How reading an answer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// With its last byte.
    Complete,
    /// The connection was closed before.
    Closed,
    /// The connection was reset.
    Reset,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_string())
        })
    }
}

impl Bench {
    pub fn start() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        Self { gateway: Gateway::start(config).expect("a gateway") }
    }

    /// Only these customers exist.
    pub fn knowing(ids: &[i64]) -> Self {
        let world = World { customers: Customers::only(ids.to_vec()), ..World::default() };
        Self::with(Config { world, ..Config::default() })
    }

    pub fn issue(&self, body: &str) -> Answer {
        self.issue_of(PROMOTION, body)
    }

    pub fn issue_of(&self, promotion: &str, body: &str) -> Answer {
        let target = format!("/api_gateway/v1/promotions/{promotion}/issueBulk?contextId=973");
        self.post(&target, body)
    }

    pub fn post(&self, target: &str, body: &str) -> Answer {
        self.send("POST", target, &[("authorization", BASIC)], body)
    }

    pub fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[("authorization", BASIC)], "")
    }

    pub fn send(&self, method: &str, target: &str, with: &[(&str, &str)], body: &str) -> Answer {
        let request = request(method, target, with, body);
        exchange(&mut connect(self.gateway.http()), request.as_bytes())
    }

    /// An issueBulk request as bytes, for tests that hold the connection themselves.
    pub fn issue_bytes(&self, body: &str) -> Vec<u8> {
        let target = format!("/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=973");
        request("POST", &target, &[("authorization", BASIC)], body).into_bytes()
    }

    pub fn control(&self, method: &str, path: &str, body: &str) -> Answer {
        control(self.gateway.control(), method, path, body)
    }

    pub fn switch(&self, patch: Value) {
        let answer = self.control("PATCH", "/switches", &patch.to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// One fault for every issueBulk call.
    pub fn fault(&self, fault: Value) {
        self.faults(json!([{"fault": fault}]));
    }

    pub fn faults(&self, rules: Value) {
        let body = json!({"seed": 1, "rules": rules}).to_string();
        let answer = self.control("PUT", "/faults", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub fn summary(&self) -> Value {
        self.control("GET", "/account/summary", "").json()
    }

    /// The summary once the conditions hold, for example `calls=1`.
    pub fn summary_when(&self, conditions: &str) -> Value {
        let path = format!("/account/summary?waitMs=15000&{conditions}");
        let summary = self.control("GET", &path, "").json();
        assert_eq!(summary["inTime"], true, "{conditions}: {summary}");
        summary
    }

    pub fn lines(&self, path: &str) -> Vec<Value> {
        let text = self.control("GET", path, "").text();
        text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
    }
}

pub fn control(address: SocketAddr, method: &str, path: &str, body: &str) -> Answer {
    exchange(&mut connect(address), request(method, path, &[], body).as_bytes())
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(READ_TIMEOUT)).expect("a timeout");
    stream.set_nodelay(true).expect("no delay");
    stream
}

pub fn request(method: &str, target: &str, with: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in with {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !with.iter().any(|(name, _)| *name == "content-type") {
        text.push_str("content-type: application/json\r\n");
    }
    format!("{text}content-length: {}\r\n\r\n{body}", body.len())
}

/// Sends a request and reads its answer. A reset while sending is an answer too.
pub fn exchange(stream: &mut TcpStream, request: &[u8]) -> Answer {
    let mut answer = Answer { status: 0, head: String::new(), body: Vec::new(), end: End::Reset };
    if stream.write_all(request).is_ok() {
        read_answer(stream, &mut answer);
    }
    answer
}

fn read_answer(stream: &mut TcpStream, answer: &mut Answer) {
    let mut bytes = Vec::new();
    loop {
        if let Some(split) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            answer.head = String::from_utf8_lossy(&bytes[..split]).into_owned();
            answer.status = answer.head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
            answer.body = bytes.split_off(split.saturating_add(4));
            break;
        }
        if let Some(end) = read_more(stream, &mut bytes) {
            answer.head = String::from_utf8_lossy(&bytes).into_owned();
            answer.end = end;
            return;
        }
    }
    let chunked = answer.header("transfer-encoding").as_deref() == Some("chunked");
    let length = answer.header("content-length").map(|length| length.parse::<usize>().unwrap());
    let bodiless = matches!(answer.status, 204 | 304);
    answer.end = loop {
        if bodiless || length.is_some_and(|length| answer.body.len() >= length) {
            break End::Complete;
        }
        if chunked && answer.body.ends_with(b"0\r\n\r\n") {
            answer.body = unchunk(&answer.body);
            break End::Complete;
        }
        if let Some(end) = read_more(stream, &mut answer.body) {
            break end;
        }
    };
}

/// Reads what is there; says how the connection ended if it did.
pub fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<End> {
    let mut part = vec![0; 64 * 1024];
    match stream.read(&mut part) {
        Ok(0) => Some(End::Closed),
        Ok(count) => {
            bytes.extend_from_slice(&part[..count]);
            None
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Some(End::Reset),
        Err(error) => panic!("neither bytes nor an end: {error}"),
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk size");
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return out;
        }
        rest = &rest[line.saturating_add(2)..];
        out.extend_from_slice(&rest[..size]);
        rest = &rest[size.saturating_add(2)..];
    }
}
