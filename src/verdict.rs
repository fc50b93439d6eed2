//! The one table: the verdict on an exchange, from its status, body and failure.
//!
//! Sources: reliability.md (d) "Outcome rule for one POST", architecture.md "Ambiguity", api.md 4
//! to 6 for the codes. Only a batch that was provably not processed may be resent.

mod call;
mod token;
mod transport;

pub use call::{CallVerdict, RevokeVerdict, judge_read, judge_revocation, judge_revoked};
pub use token::{TokenAnswer, judge_token};
pub use transport::{TransportError, judge_transport_error};

use crate::outcome::{FailureCause, Rejection, StopCode, Unknown};
use crate::response::{Answer, Body, Broken, DataForm, Envelope, ServiceError};
use crate::status::Status;

/// The end of an exchange without a complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Proven: no byte of the request was sent (no address, connection refused).
    NotSent(Option<FailureCause>),
    /// The attempt timed out.
    Timeout,
    /// Any other error of `fetch`: the request may have arrived.
    Network(Option<FailureCause>),
}

/// The result of one attempt: an answer, a failure, or an answer that a failure truncated.
pub struct Exchange<'a> {
    /// `None` when no head of an answer arrived.
    pub status: Option<Status>,
    pub body: &'a Body,
    pub failure: Option<Failure>,
}

/// The consequence for the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A complete answer with ids: each is judged by its own slot.
    Match,
    /// Not processed; may be resent after a wait.
    Retry(Retry),
    /// Not processed; send it in halves.
    Split(Split),
    /// Not processed: the credentials were refused.
    Refresh,
    /// Not processed, and neither would be any other batch of this run.
    Stop(StopCode),
    /// May have been processed.
    Hold(Unknown),
    /// May have been processed, and no other call of this run would reach the service.
    HoldAndStop(Unknown, StopCode),
}

impl Verdict {
    /// A word for the verdict, and its reason if it has one.
    pub const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Match => ("match", None),
            Self::Retry(Retry::Throttled) => ("retry", Some("throttled")),
            Self::Retry(Retry::NotSent) => ("retry", Some("not-sent")),
            Self::Split(Split::TooLarge) => ("split", Some("too-large")),
            Self::Split(Split::Guilty) => ("split", Some("refused-ids")),
            Self::Refresh => ("refresh", Some("unauthorised")),
            Self::Stop(code) => ("stop", Some(code.code())),
            Self::Hold(reason) | Self::HoldAndStop(reason, _) => ("hold", Some(reason.code())),
        }
    }
}

/// The reason for which a batch may be resent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// 429: the whole run slows down.
    Throttled,
    /// No connection.
    NotSent,
}

/// The reason for which a batch is halved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The request was too large for the service: later batches are smaller, too.
    TooLarge,
    /// Some of its ids are refused; halving finds them.
    Guilty,
}

/// The verdict on one exchange.
pub fn judge(exchange: &Exchange<'_>) -> Verdict {
    let Some(status) = exchange.status else {
        return match exchange.failure {
            Some(Failure::NotSent(_)) => Verdict::Retry(Retry::NotSent),
            Some(Failure::Timeout) => Verdict::Hold(Unknown::Timeout),
            Some(Failure::Network(_)) | None => Verdict::Hold(Unknown::Network),
        };
    };
    let Status::Http(status) = status else { return Verdict::Stop(StopCode::Redirected) };
    // A body counts only if it arrived whole (faults.md 37, 38).
    let errors = if exchange.failure.is_some() { &[] } else { errors_of(exchange.body) };
    match status {
        511 => Verdict::HoldAndStop(Unknown::AmbiguousStatus, StopCode::NotTheService),
        200..=299 if is_page(exchange) => {
            let reason =
                if status == 200 { Unknown::UnreadableBody } else { Unknown::AmbiguousStatus };
            Verdict::HoldAndStop(reason, StopCode::NotTheService)
        }
        200 => judge_success(exchange),
        300..=399 => Verdict::Stop(StopCode::Redirected),
        400 | 422 if are_all_kept(exchange.body) => judge_invalid(errors),
        401 => Verdict::Refresh,
        403 => Verdict::Stop(who_denies(exchange)),
        404 => judge_not_found(errors),
        405 | 406 | 411 | 414 | 415 | 417 | 431 => Verdict::Stop(StopCode::EndpointRefuses),
        407 => Verdict::Stop(StopCode::ProxyAuthentication),
        413 => Verdict::Split(Split::TooLarge),
        429 => Verdict::Retry(Retry::Throttled),
        498 if all_are(errors, is_about_the_token) => Verdict::Refresh,
        // A 421 means that nothing was done, but `fetch` then resends the request, even a POST
        // (Fetch, "HTTP-network-or-cache fetch"), so this may answer one of two. No transport
        // tells, so a 421 is ambiguous like all below.
        //
        // From the service or from a CDN: ambiguous either way, but the reason tells whom to ask.
        521 if has_code(errors, 521) => Verdict::Hold(Unknown::CustomerLocked),
        _ => Verdict::Hold(Unknown::AmbiguousStatus),
    }
}

