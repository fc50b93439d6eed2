//! The first record: everything about a run that must be the same when it goes on, and what its
//! report needs of the input.

use super::wire::{Cursor, put_bytes, put_number, put_option, put_signed};
use crate::attribution::Attribution;
use crate::intake::{Findings, Problem, ProblemReason};
use crate::limits::IDS_MAX;
use crate::plan::Plan;
use crate::request::RequestError;
use crate::time::UnixTime;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The versions of the format that can be read; the newest is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Version {
    /// Without attribution, and with the problems of the input as JSON, of which only the counts
    /// are read.
    First = 1,
    #[default]
    Second = 2,
}

impl Version {
    pub(super) const fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::First),
            2 => Some(Self::Second),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub promotion: Box<str>,
    pub context: Box<str>,
    /// Scheme, host and port, as the plan has them.
    pub origin: Box<str>,
    pub base_path: Box<str>,
    /// Ids in one request, as asked for.
    pub batch_size: u32,
    /// The wall clock at the start.
    pub started: UnixTime,
    /// Number of ids that follow.
    pub ids: u32,
    /// The attribution; `None` in an older journal, which has none.
    pub attribution: Option<Attribution>,
    /// Counts and problems of the input.
    pub findings: Findings,
}

impl Header {
    /// Checks that a plan is the one of this journal.
    ///
    /// # Errors
    /// `journal-mismatch`; its sentence names what differs.
    pub fn check(&self, plan: &Plan) -> Result<(), &'static RequestError> {
        let endpoint = plan.endpoint();
        // An older journal has no attribution to compare.
        let (own, other) = self.attribution.as_ref().zip(plan.attribution()).unzip();
        let (own_org, other_org) = (own.map(Attribution::org_id), other.map(Attribution::org_id));
        let checks = [
            (*self.promotion == *plan.promotion().as_str(), OTHER_PROMOTION),
            (*self.context == *plan.context().as_str(), OTHER_CONTEXT),
            (*self.origin == *endpoint.origin(), OTHER_HOST),
            (*self.base_path == *endpoint.base_path(), OTHER_BASE_PATH),
            (self.batch_size == plan.batch_size(), OTHER_BATCH_SIZE),
            (own_org == other_org, OTHER_ORG),
            (own == other, OTHER_ATTRIBUTION),
        ];
        let differs = checks.into_iter().find(|(same, _)| !same);
        differs.map_or(Ok(()), |(_, error)| Err(error))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for text in [&self.promotion, &self.context, &self.origin, &self.base_path] {
            put_bytes(out, text.as_bytes());
        }
        put_number(out, self.batch_size.into());
        put_signed(out, self.started.as_millis());
        put_number(out, self.ids.into());
        write_attribution(self.attribution.as_ref(), out);
        write_findings(&self.findings, out);
    }

    pub(super) fn read(version: Version, cursor: &mut Cursor<'_>) -> Option<Self> {
        let header = Self {
            promotion: cursor.text()?.into(),
            context: cursor.text()?.into(),
            origin: cursor.text()?.into(),
            base_path: cursor.text()?.into(),
            batch_size: cursor.small()?,
            started: UnixTime::from_millis(cursor.signed()?),
            ids: cursor.small()?,
            attribution: None,
            findings: Findings::default(),
        };
        let (attribution, findings) = match version {
            Version::First => (None, read_first_findings(cursor.bytes()?)),
            Version::Second => (read_attribution(cursor)?, read_findings(cursor)?),
        };
        let fits = usize::try_from(header.ids).is_ok_and(|ids| ids <= IDS_MAX);
        fits.then_some(Self { attribution, findings, ..header })
    }
}

fn write_attribution(attribution: Option<&Attribution>, out: &mut Vec<u8>) {
    put_number(out, attribution.is_some().into());
    if let Some(attribution) = attribution {
        let entity = attribution.entity();
        put_option(out, attribution.org_id());
        put_option(out, entity.map(|(entity_type, _)| entity_type));
        put_option(out, entity.map(|(_, code)| code));
    }
}

#[expect(clippy::option_option, reason = "unreadable, not said and said are three things")]
fn read_attribution(cursor: &mut Cursor<'_>) -> Option<Option<Attribution>> {
    if cursor.number()? == 0 {
        return Some(None);
    }
    let (org_id, entity_type, code) = (cursor.option()?, cursor.option()?, cursor.option()?);
    let read = Attribution::new(org_id.as_deref(), entity_type.as_deref(), code.as_deref());
    Some(Some(read.ok()?))
}

pub(super) fn write_findings(findings: &Findings, out: &mut Vec<u8>) {
    let Findings { given, invalid, duplicate, blank, problems } = findings;
    for count in [*given, *invalid, *duplicate, *blank, problems.len() as u64] {
        put_number(out, count);
    }
    for Problem { line, column, reason, text } in problems {
        put_number(out, *line);
        put_number(out, (*column).into());
        put_bytes(out, reason.code().as_bytes());
        if let ProblemReason::Duplicate { first_line } = reason {
            put_number(out, *first_line);
        }
        put_bytes(out, text);
    }
}

pub(super) fn read_findings(cursor: &mut Cursor<'_>) -> Option<Findings> {
    let mut count = || cursor.number();
    let (given, invalid, duplicate, blank) = (count()?, count()?, count()?, count()?);
    let kept = count()?;
    let mut findings = Findings { given, invalid, duplicate, blank, problems: Vec::new() };
    for _ in 0..kept {
        let (line, column) = (cursor.number()?, cursor.small()?);
        let reason = match cursor.text()? {
            "duplicate" => ProblemReason::Duplicate { first_line: cursor.number()? },
            code => ProblemReason::find(code)?,
        };
        findings.problems.push(Problem { line, column, reason, text: cursor.bytes()?.into() });
    }
    Some(findings)
}

/// Four counts of eight bytes; the JSON behind them is left out.
fn read_first_findings(bytes: &[u8]) -> Findings {
    let mut counts = bytes.as_chunks::<8>().0.iter().map(|count| u64::from_le_bytes(*count));
    let mut count = || counts.next().unwrap_or(0);
    let (given, invalid, duplicate, blank) = (count(), count(), count(), count());
    Findings { given, invalid, duplicate, blank, problems: Vec::new() }
}

const OTHER_PROMOTION: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run with another promotionId; resume it with its own.",
};
const OTHER_CONTEXT: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run with another contextId; resume it with its own.",
};
const OTHER_HOST: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run at another host; resume it with its own.",
};
const OTHER_BASE_PATH: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run with another basePath; resume it with its own.",
};
const OTHER_BATCH_SIZE: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run with another batchSize; resume it with its own.",
};
const OTHER_ORG: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run for another orgId; resume it with its own, or without.",
};
const OTHER_ATTRIBUTION: &RequestError = &RequestError {
    code: "journal-mismatch",
    message: "The journal is of a run with another attribution; resume it with its own, or \
              without.",
};
