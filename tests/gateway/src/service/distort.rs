//! Faults in the body as a whole: another answer in its place, or the right one made unreadable.

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::GzEncoder;
use flate2::{Compress, Compression, Crc, FlushCompress};

use super::codes;
use super::envelope::{Problem, html};
use super::reply::Reply;
use crate::clock::{SECOND_MS, now_ms};
use crate::fault::{DateFormat, Fault, Kind, Padding, http_date};
use crate::switches::Switches;
use crate::wire::Content;

/// Plain bytes of one repeated segment of a gzip bomb.
const BOMB_SEGMENT_BYTES: usize = 1 << 20;

/// The answer that takes the place of the right one, for a fault that replaces it.
pub(super) fn replacement(fault: &Fault, switches: &Switches) -> Option<Reply> {
    match &fault.kind {
        Kind::Status { status, code, message, envelope, body, headers } => {
            let mut reply = match body {
                Some(text) => Reply::json(*status, text.clone().into_bytes()),
                None => {
                    let code = code.unwrap_or_else(|| u32::from(*status));
                    let known = codes::message(code).to_string();
                    let text = message.clone().unwrap_or(known);
                    let problem = Problem::saying(code, text);
                    match envelope {
                        Some(envelope) => problem.reply_as(switches, *envelope),
                        None => problem.reply(switches),
                    }
                }
            };
            reply.status = *status;
            headers.iter().for_each(|(name, value)| reply.set(name, value));
            Some(reply)
        }
        Kind::RateLimited { retry_after, status, envelope, date_skew_seconds } => {
            let envelope = envelope.unwrap_or(switches.rate.envelope);
            let mut reply = Problem::new(429).reply_as(switches, envelope);
            reply.status = *status;
            let skew = date_skew_seconds.unwrap_or(0).saturating_mul(SECOND_MS);
            let now = now_ms().saturating_add(skew);
            if date_skew_seconds.is_some() {
                reply.set("date", &http_date(now, DateFormat::Imf));
            }
            // A skewed service counts its dates by its own clock.
            let value = retry_after.value(now);
            value.into_iter().for_each(|value| reply.set("retry-after", &value));
            Some(reply)
        }
        Kind::Html { status } => Some(html(*status)),
        Kind::Redirect { status, location } => {
            let mut reply = Reply::empty(*status);
            reply.set("location", location);
            Some(reply)
        }
        Kind::Body { status, text, content_type } => {
            Some(Reply::typed(*status, content_type, text.clone().into_bytes()))
        }
        Kind::LateApply { status, .. } => Some(Problem::new(u32::from(*status)).reply(switches))
            .map(|reply| Reply { status: *status, ..reply }),
        _ => None,
    }
}

/// Applies a fault that keeps the right answer's data but not its form.
pub(super) fn distort(fault: &Fault, mut reply: Reply) -> Reply {
    match &fault.kind {
        Kind::UnknownStatus { status } => reply.status = *status,
        Kind::Oversized { bytes, padding } => {
            let missing = bytes.saturating_sub(reply.content.len());
            reply.content = match padding {
                Padding::Blanks => {
                    with_member(&reply.content, |content| content.fill(b' ', missing))
                }
                Padding::Text => with_member(&reply.content, |content| {
                    content.push(&b",\"padding\":\""[..]);
                    content.fill(b'x', missing);
                    content.push(&b"\""[..]);
                }),
            };
        }
        Kind::Deep { depth } => {
            reply.content = with_member(&reply.content, |content| {
                content.push(&b",\"deep\":"[..]);
                content.fill(b'[', *depth as u64);
                content.fill(b']', *depth as u64);
            });
        }
        Kind::ManyKeys { keys } => {
            let text: String = (0..*keys).map(|number| format!(",\"k{number}\":0")).collect();
            reply.content = with_member(&reply.content, |content| content.push(text));
        }
        Kind::TwoDocuments => {
            let whole = reply.content.joined();
            reply.content.push(whole);
        }
        Kind::TrailingBytes { text } => reply.content.push(text.clone()),
        Kind::GzipBomb { bytes } => {
            reply.content = gzip_bomb(&reply.content.joined(), *bytes);
            reply.set("content-encoding", "gzip");
        }
        _ => {}
    }
    reply
}

