//! Joins records that arrive in pieces, in bounded memory, and counts physical lines.

use super::cells::{Grammar, RecordScan};
use super::error::IntakeError;
use crate::limits::{LINE_BYTES_MAX, PROBLEM_TEXT_BYTES_MAX};
use crate::scan::records::break_length;
use alloc::vec::Vec;

/// Makes whole records of pieces of any size.
#[derive(Debug)]
pub struct Assembler {
    grammar: Grammar,
    /// Line of the next record's first byte, from 1; who reads records past the assembler counts
    /// it on.
    pub line: u64,
    scan: RecordScan,
    /// The record so far where it began in an earlier piece; its head alone once it is too long.
    carry: Vec<u8>,
    joined: Vec<u8>,
    /// The last record ended with a CR at the end of a piece: an LF that follows belongs to it.
    after_cr: bool,
}

/// A complete record without its line break.
#[derive(Clone, Copy, Debug)]
pub struct InputRecord<'a> {
    /// The bytes of the record; at least their head if it is too long.
    pub bytes: &'a [u8],
    pub line: u64,
    pub too_long: bool,
}

impl Assembler {
    pub fn new(grammar: Grammar) -> Self {
        Self {
            grammar,
            line: 1,
            scan: RecordScan::default(),
            carry: Vec::new(),
            joined: Vec::new(),
            after_cr: false,
        }
    }

    /// The piece without an LF that ends a CR of the piece before.
    pub fn begin<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        match (self.after_cr, piece) {
            (_, []) => piece,
            (true, [b'\n', rest @ ..]) => {
                self.after_cr = false;
                rest
            }
            _ => {
                self.after_cr = false;
                piece
            }
        }
    }

    pub fn is_between_records(&self) -> bool {
        self.scan.length == 0
    }

    /// The next record if it ends in `bytes`, and what follows it.
    pub fn take<'s, 'b: 's>(&'s mut self, bytes: &'b [u8]) -> (Option<InputRecord<'s>>, &'b [u8]) {
        let Some(end) = self.scan.end_in(bytes, self.grammar) else {
            self.keep(bytes);
            return (None, &[]);
        };
        let (head, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.after_cr = rest == b"\r";
        let rest = rest.get(break_length(rest).unwrap_or(1)..).unwrap_or_default();
        if !self.carry.is_empty() {
            self.keep(head);
            return (Some(self.carried()), rest);
        }
        (Some(self.finished(head)), rest)
    }

    /// The last record, which may lack its line break.
    pub fn last(&mut self) -> Result<Option<InputRecord<'_>>, IntakeError> {
        if self.scan.is_open() {
            return Err(IntakeError::UnclosedQuote { line: self.line });
        }
        Ok((self.scan.length > 0).then(|| self.carried()))
    }

    fn carried(&mut self) -> InputRecord<'_> {
        core::mem::swap(&mut self.carry, &mut self.joined);
        self.carry.clear();
        let InputRecord { line, too_long, .. } = self.finished(&[]);
        InputRecord { bytes: &self.joined, line, too_long }
    }

    fn finished<'a>(&mut self, bytes: &'a [u8]) -> InputRecord<'a> {
        let record =
            InputRecord { bytes, line: self.line, too_long: self.scan.length > LINE_BYTES_MAX };
        self.line = self.line.saturating_add(self.scan.breaks).saturating_add(1);
        self.scan = RecordScan::default();
        record
    }

    /// Bounded: of a record that is too long only the head is ever quoted.
    fn keep(&mut self, bytes: &[u8]) {
        if self.scan.length <= LINE_BYTES_MAX {
            self.carry.extend_from_slice(bytes);
            return;
        }
        self.carry.truncate(PROBLEM_TEXT_BYTES_MAX);
        self.carry.shrink_to(PROBLEM_TEXT_BYTES_MAX);
        let missing = PROBLEM_TEXT_BYTES_MAX.saturating_sub(self.carry.len());
        self.carry.extend(bytes.iter().take(missing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(pieces: &[&str]) -> Vec<(String, u64)> {
        let mut assembler = Assembler::new(Grammar { delimiter: Some(b','), quotes: true });
        let mut out = Vec::new();
        for piece in pieces {
            let mut rest = assembler.begin(piece.as_bytes());
            while !rest.is_empty() {
                let (record, after) = assembler.take(rest);
                let text =
                    |r: InputRecord<'_>| (String::from_utf8(r.bytes.to_vec()).unwrap(), r.line);
                out.extend(record.map(text));
                rest = after;
            }
        }
        let last = assembler.last().unwrap();
        out.extend(last.map(|r| (String::from_utf8(r.bytes.to_vec()).unwrap(), r.line)));
        out
    }

    #[test]
    fn all_line_breaks_count_once_wherever_a_piece_ends() {
        let text = "a\r\nb\rc\n\n\"d\r\ne\",f\r\rg";
        let whole = records(&[text]);
        let lines: Vec<u64> = whole.iter().map(|(_, line)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 7, 8]);
        assert_eq!(whole[4].0, "\"d\r\ne\",f");
        for at in 0..=text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(records(&[head, "", tail]), whole, "cut at {at}");
        }
    }

    #[test]
    fn a_long_record_keeps_only_its_head() {
        let mut assembler = Assembler::new(Grammar { delimiter: None, quotes: false });
        let piece = vec![b'7'; 1 << 16];
        for _ in 0..160 {
            assert!(assembler.take(&piece).0.is_none());
            assert!(assembler.carry.capacity() <= 2 * LINE_BYTES_MAX);
        }
        assert!(assembler.carry.capacity() <= 2 * PROBLEM_TEXT_BYTES_MAX);
        let (record, rest) = assembler.take(b"\n12\n");
        let record = record.unwrap();
        assert!(record.too_long);
        assert_eq!((record.bytes, rest), (&[b'7'; PROBLEM_TEXT_BYTES_MAX][..], &b"12\n"[..]));
        let (record, _) = assembler.take(b"12\n");
        assert!(record.is_some_and(|record| !record.too_long && record.line == 2));
    }
}
