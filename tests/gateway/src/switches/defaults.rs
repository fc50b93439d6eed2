//! The switches as a gateway starts with them.

use std::collections::BTreeMap;

use super::{
    Auth, ContextId, Cors, Duplicates, Envelope, Errors, Ids, PromotionCodes, Rate, Reconcile,
    Refusal, Repeated, RequestId, Shape, Switches,
};

impl Default for Switches {
    fn default() -> Self {
        Self {
            cors: Cors::default(),
            request_id: RequestId::default(),
            request_uri_header: true,
            auth: Auth::default(),
            errors: Errors::default(),
            promotion: PromotionCodes::default(),
            context_id: ContextId::default(),
            ids: Ids::default(),
            rate: Rate::default(),
            reconcile: Reconcile::default(),
            shape: Shape::default(),
            require_content_type: true,
            gzip: false,
            latency_ms: 0,
            locked_customers: Vec::new(),
        }
    }
}

impl Default for Cors {
    fn default() -> Self {
        let allow = [
            "authorization",
            "content-type",
            "accept",
            "x-cap-api-oauth-token",
            "cap-api-access-token",
            "x-cap-request-id",
            "x-cap-api-auth-org-id",
            "x-cap-api-attribution-entity-type",
            "x-cap-api-attribution-entity-code",
            "x-cap-api-attribution-till-code",
            "x-cap-api-attribution-lookup",
            "x-cap-api-attribution-lookup-type",
        ];
        let expose = ["x-cap-requestid", "x-cap-api-request-uri", "retry-after", "date"];
        Self {
            origins: Some(vec!["*".into()]),
            allow_headers: allow.map(String::from).to_vec(),
            expose_headers: expose.map(String::from).to_vec(),
            max_age_seconds: Some(600),
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self { header: Some("x-cap-requestid".into()), echo: false }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            basic: true,
            oauth: true,
            token_headers: vec!["x-cap-api-oauth-token".into()],
            token_ttl_seconds: None,
            unauthorised_status: 401,
            expired_status: 401,
            token_refused_status: 401,
            unavailable: false,
            refuse_all: false,
        }
    }
}

impl Default for Errors {
    fn default() -> Self {
        let own = [
            ("401", Envelope::Customer),
            ("498", Envelope::Customer),
            ("4000", Envelope::AccessGroup),
            ("4001", Envelope::AccessGroup),
            ("320001", Envelope::Token),
        ];
        Self {
            envelope: Envelope::Promotions,
            by_code: own.map(|(code, envelope)| (code.into(), envelope)).into(),
            status: BTreeMap::new(),
            string_codes: false,
        }
    }
}

impl Default for PromotionCodes {
    fn default() -> Self {
        let wrong = [("CODE", 707), ("POS", 714), ("EARNING", 714), ("REWARD", 707)];
        Self {
            unknown: 404,
            malformed: 404,
            expired: 706,
            inactive: 709,
            wrong_type: wrong.map(|(kind, code)| (kind.into(), code)).into(),
        }
    }
}

impl Default for ContextId {
    fn default() -> Self {
        Self {
            required: true,
            allow_empty: false,
            chars_max: None,
            allow_non_ascii: true,
            repeated: Repeated::First,
            plus_is_space: true,
        }
    }
}

impl Default for Ids {
    fn default() -> Self {
        Self {
            unknown: Refusal::RejectAll,
            unknown_code: 1006,
            limit_reached: Refusal::EntryError,
            limit_code: 708,
            duplicates: Duplicates::IssueOnce,
            array_max: None,
            array_max_code: 1060,
            body_bytes_max: 64 << 20,
        }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self {
            per_minute: None,
            burst: None,
            retry_after: None,
            status: 429,
            envelope: Envelope::Promotions,
        }
    }
}

impl Default for Reconcile {
    fn default() -> Self {
        Self { delay_ms: 0, limit_max: None, same_id: true, earned_from_id: false }
    }
}
