//! A scripted service and virtual time around the real machine.

use core::time::Duration;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::{Job, Progress};
use issue_bulk::outcome::StopCode;
use issue_bulk::plan::{Options, Plan};
use issue_bulk::report::{self, Detail};
use issue_bulk::status::Status;
use issue_bulk::time::{Instant, UnixTime};
use issue_bulk::traffic::{CredentialsFailure, Head, Machine, Output};
use issue_bulk::verdict::Failure;
use std::collections::HashMap;

pub const PROMOTION: &str = "67dd4210ef21a64211227e04";
pub const CONTEXT: &str = "2 items in cart";

/// What the service does with one request.
#[derive(Clone)]
pub enum Reply {
    Status(u16, String),
    /// A redirect that a page is not shown.
    Hidden,
    /// A 200 with a `Date`, in milliseconds, which is so far ahead of our clock.
    Dated {
        date_ms: i64,
        ahead_ms: i64,
        body: String,
    },
    /// With a Retry-After in seconds.
    Throttled(Option<u64>),
    /// The body breaks off.
    Cut(u16, String),
    Fails(Failure),
    /// Nothing, ever.
    Silence,
}

pub type Service<'a> = dyn FnMut(&[i64]) -> Reply + 'a;

/// A run on virtual time: answers come 100 ms after their request.
pub struct World<'a> {
    pub job: Job,
    pub now: Instant,
    service: &'a mut Service<'a>,
    in_flight: Vec<(Instant, BatchId, AttemptNumber, Reply)>,
    /// When each request left, and its ids.
    pub sent: Vec<(u64, Vec<i64>)>,
    credentials: Vec<Result<(), CredentialsFailure>>,
    pub credentials_asked: u32,
    /// The journal as far as it is stored.
    pub stored: Vec<u8>,
    /// How often it was stored.
    pub persists: u32,
}

/// The plan of every test, with these options.
pub fn plan(options: Options<'_>) -> Plan {
    let options = Options {
        promotion_id: PROMOTION,
        context_id: CONTEXT,
        host: "eu.api.capillarytech.com",
        ..options
    };
    Plan::new(&options).unwrap()
}

impl<'a> World<'a> {
    pub fn new(ids: i64, options: Options<'_>, service: &'a mut Service<'a>) -> Self {
        Self::with_credentials(ids, options, service, None)
    }

    pub fn with_credentials(
        ids: i64,
        options: Options<'_>,
        service: &'a mut Service<'a>,
        credentials: Option<Vec<Result<(), CredentialsFailure>>>,
    ) -> Self {
        let fetched = credentials.is_some();
        let job =
            Job::new(plan(options), (1..=ids).collect::<Vec<_>>(), fetched, 7, Instant::START);
        Self { credentials: credentials.unwrap_or_default(), ..Self::around(job, service) }
    }

    /// A world around a job that is there.
    pub fn around(job: Job, service: &'a mut Service<'a>) -> Self {
        Self {
            job,
            now: Instant::START,
            service,
            in_flight: Vec::new(),
            sent: Vec::new(),
            credentials: Vec::new(),
            credentials_asked: 0,
            stored: Vec::new(),
            persists: 0,
        }
    }

    /// Runs until the job is done or waits for nobody.
    pub fn run(&mut self) -> Progress {
        for _ in 0..100_000 {
            match self.job.poll_output(self.now) {
                Output::Send { batch, attempt } => self.send(batch, attempt),
                Output::Abort { batch, attempt } => {
                    self.in_flight.retain(|(_, b, a, _)| (*b, *a) != (batch, attempt));
                }
                Output::FetchCredentials => self.fetch_credentials(),
                Output::Persist => self.persist(),
                Output::Wait { until } => {
                    let Some(next) = self.next_event(until) else { break };
                    self.now = self.now.max(next);
                    self.deliver();
                }
                Output::Done => break,
            }
            let p = self.job.progress(self.now);
            let settled = p.issued + p.rejected + p.unsent + p.unknown;
            assert_eq!(p.queued + p.in_flight + settled, p.distinct, "the books balance");
        }
        self.job.progress(self.now)
    }

    pub fn send(&mut self, batch: BatchId, attempt: AttemptNumber) {
        let body = self.job.request(batch).body.unwrap();
        let ids: Vec<i64> = serde_json::from_slice(&body).unwrap();
        let reply = (self.service)(&ids);
        self.sent.push((self.now.as_millis(), ids));
        let at = match reply {
            Reply::Silence => Instant::NEVER,
            _ => self.now.after(Duration::from_millis(100)),
        };
        self.in_flight.push((at, batch, attempt, reply));
    }

