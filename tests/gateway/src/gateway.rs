//! Starting and stopping one gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::account::Account;
use crate::config::Config;
use crate::control::Control;
use crate::error::StartError;
use crate::service::Service;
use crate::wire::{Tls, accept, bind, self_signed};

/// Threads that serve: the gateway shares two cores with its clients, and one thread already
/// exceeds what a client can ask (see the README's measurements).
const WORKERS: usize = 2;

/// A running gateway on a runtime of its own. Dropping it stops it.
pub struct Gateway {
    /// Taken when dropped: a runtime may only be shut down in the background from async code.
    runtime: Option<Runtime>,
    http: SocketAddr,
    https: Option<SocketAddr>,
    control: SocketAddr,
    certificate_pem: Option<String>,
}

struct Listeners {
    http: (TcpListener, SocketAddr),
    https: Option<(TcpListener, SocketAddr)>,
    control: (TcpListener, SocketAddr),
}

impl Gateway {
    /// Opens the account and the listeners; returns when all accept connections.
    ///
    /// # Errors
    /// A port in use, or an account file that is not one.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let account = Arc::new(Account::open(&config.account, config.seed)?);
        let tls = config.https_port.map(|_| self_signed()).transpose()?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("gateway")
            .enable_all()
            .build()
            .map_err(|source| StartError::caused("no runtime could be started", source))?;
        let listeners = {
            // Not `block_on`: the caller may itself be async code.
            let _context = runtime.enter();
            Listeners::open(&config)?
        };
        let service = Arc::new(Service::new(config.world, account, config.seed));
        let control = Arc::new(Control::new(service.clone()));
        let (http, control_address) = (listeners.http.1, listeners.control.1);
        let https = listeners.https.as_ref().map(|(_, address)| *address);
        let certificate_pem = tls.as_ref().map(|tls| tls.certificate_pem.clone());
        runtime.spawn(control.accept(listeners.control.0));
        runtime.spawn(accept(listeners.http.0, None, service.clone()));
        if let (Some((listener, _)), Some(Tls { acceptor, .. })) = (listeners.https, tls) {
            runtime.spawn(accept(listener, Some(acceptor), service));
        }
        let runtime = Some(runtime);
        Ok(Self { runtime, http, https, control: control_address, certificate_pem })
    }

    /// Address of the service.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Address of the service with TLS, if asked for.
    pub fn https(&self) -> Option<SocketAddr> {
        self.https
    }

    /// Address of the control interface.
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// The certificate a client of the TLS address has to trust, as PEM.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate_pem.as_deref()
    }

    /// The line the program prints when it is ready.
    pub fn ready(&self) -> Value {
        json!({
            "http": self.http.to_string(),
            "https": self.https.map(|address| address.to_string()),
            "control": self.control.to_string(),
            "certificate": self.certificate_pem
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Listeners {
    fn open(config: &Config) -> Result<Self, StartError> {
        let https = config.https_port.map(bind).transpose()?;
        Ok(Self { http: bind(config.http_port)?, https, control: bind(config.control_port)? })
    }
}
