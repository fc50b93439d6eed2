//! One exchange over a transport: sends the request, reads the answer as it arrives, and converts a
//! transport's error for the core.

use super::host::Host;
use crate::status::Status;
use crate::verdict::{Failure, TransportError, judge_transport_error};
use alloc::boxed::Box;
use alloc::string::String;
use core::cell::OnceCell;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsError, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Request, RequestCache, RequestInit, RequestRedirect};

/// Bytes copied into the core at once: only these are held twice.
const BYTES_SLICE: u32 = 1 << 18;

/// Bytes gathered of a pushed body without an exchange; no token answer is longer.
const GATHERED_BYTES_MAX: u32 = 1 << 17;

#[wasm_bindgen]
extern "C" {
    /// The value that a transport resolves with: a `Response` of any realm, or a `PushedResponse`.
    /// Getters of the caller's objects may throw.
    type Answer;

    #[wasm_bindgen(method, getter, catch)]
    fn status(this: &Answer) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = type)]
    fn kind(this: &Answer) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn headers(this: &Answer) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn body(this: &Answer) -> Result<JsValue, JsValue>;

    /// The body of an answer, if it is a stream.
    type Stream;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Stream) -> Result<JsValue, JsValue>;
}

/// True if the runtime's `fetch` accepts `cache: "no-store"`, which keeps frameworks from answering
/// out of a cache. Workers with an old compatibility date throw at it.
pub(super) fn takes_no_store() -> bool {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    Request::new_with_str_and_init("https://localhost/", &init).is_ok()
}

/// The request of an exchange: a POST with a body, a GET without.
pub(super) struct Outgoing {
    pub(super) url: String,
    pub(super) headers: Object,
    pub(super) body: Option<Uint8Array>,
}

/// Sends a request and waits for the head of its answer. Redirects are never followed: they would
/// carry the credentials elsewhere.
pub(super) async fn send(
    host: &Host,
    takes_no_store: &OnceCell<bool>,
    outgoing: Outgoing,
    signal: &AbortSignal,
) -> Result<Incoming, JsValue> {
    let Outgoing { url, headers, body } = outgoing;
    let init = RequestInit::new();
    init.set_method(if body.is_some() { "POST" } else { "GET" });
    init.set_headers(&headers);
    if let Some(body) = &body {
        init.set_body(body);
    }
    init.set_redirect(RequestRedirect::Manual);
    init.set_signal(Some(signal));
    // A caller's transport makes its own choice.
    if !host.has_transport() && *takes_no_store.get_or_init(self::takes_no_store) {
        init.set_cache(RequestCache::NoStore);
    }
    Incoming::new(JsFuture::from(host.send(&url, &init)).await?)
}

/// An answer whose head has arrived.
pub(super) struct Incoming {
    answer: Answer,
    headers: Option<Headers>,
    pub(super) status: Status,
}

impl Incoming {
    fn new(answer: JsValue) -> Result<Self, JsValue> {
        if !answer.is_object() {
            return Err(no_response());
        }
        let answer: Answer = answer.unchecked_into();
        let is_hidden = answer.kind()?.as_string().as_deref() == Some("opaqueredirect");
        let status = Status::of_response(answer.status()?.as_f64().unwrap_or(0.0), is_hidden);
        let headers = answer.headers()?;
        let headers = (!headers.is_null_or_undefined()).then(|| headers.unchecked_into());
        Ok(Self { answer, headers, status: status.ok_or_else(no_response)? })
    }

    /// A header; empty if absent.
    pub(super) fn header(&self, name: &str) -> Result<String, JsValue> {
        match &self.headers {
            Some(headers) => Ok(headers.get(name)?.unwrap_or_default()),
            None => Ok(String::new()),
        }
    }

    /// The source of the body.
    pub(super) fn body(&self) -> Result<BodySource, JsValue> {
        let body = self.answer.body()?;
        if body.is_null() {
            return Ok(BodySource::Empty);
        }
        if body.is_object() && Reflect::has(&body, &"pushTo".into())? {
            return Ok(BodySource::Pushed(body));
        }
        // A polyfill without streams gives the whole body at once.
        let is_stream = body.is_object() && Reflect::get(&body, &"getReader".into())?.is_function();
        if !is_stream {
            return Ok(BodySource::Whole(self.answer.clone()));
        }
        body.unchecked_into::<Stream>().get_reader().map(BodySource::Stream)
    }
}

