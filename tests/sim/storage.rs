//! Where a world keeps the journal: bytes that survive a crash, and what stands in them, read by
//! a small decoder of its own that knows the records but none of the core's reader.

use crate::chance::Chance;
use std::collections::{BTreeMap, BTreeSet};

/// How the storage of one world behaves.
#[derive(Clone, Copy, Debug)]
pub struct StorageHabits {
    /// The longest time that storing takes.
    pub latency_ms_max: u64,
    /// Appends that fail, in percent.
    pub fails_percent: u64,
    /// Chances in a thousand that the process dies at any of its steps.
    pub crash_permille: u64,
    /// How often it dies at most, so that the run has an end.
    pub crashes_max: u32,
    /// A loss of power leaves zeros behind what was stored.
    pub zeros: bool,
}

impl StorageHabits {
    /// Half of the runs keep a journal; most of those die now and then.
    pub fn draw(chance: &mut Chance) -> Option<Self> {
        chance.coin().then(|| Self {
            latency_ms_max: chance.pick(&[0, 1, 1, 20, 1_000]),
            fails_percent: chance.pick(&[0, 0, 0, 1, 10]),
            crash_permille: chance.pick(&[0, 2, 10, 50]),
            crashes_max: chance.between(1, 8) as u32,
            zeros: chance.percent(20),
        })
    }
}

/// One request that left, and what its journal held by then.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pub row: u32,
    pub batch: u32,
    /// Bytes that were stored when it left.
    pub stored: usize,
    /// Bytes that are stored since its end proved that it was not processed.
    pub cleared: Option<usize>,
}

pub struct Storage {
    pub habits: StorageHabits,
    /// What a crash leaves.
    pub bytes: Vec<u8>,
    /// What is being stored.
    pub under_way: Option<Vec<u8>>,
    pub crashes: u32,
    /// The journal of this process has failed.
    pub failed: bool,
    /// Where each record ends.
    pub ends: Vec<usize>,
    /// Batches with a stored intent and without an end, with their rows.
    open: BTreeMap<u32, core::ops::Range<u32>>,
    /// Stored intents that no request has used.
    unused: BTreeSet<(u32, u32)>,
    /// Rows with a stored outcome.
    pub settled: Vec<bool>,
    /// Ids in one request, as far as a smaller size is stored.
    pub size_max: usize,
    pub left: Vec<Left>,
}

/// The numbers of the records that tell of batches (`issue_bulk::journal`).
const INTENT: u8 = 3;
const OUTCOME: u8 = 4;
const CAME_BACK: u8 = 5;
const SHRUNK: u8 = 6;
const RESUMED: u8 = 8;
/// Magic at the start; length, kind and checksum before a body, a checksum behind it.
const MAGIC: usize = 8;
const HEAD: usize = 9;
const CHECK: usize = 4;

impl Storage {
    pub fn new(habits: StorageHabits, ids: usize) -> Self {
        Self {
            habits,
            bytes: Vec::new(),
            under_way: None,
            crashes: 0,
            failed: false,
            ends: Vec::new(),
            open: BTreeMap::new(),
            unused: BTreeSet::new(),
            settled: vec![false; ids],
            size_max: usize::MAX,
            left: Vec::new(),
        }
    }

    /// Bytes reach the disk, and with them the records that are whole by then.
    pub fn store(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let mut start = self.sound();
        while let Some((end, kind, body)) = record(&self.bytes, start) {
            let numbers = Numbers(self.bytes[body].to_vec());
            self.ends.push(end);
            self.enter(kind, numbers);
            start = end;
        }
    }

    /// Bytes up to the end of the last whole record.
    pub fn sound(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Cuts a torn tail off.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    fn enter(&mut self, kind: u8, mut body: Numbers) {
        match kind {
            INTENT => {
                let (batch, attempt) = (body.next(), body.next());
                let rows = body.next()..body.next();
                self.open.insert(batch, rows);
                self.unused.insert((batch, attempt));
            }
            OUTCOME => {
                let rows = self.open.remove(&body.next()).unwrap_or_default();
                rows.for_each(|row| self.settled[row as usize] = true);
            }
            CAME_BACK => {
                let batch = body.next();
                self.open.remove(&batch);
                self.unused.retain(|(unused, _)| *unused != batch);
                let stored = self.sound();
                let back = self.left.iter_mut().filter(|left| left.batch == batch);
                back.for_each(|left| left.cleared = left.cleared.or(Some(stored)));
            }
            SHRUNK => self.size_max = self.size_max.min(body.next() as usize),
            RESUMED => {
                let requeued = body.0.last() == Some(&1);
                for row in core::mem::take(&mut self.open).into_values().flatten() {
                    self.settled[row as usize] = !requeued;
                }
                self.unused.clear();
            }
            _ => {}
        }
    }

    /// Whether the intent of a request is stored, with its rows; it is good for one sending.
    pub fn use_intent(&mut self, batch: u32, attempt: u32, rows: &[u32]) -> bool {
        let stored = self.bytes.len();
        let left = |row: &u32| Left { row: *row, batch, stored, cleared: None };
        self.left.extend(rows.iter().map(left));
        let same = self.open.get(&batch).is_some_and(|open| open.clone().eq(rows.iter().copied()));
        self.unused.remove(&(batch, attempt)) && same
    }

    pub fn open_rows(&self) -> impl Iterator<Item = usize> {
        self.open.values().cloned().flatten().map(|row| row as usize)
    }

    /// Open batches of which nothing has left.
    pub fn has_unused(&self) -> bool {
        !self.unused.is_empty()
    }

    pub fn open_batches(&self) -> impl Iterator<Item = u32> {
        self.open.keys().copied()
    }
}

/// The record that begins at `start`, if it is whole: its end, kind and body.
fn record(bytes: &[u8], start: usize) -> Option<(usize, u8, core::ops::Range<usize>)> {
    let head = if start == 0 { MAGIC } else { start };
    let len = bytes.get(head..head + 4)?.try_into().ok()?;
    let body = head + HEAD..head + HEAD + u32::from_le_bytes(len) as usize;
    let kind = *bytes.get(head + 4)?;
    let end = body.end + CHECK;
    (kind > 0 && end <= bytes.len()).then_some((end, kind, body))
}

/// The numbers of a body, one after the other.
struct Numbers(Vec<u8>);

impl Numbers {
    fn next(&mut self) -> u32 {
        let len = self.0.iter().take_while(|byte| **byte > 127).count() + 1;
        let bytes = self.0.drain(..len);
        bytes.rev().fold(0, |value, byte| value << 7 | u32::from(byte & 127))
    }
}
