//! The shell in a real JavaScript runtime, Node or Chromium: exact ids over the border, a whole
//! run over a `fetch` of our own with the runtime's `Response`, streams, timers and errors.

use super::client::{Run, plan};
use super::convert::get;
use super::intake::{Input, Intake};
use js_sys::{BigInt64Array, Function, JSON, Object};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

const PROMOTION: &str = "67dd4210ef21a64211227e04";

/// The service: entries for every id of the body, streamed in pieces of seven bytes.
const ISSUE: &str = r#"
    const entry = (id) => `"${id}":{"id":"67dd4237ef21a64211227e06","customerId":${id},` +
        `"promotionId":"67dd4210ef21a64211227e04","earnedFromId":"973",` +
        `"eventTime":1742553655678,"validTill":1746046799999}`;
    const issue = (init) => {
        const ids = new TextDecoder().decode(init.body).slice(1, -1).split(",");
        const text = new TextEncoder().encode(`{"data":{${ids.map(entry).join(",")}}}`);
        let at = 0;
        return new Response(new ReadableStream({
            pull(controller) {
                if (at >= text.length) return controller.close();
                controller.enqueue(text.slice(at, at += 7));
            },
        }), { headers: { "x-cap-requestid": "r 1" } });
    };
"#;

/// A `fetch` from the body of a function of `url`, `init` and `call`, which counts from 1.
fn fetch(body: &str) -> Function {
    let source = format!(
        "{ISSUE} let calls = 0; (function (url, init) {{
            const call = ++calls;
            return (async () => {{ {body} }})();
        }})"
    );
    js_sys::eval(&source).unwrap().unchecked_into()
}

fn object(key: &str, value: &JsValue) -> JsValue {
    let object = js_sys::Object::new();
    js_sys::Reflect::set(&object, &key.into(), value).unwrap();
    object.into()
}

fn json(text: &str) -> JsValue {
    JSON::parse(text).unwrap()
}

fn input(text: &str) -> Input {
    let intake = Intake::new(JsValue::UNDEFINED).unwrap();
    intake.push_bytes(text.as_bytes()).unwrap();
    intake.finish().unwrap()
}

