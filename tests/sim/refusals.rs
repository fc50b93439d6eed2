//! Answers to a request as a whole: statuses, envelopes, HTML. Nothing is processed where one of
//! them says so; where it does not say, the world may have processed the request all the same.

use crate::chance::Chance;
use crate::fault::Fault;
use crate::header;
use crate::meaning::Meaning;
use crate::scenario::GuiltyRefusal;
use crate::service::{Answer, Call};
use issue_bulk::outcome::StopCode;

const HTML: &str = "<html><body>Sorry</body></html>";

/// The answer of a fault that comes before any processing.
pub fn refuse(fault: Fault, call: &Call, chance: &mut Chance) -> Option<Answer> {
    Some(match fault {
        Fault::Throttled => throttled(call, chance),
        Fault::TooLarge => too_large(chance.coin()),
        Fault::Guilty => {
            let forms = [GuiltyRefusal::Code, GuiltyRefusal::NotFound, GuiltyRefusal::Flat];
            guilty(chance.pick(&forms))
        }
        Fault::Unauthorised => unauthorised(chance),
        Fault::Denied => denied(chance),
        Fault::ProxyAsks => {
            let meaning = Meaning::Stop(StopCode::ProxyAuthentication);
            Answer::new(407, any_body(chance), meaning)
        }
        Fault::PromotionGone => promotion_gone(chance),
        Fault::Unusable => {
            let code = chance.pick(&[705, 706, 707, 709, 713, 714, 725]);
            let meaning = Meaning::Stop(StopCode::PromotionUnusable);
            Answer::new(chance.pick(&[400, 422]), errors(code, "refused"), meaning)
        }
        Fault::EndpointRefuses => {
            let status = chance.pick(&[405, 406, 411, 414, 415, 417, 431]);
            Answer::new(status, any_body(chance), Meaning::Stop(StopCode::EndpointRefuses))
        }
        Fault::Redirected => {
            let status = chance.pick(&[0, 300, 301, 302, 304, 307, 308]);
            Answer::new(status, any_body(chance), Meaning::Stop(StopCode::Redirected))
        }
        _ => return None,
    })
}

/// A status or an envelope that proves nothing.
pub fn unclear(fault: Fault, chance: &mut Chance) -> Option<Answer> {
    let (status, body) = match fault {
        Fault::UnclearStatus => {
            // Also 498, which counts only inside an envelope that says so, too.
            let code = chance.pick(&[1006, 705, 404, 400]);
            let with_code = errors(code, "Passed promotion is not found");
            (unclear_status(chance), if chance.coin() { with_code } else { any_body(chance) })
        }
        Fault::UnclearInvalid => {
            let code = chance.pick(&[500, 708, 710, 715, 1007, 1062, 9_999]);
            let body = if chance.coin() { errors(code, "oops") } else { no_envelope(chance) };
            (chance.pick(&[400, 422]), body)
        }
        Fault::ErrorsInstead => {
            let code = chance.pick(&[400, 500, 705, 1006, 1007]);
            (200, if chance.coin() { errors(code, "no") } else { flat(code, "no") })
        }
        Fault::Elsewhere if chance.coin() => (511, any_body(chance)),
        Fault::Elsewhere => (chance.pick(&[200, 200, 203]), HTML.into()),
        _ => return None,
    };
    let meaning = unproven(status, body.as_bytes());
    Some(Answer::new(status, body, meaning))
}

/// What is left of a run after an answer that proves nothing: another service goes on to answer.
pub fn unproven(status: u16, body: &[u8]) -> Meaning {
    let is_login = status == 511 || (200..300).contains(&status) && body.starts_with(b"<");
    if is_login { Meaning::Elsewhere } else { Meaning::Ambiguous }
}

