//! Exact Longs: customer ids as text and in the request body. None passes through a float.

use serde::de::IgnoredAny;

/// A positive Long written as plain digits: no sign, blank, leading zero or exponent.
pub fn parse_long(text: &[u8]) -> Option<i64> {
    let (first, _) = text.split_first()?;
    if *first == b'0' || text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0_i64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        value.checked_mul(10)?.checked_add(i64::from(digit))
    })
}

/// Why a request body is not a list of customer ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BodyProblem {
    /// Not JSON at all.
    Malformed,
    /// JSON, but not an array.
    NotAnArray,
    /// An array with something other than positive Longs: null, text, fractions, 0, too large.
    InvalidIds,
    /// `[]`.
    Empty,
}

/// The ids of a request body, in its order, duplicates included.
///
/// # Errors
/// What is wrong with the body as a whole; the service documents no finer answer.
pub(crate) fn parse_ids(body: &[u8]) -> Result<Vec<i64>, BodyProblem> {
    match scan_ids(body) {
        Some(ids) if ids.is_empty() => Err(BodyProblem::Empty),
        Some(ids) => Ok(ids),
        None => Err(diagnose(body)),
    }
}

/// The happy path in one pass; `None` when anything at all is unusual.
fn scan_ids(body: &[u8]) -> Option<Vec<i64>> {
    let inner = body.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    if inner.trim_ascii().is_empty() {
        return Some(Vec::new());
    }
    // Ids rarely have fewer than 9 digits; a wrong guess costs one reallocation.
    let mut ids = Vec::with_capacity(inner.len() / 10);
    for element in inner.split(|byte| *byte == b',') {
        ids.push(parse_long(element.trim_ascii())?);
    }
    Some(ids)
}

fn diagnose(body: &[u8]) -> BodyProblem {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return BodyProblem::Malformed;
    }
    match body.trim_ascii_start().first() {
        Some(b'[') => BodyProblem::InvalidIds,
        _ => BodyProblem::NotAnArray,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longs_are_exact_at_the_edges() {
        assert_eq!(parse_long(b"9007199254740993"), Some(9_007_199_254_740_993));
        assert_eq!(parse_long(b"9223372036854775807"), Some(i64::MAX));
        for bad in ["9223372036854775808", "", "0", "007", "+5", "-5", "5.0", "1e9", " 5", "5 "] {
            assert_eq!(parse_long(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn bodies_are_read_or_diagnosed() {
        assert_eq!(parse_ids(b" [ 5 ,\n9223372036854775807 ] "), Ok(vec![5, i64::MAX]));
        let cases: [(&[u8], BodyProblem); 10] = [
            (b"[]", BodyProblem::Empty),
            (b"[ ]", BodyProblem::Empty),
            (b"[1,]", BodyProblem::Malformed),
            (b"", BodyProblem::Malformed),
            (b"[1 2]", BodyProblem::Malformed),
            (b"{\"a\":1}", BodyProblem::NotAnArray),
            (b"[null]", BodyProblem::InvalidIds),
            (b"[\"5\"]", BodyProblem::InvalidIds),
            (b"[9223372036854775808]", BodyProblem::InvalidIds),
            (b"[5.0]", BodyProblem::InvalidIds),
        ];
        for (body, problem) in cases {
            assert_eq!(parse_ids(body), Err(problem), "{}", String::from_utf8_lossy(body));
        }
    }
}
