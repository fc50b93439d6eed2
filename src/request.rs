//! One call on the wire: its address, headers and body.
//!
//! All that could turn a request into another one (a path segment of `..`, a line break in a
//! header, a host with credentials) is refused here, before anything is sent.

use crate::decimal;
use crate::id::{ContextId, CustomerId, PromotionId};
use crate::text;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// An error in a request's parts: a stable code and a sentence that names the fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestError {
    pub code: &'static str,
    pub message: &'static str,
}

const INVALID_HOST: &RequestError = &RequestError {
    code: "invalid-host",
    message: "host must be a host name with an optional port (eu.api.capillarytech.com) or an \
              https origin, without path, user or query.",
};
const INSECURE_HOST: &RequestError = &RequestError {
    code: "insecure-host",
    message: "host must use https; http is only taken for a loopback address such as 127.0.0.1.",
};
const INVALID_BASE_PATH: &RequestError = &RequestError {
    code: "invalid-base-path",
    message: "basePath must be '/' and segments of letters, digits, '-', '_' and '.', as in \
              /api_gateway/v1; '.' and '..' are no segments.",
};
const INVALID_HEADER: &RequestError = &RequestError {
    code: "invalid-header",
    message: "A header value must be visible ASCII without line breaks; check auth, orgId and \
              attribution.",
};

/// One call without its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    pub url: String,
    /// JSON; `None` for a GET.
    pub body: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    /// The method as HTTP spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl Request {
    pub const fn get(url: String) -> Self {
        Self { method: Method::Get, url, body: None }
    }

    pub const fn post(url: String, body: Vec<u8>) -> Self {
        Self { method: Method::Post, url, body: Some(body) }
    }
}

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
    pub fn new(host: &str, base_path: &str) -> Result<Self, &'static RequestError> {
        let lower = host.to_ascii_lowercase();
        let (scheme, authority) = match lower.strip_prefix("http://") {
            Some(rest) => ("http://", rest),
            None => ("https://", lower.strip_prefix("https://").unwrap_or(&lower)),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let name = host_name(authority.as_bytes()).ok_or(INVALID_HOST)?;
        if scheme == "http://" && !is_loopback(name) {
            return Err(INSECURE_HOST);
        }
        check_base_path(base_path)?;
        Ok(Self { origin: [scheme, authority].concat().into(), base_path: base_path.into() })
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub fn base_path(&self) -> &str {
        &self.base_path
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
        text::push_percent(context.as_str(), &mut url);
        url
    }

    /// The address to read one customer's promotions (api.md 14, Reconcile), inactive and redeemed
    /// ones included. Supplementary ones are excluded, since they would displace others.
    pub fn customer_url(&self, customer: CustomerId, rows_max: u32) -> String {
        let mut id = Vec::new();
        customer.write(&mut id);
        let mut limit = Vec::new();
        decimal::write(i64::from(rows_max), &mut limit);
        let [id, limit] = [&id, &limit].map(|digits| core::str::from_utf8(digits).unwrap_or(""));
        [
            &*self.origin,
            &*self.base_path,
            "/promotions/customer/",
            id,
            "?limit=",
            limit,
            "&isIncludeActivePromotionsOnly=false&includeRedemptions=true\
             &includeSupplementaryPromotions=false",
        ]
        .concat()
    }

    /// The address to read a promotion's details (api.md 14, Pre-check, full).
    pub fn details_url(&self, promotion: &PromotionId) -> String {
        [&*self.origin, &*self.base_path, "/promotions/?promotionIds=", promotion.as_str()].concat()
    }

    /// The address to revoke issuances (api.md 14, Revoke).
    pub fn revoke_url(&self) -> String {
        [&*self.origin, &*self.base_path, "/promotions/revokeEarn"].concat()
    }

    /// The address to fetch OAuth tokens (api.md 7), which is outside the base path.
    pub fn token_url(&self) -> String {
        [&*self.origin, "/v3/oauth/token/generate"].concat()
    }
}

/// The name in `name[:port]`, if both are well-formed.
fn host_name(authority: &[u8]) -> Option<&[u8]> {
    let bracket = authority.iter().position(|byte| *byte == b']');
    let end = match bracket {
        Some(bracket) => bracket.checked_add(1)?,
        None => authority.iter().position(|b| *b == b':').unwrap_or(authority.len()),
    };
    let (name, port) = authority.split_at_checked(end)?;
    let port_is_right = match port.split_first() {
        Some((b':', digits)) => decimal::read(digits).is_some_and(|p| p > 0 && p <= PORT_MAX),
        Some(_) => false,
        None => true,
    };
    let name_is_right = match name {
        [b'[', address @ .., b']'] => is_ipv6(address),
        _ => is_dotted_name(name),
    };
    (port_is_right && name_is_right).then_some(name)
}

const PORT_MAX: u64 = 65_535;

fn is_dotted_name(name: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let label = |label: &[u8]| {
        (1..=63).contains(&label.len()) && label.iter().all(letter) && label.first() != Some(&b'-')
    };
    name.len() <= 253 && name.split(|byte| *byte == b'.').all(label)
}

