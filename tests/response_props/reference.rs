//! A second reader of answers, written for clarity on top of serde_json, which decides what is
//! JSON, where a value ends, and what a string says. It shares no code with the reader under test.

use serde_json::value::RawValue;

/// What an answer says, in a form that is easy to compare.
#[derive(Debug, PartialEq)]
pub struct Reading {
    pub data: &'static str,
    pub slots: Vec<Slot>,
    pub errors: Vec<Fault>,
    /// The answer says of itself that it failed.
    pub is_failed: bool,
    pub extra_ids: u64,
    pub other_keys: u64,
}

#[derive(Debug, PartialEq)]
pub enum Slot {
    Absent,
    Issued { id: String, context: Option<String>, times: [Option<i64>; 2] },
    Refused(Vec<Fault>),
    Unreadable,
    OtherCustomer(i64),
    OtherPromotion,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    pub code: Option<i64>,
    pub message: String,
    pub customer: Option<i64>,
}

pub struct Request<'a> {
    pub ids: &'a [i64],
    pub promotion: &'a str,
    pub context: &'a str,
}

/// A field of an object: its key decoded, if it can be, and as it was written.
struct Field<'a> {
    key: Option<String>,
    raw_key: &'a str,
    value: &'a str,
}

const DEPTH_MAX: i32 = 32;
const MESSAGE_MAX: usize = 512;

/// `None` for a body that is broken in any way.
pub fn read(bytes: &[u8], request: &Request<'_>) -> Option<Reading> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let raw: &RawValue = serde_json::from_slice(bytes).ok()?;
    if depth(raw.get()) > DEPTH_MAX {
        return None;
    }
    let top = object(raw.get())?;
    let mut reading = Reading {
        data: "absent",
        slots: request.ids.iter().map(|_| Slot::Absent).collect(),
        errors: Vec::new(),
        is_failed: false,
        extra_ids: 0,
        other_keys: 0,
    };
    if let Some(data) = once(&top, "data")? {
        reading.data = match data.as_bytes()[0] {
            b'{' => "object",
            b'n' => "null",
            _ => "other",
        };
        if let Some(entries) = object(data) {
            read_data(&mut reading, &entries, request)?;
        }
    }
    read_errors(&mut reading, &top)?;
    Some(reading)
}

