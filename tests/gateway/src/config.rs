//! What a gateway is started with.

use crate::account::AccountPlace;
use crate::world::World;

/// Settings of one gateway. The default takes free ports, keeps its account in memory and holds
/// the sample world. Every listener is on 127.0.0.1.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Port of the service; 0 takes any.
    pub http_port: u16,
    /// Port of the service with TLS; absent for none, 0 for any.
    pub https_port: Option<u16>,
    /// Port of the control interface; 0 takes any.
    pub control_port: u16,
    /// Where arrivals and issuances are kept.
    pub account: AccountPlace,
    /// Promotions, customers and credentials.
    pub world: World,
    /// Seed of the ids the service gives out.
    pub seed: u64,
}
