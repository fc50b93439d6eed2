//! The headers that every request carries, and the fetch of new credentials: from the service for
//! an OAuth client, else from the caller.

use super::fetch::{self, Outgoing};
use super::host::Host;
use crate::auth::{caller_header, renew_after, token_header};
use crate::limits::TOKEN_BYTES_MAX;
use crate::request::Header;
use crate::status::Status;
use crate::traffic::CredentialsFailure;
use crate::verdict::{Failure, TokenAnswer, judge_token};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::time::Duration;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

/// The result of a renewal.
pub(super) struct Renewed {
    pub(super) headers: Vec<Header>,
    /// A token and its lifetime.
    pub(super) token: Option<(Box<str>, Duration)>,
}

/// Headers of a request, as a plain object.
pub(super) fn headers_of(attribution: &[Header], credentials: &[Header], has_body: bool) -> Object {
    let object = request_headers(has_body);
    for header in attribution.iter().chain(credentials) {
        set(&object, header.name(), header.value());
    }
    object
}

fn request_headers(has_body: bool) -> Object {
    let object = Object::new();
    if has_body {
        set(&object, "Content-Type", "application/json");
    }
    set(&object, "Accept", "application/json");
    object
}

fn set(object: &Object, name: &str, value: &str) {
    // A plain object accepts any property.
    let _ = Reflect::set(object, &name.into(), &value.into());
}

/// Fetches a token from the service.
pub(super) async fn fetch_token(
    host: &Host,
    takes_no_store: &OnceCell<bool>,
    url: String,
    body: String,
    signal: &AbortSignal,
) -> Result<Renewed, CredentialsFailure> {
    let outgoing = Outgoing {
        url,
        headers: request_headers(true),
        body: Some(Uint8Array::from(body.as_bytes())),
    };
    let answer = answer_to(host, takes_no_store, outgoing, signal).await;
    let (status, body) = answer.map_err(|error| unavailable(&error))?;
    let failure = match judge_token(status.number().unwrap_or(0), &body) {
        TokenAnswer::Token { token, ttl } => match token_header(&token) {
            Ok(header) => {
                let token = Some((token, renew_after(ttl)));
                return Ok(Renewed { headers: Vec::from([header]), token });
            }
            Err(_) => CredentialsFailure::UNREADABLE,
        },
        TokenAnswer::Unreadable => CredentialsFailure::UNREADABLE,
        TokenAnswer::Refused => CredentialsFailure::REFUSED,
        TokenAnswer::Unavailable => CredentialsFailure::UNAVAILABLE,
    };
    Err(CredentialsFailure { status: status.number(), ..failure })
}

/// Status and body of an answer; of a body that is too long for a token only the beginning.
async fn answer_to(
    host: &Host,
    takes_no_store: &OnceCell<bool>,
    outgoing: Outgoing,
    signal: &AbortSignal,
) -> Result<(Status, Vec<u8>), JsValue> {
    let incoming = fetch::send(host, takes_no_store, outgoing, signal).await?;
    let mut bytes = Vec::new();
    let mut take = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        bytes.len() <= TOKEN_BYTES_MAX
    };
    incoming.body()?.read(host, None, &mut take).await?;
    Ok((incoming.status, bytes))
}

fn unavailable(error: &JsValue) -> CredentialsFailure {
    let cause = match fetch::failure(error) {
        Failure::NotSent(cause) | Failure::Network(cause) => cause,
        Failure::Timeout => None,
    };
    CredentialsFailure { cause, ..CredentialsFailure::UNAVAILABLE }
}

/// Asks the caller's function. If it fails it may be asked again; if its headers cannot be sent,
/// not.
pub(super) async fn ask_caller(host: &Host) -> Result<Renewed, CredentialsFailure> {
    let given = JsFuture::from(host.credentials()).await;
    let given: Array = given.map_err(|_| CredentialsFailure::UNAVAILABLE)?.unchecked_into();
    let mut texts = given.iter().map(|text| text.as_string());
    let mut headers = Vec::new();
    while let Some(name) = texts.next() {
        let value = texts.next().flatten();
        let pair = name.as_deref().zip(value.as_deref()).ok_or(CredentialsFailure::UNREADABLE)?;
        let header = caller_header(pair.0, pair.1).map_err(|_| CredentialsFailure::UNREADABLE)?;
        headers.push(header);
    }
    Ok(Renewed { headers, token: None })
}
