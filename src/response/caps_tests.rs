//! Tables: the bounds of an answer, and what is held while it arrives (faults.md 45-47).

use super::*;

const IDS: [i64; 2] = [7, 8];
const EXPECTED: Expected<'_> = Expected { ids: &IDS, promotion: "p", context: "c" };
const ENTRY: &str = r#""7":{"id":"67dd4237ef21a64211227e06","customerId":7,"promotionId":"p"}"#;

/// Feeds the pieces; returns how many were taken and the most bytes held.
fn feed(pieces: impl Iterator<Item = Vec<u8>>, caps: Caps) -> (Body, usize, usize) {
    let mut reader = Reader::new(IDS.len(), caps);
    let (mut asked, mut held) = (0, 0);
    for piece in pieces {
        asked += 1;
        let flow = reader.feed(&EXPECTED, &piece);
        held = held.max(reader.held.capacity());
        if flow == Flow::Enough {
            break;
        }
    }
    (reader.finish(&EXPECTED), asked, held)
}

fn read(body: &str, caps: Caps) -> Body {
    feed(std::iter::once(body.as_bytes().to_vec()), caps).0
}

fn broken(body: &str, caps: Caps) -> Option<Broken> {
    match read(body, caps) {
        Body::Answer(_) => None,
        Body::Broken(broken) => Some(broken),
    }
}

/// A long body: a beginning, many times the middle, an end; cut in pieces of 16 KiB.
fn long(start: &str, middle: &str, times: usize, end: &str) -> impl Iterator<Item = Vec<u8>> {
    let body = [start, &middle.repeat(times), end].concat().into_bytes();
    body.chunks(16 << 10).map(<[u8]>::to_vec).collect::<Vec<_>>().into_iter()
}

#[test]
fn the_default_caps_are_the_limits() {
    let caps = Caps::default();
    assert_eq!(
        (caps.bytes, caps.depth),
        (u64::from(limits::REPLY_BYTES_MAX), limits::REPLY_DEPTH_MAX)
    );
    assert_eq!(caps.keys_per_id, limits::REPLY_KEYS_PER_ID_MAX);
    assert_eq!(caps.value_bytes, limits::REPLY_VALUE_BYTES_MAX);
}

#[test]
fn bytes_are_capped_exactly() {
    let body = format!("{{\"data\":{{{ENTRY}}}}}");
    let length = u64::try_from(body.len()).unwrap();
    let caps = |bytes| Caps { bytes, ..Caps::default() };
    assert_eq!(broken(&body, caps(length)), None);
    assert_eq!(broken(&body, caps(length - 1)), Some(Broken::TooLarge));
    assert_eq!(broken(&format!("{body} "), caps(length)), Some(Broken::TooLarge));
    // A fault within the cap is the reason, not the cap.
    assert_eq!(broken(&format!("{body}x "), caps(length + 1)), Some(Broken::Trailing));
    assert_eq!(broken("", caps(0)), Some(Broken::Empty));
    assert_eq!(broken("{}", caps(0)), Some(Broken::TooLarge));
}

#[test]
fn what_is_wrong_before_the_cap_is_the_reason_in_any_pieces() {
    let body = format!("{{\"x\":\"{}\n{}", "a".repeat(300), "a".repeat(20));
    for over in 1..20 {
        let bytes = u64::try_from(body.len() - over).unwrap();
        let caps = Caps { bytes, ..Caps::default() };
        assert_eq!(broken(&body, caps), Some(Broken::NotJson));
        let single = body.bytes().map(|byte| vec![byte]);
        assert_eq!(feed(single, caps).0, Body::Broken(Broken::NotJson), "{over}");
    }
}

/// Entries that only differ in their ids, and in the length of one field.
fn regular(ids: &[i64], length: impl Fn(i64) -> usize) -> String {
    let entry = |id: &i64| {
        let fields = ENTRY.replace("\"7\"", &format!("\"{id}\"")).replace(":7", &format!(":{id}"));
        let x = "x".repeat(length(*id));
        fields.replace("\"promotionId", &format!("\"x\":\"{x}\",\"promotionId"))
    };
    let entries: Vec<String> = ids.iter().map(entry).collect();
    format!("{{\"data\":{{{}}}}}", entries.join(","))
}

