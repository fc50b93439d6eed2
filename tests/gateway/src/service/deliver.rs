//! Faults on the wire, and the ordinary way out.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tokio::time::sleep;

use super::Service;
use super::reply::Reply;
use crate::fault::{End, Fault, Framing, Kind, Position, ResetReason, Turn};
use crate::wire::{AnswerBody, Content, Guard, Peer, ServiceError, Step, head_of, write_steps};

type Delivered = Result<Response<AnswerBody>, ServiceError>;

/// An answer on its way: where to, on whose turn, and who notes that it did not arrive.
pub(super) struct Delivery<'a> {
    pub service: &'a Service,
    pub peer: &'a Peer,
    pub turn: Turn,
    pub reply: Reply,
    pub chunked: bool,
    pub guard: Option<Guard>,
}

impl Delivery<'_> {
    /// Sends the answer as the fault says.
    pub(super) async fn send(self, fault: Option<&Fault>) -> Delivered {
        let Some(fault) = fault else { return self.complete() };
        match &fault.kind {
            Kind::Delay { ms, jitter_ms } => {
                let jitter = fault.draw.checked_rem(jitter_ms.saturating_add(1)).unwrap_or(0);
                sleep(Duration::from_millis(ms.saturating_add(jitter))).await;
                self.complete()
            }
            Kind::Drip { bytes, every_ms } => self.drip(*bytes, Duration::from_millis(*every_ms)),
            Kind::StallBeforeHeaders => {
                self.service.faults.changed(self.turn).await;
                self.close(End::Close)
            }
            Kind::ResetBeforeRead | Kind::ResetAfterRead => self.close(End::Reset),
            Kind::CloseBeforeAnswer => self.close(End::Close),
            Kind::ActThenDrop { end } => self.close(*end),
            Kind::StallInBody { at } => self.cut(*at, Framing::Length, Finish::Stall).await,
            Kind::ResetInBody { at } => self.cut(*at, Framing::Length, Finish::Reset).await,
            Kind::Truncate { at, framing, end } => self.cut(*at, *framing, (*end).into()).await,
            Kind::StreamReset { reason } if self.peer.http2 => Err(reset(*reason)),
            Kind::StreamReset { .. } => self.close(End::Reset),
            Kind::GoAway => self.go_away().await,
            _ if self.peer.http2 => self.on_http2_only(&fault.kind),
            other => self.by_hand(other).await,
        }
    }

    /// The ordinary answer.
    fn complete(mut self) -> Delivered {
        let status = self.status()?;
        let content = std::mem::take(&mut self.reply.content);
        let body = AnswerBody::complete(content, self.chunked, self.guard.take());
        Ok(self.respond(status, body))
    }

    fn status(&self) -> Result<StatusCode, ServiceError> {
        StatusCode::from_u16(self.reply.status)
            .map_err(|_| ServiceError::NoAnswer("a status of three digits was not ordered"))
    }

    fn respond(&mut self, status: StatusCode, body: AnswerBody) -> Response<AnswerBody> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = std::mem::take(&mut self.reply.headers);
        response
    }

    fn drip(mut self, bytes: usize, every: Duration) -> Delivered {
        let whole = self.reply.content.joined();
        let mut steps = VecDeque::new();
        let mut rest = whole.clone();
        while !rest.is_empty() {
            let piece = rest.split_to(bytes.max(1).min(rest.len()));
            steps.push_back(Step::Sleep(every));
            steps.push_back(Step::Data(piece, 1));
        }
        self.set_length(whole.len() as u64);
        self.stepped(steps)
    }

    fn set_length(&mut self, length: u64) {
        self.reply.set("content-length", &length.to_string());
    }

    fn stepped(mut self, steps: VecDeque<Step>) -> Delivered {
        let status = self.status()?;
        let body = AnswerBody::stepped(steps, self.peer.channel.clone(), self.guard.take());
        Ok(self.respond(status, body))
    }

    fn close(&self, end: End) -> Delivered {
        self.peer.channel.kill(end == End::Reset);
        Err(ServiceError::NoAnswer("no answer, as ordered"))
    }

    /// Part of the body, and then what `finish` says.
    async fn cut(mut self, at: Option<Position>, framing: Framing, finish: Finish) -> Delivered {
        let whole = self.reply.content.joined();
        let at = Position::or_middle(at).within(whole.len());
        let mut steps = VecDeque::from([Step::Data(whole.slice(..at), 1)]);
        steps.retain(|step| !matches!(step, Step::Data(bytes, _) if bytes.is_empty()));
        let stall = |faults: &super::SharedFaults, turn| {
            let faults = faults.clone();
            Step::Stall(Box::pin(async move { faults.changed(turn).await }))
        };
        if finish == Finish::Stall {
            steps.push_back(stall(&self.service.faults, self.turn));
        }
        if self.peer.http2 {
            if framing == Framing::Length {
                self.set_length(whole.len() as u64);
            }
            steps.push_back(Step::Reset(h2::Reason::INTERNAL_ERROR));
            return self.stepped(steps);
        }
        let framing = match framing {
            Framing::Length => format!("content-length: {}\r\n", whole.len()),
            Framing::Chunked => {
                if at > 0 {
                    // One chunk holds all that comes; the chunk that would end the body does not.
                    steps.push_front(data(format!("{at:x}\r\n")));
                    steps.push_back(data("\r\n".to_string()));
                }
                "transfer-encoding: chunked\r\n".into()
            }
        };
        steps.push_front(data(self.head(&framing)));
        let end = if finish == Finish::Reset { End::Reset } else { End::Close };
        self.write(steps, end).await
    }

    fn head(&self, framing: &str) -> Vec<u8> {
        head_of(self.reply.status, &self.reply.headers, framing)
    }

    /// Writes past hyper and ends the connection. The guard stays unfinished: such an answer never
    /// arrives as one.
    async fn write(self, steps: VecDeque<Step>, end: End) -> Delivered {
        write_steps(&self.peer.channel, steps).await?;
        self.close(end)
    }

    /// Faults that need bytes no correct server writes.
    async fn by_hand(mut self, kind: &Kind) -> Delivered {
        if !(is_by_hand(kind) || self.reply.status < 200) {
            return self.complete();
        }
        let body = self.reply.content.joined();
        let length = body.len() as u64;
        let named = |length: u64| format!("content-length: {length}\r\nconnection: close\r\n");
        match kind {
            Kind::TruncateHead { at, end } => {
                let head = self.head(&named(length));
                let at = Position::or_middle(*at).within(head.len());
                self.write([data(Bytes::from(head).slice(..at))].into(), *end).await
            }
            Kind::ContentLengthLong { by } => {
                let head = self.head(&named(length.saturating_add(*by)));
                self.write([data(head), data(body)].into(), End::Close).await
            }
            Kind::ContentLengthShort { by } => {
                let head = self.head(&named(length.saturating_sub(*by)));
                self.write([data(head), data(body)].into(), End::Close).await
            }
            Kind::Raw { text } => self.write([data(text.clone())].into(), End::Close).await,
            Kind::Informational { status, then } => {
                let first = head_of(*status, &HeaderMap::new(), "");
                let mut steps = VecDeque::from([data(first)]);
                if *then {
                    steps.extend([data(self.head(&named(length))), data(body)]);
                    self.guard.iter_mut().for_each(Guard::finish);
                }
                self.write(steps, End::Close).await
            }
            Kind::HalfClose => {
                let head = self.head(&named(length));
                write_steps(&self.peer.channel, [data(head), data(body)].into()).await?;
                self.peer.channel.close_sending().await?;
                self.guard.iter_mut().for_each(Guard::finish);
                self.service.faults.changed(self.turn).await;
                self.close(End::Close)
            }
            // A final status that hyper would not send, such as 103.
            _ => {
                let head = self.head(&named(length));
                self.write([data(head), data(body)].into(), End::Close).await
            }
        }
    }

    /// What those faults become where frames leave no room for them.
    fn on_http2_only(mut self, kind: &Kind) -> Delivered {
        let length = self.reply.content.len();
        match kind {
            Kind::TruncateHead { .. } | Kind::Raw { .. } => Err(reset(ResetReason::InternalError)),
            Kind::Informational { then: false, .. } => Err(reset(ResetReason::InternalError)),
            Kind::ContentLengthLong { by } => {
                self.set_length(length.saturating_add(*by));
                self.with_false_length()
            }
            Kind::ContentLengthShort { by } => {
                self.set_length(length.saturating_sub(*by));
                self.with_false_length()
            }
            _ if self.reply.status < 200 => Err(reset(ResetReason::InternalError)),
            _ => self.complete(),
        }
    }

    fn with_false_length(mut self) -> Delivered {
        let steps = std::mem::take::<Content>(&mut self.reply.content).steps();
        self.stepped(steps)
    }

    /// GOAWAY that names no stream as processed (RFC 9113, 6.8), then the end.
    async fn go_away(self) -> Delivered {
        const FRAME: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        if self.peer.http2 {
            self.peer.channel.write(&FRAME).await?;
        }
        self.close(End::Close)
    }
}

