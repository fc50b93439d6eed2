//! The state machine of an answer, which takes one token after the other.
//!
//! A token here is all that must be complete to be read: a brace, a key with its colon, an entry of
//! `data`, an element of `errors`. Each is at most `value_bytes` long and taken whole or not at
//! all, so the machine can stop after any of them and go on with the next piece of the answer.
//!
//! ```text
//! Start -> Open -> First(Top) -> Value(..) -> After(Top) -> Next(Top) ... -> End
//!                      data: First(Data)  -> entry        -> After(Data) -> Next(Data) ...
//!                    errors: ListFirst    -> element      -> ListAfter   -> ListNext ...
//!                  response: First(Response) -> Value(Status) -> After(Response) ...
//!           success, status : Failure
//!            anything else : Skip, in any number of pieces
//! ```

use super::answer::{Answer, Broken, DataForm, Envelope, ServiceError};
use super::columns::{Columns, Key};
use super::entry::{Entry, field_of};
use super::envelope::{Flat, code, item};
use super::failure::{failure, is_success_code};
use super::fields::Field;
use super::learner::Learner;
use super::skip::{Allowance, DEPTH_BITS, Skipper};
use super::slots::Bounds;
use super::step::{BAD, Step, Stop};
use super::text::Decode;
use super::{Caps, Expected};
use crate::limits::{MESSAGE_BYTES_MAX, REPLY_ERRORS_KEPT, REPLY_KEYS_BASE, REPLY_VALUE_BYTES_MIN};
use crate::scan::token::{Cursor, Scalar, Text};
use alloc::vec::Vec;

const BOM: &[u8] = b"\xef\xbb\xbf";
const TOP_DEPTH: u32 = 1;
/// Depth of `data`, `response` and the lists.
const INNER_DEPTH: u32 = 2;

pub(super) struct Walker {
    state: State,
    value_bytes: usize,
    allowance: Allowance,
    columns: Columns,
    data: DataForm,
    errors: Vec<ServiceError>,
    errors_max: usize,
    errors_total: u64,
    flat: Flat,
    learner: Learner,
    /// A field of the answer says that the whole call failed.
    is_failed: bool,
    /// A bit for each [`TopKey`] that occurred.
    seen: u8,
}

#[derive(Clone, Copy)]
enum State {
    Start,
    Open,
    First(KnownObject),
    Next(KnownObject),
    After(KnownObject),
    Value(TopKey),
    /// Before the value of a failure field.
    Failure(Field, KnownObject),
    ListFirst(ErrorList),
    ListNext(ErrorList),
    ListAfter(ErrorList),
    Skip(Skipper, KnownObject),
    End,
}

/// An object whose keys are known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KnownObject {
    Top,
    Data,
    Response,
}

#[derive(Clone, Copy)]
enum ErrorList {
    Errors,
    Details,
}

/// A known key, at the top or in `response`.
#[derive(Clone, Copy)]
#[repr(u8)]
enum TopKey {
    Data,
    Errors,
    ErrorCode,
    Message,
    ErrorDetails,
    Response,
    Status,
}

const TOP_KEYS: [(&str, TopKey); 6] = [
    ("data", TopKey::Data),
    ("errors", TopKey::Errors),
    ("errorCode", TopKey::ErrorCode),
    ("message", TopKey::Message),
    ("errorDetails", TopKey::ErrorDetails),
    ("response", TopKey::Response),
];

impl Walker {
    pub fn new(batch_len: usize, caps: &Caps) -> Self {
        let batch = u64::try_from(batch_len).unwrap_or(u64::MAX);
        let keys = batch.saturating_mul(u64::from(caps.keys_per_id));
        Self {
            state: State::Start,
            value_bytes: caps.value_bytes.max(REPLY_VALUE_BYTES_MIN),
            allowance: Allowance {
                depth_max: caps.depth.min(DEPTH_BITS),
                keys_left: keys.saturating_add(REPLY_KEYS_BASE),
            },
            columns: Columns::new(batch_len),
            data: DataForm::Absent,
            errors: Vec::new(),
            errors_max: batch_len.max(REPLY_ERRORS_KEPT),
            errors_total: 0,
            flat: Flat::default(),
            learner: Learner::default(),
            is_failed: false,
            seen: 0,
        }
    }

