//! The reasons why a run ends early, and the network faults behind them.

use super::{Cause, Reason, Unsent};
use alloc::boxed::Box;
use alloc::string::String;

coded! {
    /// The reason why a run ended early.
    StopCode {
        Cancelled = "cancelled",
        Deadline = "deadline",
        PromotionNotFound = "promotion-not-found",
        PromotionUnusable = "promotion-unusable",
        Unauthorised = "unauthorised",
        /// The credentials could not be fetched; the service did not refuse them.
        CredentialsUnavailable = "credentials-unavailable",
        /// The fetch of credentials returned no token, or no headers that can be sent.
        CredentialsUnreadable = "credentials-unreadable",
        AccessDenied = "access-denied",
        /// A 403 that is not the service's own.
        Blocked = "blocked",
        /// 407: a proxy did not let the call through.
        ProxyAuthentication = "proxy-authentication",
        /// A page, or the 511 of a network that asks for a login, in place of an answer.
        NotTheService = "not-the-service",
        EndpointRefuses = "endpoint-refuses",
        RequestRefused = "request-refused",
        Redirected = "redirected",
        RetryAfterTooLong = "retry-after-too-long",
        Throttled = "throttled",
        TooManyAmbiguous = "too-many-ambiguous",
        TooManyFailures = "too-many-failures",
        ProtocolViolation = "protocol-violation",
        /// Only of a revocation, whose first issuance goes alone.
        FirstNotRevoked = "first-not-revoked",
        /// The journal could not be written; no batch may be sent without its intent.
        JournalFailed = "journal-failed",
        /// Only of a journal that is read and not resumed: its run never ended.
        Interrupted = "interrupted",
        InternalError = "internal-error",
    }
}

impl StopCode {
    /// One sentence with what to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Cancelled => {
                "The run was cancelled. Go on from its journal, or issue its unsent ids in a new \
                 run: never both, or they are issued twice."
            }
            Self::Deadline => {
                "The deadline passed. Go on from the journal, or issue the unsent ids in a new \
                 run: never both, or they are issued twice."
            }
            Self::PromotionNotFound => {
                "The service does not know this promotion; check promotionId and host."
            }
            Self::PromotionUnusable => {
                "The service refuses to issue this promotion; check its type, dates and state."
            }
            Self::Unauthorised => "The service refused the credentials; check auth.",
            Self::CredentialsUnavailable => {
                "The credentials could not be fetched; check the network and the token endpoint, \
                 or the function given as auth."
            }
            Self::CredentialsUnreadable => {
                "What came in place of credentials was not understood, or cannot be sent; check \
                 host, or the function given as auth, which may not return headers such as Host or \
                 Content-Length."
            }
            Self::AccessDenied => {
                "The credentials may not issue promotions; ask for write access to the customer \
                 group resource."
            }
            Self::Blocked => {
                "Something before the service refused the call; check firewalls and proxies on \
                 the way, and host."
            }
            Self::ProxyAuthentication => {
                "A proxy on the way asks for credentials of its own; set them where the proxy is \
                 set."
            }
            Self::NotTheService => {
                "A page came in place of the service's answer, as where a network asks for a \
                 login; check the network, proxies and host."
            }
            Self::EndpointRefuses => {
                "The address does not take this request; check host and basePath."
            }
            Self::RequestRefused => {
                "The service refuses the organisation or whom it is issued for; check orgId and \
                 attribution."
            }
            Self::Redirected => {
                "The service answered with a redirect, which is never followed; check host."
            }
            Self::RetryAfterTooLong => {
                "The service asked for a longer wait than is honoured; go on later."
            }
            Self::Throttled => "The service kept refusing the rate; set rate.perMinute and go on.",
            Self::TooManyAmbiguous => {
                "Too many answers in a row proved nothing; check the service before going on."
            }
            Self::TooManyFailures => {
                "Too many calls failed; check the service and the network before going on."
            }
            Self::ProtocolViolation => {
                "An answer spoke of customers or promotions that were not asked for; check what \
                 answers at this host."
            }
            Self::FirstNotRevoked => {
                "The first issuance was not taken back, so no other was tried; check whether its \
                 id is an earn id of this service."
            }
            Self::JournalFailed => {
                "The journal could not be written, so nothing more was sent; make room for it and \
                 resume it."
            }
            Self::Interrupted => {
                "The run was interrupted; resume its journal to issue the unsent ids."
            }
            Self::InternalError => "The client found a mistake of its own; please report it.",
        }
    }
}

/// The reason why a run ended early, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    pub code: StopCode,
    /// HTTP status of the answer that decided, if one came.
    pub status: Option<u16>,
    pub service_code: Option<i64>,
    /// The service's message, redacted; may be empty.
    pub said: Box<str>,
    pub request_id: Option<Box<str>>,
    /// The network's error that stopped the run, if one did. A journal does not hold it.
    pub cause: Option<FailureCause>,
}

impl Stopped {
    pub fn plain(code: StopCode) -> Self {
        Self {
            code,
            status: None,
            service_code: None,
            said: "".into(),
            request_id: None,
            cause: None,
        }
    }

    /// A stop that an answer decided, from the cause that it gives its ids.
    pub fn by(code: StopCode, cause: Cause) -> Self {
        Self {
            status: cause.status,
            service_code: cause.code,
            said: cause.message,
            request_id: cause.request_id,
            ..Self::plain(code)
        }
    }

    /// The cause of every id that the stop leaves unsent.
    pub fn cause(&self) -> Cause {
        Cause {
            reason: Reason::Unsent(Unsent::Stopped(self.code)),
            status: self.status,
            code: self.service_code,
            message: self.said.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

coded! {
    /// A fault on the way to the service.
    FailureKind {
        UnknownHost = "unknown-host",
        ConnectionRefused = "connection-refused",
        Unreachable = "host-unreachable",
        ConnectTimeout = "connect-timeout",
        Certificate = "certificate-refused",
        Tls = "tls-failed",
        Proxy = "proxy-refused",
        /// No connection, for any other reason.
        NotConnected = "not-connected",
        /// An open connection was lost.
        ConnectionLost = "connection-lost",
    }
}

impl FailureKind {
    /// One sentence with what to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::UnknownHost => "The host name was not found; check host and the network.",
            Self::ConnectionRefused => {
                "The host refused the connection; check the port and whether the service runs."
            }
            Self::Unreachable => "The host cannot be reached from here; check the network.",
            Self::ConnectTimeout => {
                "No connection came about in time; check host, the network and firewalls."
            }
            Self::Certificate => {
                "The certificate of the host was not accepted; check host, or make its issuer \
                 trusted."
            }
            Self::Tls => "No TLS connection came about; check host and port.",
            Self::Proxy => "The proxy refused the connection; check its address and credentials.",
            Self::NotConnected => "No connection came about; check host and the network.",
            Self::ConnectionLost => "The connection was lost; check the network.",
        }
    }
}

/// The fault that a transport's error names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureCause {
    pub kind: FailureKind,
    /// The runtime's code, such as `ENOTFOUND`; empty where it gave none that is known.
    pub code: &'static str,
}

impl FailureCause {
    /// The advice with the runtime's code: text of this crate alone, so it can hold no secret.
    pub fn text(&self) -> String {
        let advice = self.kind.advice();
        match self.code {
            "" => advice.into(),
            code => [advice.trim_end_matches('.'), " (", code, ")."].concat(),
        }
    }
}
