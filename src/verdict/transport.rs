//! The verdict on a transport's error: whether a byte of the request may have been sent.
//!
//! Sources: reliability.md (d) for the rule; Node, undici, Bun and Deno for the codes. An error
//! that proves nothing is ambiguous. Messages are not read, because runtimes change them, except
//! for two of Node and undici that have no code of their own.

use super::Failure;
use crate::outcome::{FailureCause, FailureKind};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// An error as JavaScript gives it, without its types. A property that is absent is empty.
#[derive(Clone, Debug, Default)]
pub struct TransportError {
    pub code: Box<str>,
    /// The system call that failed, as Node names it.
    pub syscall: Box<str>,
    pub message: Box<str>,
    pub cause: Option<Box<TransportError>>,
    /// The errors of an `AggregateError`: one for each address that was tried.
    pub errors: Vec<TransportError>,
}

/// Depth of causes that are read: a foreign error may be endless.
const DEPTH_MAX: u32 = 5;

/// Code of a transport that can itself prove that nothing was sent, as the package's own can.
const NOT_SENT: &str = "NOT_SENT";

/// Code of a transport that knows that the request was sent, whatever the cause looks like: who
/// sends again by itself may fail to connect the second time.
const SENT: &str = "SENT";

/// With `headers_not_sent` the runtime itself shows that it wrote no header of the request, as
/// undici does on its diagnostics channel.
pub fn judge_transport_error(error: &TransportError, headers_not_sent: bool) -> Failure {
    let cause = cause_of(error, DEPTH_MAX);
    if &*error.code == SENT {
        return Failure::Network(cause);
    }
    if headers_not_sent || is_proof(error, DEPTH_MAX) {
        // The connection was lost before the headers were sent.
        let not_connected = FailureCause { kind: FailureKind::NotConnected, code: "" };
        return Failure::NotSent(Some(match cause {
            Some(FailureCause { kind: FailureKind::ConnectionLost, code }) => {
                FailureCause { code, ..not_connected }
            }
            Some(cause) => cause,
            None => not_connected,
        }));
    }
    Failure::Network(cause)
}

fn is_proof(error: &TransportError, depth_left: u32) -> bool {
    let Some(depth_left) = depth_left.checked_sub(1) else { return false };
    let known = KNOWN.iter().find(|known| *known.code == *error.code);
    let by_code = known.is_some_and(|known| known.proves == Proves::Always);
    let by_itself = &*error.code == NOT_SENT;
    let by_syscall = matches!(&*error.syscall, "connect" | "getaddrinfo");
    // Proven only if every address that was tried failed to connect.
    let by_all = !error.errors.is_empty() && error.errors.iter().all(|e| is_proof(e, depth_left));
    let by_cause = error.cause.as_ref().is_some_and(|cause| is_proof(cause, depth_left));
    by_itself
        || by_code
        || by_syscall
        || is_before_tls(error)
        || is_refused_connect(error)
        || by_all
        || by_cause
}

/// Kind and code of the first known error, from the outermost inward.
fn cause_of(error: &TransportError, depth_left: u32) -> Option<FailureCause> {
    let depth_left = depth_left.checked_sub(1)?;
    if is_refused_connect(error) {
        return Some(FailureCause { kind: FailureKind::Proxy, code: "" });
    }
    if is_before_tls(error) {
        return Some(FailureCause { kind: FailureKind::Tls, code: "ECONNRESET" });
    }
    let known = KNOWN.iter().find(|known| *known.code == *error.code);
    let own = known.map(|known| FailureCause { kind: known.kind, code: known.code });
    let within = || error.cause.iter().map(|cause| &**cause).chain(&error.errors);
    own.or_else(|| within().find_map(|inner| cause_of(inner, depth_left))).map(|cause| {
        // A timeout of `connect`, and not of an open connection.
        let is_connect = &*error.syscall == "connect" && cause.kind == FailureKind::ConnectionLost;
        let kind = match cause.code {
            "ETIMEDOUT" if is_connect => FailureKind::ConnectTimeout,
            _ if is_connect => FailureKind::NotConnected,
            _ => cause.kind,
        };
        FailureCause { kind, ..cause }
    })
}

/// Node reports a closed handshake by this message, with the code of any reset.
fn is_before_tls(error: &TransportError) -> bool {
    let words = "Client network socket disconnected before secure TLS connection was established";
    &*error.code == "ECONNRESET" && &*error.message == words
}

