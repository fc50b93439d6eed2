//! Measures how many ids per second a gateway takes.
//!
//! `load [--http ADDRESS] [--calls N] [--ids N] [--connections N]`: without an address it starts a
//! gateway in bench mode in its own process. See the README for measuring one pinned to a core.

use std::io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::Parser;
use issue_bulk_gateway::{AccountPlace, Config, Gateway, world};

/// The documented Basic vector of `store.server` (api.md 7).
const AUTHORIZATION: &str = "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";

/// Loads a gateway with issueBulk calls of distinct ids and prints ids per second.
#[derive(Parser)]
struct Arguments {
    /// Address of the service; without it a gateway is started here
    #[arg(long)]
    http: Option<SocketAddr>,
    /// Calls in all
    #[arg(long, default_value_t = 2_000)]
    calls: u64,
    /// Ids per call
    #[arg(long, default_value_t = 1_000)]
    ids: u64,
    /// Connections, each with one call at a time
    #[arg(long, default_value_t = 6)]
    connections: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let own = match arguments.http {
        Some(_) => None,
        None => {
            let config = Config { account: AccountPlace::Counters, ..Config::default() };
            Some(Gateway::start(config).map_err(Error::other)?)
        }
    };
    let address = arguments.http.or_else(|| own.as_ref().map(Gateway::http));
    let address = address.ok_or_else(|| Error::other("no gateway"))?;
    let share = arguments.calls.div_ceil(arguments.connections.max(1));
    let ids = arguments.ids;
    let start = Instant::now();
    let workers: Vec<_> = (0..arguments.connections)
        .map(|worker| thread::spawn(move || connection(address, worker, share, ids)))
        .collect();
    let mut bytes = 0_u64;
    for worker in workers {
        let read = worker.join().map_err(|_| Error::other("a connection panicked"))??;
        bytes = bytes.saturating_add(read);
    }
    let seconds = start.elapsed().as_secs_f64();
    let calls = share.saturating_mul(arguments.connections);
    let issued = calls.saturating_mul(ids);
    // Rates are for people to read, so floats are fine here.
    println!(
        "{calls} calls of {ids} ids in {seconds:.2} s: {:.0} ids/s, {:.0} calls/s, {:.0} MB/s",
        issued as f64 / seconds,
        calls as f64 / seconds,
        bytes as f64 / seconds / 1e6
    );
    Ok(())
}

/// Sends this connection's calls one after the other; returns the bytes of the answers.
fn connection(address: SocketAddr, worker: u64, calls: u64, ids: u64) -> Result<u64> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(256 * 1_024, stream.try_clone()?);
    let mut writer = stream;
    let mut total = 0_u64;
    let mut sink = vec![0_u8; 256 * 1_024];
    for call in 0..calls {
        let first = worker
            .saturating_mul(calls)
            .saturating_add(call)
            .saturating_mul(ids)
            .saturating_add(100_000_000);
        writer.write_all(&request(first, ids))?;
        let mut left = answer_length(&mut reader)?;
        total = total.saturating_add(left);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(sink.len());
            let Some(part) = sink.get_mut(..most) else { break };
            let read = reader.read(part)?;
            if read == 0 {
                return Err(Error::other("the answer was cut"));
            }
            left = left.saturating_sub(read as u64);
        }
    }
    Ok(total)
}

fn request(first: u64, ids: u64) -> Vec<u8> {
    let list: Vec<String> = (first..first.saturating_add(ids)).map(|id| id.to_string()).collect();
    let body = format!("[{}]", list.join(","));
    format!(
        "POST /api_gateway/v1/promotions/{}/issueBulk?contextId=load HTTP/1.1\r\n\
         Host: 127.0.0.1\r\nAuthorization: {AUTHORIZATION}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        world::PROMOTION,
        body.len()
    )
    .into_bytes()
}

/// Reads the head of an answer; any status but 200 ends the measurement.
fn answer_length(reader: &mut BufReader<TcpStream>) -> Result<u64> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200 ") {
        return Err(Error::other(format!("unexpected answer: {}", line.trim_end())));
    }
    let mut length = None;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            return length.ok_or_else(|| Error::other("an answer without a length"));
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
}
