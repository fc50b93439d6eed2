//! Sockets, framing and the ways to break both.

mod channel;
mod content;
mod failure;
mod listen;
mod raw;
mod tls;

pub(crate) use channel::Channel;
pub(crate) use content::{AnswerBody, Content, Guard, Step};
pub(crate) use failure::ServiceError;
pub(crate) use listen::{Answer, Handler, Peer, accept, bind};
pub(crate) use raw::{head_of, write_steps};
pub(crate) use tls::{Tls, self_signed};
