//! The gateway through real sockets. One binary, so that it is linked once.
#![cfg(test)]

mod account;
mod auth;
mod cors;
mod data_faults;
mod http2;
mod ids;
mod process;
mod rate;
mod seed;
mod siblings;
mod support;
mod wire_faults;