    pub fn persist(&mut self) {
        let bytes = self.job.take_journal();
        self.stored.extend_from_slice(&bytes);
        self.persists += 1;
        self.job.handle_persisted();
    }

    pub fn fetch_credentials(&mut self) {
        self.credentials_asked += 1;
        let next = if self.credentials.is_empty() { Ok(()) } else { self.credentials.remove(0) };
        match next {
            Ok(()) => self.job.handle_credentials(self.now, None),
            Err(failure) => self.job.handle_credentials_failure(self.now, failure),
        }
    }

    pub fn next_event(&self, until: Option<Instant>) -> Option<Instant> {
        let answers = self.in_flight.iter().map(|(at, ..)| *at);
        answers.chain(until).filter(|at| *at != Instant::NEVER).min()
    }

    pub fn deliver(&mut self) {
        let Some(due) = self.in_flight.iter().position(|(at, ..)| *at <= self.now) else { return };
        let (_, batch, attempt, reply) = self.in_flight.remove(due);
        let head = |status| Head {
            status: Status::Http(status),
            request_id: Some("r-1".into()),
            ..Head::default()
        };
        match reply {
            Reply::Status(status, body) => {
                self.job.handle_head(self.now, batch, attempt, head(status));
                let _flow = self.job.handle_chunk(batch, attempt, body.as_bytes());
                self.job.handle_end(self.now, batch, attempt);
            }
            Reply::Dated { date_ms, ahead_ms, body } => {
                let date = Some(UnixTime::from_millis(date_ms));
                let head = Head { date, clock_ahead_ms: Some(ahead_ms), ..head(200) };
                self.job.handle_head(self.now, batch, attempt, head);
                let _flow = self.job.handle_chunk(batch, attempt, body.as_bytes());
                self.job.handle_end(self.now, batch, attempt);
            }
            Reply::Hidden => {
                self.job.handle_head(self.now, batch, attempt, Head::default());
                self.job.handle_end(self.now, batch, attempt);
            }
            Reply::Throttled(seconds) => {
                let retry_after = seconds.map(Duration::from_secs);
                self.job.handle_head(self.now, batch, attempt, Head { retry_after, ..head(429) });
                self.job.handle_end(self.now, batch, attempt);
            }
            Reply::Cut(status, body) => {
                self.job.handle_head(self.now, batch, attempt, head(status));
                let _flow = self.job.handle_chunk(batch, attempt, body.as_bytes());
                self.job.handle_failure(self.now, batch, attempt, Failure::Network(None));
            }
            Reply::Fails(failure) => self.job.handle_failure(self.now, batch, attempt, failure),
            Reply::Silence => {}
        }
    }

    /// Outcomes counted by name and reason.
    pub fn outcomes(&self) -> HashMap<String, u32> {
        let mut counts = HashMap::new();
        for index in 0..self.job.ledger().rows() {
            let Some(row) = report::row(&self.job, index) else { continue };
            let key = match row.detail {
                Detail::Issued(_) => "issued".to_owned(),
                Detail::Cause(cause) => format!("{} {}", row.outcome.name(), cause.reason.code()),
            };
            *counts.entry(key).or_default() += 1;
        }
        counts
    }

    pub fn stop_code(&self) -> Option<StopCode> {
        self.job.stopped().map(|stopped| stopped.code)
    }
}

pub fn entry(id: i64) -> String {
    format!(
        concat!(
            r#""{id}":{{"id":"67dd4237ef21a64211{id:06x}","customerId":{id},"#,
            r#""promotionId":"{promotion}","earnedFromId":"{context}","#,
            r#""eventTime":1742553655678,"validTill":1746046799999}}"#
        ),
        id = id,
        promotion = PROMOTION,
        context = CONTEXT,
    )
}

pub fn success(ids: &[i64]) -> String {
    let entries: Vec<String> = ids.iter().map(|id| entry(*id)).collect();
    format!(r#"{{"data":{{{}}}}}"#, entries.join(","))
}

pub fn issue(ids: &[i64]) -> Reply {
    Reply::Status(200, success(ids))
}

pub fn errors(status: u16, code: i64, message: &str) -> Reply {
    Reply::Status(status, format!(r#"{{"errors":[{{"code":{code},"message":"{message}"}}]}}"#))
}

pub fn batch_of(size: u32) -> Options<'static> {
    Options { batch_size: Some(f64::from(size)), ..Options::default() }
}

#[track_caller]
pub fn expect(world: &World<'_>, expected: &[(&str, u32)]) {
    let expected = expected.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
    assert_eq!(world.outcomes(), expected);
}
