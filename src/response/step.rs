//! The reasons why reading an answer stops early.

use super::answer::Broken;
use crate::scan::token;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes so far are an incomplete token.
    More,
    /// No continuation can make them an answer.
    Broken(Broken),
}

pub(super) type Step<T> = Result<T, Stop>;

/// Not JSON, whatever follows.
pub(super) const BAD: Stop = Stop::Broken(Broken::NotJson);

impl From<token::Stop> for Stop {
    fn from(stop: token::Stop) -> Self {
        match stop {
            token::Stop::More => Self::More,
            token::Stop::Bad => BAD,
        }
    }
}
