//! Finds the members of one JSON object without building it.
//!
//! Brackets, strings, and the commas and colons of the object itself must be right; nested values
//! are skipped. Numbers stay text, digit for digit.

/// Nesting of a member's value, at most: one bit each.
const DEPTH_MAX: u32 = 64;

/// Not one well-formed object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A name as it stands between its quotes, escapes and all, and its value as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    pub name: &'a [u8],
    pub value: &'a [u8],
}

/// All members of the object that `text` is, in order. `each` is called for those before a fault
/// too.
pub fn members<'a>(text: &'a [u8], mut each: impl FnMut(Member<'a>)) -> Result<(), Malformed> {
    let rest = after_blanks(text).strip_prefix(b"{").ok_or(Malformed)?;
    let mut rest = after_blanks(rest);
    if let Some(after) = rest.strip_prefix(b"}") {
        return all_blank(after);
    }
    loop {
        let (name, after) = split(rest, string_length(rest))?;
        let after = after_blanks(after).strip_prefix(b":").ok_or(Malformed)?;
        let after = after_blanks(after);
        let (value, after) = split(after, value_length(after))?;
        each(Member { name: inner(name).ok_or(Malformed)?, value });
        rest = match after_blanks(after).split_first() {
            Some((b',', after)) => after_blanks(after),
            Some((b'}', after)) => return all_blank(after),
            _ => return Err(Malformed),
        };
    }
}

/// The text between the quotes of a complete string; `None` for anything else.
pub fn inner(value: &[u8]) -> Option<&[u8]> {
    let length = string_length(value)?;
    if length != value.len() {
        return None;
    }
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

fn split(text: &[u8], length: Option<usize>) -> Result<(&[u8], &[u8]), Malformed> {
    length.and_then(|length| text.split_at_checked(length)).ok_or(Malformed)
}

fn after_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    text.get(blanks..).unwrap_or_default()
}

fn all_blank(text: &[u8]) -> Result<(), Malformed> {
    if after_blanks(text).is_empty() { Ok(()) } else { Err(Malformed) }
}

/// JSON's whitespace.
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// True if a byte may be part of a number, `true`, `false` or `null`.
pub fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

/// Bytes of the string at the start of `text`, both quotes included.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut bytes = text.iter().enumerate();
    if bytes.next()?.1 != &b'"' {
        return None;
    }
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(at.wrapping_add(1)),
            b'\\' => drop(bytes.next()),
            0..=0x1f => return None,
            _ => {}
        }
    }
    None
}

fn value_length(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'"' => string_length(text),
        b'{' | b'[' => nested_length(text),
        _ => match text.iter().take_while(|byte| is_bare(**byte)).count() {
            0 => None,
            length => Some(length),
        },
    }
}

/// Bytes of the object or array at the start of `text`.
fn nested_length(text: &[u8]) -> Option<usize> {
    // One bit a level, the innermost lowest: set for an object.
    let (mut levels, mut depth, mut at) = (0_u64, 0_u32, 0_usize);
    loop {
        let rest = text.get(at..)?;
        let mut length = 1_usize;
        match rest.first()? {
            b'"' => length = string_length(rest)?,
            open @ (b'{' | b'[') => {
                if depth == DEPTH_MAX {
                    return None;
                }
                levels = (levels << 1) | u64::from(*open == b'{');
                depth = depth.wrapping_add(1);
            }
            close @ (b'}' | b']') => {
                if (levels & 1 == 1) != (*close == b'}') {
                    return None;
                }
                levels >>= 1;
                depth = depth.wrapping_sub(1);
            }
            _ => {}
        }
        at = at.wrapping_add(length);
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let owned = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let mut out = Vec::new();
        let each = |member: Member<'_>| out.push((owned(member.name), owned(member.value)));
        members(text.as_bytes(), each).ok().map(|()| out)
    }

    #[test]
    fn members_come_as_they_stand() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read("{}"), Some(vec![]));
        assert_eq!(
            read(r#" { "a" : 9007199254740993 , "b":"x\"},", "c":[1,{"a":2}],"":null} "#),
            Some(vec![
                pair("a", "9007199254740993"),
                pair("b", r#""x\"},""#),
                pair("c", r#"[1,{"a":2}]"#),
                pair("", "null"),
            ])
        );
    }

    #[test]
    fn broken_objects_are_not_read() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(65), "]".repeat(65));
        for text in [
            "",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1,}",
            "{\"a\":1}}",
            "{a:1}",
            "[1]",
            "{\"a\":1 2}",
            "{\"a\":[}]}",
            "{\"a\":\"\u{1}\"}",
            "{\"a\":1} x",
            "{,}",
            "{\"a\":1,,}",
            &deep,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
