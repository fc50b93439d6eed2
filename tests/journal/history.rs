//! A run's journal with what it should say after each of its records.

use issue_bulk::attribution::Attribution;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::intake::Findings;
use issue_bulk::journal::{AmbiguousRows, Damage, Header, Intent, Reader, Recovered, Writer};
use issue_bulk::ledger::{ExtraTexts, Issuance, Ledger, State};
use issue_bulk::outcome::{Cause, Outcome, Reason, Rejection, StopCode, Unknown, Unsent};
use issue_bulk::time::UnixTime;

/// One step of a made-up run; steps that make no sense where they stand do nothing.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub kind: u8,
    pub choice: u16,
    pub detail: i64,
}

pub struct History {
    pub header: Header,
    pub bytes: Vec<u8>,
    /// Where each record ends, and what the journal says there; nothing before all ids are there.
    pub marks: Vec<(usize, Option<String>)>,
    writer: Writer,
    ledger: Ledger,
    open: Vec<Intent>,
    ambiguous: Vec<AmbiguousRows>,
    size_max: Option<u32>,
    stopped: Option<Cause>,
    done: bool,
    batches: u32,
}

pub fn header(ids: usize) -> Header {
    Header {
        promotion: "67dd4210ef21a64211227e04".into(),
        context: "2 items in cart".into(),
        origin: "https://eu.api.capillarytech.com".into(),
        base_path: "/api_gateway/v1".into(),
        batch_size: 7,
        started: UnixTime::from_millis(1_795_381_200_000),
        ids: ids as u32,
        attribution: Attribution::new(Some("100"), None, Some("till1")).ok(),
        findings: Findings { given: ids as u64, ..Findings::default() },
    }
}

impl History {
    pub fn of(ids: &[i64], steps: &[Step]) -> Self {
        let header = header(ids.len());
        let mut history = Self {
            writer: Writer::begin(&header),
            header,
            bytes: Vec::new(),
            marks: vec![(8, None)],
            ledger: Ledger::new(ids.to_vec()),
            open: Vec::new(),
            ambiguous: Vec::new(),
            size_max: None,
            stopped: None,
            done: false,
            batches: 0,
        };
        history.mark(ids.is_empty());
        let blocks = ids.chunks(3);
        let count = blocks.len();
        for (index, block) in blocks.enumerate() {
            history.writer.ids(block);
            history.mark(index + 1 == count);
        }
        for step in steps {
            history.take(*step);
            if history.writer.pending() > 0 {
                history.mark(true);
            }
        }
        history
    }

    fn mark(&mut self, begun: bool) {
        self.bytes.extend(self.writer.take());
        let says = begun.then(|| self.says());
        self.marks.push((self.bytes.len(), says));
    }

    fn says(&self) -> String {
        let resumable = (&self.open, &self.ambiguous, self.size_max, self.batches);
        say(&self.header, &self.ledger, &resumable, &self.stopped, self.done)
    }

    fn take(&mut self, step: Step) {
        match step.kind % 8 {
            0..=2 => self.intend(step),
            3 | 4 => self.settle(step),
            5 => self.come_back(step),
            6 => {
                let size = u32::from(step.choice);
                self.size_max = Some(self.size_max.unwrap_or(size).min(size));
                self.writer.shrunk(size);
            }
            _ if step.detail % 3 == 0 => self.resume(step),
            _ => self.end(step),
        }
    }

    fn intend(&mut self, step: Step) {
        let rows = self.ledger.rows();
        let start = u32::from(step.choice) % rows.max(1);
        let queued = |row: &u32| self.ledger.states()[*row as usize] == State::Queued;
        let end = (start..rows.min(start + 7)).take_while(queued).last().map(|row| row + 1);
        let Some(end) = end.filter(|_| !self.done && self.stopped.is_none()) else { return };
        let intent = Intent {
            batch: BatchId(self.batches),
            attempt: AttemptNumber(1),
            rows: start..end,
            at: UnixTime::from_millis(step.detail),
        };
        self.batches += 1;
        self.ledger.depart(&intent.rows).unwrap();
        self.writer.intent(&intent);
        let cut = |ambiguity: AmbiguousRows| {
            let before = ambiguity.rows.start..ambiguity.rows.end.min(start);
            let after = ambiguity.rows.start.max(end)..ambiguity.rows.end;
            let parts = [before, after].into_iter().filter(|rows| !rows.is_empty());
            parts
                .map(move |rows| AmbiguousRows { rows, cause: ambiguity.cause.clone() })
                .collect::<Vec<_>>()
        };
        self.ambiguous = self.ambiguous.drain(..).flat_map(cut).collect();
        self.open.push(intent);
    }

    fn pick(&mut self, step: Step) -> Option<Intent> {
        let place = usize::from(step.choice) % self.open.len().max(1);
        (place < self.open.len()).then(|| self.open.swap_remove(place))
    }

