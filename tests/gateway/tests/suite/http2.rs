//! HTTPS with HTTP/2, and the faults on it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use issue_bulk_gateway::Config;
use issue_bulk_gateway::world::PROMOTION;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{BASIC, Bench};

fn bench() -> Bench {
    Bench::with(Config { https_port: Some(0), ..Config::default() })
}

/// A TLS connection that trusts exactly the gateway's certificate.
async fn tls(bench: &Bench, protocol: &[u8]) -> TlsStream<TcpStream> {
    let pem = bench.gateway.certificate_pem().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(bench.gateway.https().unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

type Sender = SendRequest<Full<Bytes>>;

async fn connect(bench: &Bench) -> Sender {
    let stream = tls(bench, b"h2").await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(async move { connection.await.ok() });
    sender
}

/// Status and body, or the reset code of a stream (`None` for a lost connection).
async fn issue(
    sender: &mut Sender,
    ids: &str,
) -> Result<(StatusCode, Vec<u8>), Option<h2::Reason>> {
    let target =
        format!("https://localhost/api_gateway/v1/promotions/{PROMOTION}/issueBulk?contextId=1");
    let request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .header("authorization", BASIC)
        .header("content-type", "application/json")
        .body(Full::from(ids.to_string()))
        .unwrap();
    let response = sender.send_request(request).await.map_err(|error| reason(&error))?;
    let status = response.status();
    let body = response.into_body().collect().await.map_err(|error| reason(&error))?;
    Ok((status, body.to_bytes().to_vec()))
}

fn reason(error: &hyper::Error) -> Option<h2::Reason> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<h2::Error>()?.reason()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_streams_share_a_connection() {
    let bench = bench();
    let sender = connect(&bench).await;
    let calls = (0..50).map(|number| {
        let mut sender = sender.clone();
        tokio::spawn(async move { issue(&mut sender, &format!("[{}]", number + 1)).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap().0, StatusCode::OK);
    }
    let summary = bench.summary();
    assert_eq!((&summary["calls"], &summary["distinctIssued"]), (&json!(50), &json!(50)));
    assert_eq!(bench.lines("/account/calls")[0]["http"], "2");
    assert_eq!(bench.control("GET", "/health", "").json()["openConnections"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_can_be_reset_with_every_reason() {
    let bench = bench();
    let mut sender = connect(&bench).await;
    for (name, expected) in [
        ("refusedStream", h2::Reason::REFUSED_STREAM),
        ("cancel", h2::Reason::CANCEL),
        ("internalError", h2::Reason::INTERNAL_ERROR),
        ("enhanceYourCalm", h2::Reason::ENHANCE_YOUR_CALM),
        ("protocolError", h2::Reason::PROTOCOL_ERROR),
    ] {
        bench.fault(json!({"kind": "streamReset", "reason": name}));
        assert_eq!(issue(&mut sender, "[5]").await.unwrap_err(), Some(expected), "{name}");
    }
    bench.control("DELETE", "/faults", "");
    assert_eq!(issue(&mut sender, "[5]").await.unwrap().0, StatusCode::OK);
    assert_eq!(bench.summary()["issued"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_can_be_cut_in_the_middle() {
    let bench = bench();
    for fault in [
        json!({"kind": "truncate", "at": {"byte": 30}}),
        json!({"kind": "truncate", "at": {"byte": 30}, "framing": "chunked"}),
        json!({"kind": "resetInBody", "at": {"byte": 30}}),
    ] {
        bench.fault(fault);
        let mut sender = connect(&bench).await;
        let failed = issue(&mut sender, "[5]").await.unwrap_err();
        assert_eq!(failed, Some(h2::Reason::INTERNAL_ERROR));
    }
    assert_eq!(bench.summary_when("aborted=3")["issued"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_can_go_away_or_be_reset_under_its_streams() {
    let bench = bench();
    for fault in ["goAway", "resetAfterRead", "resetBeforeRead", "closeBeforeAnswer"] {
        bench.fault(json!({"kind": fault}));
        let mut sender = connect(&bench).await;
        assert!(issue(&mut sender, "[5]").await.is_err(), "{fault}");
    }
    bench.fault(json!({"kind": "actThenDrop", "end": "reset"}));
    assert!(issue(&mut connect(&bench).await, "[5]").await.is_err());
    assert_eq!(bench.summary()["issued"], 1);
    bench.summary_when("openCalls=0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_stream_ends_with_its_client_and_spares_the_others() {
    let bench = bench();
    let rule = json!([{"when": {"calls": [1]}, "fault": {"kind": "stallInBody"}}]);
    bench.faults(rule);
    let sender = connect(&bench).await;
    let mut stalled = sender.clone();
    let call = tokio::spawn(async move { issue(&mut stalled, "[5]").await });
    tokio::task::block_in_place(|| bench.summary_when("arrivals=1"));
    assert_eq!(issue(&mut sender.clone(), "[6]").await.unwrap().0, StatusCode::OK);
    call.abort();
    tokio::task::block_in_place(|| bench.summary_when("aborted=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_speaks_http_1_as_well_with_its_faults() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let bench = bench();
    bench.fault(json!({"kind": "truncate", "at": {"byte": 8}}));
    let mut stream = tls(&bench, b"http/1.1").await;
    stream.write_all(&bench.issue_bytes("[5]")).await.unwrap();
    let mut bytes = Vec::new();
    // The end without close_notify is the point: it is how a cut connection looks.
    assert!(stream.read_to_end(&mut bytes).await.is_err());
    let text = String::from_utf8(bytes).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n{\"data\":"),
        "{text}"
    );
    let calls: Vec<Value> = bench.lines("/account/calls");
    assert_eq!((&calls[0]["http"], &calls[0]["aborted"]), (&json!("1.1"), &json!(true)));
}
