//! Bodies of a 200: the documented one in any spelling, and everything that can be wrong with it.

use crate::chance::Chance;
use crate::fault::Fault;
use crate::meaning::{Issuance, Meaning, Proof};
use crate::refusals;
use crate::scenario::PROMOTION;
use crate::service::{Answer, Call, Service, Slot};

/// Processes a request and answers it.
pub fn answer(
    service: &mut Service,
    call: &Call,
    fault: Option<Fault>,
    chance: &mut Chance,
) -> Answer {
    let count = call.ids.len();
    // A status that proves nothing may come with the documented body all the same.
    let plain = fault == Some(Fault::UnclearStatus) && chance.percent(30);
    let unclear = fault.filter(|_| !plain);
    if let Some(answer) = unclear.and_then(|fault| refusals::unclear(fault, chance)) {
        let processed = chance.coin();
        service.issue(call, &vec![!processed; count], false);
        return answer;
    }
    let touched = match fault {
        Some(fault) if touches_entries(fault) => chance.some(count),
        _ => vec![false; count],
    };
    let skip = touched.iter().map(|hit| *hit && skips(fault, chance)).collect::<Vec<bool>>();
    let slots = service.issue(call, &skip, fault == Some(Fault::Odd));
    let mut writer = Writer::new(fault, chance);
    let places = call.ids.iter().zip(&slots).zip(&touched);
    let proofs: Vec<Proof> = places
        .map(|((id, slot), hit)| match (fault, slot) {
            (Some(fault), Slot::Issued(_) | Slot::Skipped) if *hit => {
                writer.touched(fault, *id, slot, chance)
            }
            _ => writer.plain(*id, slot),
        })
        .collect();
    let foreign = match fault {
        Some(Fault::OtherCustomer | Fault::OtherPromotion) => names_another(&proofs),
        Some(Fault::Extra) => writer.add_extra(call, chance),
        _ => false,
    };
    finish(writer, Meaning::Ids { proofs, foreign }, fault, chance)
}

/// Where the limit or guilt spoke first, there may be no entry left that names another.
fn names_another(proofs: &[Proof]) -> bool {
    proofs.contains(&Proof::Unclear)
}

const fn touches_entries(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Missing
            | Fault::OtherCustomer
            | Fault::OtherPromotion
            | Fault::NullEntry
            | Fault::EntryRefused
            | Fault::EntryUnclear
    )
}

/// A refusal is true; of everything else nobody knows whether it was issued.
fn skips(fault: Option<Fault>, chance: &mut Chance) -> bool {
    fault == Some(Fault::EntryRefused) || chance.coin()
}

fn finish(
    mut writer: Writer,
    meaning: Meaning,
    fault: Option<Fault>,
    chance: &mut Chance,
) -> Answer {
    match fault {
        Some(Fault::DuplicateKey) => {
            let entry = writer.entries[chance.place(writer.entries.len())].clone();
            writer.entries.push(entry);
            Answer::new(200, writer.body(chance), Meaning::Ambiguous)
        }
        Some(Fault::UnclearStatus) => {
            let status = refusals::unclear_status(chance);
            Answer::new(status, writer.body(chance), Meaning::Ambiguous)
        }
        Some(Fault::Garbage) => {
            let body = garbage(writer.body(chance), chance);
            let meaning = refusals::unproven(200, &body);
            Answer::new(200, body, meaning)
        }
        _ => Answer::new(200, writer.body(chance), meaning),
    }
}

/// The entries of one answer, spelt in one of the ways that JSON allows.
struct Writer {
    entries: Vec<String>,
    /// White space after each comma and colon.
    blank: &'static str,
    /// Fields that nobody asked for.
    talkative: bool,
    reversed: bool,
    errors: &'static str,
}