    fn settle(&mut self, step: Step) {
        let Some(intent) = self.pick(step) else { return };
        for row in intent.rows.clone() {
            let salt = step.detail.wrapping_mul(31).wrapping_add(i64::from(row));
            match salt.rem_euclid(5) {
                0 => {
                    let cause = self.ledger.cause(cause(salt, false));
                    self.ledger.settle(row, State::InFlight, cause).unwrap();
                }
                _ => {
                    let issuance = Issuance {
                        id: [salt as u8; 12],
                        event_time: if salt % 7 == 0 { i64::MIN } else { salt },
                        valid_till: salt.wrapping_mul(1_000_003),
                    };
                    let extra = ExtraTexts { id: Some("odd".into()), earned_from: None };
                    let extra = (salt % 11 == 0).then_some(extra);
                    self.ledger.issue(row, &issuance, extra).unwrap();
                }
            }
        }
        self.writer.outcome(intent.batch, &intent.rows, &self.ledger);
    }

    fn come_back(&mut self, step: Step) {
        let Some(intent) = self.pick(step) else { return };
        let ambiguity = (step.detail % 2 == 0).then(|| cause(step.detail, true));
        self.ledger.come_back(&intent.rows).unwrap();
        self.writer.came_back(intent.batch, step.detail % 4 < 2, ambiguity.as_ref());
        self.ambiguous.extend(ambiguity.map(|cause| AmbiguousRows { rows: intent.rows, cause }));
    }

    fn resume(&mut self, step: Step) {
        let requeued = step.choice.is_multiple_of(2);
        self.writer.resumed(UnixTime::from_millis(step.detail), requeued);
        let interrupted = Cause::new(Reason::Unknown(Unknown::Interrupted));
        for Intent { rows, .. } in self.open.drain(..) {
            self.ledger.come_back(&rows).unwrap();
            self.ambiguous.push(AmbiguousRows { rows, cause: interrupted.clone() });
        }
        if !requeued {
            for AmbiguousRows { rows, cause } in self.ambiguous.drain(..) {
                let cause = self.ledger.cause(cause);
                self.ledger.settle_all(&rows, State::Queued, cause).unwrap();
            }
        }
        (self.stopped, self.done) = (None, false);
    }

    fn end(&mut self, step: Step) {
        if step.choice.is_multiple_of(2) {
            let mut cause = cause(step.detail, true);
            cause.reason = Reason::Unsent(Unsent::Stopped(StopCode::Throttled));
            self.writer.stopped(&cause);
            self.stopped = Some(cause);
        } else if self.open.is_empty() {
            self.writer.done();
            self.done = true;
        }
    }
}

fn cause(salt: i64, unknown: bool) -> Cause {
    let reason = match salt.rem_euclid(3) {
        0 if !unknown => Reason::Rejected(Rejection::EntryError),
        1 if !unknown => Reason::Unsent(Unsent::TooLarge),
        _ => Reason::Unknown(Unknown::MissingInAnswer),
    };
    Cause {
        status: (salt % 2 == 0).then_some(200),
        code: (salt % 3 == 0).then_some(salt),
        message: if salt % 4 == 0 { "".into() } else { "no \u{1f381}".into() },
        request_id: (salt % 5 == 0).then(|| "r-1".into()),
        ..Cause::new(reason)
    }
}

/// Batches in flight, rows in ambiguity, the size, the next number.
type Resumable<'a> = (&'a Vec<Intent>, &'a Vec<AmbiguousRows>, Option<u32>, u32);

/// Everything that counts of a journal, as a text to compare.
fn say(
    header: &Header,
    ledger: &Ledger,
    (open, ambiguous, size_max, batches): &Resumable<'_>,
    stopped: &Option<Cause>,
    done: bool,
) -> String {
    let row = |row: u32| (ledger.issuance(row), ledger.cause_of(row), ledger.extra_texts(row));
    let rows: Vec<_> = (0..ledger.rows()).map(row).collect();
    let mut open: Vec<_> = open.iter().map(|open| format!("{open:?}")).collect();
    open.sort();
    let mut ambiguous: Vec<_> =
        ambiguous.iter().map(|ambiguity| format!("{ambiguity:?}")).collect();
    ambiguous.sort();
    let books = (ledger.ids(), ledger.states(), rows);
    format!("{header:?} {books:?} {open:?} {ambiguous:?} {size_max:?} {batches} {stopped:?} {done}")
}

/// What a reader makes of the bytes, and how many of them count.
pub fn told(recovered: &Recovered) -> (usize, String) {
    let resumable = (&recovered.open, &recovered.ambiguous, recovered.size_max, recovered.batches);
    let Recovered { header, ledger, stopped, done, .. } = recovered;
    (recovered.bytes as usize, say(header, ledger, &resumable, stopped, *done))
}

pub fn read(bytes: &[u8]) -> Result<Option<Recovered>, Damage> {
    let mut reader = Reader::default();
    reader.feed(bytes);
    reader.finish()
}

impl History {
    /// The last record that is whole within so many bytes.
    pub fn before(&self, len: usize) -> (usize, Option<&str>) {
        let whole = self.marks.iter().rfind(|(end, _)| *end <= len);
        whole.map_or((0, None), |(end, says)| (*end, says.as_deref()))
    }
}

/// The outcomes that the ledger counts, for tables.
pub fn counts(ledger: &Ledger) -> [u32; 4] {
    let states = [State::Issued, State::Rejected, State::Unsent, State::Unknown];
    debug_assert_eq!(Outcome::ALL.len(), states.len());
    states.map(|state| ledger.count(state))
}
