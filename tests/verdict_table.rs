//! The verdict table, one exchange a line, to be read beside api.md 4 to 6 and reliability.md (d).
//!
//! `hold` and `retry` are the policies for what proves nothing (architecture.md, "Ambiguity"): the
//! last two columns say whether a batch of one id is sent again under each, with credentials that
//! cannot be renewed.

#![cfg(not(target_arch = "wasm32"))]

use issue_bulk::job::Job;
use issue_bulk::outcome::{Reason, Rejection, StopCode, Unknown};
use issue_bulk::plan::{Options, Plan};
use issue_bulk::response::{Caps, Expected, Reader, ServiceError};
use issue_bulk::status::Status;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Head, Machine, Output};
use issue_bulk::verdict::{
    Exchange, Failure, Retry, SlotVerdict, Split, Verdict, judge, judge_entry_errors,
};
use std::slice::from_ref;

const PROMOTION: &str = "67dd4210ef21a64211227e04";
const EXPECTED: Expected<'static> = Expected { ids: &[1], promotion: PROMOTION, context: "973" };

/// HTTP status (`-`: no head of an answer came; `hidden`: a redirect that a browser hides), how the
/// exchange failed, body, verdict, and whether the batch leaves again under `hold` and `retry`.
/// A letter in front of a body is its shape in api.md 5, then come code and message; F is badges.
const TABLE: &str = r"
# No head of an answer came.
  - | unsent | -                               | retry not-sent             | again | again
  - | cut    | -                               | hold network               | -     | again
  - | late   | -                               | hold timeout               | -     | again
  - | -      | -                               | hold network               | -     | again
