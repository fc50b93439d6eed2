//! The input and the results of a revocation, across the border.

use super::convert::plain;
use super::error::Refusal;
use super::strict::{self, Root};
use crate::id::CustomerId;
use crate::plan;
use crate::revoke::{Revoke, Target, targets};
use crate::verdict::RevokeVerdict;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

#[derive(Default, Deserialize)]
struct Request {
    issuances: Vec<Issuance>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issuance {
    customer_id: Option<String>,
    promotion_id: Option<String>,
    id: Option<String>,
}

const INVALID_CUSTOMER: &str = "customerId of each of the issuances must be the digits of a \
                                customer id, as a text.";

/// Reads `{ issuances: [{ customerId, promotionId, id }] }`.
pub(super) fn read_targets(request: JsValue) -> Result<Vec<Target>, JsValue> {
    let root = Root { name: "request", fields: Some(&["issuances"]) };
    let request: Request = strict::read(&root, request)?;
    let mut issuances = Vec::new();
    for Issuance { customer_id, promotion_id, id } in request.issuances {
        let customer = CustomerId::parse(customer_id.unwrap_or_default().as_bytes())
            .map_err(|_| Refusal::new("invalid-issuances", INVALID_CUSTOMER))?;
        let promotion = plan::promotion(&promotion_id.unwrap_or_default())?;
        issuances.push((customer, promotion, id.unwrap_or_default().into()));
    }
    Ok(targets(issuances)?)
}

/// The sums of a revocation; they balance.
#[derive(Serialize)]
struct Counts {
    revoked: usize,
    refused: usize,
    unsent: usize,
    unknown: usize,
}

pub(super) fn revocation_counts(revoke: &Revoke) -> JsValue {
    let results = revoke.results();
    let count = |verdict| results.iter().flatten().filter(|one| one.verdict == verdict).count();
    plain(&Counts {
        revoked: count(RevokeVerdict::Revoked),
        refused: count(RevokeVerdict::Refused),
        unsent: count(RevokeVerdict::Unsent),
        unknown: count(RevokeVerdict::Unknown),
    })
}

/// The outcome of one issuance.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevokedRow<'a> {
    customer_id: String,
    promotion_id: &'a str,
    id: &'a str,
    outcome: &'static str,
    code: Option<f64>,
    status: Option<u16>,
    message: &'a str,
    request_id: Option<&'a str>,
}

pub(super) fn revoked_rows(revoke: &Revoke) -> JsValue {
    let mut rows = Vec::new();
    for (target, results) in revoke.targets().iter().zip(revoke.results()) {
        let mut digits = Vec::new();
        target.customer().write(&mut digits);
        let customer_id = String::from_utf8(digits).unwrap_or_default();
        rows.extend(target.ids().iter().zip(results).map(|(id, found)| RevokedRow {
            customer_id: customer_id.clone(),
            promotion_id: target.promotion().as_str(),
            id,
            outcome: found.verdict.name(),
            code: found.code.map(|code| code as f64),
            status: found.status,
            message: &found.message,
            request_id: found.request_id.as_deref(),
        }));
    }
    plain(&rows)
}
