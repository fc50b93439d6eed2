//! Records on their way out.

use super::header::{Version, write_findings};
use super::wire::{put_deltas, put_number, put_signed};
use super::{GivenOut, Header, Intent, MAGIC, RecordKind, columns, crc};
use crate::id::BatchId;
use crate::intake::Findings;
use crate::ledger::Ledger;
use crate::outcome::Cause;
use crate::time::UnixTime;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

/// Collects the bytes of a journal until the driver stores them.
pub struct Writer {
    bytes: Vec<u8>,
    /// The checksum of everything so far.
    chain: u32,
}

impl Writer {
    /// A new journal.
    pub fn begin(header: &Header) -> Self {
        let mut writer = Self { bytes: MAGIC.to_vec(), chain: crc::START };
        writer.bytes.push(Version::default() as u8);
        writer.record(RecordKind::Header, |out| header.write(out));
        writer
    }

    /// More of a journal that was read; `chain` is where its last record left the checksum.
    pub(super) const fn go_on(chain: u32) -> Self {
        Self { bytes: Vec::new(), chain }
    }

    /// The next ids of the run, in the order of the input.
    pub fn ids(&mut self, ids: &[i64]) {
        self.record(RecordKind::Ids, |out| {
            let start = out.len();
            out.push(DELTAS);
            put_deltas(out, ids.iter().copied());
            let raw = mem::size_of_val(ids);
            if out.len().saturating_sub(start) > raw.saturating_add(1) {
                out.truncate(start);
                out.push(RAW);
                ids.iter().for_each(|id| out.extend_from_slice(&id.to_le_bytes()));
            }
        });
    }

    /// A batch is about to be sent; it may be sent only once this record is stored.
    pub fn intent(&mut self, intent: &Intent) {
        self.record(RecordKind::Intent, |out| {
            let Intent { batch, attempt, rows, at } = intent;
            for number in [batch.0, attempt.0, rows.start, rows.end] {
                put_number(out, number.into());
            }
            put_signed(out, at.as_millis());
        });
    }

    /// Every row of a batch has its outcome in `ledger`.
    pub fn outcome(&mut self, batch: BatchId, rows: &Range<u32>, ledger: &Ledger) {
        self.record(RecordKind::Outcome, |out| {
            put_number(out, batch.0.into());
            columns::write(ledger, rows, out);
        });
    }

    /// The rows of a batch are queued again: it was not processed, or never sent (`left` is false).
    /// `ambiguity` is the cause for which an earlier sending may have been processed, if the policy
    /// resends it.
    pub fn came_back(&mut self, batch: BatchId, left: bool, ambiguity: Option<&Cause>) {
        self.record(RecordKind::CameBack, |out| {
            put_number(out, batch.0.into());
            out.push(left.into());
            out.push(ambiguity.is_some().into());
            if let Some(ambiguity) = ambiguity {
                columns::write_cause(ambiguity, out);
            }
        });
    }

    /// The service takes no more than this many ids at once.
    pub fn shrunk(&mut self, size: u32) {
        self.record(RecordKind::Shrunk, |out| put_number(out, size.into()));
    }

    /// The run stops; what waits is not settled here, so that a resumed run can go on with it.
    pub fn stopped(&mut self, cause: &Cause) {
        self.record(RecordKind::Stopped, |out| columns::write_cause(cause, out));
    }

    /// Another process goes on at `at`. Open and ambiguous rows are unknown, or queued if
    /// `requeued`.
    pub fn resumed(&mut self, at: UnixTime, requeued: bool) {
        self.record(RecordKind::Resumed, |out| {
            put_signed(out, at.as_millis());
            out.push(requeued.into());
        });
    }

    /// The run has so many rows from now on; the ids of the new ones follow. `findings` are those
    /// of the longer list.
    pub fn extended(&mut self, rows: u32, findings: &Findings) {
        self.record(RecordKind::Extended, |out| {
            put_number(out, rows.into());
            write_findings(findings, out);
        });
    }

    /// Customers who were not sent are given out as a list of their own.
    pub fn given_out(&mut self, given_out: GivenOut) {
        self.record(RecordKind::GivenOut, |out| {
            put_signed(out, given_out.at.as_millis());
            put_number(out, given_out.ids.into());
        });
    }

    /// Nothing waits and nothing is open.
    pub fn done(&mut self) {
        self.record(RecordKind::Done, |_| {});
    }

    /// The bytes to append, in order.
    pub fn take(&mut self) -> Vec<u8> {
        mem::take(&mut self.bytes)
    }

    /// Bytes that wait to be taken.
    pub fn pending(&self) -> usize {
        self.bytes.len()
    }

    fn record(&mut self, kind: RecordKind, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.open(kind);
        write(&mut self.bytes);
        self.close(start);
    }

    /// Room for the head of a record; its length comes when it is known.
    fn open(&mut self, kind: RecordKind) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.push(kind as u8);
        self.bytes.extend_from_slice(&[0; 4]);
        start
    }

    fn close(&mut self, start: usize) {
        let Some((head, body)) =
            self.bytes.get_mut(start..).and_then(|record| record.split_first_chunk_mut::<9>())
        else {
            return;
        };
        let [l0, l1, l2, l3, kind, c0, c1, c2, c3] = head;
        let len = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
        ([*l0, *l1, *l2, *l3]) = len;
        let [a, b, c, d] = len;
        self.chain = crc::extend(self.chain, &[a, b, c, d, *kind]);
        ([*c0, *c1, *c2, *c3]) = self.chain.to_le_bytes();
        self.chain = crc::extend(self.chain, body);
        self.bytes.extend_from_slice(&self.chain.to_le_bytes());
    }
}

/// The encoding of a block of ids: differences to the one before, or eight bytes each.
pub(super) const DELTAS: u8 = 0;
pub(super) const RAW: u8 = 1;
