//! The account: every arrival and every issuance, so that a test can count what really happened.
//!
//! Two halves. The [`book`] decides and counts, in memory, under one lock. The store keeps: SQLite
//! on disk, vectors in memory, or nothing but the counters. An answer is only sent once
//! [`Durable::wait`] has returned, so what was answered survives `kill -9`.

mod book;
mod disk;
mod memory;
mod record;

use std::path::PathBuf;
use std::sync::Mutex;

use tokio::sync::{oneshot, watch};

pub(crate) use book::{Demand, Slot, Summary};
pub(crate) use record::{CallPath, CallRecord, Grant, IssuanceRow};

use crate::error::StartError;
use crate::object_id::ObjectId;
use crate::sync::lock;
use book::Book;
use disk::Disk;
use memory::Memory;
use record::Entry;

/// Where the account is kept.
#[derive(Clone, Debug, Default)]
pub enum AccountPlace {
    /// In memory, complete.
    #[default]
    Memory,
    /// In this SQLite file, complete and durable; an existing file is continued.
    File(PathBuf),
    /// Counters only, for benchmarks: no ids, no per-customer limits.
    Counters,
}

/// Rows read per query while streaming: bounds memory and the time a reader holds a snapshot.
const PAGE_ROWS: u32 = 1_000;

/// See the module.
pub(crate) struct Account {
    book: Mutex<Book>,
    store: Store,
    changed: watch::Sender<u64>,
}

enum Store {
    Counters,
    Memory(Memory),
    Disk(Disk),
}

/// The promise that something has been written.
pub(crate) struct Durable(Option<oneshot::Receiver<()>>);

/// The account can no longer be written, for example because the disk is full.
#[derive(Debug)]
pub(crate) struct AccountLost;

impl Durable {
    /// Returns once the entries would survive `kill -9`.
    pub(crate) async fn wait(self) -> Result<(), AccountLost> {
        match self.0 {
            Some(receiver) => receiver.await.map_err(|_| AccountLost),
            None => Ok(()),
        }
    }
}

impl Account {
    /// Opens or creates the account and rebuilds the book from what is stored.
    pub(crate) fn open(place: &AccountPlace, seed: u64) -> Result<Self, StartError> {
        let mut book = Book::new(seed, matches!(place, AccountPlace::Counters));
        let store = match place {
            AccountPlace::Counters => Store::Counters,
            AccountPlace::Memory => Store::Memory(Memory::default()),
            AccountPlace::File(path) => {
                let disk = Disk::open(path).map_err(|source| {
                    StartError::caused(format!("the account {} failed", path.display()), source)
                })?;
                disk.replay(&mut book)
                    .map_err(|source| StartError::caused("the account is unreadable", source))?;
                book.resume_ids(seed);
                Store::Disk(disk)
            }
        };
        Ok(Self { book: Mutex::new(book), store, changed: watch::Sender::new(0) })
    }

    /// Gives the next call its number within its path, from 1.
    pub(crate) fn begin(&self, path: CallPath) -> u64 {
        lock(&self.book).begin(path)
    }

    /// Decides and counts an issue; nothing is stored before [`Account::record`].
    pub(crate) fn issue(&self, demand: Demand<'_>) -> (Grant, Vec<Slot>) {
        lock(&self.book).issue(demand)
    }

    /// Stores a call and what it issued, in one transaction.
    pub(crate) fn record(&self, mut call: CallRecord, grant: Option<Grant>) -> (u64, Durable) {
        call.id = lock(&self.book).arrive(&call);
        let id = call.id;
        let mut entries = vec![Entry::Call(call)];
        entries.extend(grant.filter(|grant| !grant.issuances.is_empty()).map(Entry::Grant));
        let durable = self.submit(entries);
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
        (id, durable)
    }

