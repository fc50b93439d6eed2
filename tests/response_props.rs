//! The reader of answers against a reference on serde_json, and against itself in other pieces.
//!
//! `ISSUE_BULK_MUTATIONS` sets the number of mutated answers (100,000 if absent), and
//! `ISSUE_BULK_SEED` where their random numbers start.

#![cfg(not(target_arch = "wasm32"))]

#[path = "response_props/reference.rs"]
mod reference;

use issue_bulk::id::unpack_issuance_id;
use issue_bulk::response::{
    Answer, Body, Caps, Contradiction, DataForm, Expected, NO_TIME, Reader, ServiceError, SlotState,
};
use issue_bulk::rng::Rng;
use proptest::prelude::*;
use reference::{Fault, Reading, Request, Slot};

const PROMOTION: &str = "67dd4210ef21a64211227e04";
const CONTEXT: &str = "2 items \"in\" cart é";
const IDS: [i64; 8] = [
    555_567_088,
    7,
    9_007_199_254_740_993,
    i64::MAX,
    12_345_678,
    1_234_567_890_123_456,
    12_345_678_901_234_567,
    99_999_999,
];
const EXPECTED: Expected<'_> = Expected { ids: &IDS, promotion: PROMOTION, context: CONTEXT };
const REQUEST: Request<'_> = Request { ids: &IDS, promotion: PROMOTION, context: CONTEXT };

fn read(body: &[u8], pieces: impl IntoIterator<Item = usize>, caps: Caps) -> Body {
    let mut reader = Reader::new(IDS.len(), caps);
    let mut rest = body;
    for size in pieces {
        let (piece, later) = rest.split_at(size.min(rest.len()));
        let _the_end_tells = reader.feed(&EXPECTED, piece);
        rest = later;
    }
    let _the_end_tells = reader.feed(&EXPECTED, rest);
    reader.finish(&EXPECTED)
}

/// The answer in the form of the reference.
fn reading(answer: &Answer) -> Reading {
    let fault = |error: &ServiceError| Fault {
        code: error.code,
        message: error.message.to_string(),
        customer: error.customer,
    };
    let entries = &answer.entries;
    let slot = |slot: u32, state: &SlotState| {
        let at = slot as usize;
        let time = |time: i64| (time != NO_TIME).then_some(time);
        match state {
            SlotState::Absent => Slot::Absent,
            SlotState::Issued => Slot::Issued {
                id: entries
                    .other_ids
                    .get(slot)
                    .map_or_else(|| unpack_issuance_id(&entries.issuance[at]), str::to_owned),
                context: entries.other_contexts.get(slot).map(str::to_owned),
                times: [time(entries.event_time[at]), time(entries.valid_till[at])],
            },
            SlotState::Refused => {
                Slot::Refused(entries.refused.get(slot).iter().map(fault).collect())
            }
            SlotState::Unreadable => Slot::Unreadable,
            SlotState::Mismatched => {
                match answer.mismatched.iter().find(|found| found.slot == slot).unwrap().what {
                    Contradiction::Customer(other) => Slot::OtherCustomer(other),
                    Contradiction::Promotion => Slot::OtherPromotion,
                }
            }
        }
    };
    assert_eq!(answer.errors_total, answer.errors.len() as u64);
    Reading {
        data: match answer.data {
            DataForm::Absent => "absent",
            DataForm::Null => "null",
            DataForm::Object => "object",
            DataForm::Other => "other",
        },
        slots: (0..).zip(&entries.states).map(|(at, state)| slot(at, state)).collect(),
        errors: answer.errors.iter().map(fault).collect(),
        is_failed: answer.is_failed,
        extra_ids: answer.extra.ids_total,
        other_keys: answer.extra.other_keys,
    }
}

/// Compares one body, read whole and in pieces, with the reference; tells whether it was whole.
fn compare(body: &[u8], sizes: &[usize], seed: u64) -> bool {
    let found = read(body, [], Caps::default());
    let expected = reference::read(body, &REQUEST);
    let text = body.escape_ascii();
    let reading = match &found {
        Body::Answer(answer) => Some(reading(answer)),
        Body::Broken(_) => None,
    };
    assert_eq!(reading, expected, "seed {seed}: {found:?}\n{text}");
    let pieces = read(body, sizes.iter().copied(), Caps::default());
    assert_eq!(pieces, found, "seed {seed}, pieces of {sizes:?}\n{text}");
    expected.is_some()
}

/// How all entries of one answer are written.
struct Shape {
    order: Vec<usize>,
    comma: &'static str,
    colon: &'static str,
    open: &'static str,
    close: &'static str,
}

fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    choices[below(rng, choices.len())]
}

fn below(rng: &mut Rng, bound: usize) -> usize {
    rng.up_to(bound as u64 - 1) as usize
}