/// The verdict on one id's slot in a complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotVerdict {
    Rejected(Rejection),
    Unknown(Unknown),
}

/// Judges the errors in an id's slot, and returns the one that decides. The id is rejected only if
/// every error's code is on a closed list, in any order.
pub fn judge_entry_errors(errors: &[ServiceError]) -> (SlotVerdict, Option<&ServiceError>) {
    let is_no = |error: &ServiceError| error.code.is_some_and(is_refusal_of_one_customer);
    match (errors.iter().find(|error| !is_no(error)), errors.first()) {
        (None, Some(first)) => (SlotVerdict::Rejected(Rejection::EntryError), Some(first)),
        (other, _) => (SlotVerdict::Unknown(Unknown::EntryError), other),
    }
}

/// Codes that speak of one customer and of validation before anything is earned (api.md 4).
const fn is_refusal_of_one_customer(code: i64) -> bool {
    // Customer not found; limit of earns; earning over for this customer; invalid customer.
    is_about_the_promotion(code) || matches!(code, 404 | 708 | 726 | 1006)
}

/// True if an HTML page came instead of JSON. With a success status it is the login page of a
/// network or of a proxy, which the next call would get, too. Gateways of the service send pages
/// with other statuses while it is busy.
fn is_page(exchange: &Exchange<'_>) -> bool {
    exchange.failure.is_none() && matches!(exchange.body, Body::Broken(Broken::Page))
}

/// The stop of a 403. The service refuses access in its own envelope; any other 403 is from a
/// firewall or a proxy, which a right to write would not change.
fn who_denies(exchange: &Exchange<'_>) -> StopCode {
    let is_own = exchange.failure.is_none() && !errors_of(exchange.body).is_empty();
    if is_own { StopCode::AccessDenied } else { StopCode::Blocked }
}

fn judge_success(exchange: &Exchange<'_>) -> Verdict {
    if let Some(failure) = exchange.failure {
        return Verdict::Hold(match failure {
            Failure::Timeout => Unknown::Timeout,
            Failure::NotSent(_) | Failure::Network(_) => Unknown::CutBody,
        });
    }
    match exchange.body {
        Body::Answer(answer) => judge_answer(answer),
        Body::Broken(broken) => Verdict::Hold(judge_broken(*broken)),
    }
}

/// A complete answer with the documented status.
fn judge_answer(answer: &Answer) -> Verdict {
    // Refused credentials come before any processing, even inside a 200 (api.md 5, shape E); but an
    // answer with ids, or with another error, was processed.
    if answer.has_no_entries() && answer.has_all_errors() {
        if all_are(&answer.errors, is_about_the_token) {
            return Verdict::Refresh;
        }
        if all_are(&answer.errors, is_about_access) {
            return Verdict::Stop(StopCode::AccessDenied);
        }
    }
    match answer.data {
        DataForm::Object => Verdict::Match,
        _ if answer.errors.is_empty() && !answer.is_failed => {
            Verdict::Hold(Unknown::UnreadableBody)
        }
        _ => Verdict::Hold(Unknown::ErrorsInSuccess),
    }
}

fn is_about_the_token(error: &ServiceError) -> bool {
    matches!(error.code, Some(401 | 498))
}

/// Shape E is documented with these codes; a 403 elsewhere in a 200 counts for nothing.
fn is_about_access(error: &ServiceError) -> bool {
    is_about_the_token(error) || (error.envelope == Envelope::Status && error.code == Some(403))
}

const fn judge_broken(broken: Broken) -> Unknown {
    match broken {
        Broken::Cut | Broken::Empty => Unknown::CutBody,
        Broken::NotJson | Broken::Page | Broken::NotObject | Broken::Trailing => {
            Unknown::UnreadableBody
        }
        Broken::TooLarge | Broken::ValueTooLarge | Broken::TooDeep | Broken::TooManyKeys => {
            Unknown::OversizedBody
        }
        Broken::DuplicateId | Broken::DuplicateKey => Unknown::ContradictoryBody,
    }
}

