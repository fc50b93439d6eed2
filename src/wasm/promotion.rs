//! What a check found, on its way out.

use super::convert::object;
use crate::json::{self, Object};
use crate::promotion::Checked;
use alloc::vec::Vec;
use wasm_bindgen::JsValue;

/// Dates are milliseconds since 1970; what the service did not say is null.
pub(super) fn checked_object(checked: &Checked) -> JsValue {
    let details = &checked.details;
    object(|object| {
        object.flag("ok", Some(checked.is_ok()));
        object.flag("exists", checked.exists);
        object.flag("active", details.active);
        object.text("type", details.kind.as_deref());
        object.number("startDate", details.start);
        object.number("endDate", details.end);
        object.number("maxIssuancePerCustomer", details.issuances_max);
        object.flag("customerActivationRequired", details.activation_required);
        let mut findings = Vec::new();
        json::list(&mut findings, &checked.findings, |finding, out| {
            let mut object = Object::begin(out);
            object.text("severity", Some(finding.severity.name()));
            object.text("code", Some(finding.code));
            object.text("message", Some(finding.message));
            object.end();
        });
        object.json("findings", &findings);
    })
}