#[test]
fn the_caps_hold_on_the_fast_path() {
    let ids: Vec<i64> = (1_000..1_400).collect();
    let expected = Expected { ids: &ids, ..EXPECTED };
    let read = |body: &str, caps| {
        let mut reader = Reader::new(ids.len(), caps);
        let _the_end_tells = reader.feed(&expected, body.as_bytes());
        reader.finish(&expected)
    };
    let small = Caps { value_bytes: 0, ..Caps::default() };
    let Body::Answer(answer) = read(&regular(&ids, |_| 800), small) else { panic!("an answer") };
    assert_eq!(answer.entries.states, [SlotState::Issued; 400]);
    let one_long = regular(&ids, |id| if id == 1_200 { 1_000 } else { 1 });
    assert_eq!(read(&one_long, small), Body::Broken(Broken::ValueTooLarge));
    assert!(matches!(read(&one_long, Caps::default()), Body::Answer(_)));
    let few = Caps { keys_per_id: 0, ..Caps::default() };
    assert_eq!(read(&regular(&ids, |_| 1), few), Body::Broken(Broken::TooManyKeys));
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let endless = std::iter::repeat(vec![b' '; 1 << 20]);
    let (body, asked, held) = feed(endless, Caps::default());
    assert_eq!((body, asked), (Body::Broken(Broken::TooLarge), 65));
    assert_eq!(held, 0, "white space is not held");
    let html = std::iter::repeat(b"<html>".to_vec());
    assert_eq!(feed(html, Caps::default()).1, 1);
}

