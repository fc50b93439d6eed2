//! An answer before it meets the wire.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::Content;

/// Status, headers and bytes. The status may be any number of three digits.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub content: Content,
}

impl Reply {
    /// A JSON answer.
    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self::typed(status, "application/json;charset=UTF-8", body)
    }

    /// An answer of any type.
    pub(crate) fn typed(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        let mut reply = Self::empty(status);
        reply.content = body.into();
        reply.set("content-type", content_type);
        reply
    }

    /// No body and no content type.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), content: Content::default() }
    }

    /// Sets a header; one that no HTTP header can be is left out.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let pair = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        if let (Ok(name), Ok(value)) = pair {
            self.headers.insert(name, value);
        }
    }
}
