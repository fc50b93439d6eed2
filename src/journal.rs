//! The append-only log of a run, from which another process can go on: intent before a send,
//! outcome after it. Pure: bytes out, bytes in; the driver stores them and says when they are
//! durable.
//!
//! ```text
//! journal = "IssBulk" version, then records
//! record  = length of the body (u32), kind (u8), checksum, body, checksum
//!
//! Header Ids Ids ...  Intent Intent  Outcome Intent  CameBack ...  Stopped  Done
//!                                                    Resumed  Intent Outcome ...  Done
//! ```
//! - A checksum (CRC-32C, little-endian as all fixed numbers) covers everything before it, so that
//!   a record that is missing or stands twice is seen as well as a flipped bit. The head has one
//!   of its own, so that a broken length is not taken for a torn tail.
//! - The tail may be torn, or zeros that a file system left after a loss of power: it was never
//!   stored, so none of its batches was sent, and it is dropped. All else is damage, also a partial
//!   record followed by zeros, since a record that was overwritten looks the same.
//! - Ids are written once, in the order of the input; all other records name rows. A run that goes
//!   on with a longer list writes `Extended` and then the new ids, as rows after the last. They
//!   count once all of them are written.
//! - An [`Intent`] is open until its batch has an outcome or came back. Ids of an intent that is
//!   open when a run goes on are unknown: they may have been issued.
//! - Customers who were not sent may be given out as a list of their own. The journal remembers it,
//!   since a run that goes on beside that list issues them twice.
//! - Rows that a stop leaves unsent get no outcome: they were never sent, so a resumed run sends
//!   them.

mod columns;
mod compare;
mod crc;
mod header;
mod reader;
mod replay;
mod wire;
mod writer;

pub use compare::Comparison;
pub use header::Header;
pub use reader::Reader;
pub use replay::{AmbiguousRows, GivenOut, Recovered};
pub use writer::Writer;

use crate::id::{AttemptNumber, BatchId};
use crate::request::RequestError;
use crate::time::UnixTime;
use core::ops::Range;

/// The first bytes of every journal; the version of the format follows.
const MAGIC: [u8; 7] = *b"IssBulk";

const OTHER_IDS: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal has customers who are not in these customerIds; resume it with a list \
              that holds them all, or without.",
};

/// A batch that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub batch: BatchId,
    pub attempt: AttemptNumber,
    pub rows: Range<u32>,
    /// Wall-clock time of the decision; the request is sent once the intent is stored.
    pub at: UnixTime,
}

/// The reason why a journal is refused. Nothing may be sent on the basis of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset of the bad record, in bytes from the start of the journal.
    pub offset: u64,
    pub reason: DamageReason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageReason {
    /// It does not begin as a journal does.
    NotAJournal,
    /// Another version of the format.
    Version,
    /// A complete record with a wrong checksum.
    Checksum,
    /// A sound record that does not fit those before it.
    Contradiction,
}

impl Damage {
    /// The stable code of the error.
    pub const fn code(&self) -> &'static str {
        match self.reason {
            DamageReason::Version => "journal-version",
            _ => "journal-damaged",
        }
    }

    /// The damage at the offset, as the start of a sentence.
    pub const fn what(&self) -> &'static str {
        match self.reason {
            DamageReason::NotAJournal => "This is no journal of issue-bulk",
            DamageReason::Version => "The journal was written by another version of issue-bulk",
            DamageReason::Checksum => "The journal holds a record with a wrong checksum",
            DamageReason::Contradiction => {
                "The journal holds a record that contradicts those before it"
            }
        }
    }
}

/// The numbers of the records in the bytes; they never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum RecordKind {
    Header = 1,
    Ids = 2,
    Intent = 3,
    Outcome = 4,
    CameBack = 5,
    Shrunk = 6,
    Stopped = 7,
    Resumed = 8,
    Done = 9,
    Extended = 10,
    GivenOut = 11,
}

impl RecordKind {
    const fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Header,
            2 => Self::Ids,
            3 => Self::Intent,
            4 => Self::Outcome,
            5 => Self::CameBack,
            6 => Self::Shrunk,
            7 => Self::Stopped,
            8 => Self::Resumed,
            9 => Self::Done,
            10 => Self::Extended,
            11 => Self::GivenOut,
            _ => return None,
        })
    }
}
