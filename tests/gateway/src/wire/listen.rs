//! Loopback listeners and the connection loop.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{AnswerBody, Channel, ServiceError};
use crate::error::StartError;

/// Pause after a failed accept, for example when file descriptors ran out: long enough not to
/// spin, short enough to go unnoticed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The connection a request came on.
#[derive(Clone)]
pub(crate) struct Peer {
    pub channel: Channel,
    pub http2: bool,
}

/// An answer under way.
pub(crate) type Answer =
    Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, ServiceError>> + Send>>;

/// What answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(self: Arc<Self>, peer: Peer, request: Request<Incoming>) -> Answer;
    /// Number of connections open now.
    fn connections(&self) -> &AtomicU64;
}

/// A listener on loopback, and nothing but loopback; port 0 takes any free one.
/// Must be called in the context of a runtime, but does not wait for it.
pub(crate) fn bind(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let open = || {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok::<_, std::io::Error>((TcpListener::from_std(listener)?, address))
    };
    open().map_err(|source| StartError::caused(format!("port {port} could not be opened"), source))
}

/// Accepts connections for ever.
pub(crate) async fn accept<H: Handler>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    handler: Arc<H>,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, tls.clone(), handler.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

struct Open<H: Handler>(Arc<H>);

impl<H: Handler> Open<H> {
    fn new(handler: Arc<H>) -> Self {
        handler.connections().fetch_add(1, Ordering::Relaxed);
        Self(handler)
    }
}

impl<H: Handler> Drop for Open<H> {
    fn drop(&mut self) {
        self.0.connections().fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve<H: Handler>(stream: TcpStream, tls: Option<TlsAcceptor>, handler: Arc<H>) {
    let _open = Open::new(handler.clone());
    // Without it the last segment of an answer may wait for an acknowledgement.
    drop(stream.set_nodelay(true));
    let (channel, http2) = match tls {
        None => (Channel::plain(stream), false),
        Some(acceptor) => {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            (Channel::tls(stream), http2)
        }
    };
    let peer = Peer { channel: channel.clone(), http2 };
    let service = service_fn(move |request| handler.clone().handle(peer.clone(), request));
    let io = TokioIo::new(channel);
    // How a connection ended is the client's business and, where ordered, the fault's.
    if http2 {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        drop(builder.max_concurrent_streams(1_000).serve_connection(io, service).await);
    } else {
        drop(http1::Builder::new().serve_connection(io, service).await);
    }
}
