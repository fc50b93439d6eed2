//! Paths and queries, as the seed document and api.md 14 write them.

use percent_encoding::percent_decode_str;

use crate::account::CallPath;

/// What a request asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub path: CallPath,
    /// The promotion of an issue or the customer of a read-back, decoded.
    pub subject: Option<String>,
    /// The pattern the service reports in `x-cap-api-request-uri`.
    pub pattern: &'static str,
    /// The only method the path knows.
    pub method: &'static str,
}

const PREFIX: [&str; 2] = ["api_gateway", "v1"];

/// Finds the route. Doubled slashes count as one: the seed's own example has them.
pub(crate) fn route(path: &str) -> Route {
    let segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments == ["v3", "oauth", "token", "generate"] {
        return found(CallPath::Token, "/v3/oauth/token/generate", "POST");
    }
    let Some(rest) = segments.strip_prefix(&PREFIX) else { return other() };
    match rest {
        ["promotions"] => found(CallPath::Promotions, "/v1/promotions", "GET"),
        ["promotions", "config"] => found(CallPath::Config, "/v1/promotions/config", "GET"),
        ["promotions", "revokeEarn"] => {
            found(CallPath::Revoke, "/v1/promotions/revokeEarn", "POST")
        }
        // The seed's heading leaves the promotion out; the service then cannot find it.
        ["promotions", "issueBulk"] => issue(""),
        ["promotions", promotion, "issueBulk"] => issue(promotion),
        ["promotions", "customer", customer] => Route {
            subject: Some((*customer).into()),
            ..found(CallPath::Customer, "/v1/promotions/customer/{customerId}", "GET")
        },
        _ => other(),
    }
}

fn issue(promotion: &str) -> Route {
    let pattern = "/v1/promotions/{promotionId}/issueBulk";
    Route { subject: Some(promotion.into()), ..found(CallPath::Issue, pattern, "POST") }
}

fn found(path: CallPath, pattern: &'static str, method: &'static str) -> Route {
    Route { path, subject: None, pattern, method }
}

fn other() -> Route {
    found(CallPath::Other, "", "")
}

/// The decoded values of one query parameter, in order.
pub(crate) fn query_values(query: &str, name: &str, plus_is_space: bool) -> Vec<String> {
    let decode = |text: &str| {
        let text = if plus_is_space { text.replace('+', " ") } else { text.to_string() };
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_paths_are_the_same_with_one_slash_or_two() {
        let id = "67dd4210ef21a64211227e04";
        for path in [
            format!("/api_gateway/v1/promotions/{id}/issueBulk"),
            format!("//api_gateway/v1/promotions/{id}/issueBulk"),
            format!("/api_gateway//v1/promotions//{id}//issueBulk/"),
        ] {
            let found = route(&path);
            assert_eq!((found.path, found.subject.as_deref()), (CallPath::Issue, Some(id)));
        }
        let headless = route("/api_gateway/v1/promotions//issueBulk");
        assert_eq!((headless.path, headless.subject.as_deref()), (CallPath::Issue, Some("")));
    }

    #[test]
    fn siblings_and_strangers() {
        let path = |text| route(text).path;
        assert_eq!(path("/v3/oauth/token/generate"), CallPath::Token);
        assert_eq!(path("/api_gateway/v1/promotions/"), CallPath::Promotions);
        assert_eq!(path("/api_gateway/v1/promotions/config"), CallPath::Config);
        assert_eq!(path("/api_gateway/v1/promotions/revokeEarn"), CallPath::Revoke);
        assert_eq!(path("/api_gateway/v1/promotions/customer/5"), CallPath::Customer);
        assert_eq!(path("/issueBulk"), CallPath::Other);
        assert_eq!(path("/api_gateway/v1/promotions/a%2Fb/issueBulk"), CallPath::Issue);
    }

    #[test]
    fn query_values_are_decoded_once() {
        let query = "contextId=2%20items%2Bx+y&contextId=%F0%9F%8E%81%25&x";
        let values = query_values(query, "contextId", true);
        assert_eq!(values, ["2 items+x y", "\u{1F381}%"]);
        assert_eq!(query_values("contextId=a+b", "contextId", false), ["a+b"]);
        assert_eq!(query_values("x", "x", true), [""]);
        assert!(query_values("", "contextId", true).is_empty());
    }
}
