//! The outcomes of one batch as columns: runs of rows with one cause, then packed issuance ids,
//! times as differences, and the few texts that fit no column.

use super::wire::{Cursor, put_bytes, put_deltas, put_number, put_option, put_signed};
use crate::ledger::{CauseIndex, ExtraTexts, Issuance, Ledger, State};
use crate::outcome::{Cause, Outcome, Reason};
use alloc::vec::Vec;
use core::ops::Range;

/// The byte after the length of a run of rows.
const ISSUED: u64 = 0;
const NEW_CAUSE: u64 = 1;
/// Added to the number of a cause that this record already holds.
const KNOWN_CAUSE: u64 = 2;
/// Causes that are compared before one is written again; equal causes are close to each other.
const COMPARED: usize = 32;

/// Appends the outcomes of settled rows.
pub(super) fn write(ledger: &Ledger, rows: &Range<u32>, out: &mut Vec<u8>) {
    write_runs(ledger, rows, out);
    let issued = || rows.clone().filter_map(|row| Some((row, ledger.issuance(row)?)));
    issued().for_each(|(_, issuance)| out.extend_from_slice(&issuance.id));
    put_deltas(out, issued().map(|(_, issuance)| issuance.event_time));
    put_deltas(out, issued().map(|(_, issuance)| issuance.valid_till));
    let extra = || rows.clone().filter_map(|row| Some((row, ledger.extra_texts(row)?)));
    put_number(out, extra().count() as u64);
    for (row, extra) in extra() {
        put_number(out, row.saturating_sub(rows.start).into());
        put_option(out, extra.id.as_deref());
        put_option(out, extra.earned_from.as_deref());
    }
}

fn write_runs(ledger: &Ledger, rows: &Range<u32>, out: &mut Vec<u8>) {
    let number = |row: u32| usize::try_from(row).ok().and_then(|row| ledger.causes().get(row));
    let mut told: Vec<u16> = Vec::new();
    let mut row = rows.start;
    while row < rows.end {
        let cause = number(row);
        let end = (row..rows.end).find(|other| number(*other) != cause).unwrap_or(rows.end);
        put_number(out, end.saturating_sub(row).into());
        match ledger.cause_of(row).zip(cause) {
            None => put_number(out, ISSUED),
            Some((cause, number)) => {
                let recent = told.iter().enumerate().rev().take(COMPARED);
                match recent.into_iter().find(|(_, known)| *known == number) {
                    Some((place, _)) => put_number(out, KNOWN_CAUSE.saturating_add(place as u64)),
                    None => {
                        told.push(*number);
                        put_number(out, NEW_CAUSE);
                        write_cause(cause, out);
                    }
                }
            }
        }
        row = end;
    }
}

/// Appends a cause. Its reason travels as the code that the report shows, which stays the same.
pub(super) fn write_cause(cause: &Cause, out: &mut Vec<u8>) {
    out.push(cause.reason.outcome() as u8);
    put_bytes(out, cause.reason.code().as_bytes());
    put_number(out, cause.status.map_or(0, u64::from));
    match cause.code {
        None => put_number(out, 0),
        Some(code) => {
            put_number(out, 1);
            put_signed(out, code);
        }
    }
    put_bytes(out, cause.message.as_bytes());
    put_option(out, cause.request_id.as_deref());
}

/// Reads what [`write_cause`] wrote.
pub(super) fn read_cause(cursor: &mut Cursor<'_>) -> Option<Cause> {
    let outcome = *Outcome::ALL.get(usize::from(*cursor.take(1)?.first()?))?;
    let reason = Reason::find(outcome, cursor.text()?)?;
    let status = u16::try_from(cursor.number()?).ok()?;
    let code = match cursor.number()? {
        0 => None,
        _ => Some(cursor.signed()?),
    };
    let (message, request_id) = (cursor.text()?.into(), cursor.option()?);
    Some(Cause { reason, status: (status > 0).then_some(status), code, message, request_id })
}

/// Settles rows in flight by what [`write`] wrote; `None` if the bytes are anything else.
pub(super) fn read(cursor: &mut Cursor<'_>, rows: &Range<u32>, ledger: &mut Ledger) -> Option<()> {
    let mut told: Vec<CauseIndex> = Vec::new();
    let mut issued: Vec<Range<u32>> = Vec::new();
    let mut row = rows.start;
    while row < rows.end {
        let end = row.checked_add(cursor.small()?)?;
        if end == row || end > rows.end {
            return None;
        }
        let cause = match cursor.number()? {
            ISSUED => None,
            NEW_CAUSE => {
                let cause = ledger.cause(read_cause(cursor)?);
                told.push(cause);
                Some(cause)
            }
            known => {
                let place = usize::try_from(known.checked_sub(KNOWN_CAUSE)?).ok()?;
                Some(*told.get(place)?)
            }
        };
        match cause {
            None => issued.push(row..end),
            Some(cause) => ledger.settle_all(&(row..end), State::InFlight, cause).ok()?,
        }
        row = end;
    }
    read_issued(cursor, rows.start, issued, ledger)
}

fn read_issued(
    cursor: &mut Cursor<'_>,
    start: u32,
    issued: Vec<Range<u32>>,
    ledger: &mut Ledger,
) -> Option<()> {
    let count = issued.iter().map(ExactSizeIterator::len).fold(0, usize::saturating_add);
    let (ids, _) = cursor.take(count.checked_mul(12)?)?.as_chunks::<12>();
    let event_times = cursor.deltas(count)?;
    let valid_tills = cursor.deltas(count)?;
    let mut extra = read_extra_texts(cursor, start)?.into_iter().peekable();
    let columns = ids.iter().zip(event_times.into_iter().zip(valid_tills));
    for (row, (id, (event_time, valid_till))) in issued.into_iter().flatten().zip(columns) {
        let texts = extra.next_if(|(place, _)| *place == row).map(|(_, texts)| texts);
        ledger.issue(row, &Issuance { id: *id, event_time, valid_till }, texts).ok()?;
    }
    extra.next().is_none().then_some(())
}

fn read_extra_texts(cursor: &mut Cursor<'_>, start: u32) -> Option<Vec<(u32, ExtraTexts)>> {
    let count = cursor.small()?;
    let mut one = || {
        let row = start.checked_add(cursor.small()?)?;
        Some((row, ExtraTexts { id: cursor.option()?, earned_from: cursor.option()? }))
    };
    (0..count).map(|_| one()).collect()
}
