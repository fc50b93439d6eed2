//! The account as NDJSON, streamed: a reader that is slow or leaves holds up nobody.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{ControlBody, refused};
use crate::account::{Account, CallPath, CallRecord, IssuanceRow};

/// Pages under way between the reader of the account and the socket.
const PAGES_AHEAD: usize = 4;
/// Lines sent together.
const LINES_PER_FRAME: usize = 2_000;

/// `GET /account/ids?promotionId=`.
pub(super) fn ids(account: &Arc<Account>, query: &str) -> Response<ControlBody> {
    let promotion = parameter(query, "promotionId");
    let account = account.clone();
    stream(move |sender| {
        for rows in account.customers(promotion.as_deref()).chunks(LINES_PER_FRAME) {
            let mut text = String::new();
            for (id, arrivals, issued) in rows {
                let line =
                    format_args!(r#"{{"id":"{id}","arrivals":{arrivals},"issued":{issued}}}"#);
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{line}");
            }
            sender.blocking_send(Ok(text)).ok()?;
        }
        Some(())
    })
}

/// `GET /account/issuances`.
pub(super) fn issuances(account: &Arc<Account>, query: &str) -> Response<ControlBody> {
    let customer = parameter(query, "customerId");
    let account = account.clone();
    // Rows that come later are left out, or a reader slower than the load would never end.
    let (_, last) = account.positions();
    stream(move |sender| {
        let mut after = 0;
        loop {
            let Ok(rows) = account.issuances(after) else { return lost(sender) };
            after = rows.last()?.seq;
            let wanted = |row: &&IssuanceRow| {
                row.seq <= last
                    && customer.as_ref().is_none_or(|wanted| row.customer.to_string() == *wanted)
            };
            let text = rows.iter().filter(wanted).map(issuance_line).collect();
            sender.blocking_send(Ok(text)).ok()?;
            if after >= last {
                return Some(());
            }
        }
    })
}

/// `GET /account/calls?path=issue|token|...|all&ids=full`.
pub(super) fn calls(account: &Arc<Account>, query: &str) -> Response<ControlBody> {
    let path = parameter(query, "path").unwrap_or_else(|| CallPath::Issue.name().into());
    if path != "all" && !CallPath::ALL.iter().any(|known| known.name() == path) {
        return refused(StatusCode::BAD_REQUEST, "no such path; use all, issue, token ...");
    }
    let full = parameter(query, "ids").as_deref() == Some("full");
    let account = account.clone();
    let (last, _) = account.positions();
    stream(move |sender| {
        let mut after = 0;
        loop {
            let Ok(calls) = account.calls(after) else { return lost(sender) };
            after = calls.last()?.id;
            let wanted =
                |call: &&CallRecord| call.id <= last && (path == "all" || call.path.name() == path);
            let text = calls.iter().filter(wanted).map(|call| call_line(call, full)).collect();
            sender.blocking_send(Ok(text)).ok()?;
            if after >= last {
                return Some(());
            }
        }
    })
}

fn issuance_line(row: &IssuanceRow) -> String {
    let value = json!({
        "id": row.object_id.to_string(),
        "customerId": row.customer.to_string(),
        "promotionId": row.promotion,
        "earnedFromId": row.context,
        "eventTime": row.event_time,
        "validTill": row.valid_till,
        "call": row.call,
        "revoked": row.revoked
    });
    format!("{value}\n")
}

fn call_line(call: &CallRecord, full: bool) -> String {
    let names: Vec<&str> = call.header_names.split_whitespace().collect();
    let mut value = json!({
        "call": call.number,
        "path": call.path.name(),
        "status": call.status,
        "ids": call.customers.len(),
        "fault": call.fault,
        "requestId": call.request_id,
        "at": call.at_ms,
        "promotionId": call.promotion,
        "contextId": call.context,
        "target": call.target,
        "http": call.http,
        "bodyBytes": call.body_bytes,
        "headers": names,
        "attribution": attribution(&call.attribution),
        "aborted": call.aborted
    });
    if full && let Some(fields) = value.as_object_mut() {
        let ids: Vec<String> = call.customers.iter().map(i64::to_string).collect();
        fields.insert("customerIds".into(), ids.into());
    }
    format!("{value}\n")
}

fn attribution(kept: &str) -> Value {
    let pairs = kept.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_string(), Value::from(value))).collect()
}

type Line = Result<String, std::io::Error>;

/// Runs the producer on a thread of its own, because it reads SQLite and blocks on a slow reader.
fn stream(
    produce: impl FnOnce(&Sender<Line>) -> Option<()> + Send + 'static,
) -> Response<ControlBody> {
    let (sender, receiver) = channel::<Line>(PAGES_AHEAD);
    tokio::task::spawn_blocking(move || {
        // `None` is the end of the rows or of the reader; either way there is no more to do.
        produce(&sender);
    });
    let body = StreamBody::new(Lines(receiver)).boxed_unsync();
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert("content-type", kind);
    response
}

/// An unreadable account must not look like the end of one.
fn lost(sender: &Sender<Line>) -> Option<()> {
    sender.blocking_send(Err(std::io::Error::other("the account could not be read"))).ok()
}

struct Lines(Receiver<Line>);

impl futures_core::Stream for Lines {
    type Item = Result<Frame<Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let line = self.0.poll_recv(cx);
        line.map(|line| line.map(|line| line.map(|text| Frame::data(Bytes::from(text)))))
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
}