fn request() -> JsValue {
    json(&format!(r#"{{"promotionId":"{PROMOTION}","contextId":"973"}}"#))
}

fn options(more: &str) -> JsValue {
    let options = json(r#"{"host":"eu.api.capillarytech.com","seed":1,"timeoutMs":30000}"#);
    let all: Object = Object::assign(options.unchecked_ref(), json(more).unchecked_ref());
    all.into()
}

/// Runs to the end and gives the counts with what stopped the run.
async fn run(ids: &str, more: &str, fetch: &Function) -> (super::outcomes::Outcomes, String) {
    let run = Run::new(request(), options(more), &input(ids)).unwrap();
    let done = run.start(object("fetch", fetch)).unwrap();
    JsFuture::from(done).await.unwrap();
    let outcomes = run.outcomes().unwrap();
    let counts = outcomes.counts().unwrap();
    let count = |key: &str| get(&counts, key).as_f64().unwrap().to_string();
    let names = ["issued", "rejected", "unsent", "unknown", "attempts"];
    let summary = names.map(count).join(" ");
    (outcomes, summary)
}

#[wasm_bindgen_test]
fn ids_cross_the_border_exactly() {
    let intake = Intake::new(JsValue::UNDEFINED).unwrap();
    intake.push_text("9007199254740993").unwrap();
    let longs = BigInt64Array::new_with_length(1);
    longs.set_index(0, i64::MAX);
    intake.push_longs(&longs.to_vec()).unwrap();
    intake.push_number(9_007_199_254_740_992.0).unwrap();
    intake.push_text("9223372036854775808").unwrap();
    let read = intake.finish().unwrap();
    let summary = JSON::stringify(&read.summary().unwrap()).unwrap();
    assert!(String::from(summary).contains(r#""given":4,"invalid":2"#));
    let problems = String::from(JSON::stringify(&read.problems().unwrap()).unwrap());
    assert!(problems.contains("not-exact") && problems.contains("too-large"), "{problems}");
}

#[wasm_bindgen_test]
async fn a_run_issues_every_id_over_streams() {
    let fetch = fetch("return issue(init);");
    let (outcomes, summary) =
        run("9007199254740993\n9223372036854775807\n5\n", r#"{"batchSize":2}"#, &fetch).await;
    assert_eq!(summary, "3 0 0 0 2");
    let row = outcomes.find("9223372036854775807").unwrap();
    let found = outcomes.at(row as u32).unwrap();
    assert_eq!(get(&found, "customerId"), "9223372036854775807");
    assert_eq!(get(&found, "id"), "67dd4237ef21a64211227e06");
    assert_eq!(get(&found, "eventTime").as_f64(), Some(1_742_553_655_678.0));
    assert_eq!(outcomes.ids().unwrap().to_vec(), [9_007_199_254_740_993, i64::MAX, 5]);
    assert_eq!(outcomes.states().unwrap().to_vec(), [0, 0, 0]);
    assert_eq!(outcomes.find("6").unwrap(), -1.0);
}

#[wasm_bindgen_test]
async fn the_request_is_what_the_service_documents() {
    let fetch = fetch(
        r#"
        const wrong = [
            url === "https://eu.api.capillarytech.com/api_gateway/v1/promotions/" +
                "67dd4210ef21a64211227e04/issueBulk?contextId=973" || url,
            init.method === "POST" || init.method,
            init.redirect === "manual" || init.redirect,
            init.headers["Content-Type"] === "application/json" || "content type",
            init.headers.Authorization === "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZ" +
                "mY3Y2RjMGNkNTU1OWE3" || "authorization",
            init.signal instanceof AbortSignal || "signal",
            new TextDecoder().decode(init.body) === "[555567088]" || "body",
        ].filter((holds) => holds !== true);
        return wrong.length === 0 ? issue(init) : new Response(wrong.join(), { status: 405 });
        "#,
    );
    let auth = r#"{"auth":{"username":"store.server","password":"server123"}}"#;
    let (_, summary) = run("555567088", auth, &fetch).await;
    assert_eq!(summary, "1 0 0 0 1");
}

#[wasm_bindgen_test]
async fn only_a_proven_failure_to_connect_is_sent_again() {
    let refused = r#"
        if (call > 2) return issue(init);
        throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
    "#;
    let (_, summary) = run("1", "{}", &fetch(refused)).await;
    assert_eq!(summary, "1 0 0 0 3");
    let lost = r#"
        throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } });
    "#;
    let (outcomes, summary) = run("1", "{}", &fetch(lost)).await;
    assert_eq!(summary, "0 0 0 1 1");
    assert_eq!(get(&outcomes.at(0).unwrap(), "reason"), "network");
}

#[wasm_bindgen_test]
async fn a_stream_that_breaks_proves_nothing() {
    let body = r#"
        return new Response(new ReadableStream({
            start(controller) {
                controller.enqueue(new TextEncoder().encode('{"data":{'));
                controller.error(new TypeError("terminated"));
            },
        }));
    "#;
    let (outcomes, summary) = run("1\n2", "{}", &fetch(body)).await;
    assert_eq!(summary, "0 0 0 2 1");
    assert_eq!(get(&outcomes.at(1).unwrap(), "reason"), "cut-body");
}

#[wasm_bindgen_test]
async fn retry_after_is_awaited_with_the_runtimes_timer() {
    let body = r#"
        if (call === 1) {
            globalThis.refusedAt = performance.now();
            return new Response("", { status: 429, headers: { "retry-after": "1" } });
        }
        globalThis.waited = performance.now() - globalThis.refusedAt;
        return issue(init);
    "#;
    let (_, summary) = run("1", "{}", &fetch(body)).await;
    assert_eq!(summary, "1 0 0 0 2");
    let waited = get(&js_sys::global(), "waited").as_f64().unwrap();
    assert!((999.0..4_000.0).contains(&waited), "{waited}");
}

#[wasm_bindgen_test]
async fn an_attempt_that_never_ends_is_dropped_at_its_timeout() {
    let body = r#"
        return new Promise((_, reject) => {
            init.signal.addEventListener("abort", () => {
                globalThis.dropped = true;
                reject(init.signal.reason);
            });
        });
    "#;
    let (outcomes, summary) = run("1", r#"{"timeoutMs":50}"#, &fetch(body)).await;
    assert_eq!(summary, "0 0 0 1 1");
    assert_eq!(get(&outcomes.at(0).unwrap(), "reason"), "timeout");
    assert!(get(&js_sys::global(), "dropped").is_truthy());
}

#[wasm_bindgen_test]
async fn an_oauth_client_fetches_its_token_first_and_once_more_when_refused() {
    let body = r#"
        if (url.endsWith("/v3/oauth/token/generate")) {
            const { key, secret } = JSON.parse(new TextDecoder().decode(init.body));
            const accessToken = `${key}.${secret}.${call}`;
            return Response.json({ data: { accessToken, ttlSeconds: 300 }, errors: null });
        }
        const token = init.headers["X-CAP-API-OAUTH-TOKEN"];
        return token === "k.s.3" ? issue(init) : new Response("", { status: 401 });
    "#;
    let auth = r#"{"auth":{"key":"k","secret":"s"}}"#;
    let (_, summary) = run("1\n2", auth, &fetch(body)).await;
    assert_eq!(summary, "2 0 0 0 2");
}

#[wasm_bindgen_test]
fn a_plan_sends_nothing_and_keeps_the_input() {
    let input = input("1\n2\n3\n3\nx\n");
    let planned = plan(request(), options(r#"{"batchSize":2}"#), &input).unwrap();
    let text = String::from(JSON::stringify(&planned).unwrap());
    assert!(text.contains(r#""distinct":3"#) && text.contains(r#""requests":2"#), "{text}");
    assert!(Run::new(request(), options("{}"), &input).is_ok());
}

#[wasm_bindgen_test]
fn mistakes_are_thrown_with_a_code_before_anything_is_sent() {
    let cases = [
        (r#"{"host":"http://example.com"}"#, "insecure-host"),
        (r#"{"batchSize":"many"}"#, "invalid-option"),
        (r#"{"batchSize":0.5}"#, "invalid-batch-size"),
        (r#"{"auth":{"username":"u","password":"a\r\nb"}}"#, "invalid-credentials"),
        (r#"{"auth":{"username":"u"}}"#, "invalid-credentials"),
        (r#"{"auth":{}}"#, "invalid-credentials"),
        (r#"{"auth":7}"#, "invalid-option"),
        (r#"{"attribution":{"type":"SHOP","code":"1"}}"#, "invalid-attribution"),
    ];
    for (more, code) in cases {
        let Err(thrown) = Run::new(request(), options(more), &input("1")) else {
            panic!("{more} was accepted")
        };
        assert_eq!(get(&thrown, "code"), code, "{more}");
        assert!(get(&thrown, "message").as_string().unwrap().ends_with('.'));
    }
    let refused =
        Run::new(json(r#"{"promotionId":"..","contextId":"1"}"#), options("{}"), &input("1"));
    assert_eq!(get(&refused.err().unwrap(), "code"), "invalid-promotion-id");
}
