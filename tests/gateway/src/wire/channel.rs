//! A connection's byte stream that hyper and a fault can both hold.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::sync::lock;

/// Hyper owns one clone as its I/O; a fault uses another to write bytes hyper would never write,
/// or to end the connection under it. On HTTP/1.1 that is orderly: while a call is being handled
/// hyper itself writes nothing.
#[derive(Clone)]
pub(crate) struct Channel(Arc<Mutex<State>>);

struct State {
    stream: Stream,
    killed: bool,
    reader: Option<Waker>,
    written: u64,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Channel {
    pub(crate) fn plain(stream: TcpStream) -> Self {
        Self::new(Stream::Plain(stream))
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>) -> Self {
        Self::new(Stream::Tls(Box::new(stream)))
    }

    fn new(stream: Stream) -> Self {
        Self(Arc::new(Mutex::new(State { stream, killed: false, reader: None, written: 0 })))
    }

    /// Ends the connection at once: with a TCP reset, or as a plain close.
    pub(crate) fn kill(&self, reset: bool) {
        let mut state = lock(&self.0);
        if reset {
            let socket = match &state.stream {
                Stream::Plain(stream) => SockRef::from(stream),
                Stream::Tls(stream) => SockRef::from(stream.get_ref().0),
            };
            // If the option cannot be set the connection still ends, only more politely.
            drop(socket.set_linger(Some(Duration::ZERO)));
        }
        state.killed = true;
        state.reader.take().into_iter().for_each(Waker::wake);
    }

    /// Writes bytes past hyper and returns when the kernel has them.
    pub(crate) async fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut io = self.clone();
        io.write_all(bytes).await?;
        io.flush().await
    }

    /// Closes the sending side.
    pub(crate) async fn close_sending(&self) -> Result<()> {
        self.clone().shutdown().await
    }

    /// Bytes written so far, by anyone.
    pub(crate) fn written(&self) -> u64 {
        lock(&self.0).written
    }
}

fn killed() -> Error {
    Error::new(ErrorKind::ConnectionReset, "ended by an ordered fault")
}

impl AsyncRead for Channel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let mut state = lock(&self.0);
        if state.killed {
            return Poll::Ready(Err(killed()));
        }
        let result = match &mut state.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        };
        if result.is_pending() {
            state.reader = Some(cx.waker().clone());
        }
        result
    }
}

impl AsyncWrite for Channel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let mut state = lock(&self.0);
        if state.killed {
            return Poll::Ready(Err(killed()));
        }
        let result = match &mut state.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        };
        state.count(result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let mut state = lock(&self.0);
        if state.killed {
            return Poll::Ready(Err(killed()));
        }
        let result = match &mut state.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
        };
        state.count(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match &mut lock(&self.0).stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let mut state = lock(&self.0);
        if state.killed {
            return Poll::Ready(Ok(()));
        }
        match &mut state.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl State {
    fn count(&mut self, result: Poll<Result<usize>>) -> Poll<Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &result {
            self.written = self.written.saturating_add(*bytes as u64);
        }
        result
    }
}
