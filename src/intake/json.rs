//! Reads one JSON array of ids, as numbers or strings, while it arrives.

use super::collector::Collector;
use super::error::IntakeError;
use super::ids::End;
use super::object::{is_bare, is_blank};
use super::problem::ProblemReason;
use super::{Kind, Layout};
use crate::limits::LINE_BYTES_MAX;
use alloc::vec::Vec;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Open,
    FirstOrClose,
    Value,
    CommaOrClose,
    /// Within a number or word.
    Bare,
    Text,
    /// After a backslash within a string.
    Escaped,
    Nothing,
}

#[derive(Debug)]
pub struct JsonReader {
    expect: Expect,
    /// Offset of the next byte in the input.
    offset: u64,
    /// Entries so far: an entry's position takes the place of its line, as an array is often one.
    position: u64,
    /// The entry so far, without quotes, and the offset of its first byte.
    token: Vec<u8>,
    token_offset: u64,
    token_too_long: bool,
}

impl JsonReader {
    /// `offset`: of the first byte that will be fed.
    pub fn new(offset: u64) -> Self {
        Self {
            expect: Expect::Open,
            offset,
            position: 0,
            token: Vec::new(),
            token_offset: 0,
            token_too_long: false,
        }
    }

    pub fn feed(&mut self, piece: &[u8], out: &mut Collector) -> Result<(), IntakeError> {
        let mut rest = piece;
        loop {
            rest = self.plain(rest, out);
            let Some((byte, after)) = rest.split_first() else { return Ok(()) };
            self.step(*byte, out)?;
            self.offset = self.offset.saturating_add(1);
            rest = after;
        }
    }

    pub fn finish(&mut self) -> Result<(), IntakeError> {
        if self.expect == Expect::Nothing { Ok(()) } else { Err(self.broken()) }
    }

    pub fn layout(self) -> Layout {
        Layout { kind: Kind::Json, ..Layout::default() }
    }

    fn broken(&self) -> IntakeError {
        IntakeError::BadJson { offset: self.offset }
    }

    /// Reads entries of the usual form as long as they come: digits, or digits in quotes, and a
    /// comma.
    fn plain<'a>(&mut self, bytes: &'a [u8], out: &mut Collector) -> &'a [u8] {
        if !matches!(self.expect, Expect::FirstOrClose | Expect::Value) {
            return bytes;
        }
        let mut next = self.position.saturating_add(1);
        let used = out.ids.take_alone(bytes, End::Comma, &mut next);
        if used != 0 {
            self.position = next.wrapping_sub(1);
            self.expect = Expect::Value;
            self.offset = self.offset.saturating_add(u64::try_from(used).unwrap_or(0));
        }
        bytes.get(used..).unwrap_or_default()
    }

    fn step(&mut self, byte: u8, out: &mut Collector) -> Result<(), IntakeError> {
        match (self.expect, byte) {
            (Expect::Text, b'"') => {
                self.entry(out)?;
                self.expect = Expect::CommaOrClose;
            }
            (Expect::Text | Expect::Escaped, 0..=0x1f) => return Err(self.broken()),
            (Expect::Text, _) => {
                self.push(byte);
                self.expect = if byte == b'\\' { Expect::Escaped } else { Expect::Text };
            }
            (Expect::Escaped, _) => {
                self.push(byte);
                self.expect = Expect::Text;
            }
            (Expect::Bare, _) if is_bare(byte) => self.push(byte),
            (Expect::Bare, _) => {
                self.bare_entry(out)?;
                self.expect = Expect::CommaOrClose;
                return self.between(byte);
            }
            (_, _) => return self.between(byte),
        }
        Ok(())
    }

    /// A byte outside any entry.
    fn between(&mut self, byte: u8) -> Result<(), IntakeError> {
        self.expect = match (self.expect, byte) {
            (expect, _) if is_blank(byte) => expect,
            (Expect::Open, b'[') => Expect::FirstOrClose,
            (Expect::FirstOrClose | Expect::CommaOrClose, b']') => Expect::Nothing,
            (Expect::CommaOrClose, b',') => Expect::Value,
            (Expect::FirstOrClose | Expect::Value, b'{' | b'[') => {
                return Err(IntakeError::NestedJson { offset: self.offset });
            }
            (Expect::FirstOrClose | Expect::Value, b'"') => {
                self.token_offset = self.offset;
                Expect::Text
            }
            (Expect::FirstOrClose | Expect::Value, _) if is_bare(byte) => {
                self.token_offset = self.offset;
                self.push(byte);
                Expect::Bare
            }
            _ => return Err(self.broken()),
        };
        Ok(())
    }

    fn push(&mut self, byte: u8) {
        if self.token.len() < LINE_BYTES_MAX {
            self.token.push(byte);
        } else {
            self.token_too_long = true;
        }
    }

    /// Numbers may be written in any way that is no id; words only in the three that JSON knows.
    fn bare_entry(&mut self, out: &mut Collector) -> Result<(), IntakeError> {
        let number = |byte: &u8| !byte.is_ascii_alphabetic() || matches!(byte, b'e' | b'E');
        let known = matches!(self.token.as_slice(), b"true" | b"false" | b"null");
        if !known && !self.token.iter().all(number) {
            return Err(IntakeError::BadJson { offset: self.token_offset });
        }
        self.entry(out)
    }

    fn entry(&mut self, out: &mut Collector) -> Result<(), IntakeError> {
        self.position = self.position.saturating_add(1);
        let token = core::mem::take(&mut self.token);
        if core::mem::take(&mut self.token_too_long) {
            out.problem(ProblemReason::TooLong, &token, self.position);
            return Ok(());
        }
        out.text(&token, self.position)?;
        self.token = token;
        self.token.clear();
        Ok(())
    }
}
