//! Whether the credentials are good: fetched by one flight, renewed before they expire and once
//! after a refusal.

use crate::time::Instant;

/// Names one set of credentials; a refusal of an older set says nothing about the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u32);

#[derive(Debug)]
pub(super) struct Credentials {
    fetched: bool,
    epoch: Epoch,
    state: State,
    /// Refusals since the last call that went through.
    refusals: u32,
    /// Fetches that failed since the last that did not.
    failures: u32,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Ready { renew_at: Instant },
    Needed { not_before: Instant },
    Asked { until: Instant },
}

/// What a refusal of credentials leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Send the batch again with the credentials that are there or on their way.
    TryAgain,
    /// Nothing that the run can do itself.
    Final,
}

impl Credentials {
    /// `fetched` credentials must be asked for before the first request.
    pub(super) const fn new(fetched: bool) -> Self {
        let state = if fetched {
            State::Needed { not_before: Instant::START }
        } else {
            State::Ready { renew_at: Instant::NEVER }
        };
        Self { fetched, epoch: Epoch(0), state, refusals: 0, failures: 0 }
    }

    pub(super) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether requests may leave at `now`; renewal falls due here.
    pub(super) fn ready(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Ready { renew_at } if renew_at <= now) {
            self.state = State::Needed { not_before: now };
        }
        matches!(self.state, State::Ready { .. })
    }

    /// Whether to ask for credentials at `now`; a `true` counts as having asked, with time for an
    /// answer until `until`.
    pub(super) fn ask(&mut self, now: Instant, until: Instant) -> bool {
        let due = matches!(self.state, State::Needed { not_before } if not_before <= now);
        if due {
            self.state = State::Asked { until };
        }
        due
    }

    pub(super) const fn asked(&self) -> bool {
        matches!(self.state, State::Asked { .. })
    }

    /// Whether the answer to [`Credentials::ask`] is overdue.
    pub(super) fn overdue(&self, now: Instant) -> bool {
        matches!(self.state, State::Asked { until } if until <= now)
    }

    /// When something is to be done about them that nobody outside will do.
    pub(super) const fn next_event(&self) -> Option<Instant> {
        match self.state {
            State::Needed { not_before } => Some(not_before),
            State::Asked { until } => Some(until),
            State::Ready { .. } => None,
        }
    }

    /// When a fetch under way is given up.
    pub(super) const fn expiry(&self) -> Option<Instant> {
        match self.state {
            State::Asked { until } => Some(until),
            State::Needed { .. } | State::Ready { .. } => None,
        }
    }

    /// New credentials are there.
    pub(super) fn renewed(&mut self, renew_at: Option<Instant>) {
        self.epoch = Epoch(self.epoch.0.saturating_add(1));
        self.state = State::Ready { renew_at: renew_at.unwrap_or(Instant::NEVER) };
        self.failures = 0;
    }

    /// They could not be had; counts from 1.
    pub(super) fn failed(&mut self, not_before: Instant) -> u32 {
        self.state = State::Needed { not_before };
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// Fetches that failed in a row, so far.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// The service refused the set named `epoch`.
    pub(super) fn refused(&mut self, epoch: Epoch, now: Instant) -> Refusal {
        if epoch != self.epoch || !matches!(self.state, State::Ready { .. }) {
            return Refusal::TryAgain;
        }
        self.refusals = self.refusals.saturating_add(1);
        if !self.fetched || self.refusals > 1 {
            return Refusal::Final;
        }
        self.state = State::Needed { not_before: now };
        Refusal::TryAgain
    }

    /// Somebody resumed a paused run: refusals start to count anew, fetched credentials are
    /// asked for again.
    pub(super) fn forget_refusals(&mut self, now: Instant) {
        self.refusals = 0;
        self.failures = 0;
        self.epoch = Epoch(self.epoch.0.saturating_add(1));
        if self.fetched && !self.asked() {
            self.state = State::Needed { not_before: now };
        }
    }
}
