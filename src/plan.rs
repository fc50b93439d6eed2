//! A validated request with its limits and policy: the only way to make a job.

use crate::attribution::Attribution;
use crate::id::{CONTEXT_ID_BYTES_MAX, ContextId, ContextIdError};
use crate::id::{PROMOTION_ID_BYTES_MAX, PromotionId, PromotionIdError};
use crate::limits;
use crate::policy::{Ambiguous, OnObstacle, Policy, StopRules};
use crate::request::{BASE_PATH_DEFAULT, Endpoint, RequestError};
use crate::response::Caps;
use const_format::formatcp;
use core::time::Duration;

/// The caller's options, unchecked. Absent values take their default from `limits`.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    pub promotion_id: &'a str,
    pub context_id: &'a str,
    pub host: &'a str,
    pub base_path: Option<&'a str>,
    /// The attribution; `None` for a run of an older journal, which does not say.
    pub attribution: Option<Attribution>,
    /// Numbers come as JavaScript has them; a fraction or a negative one is refused, not rounded.
    pub batch_size: Option<f64>,
    pub concurrency: Option<f64>,
    pub rate_per_minute: Option<f64>,
    pub attempts: Option<f64>,
    pub timeout_ms: Option<f64>,
    pub deadline_ms: Option<f64>,
    pub response_bytes_max: Option<f64>,
    pub stop_ambiguous_in_row: Option<f64>,
    pub stop_failure_percent: Option<f64>,
    pub stop_failure_calls_min: Option<f64>,
    /// `hold` when absent, `reconcile` or `retry`.
    pub ambiguous: Option<&'a str>,
    /// A person watches and can resume: obstacles pause the run instead of stopping it.
    pub attended: bool,
}

/// Address, attribution and pace of the calls: the options that a check, a read-back and a
/// revocation need, too. The driver has the credentials.
#[derive(Clone, Debug)]
pub struct Service {
    pub endpoint: Endpoint,
    /// `None` for a run of an older journal, which does not say.
    pub attribution: Option<Attribution>,
    /// One attempt, from the first byte sent to the last byte read.
    pub timeout: Duration,
    pub attempts_max: u32,
    pub concurrency_max: u32,
    pub rate_per_minute: Option<u32>,
}

impl Service {
    pub fn new(options: &Options<'_>) -> Result<Self, &'static RequestError> {
        let timeout = options.timeout_ms.map(duration).transpose()?;
        Ok(Self {
            endpoint: Endpoint::new(options.host, options.base_path.unwrap_or(BASE_PATH_DEFAULT))?,
            attribution: options.attribution.clone(),
            timeout: timeout.unwrap_or(limits::TIMEOUT_DEFAULT),
            attempts_max: ATTEMPTS.read(options.attempts)?,
            concurrency_max: CONCURRENCY.read(options.concurrency)?,
            rate_per_minute: options.rate_per_minute.map(|r| RATE.read(Some(r))).transpose()?,
        })
    }
}

/// The choices for a run that neither its service nor its request makes.
struct Choices {
    policy: Policy,
    batch_size: u32,
    reply_caps: Caps,
}

impl Choices {
    fn new(options: &Options<'_>) -> Result<Self, &'static RequestError> {
        Ok(Self {
            policy: policy(options)?,
            batch_size: BATCH_SIZE.read(options.batch_size)?,
            reply_caps: Caps {
                bytes: u64::from(RESPONSE_BYTES.read(options.response_bytes_max)?),
                ..Caps::default()
            },
        })
    }
}

/// Checks the options of a run that goes on, before its journal is read. The journal says what is
/// left out here: `promotion_id` and `context_id` may be.
pub fn check_unread(
    options: &Options<'_>,
    promotion_id: Option<&str>,
    context_id: Option<&str>,
) -> Result<(), &'static RequestError> {
    promotion_id.map(promotion).transpose()?;
    context_id.map(context).transpose()?;
    Service::new(options)?;
    Choices::new(options)?;
    Ok(())
}

/// The promotion that this text names.
pub fn promotion(text: &str) -> Result<PromotionId, &'static RequestError> {
    PromotionId::new(text).map_err(promotion_error)
}

fn context(text: &str) -> Result<ContextId, &'static RequestError> {
    ContextId::new(text).map_err(context_error)
}

