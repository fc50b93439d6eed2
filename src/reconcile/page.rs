//! Reads one page of a customer's promotions for the issuance of an unknown id.

use crate::clock::ClockOffset;
use crate::limits::{CLOCK_GRAIN, CLOCK_TOLERANCE, CLOCK_TOLERANCE_UNKNOWN};
use crate::response::{ListRow, Unclear};
use crate::time::{UnixTime, millis};
use alloc::boxed::Box;

/// The issuance that is looked for, and the time in which it can have been made.
pub(super) struct Search<'a> {
    pub(super) customer: i64,
    pub(super) promotion: &'a str,
    pub(super) context: &'a str,
    pub(super) window: Window,
    pub(super) ahead_ms: Option<i64>,
}

/// The time in which the run can have issued: from its first sending to the end of the quiet
/// period, by our clock.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub from: UnixTime,
    pub until: UnixTime,
    /// True if `from` was written by another process, whose clock cannot be compared any more.
    pub is_journals: bool,
    /// The first `eventTime` of the run's issuances, by the service's clock.
    pub first_event: Option<UnixTime>,
}

/// A time relative to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// Certainly before the run.
    Before,
    Inside,
    /// Close enough that a wrong clock could explain it, or after the window.
    Ambiguous,
}

impl Window {
    /// Compares an `eventTime` with the window. `ahead_ms` is the offset of the service's clock
    /// from ours, if its answer had a `Date`.
    pub(super) fn timing(&self, time: i64, ahead_ms: Option<i64>) -> Timing {
        let (begin, ambiguous_from) = self.begin(ahead_ms);
        let until = self.until.as_millis().saturating_add(ahead_ms.unwrap_or(0));
        let until = until.saturating_add_unsigned(millis(CLOCK_GRAIN));
        if (begin..=until).contains(&time) {
            Timing::Inside
        } else if ambiguous_from.is_some_and(|from| time < from) {
            Timing::Before
        } else {
            Timing::Ambiguous
        }
    }

    /// The latest possible start of the run, and the time before which no issuance is the run's,
    /// both by the service's clock. If the clock that wrote the start cannot be compared, the run's
    /// first issuance bounds both; without one no time is certainly before the run.
    fn begin(&self, ahead_ms: Option<i64>) -> (i64, Option<i64>) {
        let grain = millis(CLOCK_GRAIN);
        let earlier = |time: i64, by| time.saturating_sub_unsigned(millis(by));
        let from =
            |lead: i64| self.from.as_millis().saturating_add(lead).saturating_sub_unsigned(grain);
        if let (Some(ahead), false) = (ahead_ms, self.is_journals) {
            return (from(ahead), Some(earlier(from(ahead), CLOCK_TOLERANCE)));
        }
        // The offset now may differ from that at the start.
        let ahead = ahead_ms.unwrap_or(0);
        let (least, most) = (from(ahead.min(0)), from(ahead.max(0)));
        let Some(first) = self.first_event else { return (most, None) };
        let offset = ClockOffset::of_first_event(first, self.from, CLOCK_TOLERANCE_UNKNOWN);
        let (earliest, latest) = offset.of_ours(self.from);
        let latest = latest.as_millis().saturating_sub_unsigned(grain);
        let begin = most.max(earliest.as_millis()).min(latest);
        (begin, Some(earlier(least, CLOCK_TOLERANCE_UNKNOWN).min(earliest.as_millis())))
    }
}

/// The finding of one page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// No row that could be the run's; `rows` is the length of the page.
    NoRow {
        rows: u32,
    },
    Issued(Box<Earned>),
    Unclear(UnclearReason),
}

/// The reason why a page decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnclearReason {
    /// A row of this promotion is unreadable, or names another customer.
    Unreadable,
    /// A row of this promotion is too close to the run to be certainly another's, or later than it.
    NearTheRun,
    /// A row of this promotion within the window has another `contextId` than the run's, which the
    /// issuing endpoint may return, too.
    OtherContext,
}

/// The first row of this promotion within the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Earned {
    pub(super) id: Box<str>,
    pub(super) event_time: i64,
    pub(super) valid_till: Option<i64>,
    pub(super) earned_from: Option<Box<str>>,
    /// Rows of this promotion within the window.
    pub(super) times: u32,
}

/// Reads a page. A row that can be the run's decides, whatever else is missing or ambiguous: at
/// worst another party issued the same promotion meanwhile.
pub(super) fn read_page(rows: &[ListRow<'_>], search: &Search<'_>) -> Reading {
    let mut found: Option<Earned> = None;
    let mut unclear = None;
    for row in rows {
        match issuance_in(row, search) {
            Ok(None) => {}
            Ok(Some(earned)) => match &mut found {
                Some(first) => first.times = first.times.saturating_add(1),
                None => found = Some(earned),
            },
            Err(why) => unclear = unclear.or(Some(why)),
        }
    }
    match (found, unclear) {
        (Some(earned), _) => Reading::Issued(Box::new(earned)),
        (None, Some(unclear)) => Reading::Unclear(unclear),
        (None, None) => Reading::NoRow { rows: u32::try_from(rows.len()).unwrap_or(u32::MAX) },
    }
}

/// Reads a row as an issuance of this run; `None` if it certainly is not.
fn issuance_in(row: &ListRow<'_>, search: &Search<'_>) -> Result<Option<Earned>, UnclearReason> {
    let unreadable = |Unclear| UnclearReason::Unreadable;
    let customer = row.long("customerId").map_err(unreadable)?;
    if customer.is_some_and(|customer| customer != search.customer) {
        return Err(UnclearReason::Unreadable);
    }
    let promotion =
        row.text("promotionId").map_err(unreadable)?.ok_or(UnclearReason::Unreadable)?;
    if promotion != search.promotion {
        // It is not documented that ids differ by case.
        let is_same_but_for_case = promotion.eq_ignore_ascii_case(search.promotion);
        return if is_same_but_for_case { Err(UnclearReason::Unreadable) } else { Ok(None) };
    }
    let event_time = row.long("eventTime").map_err(unreadable)?.ok_or(UnclearReason::Unreadable)?;
    match search.window.timing(event_time, search.ahead_ms) {
        Timing::Before => return Ok(None),
        Timing::Ambiguous => return Err(UnclearReason::NearTheRun),
        Timing::Inside => {}
    }
    // Rows were never seen with it (api.md 14), so the meaning of another value is unknown.
    let earned_from = row.text("earnedFromId").map_err(unreadable)?;
    if earned_from.as_ref().is_some_and(|context| context != search.context) {
        return Err(UnclearReason::OtherContext);
    }
    let id = row.text("earnedPromotionId").map_err(unreadable)?.ok_or(UnclearReason::Unreadable)?;
    Ok(Some(Earned {
        id: id.into(),
        event_time,
        valid_till: row.long("validTill").map_err(unreadable)?,
        earned_from: earned_from.map(Into::into),
        times: 1,
    }))
}
