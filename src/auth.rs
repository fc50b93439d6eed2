//! Credentials: Basic, OAuth, a token (api.md 7), and how they stay secret.
//!
//! A [`Secret`] has neither `Debug` nor `Display` nor a serialiser, and [`Header`] has none
//! either: the only way out is the request itself.

use crate::json::Object;
use crate::limits;
use crate::request::{Header, RequestError, is_header_value};
use crate::secrets::Secrets;
use crate::text;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use md5::{Digest as _, Md5};

/// A text that must not be printed.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    fn expose(&self) -> &str {
        &self.0
    }
}

/// The credentials as the caller gives them.
#[derive(Clone)]
pub enum Auth {
    /// A till and its password; the service wants the password's MD5.
    Basic { username: Box<str>, password: Secret },
    /// A till and the MD5 of its password: 32 hex digits.
    BasicMd5 { username: Box<str>, password_md5: Secret },
    /// An OAuth client: its token is fetched, and renewed before it expires.
    Client { key: Secret, secret: Secret },
    /// A token that the caller keeps fresh.
    Token(Secret),
    /// A function of the caller that gives headers each time credentials are needed.
    Callback,
    /// No credentials: a proxy adds them.
    None,
}

const AUTHORIZATION: &str = "Authorization";
const OAUTH_TOKEN: &str = "X-CAP-API-OAUTH-TOKEN";
const INVALID_USERNAME: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth.username must be non-empty text without ':' or control characters (RFC 7617).",
};
const INVALID_PASSWORD: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth.password must be non-empty text without control characters such as line breaks.",
};
const INVALID_PASSWORD_MD5: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth.passwordMd5 must be the 32 hex digits of the password's MD5.",
};
const INVALID_CLIENT: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth.key and auth.secret must be non-empty text without control characters.",
};
const INVALID_TOKEN: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth.token must be visible ASCII without blanks at its ends or line breaks.",
};
const FORBIDDEN_HEADER: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "The function given as auth returned a header that says how the request is carried, \
              such as Host or Content-Length; return only headers that authenticate it.",
};

impl Auth {
    /// Refuses credentials that cannot become a header, before anything is sent.
    pub fn check(&self) -> Result<(), &'static RequestError> {
        match self {
            Self::Basic { username, password } => {
                check_username(username)?;
                require(is_plain(password.expose()), INVALID_PASSWORD)
            }
            Self::BasicMd5 { username, password_md5 } => {
                check_username(username)?;
                let digits = password_md5.expose();
                let hex = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                require(hex, INVALID_PASSWORD_MD5)
            }
            Self::Client { key, secret } => {
                require(is_plain(key.expose()) && is_plain(secret.expose()), INVALID_CLIENT)
            }
            Self::Token(token) => require(is_header_value(token.expose()), INVALID_TOKEN),
            Self::Callback | Self::None => Ok(()),
        }
    }

    /// The header of credentials that need no fetching; `None` for those that do.
    pub fn header(&self) -> Result<Option<Header>, &'static RequestError> {
        match self {
            Self::Basic { username, password } => {
                let digest = Md5::digest(password.expose().as_bytes());
                basic(username, &text::hex(&digest)).map(Some)
            }
            Self::BasicMd5 { username, password_md5 } => {
                basic(username, &password_md5.expose().to_ascii_lowercase()).map(Some)
            }
            Self::Token(token) => token_header(token.expose()).map(Some),
            Self::Client { .. } | Self::Callback | Self::None => Ok(None),
        }
    }

    /// Redacts the credentials, and the forms in which they are sent, in all texts.
    pub fn hide_in(&self, secrets: &mut Secrets) {
        match self {
            Self::Basic { username, password } => {
                secrets.keep(password.expose());
                hide_basic(
                    username,
                    &text::hex(&Md5::digest(password.expose().as_bytes())),
                    secrets,
                );
            }
            Self::BasicMd5 { username, password_md5 } => {
                hide_basic(username, &password_md5.expose().to_ascii_lowercase(), secrets);
            }
            Self::Client { key, secret } => {
                secrets.keep(key.expose());
                secrets.keep(secret.expose());
            }
            Self::Token(token) => secrets.keep(token.expose()),
            Self::Callback | Self::None => {}
        }
    }

    /// True if credentials are fetched, so that new ones can be asked for.
    pub const fn is_fetched(&self) -> bool {
        matches!(self, Self::Client { .. } | Self::Callback)
    }

    /// The body of a token request, for an OAuth client: `{"key":"…","secret":"…"}`.
    pub fn token_request(&self) -> Option<String> {
        let Self::Client { key, secret } = self else { return None };
        let mut body = Vec::new();
        let mut object = Object::begin(&mut body);
        object.text("key", Some(key.expose()));
        object.text("secret", Some(secret.expose()));
        object.end();
        String::from_utf8(body).ok()
    }
}

/// The header that carries an OAuth token, without `Bearer` (api.md 7).
pub fn token_header(token: &str) -> Result<Header, &'static RequestError> {
    Header::new(OAUTH_TOKEN, token).map_err(|_| INVALID_TOKEN)
}

/// A token is renewed at 80 % of its life, so that no request meets its end.
pub fn renew_after(ttl: Duration) -> Duration {
    let millis = crate::time::millis(ttl.min(limits::DURATION_MAX));
    Duration::from_millis(millis.saturating_mul(4) / 5)
}

