//! Tables: errors and failure fields, each of which keeps an entry from being issued.

use super::SlotState;
use super::tests::{answer, entry, fields, state};
use crate::limits;

#[test]
fn an_entry_that_says_it_failed_is_not_issued() {
    use SlotState::{Issued, Refused};
    let cases = [
        (fields("{\"id", "{\"status\":{\"code\":200,\"success\":false},\"id"), Refused),
        (fields("{\"id", "{\"success\":true,\"status\":\"SUCCESS\",\"errorCode\":0,\"id"), Issued),
        (fields("{\"id", "{\"success\":false,\"id"), Refused),
        (fields("{\"id", "{\"success\":\"False\",\"id"), Refused),
        (fields("{\"id", "{\"isSuccess\":false,\"id"), Refused),
        (fields("{\"id", "{\"IS_SUCCESS\":\"no\",\"id"), Refused),
        (fields("{\"id", "{\"success\":true,\"success\":false,\"id"), Refused),
        (fields("{\"id", "{\"succ\\u0065ss\":false,\"id"), Refused),
        (fields("{\"id", "{\"status\":\"FAILED\",\"id"), Refused),
        (fields("{\"id", "{\"Status\":\"failure\",\"id"), Refused),
        (fields("{\"id", "{\"status\":false,\"id"), Refused),
        (fields("{\"id", "{\"status\":\"500\",\"id"), Refused),
        (fields("{\"id", "{\"state\":\"REJECTED\",\"id"), Refused),
        (fields("{\"id", "{\"failed\":true,\"id"), Refused),
        (fields("{\"id", "{\"errorCode\":708,\"id"), Refused),
        (fields("{\"id", "{\"errorMessage\":\"limit\",\"id"), Refused),
        (fields("{\"id", "{\"Errors\":[{\"code\":708}],\"id"), Refused),
    ];
    for (value, expected) in cases {
        assert_eq!(state(&value), expected, "{value}");
    }
}

#[test]
fn every_error_of_an_entry_is_kept() {
    for (value, codes) in [
        (r#"{"errors":[708,500]}"#, &[Some(708), Some(500)][..]),
        (r#"{"errors":[500,708]}"#, &[Some(500), Some(708)]),
        (r#"{"errors":["708",{"code":"500"}]}"#, &[None, Some(500)]),
        (r#"{"error":{"code":708},"errors":[{"code":500}]}"#, &[Some(708), Some(500)]),
        (r#"{"status":{"code":500},"error":708}"#, &[Some(500), Some(708)]),
        (r#"{"error":[{"code":708},{"code":708},[{"code":500}]]}"#, &[Some(708), None]),
        (r#"{"error":{"code":708,"errors":[{"code":500}]}}"#, &[None]),
        (r#"{"error":708,"errorCode":500}"#, &[Some(708), Some(500)]),
        // The failure field adds no error beside one with a code.
        (r#"{"success":false,"status":"FAILED","error":{"code":708}}"#, &[Some(708)]),
        (r#"{"success":false,"status":"FAILED"}"#, &[None]),
    ] {
        let answer = answer(&format!("{{\"data\":{{\"555567088\":{value}}}}}"));
        let found: Vec<_> = answer.entries.refused.get(0).iter().map(|e| e.code).collect();
        assert_eq!(found, codes, "{value}");
    }
    let many: Vec<String> = (1..100).map(|code| code.to_string()).collect();
    let many = format!(r#"{{"data":{{"555567088":{{"errors":[{}]}}}}}}"#, many.join(","));
    assert_eq!(answer(&many).entries.refused.get(0).len(), limits::ENTRY_ERRORS_KEPT);
}

#[test]
fn an_answer_says_that_all_of_it_failed() {
    for (fields, is_failed) in [
        (r#""success":true,"status":"SUCCESS","message":"failed""#, false),
        (r#""errors":[{"code":708}],"warnings":[{"code":1}]"#, false),
        (r#""error":null,"errorCode":0,"status":200"#, false),
        (r#""response":{"status":{"success":true,"code":200},"success":true}"#, false),
        (r#""x":{"success":false}"#, false),
        (r#""success":false"#, true),
        (r#""isSuccess":"FALSE""#, true),
        (r#""Status":"failed""#, true),
        (r#""status":500"#, true),
        (r#""status":{"code":"500"}"#, true),
        (r#""error":{"code":500}"#, true),
        (r#""errorCode":500"#, true),
        (r#""errorDetails":["why"]"#, true),
        (r#""response":{"status":{"success":false}}"#, true),
        (r#""response":{"success":"false"}"#, true),
    ] {
        let one = entry("555567088", "555567088");
        for body in [
            format!(r#"{{"data":{{{one}}},{fields}}}"#),
            format!(r#"{{{fields},"data":{{{one}}}}}"#),
        ] {
            let answer = answer(&body);
            assert_eq!(answer.is_failed, is_failed, "{body}");
            assert_eq!(answer.entries.states[0], SlotState::Issued, "{body}");
            assert!(!answer.has_no_entries());
        }
    }
}
