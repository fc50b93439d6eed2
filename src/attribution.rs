//! The organisation that a run issues for, and the till or store that it acts as (api.md 7).

use crate::request::{Header, RequestError};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The default leaves the attribution to the credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    org_id: Option<Box<str>>,
    /// The entity's type (`TILL` unless given) and its code.
    entity: Option<(Box<str>, Box<str>)>,
}

const ENTITY_TYPES: [&str; 6] = [
    "TILL",
    "STORE_CODE",
    "STORE_NAME",
    "STORE_EXTERNAL_ID",
    "STORE_EXTERNAL_ID_1",
    "STORE_EXTERNAL_ID_2",
];

const INVALID_ENTITY_TYPE: &RequestError = &RequestError {
    code: "invalid-attribution",
    message: "attribution.type must be TILL, STORE_CODE, STORE_NAME, STORE_EXTERNAL_ID, \
              STORE_EXTERNAL_ID_1 or STORE_EXTERNAL_ID_2.",
};

impl Attribution {
    /// `entity_type` counts only beside a code; it is `TILL` when absent.
    ///
    /// # Errors
    /// `invalid-attribution`, or that of a value that cannot be a header.
    pub fn new(
        org_id: Option<&str>,
        entity_type: Option<&str>,
        entity_code: Option<&str>,
    ) -> Result<Self, &'static RequestError> {
        let entity_type = entity_type.unwrap_or("TILL");
        if entity_code.is_some() && !ENTITY_TYPES.contains(&entity_type) {
            return Err(INVALID_ENTITY_TYPE);
        }
        let entity = entity_code.map(|code| (entity_type.into(), code.into()));
        let attribution = Self { org_id: org_id.map(Into::into), entity };
        attribution.headers()?;
        Ok(attribution)
    }

    /// The attribution's headers.
    ///
    /// # Errors
    /// None for an attribution that was made by [`Attribution::new`].
    pub fn headers(&self) -> Result<Vec<Header>, &'static RequestError> {
        let mut headers = Vec::new();
        if let Some(org_id) = &self.org_id {
            headers.push(Header::new("X-CAP-API-AUTH-ORG-ID", org_id)?);
        }
        if let Some((entity_type, code)) = &self.entity {
            headers.push(Header::new("X-CAP-API-ATTRIBUTION-ENTITY-TYPE", entity_type)?);
            headers.push(Header::new("X-CAP-API-ATTRIBUTION-ENTITY-CODE", code)?);
        }
        Ok(headers)
    }

    pub fn org_id(&self) -> Option<&str> {
        self.org_id.as_deref()
    }

    /// Type and code.
    pub fn entity(&self) -> Option<(&str, &str)> {
        self.entity.as_ref().map(|(entity_type, code)| (&**entity_type, &**code))
    }

    /// Takes each absent part from `earlier`, the attribution of an earlier run.
    #[must_use]
    pub fn or(self, earlier: &Self) -> Self {
        let Self { org_id, entity } = self;
        Self {
            org_id: org_id.or_else(|| earlier.org_id.clone()),
            entity: entity.or_else(|| earlier.entity.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribution_becomes_its_headers() {
        let given = Attribution::new(Some("100"), None, Some("till1")).unwrap();
        let headers = given.headers().unwrap();
        let pairs: Vec<_> = headers.iter().map(|h| (h.name(), h.value())).collect();
        let expected = [
            ("X-CAP-API-AUTH-ORG-ID", "100"),
            ("X-CAP-API-ATTRIBUTION-ENTITY-TYPE", "TILL"),
            ("X-CAP-API-ATTRIBUTION-ENTITY-CODE", "till1"),
        ];
        assert_eq!(pairs, expected);
        let wrong = Attribution::new(None, Some("SHOP"), Some("1"));
        assert_eq!(wrong.unwrap_err().code, "invalid-attribution");
        let broken = Attribution::new(Some("1\r\nX: y"), None, None);
        assert_eq!(broken.unwrap_err().code, "invalid-header");
    }

    #[test]
    fn what_is_not_said_is_as_before() {
        let of = |org, code| Attribution::new(org, Some("STORE_CODE"), code).unwrap();
        let earlier = of(Some("1"), Some("a"));
        assert_eq!(Attribution::default().or(&earlier), earlier);
        assert_eq!(of(Some("2"), None).or(&earlier), of(Some("2"), Some("a")));
        assert_eq!(of(None, Some("b")).or(&earlier), of(Some("1"), Some("b")));
    }
}
