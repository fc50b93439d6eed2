//! The sample world: one promotion of each interesting kind, and credentials of each right.

use super::{Access, Client, Customers, Promotion, User, World, md5_hex};

/// Active, type CUSTOMER, unlimited: the one of the seed document.
pub const PROMOTION: &str = "67dd4210ef21a64211227e04";
/// Expired on 2025-04-30.
pub const PROMOTION_EXPIRED: &str = "67dd4210ef21a64211227e05";
/// Not in running state.
pub const PROMOTION_INACTIVE: &str = "67dd4210ef21a64211227e06";
/// Type CODE: cannot be issued.
pub const PROMOTION_CODE: &str = "67dd4210ef21a64211227e07";
/// Issued to each customer at most once.
pub const PROMOTION_ONCE: &str = "67dd4210ef21a64211227e08";
/// Type EARNING: cannot be issued.
pub const PROMOTION_EARNING: &str = "67dd4210ef21a64211227e09";

impl Default for World {
    fn default() -> Self {
        let expired = Promotion { end_date: 1_746_046_799_999, ..customer(PROMOTION_EXPIRED) };
        let inactive = Promotion { active: false, ..customer(PROMOTION_INACTIVE) };
        let code = Promotion { kind: "CODE".into(), ..customer(PROMOTION_CODE) };
        let once = Promotion { max_issuance_per_customer: 1, ..customer(PROMOTION_ONCE) };
        let earning = Promotion { kind: "EARNING".into(), ..customer(PROMOTION_EARNING) };
        Self {
            promotions: vec![customer(PROMOTION), expired, inactive, code, once, earning],
            customers: Customers::All,
            users: vec![
                user("store.server", Access::Write),
                user("store.reader", Access::Read),
                user("store.denied", Access::None),
            ],
            clients: vec![
                client("sample-key", "sample-secret", Access::Write),
                client("denied-key", "denied-secret", Access::None),
            ],
        }
    }
}

fn customer(id: &str) -> Promotion {
    Promotion {
        id: id.into(),
        kind: "CUSTOMER".into(),
        active: true,
        start_date: 1_742_547_600_000,
        end_date: super::far_future(),
        customer_activation_required: false,
        max_issuance_per_customer: -1,
        valid_days: super::valid_days(),
        zone_offset_minutes: super::zone(),
    }
}

fn user(name: &str, access: Access) -> User {
    User { username: name.into(), password_md5: md5_hex("server123"), access }
}

fn client(key: &str, secret: &str, access: Access) -> Client {
    Client { key: key.into(), secret: secret.into(), ttl_seconds: super::ttl(), access }
}
