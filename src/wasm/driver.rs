//! The loop that drives one job: drain its outputs, start exchanges, arm one timer, wait, feed
//! back. It holds no policy, and no borrow across an `.await`.

use super::abort::Aborts;
use super::clock;
use super::convert::{get, parsed};
use super::error::misused;
use super::fetch::{self, Body, Request};
use super::intake::Source;
use super::signal::Signal;
use super::timer::Timer;
use crate::auth::{Auth, renew_after, token_header};
use crate::id::{AttemptNumber, BatchId};
use crate::job::{CredentialsFailure, Head, Job, Output};
use crate::request::Header;
use crate::response::Flow;
use crate::retry_after;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, Ref, RefCell, RefMut};
use core::time::Duration;
use js_sys::{Function, Object};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Response;

/// What the caller gives a run to work with.
pub(super) struct Hooks {
    pub(super) fetch: Function,
    /// Called with the progress whenever something moved; the face decides how often to pass it
    /// on.
    pub(super) progress: Option<Function>,
    /// Called for headers, where the credentials are a callback.
    pub(super) credentials: Option<Function>,
}

/// One run, shared by its driver, its exchanges and the caller's handle.
pub(super) struct Shared {
    job: RefCell<Job>,
    auth: RefCell<Auth>,
    /// What the input held apart from the ids, for the report.
    pub(super) source: Source,
    pub(super) signal: Rc<Signal>,
    pub(super) started: Cell<bool>,
    /// Headers of every call.
    headers: Vec<Header>,
    /// Headers that authenticate; replaced as a whole.
    credentials: RefCell<Rc<[Header]>>,
    aborts: Aborts,
}

impl Shared {
    pub(super) fn new(
        job: Job,
        auth: Auth,
        headers: Vec<Header>,
        credentials: Vec<Header>,
        source: Source,
    ) -> Self {
        Self {
            job: RefCell::new(job),
            auth: RefCell::new(auth),
            source,
            signal: Rc::default(),
            started: Cell::new(false),
            headers,
            credentials: RefCell::new(credentials.into()),
            aborts: Aborts::default(),
        }
    }

    /// The job for a call from JavaScript, which may come at a bad time only by a mistake.
    pub(super) fn job_ref(&self) -> Result<Ref<'_, Job>, JsValue> {
        self.job.try_borrow().map_err(|_| misused())
    }

    pub(super) fn job_mut(&self) -> Result<RefMut<'_, Job>, JsValue> {
        self.job.try_borrow_mut().map_err(|_| misused())
    }

    pub(super) fn has_fetched_credentials(&self) -> bool {
        self.auth.borrow().is_fetched()
    }

    pub(super) fn set_auth(&self, auth: Auth, headers: Vec<Header>) {
        if !auth.is_fetched() {
            self.set_credentials(headers);
        }
        self.auth.replace(auth);
    }

    fn set_credentials(&self, headers: Vec<Header>) {
        self.credentials.replace(headers.into());
    }

    fn credentials(&self) -> Rc<[Header]> {
        Rc::clone(&self.credentials.borrow())
    }
}

/// Runs the job to its end.
pub(super) async fn drive(shared: Rc<Shared>, hooks: Rc<Hooks>) {
    loop {
        let output = shared.job.borrow_mut().poll_output(clock::now());
        match output {
            Output::Send { batch, attempt } => {
                spawn_local(exchange(Rc::clone(&shared), Rc::clone(&hooks), batch, attempt));
            }
            Output::Abort { batch, attempt } => shared.aborts.abort(batch, attempt),
            Output::FetchCredentials => {
                spawn_local(renew_credentials(Rc::clone(&shared), Rc::clone(&hooks)));
            }
            Output::Persist => {
                // No run of this driver has a journal; one that had could not store it.
                let mut job = shared.job.borrow_mut();
                let _unstored = job.take_journal();
                job.handle_persist_failure();
            }
            Output::Wait { until } => {
                show_progress(&shared, &hooks);
                let _timer = until.map(|until| Timer::arm(until, &shared.signal));
                shared.signal.raised().await;
            }
            Output::Done => break,
        }
    }
    shared.aborts.abort_credentials();
    show_progress(&shared, &hooks);
}

fn show_progress(shared: &Shared, hooks: &Hooks) {
    if let Some(handler) = &hooks.progress {
        let progress = shared.progress().unwrap_or(JsValue::NULL);
        // The face guards the caller's handler; whatever still comes out changes nothing here.
        let _ = handler.call1(&JsValue::UNDEFINED, &progress);
    }
}

/// Sends one batch and feeds the job with what comes back.
async fn exchange(shared: Rc<Shared>, hooks: Rc<Hooks>, batch: BatchId, attempt: AttemptNumber) {
    let result = send_and_read(&shared, &hooks, batch, attempt).await;
    shared.aborts.forget(batch, attempt);
    let mut job = shared.job.borrow_mut();
    match result {
        Ok(()) => job.handle_end(clock::now(), batch, attempt),
        Err(error) => {
            job.handle_failure(clock::now(), batch, attempt, fetch::failure_of(&error));
        }
    }
    drop(job);
    shared.signal.raise();
}