    /// Takes all complete tokens and returns their length in bytes.
    pub fn walk(&mut self, expected: &Expected<'_>, bytes: &[u8]) -> Result<usize, Broken> {
        let mut at = 0_usize;
        loop {
            if let State::Next(KnownObject::Data) = self.state {
                let rest = bytes.get(at..).unwrap_or_default();
                at = at.wrapping_add(self.take_fitting(expected, rest));
            }
            let rest = bytes.get(at..).unwrap_or_default();
            let window = rest.get(..self.value_bytes).unwrap_or(rest);
            let mut cursor = Cursor::new(window);
            // Whitespace between tokens does not count toward `value_bytes`.
            let spaced = !matches!(self.state, State::Start);
            let taken = match spaced && cursor.peek().is_err() {
                true => Err(Stop::More),
                false => {
                    let start = cursor.at();
                    self.step(expected, &mut cursor).inspect_err(|_| cursor.rewind(start))
                }
            };
            at = at.wrapping_add(cursor.at());
            match taken {
                Ok(()) => {}
                Err(Stop::Broken(broken)) => return Err(broken),
                Err(Stop::More) if window.len() < self.value_bytes => return Ok(at),
                Err(Stop::More) if cursor.at() == 0 => return Err(Broken::ValueTooLarge),
                // The window was full, but this token began within it.
                Err(Stop::More) => {}
            }
        }
    }

    /// Takes entries that fit the template, and returns their length in bytes.
    fn take_fitting(&mut self, expected: &Expected<'_>, bytes: &[u8]) -> usize {
        let Some(template) = &mut self.learner.template else { return 0 };
        let bounds =
            Bounds { entries_max: self.allowance.keys_left, entry_bytes: self.value_bytes };
        let taken = self.columns.slots.take_fitting(template, expected.ids, bytes, &bounds);
        let left = self.allowance.keys_left.saturating_sub(taken.entries.into());
        self.allowance.keys_left = left;
        self.learner.record_fits(taken.entries);
        if taken.ended {
            self.state = State::After(KnownObject::Data);
        }
        taken.used
    }

    /// The answer, if the bytes ended where one ends.
    pub fn finish(mut self) -> Result<Answer, Broken> {
        match self.state {
            State::End => {}
            State::Start | State::Open => return Err(Broken::Empty),
            _ => return Err(Broken::Cut),
        }
        let flat = core::mem::take(&mut self.flat).error();
        self.is_failed |= flat.is_some();
        self.keep(flat);
        Ok(Answer {
            data: self.data,
            entries: self.columns.finish(),
            errors: self.errors,
            errors_total: self.errors_total,
            is_failed: self.is_failed,
            extra: self.columns.extra,
            mismatched: self.columns.mismatched,
        })
    }

    /// Takes one token. The state changes only if it is complete.
    fn step(&mut self, expected: &Expected<'_>, cursor: &mut Cursor<'_>) -> Step<()> {
        self.state = match self.state {
            State::Start => start(cursor)?,
            State::Open => self.open(cursor)?,
            State::First(place) if cursor.closes(b'}')? => closed(place),
            State::First(place) | State::Next(place) => self.key(place, expected, cursor)?,
            State::After(place) => match cursor.another(b'}')? {
                true => State::Next(place),
                false => closed(place),
            },
            State::Value(key) => self.value(key, cursor)?,
            State::Failure(field, place) => {
                let depth_max = self.allowance.depth_max;
                self.is_failed |= failure(field, cursor, depth_of(place), depth_max)?.is_some();
                State::After(place)
            }
            State::ListFirst(_) if cursor.closes(b']')? => State::After(KnownObject::Top),
            State::ListFirst(list) | State::ListNext(list) => self.element(list, cursor)?,
            State::ListAfter(list) => match cursor.another(b']')? {
                true => State::ListNext(list),
                false => State::After(KnownObject::Top),
            },
            State::Skip(skipper, place) => self.skip(skipper, place, cursor)?,
            State::End => return Err(Stop::Broken(Broken::Trailing)),
        };
        Ok(())
    }

