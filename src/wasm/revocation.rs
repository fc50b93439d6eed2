//! The input and the sums of a revocation, across the border.

use super::convert::plain;
use super::error::Refusal;
use super::strict::{self, Root};
use crate::id::CustomerId;
use crate::plan;
use crate::revoke::{self, Revoke, Target, targets};
use alloc::vec::Vec;
use js_sys::Array;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

#[derive(Default, Deserialize)]
struct Request {
    issuances: IgnoredAny,
}

/// Refuses a request with other names; JavaScript makes texts of what the issuances are.
pub(super) fn check_request(request: JsValue) -> Result<(), Refusal> {
    let root = Root { name: "request", fields: Some(&["issuances"]) };
    let Request { issuances: IgnoredAny } = strict::read(&root, request)?;
    Ok(())
}

const NO_TEXTS: &str = "customerId, promotionId and id of each of request.issuances must be texts; \
                        customerId may also be a number or a bigint.";

const INVALID_CUSTOMER: &str = "customerId of each of request.issuances must be the digits of a \
                                customer id.";

/// Reads customer, promotion and id of one issuance after the other.
pub(super) fn read_targets(texts: &Array) -> Result<Vec<Target>, JsValue> {
    let text_at = |at: u32| {
        let text = texts.get(at).as_string();
        text.ok_or_else(|| Refusal::new("invalid-argument", NO_TEXTS))
    };
    let mut issuances = Vec::new();
    for at in (0..texts.length()).step_by(3) {
        let customer = CustomerId::parse(text_at(at)?.as_bytes())
            .map_err(|_| Refusal::new("invalid-issuances", INVALID_CUSTOMER))?;
        let promotion = plan::promotion(&text_at(at.saturating_add(1))?)?;
        issuances.push((customer, promotion, text_at(at.saturating_add(2))?.into()));
    }
    Ok(targets(issuances)?)
}

/// The sums of a revocation; they balance.
#[derive(Serialize)]
struct Counts {
    revoked: u32,
    refused: u32,
    unsent: u32,
    unknown: u32,
}

pub(super) fn revocation_counts(revoke: &Revoke) -> JsValue {
    let revoke::Counts { revoked, refused, unsent, unknown } = revoke.counts();
    plain(&Counts { revoked, refused, unsent, unknown })
}