# 200: the ids speak for themselves, or nothing does.
200 | -      | ISSUED                          | match                      | -     | -
200 | -      | NO_ENTRY                        | match                      | -     | -
200 | cut    | ISSUED                          | hold cut-body              | -     | again
200 | late   | ISSUED                          | hold timeout               | -     | again
200 | unsent | ISSUED                          | hold cut-body              | -     | again
200 | -      | HALF                            | hold cut-body              | -     | again
200 | -      | -                               | hold cut-body              | -     | again
200 | -      | TWO                             | hold unreadable-body       | -     | again
200 | -      | LIST                            | hold unreadable-body       | -     | again
200 | -      | NULL_DATA                       | hold unreadable-body       | -     | again
200 | -      | NO_DATA                         | hold unreadable-body       | -     | again
200 | -      | LIST_DATA                       | hold unreadable-body       | -     | again
200 | -      | NOT_DONE                        | hold errors-in-success     | -     | again
200 | -      | TWICE                           | hold contradictory-body    | -     | again
200 | -      | DEEP                            | hold oversized-body        | -     | again
# A login page, or the 511 of a network that asks for one: the next call would get it, too.
200 | -      | HTML                            | hold unreadable-body, stop not-the-service | - | -
203 | -      | HTML                            | hold ambiguous-status, stop not-the-service | - | -
511 | -      | -                               | hold ambiguous-status, stop not-the-service | - | -
511 | cut    | HTML                            | hold ambiguous-status, stop not-the-service | - | -
200 | cut    | HTML                            | hold cut-body              | -     | again
# A code inside a 200: only refused credentials come before any processing.
200 | -      | E 401 Unauthorized              | refresh                    | -     | -
200 | -      | E 498 Token expired             | refresh                    | -     | -
200 | -      | A 401 Unauthorized              | refresh                    | -     | -
200 | -      | E 403 no access                 | stop access-denied         | -     | -
200 | -      | A 403 no access                 | hold errors-in-success     | -     | again
200 | -      | C 4000 denied                   | hold errors-in-success     | -     | again
200 | -      | A 401,500 no token              | hold errors-in-success     | -     | again
200 | -      | A 500,401 no token              | hold errors-in-success     | -     | again
# The same beside data that is empty; what speaks of an id was processed.
200 | -      | EMPTY + E 401 Unauthorized      | refresh                    | -     | -
200 | -      | EMPTY + E 498 Token expired     | refresh                    | -     | -
200 | -      | EMPTY + E 403 no access         | stop access-denied         | -     | -
200 | -      | EMPTY + A 401 Unauthorized      | refresh                    | -     | -
200 | -      | EMPTY + A 401,500 Unauthorized  | match                      | -     | -
200 | -      | EMPTY + A 500 internal          | match                      | -     | -
200 | -      | FULL + E 401 Unauthorized       | match                      | -     | -
200 | -      | FULL + A 498 Token expired      | match                      | -     | -
200 | -      | FULL + E 403 no access          | match                      | -     | -
200 | -      | B 400 Validation                | hold errors-in-success     | -     | again
200 | -      | D 706 expired                   | hold errors-in-success     | -     | again
200 | -      | F 1006 customer                 | hold errors-in-success     | -     | again
200 | -      | A 429 too many                  | hold errors-in-success     | -     | again
# Other successes are not the documented one.
201 | -      | ISSUED                          | hold ambiguous-status      | -     | again
202 | -      | -                               | hold ambiguous-status      | -     | again
204 | -      | -                               | hold ambiguous-status      | -     | again
206 | -      | ISSUED                          | hold ambiguous-status      | -     | again
299 | -      | ISSUED                          | hold ambiguous-status      | -     | again
100 | -      | -                               | hold ambiguous-status      | -     | again
# A redirect is never followed, nor is one that a browser hides.
hidden | -   | -                               | stop redirected            | -     | -
300 | -      | -                               | stop redirected            | -     | -
307 | -      | -                               | stop redirected            | -     | -
399 | -      | -                               | stop redirected            | -     | -
# 400 and 422: not processed only where a recognised envelope says why.
400 | -      | -                               | hold ambiguous-status      | -     | again
400 | -      | HTML                            | hold ambiguous-status      | -     | again
400 | cut    | A 706 expired                   | hold ambiguous-status      | -     | again
400 | -      | A 705 too many active           | stop promotion-unusable    | -     | -
400 | -      | A 706 expired                   | stop promotion-unusable    | -     | -
400 | -      | A 707 type                      | stop promotion-unusable    | -     | -
400 | -      | A 709 not running               | stop promotion-unusable    | -     | -
400 | -      | A 713 earned type               | stop promotion-unusable    | -     | -
400 | -      | A 714 earn type                 | stop promotion-unusable    | -     | -
400 | -      | A 725 not valid                 | stop promotion-unusable    | -     | -
422 | -      | A 706 expired                   | stop promotion-unusable    | -     | -
422 | -      | -                               | hold ambiguous-status      | -     | again
400 | -      | A 1006 Invalid identifier       | split guilty               | -     | -
400 | -      | A 400 Invalid request           | split guilty               | -     | -
400 | -      | A 404 Customer not found        | split guilty               | -     | -
400 | -      | A 404 Passed promotion is not found | stop promotion-not-found   | -     | -
400 | -      | B 400 customerId missing        | split guilty               | -     | -
400 | -      | B 400 PROMOTION 1 unknown       | stop promotion-not-found   | -     | -
400 | -      | B 404 nothing said              | split guilty               | -     | -
400 | -      | A 1060 batch limit              | split too-large            | -     | -
400 | -      | A 1061 lookup type              | stop request-refused       | -     | -
400 | -      | A 1064 org id                   | stop request-refused       | -     | -
400 | -      | E 401 Unauthorized              | refresh                    | -     | -
400 | -      | E 498 Token expired             | refresh                    | -     | -
400 | -      | C 4000 denied                   | stop access-denied         | -     | -
400 | -      | E 403 no access                 | stop access-denied         | -     | -
400 | -      | F 809 request id                | hold ambiguous-status      | -     | again
400 | -      | A 708 limit of one of them      | hold ambiguous-status      | -     | again
400 | -      | A 1007 fetching customers       | hold ambiguous-status      | -     | again
400 | -      | A 500 internal                  | hold ambiguous-status      | -     | again
# Of several errors each must say that nothing was done, in whatever order.
400 | -      | A 706,500 expired               | hold ambiguous-status      | -     | again
400 | -      | A 500,706 expired               | hold ambiguous-status      | -     | again
400 | -      | A 1006,1007 Invalid identifier  | hold ambiguous-status      | -     | again
400 | -      | A 401,500 Unauthorized          | hold ambiguous-status      | -     | again
400 | -      | A 1006,706 expired              | stop promotion-unusable    | -     | -
400 | -      | A 706,1006 expired              | stop promotion-unusable    | -     | -
400 | -      | A 1006,401 Unauthorized         | refresh                    | -     | -
400 | -      | A 1060,1006 batch limit         | split too-large            | -     | -
400 | -      | A 1006,404 Customer not found   | split guilty               | -     | -
# Refused before anything was done, whatever the body says or whether it arrived.
401 | -      | -                               | refresh                    | -     | -
401 | cut    | E 401 Unauthorized              | refresh                    | -     | -
403 | -      | C 4000 denied                   | stop access-denied         | -     | -
403 | -      | E 403 no access                 | stop access-denied         | -     | -
# A 403 that is not the service's own is of a firewall; a 407 is of a proxy.
403 | -      | HTML                            | stop blocked               | -     | -
403 | -      | -                               | stop blocked               | -     | -
403 | cut    | C 4000 denied                   | stop blocked               | -     | -
407 | -      | HTML                            | stop proxy-authentication  | -     | -
407 | cut    | -                               | stop proxy-authentication  | -     | -
405 | -      | -                               | stop endpoint-refuses      | -     | -
406 | -      | -                               | stop endpoint-refuses      | -     | -
411 | -      | -                               | stop endpoint-refuses      | -     | -
414 | -      | -                               | stop endpoint-refuses      | -     | -
415 | -      | -                               | stop endpoint-refuses      | -     | -
417 | -      | -                               | stop endpoint-refuses      | -     | -
431 | late   | -                               | stop endpoint-refuses      | -     | -
413 | -      | HTML                            | split too-large            | -     | -
429 | -      | HTML                            | retry throttled            | again | again
429 | cut    | -                               | retry throttled            | again | again
# 404 names the promotion or says nothing: stop. Customers are bisected.
404 | -      | -                               | stop promotion-not-found   | -     | -
404 | -      | HTML                            | stop promotion-not-found   | -     | -
404 | -      | A 404 Passed promotion is not found | stop promotion-not-found   | -     | -
404 | -      | A 404 Promotion/customer not found | stop promotion-not-found   | -     | -
404 | -      | A 404 Customer not found        | split guilty               | -     | -
404 | cut    | A 404 Customer not found        | stop promotion-not-found   | -     | -
404 | -      | A 1006                          | split guilty               | -     | -
404 | -      | A 706                           | stop promotion-unusable    | -     | -
404 | -      | A 1006,706                      | stop promotion-unusable    | -     | -
404 | -      | A 706,1006                      | stop promotion-unusable    | -     | -
404 | -      | A 1006,404 Promotion not found  | stop promotion-not-found   | -     | -
# 498 is nobody's standard: the service's own word counts, a bare status does not.
498 | -      | E 498 Token expired             | refresh                    | -     | -
498 | -      | A 498,500 Token expired         | hold ambiguous-status      | -     | again
498 | cut    | E 498 Token expired             | hold ambiguous-status      | -     | again
498 | -      | -                               | hold ambiguous-status      | -     | again
# Any other status wins over the code inside: it may have been processed.
402 | -      | -                               | hold ambiguous-status      | -     | again
408 | -      | -                               | hold ambiguous-status      | -     | again
409 | -      | F 810 badge                     | hold ambiguous-status      | -     | again
409 | -      | A 706 expired                   | hold ambiguous-status      | -     | again
# Node's fetch sends a POST again after a 421 by itself: two may have arrived.
421 | -      | -                               | hold ambiguous-status      | -     | again
421 | -      | HTML                            | hold ambiguous-status      | -     | again
425 | -      | -                               | hold ambiguous-status      | -     | again
461 | -      | A 461 search engine busy        | hold ambiguous-status      | -     | again
499 | -      | -                               | hold ambiguous-status      | -     | again
500 | -      | A 500 internal                  | hold ambiguous-status      | -     | again
500 | -      | A 1006 customer                 | hold ambiguous-status      | -     | again
500 | -      | F 999999 unexpected             | hold ambiguous-status      | -     | again
502 | -      | HTML                            | hold ambiguous-status      | -     | again
503 | -      | C 4001 status unavailable       | hold ambiguous-status      | -     | again
504 | -      | -                               | hold ambiguous-status      | -     | again
599 | -      | -                               | hold ambiguous-status      | -     | again
# 521 of the service (api.md 6: a lock on the customer) and of a CDN.
521 | -      | A 521 multiple actions          | hold customer-locked       | -     | again
521 | -      | E 521 multiple actions          | hold customer-locked       | -     | again
521 | -      | HTML                            | hold ambiguous-status      | -     | again
521 | cut    | A 521 multiple actions          | hold ambiguous-status      | -     | again
";

