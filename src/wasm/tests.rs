//! The shell in a real JavaScript runtime, Node or Chromium: exact ids, whole runs over a scripted
//! transport, options and errors. The package has its own tests.

use super::host::Host;
use super::intake::{Input, Intake};
use super::journal::{Recovered, Recovery};
use super::outcomes::Outcomes;
use super::plan::Plan;
use super::run::IssueRun;
use js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

const PROMOTION: &str = "67dd4210ef21a64211227e04";

/// A host whose transport is `script`: the body of a function of a call's number from 1, its URL,
/// its `init` and `issued`, which answers as the service does. `drive(run)` resolves at the end.
const HOST: &str = r#"
    const settle = (promise, map = (value) => value) => ({
        then: (resolve, reject) => void promise.then(map).then(
            (value) => (resolve(value), host.schedule()),
            (error) => (reject(error), host.schedule()),
        ),
    });
    const issued = (init) => {
        const ids = new TextDecoder().decode(init.body).slice(1, -1).split(",");
        const entry = (id) => `"${id}":{"id":"67dd4237ef21a64211227e06","customerId":${id},` +
            `"promotionId":"67dd4210ef21a64211227e04","earnedFromId":"973",` +
            `"eventTime":1742553655678,"validTill":1746046799999}`;
        return new Response(`{"data":{${ids.map(entry).join(",")}}}`);
    };
    const transport = new Function("call", "url", "init", "issued", script);
    let calls = 0;
    let run, finish, timer;
    let isOver = false;
    const turn = (isByTimer) => {
        if (isOver) return;
        isOver = run.turn(isByTimer);
        if (isOver) finish();
    };
    const host = {
        hasTransport: true, hasHooks: false, hasTaker: false, journal: [], headers: [],
        schedule: () => void Promise.resolve().then(() => turn(false)),
        setTimer(ms) { clearTimeout(timer); timer = setTimeout(() => turn(true), ms); },
        clearTimer() { clearTimeout(timer); },
        changed() {},
        send: (url, init) => settle((async () => transport(++calls, url, init, issued))()),
        next: (reader) => settle(reader.read(), ({ value }) => value),
        leave: (reader) => void reader.cancel(),
        credentials: () => settle(Promise.resolve(host.headers)),
        append: (bytes) => settle(Promise.resolve(host.journal.push(...bytes))),
        drive: (its) => new Promise((resolve) => {
            run = its;
            finish = resolve;
            run.drive();
        }).then(() => run.free()),
    };
    return host;
"#;

fn host(script: &str) -> Host {
    let make = Function::new_with_args("script", HOST);
    make.call1(&JsValue::UNDEFINED, &script.into()).unwrap().unchecked_into()
}

/// The value of a JavaScript object literal in JSON.
fn value(json: &str) -> JsValue {
    JSON::parse(json).unwrap()
}

fn request() -> JsValue {
    value(&format!(r#"{{"promotionId":"{PROMOTION}","contextId":"973"}}"#))
}

/// Options of a run, beside the host.
fn options(json: &str) -> JsValue {
    let options = value(json);
    Reflect::set(&options, &"host".into(), &"eu.api.capillarytech.com".into()).unwrap();
    options
}

fn plan(json: &str) -> Plan {
    Plan::of_run(request(), options(json), false).unwrap()
}

/// A function of the caller.
fn function() -> JsValue {
    Function::new_no_args("").into()
}

fn intake() -> Intake {
    plan("{}").intake()
}

fn input(text: &str) -> Input {
    let mut intake = intake();
    intake.push_bytes(text.as_bytes()).unwrap();
    intake.finish().unwrap()
}

async fn driven(run: IssueRun, host: &Host) -> Outcomes {
    let drive: Function = get(host, "drive").unchecked_into();
    let over = drive.call1(&JsValue::UNDEFINED, &run.run().into()).unwrap();
    JsFuture::from(over.unchecked_into::<Promise>()).await.unwrap();
    run.outcomes().unwrap()
}

async fn outcomes(ids: &str, json: &str, script: &str) -> Outcomes {
    let host = host(script);
    driven(IssueRun::new(&plan(json), input(ids), &host, 1.0).unwrap(), &host).await
}

fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap()
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).unwrap().into()
}

fn counts(outcomes: &Outcomes) -> String {
    let counts = outcomes.counts();
    let count = |key: &str| get(&counts, key).as_f64().unwrap().to_string();
    ["issued", "rejected", "unsent", "unknown", "attempts"].map(count).join(" ")
}

