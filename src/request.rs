//! One call on the wire: where it goes, what its headers and its body say.
//!
//! Everything that could bend a request into another one (a path segment of `..`, a line break in
//! a header, a host with credentials) is refused here, before anything is sent.

use crate::id::{ContextId, CustomerId, PromotionId};
use std::borrow::Cow;

/// What is wrong with a request's parts: a stable code and a sentence that names the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestError {
    pub code: &'static str,
    pub message: &'static str,
}

const INVALID_HOST: RequestError = RequestError {
    code: "invalid-host",
    message: "host must be a host name with an optional port (eu.api.capillarytech.com) or an \
              https origin, without path, user or query.",
};
const INSECURE_HOST: RequestError = RequestError {
    code: "insecure-host",
    message: "host must use https; http is only taken for a loopback address such as 127.0.0.1.",
};
const INVALID_BASE_PATH: RequestError = RequestError {
    code: "invalid-base-path",
    message: "basePath must be '/' and segments of letters, digits, '-', '_' and '.', as in \
              /api_gateway/v1; '.' and '..' are no segments.",
};
const INVALID_HEADER: RequestError = RequestError {
    code: "invalid-header",
    message: "A header value must be visible ASCII without line breaks; check auth, orgId and \
              attribution.",
};

/// Path before `/promotions` (seed, "API Endpoint Example").
pub const BASE_PATH_DEFAULT: &str = "/api_gateway/v1";

/// The service's origin and base path, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    origin: Box<str>,
    base_path: Box<str>,
}