fn body(name: &str) -> String {
    let plain = match name {
        "-" => "",
        "ISSUED" => concat!(
            r#"{"data":{"1":{"id":"68230a3af1ebc84977d9ea2c","customerId":1,"#,
            r#""promotionId":"67dd4210ef21a64211227e04","earnedFromId":"973","#,
            r#""eventTime":1747126842954,"validTill":1748716199999}}}"#
        ),
        "NULL_DATA" => r#"{"data":null}"#,
        "NO_DATA" => "{}",
        "LIST_DATA" => r#"{"data":[]}"#,
        "NO_ENTRY" => r#"{"data":{}}"#,
        "TWICE" => r#"{"data":{"1":{},"1":{}}}"#,
        "HTML" => "<html>Bad gateway</html>",
        "TWO" => "{} {}",
        "NOT_DONE" => r#"{"success":false}"#,
        "LIST" => "[]",
        "HALF" => r#"{"data":{"1":{"#,
        "DEEP" => return format!("{{\"a\":{}", "[".repeat(99)),
        beside if beside.contains(" + ") => {
            let (data, error) = beside.split_once(" + ").unwrap();
            let data = body(if data == "FULL" { "ISSUED" } else { "NO_ENTRY" });
            return format!("{},{}", &data[..data.len() - 1], &body(error)[1..]);
        }
        coded => {
            let mut parts = coded.splitn(3, ' ');
            let (letter, code) = (parts.next().unwrap(), parts.next().unwrap());
            return shape(letter, code, parts.next().unwrap_or(""));
        }
    };
    plain.into()
}

