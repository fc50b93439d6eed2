//! The same JSON with other white space and escapes.

use std::fmt::Write as _;

use crate::switches::Shape;

/// Rewrites compact JSON as the shape asks.
pub(crate) fn apply(shape: &Shape, compact: String) -> Vec<u8> {
    let mut text = compact;
    if shape.escape_all {
        text = escape_all(&text);
    }
    if shape.pretty {
        text = spaced(&text, true);
    } else if shape.spaces {
        text = spaced(&text, false);
    }
    let mut bytes = if shape.bom { "\u{feff}".as_bytes().to_vec() } else { Vec::new() };
    bytes.extend(text.bytes());
    bytes
}

/// `/` and everything outside ASCII as an escape. Both occur in JSON only within strings.
fn escape_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '/' => out.push_str("\\/"),
            _ if character.is_ascii() => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}

/// With blanks after colons and commas, or on one line per member.
fn spaced(text: &str, lines: bool) -> String {
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if quoted {
            out.push(character);
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => {
                quoted = true;
                out.push(character);
            }
            '{' | '[' => {
                out.push(character);
                depth = depth.saturating_add(1);
                if lines && !matches!(characters.peek(), Some('}' | ']')) {
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if lines && !out.ends_with(['{', '[']) {
                    new_line(&mut out, depth);
                }
                out.push(character);
            }
            ',' if lines => {
                out.push(',');
                new_line(&mut out, depth);
            }
            ',' | ':' => {
                out.push(character);
                out.push(' ');
            }
            _ => out.push(character),
        }
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pretty_is_what_a_common_formatter_writes() {
        let compact = r#"{"a":{"b":[1,2],"c":{},"d":"x,\":{y\\"},"e":[]}"#;
        let value: serde_json::Value = serde_json::from_str(compact).unwrap();
        assert_eq!(spaced(compact, true), serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(spaced(r#"{"a":[1,2]}"#, false), r#"{"a": [1, 2]}"#);
    }

    #[test]
    fn escapes_keep_the_meaning() {
        let compact = "\"a/\u{e9}\u{1F381}\"";
        let escaped = escape_all(compact);
        assert_eq!(escaped, "\"a\\/\\u00E9\\uD83C\\uDF81\"");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), "a/\u{e9}\u{1F381}");
    }
}