/// All that is settled of a run before it starts.
#[derive(Clone, Debug)]
pub struct Plan {
    promotion: PromotionId,
    context: ContextId,
    service: Service,
    policy: Policy,
    batch_size: u32,
    reply_caps: Caps,
}

impl Plan {
    pub fn new(options: &Options<'_>) -> Result<Self, &'static RequestError> {
        let promotion = promotion(options.promotion_id)?;
        let context = context(options.context_id)?;
        let service = Service::new(options)?;
        let Choices { policy, batch_size, reply_caps } = Choices::new(options)?;
        Ok(Self { promotion, context, service, policy, batch_size, reply_caps })
    }

    /// The same plan for a dry run: one id a batch, and no deadline or stop.
    pub fn for_forecast(mut self) -> Self {
        self.policy.stop = StopRules::NEVER;
        self.policy.deadline = None;
        self.batch_size = 1;
        self
    }

    pub const fn promotion(&self) -> &PromotionId {
        &self.promotion
    }

    pub const fn context(&self) -> &ContextId {
        &self.context
    }

    pub const fn service(&self) -> &Service {
        &self.service
    }

    pub const fn endpoint(&self) -> &Endpoint {
        &self.service.endpoint
    }

    pub const fn attribution(&self) -> Option<&Attribution> {
        self.service.attribution.as_ref()
    }

    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    pub const fn batch_size(&self) -> u32 {
        self.batch_size
    }

    pub const fn concurrency_max(&self) -> u32 {
        self.service.concurrency_max
    }

    /// The bounds of one answer.
    pub const fn reply_caps(&self) -> Caps {
        self.reply_caps
    }

    pub const fn rate_per_minute(&self) -> Option<u32> {
        self.service.rate_per_minute
    }
}

/// A whole number of the options: its bounds, its default, and the error if it is outside.
pub(crate) struct Whole {
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) default: u32,
    pub(crate) error: &'static RequestError,
}

impl Whole {
    pub(crate) fn read(&self, value: Option<f64>) -> Result<u32, &'static RequestError> {
        let Some(value) = value else { return Ok(self.default) };
        let inside = (f64::from(self.min)..=f64::from(self.max)).contains(&value);
        // Exact: a whole number between two u32.
        if inside && value % 1.0 == 0.0 { Ok(value as u32) } else { Err(self.error) }
    }
}

const BATCH_SIZE: Whole = Whole {
    min: 1,
    max: limits::BATCH_SIZE_MAX,
    default: limits::BATCH_SIZE_DEFAULT,
    error: &RequestError {
        code: "invalid-batch-size",
        message: formatcp!(
            "batchSize must be a whole number from 1 to {}.",
            limits::BATCH_SIZE_MAX
        ),
    },
};
const CONCURRENCY: Whole = Whole {
    min: 1,
    max: limits::CONCURRENCY_MAX,
    default: limits::CONCURRENCY_DEFAULT,
    error: &RequestError {
        code: "invalid-concurrency",
        message: formatcp!(
            "concurrency must be a whole number from 1 to {}.",
            limits::CONCURRENCY_MAX
        ),
    },
};
const RATE: Whole = Whole {
    min: 1,
    max: limits::RATE_PER_MINUTE_MAX,
    default: limits::RATE_PER_MINUTE_MAX,
    error: &RequestError {
        code: "invalid-rate",
        message: formatcp!(
            "rate.perMinute must be a whole number of requests from 1 to {}.",
            limits::RATE_PER_MINUTE_MAX
        ),
    },
};
const ATTEMPTS: Whole = Whole {
    min: 1,
    max: limits::ATTEMPTS_MAX,
    default: limits::ATTEMPTS_DEFAULT,
    error: &RequestError {
        code: "invalid-attempts",
        message: formatcp!("attempts must be a whole number from 1 to {}.", limits::ATTEMPTS_MAX),
    },
};
const RESPONSE_BYTES: Whole = Whole {
    min: limits::REPLY_BYTES_ASKED_MIN,
    max: limits::REPLY_BYTES_ASKED_MAX,
    default: limits::REPLY_BYTES_MAX,
    error: &RequestError {
        code: "invalid-response-bytes-max",
        message: formatcp!(
            "responseBytesMax must be a whole number of bytes from {} to {}.",
            limits::REPLY_BYTES_ASKED_MIN,
            limits::REPLY_BYTES_ASKED_MAX
        ),
    },
};
const INVALID_STOP: &RequestError = &RequestError {
    code: "invalid-stop-rule",
    message: formatcp!(
        "stop.ambiguousInRow and stop.failureCallsMin must be whole numbers from 1 to {}, \
         stop.failurePercent from 1 to {} (never).",
        u32::MAX,
        limits::STOP_FAILURE_PERCENT_NEVER
    ),
};
const STOP_AMBIGUOUS: Whole =
    Whole { min: 1, max: u32::MAX, default: limits::STOP_AMBIGUOUS_IN_ROW, error: INVALID_STOP };