/// A shape of api.md 5 with a code and a message; with an error for each of several codes.
fn shape(letter: &str, code: &str, message: &str) -> String {
    if code.contains(',') {
        let error = |code| format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let errors: Vec<String> = code.split(',').map(error).collect();
        return format!(r#"{{"errors":[{}]}}"#, errors.join(","));
    }
    let error = format!(r#""code":{code},"message":"{message}""#);
    match letter {
        "A" => format!(r#"{{"errors":[{{{error}}}]}}"#),
        "B" => {
            let details = format!(r#""message":"Failed","errorDetails":["{message}"]"#);
            format!(r#"{{"timestamp":1,"errorCode":{code},{details}}}"#)
        }
        "C" => format!(r#"{{"warnings":[],"errors":[{{"status":false,{error}}}]}}"#),
        "D" => format!(r#"{{"data":null,"errors":[{{{error}}}]}}"#),
        "E" => {
            let status = format!(r#""success":"true","code":"{code}","message":"{message}""#);
            format!(r#"{{"response":{{"status":{{{status}}},"customers":null}}}}"#)
        }
        "F" => {
            format!(r#"{{"data":null,"errors":[{{{error},"reference":null}}],"warnings":null}}"#)
        }
        _ => panic!("no shape {letter}"),
    }
}

fn name(verdict: Verdict) -> String {
    let cause = |unknown| format!("hold {}", Reason::Unknown(unknown).code());
    match verdict {
        Verdict::Match => "match".into(),
        Verdict::Retry(Retry::Throttled) => "retry throttled".into(),
        Verdict::Retry(Retry::NotSent) => "retry not-sent".into(),
        Verdict::Split(Split::TooLarge) => "split too-large".into(),
        Verdict::Split(Split::Guilty) => "split guilty".into(),
        Verdict::Refresh => "refresh".into(),
        Verdict::Stop(code) => format!("stop {}", code.code()),
        Verdict::Hold(unknown) => cause(unknown),
        Verdict::HoldAndStop(unknown, code) => format!("{}, stop {}", cause(unknown), code.code()),
    }
}

fn verdict(status: Option<Status>, failure: Option<Failure>, body: &str) -> Verdict {
    let mut reader = Reader::new(1, Caps::default());
    let _all = reader.feed(&EXPECTED, body.as_bytes());
    judge(&Exchange { status, body: &reader.finish(&EXPECTED), failure })
}

/// Whether the batch of this exchange is sent again under a policy.
fn sent_again(
    policy: &str,
    status: Option<Status>,
    failure: Option<Failure>,
    body: &str,
) -> &'static str {
    let options = Options {
        promotion_id: PROMOTION,
        context_id: "973",
        host: "eu.api.capillarytech.com",
        ambiguous: Some(policy),
        ..Options::default()
    };
    let plan = Plan::new(&options).unwrap();
    let mut job = Job::new(plan, vec![1], false, 7, Instant::START);
    let Output::Send { batch, attempt } = job.poll_output(Instant::START) else { panic!() };
    if let Some(status) = status {
        job.handle_head(Instant::START, batch, attempt, Head { status, ..Head::default() });
        let _all = job.handle_chunk(batch, attempt, body.as_bytes());
    }
    match failure {
        Some(failure) => job.handle_failure(Instant::START, batch, attempt, failure),
        None => job.handle_end(Instant::START, batch, attempt),
    }
    let later = Instant::from_millis(3_600_000);
    if matches!(job.poll_output(later), Output::Send { .. }) { "again" } else { "-" }
}

#[test]
fn what_an_exchange_proves() {
    let rows = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert!(rows.clone().count() > 100, "the table is not read");
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [status, failure, text, expected, hold, retry] = cells[..] else { panic!("{row}") };
        let status = match status {
            "-" => None,
            "hidden" => Some(Status::HiddenRedirect),
            number => Some(Status::Http(number.parse().unwrap())),
        };
        let failure = match failure {
            "cut" => Some(Failure::Network(None)),
            "late" => Some(Failure::Timeout),
            "unsent" => Some(Failure::NotSent(None)),
            other => (other != "-").then(|| panic!("{row}")),
        };
        let text = body(text);
        assert_eq!(name(verdict(status, failure, &text)), expected, "{row}");
        assert_eq!(sent_again("hold", status, failure, &text), hold, "{row}");
        assert_eq!(sent_again("retry", status, failure, &text), retry, "{row}");
    }
}

/// No status is left out: what the table above does not name proves nothing.
#[test]
fn every_other_status_is_ambiguous() {
    let named =
        [200, 400, 401, 403, 404, 405, 406, 407, 411, 413, 414, 415, 417, 422, 429, 431, 511];
    for status in (100..=599).filter(|it| !named.contains(it) && !(300..400).contains(it)) {
        let found = verdict(Some(Status::Http(status)), None, "");
        assert_eq!(found, Verdict::Hold(Unknown::AmbiguousStatus), "{status}");
    }
}

/// An error in an id's own place (api.md 4, the promotion engine's list): a closed list is a "no".
#[test]
fn what_an_error_in_an_ids_place_proves() {
    let refusals = [404, 705, 706, 707, 708, 709, 713, 714, 725, 726, 1006];
    let codes = (-1..2_000).chain([4_000, 4_001, 320_001, 999_999, i64::MAX, i64::MIN]);
    for code in codes {
        let error = ServiceError { code: Some(code), ..ServiceError::default() };
        let expected = match refusals.contains(&code) {
            true => SlotVerdict::Rejected(Rejection::EntryError),
            false => SlotVerdict::Unknown(Unknown::EntryError),
        };
        assert_eq!(judge_entry_errors(from_ref(&error)), (expected, Some(&error)), "{code}");
    }
    let silent = ServiceError::default();
    let unknown = SlotVerdict::Unknown(Unknown::EntryError);
    assert_eq!(judge_entry_errors(from_ref(&silent)), (unknown, Some(&silent)));
    assert_eq!(judge_entry_errors(&[]), (unknown, None));
}

/// Errors of one entry, and the code of the one that decides. `-` is an error without a code.
const ENTRY_ERRORS: [(&str, &str, &str); 9] = [
    ("708", "rejected", "708"),
    ("708 726", "rejected", "708"),
    ("708 500", "unknown", "500"),
    ("500 708", "unknown", "500"),
    ("708 -", "unknown", "-"),
    ("- 708", "unknown", "-"),
    ("705 706 707 708 709 713 714 725 726 404 1006", "rejected", "705"),
    ("705 706 707 708 709 713 714 725 726 404 1006 1007", "unknown", "1007"),
    ("1007 500", "unknown", "1007"),
];

#[test]
fn every_error_in_an_ids_place_counts_in_whatever_order() {
    for (codes, expected, deciding) in ENTRY_ERRORS {
        let error =
            |code: &str| ServiceError { code: code.parse().ok(), ..ServiceError::default() };
        let errors: Vec<ServiceError> = codes.split(' ').map(error).collect();
        let (verdict, found) = judge_entry_errors(&errors);
        let verdict = match verdict {
            SlotVerdict::Rejected(_) => "rejected",
            SlotVerdict::Unknown(_) => "unknown",
        };
        assert_eq!((verdict, found), (expected, Some(&error(deciding))), "{codes}");
    }
}

#[test]
fn stop_codes_are_distinct_and_each_names_a_way_out() {
    let stops = [
        StopCode::PromotionNotFound,
        StopCode::PromotionUnusable,
        StopCode::AccessDenied,
        StopCode::EndpointRefuses,
        StopCode::RequestRefused,
        StopCode::Redirected,
    ];
    for (index, stop) in stops.iter().enumerate() {
        assert!(stops[..index].iter().all(|other| other.code() != stop.code()));
        assert!(stop.advice().contains("check") || stop.advice().contains("ask"), "{stop:?}");
    }
}