fn shape(rng: &mut Rng) -> Shape {
    let mut order: Vec<usize> = (0..6 + below(rng, 6)).collect();
    if rng.up_to(2) != 0 {
        for last in (1..order.len()).rev() {
            order.swap(last, below(rng, last + 1));
        }
    }
    Shape {
        order,
        comma: pick(rng, &[",", ",", ", ", ",\n    ", "\t,\r\n"]),
        colon: pick(rng, &[":", ":", ": ", " : "]),
        open: pick(rng, &["{", "{", "{\n      ", "{ "]),
        close: pick(rng, &["}", "}", "\n    }", " }"]),
    }
}

fn entry(rng: &mut Rng, shape: &Shape, id: i64) -> String {
    let context = CONTEXT.replace('"', "\\\"");
    let number = rng.next_u64() >> (rng.up_to(40) + 1);
    let field = |rng: &mut Rng, field: usize| match field {
        0 => ("id", format!("\"{:024x}\"", u128::from(rng.next_u64()) << 20)),
        1 => ("customerId", id.to_string()),
        2 => ("promotionId", format!("\"{PROMOTION}\"")),
        3 => ("earnedFromId", format!("\"{context}\"")),
        4 => ("eventTime", pick(rng, &[EVENT_TIME, number, 0, 99_999_999, LONG_TIME]).to_string()),
        5 => ("validTill", pick(rng, &TILLS).to_string()),
        6 => ("eventTimeISO", pick(rng, &["\"2025-03-21T10:40:55Z\"", "\"\"", "null"]).to_string()),
        7 => ("meta", format!("{{\"n\":{number},\"a\":[true,\"é\\n\",{{}}]}}")),
        8 => ("error", "null".to_string()),
        9 => ("status", pick(rng, &["\"ACTIVE\"", "\"EXPIRED\"", "\"FAILED\""]).to_string()),
        10 => ("success", pick(rng, &["true", "true", "\"true\"", "false"]).to_string()),
        _ => ("level", pick(rng, &["1.5e3", "-2", "false", "\"x\\\"y\"", "[1, 2]"]).to_string()),
    };
    let fields: Vec<String> = shape
        .order
        .iter()
        .map(|index| {
            let (name, value) = field(rng, *index);
            format!("\"{name}\"{}{value}", shape.colon)
        })
        .collect();
    let fields = fields.join(shape.comma);
    format!("\"{id}\"{}{}{fields}{}", shape.colon, shape.open, shape.close)
}

/// Mostly the same, as a promotion's end is, and some that differ only in where they end.
const TILLS: [&str; 9] = [
    "1746046799999",
    "1746046799999",
    "1746046799999",
    "1746046799999",
    "1746046799998",
    "17460467999991",
    "174604679",
    "1746046799999000",
    "null",
];

const EVENT_TIME: u64 = 1_742_553_655_678;
/// More digits than the fast path reads.
const LONG_TIME: u64 = 1_742_553_655_678_000;

const ERRORS: [&str; 8] = [
    r#""errors":[{"code":1006,"message":"Invalid \u00e9 \ud83d","customerId":7},{"code":"708"}]"#,
    r#""errors":[]"#,
    r#""errors":null,"warnings":null"#,
    r#""timestamp":1746166870695,"errorCode":400,"message":"Failed","errorDetails":["a","b"]"#,
    r#""response":{"status":{"success":"true","code":"401","message":"No"},"customers":null}"#,
    r#""success":"False","state":"ok","response":{"isSuccess":true,"errorMessage":"none"}"#,
    r#""status":{"code":200,"success":true},"errorCode":"0","error":{"errors":[708,{"code":1}]}"#,
    r#""x":{"data":{"7":[1,2,{"a":null}]}},"y":"\\\"","z":-0.5E+7"#,
];

fn body(rng: &mut Rng) -> Vec<u8> {
    let shape = shape(rng);
    let count = 1 + below(rng, IDS.len());
    let mut ids = IDS[..count].to_vec();
    if rng.up_to(3) == 0 {
        let (one, other) = (below(rng, count), below(rng, count));
        ids.swap(one, other);
    }
    let entries: Vec<String> = ids.iter().map(|id| entry(rng, &shape, *id)).collect();
    let entries = entries.join(shape.comma);
    let data = format!("\"data\"{}{}{entries}{}", shape.colon, shape.open, shape.close);
    let errors = pick(rng, &ERRORS);
    match rng.up_to(3) {
        0 => format!("{{{errors}{}{data}}}", shape.comma),
        1 => format!("{{{data}{}{errors}}} \n", shape.comma),
        _ => format!("{}{data}{}", shape.open, shape.close),
    }
    .into_bytes()
}

