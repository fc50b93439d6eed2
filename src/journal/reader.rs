//! Bytes to records: frames, checksums, the torn tail.

use super::header::Version;
use super::replay::{Recovered, Replay};
use super::wire::Cursor;
use super::{Damage, DamageReason, MAGIC, RecordKind, crc};
use crate::limits::JOURNAL_RECORD_BYTES_MAX;
use alloc::vec::Vec;

/// Length, kind and checksum.
const HEAD_BYTES: usize = 9;
const CHECK_BYTES: usize = 4;
/// Bytes read at once, so that a journal that is fed whole is not held twice.
const PIECE_BYTES: usize = 64 << 10;

/// Zeros at the end that count as a torn tail: more than is ever stored at once.
const ZEROS_MAX: usize = 4 << 20;

/// Reads a journal in pieces of any size. It holds one record at a time.
pub struct Reader {
    /// The bytes of the first incomplete record so far.
    held: Vec<u8>,
    /// Offset of `held` in the journal.
    offset: u64,
    chain: u32,
    begun: bool,
    replay: Replay,
    damage: Option<Damage>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            offset: 0,
            chain: crc::START,
            begun: false,
            replay: Replay::default(),
            damage: None,
        }
    }
}

impl Reader {
    /// The next bytes of the journal.
    pub fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE_BYTES) {
            if self.damage.is_none() {
                self.held.extend_from_slice(piece);
                self.damage = self.read_records().err();
            }
        }
    }

    /// The recovered run; `None` if the journal was torn before a run could begin. A torn tail is
    /// dropped: [`Recovered::bytes`] is the length of the rest.
    pub fn finish(self) -> Result<Option<Recovered>, Damage> {
        match self.damage {
            Some(damage) => Err(damage),
            None => Ok(self.replay.close(self.offset, self.chain)),
        }
    }

    fn read_records(&mut self) -> Result<(), Damage> {
        let mut held = core::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        while let Some(record) = self.read_one(rest)? {
            self.offset = self.offset.saturating_add(record as u64);
            rest = rest.get(record..).unwrap_or_default();
        }
        let done = held.len().saturating_sub(rest.len());
        held.drain(..done);
        self.held = held;
        Ok(())
    }

    /// Reads the record at the start of `bytes` and returns its length; `None` while it is
    /// incomplete.
    fn read_one(&mut self, bytes: &[u8]) -> Result<Option<usize>, Damage> {
        if bytes.len() <= ZEROS_MAX && bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if !self.begun {
            return self.read_magic(bytes);
        }
        let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else { return Ok(None) };
        let [l0, l1, l2, l3, kind, c0, c1, c2, c3] = *head;
        let after_head = crc::extend(self.chain, &[l0, l1, l2, l3, kind]);
        if after_head != u32::from_le_bytes([c0, c1, c2, c3]) {
            return self.refuse(DamageReason::Checksum);
        }
        let len = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        if len > JOURNAL_RECORD_BYTES_MAX {
            return self.refuse(DamageReason::Contradiction);
        }
        let Some((body, rest)) = rest.split_at_checked(len) else { return Ok(None) };
        let Some(check) = rest.first_chunk::<CHECK_BYTES>() else { return Ok(None) };
        let after_body = crc::extend(after_head, body);
        if after_body != u32::from_le_bytes(*check) {
            return self.refuse(DamageReason::Checksum);
        }
        let booked = RecordKind::of(kind).and_then(|kind| self.replay.enter(kind, Cursor(body)));
        if booked.is_none() {
            return self.refuse(DamageReason::Contradiction);
        }
        self.chain = after_body;
        Ok(Some(HEAD_BYTES.saturating_add(len).saturating_add(CHECK_BYTES)))
    }

    fn read_magic(&mut self, bytes: &[u8]) -> Result<Option<usize>, Damage> {
        let same = bytes.iter().zip(MAGIC).take_while(|(byte, right)| **byte == *right).count();
        match bytes.get(MAGIC.len()) {
            _ if same < MAGIC.len().min(bytes.len()) => self.refuse(DamageReason::NotAJournal),
            None => Ok(None),
            Some(number) => {
                let Some(version) = Version::of(*number) else {
                    return self.refuse(DamageReason::Version);
                };
                self.replay.version = version;
                self.begun = true;
                Ok(Some(MAGIC.len().saturating_add(1)))
            }
        }
    }

    const fn refuse<T>(&self, reason: DamageReason) -> Result<T, Damage> {
        Err(Damage { offset: self.offset, reason })
    }
}