/// undici reports a CONNECT that a proxy refused by this message, with the code of any abort.
fn is_refused_connect(error: &TransportError) -> bool {
    error.message.starts_with("Proxy response (") && error.message.ends_with("HTTP Tunneling")
}

/// The meaning of a code without a system call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proves {
    /// It occurs only before a request can be written.
    Always,
    /// An open connection can fail with it, too.
    Nothing,
}

struct Known {
    code: &'static str,
    kind: FailureKind,
    proves: Proves,
}

const fn before(code: &'static str, kind: FailureKind) -> Known {
    Known { code, kind, proves: Proves::Always }
}

const fn any_time(code: &'static str, kind: FailureKind) -> Known {
    Known { code, kind, proves: Proves::Nothing }
}

const fn certificate(code: &'static str) -> Known {
    before(code, FailureKind::Certificate)
}

/// The known codes. TLS errors that an open connection can have, such as a record that cannot be
/// decrypted, are absent.
const KNOWN: &[Known] = &[
    before("ENOTFOUND", FailureKind::UnknownHost),
    before("EAI_AGAIN", FailureKind::UnknownHost),
    before("ECONNREFUSED", FailureKind::ConnectionRefused),
    before("ConnectionRefused", FailureKind::ConnectionRefused),
    before("FailedToOpenSocket", FailureKind::NotConnected),
    before("UND_ERR_CONNECT_TIMEOUT", FailureKind::ConnectTimeout),
    before("UND_ERR_PRX_TLS", FailureKind::Proxy),
    before("ERR_PROXY_TUNNEL", FailureKind::Proxy),
    any_time("EHOSTUNREACH", FailureKind::Unreachable),
    any_time("ENETUNREACH", FailureKind::Unreachable),
    any_time("ETIMEDOUT", FailureKind::ConnectionLost),
    any_time("ECONNRESET", FailureKind::ConnectionLost),
    any_time("ECONNABORTED", FailureKind::ConnectionLost),
    any_time("EPIPE", FailureKind::ConnectionLost),
    any_time("UND_ERR_SOCKET", FailureKind::ConnectionLost),
    any_time("ConnectionClosed", FailureKind::ConnectionLost),
    any_time("EPROTO", FailureKind::Tls),
    any_time("ERR_SSL_WRONG_VERSION_NUMBER", FailureKind::Tls),
    // Node's own checks of a handshake.
    certificate("ERR_TLS_CERT_ALTNAME_INVALID"),
    certificate("ERR_TLS_CERT_ALTNAME_FORMAT"),
    certificate("ERR_TLS_CERT_SIGNATURE_ALGORITHM_UNSUPPORTED"),
    before("ERR_TLS_DH_PARAM_SIZE", FailureKind::Tls),
    before("ERR_TLS_HANDSHAKE_TIMEOUT", FailureKind::Tls),
    before("ERR_TLS_INVALID_PROTOCOL_VERSION", FailureKind::Tls),
    before("ERR_TLS_PROTOCOL_VERSION_CONFLICT", FailureKind::Tls),
    // OpenSSL's negotiation of a version.
    before("ERR_SSL_NO_PROTOCOLS_AVAILABLE", FailureKind::Tls),
    before("ERR_SSL_UNSUPPORTED_PROTOCOL", FailureKind::Tls),
    before("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", FailureKind::Tls),
    before("ERR_SSL_TLSV1_UNRECOGNIZED_NAME", FailureKind::Tls),
    // OpenSSL's verification of a certificate, as Node and Bun name it (X509_V_ERR_...).
    certificate("DEPTH_ZERO_SELF_SIGNED_CERT"),
    certificate("SELF_SIGNED_CERT_IN_CHAIN"),
    certificate("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
    certificate("UNABLE_TO_GET_ISSUER_CERT"),
    certificate("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
    certificate("UNABLE_TO_GET_CRL"),
    certificate("UNABLE_TO_DECRYPT_CERT_SIGNATURE"),
    certificate("UNABLE_TO_DECRYPT_CRL_SIGNATURE"),
    certificate("UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY"),
    certificate("CERT_SIGNATURE_FAILURE"),
    certificate("CRL_SIGNATURE_FAILURE"),
    certificate("CERT_NOT_YET_VALID"),
    certificate("CERT_HAS_EXPIRED"),
    certificate("CRL_NOT_YET_VALID"),
    certificate("CRL_HAS_EXPIRED"),
    certificate("ERROR_IN_CERT_NOT_BEFORE_FIELD"),
    certificate("ERROR_IN_CERT_NOT_AFTER_FIELD"),
    certificate("ERROR_IN_CRL_LAST_UPDATE_FIELD"),
    certificate("ERROR_IN_CRL_NEXT_UPDATE_FIELD"),
    certificate("CERT_CHAIN_TOO_LONG"),
    certificate("CERT_REVOKED"),
    certificate("INVALID_CA"),
    certificate("PATH_LENGTH_EXCEEDED"),
    certificate("INVALID_PURPOSE"),
    certificate("CERT_UNTRUSTED"),
    certificate("CERT_REJECTED"),
    certificate("HOSTNAME_MISMATCH"),
    certificate("UNKNOWN_CERTIFICATE_VERIFICATION_ERROR"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: &str, syscall: &str) -> TransportError {
        TransportError { code: code.into(), syscall: syscall.into(), ..TransportError::default() }
    }

    fn within(cause: TransportError) -> TransportError {
        TransportError { cause: Some(Box::new(cause)), ..TransportError::default() }
    }

    fn saying(code: &str, message: &str) -> TransportError {
        TransportError { message: message.into(), ..error(code, "") }
    }

    fn all_of(errors: Vec<TransportError>) -> TransportError {
        let code = errors[0].code.clone();
        within(TransportError { code, errors, ..TransportError::default() })
    }

    fn told(error: &TransportError, headers_not_sent: bool) -> (bool, &'static str, &'static str) {
        match judge_transport_error(error, headers_not_sent) {
            Failure::NotSent(cause) => {
                let cause = cause.unwrap();
                (true, cause.kind.code(), cause.code)
            }
            Failure::Network(Some(cause)) => (false, cause.kind.code(), cause.code),
            Failure::Network(None) => (false, "-", ""),
            Failure::Timeout => panic!("no error is a timeout"),
        }
    }

    #[test]
    fn what_fails_before_the_first_byte_was_not_sent() {
        let tls = "Client network socket disconnected before secure TLS connection was established";
        let proxy = "Proxy response (407) !== 200 when HTTP Tunneling";
        let cases = [
            (within(error("ECONNREFUSED", "connect")), "connection-refused", "ECONNREFUSED"),
            (within(error("ECONNREFUSED", "")), "connection-refused", "ECONNREFUSED"),
            (within(error("ENOTFOUND", "getaddrinfo")), "unknown-host", "ENOTFOUND"),
            (within(error("EAI_AGAIN", "")), "unknown-host", "EAI_AGAIN"),
            (within(error("EAI_NODATA", "getaddrinfo")), "not-connected", ""),
            (error("UND_ERR_CONNECT_TIMEOUT", ""), "connect-timeout", "UND_ERR_CONNECT_TIMEOUT"),
            (error("ConnectionRefused", ""), "connection-refused", "ConnectionRefused"),
            (error("FailedToOpenSocket", ""), "not-connected", "FailedToOpenSocket"),
            (within(error("EHOSTUNREACH", "connect")), "host-unreachable", "EHOSTUNREACH"),
            (within(error("ENETUNREACH", "connect")), "host-unreachable", "ENETUNREACH"),
            (within(error("ETIMEDOUT", "connect")), "connect-timeout", "ETIMEDOUT"),
            (within(error("ECONNRESET", "connect")), "not-connected", "ECONNRESET"),
            (within(error("EADDRNOTAVAIL", "connect")), "not-connected", ""),
            (within(error("CERT_HAS_EXPIRED", "")), "certificate-refused", "CERT_HAS_EXPIRED"),
            (
                within(error("DEPTH_ZERO_SELF_SIGNED_CERT", "")),
                "certificate-refused",
                "DEPTH_ZERO_SELF_SIGNED_CERT",
            ),
            (
                error("ERR_TLS_CERT_ALTNAME_INVALID", ""),
                "certificate-refused",
                "ERR_TLS_CERT_ALTNAME_INVALID",
            ),
            (
                within(error("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "")),
                "tls-failed",
                "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
            ),
            (within(saying("ECONNRESET", tls)), "tls-failed", "ECONNRESET"),
            (within(saying("UND_ERR_ABORTED", proxy)), "proxy-refused", ""),
            (
                all_of(vec![error("ECONNREFUSED", "connect"), error("ETIMEDOUT", "connect")]),
                "connection-refused",
                "ECONNREFUSED",
            ),
            (
                all_of(vec![error("ETIMEDOUT", "connect"), error("ENETUNREACH", "connect")]),
                "connection-lost",
                "ETIMEDOUT",
            ),
        ];
        for (error, kind, code) in cases {
            // An aggregate may have only its first error's code; its `errors` prove the rest.
            let kind = if kind == "connection-lost" { "not-connected" } else { kind };
            assert_eq!(told(&error, false), (true, kind, code), "{error:?}");
        }
    }

    #[test]
    fn what_a_connection_that_stands_can_have_proves_nothing() {
        let cases = [
            (within(error("ECONNRESET", "read")), "connection-lost"),
            (within(error("EPIPE", "write")), "connection-lost"),
            (within(error("ETIMEDOUT", "read")), "connection-lost"),
            (within(error("EHOSTUNREACH", "write")), "host-unreachable"),
            (within(error("UND_ERR_SOCKET", "")), "connection-lost"),
            (error("ERR_TLS_RENEGOTIATION_DISABLED", ""), "-"),
            (error("EPROTO", "write"), "tls-failed"),
            (saying("UND_ERR_ABORTED", "aborted"), "-"),
            (saying("ECONNRESET", "read ECONNRESET"), "connection-lost"),
            (
                all_of(vec![error("ETIMEDOUT", "connect"), error("ECONNRESET", "read")]),
                "connection-lost",
            ),
            (error("hunter2", "hunter2"), "-"),
            (TransportError::default(), "-"),
        ];
        for (error, kind) in cases {
            let (is_not_sent, told_kind, code) = told(&error, false);
            assert_eq!((is_not_sent, told_kind), (false, kind), "{error:?}");
            assert_ne!(code, "hunter2", "a text that is not known is not told");
        }
    }

    #[test]
    fn a_runtime_that_wrote_no_headers_proves_it_whatever_the_error_is() {
        for (error, kind) in [
            (within(error("EPROTO", "write")), "tls-failed"),
            (within(error("ECONNRESET", "read")), "not-connected"),
            (TransportError::default(), "not-connected"),
        ] {
            let (is_not_sent, told_kind, _) = told(&error, true);
            assert_eq!((is_not_sent, told_kind), (true, kind), "{error:?}");
        }
    }

    #[test]
    fn a_transport_that_says_itself_that_nothing_left_is_believed() {
        for (cause, kind) in [
            (within(error("ECONNRESET", "read")), "not-connected"),
            (within(error("DEPTH_ZERO_SELF_SIGNED_CERT", "")), "certificate-refused"),
            (error("", ""), "not-connected"),
        ] {
            let error = TransportError { code: NOT_SENT.into(), ..within(cause) };
            let (is_not_sent, told_kind, _) = told(&error, false);
            assert_eq!((is_not_sent, told_kind), (true, kind), "{error:?}");
        }
    }

    #[test]
    fn a_request_that_was_sent_is_never_proven_unsent() {
        for (cause, kind) in [
            (error("ECONNREFUSED", "connect"), "connection-refused"),
            (within(error("ENOTFOUND", "getaddrinfo")), "unknown-host"),
            (error("UND_ERR_CONNECT_TIMEOUT", ""), "connect-timeout"),
            (within(TransportError { code: NOT_SENT.into(), ..within(error("", "")) }), "-"),
        ] {
            let error = TransportError { code: SENT.into(), ..within(cause) };
            let (is_not_sent, told_kind, _) = told(&error, false);
            assert_eq!((is_not_sent, told_kind), (false, kind), "{error:?}");
        }
    }

    #[test]
    fn an_error_without_end_is_looked_at_for_a_while() {
        let mut error = error("ECONNREFUSED", "connect");
        for _ in 0..100 {
            error = within(error);
        }
        assert_eq!(told(&error, false), (false, "-", ""));
    }

    #[test]
    fn no_code_is_listed_twice() {
        for (place, known) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..place].iter().all(|other| other.code != known.code), "{}", known.code);
        }
    }
}