/// A status that proves nothing, whatever its body says.
pub fn unclear_status(chance: &mut Chance) -> u16 {
    const STATUSES: [u16; 23] = [
        201, 202, 204, 206, 299, 402, 408, 409, 410, 421, 423, 425, 451, 498, 499, 500, 501, 502,
        503, 504, 521, 522, 599,
    ];
    chance.pick(&STATUSES)
}

fn throttled(call: &Call, chance: &mut Chance) -> Answer {
    let retry_after = header::draw(chance, call.service_ms);
    let meaning = Meaning::Throttled { wait_ms: retry_after.wait_ms };
    Answer { retry_after, ..Answer::new(429, any_body(chance), meaning) }
}

pub fn too_large(as_code: bool) -> Answer {
    match as_code {
        true => Answer::new(400, errors(1060, "Batch limit size exceeded"), Meaning::TooLarge),
        false => Answer::new(413, HTML, Meaning::TooLarge),
    }
}

pub fn guilty(refusal: GuiltyRefusal) -> Answer {
    let (status, body) = match refusal {
        GuiltyRefusal::NotFound => (404, errors(404, "Customer not found")),
        GuiltyRefusal::Flat => (400, flat(400, "Validation Failed")),
        GuiltyRefusal::Code | GuiltyRefusal::Entry => {
            (400, errors(1006, "Invalid customer identifier"))
        }
    };
    Answer::new(status, body, Meaning::Guilty)
}

pub fn unauthorised(chance: &mut Chance) -> Answer {
    let status = r#"{"success":"true","code":"498","message":"Token expired"}"#;
    let token_expired = format!(r#"{{"response":{{"status":{status},"customers":null}}}}"#);
    let (status, body) = match chance.between(0, 5) {
        0 => (401, any_body(chance)),
        1 => (401, errors(401, "Authentication failed")),
        2 => (498, errors(498, "Token expired")),
        3 => (400, errors(401, "Authentication failed")),
        4 => (200, token_expired),
        _ => (200, errors(401, "Unauthorized")),
    };
    Answer::new(status, body, Meaning::Credentials)
}

fn denied(chance: &mut Chance) -> Answer {
    let (status, body, code) = match chance.between(0, 3) {
        0 => (403, no_envelope(chance), StopCode::Blocked),
        1 => (403, errors(500, "Internal server error"), StopCode::AccessDenied),
        2 => (403, errors(4000, "Not authorized. Access is denied!"), StopCode::AccessDenied),
        _ => (400, errors(4000, "Not authorized. Access is denied!"), StopCode::AccessDenied),
    };
    Answer::new(status, body, Meaning::Stop(code))
}

fn promotion_gone(chance: &mut Chance) -> Answer {
    let flat_text = "Promotion with ids : [674fbb982335bd1d58a8c2a4] not found for org : 4000004 .";
    let (status, body) = match chance.between(0, 3) {
        0 => (404, errors(404, "Passed promotion is not found")),
        1 => (404, errors(404, "Promotion or customer not found")),
        2 => (404, no_envelope(chance)),
        _ => (400, flat(400, flat_text)),
    };
    Answer::new(status, body, Meaning::Stop(StopCode::PromotionNotFound))
}

/// Shape A of api.md 5.
pub fn errors(code: i64, message: &str) -> String {
    format!(r#"{{"errors":[{{"code":{code},"message":"{message}"}}]}}"#)
}

/// Shape B of api.md 5.
fn flat(code: i64, detail: &str) -> String {
    let head = r#""timestamp":1746166870695,"message":"Failed""#;
    format!(r#"{{{head},"errorCode":{code},"errorDetails":["{detail}"]}}"#)
}

fn no_envelope(chance: &mut Chance) -> String {
    chance.pick(&["", HTML, "{}", r#"{"errors":[]}"#, r#"{"errors":null}"#, "[1]"]).into()
}

/// Where the status says it all, the body may say anything.
fn any_body(chance: &mut Chance) -> String {
    if chance.coin() { no_envelope(chance) } else { errors(500, "Internal server error") }
}
