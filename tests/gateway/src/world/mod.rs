//! What exists on the far side: promotions, customers, users and clients.

mod customers;
mod sample;

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

pub use customers::Customers;
pub use sample::{
    PROMOTION, PROMOTION_CODE, PROMOTION_EARNING, PROMOTION_EXPIRED, PROMOTION_INACTIVE,
    PROMOTION_ONCE,
};

/// Everything the service knows before the first call. Read from a JSON file with these fields in
/// camelCase, or the sample of [`World::default`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct World {
    /// Known promotions; any other id is "not found".
    pub promotions: Vec<Promotion>,
    /// Known customers; absent means every positive Long.
    #[serde(default)]
    pub customers: Customers,
    /// Basic users.
    #[serde(default)]
    pub users: Vec<User>,
    /// OAuth clients.
    #[serde(default)]
    pub clients: Vec<Client>,
}

/// One promotion, with the fields the documented details endpoint returns (api.md 14).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Promotion {
    /// 24 hex digits.
    pub id: String,
    /// CUSTOMER, POS, CODE, EARNING or REWARD; only CUSTOMER can be issued.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it runs; default true.
    #[serde(default = "yes")]
    pub active: bool,
    /// Start, epoch ms; default 0.
    #[serde(default)]
    pub start_date: i64,
    /// End, epoch ms; past means expired. Default the year 9999.
    #[serde(default = "far_future")]
    pub end_date: i64,
    /// Whether a customer must activate it; default false.
    #[serde(default)]
    pub customer_activation_required: bool,
    /// -1 unlimited (here also the default, so that tests see repeated issues), else 1 to 50.
    #[serde(default = "unlimited")]
    pub max_issuance_per_customer: i64,
    /// Days an issue stays valid after its own day; default 40 as in the seed's example.
    #[serde(default = "valid_days")]
    pub valid_days: u32,
    /// Zone in which the validity ends at midnight, minutes east of UTC; default 180 (seed).
    #[serde(default = "zone")]
    pub zone_offset_minutes: i32,
}

/// A Basic user. Only the md5 is kept, because only the md5 ever arrives.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// User name, without a colon.
    pub username: String,
    /// Lowercase hex md5 of the password.
    pub password_md5: String,
    /// What the access group allows.
    #[serde(default)]
    pub access: Access,
}

/// An OAuth client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Client {
    /// The client key.
    pub key: String,
    /// The client secret.
    pub secret: String,
    /// Life of a token in seconds; default 300 as in the documentation.
    #[serde(default = "ttl")]
    pub ttl_seconds: u64,
    /// What the access group allows.
    #[serde(default)]
    pub access: Access,
}

/// Access group of a user or client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// May read and issue.
    #[default]
    Write,
    /// May only read: issuing answers 403.
    Read,
    /// May nothing: every call answers 403.
    None,
}

impl World {
    /// Reads a world from its JSON text.
    ///
    /// # Errors
    /// The parser's message, for a text that is not a world.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The promotion with exactly this id.
    pub fn promotion(&self, id: &str) -> Option<&Promotion> {
        self.promotions.iter().find(|promotion| promotion.id == id)
    }
}

/// Lowercase hex md5 of a password, as the service's Basic authentication wants it (api.md 7).
pub fn md5_hex(password: &str) -> String {
    Md5::digest(password.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn yes() -> bool {
    true
}

fn far_future() -> i64 {
    253_402_300_799_999
}

fn unlimited() -> i64 {
    -1
}

fn valid_days() -> u32 {
    40
}

fn zone() -> i32 {
    180
}

fn ttl() -> u64 {
    300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_matches_the_documented_vector() {
        assert_eq!(md5_hex("server123"), "8a16a6b70505eb1f1ff7cdc0cd5559a7");
    }

    #[test]
    fn a_world_survives_its_own_json() {
        let text = serde_json::to_string(&World::default()).unwrap();
        let again = World::from_json(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
        assert!(World::from_json(r#"{"promotions":[],"custmers":[]}"#).is_err());
    }
}
