//! The machine behind an exported run, as what it is and as what is driven.

use crate::job::Job;
use crate::promotion::Check;
use crate::reconcile::Reconcile;
use crate::traffic::Machine;
use alloc::boxed::Box;

/// What is driven. What comes out of it at the end differs.
pub(super) enum Subject {
    Issue(Box<Job>),
    ReadBack(Box<Reconcile>),
    Check(Box<Check>),
}

impl Subject {
    pub(super) fn machine(&self) -> &dyn Machine {
        match self {
            Self::Issue(job) => &**job,
            Self::ReadBack(reconcile) => &**reconcile,
            Self::Check(check) => &**check,
        }
    }

    pub(super) fn machine_mut(&mut self) -> &mut dyn Machine {
        match self {
            Self::Issue(job) => &mut **job,
            Self::ReadBack(reconcile) => &mut **reconcile,
            Self::Check(check) => &mut **check,
        }
    }
}
