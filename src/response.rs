//! The streaming reader of one answer: bytes, in any pieces, to columns in request order.
//!
//! Nothing in an answer counts before all of it has arrived and is one JSON object (faults.md D):
//! [`Reader::finish`] gives columns or the reason why there are none. Each piece is read at once
//! and dropped, so that an answer of any length takes the memory of its columns and of one
//! unfinished value.
//!
//! # What counts
//! An entry is matched by its key in `data`, the decimal customer id (api.md 3), never by its
//! place. It is issued only with a string `id`, a plain integer `customerId` equal to the key, the
//! requested `promotionId`, and times that are plain integers, null or absent. Unknown fields are
//! passed over, whatever they hold. An error in an entry (`error`, `errors`, or a `status`)
//! outweighs its other fields, and so does a field that says of the entry that it failed, in any
//! spelling (`"success": false`, `"status": "FAILED"`). A known field given twice makes the entry
//! unreadable; a customer key given twice makes the whole body invalid. A key with escapes is not
//! a plainly written number, even where it decodes to one: such an entry is unreadable.
//!
//! # How it is fast
//! The general parser is somewhat faster than serde_json into columns, and reads any JSON. From the
//! first entries of an answer it makes a template of how this service writes them. Entries that fit
//! the template are compared and converted eight bytes at a time, some eight times as fast; each
//! entry that differs goes to the general parser. `tests/response_props.rs` tests that both give
//! the same answer as a reference on serde_json.
//!
//! # What is JSON
//! JSON is read by RFC 8259 as it stands: no comments, no trailing commas, no raw control
//! characters, valid UTF-8. Half a surrogate pair, which the grammar allows and no text can hold,
//! is tolerated where the text does not matter. A byte order mark at the start is passed over.

mod answer;
#[cfg(test)]
mod caps_tests;
mod columns;
mod entry;
mod envelope;
mod failure;
#[cfg(test)]
mod failure_tests;
mod fields;
mod learner;
mod lookup;
mod rows;
mod skip;
mod slots;
mod step;
#[cfg(test)]
mod template_tests;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod walk;

use alloc::vec::Vec;
pub use answer::{
    Answer, Body, Broken, Contradiction, DataForm, Entries, Envelope, Extra, Mismatch, NO_TIME,
    Refusals, ServiceError, SlotState, SparseText,
};
pub use lookup::Index;
pub use rows::{ListRow, Unclear, has_warnings, rows};
pub use value::Value;

use crate::limits;
use walk::Walker;

/// The parts of the request that the reader compares with. They must be the same for all pieces of
/// one answer.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The distinct ids of the batch, in request order.
    pub ids: &'a [i64],
    /// The promotion that was asked for.
    pub promotion: &'a str,
    /// The context that was sent; it comes back as `earnedFromId`.
    pub context: &'a str,
}

/// The bounds of one answer (faults.md 45-47). Beyond one of them the body is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of the whole answer after decompression.
    pub bytes: u64,
    /// Levels of nesting; the documented answer has 3. More than 64 count as 64.
    pub depth: u32,
    /// Keys outside of entries for each id of the batch, beside
    /// [`REPLY_KEYS_BASE`](limits::REPLY_KEYS_BASE).
    pub keys_per_id: u32,
    /// Bytes of one entry, one element of `errors`, or one string or number elsewhere; less than
    /// [`REPLY_VALUE_BYTES_MIN`](limits::REPLY_VALUE_BYTES_MIN) counts as that.
    pub value_bytes: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            bytes: u64::from(limits::REPLY_BYTES_MAX),
            depth: limits::REPLY_DEPTH_MAX,
            keys_per_id: limits::REPLY_KEYS_PER_ID_MAX,
            value_bytes: limits::REPLY_VALUE_BYTES_MAX,
        }
    }
}

/// Tells the driver to go on reading or to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Flow {
    More,
    /// The body is broken, whatever follows: the rest need not be read.
    Enough,
}

/// Reads one answer.
pub struct Reader {
    walker: Walker,
    bytes_left: u64,
    /// The start of a token that was incomplete in its piece.
    held: Vec<u8>,
    /// Length of `held` below which it is not read again, so that an answer in tiny pieces costs
    /// only a few times its length.
    look_at: usize,
    broken: Option<Broken>,
}

