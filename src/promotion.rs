//! The check of a promotion before a run: its details, and the findings about issuing it in bulk.
//!
//! It reads once (api.md 14, Pre-check, full) and changes nothing. Its findings are advice: a
//! refusal means that the service would refuse the run, a warning names a risk that a run cannot
//! prevent.

use crate::id::PromotionId;
use crate::outcome::StopCode;
use crate::plan::Service;
use crate::request::Request;
use crate::response::{ListRow, Unclear, rows};
use crate::time::{Instant, UnixTime};
use crate::traffic::{Answered, CallOwner, Calls, Ended, Pacing};
use crate::verdict::judge_read;
use alloc::string::String;
use alloc::vec::Vec;

/// The machine of a check, driven like a [`Job`](crate::job::Job); its one exchange is batch 0.
pub struct Check {
    service: Service,
    promotion: PromotionId,
    wall_clock: UnixTime,
    calls: Calls,
    found: Option<Found>,
}

/// The service's answer.
enum Found {
    /// It does not know the promotion.
    Nothing,
    Details(Details),
}

/// The details of a promotion that matter to a run; `None` for those that the service leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    pub active: Option<bool>,
    /// `CUSTOMER`, `POS`, `CODE`, `EARNING` or `REWARD` (api.md 14).
    pub kind: Option<String>,
    /// Milliseconds since 1970, like `ends`.
    pub start: Option<i64>,
    pub end: Option<i64>,
    /// -1 for no limit.
    pub issuances_max: Option<i64>,
    pub activation_required: Option<bool>,
    /// True if a field occurred twice or had another type.
    unclear: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The service would refuse to issue it.
    Refuse,
    /// It can be issued, but with a risk that the caller must know.
    Warn,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Warn => "warn",
        }
    }
}

/// A fact to know before a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub message: &'static str,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// `None` if the service could not be asked.
    pub exists: Option<bool>,
    pub details: Details,
    pub findings: Vec<Finding>,
}

impl Checked {
    /// True if no finding is a refusal.
    pub fn is_ok(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Warn)
    }
}

impl Check {
    pub fn new(
        service: Service,
        promotion: PromotionId,
        fetched_credentials: bool,
        seed: u64,
        (now, wall_clock): (Instant, UnixTime),
    ) -> Self {
        // One call: neither a rate nor a concurrency matters.
        let pacing = Pacing::of(&service);
        let mut calls = Calls::new(pacing, fetched_credentials, seed, judge_read);
        calls.ask(0, now);
        Self { service, promotion, wall_clock, calls, found: None }
    }

    fn read(&self, answered: &Answered) -> Option<Found> {
        let named = |row: &ListRow<'_>| {
            row.text("id").is_ok_and(|id| id.as_deref() == Some(self.promotion.as_str()))
        };
        match answered.http_status()? {
            200 if answered.errors.is_empty() => {
                let rows = rows(&answered.text)?;
                Some(match rows.iter().find(|row| named(row)) {
                    Some(row) => {
                        let mut details = Details::read(row);
                        details.kind = details.kind.map(|kind| self.calls.redact(&kind).into());
                        Found::Details(details)
                    }
                    None => Found::Nothing,
                })
            }
            // An empty list in the service's own envelope: the promotion does not exist.
            400 | 404 if !answered.errors.is_empty() => Some(Found::Nothing),
            _ => None,
        }
    }

    /// The result, once the check is done.
    pub fn checked(&self) -> Checked {
        match &self.found {
            Some(Found::Details(details)) => Checked {
                exists: Some(true),
                findings: details.findings(self.wall_clock),
                details: details.clone(),
            },
            Some(Found::Nothing) => Checked {
                exists: Some(false),
                findings: Vec::from([NOT_FOUND]),
                details: Details::default(),
            },
            None => {
                let stopped = self.calls.stopped().map(|stopped| stopped.code);
                let finding = stopped.map_or(UNREACHABLE, |stop| Finding {
                    code: stop.code(),
                    message: stop.advice(),
                    ..UNREACHABLE
                });
                Checked {
                    exists: None,
                    findings: Vec::from([finding]),
                    details: Details::default(),
                }
            }
        }
    }
}

impl CallOwner for Check {
    fn calls(&self) -> &Calls {
        &self.calls
    }