/// 400 and 422: not processed only if a recognised envelope gives the reason (faults.md 27, 28),
/// and every one of its errors does. Of several, one that stops the run decides.
fn judge_invalid(errors: &[ServiceError]) -> Verdict {
    let is_refusal = |error: &ServiceError| {
        let code = error.code.unwrap_or_default();
        is_about_the_promotion(code) || REFUSALS_OF_A_CALL.contains(&code)
    };
    if !all_are(errors, is_refusal) {
        return Verdict::Hold(Unknown::AmbiguousStatus);
    }
    let has = |codes: &[i64]| codes.iter().any(|code| has_code(errors, *code));
    if has(&[401, 498]) {
        Verdict::Refresh
    } else if has(&[403, 4000]) {
        Verdict::Stop(StopCode::AccessDenied)
    } else if has(&[1061, 1064]) {
        Verdict::Stop(StopCode::RequestRefused)
    } else if has_unusable_promotion(errors) {
        Verdict::Stop(StopCode::PromotionUnusable)
    } else if has(&[400, 404]) && subject(errors) == Subject::Promotion {
        // The envelope's own code is unspecific; its message may not be (api.md 5, shape B).
        Verdict::Stop(StopCode::PromotionNotFound)
    } else if has(&[1060]) {
        Verdict::Split(Split::TooLarge)
    } else {
        Verdict::Split(Split::Guilty)
    }
}

/// Codes beside those of the promotion that refuse a call as a whole: invalid request,
/// credentials, not found, invalid customer, too large, attribution without its type, an
/// organisation that is not there, access denied (api.md 4 to 6).
const REFUSALS_OF_A_CALL: [i64; 10] = [400, 401, 403, 404, 498, 1006, 1060, 1061, 1064, 4000];

/// A 404 stops the run if it names the promotion or nothing. One that names customers is bisected.
fn judge_not_found(errors: &[ServiceError]) -> Verdict {
    if has_unusable_promotion(errors) {
        Verdict::Stop(StopCode::PromotionUnusable)
    } else if all_are(errors, |error| error.code == Some(1006)) || speaks_of_customers(errors) {
        Verdict::Split(Split::Guilty)
    } else {
        Verdict::Stop(StopCode::PromotionNotFound)
    }
}

fn has_unusable_promotion(errors: &[ServiceError]) -> bool {
    errors.iter().any(|error| error.code.is_some_and(is_about_the_promotion))
}

/// Codes that refuse the promotion itself, before anything is earned (api.md 4).
const fn is_about_the_promotion(code: i64) -> bool {
    matches!(code, 705..=707 | 709 | 713 | 714 | 725)
}

/// The subject of the errors' messages. "Promotion or customer not found" (api.md 4) counts as the
/// promotion: to stop is the safe choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Promotion,
    Customers,
    Unsaid,
}

fn subject(errors: &[ServiceError]) -> Subject {
    let says = |word: &str| errors.iter().any(|error| contains_word(&error.message, word));
    if says("promotion") {
        Subject::Promotion
    } else if says("customer") {
        Subject::Customers
    } else {
        Subject::Unsaid
    }
}

/// True if an error's message is about customers, and not about a promotion.
pub fn speaks_of_customers(errors: &[ServiceError]) -> bool {
    subject(errors) == Subject::Customers
}

/// True if an answer denies that a customer exists. The id may then be resent, so the list is
/// closed, as for an id's own error: a 404 in the service's own envelope, or 1006 (api.md 4, 14). A
/// proxy's message may contain "customer", too: "No route to customer service".
pub fn denies_the_customer(status: u16, errors: &[ServiceError]) -> bool {
    let all_have = |code| all_are(errors, |error| error.code == Some(code));
    match status {
        404 if all_have(404) => errors.iter().all(says_customer_not_found),
        400 | 404 | 422 => all_have(1006),
        _ => false,
    }
}

/// True if all errors are in the service's own envelope (api.md 4; 5, shape A).
fn says_customer_not_found(error: &ServiceError) -> bool {
    let words = error.message.trim().trim_end_matches('.');
    let known = ["customer not found", "customer is not found", "passed customer is not found"];
    error.envelope == Envelope::Errors && known.iter().any(|one| words.eq_ignore_ascii_case(one))
}

fn contains_word(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word))
}

fn are_all_kept(body: &Body) -> bool {
    matches!(body, Body::Answer(answer) if answer.has_all_errors())
}

fn errors_of(body: &Body) -> &[ServiceError] {
    match body {
        Body::Answer(answer) => &answer.errors,
        Body::Broken(_) => &[],
    }
}

/// True if there are errors, and each has one of these codes.
fn all_are(errors: &[ServiceError], is_one: impl Fn(&ServiceError) -> bool) -> bool {
    !errors.is_empty() && errors.iter().all(is_one)
}

fn has_code(errors: &[ServiceError], code: i64) -> bool {
    errors.iter().any(|error| error.code == Some(code))
}
