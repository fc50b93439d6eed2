//! Tables: every documented body (api.md 3 and 5), every fault of a body (faults.md D).

use super::*;

const PROMOTION: &str = "67dd4210ef21a64211227e04";
const IDS: [i64; 3] = [555_567_088, 9_007_199_254_740_993, i64::MAX];
const EXPECTED: Expected<'_> = Expected { ids: &IDS, promotion: PROMOTION, context: "973" };

fn read(body: &[u8]) -> Body {
    read_with(body, Caps::default())
}

fn read_with(body: &[u8], caps: Caps) -> Body {
    let mut reader = Reader::new(IDS.len(), caps);
    let _the_end_tells = reader.feed(&EXPECTED, body);
    reader.finish(&EXPECTED)
}

pub(super) fn answer(body: &str) -> Answer {
    match read(body.as_bytes()) {
        Body::Answer(answer) => answer,
        Body::Broken(broken) => panic!("{broken:?}: {body}"),
    }
}

fn broken(body: &[u8]) -> Option<Broken> {
    match read(body) {
        Body::Answer(_) => None,
        Body::Broken(broken) => Some(broken),
    }
}

pub(super) fn entry(key: &str, customer: &str) -> String {
    let names = format!(
        r#""id":"67dd4237ef21a64211227e06","customerId":{customer},"promotionId":"{PROMOTION}""#
    );
    let rest = r#""earnedFromId":"973","eventTime":1742553655678,"validTill":1746046799999"#;
    format!(r#""{key}":{{{names},{rest}}}"#)
}

fn whole() -> String {
    let entries: Vec<_> = IDS.iter().map(|id| entry(&id.to_string(), &id.to_string())).collect();
    format!("{{\"data\":{{{}}}}}", entries.join(","))
}

/// The state of the first slot when `data` holds this entry under its key.
pub(super) fn state(value: &str) -> SlotState {
    answer(&format!("{{\"data\":{{\"555567088\":{value}}}}}")).entries.states[0]
}

pub(super) fn fields(replace: &str, with: &str) -> String {
    let entry = entry("555567088", "555567088");
    let value = entry.split_once(':').unwrap().1;
    assert!(value.contains(replace), "{replace} is not in {value}");
    value.replace(replace, with)
}

fn errors(body: &str) -> Vec<(Option<i64>, String, Envelope)> {
    let errors = answer(body).errors.into_iter();
    errors.map(|error| (error.code, error.message.into(), error.envelope)).collect()
}

#[test]
fn documented_entries_fill_the_columns() {
    let answer = answer(&whole());
    assert_eq!(answer.data, DataForm::Object);
    assert_eq!(answer.entries.states, [SlotState::Issued; 3]);
    let id = crate::id::pack_issuance_id(b"67dd4237ef21a64211227e06").unwrap();
    assert_eq!(answer.entries.issuance, [id; 3]);
    assert_eq!(answer.entries.event_time, [1_742_553_655_678; 3]);
    assert_eq!(answer.entries.valid_till, [1_746_046_799_999; 3]);
    assert!(answer.entries.other_ids.is_empty() && answer.entries.other_contexts.is_empty());
    assert_eq!((answer.errors_total, answer.extra), (0, Extra::default()));
}

#[test]
fn the_example_of_the_seed_is_read_with_its_line_breaks() {
    let body = "{\n\"data\": {\n\"555567088\": {\n\"id\": \"67dd4237ef21a64211227e06\",\n\
        \"customerId\": 555567088,\n\"promotionId\": \"67dd4210ef21a64211227e04\",\n\
        \"earnedFromId\": \"973\",\n\"eventTime\": 1742553655678,\n\
        \"validTill\": 1746046799999\n}\n}\n}\r\n\t ";
    assert_eq!(answer(body).entries.states[0], SlotState::Issued);
}

/// Asserts that the body holds this one error and says nothing of any id.
fn assert_error(body: &str, code: i64, message: &str, envelope: Envelope) {
    assert_eq!(errors(body), [(Some(code), message.to_owned(), envelope)], "{body}");
    assert_eq!(answer(body).entries.states, [SlotState::Absent; 3], "{body}");
}

#[test]
fn documented_lists_of_errors_are_recognised() {
    for (code, message, start, end) in [
        (404, "Passed evaluation log id is not found", r#"{"errors":[{"#, "}]}"),
        (
            4_000,
            "Not authorized. Access is denied!",
            r#"{"warnings":[],"errors":[{"status":false,"#,
            "}]}",
        ),
        (320_001, "Invalid client key and secret", r#"{"data":null,"errors":[{"#, "}]}"),
        (
            809,
            "Request with same requestId is not allowed",
            r#"{"data":null,"errors":[{"#,
            r#","reference":null}],"warnings":null}"#,
        ),
    ] {
        let body = format!(r#"{start}"code":{code},"message":"{message}"{end}"#);
        assert_error(&body, code, message, Envelope::Errors);
    }
}

#[test]
fn the_documented_flat_shape_is_recognised_with_its_details() {
    for detail in [
        "CustomerIdentifierType and CustomerIdentifierValue is mandatory when customerId is not \
         specified.",
        "Promotion with ids : [674fbb982335bd1d58a8c2a4, 674fbb982335bd1d58a8c2a4] not found for \
         org : 4000004 .",
    ] {
        let (code, message) = (r#""errorCode":400"#, r#""message":"Validation Failed""#);
        let details = format!(r#""errorDetails":["{detail}"]"#);
        for body in [
            format!(r#"{{"timestamp":1746166870695,{code},{message},{details}}}"#),
            format!(r#"{{{details},{message},{code}}}"#),
        ] {
            assert_error(&body, 400, &format!("Validation Failed: {detail}"), Envelope::Flat);
        }
    }
    for code in ["{}", "[4]", r#"{"code":400}"#, "\"E1\"", "true"] {
        let body = format!(r#"{{"errorCode":{code},"message":"m"}}"#);
        assert_eq!(errors(&body), [(None, "m".to_owned(), Envelope::Flat)], "{body}");
    }
    assert!(errors(r#"{"message":"accepted"}"#).is_empty());
    assert!(errors(r#"{"errorCode":null,"errorDetails":[]}"#).is_empty());
}

#[test]
fn the_documented_status_is_recognised_whatever_it_calls_itself() {
    let end = r#","customers":null}}"#;
    for (code, message, status) in [
        (401, "Unauthorized", r#"{"success":"true","code":"401","message":"Unauthorized"}"#),
        (
            498,
            "Token expired at 2019-12-02T12:31:15.000+0530",
            r#"{"success":"true","code":"498",
                "message":"Token expired at 2019-12-02T12:31:15.000+0530"}"#,
        ),
        (
            403,
            "Client doesn't have access to the requested resource",
            r#"{"code":403,"message":"Client doesn't have access to the requested resource",
                "success":false,"warnings":{"warning":[]}}"#,
        ),
    ] {
        let body = format!(r#"{{"response":{{"status":{status}{end}"#);
        assert_error(&body, code, message, Envelope::Status);
    }
    assert!(errors(r#"{"response":{"status":{"success":true,"code":200}}}"#).is_empty());
    assert!(errors(r#"{"response":null}"#).is_empty());
}

const FAILED_BADGE: &str = r#"{"customerId":555567088,"issuedId":"66f3bf91c7bf1e4d65e126b1",
    "error":{"code":1040,"message":"An active issue for the badge already exists.",
    "reference":null},"status":"EXPIRED"}"#;

#[test]
fn a_failed_customer_inside_a_success_is_refused_in_its_slot() {
    let data = format!(r#"{{"555567088":{FAILED_BADGE}}}"#);
    let answer = answer(&format!(r#"{{"data":{data},"errors":[],"warnings":[]}}"#));
    assert_eq!(answer.entries.states[0], SlotState::Refused);
    let [error] = answer.entries.refused.get(0) else { panic!("one error") };
    assert_eq!((error.code, error.envelope), (Some(1_040), Envelope::Entry));
    assert_eq!(&*error.message, "An active issue for the badge already exists.");
    assert!(answer.errors.is_empty());
}

#[test]
fn the_badges_list_is_no_map_of_customers() {
    let data = format!(r#"{{"issuedBadges":[{FAILED_BADGE}]}}"#);
    let answer = answer(&format!(r#"{{"data":{data},"errors":[],"warnings":[]}}"#));
    assert_eq!(answer.entries.states, [SlotState::Absent; 3]);
    assert_eq!((answer.extra.other_keys, answer.extra.ids_total), (1, 0));
}

#[test]
fn errors_beside_data_leave_entries_as_they_are() {
    let entry = entry("555567088", "555567088");
    let errors =
        r#"[{"code":1006,"message":"Invalid","customerId":9007199254740993},{"code":"708"}]"#;
    for body in [
        format!(r#"{{"errors":{errors},"data":{{{entry}}}}}"#),
        format!(r#"{{"data":{{{entry}}},"warnings":[{{"code":1}}],"errors":{errors}}}"#),
    ] {
        let answer = answer(&body);
        let states = [SlotState::Issued, SlotState::Absent, SlotState::Absent];
        assert_eq!(answer.entries.states, states);
        let found: Vec<_> = answer.errors.iter().map(|e| (e.code, e.customer)).collect();
        assert_eq!(found, [(Some(1_006), Some(9_007_199_254_740_993)), (Some(708), None)]);
    }
    for nothing in ["null", "[]", "false", "{}", "\"\""] {
        let body = format!(r#"{{"data":{{{entry}}},"errors":{nothing},"warnings":{nothing}}}"#);
        assert_eq!(answer(&body).errors_total, 0, "{nothing}");
    }
}

#[test]
fn the_form_of_data_is_told() {
    for (body, form) in [
        ("{}", DataForm::Absent),
        (r#"{"data":null}"#, DataForm::Null),
        (r#"{"data":{}}"#, DataForm::Object),
        (r#"{"data":[]}"#, DataForm::Other),
        (r#"{"data":[{"customerId":555567088}],"errors":[]}"#, DataForm::Other),
        (r#"{"data":true}"#, DataForm::Other),
        (r#"{"data":"null"}"#, DataForm::Other),
        (r#"{"data":0}"#, DataForm::Other),
        (r#"{"d\u0061ta":{}}"#, DataForm::Object),
        (r#"{"Data":{}}"#, DataForm::Absent),
        (r#"{"x":{"data":{}}}"#, DataForm::Absent),
    ] {
        assert_eq!(answer(body).data, form, "{body}");
    }
}

#[test]
fn entries_are_issued_only_as_documented() {
    use SlotState::{Issued, Mismatched, Refused, Unreadable};
    let id = r#""id":"67dd4237ef21a64211227e06""#;
    let customer = r#""customerId":555567088"#;
    let cases = [
        (fields(id, r#""id":"67DD4237EF21A64211227E06""#), Issued),
        (fields(id, r#""id":"7d444840-9dc0-11d1-b245-5ffdce74fad2""#), Issued),
        (fields(id, r#""id":"67dd4237ef21a642\u0031\u0031227e06""#), Issued),
        (fields(id, &format!(r#""id":"{}""#, "x".repeat(256))), Issued),
        (fields(id, &format!(r#""id":"{}""#, "x".repeat(257))), Unreadable),
        (fields(id, r#""id":"""#), Unreadable),
        (fields(id, r#""id":"\ud800""#), Unreadable),
        (fields(id, r#""id":5"#), Unreadable),
        (fields(id, r#""id":null"#), Unreadable),
        (fields(id, r#""id":["67dd4237ef21a64211227e06"]"#), Unreadable),
        (fields(id, &format!("{id},{id}")), Unreadable),
        (fields(id, r#""Id":"67dd4237ef21a64211227e06""#), Unreadable),
        (fields(id, r#""\u0069d":"67dd4237ef21a64211227e06""#), Issued),
        (fields(customer, r#""customerId":"555567088""#), Unreadable),
        (fields(customer, r#""customerId":555567088.0"#), Unreadable),
        (fields(customer, r#""customerId":5.55567088e8"#), Unreadable),
        (fields(customer, r#""customerId":-555567088"#), Unreadable),
        (fields(customer, r#""customerId":9223372036854775808"#), Unreadable),
        (fields(customer, r#""customerId":null"#), Unreadable),
        (fields(customer, r#""customerId":555567089"#), Mismatched),
        (fields(customer, r#""customer":555567088"#), Unreadable),
        (fields(PROMOTION, "67dd4210ef21a64211227e05"), Mismatched),
        (fields(PROMOTION, r"67dd4210ef21a64211227e0\u0034"), Issued),
        (fields(&format!("\"{PROMOTION}\""), "null"), Unreadable),
        (fields("\"promotionId\"", "\"promotion\""), Unreadable),
        (fields("\"973\"", "\"974\""), Issued),
        (fields("\"973\"", "null"), Issued),
        (fields("\"973\"", "973"), Unreadable),
        (fields("1742553655678", "null"), Issued),
        (fields("1742553655678", "-1"), Issued),
        (fields("1742553655678", "1742553655678.0"), Unreadable),
        (fields("1742553655678", "17e11"), Unreadable),
        (fields("1742553655678", "\"1742553655678\""), Unreadable),
        (fields("1742553655678", "9223372036854775808"), Unreadable),
        (fields("1746046799999", "{}"), Unreadable),
        (fields("{\"id", "{\"error\":null,\"errors\":[],\"status\":\"ACTIVE\",\"id"), Issued),
        (fields("{\"id", "{\"eventTimeISO\":\"x\",\"a\":{\"id\":[1,{}]},\"id"), Issued),
        (fields("{\"id", "{\"error\":{\"code\":708},\"id"), Refused),
        (fields("{\"id", "{\"error\":\"limit\",\"id"), Refused),
        (fields("{\"id", "{\"errors\":[{\"code\":708}],\"id"), Refused),
        (fields("{\"id", "{\"status\":{\"success\":false},\"id"), Refused),
        (fields("{\"id", "{\"status\":{\"code\":200,\"success\":true},\"id"), Issued),
        (fields("{\"id", "{\"error\":null,\"error\":{\"code\":708},\"id"), Unreadable),
        (fields(customer, r#""customerId":1,"error":{"code":708}"#), Mismatched),
        (r#"{"error":{"code":708}}"#.into(), Refused),
        ("{}".into(), Unreadable),
        ("null".into(), Unreadable),
        ("[]".into(), Unreadable),
        ("true".into(), Unreadable),
        ("\"issued\"".into(), Unreadable),
    ];
    for (value, expected) in cases {
        assert_eq!(state(&value), expected, "{value}");
    }
}

#[test]
fn oddities_are_kept_beside_the_columns() {
    let uuid = "7d444840-9dc0-11d1-b245-5ffdce74fad2";
    let first = fields("67dd4237ef21a64211227e06", uuid);
    let last = entry("9223372036854775807", "9223372036854775807").replace("\"973\"", r#""9\n74""#);
    let body = format!(r#"{{"data":{{{last},"555567088":{first}}}}}"#);
    let entries = answer(&body).entries;
    assert_eq!(entries.states, [SlotState::Issued, SlotState::Absent, SlotState::Issued]);
    assert_eq!(entries.other_ids.iter().collect::<Vec<_>>(), [(0, uuid)]);
    assert_eq!(entries.other_contexts.iter().collect::<Vec<_>>(), [(2, "9 74")]);
    assert_eq!(entries.issuance[0], [0; 12]);
    let escaped = fields("67dd4237ef21a64211227e06", r"67dd4237ef21a642\u0031\u0031227e06");
    let packed = answer(&format!(r#"{{"data":{{"555567088":{escaped}}}}}"#)).entries;
    let id = crate::id::pack_issuance_id(b"67dd4237ef21a64211227e06").unwrap();
    assert_eq!((packed.issuance[0], packed.other_ids.is_empty()), (id, true));
    let all = answer(&whole().replace("973", "974")).entries;
    let contexts: Vec<_> = all.other_contexts.iter().collect();
    assert_eq!(contexts, [(0, "974"), (1, "974"), (2, "974")]);
    let null = answer(&format!(
        r#"{{"data":{{"555567088":{}}}}}"#,
        fields(r#""eventTime":1742553655678,"validTill":1746046799999"#, r#""validTill":null"#)
    ));
    assert_eq!((null.entries.event_time[0], null.entries.valid_till[0]), (NO_TIME, NO_TIME));
}

#[test]
fn times_of_any_length_are_read_alike_in_every_entry() {
    for time in ["0", "-1742553655678", "999999999999999", "1742553655678000", "null"] {
        let body = whole().replace("1742553655678", time).replace("1746046799999", time);
        let entries = answer(&body).entries;
        let expected = time.parse().unwrap_or(NO_TIME);
        assert_eq!(entries.states, [SlotState::Issued; 3]);
        assert_eq!(
            (entries.event_time, entries.valid_till),
            (vec![expected; 3], vec![expected; 3])
        );
    }
}

#[test]
fn contradictions_say_what_they_contradict() {
    let body = format!(
        r#"{{"data":{{"9223372036854775807":{},"555567088":{}}}}}"#,
        fields("555567088", "5"),
        fields(PROMOTION, "other")
    );
    let found = answer(&body).mismatched;
    let expected = [
        Mismatch { slot: 2, what: Contradiction::Customer(5) },
        Mismatch { slot: 0, what: Contradiction::Promotion },
    ];
    assert_eq!(found, expected);
}

#[test]
fn keys_beyond_the_batch_are_counted() {
    let keys = r#""5":{"id":[{"a":1}]},"5\u0030":[]"#;
    let others = r#""0":1,"007":{},"+1":2,"__proto__":{"x":1},"":null,"1e3":{}"#;
    let extra = answer(&format!("{{\"data\":{{{keys},{others}}}}}")).extra;
    assert_eq!(extra, Extra { ids_total: 2, ids: vec![5, 50], other_keys: 6 });
    let strange = entry(r"55556708\u0038", "555567088");
    let strange = answer(&format!("{{\"data\":{{{strange}}}}}"));
    assert_eq!(strange.entries.states[0], SlotState::Unreadable);
    let many: Vec<_> = (1..200).map(|id| format!("\"{id}\":null")).collect();
    let extra = answer(&format!("{{\"data\":{{{}}}}}", many.join(","))).extra;
    assert_eq!((extra.ids_total, extra.ids.len()), (199, limits::REPLY_EXTRA_KEPT));
}

#[test]
fn keys_that_are_no_ids_are_told_from_each_other_and_from_ids() {
    let keys: Vec<_> = (0..250).map(|key| format!("\"k{key}\":1")).collect();
    let extra = answer(&format!("{{\"data\":{{{}}}}}", keys.join(","))).extra;
    assert_eq!((extra.other_keys, extra.ids_total), (250, 0));
    // The number is what the text stands for, but for its sign.
    let extra = answer(r#"{"data":{"x":1,"3414842651491571463":1}}"#).extra;
    assert_eq!((extra.other_keys, extra.ids), (1, vec![3_414_842_651_491_571_463]));
}

#[test]
fn broken_bodies_are_broken() {
    let (one, whole) = (entry("555567088", "555567088"), whole());
    let cases: [(&[u8], Broken); 35] = [
        (b"", Broken::Empty),
        (b" \r\n\t ", Broken::Empty),
        (b"\xef\xbb\xbf", Broken::Empty),
        (b"\xef\xbb", Broken::Cut),
        (b"<!DOCTYPE html><html></html>", Broken::Page),
        (b"\xef\xbb\xbf\r\n  <html>", Broken::Page),
        (b"{<html>", Broken::NotJson),
        (b"upstream connect error", Broken::NotJson),
        (b"[]", Broken::NotObject),
        (b"null", Broken::NotObject),
        (b"\"data\"", Broken::NotObject),
        (b"-1", Broken::NotObject),
        (b"{\"data\":{}", Broken::Cut),
        (b"{\"data\":nul", Broken::Cut),
        (b"{\"data\":nil", Broken::NotJson),
        (b"{}}", Broken::Trailing),
        (b"{}{}", Broken::Trailing),
        (b"{} x", Broken::Trailing),
        (b"{},", Broken::Trailing),
        (b"{}\0", Broken::Trailing),
        (b" \xef\xbb\xbf{}", Broken::NotJson),
        (b"{\"a\":\"\xff\"}", Broken::NotJson),
        (b"{\"a\xc3\":1}", Broken::NotJson),
        (b"{\"a\":\"\n\"}", Broken::NotJson),
        (b"{\"a\":01}", Broken::NotJson),
        (b"{\"a\":1,}", Broken::NotJson),
        (b"{'a':1}", Broken::NotJson),
        (b"{\"a\":[1,]}", Broken::NotJson),
        (b"{\"errors\":[,]}", Broken::NotJson),
        (b"{\"errors\":[1 2]}", Broken::NotJson),
        (b"{\"data\":{},\"data\":{}}", Broken::DuplicateKey),
        (b"{\"errors\":[],\"err\\u006frs\":[]}", Broken::DuplicateKey),
        (b"{\"data\":{\"5\":1,\"5\":1}}", Broken::DuplicateId),
        (b"{\"data\":{\"x\":1,\"\\u0078\":1}}", Broken::DuplicateId),
        (b"{\"data\":{\"555567088\":1,\"55556708\\u0038\":1}}", Broken::DuplicateId),
    ];
    for (body, reason) in cases {
        assert_eq!(broken(body), Some(reason), "{}", body.escape_ascii());
    }
    let twice = format!("{{\"data\":{{{one},{one}}}}}");
    assert_eq!(broken(twice.as_bytes()), Some(Broken::DuplicateId));
    let two = format!("{whole}{whole}");
    assert_eq!(broken(two.as_bytes()), Some(Broken::Trailing));
    assert_eq!(broken(format!("\u{feff}{whole}").as_bytes()), None);
}

#[test]
fn no_beginning_of_an_answer_is_an_answer() {
    let pretty = whole().replace(',', " ,\n  ").replace(':', " : ").replace('{', "{\n");
    let errors = format!(r#"{{"errors":[{{"code":1}}],"errorDetails":["é"],{}"#, &whole()[1..]);
    let status = r#"{"response":{"status":{"code":"401"},"a":[1,null]},"x":-1.5e3,"y":true}"#;
    for body in [whole(), pretty, errors, status.to_owned()] {
        assert_eq!(broken(body.as_bytes()), None);
        for end in 1..body.len() {
            assert_eq!(broken(&body.as_bytes()[..end]), Some(Broken::Cut), "{end} of {body}");
        }
    }
}

#[test]
fn any_two_pieces_and_single_bytes_read_the_same() {
    let body = whole().replace(',', " ,\n  ").into_bytes();
    let one = read(&body);
    for cut in 0..body.len() {
        let mut reader = Reader::new(IDS.len(), Caps::default());
        assert_eq!(reader.feed(&EXPECTED, &body[..cut]), Flow::More);
        assert_eq!(reader.feed(&EXPECTED, &body[cut..]), Flow::More);
        assert_eq!(reader.finish(&EXPECTED), one, "cut at {cut}");
    }
    let mut reader = Reader::new(IDS.len(), Caps::default());
    for byte in &body {
        assert_eq!(reader.feed(&EXPECTED, &[*byte]), Flow::More);
    }
    assert_eq!(reader.finish(&EXPECTED), one);
}
