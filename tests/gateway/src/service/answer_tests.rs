use serde_json::json;

use super::*;
use crate::fault::{ErrorPlace, Kind, NumberForm, Which};

fn success(customers: &[i64]) -> Success {
    let id = ObjectId::parse("67dd4237ef21a64211227e06").unwrap();
    Success {
        promotion: "67dd4210ef21a64211227e04".into(),
        context: "973".into(),
        event_time: 1_742_553_655_678,
        valid_till: 1_746_046_799_999,
        zone_offset_minutes: 180,
        entries: customers
            .iter()
            .map(|customer| Entry { customer: *customer, fate: Fate::Issued(id) })
            .collect(),
    }
}

fn switched(patch: Value) -> Switches {
    Switches::default().patched(&patch).unwrap()
}

fn altered(kind: Kind, customers: &[i64]) -> String {
    let alteration = Alteration::of(&kind, 1).unwrap();
    text(success(customers).write(&Switches::default(), Some(&alteration)))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The seed document's own answer, without its white space.
const SEED: &str = concat!(
    r#"{"data":{"555567088":{"id":"67dd4237ef21a64211227e06","customerId":555567088,"#,
    r#""promotionId":"67dd4210ef21a64211227e04","earnedFromId":"973","#,
    r#""eventTime":1742553655678,"validTill":1746046799999}}}"#
);

#[test]
fn the_documented_answer_is_byte_for_byte_that_of_the_seed() {
    let success = success(&[555_567_088]);
    assert_eq!(text(success.write(&Switches::default(), None)), SEED);
    assert_eq!(text(success.write_general(&Switches::default(), None)), SEED);
}

#[test]
fn ids_are_written_digit_for_digit() {
    let ids = [9_007_199_254_740_993, i64::MAX];
    let body = text(success(&ids).write(&Switches::default(), None));
    for id in ids {
        assert!(body.contains(&format!("\"{id}\":{{")), "{body}");
        assert!(body.contains(&format!("\"customerId\":{id},")), "{body}");
    }
}

#[test]
fn every_shape_means_the_same() {
    let plain: Value = serde_json::from_str(SEED).unwrap();
    for patch in [
        json!({"shape": {"pretty": true}}),
        json!({"shape": {"spaces": true}}),
        json!({"shape": {"escapeAll": true}}),
        json!({"shape": {"chunked": true}}),
    ] {
        let body = success(&[555_567_088]).write(&switched(patch.clone()), None);
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), plain, "{patch}");
    }
}

#[test]
fn fields_lists_and_extras_follow_their_switches() {
    let patch = json!({"shape": {"fields": ["validTill", "id"], "errors": "null",
        "warnings": "filled", "errorsFirst": true, "isoTwins": true, "nullError": true}});
    let body = text(success(&[5]).write(&switched(patch), None));
    assert!(body.starts_with(r#"{"errors":null,"warnings":[{"code":9999"#), "{body}");
    assert!(body.contains(r#""5":{"validTill":1746046799999,"id":"67dd"#), "{body}");
    assert!(body.contains(r#""validTillISO":"2025-04-30T23:59:59.999+03:00","error":null"#));
    let patch = json!({"shape": {"extraFields": true, "stringCustomerIds": true,
        "stringTimes": true, "entryOrder": "reverse"}});
    let body = text(success(&[5, 6]).write(&switched(patch), None));
    let value: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(value["data"]["5"]["customerId"], "5");
    assert_eq!(value["data"]["5"]["eventTime"], "1742553655678");
    assert!(body.find("\"6\":").unwrap() < body.find("\"5\":").unwrap());
}

#[test]
fn refusals_appear_where_they_are_switched_to() {
    let refused = |how| {
        let mut success = success(&[5, 6]);
        success.entries[1].fate = Fate::Refused { how, code: 708, message: "m".into() };
        let body = success.write(&Switches::default(), None);
        serde_json::from_slice::<Value>(&body).unwrap()
    };
    assert_eq!(refused(Refusal::Omit)["data"].as_object().unwrap().len(), 1);
    assert_eq!(refused(Refusal::NullEntry)["data"]["6"], Value::Null);
    assert_eq!(refused(Refusal::EntryError)["data"]["6"]["error"]["code"], 708);
    assert_eq!(refused(Refusal::Errors)["errors"][0]["customerId"], 6);
}

#[test]
fn alterations_break_exactly_what_they_name() {
    let which = Which::Count(1);
    let body = altered(Kind::DuplicateIds { which: which.clone() }, &[5, 6]);
    assert_eq!(body.matches("\"5\":{").count(), 2);
    assert_eq!(body.matches("\"6\":{").count(), 1);
    let body = altered(Kind::WrongKeys { which: which.clone() }, &[5]);
    assert!(body.contains("\"customerId\":5,") && !body.contains("\"5\":"), "{body}");
    let body = altered(Kind::WrongPromotion { which: which.clone() }, &[5]);
    assert!(!body.contains("67dd4210ef21a64211227e04"), "{body}");
    let body = altered(Kind::WrongContext { which: which.clone() }, &[5]);
    assert!(!body.contains("\"973\""), "{body}");
    let form = NumberForm::Exponent;
    let body = altered(Kind::NumberForms { which: which.clone(), form }, &[5]);
    assert!(body.contains("\"customerId\":5e0,"), "{body}");
    let body = altered(Kind::ExtraIds { ids: vec!["77".into()], count: 2 }, &[5]);
    assert!(body.contains("\"77\":{") && body.matches("customerId").count() == 2, "{body}");
    let body = altered(Kind::ExtraIds { ids: Vec::new(), count: 2 }, &[5]);
    assert_eq!(body.matches("customerId").count(), 3);
}

#[test]
fn per_id_faults_settle_the_fate_of_the_ids_they_touch() {
    let kind = Kind::PerIdError {
        which: Which::Every(2),
        code: 708,
        message: None,
        place: ErrorPlace::Errors,
    };
    let alteration = Alteration::of(&kind, 1).unwrap();
    assert_eq!(alteration.fate(0, 5), None);
    let Some(Fate::Refused { how, code, .. }) = alteration.fate(1, 6) else {
        panic!("not refused")
    };
    assert_eq!((how, code), (Refusal::Errors, 708));
}