const STOP_PERCENT: Whole = Whole {
    min: 1,
    max: limits::STOP_FAILURE_PERCENT_NEVER,
    default: limits::STOP_FAILURE_PERCENT,
    error: INVALID_STOP,
};
const STOP_CALLS: Whole =
    Whole { min: 1, max: u32::MAX, default: limits::STOP_FAILURE_CALLS_MIN, error: INVALID_STOP };
const INVALID_AMBIGUOUS: &RequestError = &RequestError {
    code: "invalid-ambiguous",
    message: "ambiguous must be \"hold\", \"reconcile\" or \"retry\".",
};
const INVALID_TIMEOUT: &RequestError = &RequestError {
    code: "invalid-timeout",
    message: formatcp!(
        "timeoutMs and deadlineMs must be milliseconds from 1 to {} ({} days).",
        limits::DURATION_MAX.as_millis(),
        limits::DURATION_DAYS_MAX
    ),
};

fn policy(options: &Options<'_>) -> Result<Policy, &'static RequestError> {
    Ok(Policy {
        attempts_max: ATTEMPTS.read(options.attempts)?,
        timeout: options.timeout_ms.map(duration).transpose()?.unwrap_or(limits::TIMEOUT_DEFAULT),
        deadline: options.deadline_ms.map(duration).transpose()?,
        stop: StopRules {
            ambiguous_in_row: STOP_AMBIGUOUS.read(options.stop_ambiguous_in_row)?,
            failure_percent: STOP_PERCENT.read(options.stop_failure_percent)?,
            failure_calls_min: STOP_CALLS.read(options.stop_failure_calls_min)?,
        },
        ambiguous: match options.ambiguous {
            None | Some("hold") => Ambiguous::Hold,
            Some("reconcile") => Ambiguous::Reconcile,
            Some("retry") => Ambiguous::Retry,
            Some(_) => return Err(INVALID_AMBIGUOUS),
        },
        on_obstacle: if options.attended { OnObstacle::Pause } else { OnObstacle::Stop },
    })
}

fn duration(millis: f64) -> Result<Duration, &'static RequestError> {
    let max = crate::time::millis(limits::DURATION_MAX) as f64;
    if !(1.0..=max).contains(&millis) {
        return Err(INVALID_TIMEOUT);
    }
    // Exact enough: fractions of a millisecond are below the clock's grain.
    Ok(Duration::from_millis(millis as u64))
}

const fn promotion_error(error: PromotionIdError) -> &'static RequestError {
    match error {
        PromotionIdError::Empty => &RequestError {
            code: "invalid-promotion-id",
            message: "promotionId is empty; give the id of the cart promotion.",
        },
        PromotionIdError::TooLong => &RequestError {
            code: "invalid-promotion-id",
            message: formatcp!("promotionId is longer than {PROMOTION_ID_BYTES_MAX} characters."),
        },
        PromotionIdError::Character => &RequestError {
            code: "invalid-promotion-id",
            message: "promotionId may only hold letters, digits, '_' and '-'; give the id itself, \
                      not a path or an address.",
        },
    }
}

