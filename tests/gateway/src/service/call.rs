//! One request while it is being answered.

use http::request::Parts;

use super::envelope::Problem;
use super::route::{Route, query_values};
use crate::account::CallRecord;
use crate::fault::Turn;
use crate::long::BodyProblem;
use crate::switches::Switches;

/// The request, what the account will keep of it, and the rules in force when it arrived.
pub(super) struct Call<'a> {
    pub parts: &'a Parts,
    pub switches: &'a Switches,
    pub route: &'a Route,
    pub record: CallRecord,
    pub turn: Turn,
    /// The ids of the body, or why there are none. The account keeps them as arrivals.
    pub ids: &'a Result<Vec<i64>, BodyProblem>,
    pub body: &'a [u8],
}

impl Call<'_> {
    /// Decoded values of a query parameter.
    pub(super) fn query(&self, name: &str) -> Vec<String> {
        let query = self.parts.uri.query().unwrap_or("");
        query_values(query, name, self.switches.context_id.plus_is_space)
    }

    /// The first value of a query parameter.
    pub(super) fn query_first(&self, name: &str) -> Option<String> {
        self.query(name).into_iter().next()
    }

    /// Whether a query parameter is `true`.
    pub(super) fn query_flag(&self, name: &str) -> bool {
        self.query_first(name).as_deref() == Some("true")
    }

    /// What the request authenticates with, as it was sent.
    pub(super) fn credentials(&self) -> String {
        let names = self.switches.auth.token_headers.iter().map(String::as_str);
        let values = names.chain(["authorization"]).filter_map(|name| self.parts.headers.get(name));
        let texts: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
        texts.join(" ")
    }

    /// 415 unless the body is said to be JSON.
    pub(super) fn check_content_type(&self) -> Result<(), Problem> {
        let value = self.parts.headers.get("content-type");
        let media = value.and_then(|value| value.to_str().ok()).unwrap_or("");
        let media = media.split(';').next().unwrap_or("").trim();
        let json = media.eq_ignore_ascii_case("application/json");
        if json || !self.switches.require_content_type {
            return Ok(());
        }
        Err(Problem::new(415))
    }

    /// 405 unless the method is the path's only one.
    pub(super) fn check_method(&self) -> Result<(), Problem> {
        if self.parts.method.as_str() == self.route.method {
            return Ok(());
        }
        Err(Problem::new(405))
    }

    /// 1061 for an attribution lookup without its type.
    pub(super) fn check_attribution(&self) -> Result<(), Problem> {
        let headers = &self.parts.headers;
        let lookup = headers.contains_key("x-cap-api-attribution-lookup");
        if lookup && !headers.contains_key("x-cap-api-attribution-lookup-type") {
            return Err(Problem::new(1061));
        }
        Ok(())
    }
}