/// Headers about the connection and the framing (RFC 9110, 7.6.1 and 8.6). The runtime sets them; a
/// caller's value could truncate the request or send it elsewhere.
const CARRIAGE: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header of the caller's own credentials.
pub fn caller_header(name: &str, value: &str) -> Result<Header, &'static RequestError> {
    let is_carriage = CARRIAGE.iter().any(|carriage| carriage.eq_ignore_ascii_case(name));
    require(!is_carriage, FORBIDDEN_HEADER)?;
    Header::new(name, value)
}

fn require(holds: bool, error: &'static RequestError) -> Result<(), &'static RequestError> {
    if holds { Ok(()) } else { Err(error) }
}

fn check_username(username: &str) -> Result<(), &'static RequestError> {
    require(is_plain(username) && !username.contains(':'), INVALID_USERNAME)
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// `Basic base64(username:md5hex)` (api.md 7); a name outside ASCII goes as UTF-8 (RFC 7617).
fn basic(username: &str, md5_hex: &str) -> Result<Header, &'static RequestError> {
    let value = text::base64([username, ":", md5_hex].concat().as_bytes());
    Header::new(AUTHORIZATION, &["Basic ", &value].concat())
}

fn hide_basic(username: &str, md5_hex: &str, secrets: &mut Secrets) {
    secrets.keep(md5_hex);
    let sent = text::base64([username, ":", md5_hex].concat().as_bytes());
    // The service may repeat the text without its padding.
    secrets.keep(sent.trim_end_matches('='));
}

/// Redacts a header of fetched credentials: its value, and the value without its scheme.
pub fn hide_header(header: &Header, secrets: &mut Secrets) {
    secrets.keep_renewed(header.value());
    if let Some((_scheme, credentials)) = header.value().rsplit_once(' ') {
        secrets.keep_renewed(credentials);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic_auth(username: &str, password: &str) -> Auth {
        Auth::Basic { username: username.into(), password: Secret::new(password) }
    }

    #[test]
    fn basic_matches_the_documented_vector() {
        let expected = "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";
        let md5 = Secret::new("8A16A6B70505EB1F1FF7CDC0CD5559A7");
        let taken = Auth::BasicMd5 { username: "store.server".into(), password_md5: md5 };
        for auth in [basic_auth("store.server", "server123"), taken] {
            auth.check().unwrap();
            let header = auth.header().unwrap().unwrap();
            assert_eq!((header.name(), header.value()), ("Authorization", expected));
        }
    }

    #[test]
    fn credentials_that_would_break_a_header_are_refused() {
        let md5 = |text| Auth::BasicMd5 { username: "u".into(), password_md5: Secret::new(text) };
        let client =
            |key, secret| Auth::Client { key: Secret::new(key), secret: Secret::new(secret) };
        let refused = [
            basic_auth("", "p"),
            basic_auth("a:b", "p"),
            basic_auth("a\r\nX: y", "p"),
            basic_auth("u", ""),
            basic_auth("u", "p\r\n"),
            md5("abc"),
            md5(&"g".repeat(32)),
            client("", "s"),
            client("k", "s\n"),
            Auth::Token(Secret::new("a b\r\n")),
            Auth::Token(Secret::new("")),
        ];
        for auth in refused {
            assert_eq!(auth.check().unwrap_err().code, "invalid-credentials");
        }
        for auth in [basic_auth("u", "p:w ö"), basic_auth("ä", "p"), client("k\"", "s\\")] {
            auth.check().unwrap();
        }
    }

    #[test]
    fn a_token_request_is_json_whatever_the_secret_holds() {
        let auth = Auth::Client { key: Secret::new("k\"1"), secret: Secret::new("s\\ä") };
        let body = auth.token_request().unwrap();
        let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (parsed["key"].as_str(), parsed["secret"].as_str()),
            (Some("k\"1"), Some("s\\ä"))
        );
    }

    #[test]
    fn what_is_given_and_what_is_sent_is_hidden() {
        let md5 = "8a16a6b70505eb1f1ff7cdc0cd5559a7";
        let base64 = "c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3";
        let given = Secret::new(md5.to_ascii_uppercase());
        let taken = Auth::BasicMd5 { username: "store.server".into(), password_md5: given };
        let client = Auth::Client { key: Secret::new("the-key"), secret: Secret::new("the-sec") };
        let cases: [(Auth, &[&str]); 4] = [
            (basic_auth("store.server", "server123"), &["server123", md5, base64]),
            (taken, &[md5, base64]),
            (client, &["the-key", "the-sec"]),
            (Auth::Token(Secret::new("tok.en")), &["tok.en"]),
        ];
        for (auth, secret_words) in cases {
            let mut secrets = Secrets::default();
            auth.hide_in(&mut secrets);
            for word in secret_words {
                assert_eq!(&*secrets.hide(&format!("({word})")), "([hidden])");
            }
        }
        let mut secrets = Secrets::default();
        hide_header(&Header::new("authorization", "Bearer abc.def").unwrap(), &mut secrets);
        assert_eq!(&*secrets.hide("Bearer abc.def, abc.def"), "[hidden], [hidden]");
    }

    #[test]
    fn a_token_is_renewed_at_four_fifths_of_its_life() {
        assert_eq!(renew_after(Duration::from_secs(300)), Duration::from_secs(240));
        assert!(renew_after(Duration::MAX) < limits::DURATION_MAX);
    }

    #[test]
    fn a_header_that_carries_the_request_is_no_credential() {
        for name in ["Content-Length", "transfer-encoding", "EXPECT", "Host", "Connection"] {
            let Err(error) = caller_header(name, "5") else { panic!("{name} was taken") };
            assert_eq!(error.code, "invalid-credentials", "{name}");
        }
        assert!(caller_header("Authorization", "Bearer abc").is_ok());
        assert!(caller_header("Cookie", "a=b").is_ok());
    }
}
