//! The outcomes of a run as rows: what the caller reads, one id at a time or as CSV and NDJSON.

use crate::id::{CustomerId, unpack_issuance_id};
use crate::job::Job;
use crate::ledger::Issuance;
use crate::outcome::{Cause, Outcome};
use crate::response::NO_TIME;
use crate::time::UnixTime;
use std::borrow::Cow;

/// The outcome of one id with everything known about it.
pub struct Row<'a> {
    pub customer: i64,
    pub outcome: Outcome,
    pub detail: Detail<'a>,
}

pub enum Detail<'a> {
    Issued(Issued<'a>),
    Cause(&'a Cause),
}

/// An issuance in the service's words (seed, "Response Body Parameters").
pub struct Issued<'a> {
    pub id: Cow<'a, str>,
    pub promotion: &'a str,
    pub earned_from: &'a str,
    pub event_time: Option<i64>,
    pub valid_till: Option<i64>,
}

/// The row of an id; `None` beyond the last one, or while it has no outcome.
pub fn row(job: &Job, index: u32) -> Option<Row<'_>> {
    let ledger = job.ledger();
    let place = usize::try_from(index).ok()?;
    let outcome = ledger.states().get(place)?.outcome()?;
    let detail = match ledger.issuance(index) {
        Some(issuance) => Detail::Issued(issued(job, index, &issuance)),
        None => Detail::Cause(ledger.cause_of(index)?),
    };
    Some(Row { customer: *ledger.ids().get(place)?, outcome, detail })
}

fn issued<'a>(job: &'a Job, index: u32, issuance: &Issuance) -> Issued<'a> {
    let odd = job.ledger().odd(index);
    let id = match odd.and_then(|odd| odd.id.as_deref()) {
        Some(text) => Cow::Borrowed(text),
        None => unpack_issuance_id(&issuance.id).iter().map(|digit| char::from(*digit)).collect(),
    };
    let context = job.plan().context().as_str();
    let time = |millis| (millis != NO_TIME).then_some(millis);
    Issued {
        id,
        promotion: job.plan().promotion().as_str(),
        earned_from: odd.and_then(|odd| odd.earned_from.as_deref()).unwrap_or(context),
        event_time: time(issuance.event_time),
        valid_till: time(issuance.valid_till),
    }
}

/// Names of the columns of [`write_csv`].
pub const CSV_HEADER: &[u8] = b"customer_id,outcome,issuance_id,event_time,valid_till,\
earned_from_id,reason,service_code,http_status,message,request_id\r\n";

/// Appends rows `from..from + count` as CSV (RFC 4180), the header before the first.
///
/// Every text is quoted, and one that a spreadsheet would run as a formula gets an apostrophe in
/// front (OWASP, "CSV Injection"). Times are RFC 3339 in UTC.
pub fn write_csv(job: &Job, from: u32, count: u32, out: &mut Vec<u8>) {
    if from == 0 {
        out.extend_from_slice(CSV_HEADER);
    }
    for row in (from..from.saturating_add(count)).map_while(|index| row(job, index)) {
        write_customer(row.customer, out);
        out.push(b',');
        out.extend_from_slice(row.outcome.name().as_bytes());
        match &row.detail {
            Detail::Issued(issued) => write_csv_issued(issued, out),
            Detail::Cause(cause) => write_csv_cause(cause, out),
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn write_csv_issued(issued: &Issued<'_>, out: &mut Vec<u8>) {
    csv_text(&issued.id, out);
    for time in [issued.event_time, issued.valid_till] {
        out.push(b',');
        if let Some(millis) = time {
            UnixTime::from_millis(millis).write(out);
        }
    }
    csv_text(issued.earned_from, out);
    out.extend_from_slice(b",,,,,");
}

fn write_csv_cause(cause: &Cause, out: &mut Vec<u8>) {
    out.extend_from_slice(b",,,,,");
    out.extend_from_slice(cause.reason.code().as_bytes());
    for number in [cause.code, cause.status.map(i64::from)] {
        out.push(b',');
        if let Some(number) = number {
            out.extend_from_slice(number.to_string().as_bytes());
        }
    }
    csv_text(&cause.message, out);
    csv_text(cause.request_id.as_deref().unwrap_or(""), out);
}

/// A separator and a quoted text; nothing between the separators where the text is empty.
fn csv_text(text: &str, out: &mut Vec<u8>) {
    out.push(b',');
    let Some(first) = text.bytes().next() else { return };
    out.push(b'"');
    if matches!(first, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n') {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends rows `from..from + count` as NDJSON. Customer ids are strings, so that no reader
/// rounds them; times are milliseconds since 1970, as the service gives them.
pub fn write_ndjson(job: &Job, from: u32, count: u32, out: &mut Vec<u8>) {
    for row in (from..from.saturating_add(count)).map_while(|index| row(job, index)) {
        out.extend_from_slice(b"{\"outcome\":\"");
        out.extend_from_slice(row.outcome.name().as_bytes());
        out.extend_from_slice(b"\",\"customerId\":\"");
        write_customer(row.customer, out);
        out.push(b'"');
        match &row.detail {
            Detail::Issued(issued) => {
                json_text("id", Some(&issued.id), out);
                json_text("promotionId", Some(issued.promotion), out);
                json_text("earnedFromId", Some(issued.earned_from), out);
                json_number("eventTime", issued.event_time, out);
                json_number("validTill", issued.valid_till, out);
            }
            Detail::Cause(cause) => {
                json_text("reason", Some(cause.reason.code()), out);
                json_number("code", cause.code, out);
                json_number("status", cause.status.map(i64::from), out);
                json_text("message", Some(&cause.message), out);
                json_text("requestId", cause.request_id.as_deref(), out);
            }
        }
        out.extend_from_slice(b"}\n");
    }
}

fn write_customer(customer: i64, out: &mut Vec<u8>) {
    if let Ok(id) = CustomerId::new(customer) {
        id.write(out);
    }
}

fn json_name(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn json_number(name: &str, number: Option<i64>, out: &mut Vec<u8>) {
    json_name(name, out);
    match number {
        Some(number) => out.extend_from_slice(number.to_string().as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

fn json_text(name: &str, text: Option<&str>, out: &mut Vec<u8>) {
    json_name(name, out);
    let Some(text) = text else {
        out.extend_from_slice(b"null");
        return;
    };
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            0..0x20 => {
                let digit = |value: u8| {
                    let digit = char::from_digit(u32::from(value), 16).unwrap_or('0');
                    u8::try_from(digit).unwrap_or(b'0')
                };
                out.extend_from_slice(b"\\u00");
                out.extend([digit(byte >> 4), digit(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