    /// Stores an issue that took effect after its call was recorded.
    pub(crate) fn record_late(&self, grant: Grant) {
        drop(self.submit(vec![Entry::Grant(grant)]));
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Notes that the answer of a call did not leave completely.
    pub(crate) fn abort(&self, call: u64) {
        lock(&self.book).abort();
        drop(self.submit(vec![Entry::Abort(call)]));
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// Marks issuances revoked.
    pub(crate) fn revoke(&self, seqs: Vec<u64>) -> Durable {
        self.submit(vec![Entry::Revoke(seqs)])
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) -> Durable {
        let mut book = lock(&self.book);
        book.reset();
        let durable = self.submit(vec![Entry::Reset]);
        drop(book);
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
        durable
    }

    /// The counters.
    pub(crate) fn summary(&self) -> Summary {
        lock(&self.book).summary()
    }

    /// The newest call and issuance, as positions to read up to.
    pub(crate) fn positions(&self) -> (u64, u64) {
        lock(&self.book).positions()
    }

    /// Changes whenever anything is recorded.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Arrivals and issues of each customer that ever arrived, ascending by id; of one promotion
    /// or of all.
    pub(crate) fn customers(&self, promotion: Option<&str>) -> Vec<(i64, u64, u64)> {
        let mut rows = lock(&self.book).customers(promotion);
        rows.sort_unstable();
        rows.chunk_by(|a, b| a.0 == b.0)
            .filter_map(|same| {
                let (id, _, _) = same.first()?;
                let arrivals = same.iter().map(|row| row.1).fold(0, u64::saturating_add);
                let issued = same.iter().map(|row| row.2).fold(0, u64::saturating_add);
                Some((*id, arrivals, issued))
            })
            .collect()
    }

    /// A customer's issuances, newest first.
    pub(crate) fn of_customer(&self, customer: i64) -> Result<Vec<IssuanceRow>, AccountLost> {
        let mut rows = Vec::new();
        let heads = lock(&self.book).last_issuances(customer);
        for mut seq in heads {
            while let Some(row) = self.issuance(seq)? {
                seq = row.prev;
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.seq));
        Ok(rows)
    }

    /// The issuance with this id that belongs to this customer and promotion.
    pub(crate) fn find(
        &self,
        customer: i64,
        promotion: &str,
        id: ObjectId,
    ) -> Result<Option<IssuanceRow>, AccountLost> {
        let rows = self.of_customer(customer)?;
        Ok(rows.into_iter().find(|row| row.object_id == id && row.promotion == promotion))
    }

    /// The next page of issuances after `after`, in the order they were made.
    pub(crate) fn issuances(&self, after: u64) -> Result<Vec<IssuanceRow>, AccountLost> {
        match &self.store {
            Store::Counters => Ok(Vec::new()),
            Store::Memory(memory) => Ok(memory.issuances(after, PAGE_ROWS)),
            Store::Disk(disk) => disk.issuances(after, PAGE_ROWS).map_err(report),
        }
    }

    /// The next page of calls after the one stored as `after`.
    pub(crate) fn calls(&self, after: u64) -> Result<Vec<CallRecord>, AccountLost> {
        match &self.store {
            Store::Counters => Ok(Vec::new()),
            Store::Memory(memory) => Ok(memory.calls(after, PAGE_ROWS)),
            Store::Disk(disk) => disk.calls(after, PAGE_ROWS / 10).map_err(report),
        }
    }

    fn issuance(&self, seq: u64) -> Result<Option<IssuanceRow>, AccountLost> {
        match &self.store {
            Store::Counters => Ok(None),
            Store::Memory(memory) => Ok(memory.issuance(seq)),
            Store::Disk(disk) => disk.issuance(seq).map_err(report),
        }
    }

    fn submit(&self, entries: Vec<Entry>) -> Durable {
        match &self.store {
            Store::Counters => Durable(None),
            Store::Memory(memory) => {
                memory.apply(entries);
                Durable(None)
            }
            Store::Disk(disk) => Durable(Some(disk.submit(entries))),
        }
    }
}

fn report(error: rusqlite::Error) -> AccountLost {
    eprintln!("gateway: the account could not be read: {error}");
    AccountLost
}
