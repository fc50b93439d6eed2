//! Faults in the data of an otherwise right answer.

use super::answer::Fate;
use super::codes;
use crate::chance::{mix, mix3};
use crate::fault::{ErrorPlace, Kind, NumberForm, Which};
use crate::object_id::ObjectId;
use crate::switches::Refusal;

/// A promotion nobody asked for.
const OTHER_PROMOTION: &str = "67dd4210ef21a6421122ffff";
/// A context nobody sent.
const OTHER_CONTEXT: &str = "another context";
/// Invented ids start here: Longs that no sample file holds.
const STRANGERS_FROM: i64 = 8_000_000_000_000_000_001;

/// A fault that changes entries, with the chance that belongs to the call.
pub(crate) struct Alteration {
    kind: Kind,
    draw: u64,
}

impl Alteration {
    /// `None` for a fault that leaves the entries alone.
    pub(crate) fn of(kind: &Kind, draw: u64) -> Option<Self> {
        let alters = matches!(kind, Kind::ExtraIds { .. }) || which(kind).is_some();
        alters.then(|| Self { kind: kind.clone(), draw })
    }

    /// Whether it decides about single ids, so that these and only these are not issued when the
    /// fault is not to be applied.
    pub(crate) fn is_per_id(&self) -> bool {
        matches!(
            self.kind,
            Kind::OmitIds { .. } | Kind::PerIdError { .. } | Kind::NullEntries { .. }
        )
    }

    pub(crate) fn touches(&self, place: usize, customer: i64) -> bool {
        which(&self.kind).is_some_and(|which| which.touches(place, customer))
    }

    /// What the answer says of an id whose fate the fault decides.
    pub(crate) fn fate(&self, place: usize, customer: i64) -> Option<Fate> {
        if !self.touches(place, customer) {
            return None;
        }
        let refused = |how, code: u32, message: Option<&String>| {
            let message = message.cloned().unwrap_or_else(|| codes::message(code).into());
            Some(Fate::Refused { how, code, message })
        };
        match &self.kind {
            Kind::OmitIds { .. } => refused(Refusal::Omit, 500, None),
            Kind::NullEntries { .. } => refused(Refusal::NullEntry, 500, None),
            Kind::PerIdError { code, message, place, .. } => {
                let how = match place {
                    ErrorPlace::Entry => Refusal::EntryError,
                    ErrorPlace::Errors => Refusal::Errors,
                };
                refused(how, *code, message.as_ref())
            }
            _ => None,
        }
    }

    /// Another key than the id.
    pub(crate) fn key(&self, customer: i64) -> Option<String> {
        let wrong = customer.checked_add(1).unwrap_or(1);
        matches!(self.kind, Kind::WrongKeys { .. }).then(|| wrong.to_string())
    }

    /// The issuance id of a second entry under the same key.
    pub(crate) fn twin(&self, id: ObjectId) -> Option<ObjectId> {
        matches!(self.kind, Kind::DuplicateIds { .. }).then(|| invented(id, self.draw))
    }

    pub(crate) fn promotion(&self) -> Option<&str> {
        matches!(self.kind, Kind::WrongPromotion { .. }).then_some(OTHER_PROMOTION)
    }

    pub(crate) fn context(&self) -> Option<&str> {
        matches!(self.kind, Kind::WrongContext { .. }).then_some(OTHER_CONTEXT)
    }

    /// `customerId` in another form.
    pub(crate) fn number(&self, customer: i64) -> Option<String> {
        let Kind::NumberForms { form, .. } = &self.kind else { return None };
        Some(match form {
            NumberForm::Text => format!("\"{customer}\""),
            NumberForm::Float => format!("{customer}.0"),
            NumberForm::Exponent => format!("{customer}e0"),
        })
    }

    /// Entries of ids nobody sent.
    pub(crate) fn strangers(&self) -> Vec<(i64, ObjectId)> {
        let Kind::ExtraIds { ids, count } = &self.kind else { return Vec::new() };
        let given: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let invent = if ids.is_empty() { *count } else { 0 };
        let invent = i64::try_from(invent).unwrap_or(i64::MAX);
        let made = (0..invent).map(|step| STRANGERS_FROM.saturating_add(step));
        let customers = given.into_iter().chain(made);
        let id = |customer: i64| {
            invented(ObjectId::default(), mix3(self.draw, customer.cast_unsigned(), 0))
        };
        customers.map(|customer| (customer, id(customer))).collect()
    }
}

fn which(kind: &Kind) -> Option<&Which> {
    match kind {
        Kind::OmitIds { which }
        | Kind::DuplicateIds { which }
        | Kind::WrongKeys { which }
        | Kind::WrongPromotion { which }
        | Kind::WrongContext { which }
        | Kind::PerIdError { which, .. }
        | Kind::NullEntries { which }
        | Kind::NumberForms { which, .. } => Some(which),
        _ => None,
    }
}

/// An id of the same second that no issuance has.
fn invented(id: ObjectId, draw: u64) -> ObjectId {
    let mut bytes = *id.as_bytes();
    for (byte, other) in bytes.iter_mut().skip(4).zip(mix(draw).to_be_bytes()) {
        *byte ^= other | 1;
    }
    ObjectId::from_bytes(bytes)
}
