//! The exported plan: the caller's options, read and checked once, before any input is read. It
//! makes the intake and the forecast, and runs are made from it.

use super::error::Refusal;
use super::intake::{Input, Intake};
use super::options::{self, Confirmed, Options, Request, read_auth};
use super::outcomes::Outcomes;
use super::revocation::check_request;
use super::summary::{forecast_object, reading_object};
use crate::attribution::Attribution;
use crate::auth::Auth;
use crate::digest;
use crate::id::{IdList, PromotionId};
use crate::intake::Format;
use crate::job::Job;
use crate::journal::Header as Journalled;
use crate::plan;
use crate::reconcile::Rules;
use crate::request::{Endpoint, Header, RequestError};
use crate::time::{Instant, UnixTime};
use crate::traffic::Machine;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the crate, which is that of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// The options of one call of the package.
#[wasm_bindgen]
pub struct Plan {
    request: Request,
    options: Options,
    /// A person watches and can resume.
    is_attended: bool,
    format: Format,
    rules: Rules,
    credentials: RefCell<Credentials>,
}

/// The credentials, and the headers that they make without a fetch.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) auth: Auth,
    pub(super) headers: Vec<Header>,
}

/// The parts that all calls of a run share, except credentials.
pub(super) struct Target {
    /// The address at which an OAuth client fetches its token.
    pub(super) token_url: String,
    /// The attribution of the calls.
    pub(super) attribution: Vec<Header>,
}

impl Target {
    pub(super) fn of(service: &plan::Service) -> Result<Self, &'static RequestError> {
        let attribution = service.attribution.as_ref().map(Attribution::headers).transpose()?;
        let token_url = service.endpoint.token_url();
        Ok(Self { token_url, attribution: attribution.unwrap_or_default() })
    }
}

/// Takes absent options from an earlier run.
#[derive(Clone, Copy, Default)]
struct Earlier<'a> {
    promotion_id: &'a str,
    context_id: &'a str,
    host: &'a str,
    base_path: Option<&'a str>,
    batch_size: Option<f64>,
    attribution: Option<&'a Attribution>,
}

#[wasm_bindgen]
impl Plan {
    /// The plan of a run, or of its forecast.
    #[wasm_bindgen(js_name = ofRun)]
    pub fn of_run(request: JsValue, options: JsValue, is_job: bool) -> Result<Self, JsValue> {
        let request = Request::read(request)?;
        let options = Options::read(options, options::OF_A_RUN)?;
        let rules = Rules::new(&options.of_read_back())?;
        let made = Self::new(request, options, rules, is_job)?;
        made.plan()?;
        Ok(made)
    }

    /// The plan of a run that goes on from its journal.
    #[wasm_bindgen(js_name = ofResumedRun)]
    pub fn of_resumed_run(options: JsValue, is_job: bool) -> Result<Self, JsValue> {
        let mut options = Options::read(options, options::OF_A_RESUMED_RUN)?;
        let request = core::mem::take(&mut options.request);
        let rules = Rules::new(&options.of_read_back())?;
        let made = Self::new(request, options, rules, is_job)?;
        let Request { promotion_id, context_id, .. } = &made.request;
        let options = made.options.of_plan();
        plan::check_unread(&options, promotion_id.as_deref(), context_id.as_deref())?;
        Ok(made)
    }

    /// The plan of a read-back of its own.
    #[wasm_bindgen(js_name = ofReadBack)]
    pub fn of_read_back(options: JsValue) -> Result<Self, JsValue> {
        let options = Options::read(options, options::OF_A_READ_BACK)?;
        let rules = Rules::new(&options.of_reconcile())?;
        Self::new(Request::default(), options, rules, false)
    }

