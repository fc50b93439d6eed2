//! The verdict on an answer of the token endpoint (api.md 7):
//! `{"data":{"accessToken":"…","ttlSeconds":300},"errors":null}`.

use crate::limits::TOKEN_BYTES_MAX;
use crate::response::{Body, Caps, Value, envelope};
use alloc::boxed::Box;
use core::time::Duration;

/// The failure to get a token.
pub enum TokenAnswer {
    Token {
        token: Box<str>,
        ttl: Duration,
    },
    /// The service refused key and secret, in its own envelope or by 401.
    Refused,
    /// The service failed or asks to wait; asking again may help.
    Unavailable,
    /// Anything else; asking again would bring the same.
    Unreadable,
}

/// Judges an answer that is complete; `body` holds at most [`TOKEN_BYTES_MAX`] bytes.
pub fn judge_token(status: u16, body: &[u8]) -> TokenAnswer {
    let errors = match envelope(body, Caps::default()) {
        Body::Answer(answer) => answer.errors.len(),
        Body::Broken(_) => 0,
    };
    match status {
        408 | 425 | 429 | 500..=599 => TokenAnswer::Unavailable,
        401 => TokenAnswer::Refused,
        200 | 400..=499 if errors > 0 => TokenAnswer::Refused,
        200 => token(body).unwrap_or(TokenAnswer::Unreadable),
        _ => TokenAnswer::Unreadable,
    }
}

fn token(body: &[u8]) -> Option<TokenAnswer> {
    if body.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let answer = Value::object(body)?;
    let data = answer.get("data")?;
    let token = data.get("accessToken")?.text(TOKEN_BYTES_MAX)?;
    // The documentation says `ttlSeconds`; a client seen in public reads `expiresIn`.
    let seconds = data.get("ttlSeconds").or_else(|| data.get("expiresIn"))?.whole_part()?;
    let is_usable = seconds > 0 && !token.is_empty();
    is_usable.then(|| TokenAnswer::Token { token: token.into(), ttl: Duration::from_secs(seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> String {
        match judge_token(status, body.as_bytes()) {
            TokenAnswer::Token { token, ttl } => format!("{token} for {}", ttl.as_secs()),
            TokenAnswer::Refused => "refused".to_owned(),
            TokenAnswer::Unavailable => "unavailable".to_owned(),
            TokenAnswer::Unreadable => "unreadable".to_owned(),
        }
    }

    #[test]
    fn what_an_answer_in_place_of_a_token_means() {
        let shape_d = r#"{"data":null,"errors":[{"code":320001,"message":"Invalid client key"}]}"#;
        let shape_e = r#"{"response":{"status":{"success":"true","code":"401","message":"No"}}}"#;
        let token = r#"{"data":{"accessToken":"abc","ttlSeconds":300},"errors":null}"#;
        let beside = r#"{"data":{"accessToken":"abc","ttlSeconds":300},"errors":[{"code":1}]}"#;
        let long =
            format!(r#"{{"data":{{"accessToken":"{}","ttlSeconds":1}}}}"#, "a".repeat(1 << 16));
        for (status, body, expected) in [
            (200, token, "abc for 300"),
            (200, r#"{"data":{"accessToken":"abc","ttlSeconds":"300"}}"#, "abc for 300"),
            (200, r#"{"data":{"accessToken":"abc","expiresIn":3600}}"#, "abc for 3600"),
            (200, r#"{"data":{"accessToken":"abc","expiresIn":"3599.5"}}"#, "abc for 3599"),
            (200, r#"{"data":{"accessToken":"abc"}}"#, "unreadable"),
            (200, r#"{"data":{"accessToken":"abc","ttlSeconds":0}}"#, "unreadable"),
            (200, r#"{"data":{"accessToken":"abc","ttlSeconds":-5}}"#, "unreadable"),
            (200, r#"{"data":{"accessToken":"","ttlSeconds":5}}"#, "unreadable"),
            (200, r#"{"data":{"accessToken":7,"ttlSeconds":5}}"#, "unreadable"),
            (200, r#"{"accessToken":"abc","ttlSeconds":5}"#, "unreadable"),
            (200, "<html>", "unreadable"),
            (200, "", "unreadable"),
            (200, &long, "unreadable"),
            (200, beside, "refused"),
            (200, shape_d, "refused"),
            (200, shape_e, "refused"),
            (201, token, "unreadable"),
            (0, "", "unreadable"),
            (302, "", "unreadable"),
            (400, shape_d, "refused"),
            (401, "", "refused"),
            (403, shape_d, "refused"),
            (403, "<html>", "unreadable"),
            (404, "<html>", "unreadable"),
            (407, "", "unreadable"),
            (429, "", "unavailable"),
            (503, token, "unavailable"),
        ] {
            let shown = body.get(..60).unwrap_or(body);
            assert_eq!(judged(status, body), expected, "{status} {shown}");
        }
    }
}
