//! The success body: `data` keyed by customer id, in the documented form or a switched one.

use serde_json::Value;

use super::alter::Alteration;
use super::envelope::code_value;
use super::layout;
use crate::chance::mix;
use crate::clock::iso;
use crate::object_id::ObjectId;
use crate::switches::{EntryOrder, ListForm, Refusal, Switches};

/// What one id of the call came to.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub customer: i64,
    pub fate: Fate,
}

/// See [`Entry`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    Issued(ObjectId),
    Refused { how: Refusal, code: u32, message: String },
}

/// Everything a success body says.
pub(crate) struct Success {
    pub promotion: String,
    pub context: String,
    pub event_time: i64,
    pub valid_till: i64,
    pub zone_offset_minutes: i32,
    pub entries: Vec<Entry>,
}

impl Success {
    /// The body, altered by a fault if there is one.
    pub(crate) fn write(&self, switches: &Switches, alteration: Option<&Alteration>) -> Vec<u8> {
        let plain = alteration.is_none() && switches.shape.is_documented();
        match plain.then(|| self.write_documented()).flatten() {
            Some(body) => body,
            None => self.write_general(switches, alteration),
        }
    }

    /// The documented bytes; `None` when an entry is not simply issued.
    fn write_documented(&self) -> Option<Vec<u8>> {
        let mut tail = b",\"promotionId\":".to_vec();
        tail.extend(json_text(&self.promotion).bytes());
        tail.extend(b",\"earnedFromId\":");
        tail.extend(json_text(&self.context).bytes());
        let times =
            format!(",\"eventTime\":{},\"validTill\":{}}}", self.event_time, self.valid_till);
        tail.extend(times.bytes());
        let entry_bytes = tail.len().saturating_add(2 * 19 + 52);
        let mut body = Vec::with_capacity(self.entries.len().saturating_mul(entry_bytes));
        let mut digits = itoa::Buffer::new();
        body.extend_from_slice(b"{\"data\":{");
        let mut first = true;
        for entry in &self.entries {
            let Fate::Issued(id) = entry.fate else { return None };
            let customer = digits.format(entry.customer).as_bytes();
            body.extend_from_slice(if first { b"\"" } else { b",\"" });
            first = false;
            body.extend_from_slice(customer);
            body.extend_from_slice(b"\":{\"id\":\"");
            body.extend_from_slice(&id.hex());
            body.extend_from_slice(b"\",\"customerId\":");
            body.extend_from_slice(customer);
            body.extend_from_slice(&tail);
        }
        body.extend_from_slice(b"}}");
        Some(body)
    }

