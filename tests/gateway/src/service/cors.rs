//! Cross-origin rules: whether a page may call at all is undocumented, so it is a switch.

use http::Method;
use http::request::Parts;

use super::reply::Reply;
use crate::switches::Cors;

pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key("access-control-request-method")
}

/// The answer to a preflight, allowed or not: the headers decide.
pub(super) fn preflight() -> Reply {
    Reply::empty(204)
}

/// Adds the headers the switch allows this origin.
pub(super) fn dress(cors: &Cors, parts: &Parts, reply: &mut Reply) {
    let Some(origins) = cors.origins.as_ref().filter(|origins| !origins.is_empty()) else { return };
    let Some(origin) = parts.headers.get("origin").and_then(|value| value.to_str().ok()) else {
        return;
    };
    if origins.iter().any(|allowed| allowed == "*") {
        reply.set("access-control-allow-origin", "*");
    } else if origins.iter().any(|allowed| allowed == origin) {
        reply.set("access-control-allow-origin", origin);
        reply.set("vary", "Origin");
    } else {
        return;
    }
    if is_preflight(parts) {
        reply.set("access-control-allow-methods", "GET, POST, PUT, OPTIONS");
        reply.set("access-control-allow-headers", &cors.allow_headers.join(", "));
        if let Some(seconds) = cors.max_age_seconds {
            reply.set("access-control-max-age", &seconds.to_string());
        }
    } else if !cors.expose_headers.is_empty() {
        reply.set("access-control-expose-headers", &cors.expose_headers.join(", "));
    }
}