/// Whether the fault itself needs bytes past hyper. All others may have bodies beyond memory,
/// which must not be joined.
fn is_by_hand(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::TruncateHead { .. }
            | Kind::ContentLengthLong { .. }
            | Kind::ContentLengthShort { .. }
            | Kind::Raw { .. }
            | Kind::Informational { .. }
            | Kind::HalfClose
    )
}

/// What follows the part of a body that is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Finish {
    Stall,
    Close,
    Reset,
}

impl From<End> for Finish {
    fn from(end: End) -> Self {
        match end {
            End::Close => Self::Close,
            End::Reset => Self::Reset,
        }
    }
}

fn data(bytes: impl Into<Bytes>) -> Step {
    Step::Data(bytes.into(), 1)
}

fn reset(reason: ResetReason) -> ServiceError {
    let reason = match reason {
        ResetReason::RefusedStream => h2::Reason::REFUSED_STREAM,
        ResetReason::Cancel => h2::Reason::CANCEL,
        ResetReason::InternalError => h2::Reason::INTERNAL_ERROR,
        ResetReason::EnhanceYourCalm => h2::Reason::ENHANCE_YOUR_CALM,
        ResetReason::ProtocolError => h2::Reason::PROTOCOL_ERROR,
    };
    reason.into()
}