#[wasm_bindgen_test]
fn ids_cross_the_border_exactly() {
    let mut intake = intake();
    intake.push_text("9007199254740993").unwrap();
    intake.push_longs(&[i64::MAX]).unwrap();
    intake.push_number(9_007_199_254_740_992.0).unwrap();
    intake.push_text("9223372036854775808").unwrap();
    let read = intake.finish().unwrap();
    assert!(text(&read.summary()).contains(r#""given":4,"invalid":2"#));
    let problems = text(&read.problems());
    assert!(problems.contains("not-exact") && problems.contains("too-large"), "{problems}");
}

#[wasm_bindgen_test]
async fn a_run_over_a_transport_issues_every_id() {
    let ids = "9007199254740993\n9223372036854775807\n5\n";
    let script = r#"
        const end = "/promotions/67dd4210ef21a64211227e04/issueBulk?contextId=973";
        const body = new TextDecoder().decode(init.body);
        const wanted = ["[9007199254740993,9223372036854775807]", "[5]"][call - 1];
        if (!url.endsWith(end) || body !== wanted || init.method !== "POST") throw new Error(body);
        return issued(init);
    "#;
    let outcomes = outcomes(ids, r#"{"batchSize":2}"#, script).await;
    assert_eq!(counts(&outcomes), "3 0 0 0 2");
    let found = outcomes.at(outcomes.find("9223372036854775807") as u32);
    assert_eq!(get(&found, "customerId"), "9223372036854775807");
    assert_eq!(get(&found, "id"), "67dd4237ef21a64211227e06");
    assert_eq!(get(&found, "eventTime").as_f64(), Some(1_742_553_655_678.0));
    assert_eq!(outcomes.ids().to_vec(), [9_007_199_254_740_993, i64::MAX, 5]);
    assert_eq!(outcomes.states().to_vec(), [0, 0, 0]);
    assert_eq!(outcomes.find("6"), -1.0);
    assert!(outcomes.at(3).is_undefined());
}

#[wasm_bindgen_test]
async fn what_failed_is_sent_again_only_if_it_is_proven_not_to_have_left() {
    let refused = r#"
        if (call > 1) return issued(init);
        throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
    "#;
    assert_eq!(counts(&outcomes("1", "{}", refused).await), "1 0 0 0 2");
    let lost = r#"throw new TypeError("fetch failed");"#;
    let lost = outcomes("1", "{}", lost).await;
    assert_eq!(get(&lost.at(0), "reason"), "network");
}

#[wasm_bindgen_test]
async fn a_timeout_drops_the_exchange_and_a_retry_after_is_kept() {
    let slow = r#"
        return new Promise((resolve, reject) => {
            init.signal.addEventListener("abort", () => reject(init.signal.reason));
        });
    "#;
    let slow = outcomes("1", r#"{"timeoutMs":50}"#, slow).await;
    assert_eq!(get(&slow.at(0), "reason"), "timeout");

    let busy = r#"
        const headers = { "retry-after": "1" };
        return call === 1 ? new Response("", { status: 429, headers }) : issued(init);
    "#;
    let busy = outcomes("1", "{}", busy).await;
    assert_eq!(counts(&busy), "1 0 0 0 2");
    assert!(get(&busy.counts(), "elapsedMs").as_f64().unwrap() >= 1_000.0);
}

#[wasm_bindgen_test]
async fn a_status_that_http_does_not_know_proves_nothing() {
    for status in ["0", "65965", "200.5", "'200'", "undefined", "99"] {
        let script = format!("return {{ status: {status}, headers: new Headers(), body: null }};");
        let doubtful = outcomes("1", "{}", &script).await;
        assert_eq!(get(&doubtful.at(0), "reason"), "network", "{status}");
    }
}

#[wasm_bindgen_test]
async fn credentials_are_asked_for_and_none_that_cannot_be_sent_is_taken() {
    let client = r#"{"auth":{"key":"k","secret":"s"}}"#;
    let script = r#"
        if (url.endsWith("/v3/oauth/token/generate")) {
            const asked = new TextDecoder().decode(init.body);
            if (asked !== '{"key":"k","secret":"s"}') throw new Error(asked);
            return Response.json({ data: { accessToken: "t", ttlSeconds: 300 } });
        }
        if (init.headers["X-CAP-API-OAUTH-TOKEN"] !== "t") throw new Error("no token");
        return issued(init);
    "#;
    let with_token = outcomes("1", client, script).await;
    assert_eq!(counts(&with_token), "1 0 0 0 1");

    let asking = host("return issued(init);");
    let headers = ["x-one", "1", "x-two", "2\r\nx-three: 3", "x-four", "4"];
    let headers: Array = headers.into_iter().map(JsValue::from).collect();
    Reflect::set(&asking, &"headers".into(), &headers).unwrap();
    let with_function = options("{}");
    Reflect::set(&with_function, &"auth".into(), &function()).unwrap();
    let plan = Plan::of_run(request(), with_function, false).unwrap();
    let run = IssueRun::new(&plan, input("1"), &asking, 1.0).unwrap();
    assert_eq!(counts(&driven(run, &asking).await), "0 0 1 0 0");
}

fn recovered(journal: &[u8]) -> Result<Option<Recovered>, JsValue> {
    let mut recovery = Recovery::new();
    recovery.feed(journal);
    recovery.finish()
}

fn journal_of(host: &Host) -> Vec<u8> {
    Uint8Array::new(&get(host, "journal")).to_vec()
}

#[wasm_bindgen_test]
async fn a_run_goes_on_from_its_journal_and_what_was_on_its_way_is_unknown() {
    let first = host("return call === 1 ? issued(init) : new Promise(() => {});");
    let numbers = plan(r#"{"journal":{},"batchSize":1,"concurrency":2}"#);
    let run = IssueRun::new(&numbers, input("1\n2\n3\n4\n4\nx\n"), &first, 1.0).unwrap();
    let drive: Function = get(&first, "drive").unchecked_into();
    let _over = drive.call1(&JsValue::UNDEFINED, &run.run().into()).unwrap();
    while get(&run.progress(), "attempts").as_f64() != Some(3.0) {
        let later = Function::new_no_args("return new Promise((go) => setTimeout(go, 1))");
        let later: Promise = later.call0(&JsValue::UNDEFINED).unwrap().unchecked_into();
        JsFuture::from(later).await.unwrap();
    }
    let mut journal = journal_of(&first);
    let torn = [&journal[..], &[7; 3]].concat();

    let mut found = recovered(&torn).unwrap().unwrap();
    assert_eq!(found.bytes(), journal.len() as f64);
    let goes_on = Plan::of_resumed_run(options("{}"), false).unwrap();
    assert!(found.admit(&goes_on, input("1\n2\n3\n4\n")).is_ok());
    let refused = found.admit(&goes_on, input("1\n2\n")).unwrap_err();
    assert_eq!(get(&refused, "code"), "journal-mismatch");
    let second = host(
        r#"
        const body = new TextDecoder().decode(init.body);
        if (body !== "[4]") throw new Error(body);
        return issued(init);
    "#,
    );
    let resumed = IssueRun::resumed(&goes_on, found, &second, 1.0).unwrap();
    let outcomes = driven(resumed, &second).await;
    journal.extend(journal_of(&second));
    assert_eq!(counts(&outcomes), "2 0 0 2 4");
    assert_eq!(get(&outcomes.at(1), "reason"), "interrupted");
    assert_eq!(get(&outcomes.counts(), "given").as_f64(), Some(6.0));
    assert!(text(&outcomes.problems()).contains("not-digits"));

    let review = recovered(&journal).unwrap().unwrap().review(0.0, 0.0).unwrap();
    assert_eq!(counts(&review), "2 0 0 2 4");
    assert_eq!(review.ids().to_vec(), [1, 2, 3, 4]);
}

#[wasm_bindgen_test]
fn a_journal_that_cannot_be_believed_is_refused_with_its_place() {
    assert!(recovered(b"").unwrap().is_none());
    let Err(thrown) = recovered(b"customer_id\n1\n") else { panic!("it is no journal") };
    assert_eq!(get(&thrown, "code"), "journal-damaged");
    assert!(get(&thrown, "message").as_string().unwrap().contains("at byte 0"));
    let Err(thrown) = recovered(b"IssBulk\x7f") else { panic!("it is another version") };
    assert_eq!(get(&thrown, "code"), "journal-version");
}

#[wasm_bindgen_test]
fn a_plan_sends_nothing_and_keeps_the_input() {
    let input = input("1\n2\n3\n3\nx\n");
    let plan = plan(r#"{"batchSize":2}"#);
    let text = text(&plan.forecast(&input).unwrap());
    assert!(text.contains(r#""distinct":3"#) && text.contains(r#""requests":2"#), "{text}");
    assert!(IssueRun::new(&plan, input, &host(""), 0.0).is_ok());
}