impl Writer {
    fn new(fault: Option<Fault>, chance: &mut Chance) -> Self {
        let harmless = ["", r#","errors":[]"#, r#","errors":null"#, r#","warnings":[{"code":1}]"#];
        let beside = r#","errors":[{"code":1006,"message":"some were refused"}],"warnings":null"#;
        Self {
            entries: Vec::new(),
            blank: chance.pick(&["", "", " ", "\r\n\t "]),
            talkative: chance.percent(20),
            reversed: chance.percent(20),
            errors: if fault == Some(Fault::ErrorsBeside) {
                beside
            } else {
                chance.pick(&harmless)
            },
        }
    }

    fn plain(&mut self, id: i64, slot: &Slot) -> Proof {
        match slot {
            Slot::Issued(issuance) => {
                self.issued(id, id, PROMOTION, issuance);
                Proof::Issued(issuance.clone())
            }
            Slot::Limit => self.error(id, 708, Proof::Refused),
            Slot::Skipped => self.error(id, 1006, Proof::Refused),
        }
    }

    /// The entry of an id that the fault is about; whether it was issued is in `slot`.
    fn touched(&mut self, fault: Fault, id: i64, slot: &Slot, chance: &mut Chance) -> Proof {
        let invented = Issuance {
            id: "67dd4237ef21a64211ffffff".into(),
            context: "973".into(),
            event_time: None,
            valid_till: None,
        };
        let issuance = match slot {
            Slot::Issued(issuance) => issuance,
            Slot::Limit | Slot::Skipped => &invented,
        };
        match fault {
            Fault::OtherCustomer => {
                let other = if id > 1 { id - 1 } else { 2 };
                self.issued(id, other, PROMOTION, issuance);
            }
            Fault::OtherPromotion => self.issued(id, id, "67dd4210ef21a64211227e05", issuance),
            Fault::NullEntry => {
                let other = chance.pick(&["null", "true", "[]", "{}", "\"ok\"", "{\"id\":\"1\"}"]);
                self.entries.push(format!("\"{id}\":{other}"));
            }
            Fault::EntryRefused => {
                let codes = [404, 705, 706, 707, 708, 709, 713, 714, 725, 726, 1006];
                return self.error(id, chance.pick(&codes), Proof::Refused);
            }
            Fault::EntryUnclear => {
                let codes = [0, 500, 710, 715, 729, 1007, 9_999];
                return self.error(id, chance.pick(&codes), Proof::Unclear);
            }
            _ => {}
        }
        Proof::Unclear
    }

    fn issued(&mut self, key: i64, customer: i64, promotion: &str, issuance: &Issuance) {
        let blank = self.blank;
        let time = |millis: Option<i64>| millis.map_or("null".to_owned(), |at| at.to_string());
        let mut fields = vec![
            format!("\"id\":{blank}\"{}\"", issuance.id),
            format!("\"customerId\":{blank}{customer}"),
            format!("\"promotionId\":{blank}\"{promotion}\""),
            format!("\"earnedFromId\":{blank}\"{}\"", issuance.context),
            format!("\"eventTime\":{blank}{}", time(issuance.event_time)),
            format!("\"validTill\":{blank}{}", time(issuance.valid_till)),
        ];
        if self.talkative {
            fields.push(r#""eventTimeISO":"2025","extra":{"id":[1,{"a":"}"}]}"#.into());
        }
        if self.reversed {
            fields.reverse();
        }
        let fields = fields.join(&format!(",{blank}"));
        self.entries.push(format!("\"{key}\"{blank}:{{{fields}{blank}}}"));
    }

    fn error(&mut self, id: i64, code: i64, proof: Proof) -> Proof {
        let error = format!(r#"{{"code":{code},"message":"not for this one"}}"#);
        self.entries.push(format!(r#""{id}":{{"customerId":{id},"error":{error}}}"#));
        proof
    }

    /// An entry for an id that was not sent, perhaps of another batch of the run.
    fn add_extra(&mut self, call: &Call, chance: &mut Chance) -> bool {
        let near = call.ids[chance.place(call.ids.len())] / 2 + 1;
        let far = chance.between(1, i64::MAX as u64) as i64;
        let id = if chance.coin() { near } else { far };
        if call.ids.contains(&id) {
            return false;
        }
        let invented = Issuance {
            id: "67dd4237ef21a64211eeeeee".into(),
            context: "973".into(),
            event_time: Some(1),
            valid_till: Some(2),
        };
        self.issued(id, id, PROMOTION, &invented);
        true
    }

    fn body(&mut self, chance: &mut Chance) -> Vec<u8> {
        if chance.percent(30) {
            for place in (1..self.entries.len()).rev() {
                self.entries.swap(place, chance.place(place + 1));
            }
        }
        let blank = self.blank;
        let entries = self.entries.join(&format!("{blank},{blank}"));
        format!("{{{blank}\"data\"{blank}:{{{entries}{blank}}}{}{blank}}}", self.errors).into()
    }
}

/// A body that is not the documented one, whole as the transport saw it.
fn garbage(mut body: Vec<u8>, chance: &mut Chance) -> Vec<u8> {
    match chance.between(0, 9) {
        0 => Vec::new(),
        1 => b"<!doctype html><title>Log in to the hotel</title>".to_vec(),
        2 => {
            body.truncate(chance.place(body.len()));
            body
        }
        3 => {
            body.extend_from_slice(b"{}");
            body
        }
        4 => [b"{\"data\":".to_vec(), vec![b'['; 100]].concat(),
        5 => {
            let key = |number: usize| format!("\"{number}k\":1,");
            let keys: String = (0..2_000).map(key).collect();
            format!("{{{keys}\"data\":{{}}}}").into()
        }
        6 => format!("{{\"data\":{{\"1\":{{\"id\":\"{}\"}}}}}}", "x".repeat(70_000)).into(),
        7 => b"{\"data\":{\"1\":\"\xff\"}}".to_vec(),
        8 => chance.pick(&["null", "[]", "{}", r#"{"data":null}"#, r#"{"data":[]}"#]).into(),
        _ => [&body[..body.len() - 1], b",\"data\":{}}"].concat(),
    }
}
