//! The state of the credentials: fetched by one call at a time, renewed before they expire and once
//! after a refusal.

use crate::time::Instant;

/// The number of a set of credentials; a refusal of an older set proves nothing about the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u32);

#[derive(Debug)]
pub(super) struct CredentialsState {
    fetched: bool,
    epoch: Epoch,
    state: State,
    /// Refusals since the last successful call.
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

/// The consequence of refused credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Resend the batch with the present credentials or those being fetched.
    TryAgain,
    /// The run cannot go on by itself.
    Final,
}

impl CredentialsState {
    /// With `fetched` they must be asked for before the first request.
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

    /// True if requests may be sent at `now`. Starts the renewal when it is due.
    pub(super) fn ready(&mut self, now: Instant) -> bool {
        if matches!(self.state, State::Ready { renew_at } if renew_at <= now) {
            self.state = State::Needed { not_before: now };
        }
        matches!(self.state, State::Ready { .. })
    }

    /// True if credentials are to be fetched at `now`; the fetch then counts as started and times
    /// out at `until`.
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

    /// True if the fetch of [`CredentialsState::ask`] has timed out.
    pub(super) fn overdue(&self, now: Instant) -> bool {
        matches!(self.state, State::Asked { until } if until <= now)
    }

    /// The instant at which a renewal or a repeated fetch is due.
    pub(super) const fn next_event(&self) -> Option<Instant> {
        match self.state {
            State::Needed { not_before } => Some(not_before),
            State::Asked { until } => Some(until),
            State::Ready { .. } => None,
        }
    }

    /// The instant at which a fetch in progress times out.
    pub(super) const fn expiry(&self) -> Option<Instant> {
        match self.state {
            State::Asked { until } => Some(until),
            State::Needed { .. } | State::Ready { .. } => None,
        }
    }

    /// New credentials came.
    pub(super) fn renewed(&mut self, renew_at: Option<Instant>) {
        self.epoch = Epoch(self.epoch.0.saturating_add(1));
        self.state = State::Ready { renew_at: renew_at.unwrap_or(Instant::NEVER) };
        self.failures = 0;
    }

    /// A fetch failed; returns the number of failures in a row, from 1.
    pub(super) fn failed(&mut self, not_before: Instant) -> u32 {
        self.state = State::Needed { not_before };
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// Failed fetches in a row so far.
    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// The service refused the set named `epoch`.
    pub(super) fn refused(&mut self, epoch: Epoch, now: Instant) -> AfterRefusal {
        if epoch != self.epoch || !matches!(self.state, State::Ready { .. }) {
            return AfterRefusal::TryAgain;
        }
        self.refusals = self.refusals.saturating_add(1);
        if !self.fetched || self.refusals > 1 {
            return AfterRefusal::Final;
        }
        self.state = State::Needed { not_before: now };
        AfterRefusal::TryAgain
    }

    /// A paused run was resumed: counts refusals from zero, and fetches credentials again.
    pub(super) fn forget_refusals(&mut self, now: Instant) {
        self.refusals = 0;
        self.failures = 0;
        self.epoch = Epoch(self.epoch.0.saturating_add(1));
        if self.fetched && !self.asked() {
            self.state = State::Needed { not_before: now };
        }
    }
}