const PARTS: [&str; 46] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "0",
    "9",
    "-",
    ".",
    "e5",
    ".0",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\"7\":",
    "\"7\"",
    "\"id\":\"x\",",
    "\\u0037",
    "\\ud800",
    "é",
    "\u{1}",
    "\"error\":{\"code\":708},",
    "\"errors\":[null,{\"message\":\"m\"}],",
    "7:1,",
    "\"customerId\":7,",
    "\"status\":{\"code\":\"500\"},",
    "\"code\":1,",
    "\"success\":false,",
    "\"isSuccess\":\"no\",",
    "\"status\":\"Failed\",",
    "\"ErrorCode\":500,",
    "\"errors\":[708,\"500\",{\"code\":500,\"errors\":[{}]}],",
    "\"error_message\":{\"code\":1,\"error\":{}},",
    "g",
    "A",
    "00",
    "1e9",
    "\"data\":{},",
    "\"message\":\"m\",",
];

/// One to three small changes anywhere.
fn mutate(rng: &mut Rng, body: &mut Vec<u8>) {
    for _ in 0..=rng.up_to(2) {
        let at = below(rng, body.len().max(1)).min(body.len());
        let length = pick(rng, &[1, 2, 8, 200]);
        let end = (at + 1 + below(rng, length)).min(body.len());
        // The last is twice as likely: it mostly leaves JSON.
        match rng.up_to(8) {
            0 => body.truncate(at),
            1 => drop(body.drain(at..end)),
            2 => drop(body.splice(at..at, pick(rng, &PARTS).bytes())),
            3 => drop(body.splice(at..end, pick(rng, &PARTS).bytes())),
            4 => {
                let copied = body[at..end].to_vec();
                let to = below(rng, body.len() + 1);
                drop(body.splice(to..to, copied));
            }
            5 => body.iter_mut().skip(at).take(1).for_each(|byte| *byte = rng.next_u64() as u8),
            6 => body.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << rng.up_to(7)),
            _ => replace_value(rng, body, at),
        }
    }
}

