//! The append-only past of a run, from which another process can go on: intent before send,
//! outcome after. Pure: bytes out, bytes in; who stores them, and when they last, is the driver's.
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
//!   stored, so nothing of it was sent, and it is dropped. Everything else is damage, also a part
//!   of a record with zeros behind it: it cannot be told from a record that was overwritten.
//! - Ids stand once, in the order of the input; all other records speak of rows. A run that goes on
//!   with a longer list says so, and then has more ids, as rows after the last. They count once all
//!   of them are there.
//! - An [`Intent`] is open until its batch has an outcome or came back. What is open when a run
//!   goes on may have been issued: nobody knows.
//! - Customers who were not sent may be given out as a list of their own. The journal remembers it,
//!   since a run that goes on beside that list issues them twice.
//! - What a stop leaves unsent is not recorded as an outcome: it was never sent, so a resumed run
//!   goes on with it.

mod books;
mod columns;
mod compare;
mod crc;
mod header;
mod reader;
mod wire;
mod writer;

pub use books::{Doubt, GivenOut, Recovered};
pub use compare::Comparison;
pub use header::Header;
pub use reader::Reader;
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
    /// The wall clock of the decision; the request leaves once it is stored.
    pub at: UnixTime,
}

/// Why a journal is refused. Nothing is to be sent on its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where the record begins that cannot be believed, in bytes from the start.
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

    /// What is wrong at the offset, as the start of a sentence.
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
enum Kind {
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

impl Kind {
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
