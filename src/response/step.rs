//! Why reading an answer stopped early.

use super::answer::Broken;
use crate::scan::token;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes so far are a beginning.
    More,
    /// No continuation can make an answer of them.
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