/// Groups of hex digits, once shortened by `::` (RFC 4291, 2.2, forms 1 and 2).
fn is_ipv6(address: &[u8]) -> bool {
    let hex =
        |group: &[u8]| (1..=4).contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit);
    let groups = |part: &[u8]| match part {
        [] => Some(0),
        _ if part.split(|byte| *byte == b':').all(hex) => {
            Some(part.iter().filter(|byte| **byte == b':').count().saturating_add(1))
        }
        _ => None,
    };
    match address.windows(2).position(|pair| pair == b"::") {
        None => groups(address) == Some(8),
        Some(gap) => {
            let (before, after) = (address.get(..gap), address.get(gap.saturating_add(2)..));
            let count = |part: Option<&[u8]>| part.and_then(groups);
            matches!((count(before), count(after)), (Some(a), Some(b)) if a.saturating_add(b) < 8)
        }
    }
}

fn is_loopback(name: &[u8]) -> bool {
    let octet = |octet: &[u8]| octet.len() <= 3 && decimal::read(octet).is_some_and(|o| o <= 255);
    let ipv4 = name.iter().filter(|byte| **byte == b'.').count() == 3
        && name.split(|byte| *byte == b'.').all(octet);
    matches!(name, b"localhost" | b"[::1]") || (ipv4 && name.starts_with(b"127."))
}

fn check_base_path(path: &str) -> Result<(), &'static RequestError> {
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let segment = |s: &[u8]| !matches!(s, b"" | b"." | b"..") && s.iter().all(allowed);
    let right = match path.as_bytes() {
        [] => true,
        [b'/', rest @ ..] => rest.split(|byte| *byte == b'/').all(segment),
        _ => false,
    };
    if right { Ok(()) } else { Err(INVALID_BASE_PATH) }
}

/// A header whose value is visible ASCII and inner blanks, so it cannot contain a line break.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: Box<str>,
    value: Box<str>,
}

impl Header {
    /// The name may be the caller's, too: it must be a token (RFC 9110, 5.6.2).
    pub fn new(name: &str, value: &str) -> Result<Self, &'static RequestError> {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(letter) || !is_header_value(value) {
            return Err(INVALID_HEADER);
        }
        Ok(Self { name: name.into(), value: value.into() })
    }

    pub const fn name(&self) -> &str {
        &self.name
    }

    pub const fn value(&self) -> &str {
        &self.value
    }
}

/// True if a value can be a header as it is: non-empty, visible ASCII, no outer blanks.
pub fn is_header_value(value: &str) -> bool {
    let visible = |byte: u8| (0x20..0x7f).contains(&byte);
    !value.is_empty() && value.trim_ascii().len() == value.len() && value.bytes().all(visible)
}

/// Appends `[1,2,3]`, the bare array of the seed's "Request Body".
///
/// The ledger holds only positive ids. For any other, which would be a bug, nothing is written: the
/// service then refuses the body instead of misreading it.
pub fn write_body(ids: &[i64], out: &mut Vec<u8>) {
    decimal::write_array(ids, out);
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
    fn what_is_only_read_has_its_address() {
        let endpoint = Endpoint::new("eu.api.capillarytech.com", BASE_PATH_DEFAULT).unwrap();
        let origin = "https://eu.api.capillarytech.com";
        assert_eq!(endpoint.token_url(), [origin, "/v3/oauth/token/generate"].concat());
        let revoke = "/api_gateway/v1/promotions/revokeEarn";
        assert_eq!(endpoint.revoke_url(), [origin, revoke].concat());
        let promotion = PromotionId::new("67dd4210ef21a64211227e04").unwrap();
        let details = "/api_gateway/v1/promotions/?promotionIds=67dd4210ef21a64211227e04";
        assert_eq!(endpoint.details_url(&promotion), [origin, details].concat());
        let customer = CustomerId::new(9_007_199_254_740_993).unwrap();
        let read_back = "/api_gateway/v1/promotions/customer/9007199254740993?limit=100\
                         &isIncludeActivePromotionsOnly=false&includeRedemptions=true\
                         &includeSupplementaryPromotions=false";
        assert_eq!(endpoint.customer_url(customer, 100), [origin, read_back].concat());
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
            ("[2001:db8::ff]", "https://[2001:db8::ff]"),
            ("[1:2:3:4:5:6:7:8]:1", "https://[1:2:3:4:5:6:7:8]:1"),
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
            "[::1]x",
            "[1::2::3]",
            "[1:2:3:4:5:6:7]",
            "[1:2:3:4:5:6:7:8:9]",
            "[1:2:3:4::5:6:7:8]",
            "[12345::]",
            "[:1]",
            "]",
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
        for host in [
            "http://example.com",
            "http://127.0.0.1.evil.com",
            "http://128.0.0.1",
            "http://127.0.0.256",
        ] {
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
        assert!(Header::new("X-Own_1", "a").is_ok());
        for name in ["", "a b", "a:", "a\r\nb", "\u{e4}"] {
            assert!(Header::new(name, "a").is_err(), "{name:?}");
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
