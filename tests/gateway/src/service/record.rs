//! What the account notes of a request's head.

use http::request::Parts;

use super::Service;
use super::auth::request_id;
use super::route::{Route, query_values};
use crate::account::{CallPath, CallRecord};
use crate::clock::now_ms;
use crate::switches::Switches;
use crate::wire::Peer;

/// Prefix of the headers whose values may be kept: they say for whom a call is made, not by what
/// right.
const ATTRIBUTION: &str = "x-cap-api-attribution-";

/// Numbers the call and notes its head. Of headers only the names are kept, except attribution.
pub(super) fn begin(
    service: &Service,
    peer: &Peer,
    parts: &Parts,
    switches: &Switches,
    route: &Route,
    path: CallPath,
) -> CallRecord {
    let number = service.account.begin(path);
    let headers = &parts.headers;
    let given = headers.get("x-cap-request-id").and_then(|value| value.to_str().ok());
    let made = || request_id(service.seed, number);
    let request_id = given.filter(|_| switches.request_id.echo).map_or_else(made, String::from);
    let plus_is_space = switches.context_id.plus_is_space;
    let query = parts.uri.query().unwrap_or("");
    let context = query_values(query, "contextId", plus_is_space).into_iter().next();
    let names: Vec<&str> = headers.keys().map(|name| name.as_str()).collect();
    let attribution: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with(ATTRIBUTION))
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    CallRecord {
        id: 0,
        number,
        path,
        at_ms: now_ms(),
        status: None,
        fault: None,
        request_id,
        target: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        promotion: (path == CallPath::Issue).then(|| route.subject.clone()).flatten(),
        context,
        http: if peer.http2 { "2" } else { "1.1" },
        body_bytes: 0,
        header_names: names.join(" "),
        attribution: attribution.join(" "),
        aborted: false,
        customers: Vec::new(),
    }
}