impl Endpoint {
    /// `host` is `name[:port]` or `https://name[:port]`; `http://` only for loopback.
    pub fn new(host: &str, base_path: &str) -> Result<Self, RequestError> {
        let lower = host.to_ascii_lowercase();
        let (scheme, authority) = match lower.split_once("://") {
            Some(("https", rest)) => ("https://", rest),
            Some(("http", rest)) => ("http://", rest),
            Some(_) => return Err(INVALID_HOST),
            None => ("https://", lower.as_str()),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let name = host_name(authority).ok_or(INVALID_HOST)?;
        if scheme == "http://" && !is_loopback(name) {
            return Err(INSECURE_HOST);
        }
        check_base_path(base_path)?;
        Ok(Self { origin: [scheme, authority].concat().into(), base_path: base_path.into() })
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The address of every call of one run (seed, "Path Parameter", "Query Parameter").
    pub fn issue_url(&self, promotion: &PromotionId, context: &ContextId) -> String {
        let mut url = [
            &*self.origin,
            &*self.base_path,
            "/promotions/",
            promotion.as_str(),
            "/issueBulk?contextId=",
        ]
        .concat();
        percent_encode(context.as_str(), &mut url);
        url
    }

    /// Where OAuth tokens are made (api.md 7); it stands outside the base path.
    pub fn token_url(&self) -> String {
        [&*self.origin, "/v3/oauth/token/generate"].concat()
    }
}

/// The name in `name[:port]`, if both are well-formed.
fn host_name(authority: &str) -> Option<&str> {
    let (name, port) = if authority.starts_with('[') {
        let end = authority.find(']')?.checked_add(1)?;
        (authority.get(..end)?, authority.get(end..)?)
    } else {
        let end = authority.find(':').unwrap_or(authority.len());
        (authority.get(..end)?, authority.get(end..)?)
    };
    let port_is_right = match port.strip_prefix(':') {
        Some(digits) => digits.parse::<u16>().is_ok_and(|p| p > 0) && !digits.starts_with('+'),
        None => port.is_empty(),
    };
    let name_is_right = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
        None => is_dotted_name(name),
    };
    (port_is_right && name_is_right).then_some(name)
}

fn is_dotted_name(name: &str) -> bool {
    let label = |label: &str| {
        let bytes = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && label.len() <= 63 && bytes && !label.starts_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn is_loopback(name: &str) -> bool {
    name == "localhost"
        || name == "[::1]"
        || name.parse::<core::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

fn check_base_path(path: &str) -> Result<(), RequestError> {
    let Some(rest) = path.strip_prefix('/') else {
        return if path.is_empty() { Ok(()) } else { Err(INVALID_BASE_PATH) };
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let segment = |s: &str| !s.is_empty() && s != "." && s != ".." && s.bytes().all(allowed);
    if rest.split('/').all(segment) { Ok(()) } else { Err(INVALID_BASE_PATH) }
}

/// Encodes all but the unreserved characters (RFC 3986, 2.3), a space as `%20` (api.md 2).
fn percent_encode(text: &str, out: &mut String) {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// A header whose value is visible ASCII and inner blanks: it cannot end its line early.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: Cow<'static, str>,
    value: Box<str>,
}

impl Header {
    pub fn new(name: &'static str, value: &str) -> Result<Self, RequestError> {
        Self::checked(name.into(), value)
    }

    /// A header whose name is the caller's, too: a token (RFC 9110, 5.6.2).
    pub fn named(name: &str, value: &str) -> Result<Self, RequestError> {
        Self::checked(Cow::Owned(name.into()), value)
    }

    fn checked(name: Cow<'static, str>, value: &str) -> Result<Self, RequestError> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(letter) || !is_header_value(value) {
            return Err(INVALID_HEADER);
        }
        Ok(Self { name, value: value.into() })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub const fn value(&self) -> &str {
        &self.value
    }
}

/// Whether a value can stand in a header as it is: non-empty, visible ASCII, no outer blanks.
pub fn is_header_value(value: &str) -> bool {
    let visible = |byte: u8| (0x20..0x7f).contains(&byte);
    !value.is_empty() && value.trim_ascii().len() == value.len() && value.bytes().all(visible)
}

/// Appends `[1,2,3]`, the bare array of the seed's "Request Body".
pub fn write_body(ids: &[i64], out: &mut Vec<u8>) {
    out.reserve(body_bytes(ids));
    let mut separator = b'[';
    for id in ids {
        out.push(separator);
        separator = b',';
        // The ledger holds only positive ids; anything else would be a mistake of ours, and
        // writing nothing for it makes the service refuse the body instead of misreading it.
        if let Ok(id) = CustomerId::new(*id) {
            id.write(out);
        }
    }
    out.push(b']');
}

/// The length of what [`write_body`] appends.
pub fn body_bytes(ids: &[i64]) -> usize {
    let digits = ids.iter().map(|id| {
        let digits = id.unsigned_abs().checked_ilog10().unwrap_or(0).saturating_add(1);
        usize::try_from(digits).unwrap_or(0)
    });
    digits.fold(1, |sum, digits| sum.saturating_add(digits).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(context: &str) -> String {
        let promotion = PromotionId::new("67dd4210ef21a64211227e04").unwrap();
        let endpoint = Endpoint::new("eu.api.capillarytech.com", BASE_PATH_DEFAULT).unwrap();
        endpoint.issue_url(&promotion, &ContextId::new(context).unwrap())
    }

    #[test]
    fn the_context_is_encoded_exactly_once() {
        let start = "https://eu.api.capillarytech.com/api_gateway/v1/promotions/\
                     67dd4210ef21a64211227e04/issueBulk?contextId=";
        let cases = [
            ("973", "973"),
            ("2 items in cart", "2%20items%20in%20cart"),
            ("a%20b", "a%2520b"),
            ("a&b=c#d+e/f", "a%26b%3Dc%23d%2Be%2Ff"),
            ("🎁ä", "%F0%9F%8E%81%C3%A4"),
            ("-._~", "-._~"),
        ];
        for (context, encoded) in cases {
            assert_eq!(url(context), [start, encoded].concat());
        }
    }

    #[test]
    fn hosts_are_names_or_https_origins() {
        let cases = [
            ("eu.api.capillarytech.com", "https://eu.api.capillarytech.com"),
            ("EU.api.capillarytech.com:8443", "https://eu.api.capillarytech.com:8443"),
            ("https://eu.api.capillarytech.com/", "https://eu.api.capillarytech.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:1", "http://localhost:1"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ];
        for (host, origin) in cases {
            assert_eq!(Endpoint::new(host, "").unwrap().origin(), origin);
        }
    }

    #[test]
    fn hosts_that_lead_elsewhere_are_refused() {
        let invalid = [
            "",
            "/",
            "https://",
            "a b",
            "user@host",
            "host/path",
            "host?x",
            "host#x",
            "host:0",
            "host:99999",
            "host:+1",
            "host:",
            "ftp://host",
            "[::1",
            "[zz]",
            "a..b",
            "-a.com",
            "host\r\nx",
            "https://https://host",
            "ho\u{e4}st",
            "host\\evil",
        ];
        for host in invalid {
            assert_eq!(Endpoint::new(host, "").unwrap_err().code, "invalid-host", "{host}");
        }
        for host in ["http://example.com", "http://127.0.0.1.evil.com", "http://128.0.0.1"] {
            assert_eq!(Endpoint::new(host, "").unwrap_err().code, "insecure-host", "{host}");
        }
    }

    #[test]
    fn base_paths_cannot_climb() {
        assert!(Endpoint::new("host", "/api_gateway/v1").is_ok());
        for path in ["api", "/", "/a//b", "/..", "/a/../b", "/a/", "/a?b", "/a%2fb", "/a b"] {
            let error = Endpoint::new("host", path).unwrap_err();
            assert_eq!(error.code, "invalid-base-path", "{path}");
        }
    }

    #[test]
    fn header_values_cannot_break_their_line() {
        assert!(Header::new("x-test", "Basic abc=").is_ok());
        for value in ["", " a", "a ", "a\r\nb", "a\nb", "a\0b", "\u{e4}", "a\tb", "a\x7f"] {
            assert!(Header::new("x-test", value).is_err(), "{value:?}");
        }
        assert!(Header::named("X-Own_1", "a").is_ok());
        for name in ["", "a b", "a:", "a\r\nb", "\u{e4}"] {
            assert!(Header::named(name, "a").is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_body_is_a_bare_array_of_exact_ids_of_the_stated_length() {
        let cases: [(&[i64], &str); 3] = [
            (&[555_567_088], "[555567088]"),
            (&[566_881_933, 566_135_941], "[566881933,566135941]"),
            (&[1, 9_007_199_254_740_993, i64::MAX], "[1,9007199254740993,9223372036854775807]"),
        ];
        for (ids, text) in cases {
            let mut body = Vec::new();
            write_body(ids, &mut body);
            assert_eq!(body, text.as_bytes());
            assert_eq!(body_bytes(ids), text.len());
        }
    }
}
