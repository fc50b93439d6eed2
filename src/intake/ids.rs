//! The ids of an input as they are read, and the loops that read them where they come plainly.
//!
//! Each loop stops before the first thing that is out of the ordinary, and where the list is full;
//! the caller takes that in its general way and comes back.

use super::places::Places;
use crate::id::IdList;
use crate::scan::digits::leading;
use crate::scan::records::{Shape, break_length, plain_record};

/// Ids in the order they came.
#[derive(Debug, Default)]
pub struct Ids {
    pub list: IdList,
    /// Their lines, to name the first occurrence of a repeated one; `None` where none is sought.
    pub places: Option<Places>,
    /// Most ids that may be held.
    pub max: usize,
}

/// The bytes that may follow an id of its own line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// LF, CR or CRLF.
    Line,
    /// A comma, of JSON.
    Comma,
}

impl Ids {
    /// Adds an id; false where the list is full.
    pub fn push(&mut self, id: i64, line: u64) -> bool {
        self.add(id, line)
    }

    #[inline(always)]
    fn add(&mut self, id: i64, line: u64) -> bool {
        if self.list.len() >= self.max {
            return false;
        }
        self.list.push(id);
        if let Some(places) = &mut self.places {
            places.push(line);
        }
        true
    }

    /// Takes ids that stand alone, bare or in quotes. Counts `line` on and returns how many bytes
    /// they were, with what ended them.
    pub fn take_alone(&mut self, bytes: &[u8], end: End, line: &mut u64) -> usize {
        let mut rest = bytes;
        loop {
            let (quoted, from_digits) = match rest {
                [b'"', tail @ ..] => (true, tail),
                _ => (false, rest),
            };
            let Some((id, length)) = leading(from_digits) else { break };
            let tail = from_digits.get(length..).unwrap_or_default();
            let tail = match (quoted, tail) {
                (true, [b'"', tail @ ..]) | (false, tail) => tail,
                _ => break,
            };
            let ended = match end {
                End::Line => break_length(tail),
                End::Comma => (tail.first() == Some(&b',')).then_some(1),
            };
            let Some(ended) = ended else { break };
            if !self.add(id, *line) {
                break;
            }
            *line = line.wrapping_add(1);
            rest = tail.get(ended..).unwrap_or_default();
        }
        bytes.len().wrapping_sub(rest.len())
    }

    /// Takes ids that are a plain field among others, in digits. Counts `line` on and returns
    /// how many bytes their records were.
    pub fn take_records(&mut self, bytes: &[u8], shape: &Shape, line: &mut u64) -> usize {
        let mut rest = bytes;
        while let Some(record) = plain_record(rest, shape) {
            let from_id = rest.get(record.id_start..).unwrap_or_default();
            let Some((id, length)) = leading(from_id) else { break };
            let whole = record.id_start.wrapping_add(length) == record.id_end;
            if !whole || record.used > shape.record_bytes_max || !self.add(id, *line) {
                break;
            }
            *line = line.wrapping_add(1);
            rest = rest.get(record.used..).unwrap_or_default();
        }
        bytes.len().wrapping_sub(rest.len())
    }

    /// Takes numbers above zero and returns how many they were; `line` is that of the first.
    pub fn take_longs(&mut self, longs: &[i64], line: u64) -> usize {
        let mut taken = 0_usize;
        for (id, line) in longs.iter().zip(line..) {
            if *id <= 0 || !self.add(*id, line) {
                break;
            }
            taken = taken.wrapping_add(1);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(max: usize) -> Ids {
        Ids { max, places: Some(Places::default()), ..Ids::default() }
    }

    const AFTER: &str = "x                        ";

    #[test]
    fn ids_that_stand_alone_are_taken_up_to_what_is_not_plain() {
        for (end, text) in [(End::Line, "7\n\"8\"\r\n9\r"), (End::Comma, "7,\"8\",9,")] {
            for other in ["", "01", "\"5", "5\"", "-5", "5.0", " 5"] {
                let (mut ids, mut line) = (ids(9), 40);
                let whole = format!("{text}{other}{AFTER}");
                assert_eq!(ids.take_alone(whole.as_bytes(), end, &mut line), text.len(), "{whole}");
                assert_eq!((ids.list, line), (IdList::from(vec![7, 8, 9]), 43));
                assert_eq!(ids.places.unwrap().line(2), 42);
            }
        }
    }

    #[test]
    fn ids_among_other_fields_are_taken_up_to_what_is_not_plain() {
        let shape =
            Shape { delimiter: b',', quotes: true, column: 1, fields: 3, record_bytes_max: 12 };
        let text = "a,7,b\n,8,\r\nlonger,9,cd\n";
        for other in ["a,b\n", "a,1,b,c\n", "a,01,b\n", "a,\"5\"\"\",b\n", "much longer,5,c\n"] {
            let (mut ids, mut line) = (ids(9), 1);
            let whole = format!("{text}{other}{AFTER}");
            let used = ids.take_records(whole.as_bytes(), &shape, &mut line);
            assert_eq!((used, line), (text.len(), 4), "{whole}");
            assert_eq!(ids.list, [7, 8, 9]);
        }
    }

    #[test]
    fn a_full_list_takes_no_more() {
        let (mut ids, mut line) = (ids(2), 1);
        assert_eq!(ids.take_longs(&[5, 6, 7], 1), 2);
        assert!(!ids.push(7, 3));
        let plain = format!("7\n{AFTER}");
        assert_eq!(ids.take_alone(plain.as_bytes(), End::Line, &mut line), 0);
        let shape =
            Shape { delimiter: b',', quotes: true, column: 0, fields: 2, record_bytes_max: 99 };
        let plain = format!("7,a\n{AFTER}");
        assert_eq!(ids.take_records(plain.as_bytes(), &shape, &mut line), 0);
        assert_eq!((ids.list.len(), line), (2, 1));
        ids.max = 3;
        assert_eq!(ids.take_longs(&[0, 7], 1), 0);
        assert_eq!(ids.take_longs(&[7, -1], 1), 1);
        ids.max = 4;
        assert!(ids.push(9, 4) && !ids.push(9, 5));
        assert_eq!(ids.list.len(), 4);
    }
}