async fn send_and_read(
    shared: &Shared,
    hooks: &Hooks,
    batch: BatchId,
    attempt: AttemptNumber,
) -> Result<(), JsValue> {
    let (url, body) = {
        let job = shared.job.borrow();
        let plan = job.plan();
        let mut body = Vec::new();
        job.write_body(batch, &mut body);
        (plan.endpoint().issue_url(plan.promotion(), plan.context()), body)
    };
    let request = Request {
        url: &url,
        headers: &shared.headers,
        credentials: &shared.credentials(),
        body: &body,
        signal: shared.aborts.register(batch, attempt),
    };
    let response = fetch::post(&hooks.fetch, request).await?;
    drop(body);
    shared.job.borrow_mut().handle_head(batch, attempt, head_of(&response));
    let mut body = Body::of(&response)?;
    let mut chunk = Vec::new();
    while body.read(&mut chunk).await? {
        let flow = shared.job.borrow_mut().handle_chunk(batch, attempt, &chunk);
        if flow == Flow::Enough {
            body.cancel().await;
            break;
        }
    }
    Ok(())
}

fn head_of(response: &Response) -> Head {
    let header = |name| response.headers().get(name).ok().flatten();
    // A page is not shown a redirect that it does not follow, only that there was one.
    let hidden = get(response, "type") == "opaqueredirect";
    let date = header("date");
    let wait = header("retry-after");
    Head {
        status: if hidden { 0 } else { response.status() },
        retry_after: wait
            .and_then(|value| retry_after::parse(&value, date.as_deref(), clock::wall_clock())),
        request_id: header("x-cap-requestid")
            .or_else(|| header("x-cap-request-id"))
            .map(|id| id.chars().filter(char::is_ascii_graphic).take(REQUEST_ID_MAX).collect()),
    }
}

/// A request id is a word; a header of any length must not end in the report.
const REQUEST_ID_MAX: usize = 128;

/// Brings new credentials: from the service for an OAuth client, else from the caller.
async fn renew_credentials(shared: Rc<Shared>, hooks: Rc<Hooks>) {
    let token_request = shared.auth.borrow().token_request();
    let result = match token_request {
        Some(body) => fetch_token(&shared, &hooks, &body).await,
        None => ask_caller(&hooks).await,
    };
    let mut job = shared.job.borrow_mut();
    match result {
        Ok((headers, renew_after)) => {
            shared.set_credentials(headers);
            job.handle_credentials(clock::now(), renew_after);
        }
        Err(failure) => job.handle_credentials_failure(clock::now(), failure),
    }
    drop(job);
    shared.signal.raise();
}

type Credentials = (Vec<Header>, Option<Duration>);

/// The token endpoint of api.md 7: `{"data":{"accessToken","ttlSeconds"},"errors"}`.
async fn fetch_token(
    shared: &Shared,
    hooks: &Hooks,
    body: &str,
) -> Result<Credentials, CredentialsFailure> {
    let url = shared.job.borrow().plan().endpoint().token_url();
    let request = Request {
        url: &url,
        headers: &[],
        credentials: &[],
        body: body.as_bytes(),
        signal: shared.aborts.register_credentials(),
    };
    let unavailable = |_: JsValue| CredentialsFailure::Unavailable;
    let response = fetch::post(&hooks.fetch, request).await.map_err(unavailable)?;
    let status = response.status();
    let text = read_token_answer(&response).await.map_err(unavailable)?;
    if status == 429 || status >= 500 {
        return Err(CredentialsFailure::Unavailable);
    }
    let refused = CredentialsFailure::Refused;
    let answer = text.map(|text| parsed(&text)).ok_or(refused)?;
    let data = get(&answer, "data");
    let token = get(&data, "accessToken").as_string().ok_or(refused)?;
    let ttl = get(&data, "ttlSeconds").as_f64().and_then(renew_after).ok_or(refused)?;
    let header = token_header(&token).map_err(|_| refused)?;
    Ok((vec![header], Some(ttl)))
}

/// A token is some kilobytes; an answer beyond this is not one.
const TOKEN_ANSWER_BYTES_MAX: usize = 64 << 10;

async fn read_token_answer(response: &Response) -> Result<Option<Vec<u8>>, JsValue> {
    let mut body = Body::of(response)?;
    let (mut bytes, mut chunk) = (Vec::new(), Vec::new());
    while body.read(&mut chunk).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > TOKEN_ANSWER_BYTES_MAX {
            body.cancel().await;
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}

/// The caller's own headers. A callback that throws may work later; headers that cannot be sent
/// will not.
async fn ask_caller(hooks: &Hooks) -> Result<Credentials, CredentialsFailure> {
    let callback = hooks.credentials.as_ref().ok_or(CredentialsFailure::Refused)?;
    let unavailable = |_: JsValue| CredentialsFailure::Unavailable;
    let promise = callback.call0(&JsValue::UNDEFINED).map_err(unavailable)?;
    let given = JsFuture::from(fetch::resolve(&promise)).await.map_err(unavailable)?;
    if !given.is_object() {
        return Err(CredentialsFailure::Refused);
    }
    let pairs = Object::entries(given.unchecked_ref());
    let headers = pairs.iter().map(|pair| {
        let field = |index| js_sys::Reflect::get_u32(&pair, index).ok()?.as_string();
        Header::new(&field(0)?, &field(1)?).ok()
    });
    let headers: Option<Vec<Header>> = headers.collect();
    Ok((headers.ok_or(CredentialsFailure::Refused)?, None))
}
