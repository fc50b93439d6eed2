//! The journal's bytes: whatever was written is read again, whatever was cut off is dropped, and
//! whatever was changed is refused where it stands.

#![cfg(not(target_arch = "wasm32"))]

mod damage;
mod frames;
mod history;
mod props;
mod table;
