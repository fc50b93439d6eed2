//! One line or value of the input that is not sent, and why.

use crate::id::IdError;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A line or value that does not become a customer to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place, counted from 1: the physical line on which its record begins, or the position
    /// among single values and entries of a JSON array.
    pub line: u64,
    /// Field of the record that should be an id, counted from 1; 1 where there are no fields.
    pub column: u32,
    pub reason: ProblemReason,
    /// The first [`PROBLEM_TEXT_BYTES_MAX`](crate::limits::PROBLEM_TEXT_BYTES_MAX) bytes of the
    /// offending value, of the whole record where the record is at fault. Invisible characters are
    /// escaped.
    pub text: Box<[u8]>,
}

/// Why a line or value is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemReason {
    /// Not a customer id.
    Invalid(IdError),
    /// The same id stands further up.
    Duplicate { first_line: u64 },
    /// Fewer fields than the first record, so it is unclear which one is the id.
    TooFewFields,
    /// More fields than the first record, such as `1,234` unquoted.
    TooManyFields,
    /// A line or value above [`LINE_BYTES_MAX`](crate::limits::LINE_BYTES_MAX).
    TooLong,
    /// Text after a closing quote (RFC 4180, section 2.5).
    BadQuote,
    /// A line of NDJSON that is not one JSON value.
    BadJson,
    /// A line of NDJSON that is neither an object nor an id.
    NotAnObject,
    /// An object without the field that holds the id.
    NoField,
    /// An object with that field more than once: neither may win.
    RepeatedField,
}

/// The counts of an input, and its problems with their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub given: u64,
    pub invalid: u64,
    pub duplicate: u64,
    /// Lines without content, which are not part of `given`.
    pub blank: u64,
    /// The first [`PROBLEMS_KEPT`](crate::limits::PROBLEMS_KEPT), in order.
    pub problems: Vec<Problem>,
}

impl ProblemReason {
    /// The reason of a code, but for a duplicate, which also says where the first one is.
    pub fn find(code: &str) -> Option<Self> {
        const OTHERS: [ProblemReason; 8] = [
            ProblemReason::TooFewFields,
            ProblemReason::TooManyFields,
            ProblemReason::TooLong,
            ProblemReason::BadQuote,
            ProblemReason::BadJson,
            ProblemReason::NotAnObject,
            ProblemReason::NoField,
            ProblemReason::RepeatedField,
        ];
        let invalid = IdError::ALL.into_iter().map(Self::Invalid);
        OTHERS.into_iter().chain(invalid).find(|reason| reason.code() == code)
    }

    /// The stable code of the reason, as reports give it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid(error) => error.code(),
            Self::Duplicate { .. } => "duplicate",
            Self::TooFewFields => "too-few-fields",
            Self::TooManyFields => "too-many-fields",
            Self::TooLong => "too-long",
            Self::BadQuote => "bad-quote",
            Self::BadJson => "bad-json",
            Self::NotAnObject => "not-an-object",
            Self::NoField => "no-field",
            Self::RepeatedField => "repeated-field",
        }
    }
}
