//! The verdict on an exchange of a small call: a read, which changes nothing and may be repeated,
//! or a revocation, which may not.
//!
//! Sources: as for an issuing call, whose table stands above; api.md 14 for the endpoints.

use super::{Exchange, Failure, errors_of, is_about_the_token, who_denies};
use crate::outcome::StopCode;
use crate::response::Body;
use crate::status::Status;

/// The consequence for a small call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallVerdict {
    /// An answer of the service itself.
    Answered,
    /// It failed and may be resent.
    Again,
    /// 429: the whole machine slows down, and the call is resent.
    Throttled,
    /// The credentials were refused; nothing was done.
    Refresh,
    /// Not done, and any further call would meet the same.
    Stop(StopCode),
    /// It may have been done, and is not resent.
    Unknown,
}

/// The verdict on a read. Only a complete answer of the service itself counts.
pub fn judge_read(exchange: &Exchange<'_>) -> CallVerdict {
    let status = match exchange.status {
        Some(Status::Http(401)) => return CallVerdict::Refresh,
        Some(Status::Http(429)) => return CallVerdict::Throttled,
        Some(status) if exchange.failure.is_none() => status,
        _ => return CallVerdict::Again,
    };
    if let Some(code) = refusal_of_all(status, exchange) {
        return CallVerdict::Stop(code);
    }
    match (status.number().unwrap_or_default(), exchange.body) {
        (421, _) => CallVerdict::Stop(StopCode::EndpointRefuses),
        (200 | 400 | 404 | 422 | 498, Body::Answer(answer)) => {
            match answer.errors.iter().any(is_about_the_token) {
                true => CallVerdict::Refresh,
                false => CallVerdict::Answered,
            }
        }
        // Not the service's own envelope: something else answers at this address.
        (404, Body::Broken(_)) => CallVerdict::Stop(StopCode::EndpointRefuses),
        _ => CallVerdict::Again,
    }
}

/// The verdict on a revocation. It is unknown unless the answer is one that is known to come before
/// anything is done.
pub fn judge_revocation(exchange: &Exchange<'_>) -> CallVerdict {
    let status = match (exchange.status, exchange.failure) {
        (None, Some(Failure::NotSent(_))) => return CallVerdict::Again,
        (None, _) => return CallVerdict::Unknown,
        (Some(status), _) => status,
    };
    if let Some(code) = refusal_of_all(status, exchange) {
        return CallVerdict::Stop(code);
    }
    let is_whole = exchange.failure.is_none();
    match status.number().unwrap_or_default() {
        401 => CallVerdict::Refresh,
        429 => CallVerdict::Throttled,
        498 if is_whole && errors_of(exchange.body).iter().any(is_about_the_token) => {
            CallVerdict::Refresh
        }
        200..=299 | 400..=499 if is_whole && matches!(exchange.body, Body::Answer(_)) => {
            CallVerdict::Answered
        }
        _ => CallVerdict::Unknown,
    }
}

/// The outcome of one issuance that was to be revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokeVerdict {
    /// The answer names it as revoked.
    Revoked,
    /// The service refused it.
    Refused,
    /// Never sent, or refused as a whole before anything was done.
    Unsent,
    /// No answer tells.
    Unknown,
}

impl RevokeVerdict {
    pub const ALL: [Self; 4] = [Self::Revoked, Self::Refused, Self::Unsent, Self::Unknown];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Refused => "refused",
            Self::Unsent => "unsent",
            Self::Unknown => "unknown",
        }
    }
}

/// Judges one issuance: `is_named` as revoked by the answer, the error of its own in the answer,
/// and the code that counts for it.
pub const fn judge_revoked(
    status: Option<u16>,
    is_named: bool,
    has_own_error: bool,
    code: Option<i64>,
) -> RevokeVerdict {
    match (status, code) {
        (Some(200..=299 | 400..=499), _) if is_named && !has_own_error => RevokeVerdict::Revoked,
        // An answer that names an issuance as revoked and has an error for it contradicts itself.
        _ if is_named => RevokeVerdict::Unknown,
        // A bad call, no such customer, redeemed, of type POS or CODE, no such earn id.
        (Some(200..=299 | 400..=499), Some(400 | 404 | 729..=731)) => RevokeVerdict::Refused,
        _ => RevokeVerdict::Unknown,
    }
}

