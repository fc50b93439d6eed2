//! Fields by which an entry, or a whole answer, says that it failed. None of them is documented; an
//! entry with one is not issued.

use super::answer::{Envelope, ServiceError};
use super::envelope::{code, item};
use super::fields::Field;
use super::skip::skip;
use super::step::Step;
use super::text::Decode;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::scan::token::{Cursor, Scalar};
use alloc::string::String;

/// Reads the value of such a field inside a container of this depth, and returns the error if it is
/// a failure. Only an `errorCode` or a status object gives it a code.
#[cold]
pub(super) fn failure(
    field: Field,
    cursor: &mut Cursor<'_>,
    outside: u32,
    depth_max: u32,
) -> Step<Option<ServiceError>> {
    if let b'{' | b'[' = cursor.peek()? {
        return match field {
            Field::Status => Ok(item(cursor, outside, depth_max)?.status_error(Envelope::Entry)),
            Field::Failure | Field::Error | Field::Errors => {
                Ok(item(cursor, outside, depth_max)?.error(Envelope::Entry))
            }
            _ => skip(cursor, outside, depth_max).map(|()| None),
        };
    }
    let value = cursor.scalar()?;
    let message = readable(&value);
    let failed = match field {
        Field::Success => denies(&value, &message),
        Field::Failure | Field::Error | Field::Errors => affirms(&value, &message),
        Field::ErrorCode => !is_success_code(&value),
        _ => is_failed_status(&value, &message),
    };
    let code = if let Field::ErrorCode = field { code(&value) } else { None };
    let error = ServiceError { code, message: message.into(), ..ServiceError::default() };
    Ok(failed.then_some(ServiceError { envelope: Envelope::Entry, ..error }))
}

/// The text of a string; empty for any other value.
fn readable(value: &Scalar<'_>) -> String {
    let mut readable = String::new();
    if let Scalar::Text(text) = value {
        text.readable(&mut readable, MESSAGE_BYTES_MAX);
    }
    readable
}

/// True for the value of a `success` that means failure.
pub(super) fn is_no_success(value: &Scalar<'_>) -> bool {
    denies(value, &readable(value))
}

fn denies(value: &Scalar<'_>, text: &str) -> bool {
    match value {
        Scalar::False => true,
        Scalar::Number(number) => number.long() == Some(0),
        Scalar::Text(_) => is_word(text, &NO) || says_failure(text),
        Scalar::Null | Scalar::True => false,
    }
}

/// True for the value of a `failed` or an `errorMessage` that means failure.
fn affirms(value: &Scalar<'_>, text: &str) -> bool {
    match value {
        Scalar::True => true,
        Scalar::Number(number) => number.long() != Some(0),
        Scalar::Text(_) => !is_word(text, &NO) && !is_word(text, &NOTHING),
        Scalar::Null | Scalar::False => false,
    }
}

/// True for an `errorCode` that is no error: absent, 0, or an HTTP success.
pub(super) fn is_success_code(value: &Scalar<'_>) -> bool {
    match (value, code(value)) {
        (Scalar::Null | Scalar::False, _) => true,
        (_, Some(code)) => code == 0 || (200..300).contains(&code),
        (Scalar::Text(_), None) => {
            let text = readable(value);
            is_word(&text, &NOTHING) || is_word(&text, &SUCCESS)
        }
        _ => false,
    }
}

/// True for the value of a `status` that means failure. Most words (ACTIVE, EXPIRED), and small
/// numbers, describe an issuance.
fn is_failed_status(value: &Scalar<'_>, text: &str) -> bool {
    match (value, code(value)) {
        (Scalar::False, _) => true,
        (_, Some(code)) => (400..600).contains(&code),
        (Scalar::Text(_), None) => says_failure(text) || is_word(text, &NO),
        _ => false,
    }
}

const NO: [&str; 4] = ["false", "no", "n", "0"];
const NOTHING: [&str; 5] = ["", "null", "none", "nil", "n/a"];
const SUCCESS: [&str; 4] = ["success", "ok", "00", "000"];

fn is_word(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.trim_ascii().eq_ignore_ascii_case(word))
}

/// Parts of words that mean failure.
const FAILURES: [&str; 13] = [
    "fail",
    "error",
    "reject",
    "refus",
    "denied",
    "declin",
    "invalid",
    "unsuccess",
    "abort",
    "exception",
    "exceed",
    "not_issued",
    "not issued",
];

fn says_failure(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_negated = ["no_error", "no error", "no-error", "noerror"].contains(&text.as_str());
    !is_negated && FAILURES.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the field's value means failure, and its code.
    fn read(field: Field, value: &str) -> Option<Option<i64>> {
        let value = [value, "}"].concat();
        let error = failure(field, &mut Cursor::new(value.as_bytes()), 3, 8).unwrap();
        error.map(|error| error.code)
    }

    #[test]
    fn a_failure_is_told_in_any_spelling() {
        for (field, failed, fine) in [
            (
                Field::Success,
                r#"false "false" "FALSE" "no" "0" 0 "failed" "f\u0061lse""#,
                r#"true "true" 1 "yes" null {} [] "SUCCESS""#,
            ),
            (
                Field::Failure,
                r#"true "true" 1 "limit" -1 ["limit"] {"message":"limit"}"#,
                r#"false "false" 0 null "" "none" "no" [] {}"#,
            ),
            (
                Field::Status,
                r#"false "FAILED" "Failure" "ERROR" "rejected" "DENIED" "not_issued" 500 "404"
                   {"success":false} "INVALID" "LIMIT_EXCEEDED" "f\u0061iled""#,
                r#"true "ACTIVE" "EXPIRED" "SUCCESS" "no_error" 1 200 "200" null [500] {} "#,
            ),
        ] {
            for value in failed.split_ascii_whitespace() {
                assert_eq!(read(field, value), Some(None), "{value}");
            }
            for value in fine.split_ascii_whitespace() {
                assert_eq!(read(field, value), None, "{value}");
            }
        }
    }

    #[test]
    fn an_error_code_or_a_status_object_gives_the_code() {
        for (value, expected) in [
            ("500", Some(Some(500))),
            ("\"708\"", Some(Some(708))),
            ("\"E7\"", Some(None)),
            ("true", Some(None)),
            ("0", None),
            ("\"0\"", None),
            ("200", None),
            ("\"\"", None),
            ("\"SUCCESS\"", None),
            ("null", None),
            ("{}", None),
        ] {
            assert_eq!(read(Field::ErrorCode, value), expected, "{value}");
        }
        let status = r#"{"code":"500","success":true}"#;
        assert_eq!(read(Field::Status, status), Some(Some(500)));
        assert_eq!(read(Field::Failure, r#"{"code":708}"#), Some(Some(708)));
    }
}