const fn context_error(error: ContextIdError) -> &'static RequestError {
    match error {
        ContextIdError::Empty => &RequestError {
            code: "invalid-context-id",
            message: "contextId is empty; give the text that names this issuance (it comes back as \
                      earnedFromId).",
        },
        ContextIdError::TooLong => &RequestError {
            code: "invalid-context-id",
            message: formatcp!("contextId is longer than {CONTEXT_ID_BYTES_MAX} bytes."),
        },
        ContextIdError::ControlCharacter => &RequestError {
            code: "invalid-context-id",
            message: "contextId holds a control character such as a line break; remove it.",
        },
        ContextIdError::LostCharacter => &RequestError {
            code: "invalid-context-id",
            message: "contextId holds a character that was lost (U+FFFD, or half a surrogate \
                      pair); give the text as it was.",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options<'static> {
        Options {
            promotion_id: "67dd4210ef21a64211227e04",
            context_id: "973",
            host: "eu.api.capillarytech.com",
            ..Options::default()
        }
    }

    #[test]
    fn absent_values_take_the_defaults() {
        let plan = Plan::new(&options()).unwrap();
        assert_eq!(*plan.policy(), Policy::default());
        assert_eq!((plan.batch_size(), plan.concurrency_max()), (1_000, 6));
        assert_eq!(plan.rate_per_minute(), None);
    }

    #[test]
    fn given_values_are_taken_as_they_are() {
        let given = Options {
            batch_size: Some(10_000.0),
            concurrency: Some(64.0),
            rate_per_minute: Some(100.0),
            timeout_ms: Some(1_500.0),
            deadline_ms: Some(2_592_000_000.0),
            ambiguous: Some("retry"),
            attended: true,
            ..options()
        };
        let plan = Plan::new(&given).unwrap();
        assert_eq!((plan.batch_size(), plan.concurrency_max()), (10_000, 64));
        assert_eq!(plan.rate_per_minute(), Some(100));
        assert_eq!(plan.policy().timeout, Duration::from_millis(1_500));
        // 30 days: more than a 32-bit timer holds.
        assert_eq!(plan.policy().deadline, Some(Duration::from_secs(30 * 24 * 3_600)));
        assert_eq!(plan.policy().ambiguous, Ambiguous::Retry);
        assert_eq!(plan.policy().on_obstacle, OnObstacle::Pause);
    }

    #[test]
    fn a_run_that_goes_on_may_leave_out_what_its_journal_says_and_nothing_else() {
        let options = Options { promotion_id: "", context_id: "", ..options() };
        assert_eq!(check_unread(&options, None, None), Ok(()));
        let nowhere = Options { host: "", ..options };
        let error = check_unread(&nowhere, None, None).unwrap_err();
        assert_eq!(error.code, "invalid-host");
    }

    #[test]
    fn bad_values_have_a_code_each_and_are_never_rounded() {
        type Change = fn(&mut Options<'static>);
        let cases: [(&str, Change); 17] = [
            ("invalid-promotion-id", |o| o.promotion_id = ""),
            ("invalid-promotion-id", |o| o.promotion_id = ".."),
            ("invalid-promotion-id", |o| o.promotion_id = "a/b"),
            ("invalid-context-id", |o| o.context_id = ""),
            ("invalid-context-id", |o| o.context_id = "a\r\nb"),
            ("invalid-host", |o| o.host = ""),
            ("insecure-host", |o| o.host = "http://eu.api.capillarytech.com"),
            ("invalid-base-path", |o| o.base_path = Some("/../x")),
            ("invalid-batch-size", |o| o.batch_size = Some(0.0)),
            ("invalid-batch-size", |o| o.batch_size = Some(1.5)),
            ("invalid-batch-size", |o| o.batch_size = Some(f64::NAN)),
            ("invalid-concurrency", |o| o.concurrency = Some(65.0)),
            ("invalid-rate", |o| o.rate_per_minute = Some(-1.0)),
            ("invalid-attempts", |o| o.attempts = Some(f64::INFINITY)),
            ("invalid-timeout", |o| o.timeout_ms = Some(0.0)),
            ("invalid-stop-rule", |o| o.stop_failure_percent = Some(102.0)),
            ("invalid-ambiguous", |o| o.ambiguous = Some("again")),
        ];
        for (code, change) in cases {
            let mut options = options();
            change(&mut options);
            let error = Plan::new(&options).unwrap_err();
            assert_eq!(error.code, code);
            // A run that goes on refuses them before its journal is read.
            let (promotion, context) = (options.promotion_id, options.context_id);
            assert_eq!(check_unread(&options, Some(promotion), Some(context)), Err(error));
            assert!(error.message.ends_with('.') || error.message.ends_with(")."));
        }
    }
}
