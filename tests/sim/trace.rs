//! What happened in a world, as a hash of everything and as text of the end of it.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::collections::VecDeque;

/// One input or output of the core.
#[derive(Clone, Debug, Hash)]
pub enum Event {
    Send { batch: u32, attempt: u32, ids: usize, body: u64, fault: Option<crate::fault::Fault> },
    Abort { batch: u32, attempt: u32 },
    FetchCredentials,
    Persist { bytes: usize, what: u64 },
    Persisted,
    PersistFails { kept: usize },
    Crash { kept: usize, torn: usize },
    Resumed { anew: bool },
    Wait { until: Option<u64> },
    Done,
    Head { batch: u32, attempt: u32, status: u16, wait_ms: Option<u128> },
    Chunk { batch: u32, attempt: u32, bytes: usize },
    Enough { batch: u32 },
    End { batch: u32, attempt: u32 },
    Fails { batch: u32, attempt: u32, how: &'static str },
    Credentials { renew_after_ms: Option<u128> },
    CredentialsFail { refused: bool },
    Operator(crate::scenario::Operator),
    IssuedLate { ids: usize },
    Heal,
    Report { csv: u64 },
}

/// FNV-1a with 64 bits: the same on every machine and in every version of the compiler.
pub struct Fnv(u64);

impl Fnv {
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub fn of(bytes: &[u8]) -> u64 {
        let mut fnv = Self::new();
        fnv.write(bytes);
        fnv.finish()
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Events kept for a failure that is not replayed.
const KEPT: usize = 60;

pub struct Trace {
    hash: Fnv,
    last: VecDeque<(u64, Event)>,
    kept_max: usize,
    /// Events in all.
    pub count: u64,
}

impl Trace {
    /// `whole` keeps every event, for a replay.
    pub fn new(whole: bool) -> Self {
        let kept_max = if whole { usize::MAX } else { KEPT };
        Self { hash: Fnv::new(), last: VecDeque::new(), kept_max, count: 0 }
    }

    pub fn push(&mut self, now_ms: u64, event: Event) {
        (now_ms, &event).hash(&mut self.hash);
        self.count += 1;
        if self.last.len() >= self.kept_max {
            self.last.pop_front();
        }
        self.last.push_back((now_ms, event));
    }

    pub fn hash(&self) -> u64 {
        self.hash.finish()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dropped = self.count - self.last.len() as u64;
        if dropped > 0 {
            writeln!(f, "  ... {dropped} events before")?;
        }
        self.last.iter().try_for_each(|(at, event)| writeln!(f, "  {at:>10} ms  {event:?}"))
    }
}
