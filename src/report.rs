//! The outcomes of a run as rows, one id at a time or as CSV and NDJSON.

mod page;

use crate::csv;
use crate::decimal;
use crate::id::unpack_issuance_id;
use crate::job::{Job, Record};
use crate::json::Object;
use crate::ledger::{Issuance, Ledger};
use crate::outcome::{Cause, Outcome};
use crate::plan::Plan;
use crate::response::NO_TIME;
use crate::time::UnixTime;
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

/// The source of rows: a job in progress, or the record of a finished one.
pub trait RowSource {
    fn ledger(&self) -> &Ledger;
    fn plan(&self) -> &Plan;
}

impl RowSource for Job {
    fn ledger(&self) -> &Ledger {
        self.ledger()
    }

    fn plan(&self) -> &Plan {
        self.plan()
    }
}

impl RowSource for Record {
    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// The outcome of one id with all that is known about it.
pub struct OutcomeRow<'a> {
    pub customer: i64,
    pub outcome: Outcome,
    pub verified: Option<Verified>,
    pub detail: Detail<'a>,
}

/// The evidence of an outcome. Unknown ids have none; unsent ones need none, unless a read-back
/// showed that they were not issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The service's answer to the call.
    Answer,
    /// The customer's promotions, read twice afterwards.
    ReadBack,
}

impl Verified {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::ReadBack => "read-back",
        }
    }
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

/// The row of an id; `None` beyond the last one, while it has no outcome, and once it is forgotten.
pub fn row(source: &impl RowSource, index: u32) -> Option<OutcomeRow<'_>> {
    let ledger = source.ledger();
    let place = usize::try_from(index).ok()?;
    if ledger.is_forgotten(index) {
        return None;
    }
    let outcome = ledger.states().get(place)?.outcome()?;
    let detail = match ledger.issuance(index) {
        Some(issuance) => Detail::Issued(issued(source, index, &issuance)),
        None => Detail::Cause(ledger.cause_of(index)?),
    };
    let verified = match outcome {
        _ if ledger.is_read_back(index) => Some(Verified::ReadBack),
        Outcome::Issued | Outcome::Rejected => Some(Verified::Answer),
        Outcome::Unsent | Outcome::Unknown => None,
    };
    Some(OutcomeRow { customer: ledger.ids().get(place)?, outcome, verified, detail })
}

fn issued<'a>(source: &'a impl RowSource, index: u32, issuance: &Issuance) -> Issued<'a> {
    let extra = source.ledger().extra_texts(index);
    let id = match extra.and_then(|extra| extra.id.as_deref()) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(unpack_issuance_id(&issuance.id)),
    };
    let context = source.plan().context().as_str();
    let time = |millis| (millis != NO_TIME).then_some(millis);
    Issued {
        id,
        promotion: source.plan().promotion().as_str(),
        earned_from: extra.and_then(|extra| extra.earned_from.as_deref()).unwrap_or(context),
        event_time: time(issuance.event_time),
        valid_till: time(issuance.valid_till),
    }
}

/// Names of the columns of [`write_csv`].
pub const CSV_HEADER: &[u8] = b"customer_id,outcome,issuance_id,event_time,valid_till,\
earned_from_id,reason,service_code,http_status,message,request_id,verified_by\r\n";

