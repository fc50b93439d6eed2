//! What a revocation came to as rows: one for each issuance, one customer after the other.

use super::{Revoke, Revoked, Target};
use crate::csv;
use crate::json::Object;
use alloc::vec::Vec;

const CSV_HEADER: &[u8] = b"customer_id,outcome,issuance_id,promotion_id,service_code,\
http_status,message,request_id\r\n";

/// Appends the rows of the customers `from..from + count` as CSV, the header before the first.
pub fn write_csv(revoke: &Revoke, from: usize, count: usize, out: &mut Vec<u8>) {
    if from == 0 {
        out.extend_from_slice(CSV_HEADER);
    }
    for (target, id, found) in rows(revoke, from, count) {
        target.customer.write(out);
        out.push(b',');
        out.extend_from_slice(found.verdict.name().as_bytes());
        csv::write_text(id, out);
        csv::write_text(target.promotion.as_str(), out);
        csv::write_number(found.code, out);
        csv::write_number(found.status.map(i64::from), out);
        csv::write_text(&found.message, out);
        csv::write_text(found.request_id.as_deref().unwrap_or(""), out);
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends the rows of the customers `from..from + count` as NDJSON. Customer ids are texts, so
/// that no reader rounds them.
pub fn write_ndjson(revoke: &Revoke, from: usize, count: usize, out: &mut Vec<u8>) {
    for (target, id, found) in rows(revoke, from, count) {
        let mut customer = Vec::new();
        target.customer.write(&mut customer);
        let mut object = Object::begin(out);
        object.text("outcome", Some(found.verdict.name()));
        object.bytes("customerId", Some(&customer));
        object.text("promotionId", Some(target.promotion.as_str()));
        object.text("id", Some(id));
        object.number("code", found.code);
        object.number("status", found.status.map(i64::from));
        object.text("message", Some(&found.message));
        object.text("requestId", found.request_id.as_deref());
        object.end();
        out.push(b'\n');
    }
}

fn rows(
    revoke: &Revoke,
    from: usize,
    count: usize,
) -> impl Iterator<Item = (&Target, &str, &Revoked)> {
    let customers = revoke.targets.iter().zip(&revoke.results).skip(from).take(count);
    customers.flat_map(|(target, results)| {
        target.ids.iter().zip(results).map(move |(id, found)| (target, &**id, found))
    })
}