fn no_response() -> JsValue {
    JsError::new(NO_RESPONSE).into()
}

const NO_RESPONSE: &str = "transport must resolve with a Response whose status is from 100 to 599";

/// The kind of a body.
pub(super) enum BodySource {
    Empty,
    /// It pushes its bytes.
    Pushed(JsValue),
    /// The reader of a stream.
    Stream(JsValue),
    Whole(JsValue),
}

impl BodySource {
    /// Reads to the end, or until `take` answers false. A pushed body goes into the exchange of
    /// that batch and attempt if one is named, and is gathered otherwise.
    pub(super) async fn read(
        self,
        host: &Host,
        exchange: Option<(u32, u32)>,
        take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), JsValue> {
        let whole = match (self, exchange) {
            (Self::Empty, _) => return Ok(()),
            (Self::Stream(reader), _) => return read_stream(host, &reader, take).await,
            (Self::Pushed(body), Some((batch, attempt))) => {
                JsFuture::from(host.pushed(&body, batch, attempt)).await?;
                return Ok(());
            }
            (Self::Pushed(body), None) => host.gathered(&body, GATHERED_BYTES_MAX),
            (Self::Whole(response), _) => host.whole(&response),
        };
        let bytes = JsFuture::from(whole).await?;
        feed(&bytes.unchecked_into(), take);
        Ok(())
    }
}

async fn read_stream(
    host: &Host,
    reader: &JsValue,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<(), JsValue> {
    loop {
        let bytes = JsFuture::from(host.next(reader)).await?;
        if bytes.is_undefined() {
            return Ok(());
        }
        if !feed(&bytes.unchecked_into(), take) {
            host.leave(reader);
            return Ok(());
        }
    }
}

fn feed(bytes: &Uint8Array, take: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    let length = bytes.length();
    if length <= BYTES_SLICE {
        return take(&bytes.to_vec());
    }
    (0..length).step_by(BYTES_SLICE as usize).all(|start| {
        let end = start.saturating_add(BYTES_SLICE).min(length);
        take(&bytes.subarray(start, end).to_vec())
    })
}

/// Depth of causes that are read, as in the core: a foreign error may be endless.
const DEPTH_MAX: u32 = 4;
/// Errors of an `AggregateError` that are read, one for each address of a host.
const ERRORS_MAX: u32 = 32;

/// Code of an error whose transport has evidence that nothing was sent (`pkg/src/evidence.ts`).
const NOT_SENT: &str = "NOT_SENT";

/// The failure that a transport's error proves.
pub(super) fn failure(error: &JsValue) -> Failure {
    let error = read_error(error, DEPTH_MAX);
    judge_transport_error(&error, &*error.code == NOT_SENT)
}

fn read_error(error: &JsValue, depth_left: u32) -> TransportError {
    let text = |name| property(error, name).and_then(|value| value.as_string()).unwrap_or_default();
    let Some(depth_left) = depth_left.checked_sub(1).filter(|_| error.is_object()) else {
        return TransportError::default();
    };
    let inner = |error: &JsValue| read_error(error, depth_left);
    let cause = property(error, "cause").filter(JsValue::is_object);
    TransportError {
        code: text("code").into(),
        syscall: text("syscall").into(),
        message: text("message").into(),
        cause: cause.map(|cause| Box::new(inner(&cause))),
        errors: errors_of(error).iter().map(|error| inner(&error)).collect(),
    }
}

/// The errors of an `AggregateError`; more of them than are read prove nothing.
fn errors_of(error: &JsValue) -> Array {
    let errors = property(error, "errors").filter(Array::is_array);
    let errors = errors.map(JsCast::unchecked_into::<Array>);
    errors.filter(|errors| errors.length() <= ERRORS_MAX).unwrap_or_default()
}

/// A property of a thrown value; `None` if it cannot be read.
fn property(value: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(value, &name.into()).ok()
}
