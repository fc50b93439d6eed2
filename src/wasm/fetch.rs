//! One exchange over the runtime's `fetch`: the request out, the answer in as it arrives.

use super::convert::{get, parsed};
use crate::request::Header;
use crate::verdict::Failure;
use alloc::vec::Vec;
use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, ReadableStreamDefaultReader, Response};

#[wasm_bindgen]
extern "C" {
    /// A `fetch` of any realm may return a promise of that realm; `resolve` makes it ours.
    #[wasm_bindgen(js_namespace = Promise, js_name = resolve)]
    pub(super) fn resolve(value: &JsValue) -> Promise;
}

/// What one POST says. Headers of every call and those that authenticate it are apart, because
/// the latter change within a run.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    pub(super) headers: &'a [Header],
    pub(super) credentials: &'a [Header],
    pub(super) body: &'a [u8],
    pub(super) signal: Option<AbortSignal>,
}

/// Sends a POST and waits for the head of its answer. Redirects are never followed: they would
/// carry the credentials elsewhere.
pub(super) async fn post(fetch: &Function, request: Request<'_>) -> Result<Response, JsValue> {
    let init = parsed(INIT);
    let headers = get(&init, "headers");
    for header in request.headers.iter().chain(request.credentials) {
        set(&headers, header.name(), &header.value().into());
    }
    set(&init, "body", &Uint8Array::from(request.body).into());
    if let Some(signal) = request.signal {
        set(&init, "signal", &signal);
    }
    let answer = fetch.call2(&JsValue::UNDEFINED, &request.url.into(), &init)?;
    let response = JsFuture::from(resolve(&answer)).await?;
    // Not `dyn_into`: polyfills and other realms have a class of their own.
    Ok(response.unchecked_into())
}

/// What is the same in every call.
const INIT: &[u8] = br#"{
"method":"POST","redirect":"manual",
"headers":{"Content-Type":"application/json","Accept":"application/json"}
}"#;

#[inline(never)]
fn set(object: &JsValue, key: &str, value: &JsValue) {
    // Setting a property of a plain object cannot fail.
    let _ = Reflect::set(object, &key.into(), value);
}

/// The body of an answer, chunk by chunk, as the runtime decodes it.
pub(super) enum Body {
    Stream(ReadableStreamDefaultReader),
    /// A polyfill without streams: the whole at once.
    Whole(Promise),
    Empty,
}

impl Body {
    pub(super) fn of(response: &Response) -> Result<Self, JsValue> {
        let body = get(response, "body");
        if body.is_null() {
            return Ok(Self::Empty);
        }
        if get(&body, "getReader").is_function() {
            let stream: web_sys::ReadableStream = body.unchecked_into();
            return Ok(Self::Stream(stream.get_reader().unchecked_into()));
        }
        Ok(Self::Whole(response.array_buffer()?))
    }

    /// The next bytes into `chunk`; `false` at the end.
    pub(super) async fn read(&mut self, chunk: &mut Vec<u8>) -> Result<bool, JsValue> {
        chunk.clear();
        match self {
            Self::Stream(reader) => {
                let result = JsFuture::from(reader.read()).await?;
                if get(&result, "done").is_truthy() {
                    return Ok(false);
                }
                append(&get(&result, "value").unchecked_into(), chunk);
                Ok(true)
            }
            Self::Whole(promise) => {
                let buffer = JsFuture::from(promise.clone()).await?;
                append(&Uint8Array::new(&buffer), chunk);
                *self = Self::Empty;
                Ok(true)
            }
            Self::Empty => Ok(false),
        }
    }

    /// The rest is not wanted; the connection must not wait for it.
    pub(super) async fn cancel(self) {
        if let Self::Stream(reader) = self {
            // A stream that failed already has nothing to cancel.
            let _ = JsFuture::from(reader.cancel()).await;
        }
    }
}

fn append(bytes: &Uint8Array, chunk: &mut Vec<u8>) {
    let length = usize::try_from(bytes.length()).unwrap_or(0);
    chunk.resize(length, 0);
    bytes.copy_to(chunk);
}

/// Codes with which Node, Bun and Deno say that no connection came about: nothing was sent.
const NOT_CONNECTED: [&str; 8] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "UND_ERR_CONNECT_TIMEOUT",
    "ConnectionRefused",
    "FailedToOpenSocket",
];

/// Whether an error of `fetch` proves that no byte of the request left (reliability.md d). What
/// is not proven is ambiguous. The unreachable codes prove it only of the connecting call.
pub(super) fn failure_of(error: &JsValue) -> Failure {
    let cause = get(error, "cause");
    let proven = [error, &cause].into_iter().any(|level| {
        let code = get(level, "code").as_string().unwrap_or_default();
        let connecting = match code.as_str() {
            "EHOSTUNREACH" | "ENETUNREACH" => get(level, "syscall") == "connect",
            _ => true,
        };
        connecting && NOT_CONNECTED.contains(&code.as_str())
    });
    if proven { Failure::NotSent } else { Failure::Network }
}
