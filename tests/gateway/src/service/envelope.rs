//! Errors in each of the documented envelopes (api.md 5).

use serde_json::{Value, json};

use super::codes;
use super::reply::Reply;
use crate::clock::now_ms;
use crate::fault::RetryAfter;
use crate::switches::{Envelope, Rate, Switches};

/// An error about to be answered.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub code: u32,
    pub message: String,
    /// Replaces the status that belongs to the code.
    pub status: Option<u16>,
    /// Replaces the envelope that belongs to the code.
    pub envelope: Option<Envelope>,
    /// What a refused call is told about waiting.
    pub retry_after: Option<RetryAfter>,
}

impl Problem {
    /// A code with its documented text.
    pub(crate) fn new(code: u32) -> Self {
        Self::saying(code, codes::message(code))
    }

    /// A code with a text of its own.
    pub(crate) fn saying(code: u32, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, status: None, envelope: None, retry_after: None }
    }

    /// A fixed status, whatever the code's own is.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// A refusal for calling too often.
    pub(crate) fn limited(rate: &Rate, retry_after: RetryAfter) -> Self {
        let envelope = Some(rate.envelope);
        let limited = Self::new(429).with_status(rate.status);
        Self { envelope, retry_after: Some(retry_after), ..limited }
    }

    /// The answer, in the envelope and with the status the switches say.
    pub(crate) fn reply(&self, switches: &Switches) -> Reply {
        let key = self.code.to_string();
        let errors = &switches.errors;
        let switched = errors.by_code.get(&key).copied().unwrap_or(errors.envelope);
        let mut reply = self.reply_as(switches, self.envelope.unwrap_or(switched));
        let wait = self.retry_after.as_ref().and_then(|wait| wait.value(now_ms()));
        wait.into_iter().for_each(|wait| reply.set("retry-after", &wait));
        reply
    }

    /// The answer in this envelope.
    pub(crate) fn reply_as(&self, switches: &Switches, envelope: Envelope) -> Reply {
        let switched = switches.errors.status.get(&self.code.to_string()).copied();
        let status = switched.or(self.status).unwrap_or_else(|| codes::status(self.code));
        let message = &self.message;
        let code = code_value(switches, self.code);
        let body = match envelope {
            Envelope::Promotions => json!({"errors": [{"code": code, "message": message}]}),
            Envelope::Validation => json!({
                "timestamp": now_ms(), "errorCode": code, "message": "Validation Failed",
                "errorDetails": [message]
            }),
            Envelope::AccessGroup => json!({
                "warnings": [], "errors": [{"status": false, "code": code, "message": message}]
            }),
            Envelope::Token => {
                json!({"data": null, "errors": [{"code": code, "message": message}]})
            }
            Envelope::Customer => self.customer_body(),
            Envelope::Badges => json!({
                "data": null,
                "errors": [{"code": code, "message": message, "reference": null}],
                "warnings": null
            }),
            Envelope::Html => return html(status),
            Envelope::Text => {
                return Reply::typed(status, "text/plain", self.message.clone().into_bytes());
            }
            Envelope::Empty => return Reply::empty(status),
        };
        Reply::json(status, body.to_string().into_bytes())
    }

    /// Shape E, with its documented oddities: success as the text "true" beside a text code, but
    /// false beside the number 403.
    fn customer_body(&self) -> Value {
        if self.code == 403 {
            return json!({"response": {"status": {
                "code": 403, "message": self.message, "success": false,
                "warnings": {"warning": []}
            }}});
        }
        let status = json!({
            "success": "true", "code": self.code.to_string(), "message": self.message
        });
        json!({"response": {"status": status, "customers": null}})
    }
}

/// A code as number or string, as switched.
pub(crate) fn code_value(switches: &Switches, code: u32) -> Value {
    if switches.errors.string_codes { code.to_string().into() } else { code.into() }
}

/// The page a proxy in front of the service would send.
pub(crate) fn html(status: u16) -> Reply {
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>Error {status}</h1>\
         <p>The web server reported an error.</p></body></html>\n"
    );
    Reply::typed(status, "text/html; charset=UTF-8", page.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn body(problem: &Problem, switches: &Switches) -> (u16, Value) {
        let reply = problem.reply(switches);
        (reply.status, serde_json::from_slice(&reply.content.joined()).unwrap())
    }

    #[test]
    fn default_envelopes_are_the_documented_ones() {
        let switches = Switches::default();
        assert_eq!(
            body(&Problem::new(404), &switches),
            (404, json!({"errors": [{"code": 404, "message": "Passed promotion is not found"}]}))
        );
        let (status, denied) = body(&Problem::new(4000), &switches);
        assert_eq!((status, &denied["errors"][0]["code"]), (403, &json!(4000)));
        assert_eq!(denied["warnings"], json!([]));
        let (_, unauthorised) = body(&Problem::new(401), &switches);
        assert_eq!(unauthorised["response"]["status"]["success"], "true");
        let (_, token) = body(&Problem::new(320_001), &switches);
        assert_eq!(token["data"], json!(null));
    }

    #[test]
    fn status_envelope_and_code_form_are_switches() {
        let patch = json!({"errors": {"status": {"706": 200}, "stringCodes": true,
            "envelope": "badges", "byCode": {"1006": "validation"}}});
        let switches = Switches::default().patched(&patch).unwrap();
        let (status, expired) = body(&Problem::new(706), &switches);
        assert_eq!((status, &expired["errors"][0]["code"]), (200, &json!("706")));
        assert_eq!(expired["errors"][0]["reference"], json!(null));
        let (_, invalid) = body(&Problem::new(1006), &switches);
        assert_eq!(invalid["errorCode"], "1006");
    }
}
