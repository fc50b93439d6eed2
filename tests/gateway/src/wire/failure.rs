//! Why a call gets no answer, or no complete one.

use std::error::Error;
use std::fmt;

/// "No answer": hyper then ends the connection (HTTP/1.1) or resets the stream (HTTP/2), with the
/// code of the [`h2::Error`] that is its source, if there is one.
#[derive(Debug)]
pub(crate) enum ServiceError {
    /// Ordered by a fault, or the account is lost.
    NoAnswer(&'static str),
    /// A stream reset with a chosen code.
    Reset(h2::Error),
    /// The client left.
    Io(std::io::Error),
    Request(hyper::Error),
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(why) => f.write_str(why),
            Self::Reset(error) => write!(f, "reset as ordered: {error}"),
            Self::Io(error) => write!(f, "the connection failed: {error}"),
            Self::Request(error) => write!(f, "the request did not arrive: {error}"),
        }
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoAnswer(_) => None,
            Self::Reset(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Request(error) => Some(error),
        }
    }
}

impl From<h2::Reason> for ServiceError {
    fn from(reason: h2::Reason) -> Self {
        Self::Reset(reason.into())
    }
}

impl From<std::io::Error> for ServiceError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<hyper::Error> for ServiceError {
    fn from(error: hyper::Error) -> Self {
        Self::Request(error)
    }
}