fn read_data(reading: &mut Reading, entries: &[Field<'_>], request: &Request<'_>) -> Option<()> {
    let mut seen = std::collections::HashSet::new();
    for Field { key, raw_key, value } in entries {
        let key = key.clone().unwrap_or_else(|| raw_key.to_string());
        if !seen.insert(key.clone()) {
            return None;
        }
        let Some(id) = customer(&key) else {
            reading.other_keys += 1;
            continue;
        };
        match request.ids.iter().position(|other| *other == id) {
            None => reading.extra_ids += 1,
            Some(slot) if raw_key.contains('\\') => reading.slots[slot] = Slot::Unreadable,
            Some(slot) => reading.slots[slot] = read_entry(id, value, request),
        }
    }
    Some(())
}

const FIELDS: [&str; 8] = [
    "id",
    "customerId",
    "promotionId",
    "earnedFromId",
    "eventTime",
    "validTill",
    "error",
    "errors",
];

fn read_entry(id: i64, value: &str, request: &Request<'_>) -> Slot {
    let Some(fields) = object(value) else { return Slot::Unreadable };
    let values: Option<Vec<Option<&str>>> = FIELDS.iter().map(|name| once(&fields, name)).collect();
    let Some(values) = values else { return Slot::Unreadable };
    let [issuance, named, promotion, context, event, valid, ..] = values[..] else {
        return Slot::Unreadable;
    };
    let named = named.and_then(customer);
    if let Some(other) = named.filter(|other| *other != id) {
        return Slot::OtherCustomer(other);
    }
    let promoted = promotion.and_then(text).is_some_and(|text| text == request.promotion);
    if promotion.is_some_and(|value| value.starts_with('"')) && !promoted {
        return Slot::OtherPromotion;
    }
    let faults = entry_faults(&fields);
    if !faults.is_empty() {
        return Slot::Refused(faults);
    }
    if named.is_none() || !promoted {
        return Slot::Unreadable;
    }
    let issuance = issuance.and_then(text).filter(|text| (1..=256).contains(&text.len()));
    let context = context.filter(|value| *value != "null");
    let context_is_text = context.is_none_or(|value| value.starts_with('"'));
    match (issuance, time(event), time(valid)) {
        (Some(id), Some(event), Some(valid)) if context_is_text => {
            let same = |value: &&str| text(value).as_deref() == Some(request.context);
            let context = context.filter(|value| !same(value)).map(readable);
            Slot::Issued { id, context, times: [event, valid] }
        }
        _ => Slot::Unreadable,
    }
}

/// The first error of each code in the order of the entry, or else the first field that says that
/// it failed.
fn entry_faults(fields: &[Field<'_>]) -> Vec<Fault> {
    let (mut faults, mut failures) = (Vec::<Fault>::new(), Vec::new());
    for Field { key, value, .. } in fields {
        let Some(key) = key.as_deref() else { continue };
        let found = match key {
            "error" | "errors" => array(value)
                .unwrap_or_else(|| vec![value])
                .into_iter()
                .filter_map(fault)
                .collect::<Vec<_>>(),
            _ => match failure(key, value) {
                Some(fault) if fault.code.is_none() => {
                    failures.push(fault);
                    continue;
                }
                other => other.into_iter().collect(),
            },
        };
        for fault in found {
            if faults.len() < 16 && faults.iter().all(|other| other.code != fault.code) {
                faults.push(fault);
            }
        }
    }
    if faults.is_empty() { failures.into_iter().take(1).collect() } else { faults }
}

const SUCCESS: &str = " success issuccess successful issuccessful succeeded ok isok ";
const FAILURE: &str = " failed isfailed failure isfailure failurereason error errors iserror \
    haserror haserrors errormessage errormsg errordescription errordetails errorreason exception \
    fault ";
const ERROR_CODE: &str = " errorcode errcode faultcode ";
const STATUS: &str = " status statuscode httpstatus issuestatus issuancestatus state result \
    outcome ";
const FAILED: &str = "fail error reject refus denied declin invalid unsuccess abort exception \
    exceed not_issued not.issued";

/// A field that says that what holds it failed.
fn failure(key: &str, value: &str) -> Option<Fault> {
    let letters = if key.starts_with(['_', '-']) { "" } else { key }.replace(['_', '-'], "");
    let is_in = |names: &str| names.contains(&format!(" {} ", letters.to_ascii_lowercase()));
    let is_text = value.starts_with('"');
    let message = if is_text { readable(value) } else { String::new() };
    let text = message.to_ascii_lowercase();
    let code = integer(value);
    let is = |words: &str| words.split(' ').any(|word| word == text.trim_ascii());
    let says_no = is_text && is("false no n 0");
    let says_nothing = is_text && (text.trim_ascii().is_empty() || is("null none nil n/a"));
    let negated = ["no_error", "no error", "no-error", "noerror"].contains(&text.as_str());
    let says_failed =
        is_text && !negated && FAILED.split(' ').any(|word| text.contains(&word.replace('.', " ")));
    let quoted = |code| if is_text { None } else { code };
    let is_failure = if is_in(SUCCESS) {
        value == "false" || quoted(code) == Some(0) || says_no || says_failed
    } else if is_in(FAILURE) {
        match value.as_bytes()[0] {
            b'{' | b'[' => return fault(value),
            b'"' => !says_no && !says_nothing,
            b't' => true,
            b'-' | b'0'..=b'9' => code != Some(0),
            _ => false,
        }
    } else if is_in(ERROR_CODE) {
        error_code(value)
    } else if is_in(STATUS) {
        if value.starts_with('{') {
            return status_fault(value);
        }
        match code {
            Some(code) => (400..600).contains(&code),
            None => value == "false" || says_no || says_failed,
        }
    } else {
        false
    };
    let code = if is_in(ERROR_CODE) { code } else { None };
    is_failure.then_some(Fault { code, message, customer: None })
}

/// Whether a code is one of an error.
fn error_code(value: &str) -> bool {
    match (value.as_bytes()[0], integer(value)) {
        (b'{' | b'[', _) | (b'n' | b'f', _) => false,
        (_, Some(code)) => code != 0 && !(200..300).contains(&code),
        (b'"', None) => {
            let text = readable(value).to_ascii_lowercase();
            !["", "null", "none", "nil", "n/a", "success", "ok", "00", "000"]
                .contains(&text.trim_ascii())
        }
        _ => true,
    }
}

fn read_errors(reading: &mut Reading, top: &[Field<'_>]) -> Option<()> {
    let (code, message, details) =
        (once(top, "errorCode")?, once(top, "message")?, once(top, "errorDetails")?);
    let (errors, response) = (once(top, "errors")?, once(top, "response")?);
    // In the order of the answer, then the flat shape.
    for Field { key, value, .. } in top {
        match key.as_deref() {
            Some("errors") => {
                let list = errors.and_then(array).unwrap_or_else(|| vec![value]);
                reading.errors.extend(list.into_iter().filter_map(fault));
            }
            Some("response") => {
                let Some(fields) = response.and_then(object) else { continue };
                let found = once(&fields, "status")?.and_then(status_fault);
                reading.is_failed |= found.is_some();
                reading.errors.extend(found);
                for Field { key, value, .. } in &fields {
                    let key = key.as_deref().filter(|key| *key != "status");
                    reading.is_failed |= key.and_then(|key| failure(key, value)).is_some();
                }
            }
            Some("data" | "errorCode" | "message" | "errorDetails") | None => {}
            Some(key) => reading.is_failed |= failure(key, value).is_some(),
        }
    }
    let details: Vec<Fault> = details
        .map(|value| array(value).unwrap_or_else(|| vec![value]))
        .unwrap_or_default()
        .into_iter()
        .filter_map(fault)
        .collect();
    let coded = code.is_some_and(|value| value.starts_with(['{', '[']) || error_code(value));
    reading.is_failed |= coded || !details.is_empty();
    if coded || !details.is_empty() {
        let details: Vec<String> = details.into_iter().map(|detail| detail.message).collect();
        let message = message.filter(|value| value.starts_with('"')).map(readable);
        let parts = [message.unwrap_or_default(), details.join("; ")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let message = cut(parts.join(": "));
        reading.errors.push(Fault { code: code.and_then(integer), message, customer: None });
    }
    Some(())
}

/// A value read as an error; `None` if it says nothing.
fn fault(value: &str) -> Option<Fault> {
    let mut fault = Fault::default();
    match value.as_bytes()[0] {
        b'{' => {
            let fields = object(value)?;
            if fields.is_empty() {
                return None;
            }
            // Of a field that is there twice neither counts, except that the last message does.
            let mut codes = fields
                .iter()
                .filter(|field| matches!(field.key.as_deref(), Some("code" | "errorCode")));
            let code = codes.next().filter(|_| codes.next().is_none());
            let holds_errors = fields.iter().any(|field| {
                matches!(field.key.as_deref(), Some("error" | "errors"))
                    && (object(field.value).is_some_and(|fields| !fields.is_empty())
                        || array(field.value).is_some_and(|list| !list.is_empty()))
            });
            fault.code = code.filter(|_| !holds_errors).and_then(|field| integer(field.value));
            let named = once(&fields, "customerId").flatten();
            fault.customer = named.and_then(customer);
            let is_message = |field: &&Field<'_>| {
                field.key.as_deref() == Some("message") && field.value.starts_with('"')
            };
            let last = fields.iter().rfind(is_message);
            fault.message = last.map(|field| readable(field.value)).unwrap_or_default();
        }
        b'[' => {
            array(value).filter(|list| !list.is_empty())?;
        }
        b'"' if value.len() > 2 => fault.message = readable(value),
        b't' => {}
        b'-' | b'0'..=b'9' => fault.code = integer(value),
        _ => return None,
    }
    Some(fault)
}

fn status_fault(value: &str) -> Option<Fault> {
    let fields = object(value)?;
    let found = fault(value)?;
    let mut successes = fields.iter().filter(|field| field.key.as_deref() == Some("success"));
    let failed = successes.any(|field| {
        !field.value.starts_with(['{', '[']) && failure("success", field.value).is_some()
    });
    let coded = found.code.is_some_and(|code| !(200..=299).contains(&code));
    (failed || coded).then_some(found)
}

/// The value of a key: `Some(None)` if it is not there, `None` if it is there twice.
fn once<'a>(fields: &[Field<'a>], name: &str) -> Option<Option<&'a str>> {
    let mut found = fields.iter().filter(|field| field.key.as_deref() == Some(name));
    let first = found.next().map(|field| field.value);
    if found.next().is_some() { None } else { Some(first) }
}

