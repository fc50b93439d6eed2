//! The journal of a world: storing takes time and may fail, and the process may die at any step.
//! Then another one goes on with what is stored.

use crate::meaning::Known;
use crate::rule::{Checked, Rule, Violation};
use crate::saboteur::{self, Resumed};
use crate::scenario::Scenario;
use crate::storage::Storage;
use crate::trace::{Event, Fnv};
use crate::witness::Witness;
use crate::world::{Happening, World};
use core::mem;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::Job;
use issue_bulk::journal::{Reader, Recovered};
use issue_bulk::ledger::State;
use issue_bulk::outcome::StopCode;
use issue_bulk::policy::Ambiguous;
use issue_bulk::report;
use issue_bulk::time::Instant;
use issue_bulk::traffic::Machine;

impl World {
    pub(crate) fn is_storing(&self) -> bool {
        self.storage.as_ref().is_some_and(|storage| storage.under_way.is_some())
    }

    /// The core wants its journal stored.
    pub(crate) fn persist(&mut self) -> Checked {
        let bytes = self.subject.take_journal();
        self.log(Event::Persist { bytes: bytes.len(), what: Fnv::of(&bytes) });
        let len = bytes.len() as u64;
        let watch = self.witness.watch;
        let storage = self.storage.as_mut().filter(|storage| !storage.failed);
        let sound = storage.as_ref().is_some_and(|storage| storage.under_way.is_none());
        watch.check(Rule::Journal, sound && len > 0, || {
            "nothing is stored without a journal, twice at a time, or without bytes".into()
        })?;
        let Some(storage) = storage else { return Ok(()) };
        storage.under_way = Some(bytes);
        let habits = storage.habits;
        let fails = !self.healed && self.chance.percent(habits.fails_percent);
        let kept = fails.then(|| self.chance.between(0, len) as usize);
        let after = self.chance.magnitude(0, habits.latency_ms_max.max(1));
        self.plan(after, Happening::Stored(kept));
        Ok(())
    }

    /// What was handed over is stored, or storing it failed after some bytes.
    pub(crate) fn feed_stored(&mut self, failed_after: Option<usize>) {
        let Some(storage) = &mut self.storage else { return };
        let bytes = storage.under_way.take().unwrap_or_default();
        match failed_after {
            None => {
                storage.store(&bytes);
                self.log(Event::Persisted);
                self.subject.persisted();
            }
            Some(kept) => {
                storage.store(&bytes[..kept]);
                storage.failed = true;
                self.log(Event::PersistFails { kept });
                self.witness.silence(StopCode::JournalFailed, "after the journal failed");
                self.subject.persist_failure();
            }
        }
    }

    /// Nothing leaves before its intent is stored.
    pub(crate) fn check_intent(
        &mut self,
        batch: BatchId,
        attempt: AttemptNumber,
        rows: &[u32],
    ) -> Checked {
        let Some(storage) = &mut self.storage else { return Ok(()) };
        let stored = storage.use_intent(batch.0, attempt.0, rows);
        self.witness.watch.check(Rule::Journal, stored, || {
            format!("batch {} attempt {} left before its intent was stored", batch.0, attempt.0)
        })
    }

    /// The process may die here; `true` if it did and another one goes on.
    pub(crate) fn dies(&mut self) -> Result<bool, Violation> {
        let Some(storage) = &self.storage else { return Ok(false) };
        let habits = storage.habits;
        let may = !self.healed && storage.crashes < habits.crashes_max;
        let dies = may && self.chance.between(0, 999) < habits.crash_permille;
        if dies {
            self.crash()?;
        }
        Ok(dies)
    }

    /// A run that is done may be resumed all the same; what a stop left unsent is sent then.
    pub(crate) fn dies_at_the_end(&mut self) -> Result<bool, Violation> {
        let Some(storage) = &self.storage else { return Ok(false) };
        let (whole, may) =
            (storage.under_way.is_none(), storage.crashes < storage.habits.crashes_max);
        self.witness.watch.check(Rule::Journal, whole, || "done before all is stored".into())?;
        self.check_review()?;
        let dies = may && self.chance.percent(30);
        if dies {
            self.witness.marks.insert("resumed after the end");
            self.crash()?;
        }
        Ok(dies)
    }

    fn crash(&mut self) -> Checked {
        let Some(mut storage) = self.storage.take() else { return Ok(()) };
        storage.crashes += 1;
        self.mark_crash(&storage);
        if let Some(bytes) = storage.under_way.take() {
            let kept = self.chance.between(0, bytes.len() as u64) as usize;
            storage.store(&bytes[..kept]);
        }
        let torn = storage.bytes.len() - storage.sound();
        if storage.habits.zeros && torn == 0 {
            let zeros = self.chance.between(0, 5_000) as usize;
            storage.bytes.resize(storage.bytes.len() + zeros, 0);
        }
        storage.failed = false;
        self.log(Event::Crash { kept: storage.bytes.len(), torn });
        self.agenda.retain(|_, happening| {
            let dead = matches!(
                happening,
                Happening::Piece(_) | Happening::Credentials(_) | Happening::Stored(_)
            );
            !dead
        });
        self.exchanges.iter_mut().for_each(|exchange| exchange.closed = true);
        let down = self.chance.magnitude(0, 3_600_000);
        self.now = Instant::from_millis(self.now.as_millis() + down);
        self.storage = Some(storage);
        self.resurrect()
    }

