//! The errors for all that a caller can type wrong in an option.

use super::plan::Plan;
use super::revocation::read_targets;
use js_sys::{Function, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const REQUEST: &str = r#"{"promotionId":"67dd4210ef21a64211227e04","contextId":"973"}"#;
const HOST: &str = "eu.api.capillarytech.com";

/// The value of a JavaScript expression.
fn value(expression: &str) -> JsValue {
    let body = format!("return ({expression});");
    Function::new_no_args(&body).call0(&JsValue::UNDEFINED).unwrap()
}

/// Code and message of a refusal.
fn refused<T>(made: Result<T, JsValue>, what: &str) -> (String, String) {
    let Err(error) = made else { panic!("{what} was accepted") };
    let text = |key: &str| Reflect::get(&error, &key.into()).unwrap().as_string().unwrap();
    (text("code"), text("message"))
}

/// A run with these options beside the host.
fn run_with(options: &str) -> Result<Plan, JsValue> {
    let options = value(&format!("{{ host: \"{HOST}\", ...{options} }}"));
    Plan::of_run(value(REQUEST), options, false)
}

#[wasm_bindgen_test]
fn a_value_of_the_wrong_type_is_named_by_its_path() {
    let numbers = [
        "batchSize",
        "concurrency",
        "rate.perMinute",
        "timeoutMs",
        "deadlineMs",
        "responseBytesMax",
        "attempts",
        "stop.ambiguousInRow",
        "stop.failurePercent",
        "stop.failureCallsMin",
        "reconcile.quietMs",
        "reconcile.apartMs",
        "reconcile.limit",
        "reconcile.rate.perMinute",
        "seed",
    ];
    let texts = [
        "host",
        "basePath",
        "orgId",
        "ambiguous",
        "attribution.type",
        "attribution.code",
        "auth.username",
        "auth.password",
        "auth.passwordMd5",
        "auth.key",
        "auth.secret",
        "auth.token",
        "input.format",
        "input.delimiter",
        "input.field",
    ];
    let functions = [
        "onProgress",
        "onOutcomes",
        "transport",
        "hooks.onRunStart",
        "hooks.onAttemptStart",
        "hooks.onAttemptEnd",
        "hooks.onBatchEnd",
        "hooks.onRunEnd",
    ];
    let objects = ["rate", "stop", "attribution", "reconcile"];
    let arguments = ["input", "hooks"];
    let cases = [
        (&numbers[..], "invalid-option", "a number", "a string", "\"7316\""),
        (&numbers, "invalid-option", "a number", "a bigint", "7316n"),
        (&texts, "invalid-option", "a string", "a number", "7316"),
        (&texts, "invalid-option", "a string", "an array", "[7316]"),
        (&functions, "invalid-argument", "a function", "a number", "7316"),
        (&functions, "invalid-argument", "a function", "null", "null"),
        (&objects, "invalid-option", "an object", "a number", "7316"),
        (&objects, "invalid-option", "an object", "an array", "[7316]"),
        (&arguments, "invalid-argument", "an object", "null", "null"),
        (&["input.dedupe"], "invalid-option", "a boolean", "a string", "\"7316\""),
        (&["input.column"], "invalid-option", "a string or a number", "a bigint", "7316n"),
        (&["input.column"], "invalid-option", "a string or a number", "a boolean", "true"),
        (&["auth"], "invalid-argument", "a function or an object", "a string", "\"7316\""),
        (&["auth"], "invalid-argument", "a function or an object", "null", "null"),
    ];
    for (paths, code, expected, found, given) in cases {
        for path in paths {
            let made = run_with(&nested(path, given));
            let sentence = format!("options.{path} must be {expected}, not {found}.");
            assert_eq!(refused(made, path), (code.to_owned(), sentence));
        }
    }
}

/// An object literal with a value at the end of a path.
fn nested(path: &str, given: &str) -> String {
    path.rsplit('.').fold(given.to_owned(), |inner, name| format!("{{ {name}: {inner} }}"))
}

#[wasm_bindgen_test]
fn a_name_that_nobody_knows_is_refused_at_every_level() {
    let levels = ["", "rate", "stop", "reconcile", "reconcile.rate", "attribution", "input"];
    for level in levels.iter().chain(&["auth", "hooks"]) {
        let path = [*level, "misspelt"].join(".");
        let made = run_with(&nested(path.trim_start_matches('.'), "1"));
        let (code, message) = refused(made, level);
        let place = ["options", *level].join(".");
        let begin = format!("{} has no \"misspelt\"; there are ", place.trim_end_matches('.'));
        assert_eq!(code, "unknown-option");
        assert!(message.starts_with(&begin), "{message}");
    }
    let request = value(r#"{ promotionId: "p", customerIDs: [1n] }"#);
    let (code, message) = refused(Plan::of_run(request, value("{}"), false), "customerIDs");
    assert_eq!(code, "unknown-option");
    let known = "request has no \"customerIDs\"; \
                 there are promotionId, contextId, customerIds, confirmed.";
    assert_eq!(message, known);
}

#[wasm_bindgen_test]
fn each_function_refuses_the_options_of_the_others() {
    let host = |more: &str| value(&format!("{{ host: \"{HOST}\", {more} }}"));
    let check = |more: &str| Plan::of_check(value("{ promotionId: \"p\" }"), host(more));
    assert!(check("timeoutMs: 1").is_ok());
    assert_eq!(refused(check("batchSize: 1"), "a check").0, "unknown-option");
    let read_back = |more: &str| Plan::of_read_back(value(&format!("{{ {more} }}")));
    assert!(read_back("quietMs: 0, apartMs: 1, limit: 10, rate: { perMinute: 1 }").is_ok());
    assert_eq!(refused(read_back("batchSize: 1"), "a read-back").0, "unknown-option");
    assert_eq!(refused(read_back("limit: 9"), "a limit").0, "invalid-reconcile");
    let resumed = |more: &str| Plan::of_resumed_run(host(more), false);
    assert!(resumed("request: { customerIds: [] }").is_ok());
    assert_eq!(refused(resumed("journal: {}"), "a journal").0, "unknown-option");
    assert_eq!(refused(resumed("quietMs: 1"), "a rule").0, "unknown-option");
}

#[wasm_bindgen_test]
fn undefined_is_as_good_as_absent_everywhere_and_null_for_plain_data() {
    let absent = [
        "{ batchSize: undefined, rate: undefined, auth: undefined, input: undefined }",
        "{ hooks: undefined, onProgress: undefined, hooks: { onRunEnd: undefined } }",
        "{ batchSize: null, rate: null, stop: null, attribution: null, reconcile: null }",
        "{ rate: { perMinute: null }, stop: { failurePercent: undefined } }",
        "{ input: { column: null, dedupe: undefined, format: null } }",
    ];
    for options in absent {
        assert!(run_with(options).is_ok(), "{options}");
    }
}

#[wasm_bindgen_test]
fn a_value_outside_its_range_has_the_code_of_its_option() {
    let cases = [
        ("{ batchSize: 0.5 }", "invalid-batch-size"),
        ("{ concurrency: NaN }", "invalid-concurrency"),
        ("{ rate: { perMinute: 0 } }", "invalid-rate"),
        ("{ timeoutMs: Infinity }", "invalid-timeout"),
        ("{ deadlineMs: -1 }", "invalid-timeout"),
        ("{ responseBytesMax: 10 }", "invalid-response-bytes-max"),
        ("{ attempts: 2 ** 53 }", "invalid-attempts"),
        ("{ stop: { failurePercent: 200 } }", "invalid-stop-rule"),
        ("{ ambiguous: \"again\" }", "invalid-ambiguous"),
        ("{ reconcile: { limit: 0 } }", "invalid-reconcile"),
        ("{ host: \"http://example.com\" }", "insecure-host"),
        ("{ attribution: { type: \"SHOP\", code: \"1\" } }", "invalid-attribution"),
        ("{ input: { column: 0 } }", "invalid-input"),
        ("{ input: { column: NaN } }", "invalid-input"),
        ("{ input: { format: \"xml\" } }", "invalid-input"),
        ("{ auth: {} }", "invalid-credentials"),
        ("{ auth: { username: \"u\" } }", "invalid-credentials"),
        ("{ auth: { token: \"t\", key: \"k\", secret: \"s\" } }", "invalid-credentials"),
        ("{ ambiguous: \"reconcile\", onOutcomes() {} }", "invalid-argument"),
    ];
    for (options, code) in cases {
        let (found, message) = refused(run_with(options), options);
        assert_eq!(found, code, "{options}");
        assert!(message.ends_with(['.', ')']), "{message}");
    }
}

#[wasm_bindgen_test]
fn no_message_quotes_what_may_be_a_secret() {
    let given = [
        "{ auth: { username: \"u\", password: 731694 } }",
        "{ auth: { username: \"u\", password: [\"731694\"] } }",
        "{ auth: { username: \"u\", passwordMd5: \"731694\" } }",
        "{ auth: { username: 731694, password: \"p\" } }",
        "{ auth: { key: \"731694\\n\", secret: \"731694\" } }",
        "{ auth: { key: \"k\", secret: 731694n } }",
        "{ auth: { token: Object(\"731694\") } }",
        "{ auth: { token: \"731694\\n\" } }",
        "{ auth: \"731694\" }",
        "{ auth: [\"731694\"] }",
        "{ orgId: 731694, attribution: { code: 731694 } }",
        "{ host: \"https://user:731694@service.example\" }",
    ];
    for options in given {
        let (_, message) = refused(run_with(options), options);
        assert!(!message.contains("731694"), "{message}");
    }
    let made = run_with("{ auth: { username: \"u\", password: \"p\" } }").unwrap();
    let (_, message) = refused(made.set_auth(value("{ token: 731694 }")), "a token");
    assert_eq!(message, "auth.token must be a string, not a number.");
    let (_, message) = refused(made.set_auth(value("731694")), "auth");
    assert_eq!(message, "auth must be a function or an object, not a number.");
}

#[wasm_bindgen_test]
fn code_of_the_caller_that_throws_while_it_is_read_is_the_cause() {
    let throwing = "() => { throw new RangeError(\"of the caller\"); }";
    let cases = [
        format!("{{ get rate() {{ ({throwing})(); }} }}"),
        format!("{{ rate: new Proxy({{}}, {{ ownKeys: {throwing} }}) }}"),
        format!("{{ rate: new Proxy({{}}, {{ get: {throwing} }}) }}"),
        "{ get rate() { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); \
         return proxy; } }"
            .to_owned(),
    ];
    for options in cases {
        let options = value(&options.replacen('{', &format!("{{ host: \"{HOST}\", "), 1));
        let Err(error) = Plan::of_run(value(REQUEST), options, false) else { panic!("accepted") };
        let text = String::from(JSON::stringify(&error).unwrap());
        assert!(text.contains("options.rate"), "{text}");
        let cause = Reflect::get(&error, &"cause".into()).unwrap();
        assert!(cause.is_instance_of::<js_sys::Error>(), "{text}");
    }
}

#[wasm_bindgen_test]
fn what_is_no_object_at_all_is_named() {
    let call = |request: &str, options: &str| {
        refused(Plan::of_run(value(request), value(options), false), request).1
    };
    assert_eq!(call("undefined", "{}"), "request must be an object, not undefined.");
    assert_eq!(call("[1n]", "{}"), "request must be an object, not an array.");
    assert_eq!(call(REQUEST, "undefined"), "options must be an object, not undefined.");
    assert_eq!(call(REQUEST, "() => {}"), "options must be an object, not a function.");
}

#[wasm_bindgen_test]
fn options_may_be_inherited_or_come_from_getters() {
    let options = format!("Object.create({{ host: \"{HOST}\", get batchSize() {{ return 0; }} }})");
    let made = Plan::of_run(value(REQUEST), value(&options), false);
    assert_eq!(refused(made, "an inherited option").0, "invalid-batch-size");
}

#[wasm_bindgen_test]
fn what_is_missing_of_a_confirmation_is_named() {
    let request = r#"{ promotionId: "p", contextId: "c", confirmed: { customers: 1 } }"#;
    let (code, message) = refused(Plan::of_run(value(request), value("{}"), false), request);
    assert_eq!(code, "invalid-option");
    assert_eq!(message, "request.confirmed.digest must be a string, not undefined.");
}

#[wasm_bindgen_test]
fn issuances_are_texts_and_nothing_else() {
    let texts = |list: &str| read_targets(value(list).unchecked_ref());
    assert_eq!(texts(r#"["1", "p", "e1", "2", "p", "e2", "1", "p", "e3"]"#).unwrap().len(), 2);
    let cases = [
        (r#"[1, "p", "e"]"#, "invalid-argument"),
        (r#"["1", "p", null]"#, "invalid-argument"),
        (r#"["1", "p"]"#, "invalid-argument"),
        (r#"["1.2E+17", "p", "e"]"#, "invalid-issuances"),
        (r#"["1", "p", ""]"#, "invalid-issuances"),
        (r#"["1", "", "e"]"#, "invalid-promotion-id"),
    ];
    for (list, expected) in cases {
        assert_eq!(refused(texts(list), list).0, expected);
    }
    let names = |request: &str| Plan::of_revocation(value(request), value("{}"));
    let (code, message) = refused(names("{ issuance: [] }"), "a misspelt name");
    assert_eq!(code, "unknown-option");
    assert_eq!(message, "request has no \"issuance\"; there are issuances.");
}