    /// The plan of a revocation: service and credentials only.
    #[wasm_bindgen(js_name = ofRevocation)]
    pub fn of_revocation(request: JsValue, options: JsValue) -> Result<Self, JsValue> {
        check_request(request)?;
        let options = Options::read(options, options::OF_A_REVOCATION)?;
        let rules = Rules::new(&options.of_read_back())?;
        let made = Self::new(Request::default(), options, rules, false)?;
        made.service()?;
        Ok(made)
    }

    /// The plan of a check, which issues nothing and so has no context.
    #[wasm_bindgen(js_name = ofCheck)]
    pub fn of_check(request: JsValue, options: JsValue) -> Result<Self, JsValue> {
        let request = Request::read_for_check(request)?;
        let options = Options::read(options, options::OF_A_CHECK)?;
        let rules = Rules::new(&options.of_read_back())?;
        let made = Self::new(request, options, rules, false)?;
        made.promotion()?;
        made.service()?;
        Ok(made)
    }

    /// Reads the customers.
    pub fn intake(&self) -> Intake {
        Intake::new(self.format.clone(), self.options.input.dedupe())
    }

    /// The progress of its run before there is one.
    pub fn progress(&self) -> JsValue {
        reading_object()
    }

    /// The outcomes of its run when it is cancelled while the input is still arriving: none.
    #[wasm_bindgen(js_name = withoutInput)]
    pub fn without_input(&self) -> Result<Outcomes, JsValue> {
        let now = Instant::from_millis(0);
        let mut job = Job::new(self.plan()?, IdList::default(), false, 0, now);
        job.cancel();
        let never = UnixTime::from_millis(0);
        Ok(Outcomes::without_input(job.into_record(never, never)))
    }

    /// Replaces the credentials for runs that begin later.
    #[wasm_bindgen(js_name = setAuth)]
    pub fn set_auth(&self, auth: JsValue) -> Result<(), JsValue> {
        let auth = read_auth(auth)?;
        let made = Credentials::new(auth)?;
        self.credentials.replace(made);
        Ok(())
    }

    /// The forecast of a run of this input; sends nothing and leaves the input unchanged.
    pub fn forecast(&self, input: &Input) -> Result<JsValue, JsValue> {
        self.check_customers(&input.source.ids)?;
        Ok(forecast_object(&self.plan()?, &input.source))
    }
}

impl Plan {
    fn new(
        request: Request,
        options: Options,
        rules: Rules,
        is_attended: bool,
    ) -> Result<Self, JsValue> {
        if options.on_outcomes.0 && options.ambiguous.as_deref() == Some("reconcile") {
            return Err(DRAINED_BEFORE_READ_BACK.into());
        }
        let format = options.input.format()?;
        let credentials = RefCell::new(Credentials::new(options.auth()?)?);
        options.attribution()?;
        Ok(Self { request, options, is_attended, format, rules, credentials })
    }