/// Appends rows `from..from + count` as CSV (RFC 4180), the header before the first.
///
/// Texts are quoted and safe in a spreadsheet, see [`csv`]. Times are RFC 3339 in UTC.
pub fn write_csv(source: &impl RowSource, from: u32, count: u32, out: &mut Vec<u8>) {
    if from == 0 {
        out.extend_from_slice(CSV_HEADER);
    }
    let end = from.saturating_add(count).min(source.ledger().rows());
    for row in (from..end).filter_map(|index| row(source, index)) {
        decimal::write(row.customer, out);
        out.push(b',');
        out.extend_from_slice(row.outcome.name().as_bytes());
        match &row.detail {
            Detail::Issued(issued) => write_csv_issued(issued, out),
            Detail::Cause(cause) => write_csv_cause(cause, out),
        }
        out.push(b',');
        out.extend_from_slice(row.verified.map_or("", Verified::name).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

fn write_csv_issued(issued: &Issued<'_>, out: &mut Vec<u8>) {
    csv::write_text(&issued.id, out);
    for time in [issued.event_time, issued.valid_till] {
        out.push(b',');
        if let Some(millis) = time {
            UnixTime::from_millis(millis).write(out);
        }
    }
    csv::write_text(issued.earned_from, out);
    out.extend_from_slice(b",,,,,");
}

fn write_csv_cause(cause: &Cause, out: &mut Vec<u8>) {
    out.extend_from_slice(b",,,,,");
    out.extend_from_slice(cause.reason.code().as_bytes());
    csv::write_number(cause.code, out);
    csv::write_number(cause.status.map(i64::from), out);
    csv::write_text(&cause.message, out);
    csv::write_text(cause.request_id.as_deref().unwrap_or(""), out);
}

/// Appends rows `from..from + count` as NDJSON. Customer ids are strings, so that no reader
/// rounds them; times are milliseconds since 1970, as the service gives them.
pub fn write_ndjson(source: &impl RowSource, from: u32, count: u32, out: &mut Vec<u8>) {
    let end = from.saturating_add(count).min(source.ledger().rows());
    for row in (from..end).filter_map(|index| row(source, index)) {
        write_json(&row, out);
        out.push(b'\n');
    }
}

/// Bytes of the two times of a row in a page.
const PAGE_TIMES: usize = 16;

/// Rows `from..from + count`, or as many as there are, packed so that a caller can make many
/// objects cheaply: first two times for each row, then 44 characters for each row.
///
/// A time is a little-endian double of milliseconds since 1970, NaN if there is none. The
/// characters are a mark (`@` plus the number of digits of the customer id), the id in 19 places,
/// and the issuance id in 24. A row that does not fit this form is `@` and blanks, and must be read
/// by [`row`]: it was not issued, its issuance id or context has another form, it was read back, or
/// it is forgotten.
pub fn page(ledger: &Ledger, from: u32, count: u32) -> Vec<u8> {
    let rows = from..from.saturating_add(count).min(ledger.rows());
    let mut out = vec![b' '; rows.len().saturating_mul(PAGE_TIMES.saturating_add(page::ROW))];
    let (times, texts) = out.split_at_mut(rows.len().saturating_mul(PAGE_TIMES));
    let places = times.as_chunks_mut::<8>().0.as_chunks_mut().0.iter_mut();
    let texts = texts.as_chunks_mut().0.iter_mut();
    let ids = ledger.ids_of(&rows).unwrap_or_default();
    for (((index, id), [event_time, valid_till]), text) in rows.zip(ids).zip(places).zip(texts) {
        let needs_row = ledger.extra_texts(index).is_some()
            || ledger.is_read_back(index)
            || ledger.is_forgotten(index);
        match ledger.issuance(index).filter(|_| !needs_row) {
            Some(issuance) => {
                *event_time = double(issuance.event_time);
                *valid_till = double(issuance.valid_till);
                page::write(id, &issuance.id, text);
            }
            None => {
                if let Some(mark) = text.first_mut() {
                    *mark = page::MARK;
                }
            }
        }
    }
    out
}

fn double(millis: i64) -> [u8; 8] {
    let number = if millis == NO_TIME { f64::NAN } else { millis as f64 };
    number.to_le_bytes()
}

/// Appends one row as a JSON object.
pub fn write_json(row: &OutcomeRow<'_>, out: &mut Vec<u8>) {
    let mut customer = Vec::new();
    decimal::write(row.customer, &mut customer);
    let mut object = Object::begin(out);
    object.text("outcome", Some(row.outcome.name()));
    object.bytes("customerId", Some(&customer));
    object.text("verifiedBy", row.verified.map(Verified::name));
    match &row.detail {
        Detail::Issued(issued) => {
            object.text("id", Some(&issued.id));
            object.text("promotionId", Some(issued.promotion));
            object.text("earnedFromId", Some(issued.earned_from));
            object.number("eventTime", issued.event_time);
            object.number("validTill", issued.valid_till);
        }
        Detail::Cause(cause) => write_cause(cause, &mut object),
    }
    object.end();
}

/// The fields of a cause, which are the same for all ids that share it.
pub fn write_cause(cause: &Cause, object: &mut Object<'_>) {
    object.text("reason", Some(cause.reason.code()));
    object.number("code", cause.code);
    object.number("status", cause.status.map(i64::from));
    object.text("message", Some(&cause.message));
    object.text("requestId", cause.request_id.as_deref());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{ExtraTexts, State};
    use crate::outcome::{Reason, Unknown};

    #[test]
    fn a_page_has_the_rows_that_are_issued_and_not_forgotten() {
        let mut ledger = Ledger::new(vec![11, 22, 33, 44]);
        ledger.depart(&(0..3)).unwrap();
        ledger.issue_all(&(0..3), &[[7; 12]; 3], &[5; 3], &[NO_TIME; 3]).unwrap();
        // As in a resumed run: the columns hold the outcomes of earlier processes.
        ledger.drain();
        ledger.forget(&(1..2));
        let rows = page(&ledger, 0, 9);
        let (times, texts) = rows.split_at(4 * PAGE_TIMES);
        assert_eq!(times[..8], double(5));
        assert!(f64::from_le_bytes(times[8..16].try_into().unwrap()).is_nan());
        let marks = texts.chunks(page::ROW).map(|text| text[0]).collect::<Vec<_>>();
        assert_eq!(marks, [page::MARK + 2, page::MARK, page::MARK + 2, page::MARK]);
    }

    #[test]
    fn a_page_leaves_out_what_is_out_of_the_ordinary() {
        let mut ledger = Ledger::new(vec![11, 22, 33]);
        ledger.depart(&(0..3)).unwrap();
        let issuance = Issuance { id: [7; 12], event_time: 5, valid_till: 9 };
        let extra = ExtraTexts { id: Some("17".into()), earned_from: None };
        ledger.issue(0, &issuance, Some(extra)).unwrap();
        ledger.issue(1, &issuance, None).unwrap();
        let cause = ledger.cause(Cause::new(Reason::Unknown(Unknown::Timeout)));
        ledger.settle(2, State::InFlight, cause).unwrap();
        ledger.find_issued(2, &issuance, None).unwrap();
        let rows = page(&ledger, 0, 3);
        let texts = rows[3 * PAGE_TIMES..].chunks(page::ROW);
        let marks = texts.map(|text| text[0]).collect::<Vec<_>>();
        assert_eq!(marks, [page::MARK, page::MARK + 2, page::MARK]);
    }
}
