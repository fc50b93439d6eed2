//! Answers of HTTP/1.1 written by hand, for everything a correct server refuses to send.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::Result;

use http::{HeaderMap, StatusCode};
use tokio::time::sleep;

use super::{Channel, Step};
use crate::clock::now_ms;
use crate::fault::{DateFormat, http_date};

/// Status line and headers, with the blank line. A Date is added when there is none.
pub(crate) fn head_of(status: u16, headers: &HeaderMap, framing: &str) -> Vec<u8> {
    let reason = StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("Unknown"));
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        // Writing to a String cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !headers.contains_key("date") {
        let _ = write!(head, "date: {}\r\n", http_date(now_ms(), DateFormat::Imf));
    }
    head.push_str(framing);
    head.push_str("\r\n");
    head.into_bytes()
}

/// Follows the steps on the connection. Returns after the last byte is with the kernel.
pub(crate) async fn write_steps(channel: &Channel, steps: VecDeque<Step>) -> Result<()> {
    for step in steps {
        match step {
            Step::Data(bytes, times) => {
                for _ in 0..times {
                    channel.write(&bytes).await?;
                }
            }
            Step::Sleep(time) => sleep(time).await,
            Step::Stall(until) => until.await,
            Step::Reset(_) => channel.kill(true),
        }
    }
    Ok(())
}