    /// The service and the attribution.
    pub(super) fn service(&self) -> Result<plan::Service, &'static RequestError> {
        let attribution = Some(self.options.attribution()?);
        plan::Service::new(&plan::Options { attribution, ..self.options.of_plan() })
    }

    pub(super) fn promotion(&self) -> Result<PromotionId, &'static RequestError> {
        plan::promotion(self.request.promotion_id.as_deref().unwrap_or_default())
    }

    pub(super) fn plan(&self) -> Result<plan::Plan, &'static RequestError> {
        self.with(Earlier::default())
    }

    /// The plan of a run that goes on.
    pub(super) fn resumed(&self, header: &Journalled) -> Result<plan::Plan, &'static RequestError> {
        self.with(Earlier {
            promotion_id: &header.promotion,
            context_id: &header.context,
            host: &header.origin,
            base_path: Some(&header.base_path),
            batch_size: Some(header.batch_size.into()),
            attribution: header.attribution.as_ref(),
        })
    }

    /// The plan of a read-back of another run.
    pub(super) fn reading_back(
        &self,
        run: &plan::Plan,
    ) -> Result<plan::Plan, &'static RequestError> {
        let endpoint = run.endpoint();
        // A base path belongs to its host.
        let is_same_host = self.options.host.as_deref().is_none_or(|host| {
            let given = Endpoint::new(host, endpoint.base_path());
            given.is_ok_and(|given| given.origin() == endpoint.origin())
        });
        let made = self.with(Earlier {
            promotion_id: run.promotion().as_str(),
            context_id: run.context().as_str(),
            host: endpoint.origin(),
            base_path: Some(endpoint.base_path()).filter(|_| is_same_host),
            batch_size: None,
            attribution: run.attribution(),
        })?;
        // Another organisation does not have these customers, which would look like "not issued".
        let of_run = run.attribution().map(Attribution::org_id);
        let is_other = made.attribution().map(Attribution::org_id) != of_run;
        if of_run.is_some() && is_other { Err(OTHER_ORG) } else { Ok(made) }
    }

    fn with(&self, earlier: Earlier<'_>) -> Result<plan::Plan, &'static RequestError> {
        let options = self.options.of_plan();
        let request = &self.request;
        let given = self.options.attribution()?;
        plan::Plan::new(&plan::Options {
            promotion_id: request.promotion_id.as_deref().unwrap_or(earlier.promotion_id),
            context_id: request.context_id.as_deref().unwrap_or(earlier.context_id),
            host: self.options.host.as_deref().unwrap_or(earlier.host),
            base_path: options.base_path.or(earlier.base_path),
            batch_size: options.batch_size.or(earlier.batch_size),
            attribution: Some(match earlier.attribution {
                Some(attribution) => given.or(attribution),
                None => given,
            }),
            attended: self.is_attended,
            ..options
        })
    }

    /// Refuses customers that are not those that were confirmed.
    pub(super) fn check_customers(&self, ids: &IdList) -> Result<(), Refusal> {
        let Some(Confirmed { customers, digest }) = &self.request.confirmed else { return Ok(()) };
        if *customers == ids.len() as f64 && *digest == digest::of_ids(ids) {
            return Ok(());
        }
        Err(CUSTOMERS_CHANGED.into())
    }

    pub(super) const fn rules(&self) -> Rules {
        self.rules
    }

    pub(super) fn credentials(&self) -> Credentials {
        self.credentials.borrow().clone()
    }

    pub(super) const fn has_journal(&self) -> bool {
        self.options.journal.0
    }

    /// True if the caller takes outcomes as they settle.
    pub(super) const fn is_drained(&self) -> bool {
        self.options.on_outcomes.0
    }

    /// The seed of the jitter: the caller's, or `chance`.
    pub(super) fn seed(&self, chance: f64) -> u64 {
        self.options.seed.unwrap_or(chance).to_bits()
    }
}

/// The plan that a journal alone tells.
pub(super) fn journalled(header: &Journalled) -> Result<plan::Plan, &'static RequestError> {
    plan::Plan::new(&plan::Options {
        promotion_id: &header.promotion,
        context_id: &header.context,
        host: &header.origin,
        base_path: Some(&header.base_path),
        batch_size: Some(header.batch_size.into()),
        attribution: header.attribution.clone(),
        ..plan::Options::default()
    })
}

impl Credentials {
    fn new(auth: Auth) -> Result<Self, Refusal> {
        auth.check()?;
        let headers = auth.header()?.into_iter().collect();
        Ok(Self { auth, headers })
    }
}

const OTHER_ORG: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The run was for another orgId; read it back with its own, or leave it out.",
};

const CUSTOMERS_CHANGED: &RequestError = &RequestError {
    code: "customers-changed",
    message: "The list has changed since it was confirmed: nothing was sent. Plan it again and \
              confirm what it holds now.",
};

const DRAINED_BEFORE_READ_BACK: &RequestError = &RequestError {
    code: "invalid-argument",
    message: "options.onOutcomes takes outcomes before a read-back can change them: leave it out \
              with ambiguous: \"reconcile\", or reconcile the journal afterwards.",
};
