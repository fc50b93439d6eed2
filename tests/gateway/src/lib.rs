//! A stand-in for the service behind `issueBulk`, for tests: nobody can call the real one here.
//!
//! It implements the documented endpoint and its siblings, makes every undocumented behaviour a
//! switch, orders faults by data, and keeps an account of what arrived and what was issued.
//!
//! ```
//! use issue_bulk_gateway::{Config, Gateway};
//!
//! let gateway = Gateway::start(Config::default()).expect("a free port on loopback");
//! println!("service on {}, control on {}", gateway.http(), gateway.control());
//! ```

mod account;
mod chance;
mod clock;
mod config;
mod control;
mod error;
mod fault;
mod gateway;
mod long;
mod object_id;
mod service;
mod switches;
mod sync;
mod wire;
pub mod world;

pub use account::AccountPlace;
pub use config::Config;
pub use error::StartError;
pub use gateway::Gateway;
pub use long::parse_long;
pub use object_id::ObjectId;