#[test]
fn depth_is_capped_at_every_place() {
    let caps = |depth| Caps { depth, ..Caps::default() };
    for (depth, body) in [
        (1, "{}".to_owned()),
        (2, r#"{"data":{}}"#.to_owned()),
        (2, r#"{"errors":[]}"#.to_owned()),
        (2, r#"{"errors":[1]}"#.to_owned()),
        (2, r#"{"x":[]}"#.to_owned()),
        (3, format!("{{\"data\":{{{ENTRY}}}}}")),
        (3, r#"{"errors":[{}]}"#.to_owned()),
        (3, r#"{"response":{"status":{"code":1}}}"#.to_owned()),
        (3, r#"{"errorDetails":[[]]}"#.to_owned()),
        (4, r#"{"data":{"7":{"error":{"a":1}}}}"#.to_owned()),
        (4, r#"{"data":{"7":{"errors":[0]}}}"#.to_owned()),
        (4, r#"{"data":{"9":{"x":{}}}}"#.to_owned()),
        (5, r#"{"data":{"7":{"errors":[{}]}}}"#.to_owned()),
        (5, r#"{"data":{"7":{"x":[{}]}}}"#.to_owned()),
        (6, r#"{"x":[[[[[1]]]]]}"#.to_owned()),
    ] {
        assert_eq!(broken(&body, caps(depth)), None, "{body}");
        assert_eq!(broken(&body, caps(depth - 1)), Some(Broken::TooDeep), "{body}");
    }
    for start in
        ["{\"data\":", "{\"x\":", "{\"errors\":[", "{\"data\":{\"7\":{\"x\":", "{\"data\":{\"7\":"]
    {
        for open in ["[", "{\"a\":"] {
            let body = format!("{start}{}", open.repeat(100_000));
            assert_eq!(broken(&body, Caps::default()), Some(Broken::TooDeep), "{start}{open}");
        }
    }
    // The skipper has a bit for each level: a larger cap changes nothing.
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(64), "]".repeat(64));
    assert_eq!(broken(&deep, caps(1_000)), Some(Broken::TooDeep));
}

#[test]
fn a_million_keys_are_not_read_to_their_end() {
    let most = usize::try_from(limits::REPLY_KEYS_BASE).unwrap() + 4 * IDS.len();
    let keys = |count: usize| {
        let keys: Vec<String> = (100..100 + count).map(|key| format!("\"{key}\":{{}}")).collect();
        keys.join(",")
    };
    for (start, own, end) in [("{\"data\":{", 1, "}}"), ("{", 0, "}"), ("{\"x\":[{", 1, "}]}")] {
        let body = |count| format!("{start}{}{end}", keys(count));
        assert_eq!(broken(&body(most - own), Caps::default()), None);
        let more = body(most - own + 1);
        assert_eq!(broken(&more, Caps::default()), Some(Broken::TooManyKeys));
    }
    let million = long("{\"x\":{", "\"k\":null,", 1_000_000, "\"k\":1}}");
    let (body, asked, _) = feed(million, Caps::default());
    assert_eq!((body, asked), (Body::Broken(Broken::TooManyKeys), 1));
}

#[test]
fn one_value_is_capped_whatever_it_is() {
    let most = limits::REPLY_VALUE_BYTES_MAX;
    let cases: [(&str, &str, &str); 7] = [
        ("{\"x\":\"", "a", "\"}"),
        ("{\"x\":[1", "1", "]}"),
        ("{\"", "k", "\":1}"),
        ("{\"errors\":[{\"message\":\"", "a", "\"}]}"),
        ("{\"message\":\"", "a", "\"}"),
        ("{\"data\":{\"7\":{\"x\":\"", "a", "\"}}}"),
        ("{\"data\":{\"7\":{\"x\":[", "1,", "1]}}}"),
    ];
    for (start, middle, end) in cases {
        let (body, asked, held) = feed(long(start, middle, 10 * most, end), Caps::default());
        assert_eq!(body, Body::Broken(Broken::ValueTooLarge), "{start}");
        assert!(asked <= 9, "{start} needed {asked} pieces");
        assert!(held <= 4 * most, "{start} held {held}");
        let (body, ..) = feed(long(start, middle, most / 3, end), Caps::default());
        assert!(matches!(body, Body::Answer(_)), "{start}: {body:?}");
    }
}

#[test]
fn values_of_any_length_pass_through_without_being_held() {
    let cases: [(&str, &str, &str); 6] = [
        ("{\"x\":[", "{\"a\":[1,\"b\"],\"c\":null}, ", "0]}"),
        ("{\"data\":[", "\"a\",", "0]}"),
        ("{\"data\":{\"9\":[", "[[],{}],", "0]}}"),
        ("{\"errors\":[", "{\"code\":404,\"message\":\"m\"},", "0]}"),
        ("{\"errorDetails\":[", "\"d\",", "\"d\"]}"),
        ("{\"warnings\":[", "        ", "0]}"),
    ];
    let caps = Caps { keys_per_id: 1 << 20, ..Caps::default() };
    for (start, middle, end) in cases {
        let (body, _, held) = feed(long(start, middle, 200_000, end), caps);
        let Body::Answer(answer) = body else { panic!("{start}: {body:?}") };
        assert!(held <= 2 << 10, "{start} held {held}");
        assert!(answer.errors.len() <= limits::REPLY_ERRORS_KEPT);
        match start {
            "{\"errors\":[" => assert_eq!(answer.errors_total, 200_001),
            "{\"errorDetails\":[" => assert!(answer.errors[0].message.len() <= 512),
            _ => assert_eq!(answer.errors_total, 0),
        }
    }
}

#[test]
fn a_trickle_costs_a_few_times_its_length() {
    let body = format!("{{\"data\":{{\"7\":{{\"x\":\"{}\"}}}}}}", "a".repeat(60_000));
    let mut reader = Reader::new(IDS.len(), Caps::default());
    let mut looks = 0;
    for byte in body.as_bytes() {
        let before = reader.look_at;
        assert_eq!(reader.feed(&EXPECTED, &[*byte]), Flow::More);
        looks += usize::from(reader.look_at != before);
    }
    assert!(matches!(reader.finish(&EXPECTED), Body::Answer(_)));
    // A token half as long again as when it was last read.
    assert!((20..60).contains(&looks), "{looks} looks at what is held");
}