    fn open(&self, cursor: &mut Cursor<'_>) -> Step<State> {
        match cursor.peek()? {
            b'{' => {
                self.allowance.enter(TOP_DEPTH)?;
                cursor.advance();
                Ok(State::First(KnownObject::Top))
            }
            b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                Err(Stop::Broken(Broken::NotObject))
            }
            b'<' => Err(Stop::Broken(Broken::Page)),
            _ => Err(BAD),
        }
    }

    fn key(
        &mut self,
        place: KnownObject,
        expected: &Expected<'_>,
        cursor: &mut Cursor<'_>,
    ) -> Step<State> {
        let start = cursor.at();
        let key = cursor.key()?;
        let meaning = match place {
            KnownObject::Data => return self.data_key(&key, start, expected, cursor),
            KnownObject::Top => {
                TOP_KEYS.iter().find(|(name, _)| key.equals(name)).map(|found| found.1)
            }
            KnownObject::Response => key.equals("status").then_some(TopKey::Status),
        };
        self.allowance.count_key()?;
        let Some(meaning) = meaning else {
            return Ok(match field_of(&key) {
                Some(
                    field @ (Field::Error
                    | Field::Errors
                    | Field::Success
                    | Field::Failure
                    | Field::ErrorCode
                    | Field::Status),
                ) => State::Failure(field, place),
                _ => State::Skip(Skipper::new(depth_of(place)), place),
            });
        };
        let bit = 1_u8.wrapping_shl(meaning as u32);
        if self.seen & bit != 0 {
            return Err(Stop::Broken(Broken::DuplicateKey));
        }
        self.seen |= bit;
        Ok(State::Value(meaning))
    }

    /// A key of `data`, with its entry if it has one for an id of the batch.
    fn data_key(
        &mut self,
        key: &Text<'_>,
        start: usize,
        expected: &Expected<'_>,
        cursor: &mut Cursor<'_>,
    ) -> Step<State> {
        let key = self.columns.key(expected.ids, key).map_err(Stop::Broken)?;
        if let Key::Slot { slot, id } = key
            && cursor.peek()? == b'{'
        {
            let mut entry = Entry::default();
            entry.read(cursor, self.allowance.depth_max)?;
            self.allowance.count_key()?;
            if self.columns.settle(slot, id, &mut entry, expected) {
                self.learner.record_unfit(cursor.since(start));
            }
            return Ok(State::After(KnownObject::Data));
        }
        self.allowance.count_key()?;
        self.columns.pass_over(key).map_err(Stop::Broken)?;
        Ok(State::Skip(Skipper::new(INNER_DEPTH), KnownObject::Data))
    }

    /// Reads the value of a known key; a value of an unexpected type is skipped.
    fn value(&mut self, key: TopKey, cursor: &mut Cursor<'_>) -> Step<State> {
        let first = cursor.peek()?;
        if let TopKey::Data = key {
            return self.data(first, cursor);
        }
        match (key, first) {
            (TopKey::Errors, b'[') => {
                return self.enter(cursor, State::ListFirst(ErrorList::Errors));
            }
            (TopKey::ErrorDetails, b'[') => {
                return self.enter(cursor, State::ListFirst(ErrorList::Details));
            }
            (TopKey::Response, b'{') => {
                return self.enter(cursor, State::First(KnownObject::Response));
            }
            (TopKey::ErrorCode, b'{' | b'[') => self.flat.coded = true,
            _ => return self.small_value(key, first, cursor),
        }
        Ok(State::Skip(Skipper::new(TOP_DEPTH), KnownObject::Top))
    }

    fn data(&mut self, first: u8, cursor: &mut Cursor<'_>) -> Step<State> {
        let (form, next) = match first {
            b'{' => (DataForm::Object, self.enter(cursor, State::First(KnownObject::Data))?),
            b'n' => {
                cursor.scalar()?;
                (DataForm::Null, State::After(KnownObject::Top))
            }
            _ => (DataForm::Other, State::Skip(Skipper::new(TOP_DEPTH), KnownObject::Top)),
        };
        self.data = form;
        Ok(next)
    }

    /// A value that is taken whole.
    fn small_value(&mut self, key: TopKey, first: u8, cursor: &mut Cursor<'_>) -> Step<State> {
        let depth_max = self.allowance.depth_max;
        match (key, first) {
            (TopKey::Errors, _) => {
                let error = item(cursor, TOP_DEPTH, depth_max)?;
                self.keep(error.error(Envelope::Errors));
            }
            (TopKey::ErrorDetails, _) => self.flat.detail(item(cursor, TOP_DEPTH, depth_max)?),
            (TopKey::Status, _) => {
                let error = item(cursor, INNER_DEPTH, depth_max)?.status_error(Envelope::Status);
                self.is_failed |= error.is_some();
                self.keep(error);
                return Ok(State::After(KnownObject::Response));
            }
            (TopKey::ErrorCode, _) => {
                let value = cursor.scalar()?;
                self.flat.coded = !is_success_code(&value);
                self.flat.code = code(&value);
            }
            (TopKey::Message, b'"') => {
                if let Scalar::Text(text) = cursor.scalar()? {
                    text.readable(&mut self.flat.message, MESSAGE_BYTES_MAX);
                }
            }
            (TopKey::Message | TopKey::Response | TopKey::Data, _) => {
                return Ok(State::Skip(Skipper::new(TOP_DEPTH), KnownObject::Top));
            }
        }
        Ok(State::After(KnownObject::Top))
    }

    /// Enters a container at the second level.
    fn enter(&self, cursor: &mut Cursor<'_>, inside: State) -> Step<State> {
        self.allowance.enter(INNER_DEPTH)?;
        cursor.advance();
        Ok(inside)
    }

    fn element(&mut self, list: ErrorList, cursor: &mut Cursor<'_>) -> Step<State> {
        let item = item(cursor, INNER_DEPTH, self.allowance.depth_max)?;
        match list {
            ErrorList::Errors => self.keep(item.error(Envelope::Errors)),
            ErrorList::Details => self.flat.detail(item),
        }
        Ok(State::ListAfter(list))
    }

    /// Skips as much of a value as is there; skipped bytes need not be held.
    fn skip(
        &mut self,
        mut skipper: Skipper,
        place: KnownObject,
        cursor: &mut Cursor<'_>,
    ) -> Step<State> {
        let start = cursor.at();
        match skipper.run(cursor, &mut self.allowance) {
            Ok(()) => Ok(State::After(place)),
            Err(Stop::More) if cursor.at() != start => Ok(State::Skip(skipper, place)),
            Err(stop) => Err(stop),
        }
    }

    fn keep(&mut self, error: Option<ServiceError>) {
        let Some(error) = error else { return };
        self.errors_total = self.errors_total.saturating_add(1);
        if self.errors.len() < self.errors_max {
            self.errors.push(error);
        }
    }
}

/// A byte order mark is tolerated, but only as the very first bytes.
fn start(cursor: &mut Cursor<'_>) -> Step<State> {
    if cursor.rest().starts_with(BOM) {
        cursor.rewind(BOM.len());
    } else if BOM.starts_with(cursor.rest()) {
        return Err(Stop::More);
    }
    Ok(State::Open)
}

/// The depth of the object whose keys are read.
const fn depth_of(place: KnownObject) -> u32 {
    match place {
        KnownObject::Top => TOP_DEPTH,
        KnownObject::Data | KnownObject::Response => INNER_DEPTH,
    }
}

/// After the closing brace of an object.
fn closed(place: KnownObject) -> State {
    match place {
        KnownObject::Top => State::End,
        KnownObject::Data | KnownObject::Response => State::After(KnownObject::Top),
    }
}
