//! The account in memory, for tests that do not restart the gateway.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::record::{CallRecord, Entry, Grant, Issuance, IssuanceRow};
use crate::sync::lock;

/// Calls and issuances by position, because concurrent calls are stored a little out of order.
#[derive(Default)]
pub(super) struct Memory(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    calls: BTreeMap<u64, CallRecord>,
    grants: Vec<Grant>,
    issuances: BTreeMap<u64, Place>,
}

#[derive(Clone, Copy)]
struct Place {
    grant: usize,
    issuance: Issuance,
    revoked: bool,
}

impl Memory {
    pub(super) fn apply(&self, entries: Vec<Entry>) {
        let mut rows = lock(&self.0);
        for entry in entries {
            match entry {
                Entry::Call(call) => drop(rows.calls.insert(call.id, call)),
                Entry::Grant(grant) => rows.grant(grant),
                Entry::Abort(id) => {
                    rows.calls.get_mut(&id).into_iter().for_each(|call| call.aborted = true);
                }
                Entry::Revoke(seqs) => seqs.iter().for_each(|seq| rows.revoke(*seq)),
                Entry::Reset => *rows = Rows::default(),
            }
        }
    }

    pub(super) fn issuance(&self, seq: u64) -> Option<IssuanceRow> {
        let rows = lock(&self.0);
        rows.row(rows.issuances.get(&seq)?)
    }

    pub(super) fn issuances(&self, after: u64, rows_max: u32) -> Vec<IssuanceRow> {
        let rows = lock(&self.0);
        let later = rows.issuances.range(after.saturating_add(1)..);
        later.filter_map(|(_, place)| rows.row(place)).take(count(rows_max)).collect()
    }

    pub(super) fn calls(&self, after: u64, rows_max: u32) -> Vec<CallRecord> {
        let rows = lock(&self.0);
        let later = rows.calls.range(after.saturating_add(1)..);
        later.map(|(_, call)| call.clone()).take(count(rows_max)).collect()
    }
}

impl Rows {
    fn grant(&mut self, mut grant: Grant) {
        let index = self.grants.len();
        let issuances = std::mem::take(&mut grant.issuances);
        self.grants.push(grant);
        for issuance in issuances {
            self.issuances.insert(issuance.seq, Place { grant: index, issuance, revoked: false });
        }
    }

    fn revoke(&mut self, seq: u64) {
        self.issuances.get_mut(&seq).into_iter().for_each(|place| place.revoked = true);
    }

    fn row(&self, place: &Place) -> Option<IssuanceRow> {
        let grant = self.grants.get(place.grant)?;
        Some(IssuanceRow {
            seq: place.issuance.seq,
            customer: place.issuance.customer,
            object_id: place.issuance.object_id,
            prev: place.issuance.prev,
            revoked: place.revoked,
            call: grant.call,
            promotion: grant.promotion.clone(),
            context: grant.context.clone(),
            event_time: grant.event_time,
            valid_till: grant.valid_till,
        })
    }
}

fn count(rows_max: u32) -> usize {
    usize::try_from(rows_max).unwrap_or(usize::MAX)
}