/// The body with something before its last brace; behind it when it is no object.
fn with_member(content: &Content, insert: impl FnOnce(&mut Content)) -> Content {
    let whole = content.joined();
    let body = whole.trim_ascii_end();
    let end = if body.ends_with(b"}") { body.len().saturating_sub(1) } else { whole.len() };
    let mut out = Content::default();
    out.push(whole.slice(..end));
    insert(&mut out);
    out.push(whole.slice(end..));
    out
}

/// Gzips a reply as an ordinary server would.
pub(super) fn gzip(mut reply: Reply) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&reply.content.joined()).and_then(|()| encoder.finish());
    // Writing to a Vec cannot fail; were it to, the plain body is as right.
    if let Ok(packed) = packed {
        reply.content = packed.into();
        reply.set("content-encoding", "gzip");
        reply.set("vary", "Accept-Encoding");
    }
    reply
}

/// A valid gzip stream of the body and then blanks. The blanks are one compressed segment sent
/// again and again, so that neither memory nor time grows with what it unpacks to.
fn gzip_bomb(body: &[u8], bytes: u64) -> Content {
    let blanks = vec![b' '; BOMB_SEGMENT_BYTES];
    let times = bytes.div_ceil(BOMB_SEGMENT_BYTES as u64);
    let mut crc = Crc::new();
    crc.update(body);
    let mut segment_crc = Crc::new();
    segment_crc.update(&blanks);
    (0..times).for_each(|_| crc.combine(&segment_crc));
    let mut content = Content::default();
    content.push(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..]);
    content.push(segment(body));
    content.repeat(segment(&blanks), times);
    // An empty final block with fixed codes ends the deflate stream (RFC 1951, 3.2.6).
    content.push(&[0x03, 0x00][..]);
    content.push(Bytes::copy_from_slice(&crc.sum().to_le_bytes()));
    content.push(Bytes::copy_from_slice(&crc.amount().to_le_bytes()));
    content
}

/// A deflate segment that ends on a byte and refers to nothing before it, so it can be repeated.
fn segment(plain: &[u8]) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::best(), false);
    let mut packed = Vec::with_capacity(plain.len().saturating_add(1_024));
    // The buffer holds even what cannot be compressed, so one call takes everything.
    drop(deflate.compress_vec(plain, &mut packed, FlushCompress::Full));
    packed
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    fn distorted(kind: Kind, body: &str) -> String {
        let fault = Fault { name: String::new(), kind, apply: true, draw: 0 };
        let reply = distort(&fault, Reply::json(200, body.as_bytes().to_vec()));
        String::from_utf8(reply.content.joined().to_vec()).unwrap()
    }

    #[test]
    fn padding_reaches_the_size_and_stays_json() {
        for padding in [Padding::Blanks, Padding::Text] {
            let body = distorted(Kind::Oversized { bytes: 200_000, padding }, r#"{"data":{}}"#);
            assert!(body.len() >= 200_000);
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert!(value["data"].is_object());
        }
    }

    #[test]
    fn members_are_added_inside_and_documents_behind() {
        assert_eq!(distorted(Kind::Deep { depth: 2 }, "{\"a\":1}"), "{\"a\":1,\"deep\":[[]]}");
        assert_eq!(
            distorted(Kind::ManyKeys { keys: 2 }, "{\"a\":1}"),
            "{\"a\":1,\"k0\":0,\"k1\":0}"
        );
        assert_eq!(distorted(Kind::TwoDocuments, "{}"), "{}{}");
        assert_eq!(distorted(Kind::TrailingBytes { text: "x".into() }, "{}"), "{}x");
    }

    #[test]
    fn the_bomb_is_small_and_valid_gzip() {
        let bomb = gzip_bomb(br#"{"data":{}}"#, 8 << 20);
        assert!(bomb.len() < 64 * 1024, "{}", bomb.len());
        let mut plain = Vec::new();
        GzDecoder::new(&bomb.joined()[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain.len(), 11 + (8 << 20));
        assert!(plain.starts_with(br#"{"data":{}}"#));
    }
}
