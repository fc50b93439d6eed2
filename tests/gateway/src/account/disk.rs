//! The account on disk: one writer thread, one transaction for all that is waiting.
//!
//! SQLite in WAL mode with `synchronous = NORMAL`: a commit is a write to the log without fsync.
//! The page cache belongs to the kernel, so `kill -9` of this process loses nothing committed; a
//! power cut may lose the newest commits but leaves the file consistent. That is the promise a
//! test peer needs, and an fsync per group would make the disk the bottleneck.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, Transaction, params};
use rustc_hash::FxHashMap;
use tokio::sync::oneshot;

use super::book::Book;
use super::record::{CallPath, CallRecord, Entry, Grant, IssuanceRow};
use crate::object_id::ObjectId;
use crate::sync::lock;

/// Submissions per transaction: enough to spread the cost of a commit, few enough to keep an
/// answer from waiting for many others.
const GROUP_MAX: usize = 64;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE IF NOT EXISTS calls (
        id INTEGER PRIMARY KEY, number INTEGER NOT NULL, path INTEGER NOT NULL,
        at_ms INTEGER NOT NULL, status INTEGER, fault TEXT, request_id TEXT NOT NULL,
        target TEXT NOT NULL, promotion TEXT, context TEXT, http TEXT NOT NULL,
        body_bytes INTEGER NOT NULL, header_names TEXT NOT NULL, attribution TEXT NOT NULL,
        aborted INTEGER NOT NULL, customers BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS grants (
        id INTEGER PRIMARY KEY, call INTEGER NOT NULL, promotion TEXT NOT NULL,
        context TEXT NOT NULL, event_time INTEGER NOT NULL, valid_till INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS issuances (
        seq INTEGER PRIMARY KEY, grant_id INTEGER NOT NULL, customer INTEGER NOT NULL,
        object_id BLOB NOT NULL, prev INTEGER NOT NULL, revoked INTEGER NOT NULL);";

const CALL: &str = "SELECT id, number, path, at_ms, status, fault, request_id, target, promotion,
    context, http, body_bytes, header_names, attribution, aborted, customers FROM calls
    WHERE id > ?1 ORDER BY id LIMIT ?2";

const ISSUANCE: &str = "SELECT i.seq, i.customer, i.object_id, i.prev, i.revoked, g.call,
    g.promotion, g.context, g.event_time, g.valid_till
    FROM issuances i JOIN grants g ON g.id = i.grant_id";

type Submission = (Vec<Entry>, oneshot::Sender<()>);

/// See the module.
pub(super) struct Disk {
    path: PathBuf,
    reader: Mutex<Connection>,
    sender: Option<Sender<Submission>>,
    writer: Option<JoinHandle<()>>,
}

impl Disk {
    pub(super) fn open(path: &Path) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        let reader = Mutex::new(open_reader(path)?);
        let (sender, receiver) = channel();
        let writer = std::thread::Builder::new()
            .name("account".into())
            .spawn(move || write_groups(connection, &receiver))?;
        Ok(Self { path: path.into(), reader, sender: Some(sender), writer: Some(writer) })
    }

    /// Queues the entries; the receiver resolves after their commit, or fails if it failed.
    pub(super) fn submit(&self, entries: Vec<Entry>) -> oneshot::Receiver<()> {
        let (done, receiver) = oneshot::channel();
        if let Some(sender) = &self.sender {
            // A dead writer drops `done`, which the receiver sees as the loss it is.
            drop(sender.send((entries, done)));
        }
        receiver
    }

    /// Counts everything stored by an earlier process.
    pub(super) fn replay(&self, book: &mut Book) -> rusqlite::Result<()> {
        let reader = lock(&self.reader);
        let mut calls = reader.prepare(CALL)?;
        let mut rows = calls.query(params![0, -1])?;
        while let Some(row) = rows.next()? {
            book.replay_call(&call_of(row)?);
        }
        // Not the join: one look-up per grant instead of one per issuance.
        let mut grants = reader.prepare("SELECT id, promotion FROM grants ORDER BY id")?;
        let mut rows = grants.query([])?;
        let mut promotions: FxHashMap<i64, u32> = FxHashMap::default();
        while let Some(row) = rows.next()? {
            promotions.insert(row.get(0)?, book.intern(row.get_ref(1)?.as_str().unwrap_or("")));
        }
        let sql = "SELECT seq, customer, grant_id FROM issuances ORDER BY seq";
        let mut issuances = reader.prepare(sql)?;
        let mut rows = issuances.query([])?;
        while let Some(row) = rows.next()? {
            let promotion = promotions.get(&row.get(2)?).copied().unwrap_or(u32::MAX);
            book.replay_issuance((promotion, row.get(1)?), unsigned(row.get(0)?));
        }
        Ok(())
    }

    pub(super) fn issuance(&self, seq: u64) -> rusqlite::Result<Option<IssuanceRow>> {
        let reader = lock(&self.reader);
        let mut statement = reader.prepare_cached(&format!("{ISSUANCE} WHERE i.seq = ?1"))?;
        statement.query_row([signed(seq)], issuance_of).optional()
    }

    pub(super) fn issuances(&self, after: u64, rows: u32) -> rusqlite::Result<Vec<IssuanceRow>> {
        let reader = open_reader(&self.path)?;
        let sql = format!("{ISSUANCE} WHERE i.seq > ?1 ORDER BY i.seq LIMIT ?2");
        reader.prepare(&sql)?.query_map(params![signed(after), rows], issuance_of)?.collect()
    }

    pub(super) fn calls(&self, after: u64, rows: u32) -> rusqlite::Result<Vec<CallRecord>> {
        let reader = open_reader(&self.path)?;
        reader.prepare(CALL)?.query_map(params![signed(after), rows], call_of)?.collect()
    }
}

impl Drop for Disk {
    /// Lets the writer finish what was submitted.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

fn write_groups(mut connection: Connection, receiver: &Receiver<Submission>) {
    while let Ok(first) = receiver.recv() {
        let mut group = vec![first];
        group.extend(receiver.try_iter().take(GROUP_MAX.saturating_sub(1)));
        if let Err(error) = write_group(&mut connection, &group) {
            eprintln!("gateway: the account could not be written: {error}");
            return;
        }
        for (_, done) in group {
            // Nobody waits for an abort note; a closed receiver is normal.
            let _ = done.send(());
        }
    }
}

fn write_group(connection: &mut Connection, group: &[Submission]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for entry in group.iter().flat_map(|(entries, _)| entries) {
        match entry {
            Entry::Call(call) => insert_call(&transaction, call)?,
            Entry::Grant(grant) => insert_grant(&transaction, grant)?,
            Entry::Abort(id) => {
                let sql = "UPDATE calls SET aborted = 1 WHERE id = ?1";
                transaction.prepare_cached(sql)?.execute([signed(*id)])?;
            }
            Entry::Revoke(seqs) => {
                let sql = "UPDATE issuances SET revoked = 1 WHERE seq = ?1";
                let mut statement = transaction.prepare_cached(sql)?;
                seqs.iter().try_for_each(|seq| statement.execute([signed(*seq)]).map(drop))?;
            }
            Entry::Reset => transaction
                .execute_batch("DELETE FROM issuances; DELETE FROM grants; DELETE FROM calls;")?,
        }
    }
    transaction.commit()
}

fn insert_call(transaction: &Transaction<'_>, call: &CallRecord) -> rusqlite::Result<()> {
    let sql = "INSERT INTO calls VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)";
    let customers: Vec<u8> = call.customers.iter().flat_map(|id| id.to_le_bytes()).collect();
    transaction.prepare_cached(sql)?.execute(params![
        signed(call.id),
        signed(call.number),
        call.path.code() as i64,
        call.at_ms,
        call.status,
        call.fault,
        call.request_id,
        call.target,
        call.promotion,
        call.context,
        call.http,
        signed(call.body_bytes),
        call.header_names,
        call.attribution,
        call.aborted,
        customers,
    ])?;
    Ok(())
}

fn insert_grant(transaction: &Transaction<'_>, grant: &Grant) -> rusqlite::Result<()> {
    let sql = "INSERT INTO grants VALUES (NULL,?1,?2,?3,?4,?5)";
    let grant_id = transaction.prepare_cached(sql)?.insert(params![
        signed(grant.call),
        grant.promotion,
        grant.context,
        grant.event_time,
        grant.valid_till,
    ])?;
    let sql = "INSERT INTO issuances VALUES (?1,?2,?3,?4,?5,0)";
    let mut statement = transaction.prepare_cached(sql)?;
    for row in &grant.issuances {
        let id: &[u8] = row.object_id.as_bytes();
        let values = params![signed(row.seq), grant_id, row.customer, id, signed(row.prev)];
        statement.execute(values)?;
    }
    Ok(())
}

fn call_of(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let customers = row.get_ref(15)?.as_blob().unwrap_or(&[]);
    let code: i64 = row.get(2)?;
    Ok(CallRecord {
        id: unsigned(row.get(0)?),
        number: unsigned(row.get(1)?),
        path: CallPath::from_code(usize::try_from(code).unwrap_or(usize::MAX)),
        at_ms: row.get(3)?,
        status: row.get(4)?,
        fault: row.get(5)?,
        request_id: row.get(6)?,
        target: row.get(7)?,
        promotion: row.get(8)?,
        context: row.get(9)?,
        http: if row.get_ref(10)?.as_str() == Ok("2") { "2" } else { "1.1" },
        body_bytes: unsigned(row.get(11)?),
        header_names: row.get(12)?,
        attribution: row.get(13)?,
        aborted: row.get(14)?,
        customers: customers
            .chunks_exact(8)
            .filter_map(|bytes| bytes.first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes)))
            .collect(),
    })
}

fn issuance_of(row: &Row<'_>) -> rusqlite::Result<IssuanceRow> {
    let object_id: [u8; 12] = row.get(2)?;
    Ok(IssuanceRow {
        seq: unsigned(row.get(0)?),
        customer: row.get(1)?,
        object_id: ObjectId::from_bytes(object_id),
        prev: unsigned(row.get(3)?),
        revoked: row.get(4)?,
        call: unsigned(row.get(5)?),
        promotion: row.get(6)?,
        context: row.get(7)?,
        event_time: row.get(8)?,
        valid_till: row.get(9)?,
    })
}

/// SQLite has only signed integers; positions stay far below the border.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