/// Bytes of a new piece that are first added to `held`: more than a usual entry.
const BRIDGE_BYTES: usize = 512;

impl Reader {
    /// A reader for the answer to a batch of this many ids.
    pub fn new(batch_len: usize, caps: Caps) -> Self {
        Self {
            walker: Walker::new(batch_len, &caps),
            bytes_left: caps.bytes,
            held: Vec::new(),
            look_at: 0,
            broken: None,
        }
    }

    /// Takes the next piece, of any size.
    pub fn feed(&mut self, expected: &Expected<'_>, bytes: &[u8]) -> Flow {
        if self.broken.is_some() {
            return Flow::Enough;
        }
        let room = usize::try_from(self.bytes_left).unwrap_or(usize::MAX);
        let within = bytes.get(..room).unwrap_or(bytes);
        self.bytes_left = self.bytes_left.saturating_sub(within.len() as u64);
        let mut result = self.take(expected, within);
        if within.len() < bytes.len() {
            result = result.and_then(|()| self.look(expected)).and(Err(Broken::TooLarge));
        }
        self.broken = result.err();
        if self.broken.is_some() { Flow::Enough } else { Flow::More }
    }

    /// The end of the bytes. Only the transport knows if they ended as announced: if it failed,
    /// even an answer that looks complete counts as truncated (faults.md 38).
    pub fn finish(mut self, expected: &Expected<'_>) -> Body {
        let result = match self.broken {
            Some(broken) => Err(broken),
            None => self.look(expected),
        };
        let answer = result.and_then(|()| match self.held.is_empty() {
            true => self.walker.finish(),
            false => Err(Broken::Cut),
        });
        match answer {
            Ok(answer) => Body::Answer(answer),
            Err(broken) => Body::Broken(broken),
        }
    }

    /// Reads what is complete and holds the rest.
    fn take(&mut self, expected: &Expected<'_>, bytes: &[u8]) -> Result<(), Broken> {
        let rest = if self.held.is_empty() { bytes } else { self.bridge(expected, bytes)? };
        if !rest.is_empty() {
            let used = self.walker.walk(expected, rest)?;
            self.hold(rest.get(used..).unwrap_or_default());
        }
        Ok(())
    }

    /// Completes the held token with as little of the new piece as it needs, and returns the rest
    /// of the piece; an empty rest if all of it is held now.
    fn bridge<'b>(&mut self, expected: &Expected<'_>, bytes: &'b [u8]) -> Result<&'b [u8], Broken> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // Held bytes from before this piece.
            let old = self.held.len();
            let size = old.max(BRIDGE_BYTES);
            let (piece, later) = rest.split_at_checked(size).unwrap_or((rest, &[]));
            self.held.extend_from_slice(piece);
            if later.is_empty() && self.held.len() < self.look_at {
                return Ok(later);
            }
            let used = self.walker.walk(expected, &self.held)?;
            if let Some(of_piece) = used.checked_sub(old) {
                self.held.clear();
                return Ok(rest.get(of_piece..).unwrap_or_default());
            }
            self.keep_from(used);
            self.look_later();
            rest = later;
        }
        Ok(rest)
    }

    /// Reads the complete tokens of the held bytes.
    fn look(&mut self, expected: &Expected<'_>) -> Result<(), Broken> {
        let used = self.walker.walk(expected, &self.held)?;
        self.keep_from(used);
        Ok(())
    }

    fn keep_from(&mut self, used: usize) {
        if used != 0 {
            self.held = self.held.get(used..).unwrap_or_default().to_vec();
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        self.look_later();
    }

    fn look_later(&mut self) {
        self.look_at = self.held.len().saturating_add(self.held.len() / 2);
    }
}

/// The errors of a complete answer that has no slots: of a read, a token call or a revocation.
pub fn envelope(bytes: &[u8], caps: Caps) -> Body {
    let expected = Expected { ids: &[], promotion: "", context: "" };
    let mut reader = Reader::new(0, caps);
    let _flow = reader.feed(&expected, bytes);
    reader.finish(&expected)
}