/// Changes what stands after the next colon, so that the answer often stays JSON.
fn replace_value(rng: &mut Rng, body: &mut Vec<u8>, at: usize) {
    let Some(colon) = body[at..].iter().position(|byte| *byte == b':') else { return };
    let start = at + colon + 1;
    let Some(length) = body[start..].iter().position(|byte| b",}".contains(byte)) else { return };
    let values = r#"null 7 "7" 5.0 {"code":1} [] 1e2 "é" -1 false "Failed" [708]"#;
    let values: Vec<&str> = values.split(' ').collect();
    let value = pick(rng, &values);
    drop(body.splice(start..start + length, value.bytes()));
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn mutated_answers_are_read_as_the_reference_reads_them() {
    let first = setting("ISSUE_BULK_SEED", 0);
    let count = setting("ISSUE_BULK_MUTATIONS", 100_000);
    let mut whole = 0;
    for seed in first..first + count {
        let mut rng = Rng::new(seed);
        let mut body = body(&mut rng);
        if seed % 16 != 0 {
            mutate(&mut rng, &mut body);
        }
        let size = pick(&mut rng, &[1, 7, 64, 600]);
        let sizes: Vec<usize> =
            (0..body.len().div_ceil(size).min(8)).map(|_| 1 + below(&mut rng, 2 * size)).collect();
        whole += u64::from(compare(&body, &sizes, seed));
    }
    // A quarter must stay readable, or the comparison would say little.
    assert!(whole * 4 > count, "{whole} of {count} were whole");
}

/// Values after the cases of JSONTestSuite (RFC 8259): accepted, then refused.
const ACCEPTED: [&[u8]; 31] = [
    b"[[]   ]",
    b"[\"\"]",
    b"[]",
    b"[\"a\"]",
    b"[false]",
    b"[null, 1, \"1\", {}]",
    b"[1\n]",
    b" [1]",
    b"[1,null,null,null,2]",
    b"[2] ",
    b"[123e65]",
    b"[0e+1]",
    b"[0e1]",
    b"[-0]",
    b"[-123]",
    b"[1E22]",
    b"[1E-2]",
    b"[123.456e78]",
    b"[-0.000000000000000000000000000000000000000000001]",
    b"{\"a\":\"b\",\"a\":\"c\"}",
    b"{\"\":0}",
    b"{\"foo\\u0000bar\": 42}",
    b"{\"a\":[]}",
    b"[\"\\u0060\\u012a\\u12AB\"]",
    b"[\"\\uD801\\udc37\"]",
    b"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    b"[\"\\\\u0000\"]",
    b"[\"a/*b*/c\"]",
    b"[\"\xf0\x9b\xbf\xbf\"]",
    b"[\"\x7f\"]",
    b"[\"\\uDFAA\"]",
];
const REFUSED: [&[u8]; 60] = [
    b"[1 true]",
    b"[a\xe5]",
    b"[\"\": 1]",
    b"[\"\"],",
    b"[,1]",
    b"[1,,2]",
    b"[\"x\",,]",
    b"[\"x\"]]",
    b"[\"\",]",
    b"[\"x\"",
    b"[x",
    b"[3[4]]",
    b"[\xff]",
    b"[1:2]",
    b"[,]",
    b"[-]",
    b"[   , \"\"]",
    b"[*]",
    b"[1,]",
    b"[fals]",
    b"[nul]",
    b"[tru]",
    b"[True]",
    b"[++1234]",
    b"[+1]",
    b"[+Inf]",
    b"[-01]",
    b"[-1.0.]",
    b"[-2.]",
    b"[-NaN]",
    b"[.-1]",
    b"[.2e-3]",
    b"[0.1.2]",
    b"[0.3e+]",
    b"[0.e1]",
    b"[0E]",
    b"[1.0e-]",
    b"[1eE2]",
    b"[2.e+3]",
    b"[9.e+]",
    b"[Infinity]",
    b"[0x1]",
    b"[1+2]",
    b"[-012]",
    b"{\"x\", null}",
    b"{\"x\"::\"b\"}",
    b"{\"a\":\"a\" 123}",
    b"{:\"b\"}",
    b"{\"a\" \"b\"}",
    b"{1:1}",
    b"{\"id\":0,}",
    b"{'a':0}",
    b"{\"a\":\"b\"}#",
    b"[\"\\uD800\\u\"]",
    b"[\"\\x00\"]",
    b"[\"a\x00a\"]",
    b"[\"\tx\"]",
    b"[\"\xed\xa0\x80\"]",
    b"[\"\xc0\xaf\"]",
    b"\xef\xbb\xbf[]",
];

#[test]
fn json_is_accepted_and_refused_as_its_test_suite_says() {
    let mut rng = Rng::new(0);
    let plain = Shape { order: (0..6).collect(), comma: ",", colon: ":", open: "{", close: "}" };
    let entries = IDS.map(|id| entry(&mut rng, &plain, id)).join(",");
    let values = ACCEPTED.map(|value| (value, true)).into_iter();
    for (value, accepted) in values.chain(REFUSED.map(|value| (value, false))) {
        let field = [b",\"x\":", value, b"}"].concat();
        let top = [b"{\"data\":{}", &field[..]].concat();
        // In each of the entries, so that the fast path meets it as well.
        let mut inside = format!("{{\"data\":{{{entries}}}}}").into_bytes();
        let ends: Vec<usize> = (0..inside.len()).filter(|at| inside[*at] == b'}').collect();
        for end in ends.into_iter().rev().skip(2) {
            drop(inside.splice(end..=end, field.iter().copied()));
        }
        for body in [top, inside, value.to_vec()] {
            let whole = compare(&body, &[5, 1, 30], 0);
            let object = value.first() == Some(&b'{') && body == value;
            let expected = accepted && (body != value || object);
            assert_eq!(whole, expected, "{}", body.escape_ascii());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces_make_the_same_answer(
        seed: u64,
        sizes in prop::collection::vec(0_usize..80, 0..60),
    ) {
        let mut rng = Rng::new(seed);
        let mut body = body(&mut rng);
        if rng.up_to(1) == 0 {
            mutate(&mut rng, &mut body);
        }
        compare(&body, &sizes, seed);
    }

    #[test]
    fn caps_hold_whatever_the_pieces(seed: u64, size in 1_usize..3_000, depth in 0_u32..5) {
        let mut rng = Rng::new(seed);
        let mut body = body(&mut rng);
        let at = below(&mut rng, body.len());
        let filler = pick(&mut rng, &[" ", "\\u0041", "9", "[", "{\"a\":", "x"]);
        drop(body.splice(at..at, filler.repeat(below(&mut rng, 1_500)).bytes()));
        let caps = Caps {
            bytes: pick(&mut rng, &[0, 100, 1_000, 1 << 20]),
            depth,
            keys_per_id: 0,
            value_bytes: 0,
        };
        let whole = read(&body, [], caps);
        prop_assert_eq!(&read(&body, (0..).map(|_| size).take(body.len() / size), caps), &whole);
        if let Body::Answer(answer) = read(&body, [], Caps::default()) {
            let broken = matches!(whole, Body::Broken(_));
            prop_assert!(broken || whole == Body::Answer(answer), "caps change no answer");
        }
    }

    #[test]
    fn bytes_of_any_kind_are_read_as_the_reference_reads_them(body: Vec<u8>, brace: bool) {
        let body = if brace { [b"{\"data\":{", &body[..], b"}}"].concat() } else { body };
        compare(&body, &[3], 0);
    }
}