/// The decoded string; `None` for other values and for half a surrogate pair.
fn text(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// The text with steering characters as blanks. Half pairs are made U+FFFD here.
fn readable(raw: &str) -> String {
    let decoded = text(raw).or_else(|| text(&whole_pairs(raw))).expect("a string of JSON");
    let steers = |letter: char| {
        letter.is_control()
            || "\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}"
                .contains(letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
    };
    cut(decoded.chars().map(|letter| if steers(letter) { ' ' } else { letter }).collect())
}

/// Writes each escaped surrogate that has no partner as U+FFFD.
fn whole_pairs(raw: &str) -> String {
    let (mut out, mut rest) = (String::new(), raw);
    while let Some(letter) = rest.chars().next() {
        let length = match rest.as_bytes() {
            [b'\\', b'u', ..] => {
                let pair = rest.get(..12).filter(|pair| text(&format!("\"{pair}\"")).is_some());
                if rest[2..].to_ascii_lowercase().starts_with("d8")
                    || "9ab".contains(&rest[3..4].to_ascii_lowercase())
                {
                    pair.map_or(6, |_| 12)
                } else {
                    6
                }
            }
            [b'\\', ..] => 2,
            _ => letter.len_utf8(),
        };
        let (head, tail) = rest.split_at(length);
        let alone = head.starts_with('\\') && text(&format!("\"{head}\"")).is_none();
        out.push_str(if alone { "\u{fffd}" } else { head });
        rest = tail;
    }
    out
}

fn cut(mut text: String) -> String {
    while text.len() > MESSAGE_MAX {
        text.pop();
    }
    text
}

fn integer(value: &str) -> Option<i64> {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let digits = quoted.unwrap_or(value);
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let plain = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let value = digits.parse().ok().filter(|value| *value != i64::MIN)?;
    if plain && unsigned.len() <= 19 { Some(value) } else { None }
}

fn customer(digits: &str) -> Option<i64> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

fn time(value: Option<&str>) -> Option<Option<i64>> {
    match value {
        None | Some("null") => Some(None),
        Some(value) if value.starts_with('"') => None,
        Some(value) => integer(value).map(Some),
    }
}

fn depth(text: &str) -> i32 {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The fields of an object; `None` for other values.
fn object(value: &str) -> Option<Vec<Field<'_>>> {
    let mut parts = parts(value.strip_prefix('{')?).into_iter();
    let mut fields = Vec::new();
    while let (Some(raw_key), Some(value)) = (parts.next(), parts.next()) {
        fields.push(Field { key: text(raw_key), raw_key, value });
    }
    Some(fields)
}

fn array(text: &str) -> Option<Vec<&str>> {
    text.strip_prefix('[').map(parts)
}

/// The values inside a container that is known to be JSON.
fn parts(mut rest: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\n', '\r', '\t', ',', ':']);
        if rest.starts_with(['}', ']']) {
            return parts;
        }
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        parts.push(stream.next().expect("a value").expect("valid JSON").get());
        rest = &rest[stream.byte_offset()..];
    }
}