    fn calls_mut(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn request_of(&self, _number: u32) -> Request {
        Request::get(self.service.endpoint.details_url(&self.promotion))
    }

    fn conclude(&mut self, now: Instant, ended: Ended) {
        let Ended::Answered(answered) = ended else { return };
        match self.read(&answered) {
            Some(found) => self.found = Some(found),
            None => {
                // The call is repeated, or given up without a result.
                let _again = self.calls.reject(now, answered);
            }
        }
    }
}

impl Details {
    fn read(row: &ListRow<'_>) -> Self {
        let mut unclear = false;
        let (active, activation_required) = (
            noted(row.flag("active"), &mut unclear),
            noted(row.flag("customerActivationRequired"), &mut unclear),
        );
        let kind = noted(row.text("type"), &mut unclear);
        let [start, end, issuances_max] = ["startDate", "endDate", "maxIssuancePerCustomer"]
            .map(|name| noted(row.long(name), &mut unclear));
        Self { active, kind, start, end, issuances_max, activation_required, unclear }
    }

    /// The findings about a run that starts now.
    fn findings(&self, now: UnixTime) -> Vec<Finding> {
        let now = now.as_millis();
        let found = [
            (self.active == Some(false), INACTIVE),
            (self.end.is_some_and(|end| end < now), EXPIRED),
            (matches!(self.kind.as_deref(), Some("POS" | "CODE")), NOT_ISSUED),
            (!matches!(self.kind.as_deref(), None | Some("CUSTOMER" | "POS" | "CODE")), OTHER_TYPE),
            (self.start.is_some_and(|start| start > now), NOT_STARTED),
            (self.issuances_max == Some(0), NEVER_ISSUED),
            (self.issuances_max.is_some_and(|max| max < 0), UNLIMITED),
            (self.issuances_max.is_some_and(|max| max > 1), REPEATABLE),
            (self.issuances_max.is_none(), LIMIT_UNTOLD),
            (self.activation_required == Some(true), ACTIVATION),
            (self.unclear || self.active.is_none() || self.kind.is_none(), UNCLEAR),
        ];
        found.into_iter().filter(|(holds, _)| *holds).map(|(_, finding)| finding).collect()
    }
}

fn noted<T>(value: Result<Option<T>, Unclear>, unclear: &mut bool) -> Option<T> {
    *unclear |= value.is_err();
    value.ok().flatten()
}

const fn refuse(code: &'static str, message: &'static str) -> Finding {
    Finding { severity: Severity::Refuse, code, message }
}

const fn warn(code: &'static str, message: &'static str) -> Finding {
    Finding { severity: Severity::Warn, code, message }
}

const NOT_FOUND: Finding =
    refuse(StopCode::PromotionNotFound.code(), StopCode::PromotionNotFound.advice());
const UNREACHABLE: Finding = refuse(
    "promotion-unread",
    "The promotion's details could not be read; check host and network, and try again.",
);
const INACTIVE: Finding =
    refuse("promotion-inactive", "The promotion is not active; activate it before issuing it.");
const EXPIRED: Finding =
    refuse("promotion-expired", "The promotion is over; move its end date or issue another one.");
// Codes 707 and 714 of the service (api.md 4).
const NOT_ISSUED: Finding = refuse(
    "promotion-type",
    "Promotions of type POS and CODE are not issued to customers; use one of type CUSTOMER.",
);
const OTHER_TYPE: Finding = warn(
    "promotion-type-unproven",
    "Only type CUSTOMER is documented to be issued like this; try one customer first.",
);
const NOT_STARTED: Finding =
    warn("promotion-not-started", "The promotion starts later; the service may refuse it now.");
const NEVER_ISSUED: Finding = refuse(
    "issuance-limit-zero",
    "maxIssuancePerCustomer is 0, so no customer can have it; raise it to 1.",
);
const UNLIMITED: Finding = warn(
    "issuance-unlimited",
    "maxIssuancePerCustomer is -1: nothing at the service stops a second issuance, so never \
     send unknown ids again without reading them back.",
);
const REPEATABLE: Finding = warn(
    "issuance-repeatable",
    "maxIssuancePerCustomer is above 1: ids that are sent again can be issued twice, so read \
     unknown ids back first.",
);
const LIMIT_UNTOLD: Finding = warn(
    "issuance-limit-untold",
    "The service does not tell maxIssuancePerCustomer; take it as unlimited.",
);
const ACTIVATION: Finding = warn(
    "activation-required",
    "Customers must activate the promotion after it was issued to them.",
);
const UNCLEAR: Finding = warn(
    "details-unclear",
    "The promotion's details are not in the documented form; look at them yourself.",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Options;
    use crate::status::Status;
    use crate::traffic::{Head, Machine, Output};

    const PROMOTION: &str = "67dd4210ef21a64211227e04";
    const NOW: i64 = 1_757_000_000_000;

    /// Runs a check against one answer that never changes.
    fn check(status: u16, body: &str) -> (Checked, u32) {
        let host = "eu.api.capillarytech.com";
        let service = Service::new(&Options { host, ..Options::default() }).unwrap();
        let promotion = PromotionId::new(PROMOTION).unwrap();
        let clocks = (Instant::START, UnixTime::from_millis(NOW));
        let mut check = Check::new(service, promotion, false, 1, clocks);
        let (mut now, mut calls) = (Instant::START, 0);
        loop {
            match check.poll_output(now) {
                Output::Send { batch, attempt } => {
                    calls += 1;
                    check.handle_head(
                        now,
                        batch,
                        attempt,
                        Head { status: Status::Http(status), ..Head::default() },
                    );
                    let _flow = check.handle_chunk(batch, attempt, body.as_bytes());
                    check.handle_end(now, batch, attempt);
                }
                Output::Wait { until } => now = until.unwrap(),
                Output::Done => return (check.checked(), calls),
                other => panic!("{other:?}"),
            }
        }
    }

    fn details(fields: &str) -> String {
        format!(r#"{{"data":[{{"id":"other","active":false}},{{"id":"{PROMOTION}",{fields}}}]}}"#)
    }

    #[test]
    fn what_the_details_mean() {
        let good = concat!(
            r#""active":true,"type":"CUSTOMER","startDate":1756665000000,"#,
            r#""endDate":1759256999999,"customerActivationRequired":false,"#,
            r#""maxIssuancePerCustomer":1"#
        );
        let table: &[(&str, &str, bool, &[&str])] = &[
            ("", "", true, &[]),
            ("\"active\":true", "\"active\":false", false, &["promotion-inactive"]),
            ("1759256999999", "1756700000000", false, &["promotion-expired"]),
            ("1756665000000", "1758000000000", true, &["promotion-not-started"]),
            ("CUSTOMER", "POS", false, &["promotion-type"]),
            ("CUSTOMER", "CODE", false, &["promotion-type"]),
            ("CUSTOMER", "EARNING", true, &["promotion-type-unproven"]),
            ("CUSTOMER", "REWARD", true, &["promotion-type-unproven"]),
            ("Customer\":1", "Customer\":-1", true, &["issuance-unlimited"]),
            ("Customer\":1", "Customer\":50", true, &["issuance-repeatable"]),
            ("Customer\":1", "Customer\":0", false, &["issuance-limit-zero"]),
            ("Customer\":1", "Customer\":null", true, &["issuance-limit-untold"]),
            (
                "Customer\":1",
                "Customer\":\"1\"",
                true,
                &["issuance-limit-untold", "details-unclear"],
            ),
            ("Required\":false", "Required\":true", true, &["activation-required"]),
            ("\"type\":\"CUSTOMER\",", "", true, &["details-unclear"]),
        ];
        for (from, to, ok, codes) in table {
            let (checked, calls) = check(200, &details(&good.replacen(from, to, 1)));
            let found: Vec<&str> = checked.findings.iter().map(|finding| finding.code).collect();
            assert_eq!(found, *codes, "{to}");
            assert_eq!((checked.is_ok(), checked.exists, calls), (*ok, Some(true), 1), "{to}");
        }
        let (checked, _) = check(200, &details(good));
        assert_eq!(checked.details.issuances_max, Some(1));
        assert_eq!(checked.details.kind.as_deref(), Some("CUSTOMER"));
    }

    #[test]
    fn a_promotion_that_cannot_be_read_is_refused() {
        let errors = r#"{"errors":[{"code":404,"message":"Promotion not found"}]}"#;
        const DENIED: &str = r#"{"errors":[{"code":4000,"message":"Access is denied!"}]}"#;
        let cases = [
            (200, r#"{"data":[]}"#, "promotion-not-found", Some(false), 1),
            (404, errors, "promotion-not-found", Some(false), 1),
            (400, errors, "promotion-not-found", Some(false), 1),
            (404, "<html>", "endpoint-refuses", None, 1),
            (401, "", "unauthorised", None, 1),
            (403, DENIED, "access-denied", None, 1),
            (403, "", "blocked", None, 1),
            (403, "<html>", "blocked", None, 1),
            (407, "", "proxy-authentication", None, 1),
            (503, "", "promotion-unread", None, 5),
            (200, "<html>", "promotion-unread", None, 5),
            (200, r#"{"data":{}}"#, "promotion-unread", None, 5),
        ];
        for (status, body, code, exists, calls) in cases {
            let (checked, asked) = check(status, body);
            let found: Vec<&str> = checked.findings.iter().map(|finding| finding.code).collect();
            assert_eq!((found, checked.exists, asked), (vec![code], exists, calls), "{status}");
            assert!(!checked.is_ok());
        }
    }
}
