//! Records of CSV in their usual form: no quotes, as many fields as the first.

/// The form of the records of an input.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub delimiter: u8,
    /// True if a field may be quoted.
    pub quotes: bool,
    /// Which field is the id, from 0.
    pub column: usize,
    pub fields: usize,
    /// Bytes of a record, at most.
    pub record_bytes_max: usize,
}

/// The place of the id in a record that ends within `bytes`.
#[derive(Debug, PartialEq, Eq)]
pub struct PlainRecord {
    /// Without quotes around it.
    pub id_start: usize,
    pub id_end: usize,
    /// Bytes up to the next record, line break included.
    pub used: usize,
}

/// The position relative to the quotes of a field.
#[derive(Clone, Copy)]
enum Quote {
    None,
    Open,
    /// The field must end here.
    Closed(usize),
}

/// Reads a record eight bytes at a time: exactly `fields` fields, quotes only around whole fields,
/// and no line break or quote within them. `None` for any other record, which is left to the
/// general way.
#[inline(always)]
pub fn plain_record(bytes: &[u8], shape: &Shape) -> Option<PlainRecord> {
    record::<false>(bytes, shape).or_else(|| quoted_record(bytes, shape))
}

#[inline(never)]
fn quoted_record(bytes: &[u8], shape: &Shape) -> Option<PlainRecord> {
    if shape.quotes { record::<true>(bytes, shape) } else { None }
}

/// Without `QUOTES` there may be none, which is a tenth less work.
#[inline(always)]
fn record<const QUOTES: bool>(bytes: &[u8], shape: &Shape) -> Option<PlainRecord> {
    let [delimiters, quotes, lines, returns] = [shape.delimiter, b'"', b'\n', b'\r'].map(repeated);
    let (mut base, mut field, mut id_start, mut id_end) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut field_start = 0_usize;
    let mut quote = Quote::None;
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
                quote = match quote {
                    Quote::None if QUOTES && at == field_start => Quote::Open,
                    Quote::Open => Quote::Closed(at.wrapping_add(1)),
                    _ => return None,
                };
                continue;
            }
            let mut quotes = 0_usize;
            match quote {
                Quote::None => {}
                Quote::Open if *mark == shape.delimiter => continue,
                Quote::Closed(end) if end == at => {
                    quote = Quote::None;
                    quotes = 1;
                }
                _ => return None,
            }
            if field == shape.column {
                id_start = field_start.wrapping_add(quotes);
                id_end = at.wrapping_sub(quotes);
            }
            field = field.wrapping_add(1);
            if *mark != shape.delimiter {
                let used = at.wrapping_add(break_length(bytes.get(at..)?)?);
                return (field == shape.fields).then_some(PlainRecord { id_start, id_end, used });
            }
            field_start = at.wrapping_add(1);
        }
        base = base.wrapping_add(8);
    }
    None
}

/// Bytes of the line break that `bytes` begin with; `None` where that is not certain yet.
#[inline(always)]
pub fn break_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'\n', ..] => Some(1),
        [b'\r', b'\n', ..] => Some(2),
        [b'\r', _, ..] => Some(1),
        _ => None,
    }
}

#[inline(always)]
fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// The high bit of every zero byte, and no other bit.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    !((word & LOW).wrapping_add(LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, column: usize, fields: usize) -> Option<PlainRecord> {
        let shape = Shape { delimiter: b',', quotes: true, column, fields, record_bytes_max: 99 };
        plain_record(text.as_bytes(), &shape)
    }

    fn record(id_start: usize, id_end: usize, used: usize) -> Option<PlainRecord> {
        Some(PlainRecord { id_start, id_end, used })
    }

    #[test]
    fn a_record_has_its_id_where_the_column_is() {
        assert_eq!(read("12,abcdefghi,345\n1234567", 2, 3), record(13, 16, 17));
        assert_eq!(read("12,äöü€😀,345\n1234567", 2, 3), record(17, 20, 21));
        assert_eq!(read("12,3\r\n12345678", 0, 2), record(0, 2, 6));
        assert_eq!(read("12,3\r12345678", 1, 2), record(3, 4, 5));
        for other in ["1,2,3\n12345678", "1\n12345678", "1,2", "1,23456\r"] {
            assert_eq!(read(other, 0, 2), None, "{other:?}");
        }
    }

    #[test]
    fn quotes_around_a_field_are_none_of_it() {
        assert_eq!(read("\"12\",\"a, b\",\"345\"\n1234567", 2, 3), record(13, 16, 18));
        assert_eq!(read("\"12\",\"\"\r\n12345678", 0, 2), record(1, 3, 9));
        assert_eq!(read("\"\",12\n12345678", 0, 2), record(1, 1, 6));
        let odd = ["\"1\"2,3", "\"1\" ,3", "\"1\"\"2\",3", "1\"2\",3", " \"1\",3", "\"1\n2\",3"];
        for other in odd.into_iter().chain(["\"1,3", "1,\"3", "1,\"3\"x", "1,3\"", "\"1\",\"3\"\""])
        {
            assert_eq!(read(&format!("{other}\n123456789"), 0, 2), None, "{other:?}");
        }
        let bare =
            Shape { delimiter: b',', quotes: false, column: 0, fields: 2, record_bytes_max: 99 };
        assert_eq!(plain_record(b"\"1\",3\n1234567", &bare), None);
    }
}