    fn mark_crash(&mut self, storage: &Storage) {
        let marks = &mut self.witness.marks;
        if storage.under_way.is_some() {
            marks.insert("crash while storing");
        }
        if storage.has_unused() {
            marks.insert("crash between intent and send");
        }
        let away = |batch: u32| self.witness.open.iter().any(|open| open.batch == batch);
        let left = |batch: u32| storage.left.iter().any(|left| left.batch == batch);
        for batch in storage.open_batches() {
            if away(batch) {
                marks.insert("crash while in flight");
            } else if left(batch) {
                marks.insert("crash between answer and outcome");
            }
        }
        if storage.crashes > 1 {
            marks.insert("crash of a resumed run");
        }
    }

    /// Another process reads what is stored.
    fn resurrect(&mut self) -> Checked {
        let Some(storage) = &mut self.storage else { return Ok(()) };
        let (watch, sound) = (self.witness.watch, storage.sound());
        let resumed = saboteur::resumed(
            &self.scenario,
            self.sabotage,
            &storage.bytes,
            self.now,
            u64::from(storage.crashes),
        );
        let (subject, bytes, anew) = match resumed {
            Resumed::Refused(why) => {
                watch.check(Rule::Journal, false, || format!("a journal was refused: {why}"))?;
                return Ok(());
            }
            Resumed::Anew(subject) => (subject, 0, true),
            Resumed::From(subject, bytes) => (subject, bytes as usize, false),
        };
        let lost = anew && storage.left.iter().any(|left| left.stored <= sound);
        watch.check(Rule::Journal, !lost, || "a run began anew after its first request".into())?;
        watch.check(Rule::Journal, anew || bytes == sound, || {
            format!("{bytes} bytes of a journal count, not {sound}")
        })?;
        if bytes < storage.bytes.len() {
            self.witness.marks.insert("torn tail dropped");
        }
        storage.truncate(bytes);
        if anew {
            self.witness.marks.insert("crash before the run began");
            let crashes = storage.crashes;
            *storage = Storage::new(storage.habits, self.scenario.ids.len());
            storage.crashes = crashes;
        }
        self.subject = subject;
        self.witness.go_on(&self.scenario, self.now.as_millis(), storage);
        self.log(Event::Resumed { anew });
        self.subject.job_mut().start(self.now);
        self.observe()
    }

    /// The report that a reader makes of the journal is that of the run.
    fn check_review(&self) -> Checked {
        let Some(storage) = self.storage.as_ref().filter(|storage| !storage.failed) else {
            return Ok(());
        };
        let watch = self.witness.watch;
        let recovered = read(&storage.bytes);
        let job = recovered
            .and_then(|told| Job::review(self.scenario.settings.plan(), told, self.now).ok());
        let same = job.is_some_and(|job| exports(&job) == exports(self.subject.job()));
        watch.check(Rule::Journal, same, || "the journal tells another report".into())
    }

    /// From any prefix nothing is lost and nothing that may have been processed waits.
    pub(crate) fn check_prefix(&mut self) -> Checked {
        let Some(storage) = &self.storage else { return Ok(()) };
        let len = self.chance.between(0, storage.bytes.len() as u64) as usize;
        let end = storage.ends.iter().rfind(|end| **end <= len).copied().unwrap_or(0);
        let watch = self.witness.watch;
        let mut reader = Reader::default();
        reader.feed(&storage.bytes[..len]);
        let told = reader.finish();
        watch.check(Rule::Journal, told.is_ok(), || format!("{len} bytes were refused"))?;
        let Ok(Some(told)) = told else {
            let early = storage.left.iter().all(|left| left.stored > end);
            return watch.check(Rule::Journal, early, || format!("{len} bytes told nothing"));
        };
        let retry = self.scenario.settings.ambiguous == Ambiguous::Retry;
        let waits = |row: u32| told.ledger.states()[row as usize] == State::Queued;
        let lost = storage.left.iter().find(|left| {
            let before = left.stored <= end && left.cleared.is_none_or(|at| at > end);
            before && !retry && waits(left.row)
        });
        watch.check(Rule::Journal, lost.is_none(), || {
            format!("{len} bytes of the journal do not know of {lost:?}")
        })
    }
}

impl Witness {
    /// Another process goes on with the run at `now`. Of the past it has what is stored: rows that
    /// are settled there stay so, those of open intents may have been issued, whatever the old
    /// process knew of them, and the rest waits.
    pub fn go_on(&mut self, scenario: &Scenario, now: u64, storage: &Storage) {
        let old = mem::replace(self, Self::new(scenario, self.watch));
        (self.known, self.ambiguous, self.marks) = (old.known, old.ambiguous, old.marks);
        self.batches = old.batches;
        self.size_max = self.size_max.min(storage.size_max);
        let after = self.settings.deadline_ms;
        self.deadline_ms = after.map_or(u64::MAX, |after| now.saturating_add(after));
        let states = old.seen.into_iter().zip(&storage.settled);
        self.seen = states.map(|(state, kept)| if *kept { state } else { State::Queued }).collect();
        for row in storage.open_rows() {
            self.known[row] = match self.settings.ambiguous {
                Ambiguous::Hold | Ambiguous::Reconcile => Known::Unclear,
                Ambiguous::Retry => Known::Doubted,
            };
            self.ambiguous[row] += u32::from(self.settings.ambiguous == Ambiguous::Retry);
        }
    }
}

fn read(bytes: &[u8]) -> Option<Recovered> {
    let mut reader = Reader::default();
    reader.feed(bytes);
    reader.finish().ok().flatten()
}

fn exports(job: &Job) -> Vec<u8> {
    let mut out = Vec::new();
    report::write_ndjson(job, 0, u32::MAX, &mut out);
    out
}