    fn write_general(&self, switches: &Switches, alteration: Option<&Alteration>) -> Vec<u8> {
        let mut entries: Vec<(usize, &Entry)> = self.entries.iter().enumerate().collect();
        match switches.shape.entry_order {
            EntryOrder::Request => {}
            EntryOrder::Reverse => entries.reverse(),
            EntryOrder::Sorted => entries.sort_by_key(|(_, entry)| entry.customer),
            EntryOrder::Shuffled => {
                entries.sort_by_key(|(_, entry)| mix(entry.customer.cast_unsigned()));
            }
        }
        let mut data = Vec::new();
        let mut errors = Vec::new();
        for (place, entry) in entries {
            self.write_entry(switches, alteration, place, entry, &mut data, &mut errors);
        }
        for (customer, id) in alteration.map(Alteration::strangers).unwrap_or_default() {
            let stranger = Entry { customer, fate: Fate::Issued(id) };
            data.push((customer.to_string(), self.issued(switches, None, 0, &stranger, id)));
        }
        let data = members(&data);
        let errors = list(switches.shape.errors, errors, "A notice that concerns no customer");
        let warnings = list(switches.shape.warnings, Vec::new(), "A warning");
        let mut top = vec![("data".to_string(), Some(data))];
        let lists = [("errors".to_string(), errors), ("warnings".to_string(), warnings)];
        let at = if switches.shape.errors_first { 0 } else { top.len() };
        top.splice(at..at, lists);
        if switches.shape.extra_fields {
            top.push(("requestContext".into(), Some(r#"{"node":"a-1","retry":null}"#.into())));
        }
        let top: Vec<(String, String)> =
            top.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        layout::apply(&switches.shape, members(&top))
    }

    fn write_entry(
        &self,
        switches: &Switches,
        alteration: Option<&Alteration>,
        place: usize,
        entry: &Entry,
        data: &mut Vec<(String, String)>,
        errors: &mut Vec<String>,
    ) {
        let touched = alteration.filter(|change| change.touches(place, entry.customer));
        let key = touched.and_then(|change| change.key(entry.customer));
        let key = key.unwrap_or_else(|| entry.customer.to_string());
        match &entry.fate {
            Fate::Issued(id) => {
                let value = self.issued(switches, touched, place, entry, *id);
                if let Some(twin) = touched.and_then(|change| change.twin(*id)) {
                    data.push((key.clone(), value));
                    data.push((key, self.issued(switches, None, place, entry, twin)));
                } else {
                    data.push((key, value));
                }
            }
            Fate::Refused { how, code, message } => {
                let code = code_value(switches, *code);
                let message = json_text(message);
                let customer = entry.customer;
                match how {
                    Refusal::NullEntry => data.push((key, "null".into())),
                    Refusal::Errors => errors.push(format!(
                        r#"{{"code":{code},"message":{message},"customerId":{customer}}}"#
                    )),
                    Refusal::EntryError => {
                        let error =
                            format!(r#"{{"code":{code},"message":{message},"reference":null}}"#);
                        let fields = format!(r#"{{"customerId":{customer},"error":{error}}}"#);
                        data.push((key, fields));
                    }
                    Refusal::Omit | Refusal::RejectAll | Refusal::Issue => {}
                }
            }
        }
    }

    /// One issued entry as JSON.
    fn issued(
        &self,
        switches: &Switches,
        change: Option<&Alteration>,
        place: usize,
        entry: &Entry,
        id: ObjectId,
    ) -> String {
        let shape = &switches.shape;
        let customer = change
            .and_then(|change| change.number(entry.customer))
            .unwrap_or_else(|| quoted_if(shape.string_customer_ids, entry.customer));
        let promotion = change.and_then(Alteration::promotion).unwrap_or(&self.promotion);
        let context = change.and_then(Alteration::context).unwrap_or(&self.context);
        let mut fields: Vec<(String, String)> = shape
            .fields
            .iter()
            .filter_map(|name| {
                let value = match name.as_str() {
                    "id" => format!("\"{id}\""),
                    "customerId" => customer.clone(),
                    "promotionId" => json_text(promotion),
                    "earnedFromId" => json_text(context),
                    "eventTime" => quoted_if(shape.string_times, self.event_time),
                    "validTill" => quoted_if(shape.string_times, self.valid_till),
                    _ => return None,
                };
                Some((name.clone(), value))
            })
            .collect();
        if shape.iso_twins {
            for (name, at) in [("eventTimeISO", self.event_time), ("validTillISO", self.valid_till)]
            {
                fields.push((name.into(), json_text(&iso(at, self.zone_offset_minutes))));
            }
        }
        if shape.null_error {
            fields.push(("error".into(), "null".into()));
        }
        if shape.extra_fields {
            let extra = [
                ("status", r#""ISSUED""#.to_string()),
                ("position", place.to_string()),
                ("tags", r#"["a\"b\\c","\u00e9",[],{}]"#.into()),
                ("customFields", r#"{"id":"not this one","nested":{"customerId":1.5e3}}"#.into()),
                ("note", "null".into()),
            ];
            fields.extend(extra.map(|(name, value)| (name.to_string(), value)));
        }
        members(&fields)
    }
}

/// A JSON string.
pub(crate) fn json_text(text: &str) -> String {
    Value::from(text).to_string()
}

fn quoted_if(quoted: bool, number: i64) -> String {
    if quoted { format!("\"{number}\"") } else { number.to_string() }
}

fn members(fields: &[(String, String)]) -> String {
    let mut text = String::from("{");
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&json_text(name));
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    text
}

/// `errors` or `warnings`: what there is to say wins over how nothing is said.
fn list(form: ListForm, mut items: Vec<String>, filler: &str) -> Option<String> {
    if form == ListForm::Filled {
        items.push(format!(r#"{{"code":9999,"message":{}}}"#, json_text(filler)));
    }
    match form {
        _ if !items.is_empty() => Some(format!("[{}]", items.join(","))),
        ListForm::Null => Some("null".into()),
        ListForm::Empty => Some("[]".into()),
        ListForm::Absent | ListForm::Filled => None,
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
