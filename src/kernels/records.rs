//! Records of CSV in their usual form: no quotes, as many fields as the first.

/// The place of the id in a record without quotes that ends within `bytes`.
#[derive(Debug, PartialEq, Eq)]
pub struct PlainRecord {
    pub id_start: usize,
    pub id_end: usize,
    /// Bytes up to the next record, line break included.
    pub used: usize,
}

/// Reads a record eight bytes at a time: no quote, exactly `fields` fields, `column` (from 0) the
/// id's. `None` for any other record, which is left to the general way.
#[inline(always)]
pub fn plain_record(
    bytes: &[u8],
    delimiter: u8,
    column: usize,
    fields: usize,
) -> Option<PlainRecord> {
    let [delimiters, quotes, lines, returns] = [delimiter, b'"', b'\n', b'\r'].map(repeated);
    let (mut base, mut field, mut id_start, mut id_end) = (0_usize, 0_usize, 0_usize, 0_usize);
    for eight in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*eight);
        let mut marks = zeros(word ^ delimiters)
            | zeros(word ^ quotes)
            | zeros(word ^ lines)
            | zeros(word ^ returns);
        while marks != 0 {
            let at = base.wrapping_add(usize::try_from(marks.trailing_zeros() / 8).unwrap_or(0));
            marks &= marks.wrapping_sub(1);
            let mark = bytes.get(at)?;
            if *mark == b'"' {
                return None;
            }
            if field == column {
                id_end = at;
            }
            field = field.wrapping_add(1);
            if *mark != delimiter {
                let used = at.wrapping_add(break_length(bytes.get(at..)?)?);
                return (field == fields).then_some(PlainRecord { id_start, id_end, used });
            }
            if field == column {
                id_start = at.wrapping_add(1);
            }
        }
        base = base.wrapping_add(8);
    }
    None
}

/// Bytes of the line break that `bytes` begin with; `None` where that is not certain yet.
#[inline]
pub fn break_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        [b'\r', _, ..] => Some(1),
        _ => None,
    }
}

fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every zero byte, and no other bit.
#[inline]
fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !((word & LOW).wrapping_add(LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_id_where_the_column_is() {
        let text = b"12,abcdefghi,345\n1234567";
        let record = plain_record(text, b',', 2, 3).unwrap();
        assert_eq!(record, PlainRecord { id_start: 13, id_end: 16, used: 17 });
        let record = plain_record(b"12,3\r\n12345678", b',', 0, 2).unwrap();
        assert_eq!(record, PlainRecord { id_start: 0, id_end: 2, used: 6 });
        assert_eq!(plain_record(b"12,3\r12345678", b',', 1, 2).unwrap().used, 5);
        for other in ["1,\"2\"\n12345678", "1,2,3\n12345678", "1\n12345678", "1,2", "1,23456\r"] {
            assert_eq!(plain_record(other.as_bytes(), b',', 0, 2), None, "{other:?}");
        }
    }
}
