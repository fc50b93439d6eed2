//! The bytes of an answer, and the pace at which they go.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::{Channel, ServiceError};
use crate::account::Account;

/// Largest piece given to hyper at once when a piece repeats.
const PIECE_BYTES_MAX: usize = 64 * 1024;
/// How often a cut on HTTP/2 looks whether what came before it has left.
const DRAIN_POLL: Duration = Duration::from_millis(2);

/// The bytes of a body. A repeated piece lets a body be larger than memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content(Vec<(Bytes, u64)>);

impl Content {
    pub(crate) fn push(&mut self, bytes: impl Into<Bytes>) {
        self.repeat(bytes, 1);
    }

    pub(crate) fn repeat(&mut self, bytes: impl Into<Bytes>, times: u64) {
        let bytes = bytes.into();
        if times > 0 && !bytes.is_empty() {
            self.0.push((bytes, times));
        }
    }

    /// `total` bytes of this one.
    pub(crate) fn fill(&mut self, byte: u8, total: u64) {
        let block = Bytes::from(vec![byte; PIECE_BYTES_MAX]);
        let size = PIECE_BYTES_MAX as u64;
        self.repeat(block.clone(), total.div_euclid(size));
        let rest = usize::try_from(total.rem_euclid(size)).unwrap_or(0);
        self.push(block.slice(..rest));
    }

    pub(crate) fn len(&self) -> u64 {
        let sizes = self.0.iter().map(|(bytes, times)| times.saturating_mul(bytes.len() as u64));
        sizes.fold(0, u64::saturating_add)
    }

    /// The whole as one buffer when it is one piece; else its pieces joined.
    pub(crate) fn joined(&self) -> Bytes {
        match self.0.as_slice() {
            [] => Bytes::new(),
            [(bytes, 1)] => bytes.clone(),
            pieces => {
                let mut all = Vec::new();
                for (bytes, times) in pieces {
                    (0..*times).for_each(|_| all.extend_from_slice(bytes));
                }
                all.into()
            }
        }
    }

    /// The steps that send everything.
    pub(crate) fn steps(self) -> VecDeque<Step> {
        self.0.into_iter().map(|(bytes, times)| Step::Data(bytes, times)).collect()
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        let mut content = Self::default();
        content.push(bytes);
        content
    }
}

/// One step of sending a body.
pub(crate) enum Step {
    /// These bytes, this many times.
    Data(Bytes, u64),
    Sleep(Duration),
    /// Until this future ends; then the connection is cut.
    Stall(Pin<Box<dyn Future<Output = ()> + Send>>),
    /// HTTP/2: the stream is reset once what came before has left.
    Reset(h2::Reason),
}

/// Tells the account when an answer did not leave completely: the client went away or a fault cut
/// it. Dropped unfinished, it notes the call as aborted.
pub(crate) struct Guard {
    account: Arc<Account>,
    call: u64,
    finished: bool,
}

impl Guard {
    pub(crate) fn new(account: Arc<Account>, call: u64) -> Self {
        Self { account, call, finished: false }
    }

    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.finished {
            self.account.abort(self.call);
        }
    }
}

/// A body that follows its steps.
pub(crate) struct AnswerBody {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    length: Option<u64>,
    sent: u64,
    channel: Option<(Channel, u64)>,
    guard: Option<Guard>,
}

impl AnswerBody {
    /// A complete body; `chunked` hides its length from the framing.
    pub(crate) fn complete(content: Content, chunked: bool, mut guard: Option<Guard>) -> Self {
        let length = content.len();
        if length == 0 {
            guard.iter_mut().for_each(Guard::finish);
        }
        let length = (!chunked).then_some(length);
        Self { steps: content.steps(), waiting: None, length, sent: 0, channel: None, guard }
    }

    /// A body of steps on this connection.
    pub(crate) fn stepped(steps: VecDeque<Step>, channel: Channel, guard: Option<Guard>) -> Self {
        let start = channel.written();
        let channel = Some((channel, start));
        Self { steps, waiting: None, length: None, sent: 0, channel, guard }
    }

    fn take_data(&mut self) -> Option<Bytes> {
        let Some(Step::Data(bytes, times)) = self.steps.front_mut() else { return None };
        let piece = bytes.clone();
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.steps.pop_front();
        }
        self.sent = self.sent.saturating_add(piece.len() as u64);
        if self.steps.is_empty() {
            self.guard.iter_mut().for_each(Guard::finish);
        }
        Some(piece)
    }

    /// Whether at least as many bytes have left the connection as this body has given.
    fn drained(&self) -> bool {
        let Some((channel, start)) = &self.channel else { return true };
        channel.written().saturating_sub(*start) >= self.sent
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, time: Duration) -> Poll<()> {
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(time)));
        let done = waiting.as_mut().poll(cx);
        if done.is_ready() {
            self.waiting = None;
        }
        done
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = ServiceError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ServiceError>>> {
        let body = self.get_mut();
        loop {
            if let Some(piece) = body.take_data() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match body.steps.front_mut() {
                None | Some(Step::Data(..)) => return Poll::Ready(None),
                Some(Step::Sleep(time)) => {
                    let time = *time;
                    std::task::ready!(body.poll_sleep(cx, time));
                    body.steps.pop_front();
                }
                Some(Step::Stall(until)) => {
                    std::task::ready!(until.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(ServiceError::NoAnswer("the stall was lifted"))));
                }
                Some(Step::Reset(reason)) => {
                    let reason = *reason;
                    // One pause at least: the last frame may still be in hyper's own buffer.
                    std::task::ready!(body.poll_sleep(cx, DRAIN_POLL));
                    if body.drained() {
                        return Poll::Ready(Some(Err(reason.into())));
                    }
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.sent)),
            None => SizeHint::default(),
        }
    }
}