/// Statuses at which nothing was done, now or later. A 421 is absent: `fetch` resends the request
/// after it, so it may answer one of two.
fn refusal_of_all(status: Status, exchange: &Exchange<'_>) -> Option<StopCode> {
    let Status::Http(status) = status else { return Some(StopCode::Redirected) };
    match status {
        300..=399 => Some(StopCode::Redirected),
        403 => Some(who_denies(exchange)),
        407 => Some(StopCode::ProxyAuthentication),
        405 | 406 | 411 | 414 | 415 | 417 | 431 => Some(StopCode::EndpointRefuses),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::{Caps, envelope};

    const ERROR: &str = r#"{"errors":[{"code":404,"message":"Customer not found"}]}"#;
    const DENIED: &str = r#"{"errors":[{"code":4000,"message":"Access is denied!"}]}"#;
    const EXPIRED: &str = r#"{"errors":[{"code":498,"message":"Token expired"}]}"#;

    /// A line: status (`-` none, `hidden` an opaque redirect), failure, body, verdict on a read,
    /// verdict on a revocation.
    const TABLE: &str = "
        200 whole {}      Answered                Answered
        200 whole ERROR   Answered                Answered
        200 whole EXPIRED Refresh                 Answered
        200 whole <html>  Again                   Unknown
        206 whole <html>  Again                   Unknown
        200 lost  <html>  Again                   Unknown
        511 whole <html>  Again                   Unknown
        200 whole EMPTY   Again                   Unknown
        200 lost  {}      Again                   Unknown
        200 late  {}      Again                   Unknown
        201 whole {}      Again                   Answered
        hidden whole EMPTY Stop(Redirected)       Stop(Redirected)
        302 whole EMPTY   Stop(Redirected)        Stop(Redirected)
        400 whole ERROR   Answered                Answered
        400 whole <html>  Again                   Unknown
        401 whole EMPTY   Refresh                 Refresh
        401 lost  EMPTY   Refresh                 Refresh
        403 whole DENIED  Stop(AccessDenied)      Stop(AccessDenied)
        403 whole EMPTY   Stop(Blocked)           Stop(Blocked)
        403 whole <html>  Stop(Blocked)           Stop(Blocked)
        403 whole {}      Stop(Blocked)           Stop(Blocked)
        403 lost  DENIED  Again                   Stop(Blocked)
        407 whole EMPTY   Stop(ProxyAuthentication) Stop(ProxyAuthentication)
        407 whole <html>  Stop(ProxyAuthentication) Stop(ProxyAuthentication)
        407 lost  EMPTY   Again                   Stop(ProxyAuthentication)
        404 whole ERROR   Answered                Answered
        404 whole <html>  Stop(EndpointRefuses)   Unknown
        405 whole EMPTY   Stop(EndpointRefuses)   Stop(EndpointRefuses)
        408 whole EMPTY   Again                   Unknown
        421 whole EMPTY   Stop(EndpointRefuses)   Unknown
        429 whole EMPTY   Throttled               Throttled
        429 lost  EMPTY   Throttled               Throttled
        498 whole EXPIRED Refresh                 Refresh
        498 whole <html>  Again                   Unknown
        500 whole ERROR   Again                   Unknown
        503 whole <html>  Again                   Unknown
        521 whole ERROR   Again                   Unknown
        -   unsent EMPTY  Again                   Again
        -   lost  EMPTY   Again                   Unknown
        -   late  EMPTY   Again                   Unknown";

    fn read_status(word: &str) -> Option<Status> {
        match word {
            "-" => None,
            "hidden" => Some(Status::HiddenRedirect),
            number => Some(Status::Http(number.parse().unwrap())),
        }
    }

    #[test]
    fn what_an_exchange_of_a_small_call_proves() {
        let lines = TABLE.lines().filter(|line| !line.trim().is_empty());
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [status, ended, body, read, revocation] = words[..] else { panic!("{line}") };
            let text = match body {
                "EMPTY" => "",
                "ERROR" => ERROR,
                "EXPIRED" => EXPIRED,
                "DENIED" => DENIED,
                text => text,
            };
            let failure = match ended {
                "whole" => None,
                "late" => Some(Failure::Timeout),
                "unsent" => Some(Failure::NotSent(None)),
                "lost" => Some(Failure::Network(None)),
                other => panic!("{other}"),
            };
            let body = envelope(text.as_bytes(), Caps::default());
            let exchange = Exchange { status: read_status(status), body: &body, failure };
            assert_eq!(format!("{:?}", judge_read(&exchange)), read, "{line}");
            assert_eq!(format!("{:?}", judge_revocation(&exchange)), revocation, "{line}");
        }
    }
}
