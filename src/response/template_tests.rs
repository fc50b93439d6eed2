//! Entries that a learnt template reads, and those that it leaves to the general parser.

use super::learner::learn;
use crate::id::unpack_issuance_id;
use crate::scan::template::{Fitted, NO_TIME, Template};

const FIRST: &str = concat!(
    r#""555567088":{"id":"67dd4237ef21a64211227e06","customerId":555567088,"#,
    r#""promotionId":"p","earnedFromId":"973","#,
    r#""eventTime":1742553655678,"validTill":1746046799999}"#
);

/// Any bytes after the entry, as a reader mostly has them.
const AFTER: &str = r#","555567089":{"id":"67dd4237ef21a64211227e06","#;

fn template(sample: &str) -> Template {
    learn(sample.as_bytes()).unwrap()
}

/// Reads the sample with these replacements.
fn read(sample: &str, changes: &[(&str, &str)]) -> Option<Fitted> {
    let mut entry = sample.to_owned();
    for (from, to) in changes {
        assert!(entry.contains(from), "{from} is not in {entry}");
        entry = entry.replace(from, to);
    }
    let fitted = template(sample).read(&[&entry.as_bytes()[1..], AFTER.as_bytes()].concat())?;
    assert_eq!(fitted.length, entry.len() - 1);
    Some(fitted)
}

#[test]
fn an_entry_of_the_same_form_fits() {
    let fitted = read(
        FIRST,
        &[
            ("555567088", "9223372036854775807"),
            ("67dd4237ef21a64211227e06", "0123456789abcdef01234567"),
            ("1742553655678", "0"),
            ("1746046799999", "null"),
        ],
    )
    .unwrap();
    assert_eq!((fitted.customer, fitted.event_time, fitted.valid_till), (i64::MAX, 0, NO_TIME));
    assert_eq!(unpack_issuance_id(&fitted.id.bytes()), "0123456789abcdef01234567");
}

#[test]
fn an_entry_of_another_form_does_not_fit() {
    for (from, to) in [
        ("\"555567088", "\"0555567088"),
        ("\"555567088", "\"555567089"),
        ("\"555567088", "\"5555670889"),
        ("\"555567088", "\"-55567088"),
        ("\"555567088", "\"55556708\\u0038"),
        ("555567088", "9223372036854775808"),
        ("555567088", "12345678901234567890"),
        // 2^64 more than the id.
        ("555567088", "18446744074265118704"),
        ("555567088", ""),
        (":555567088", ":555567088.0"),
        (":555567088", ":55556708"),
        ("7e06", "7e0g"),
        ("7e06", "7E06"),
        ("7e06", "7e0"),
        ("7e06", "7e067"),
        ("1742553655678", "01742553655678"),
        ("1742553655678", "1742553655678.5"),
        ("1742553655678", "-1"),
        ("1742553655678", "1234567890123456"),
        ("1742553655678", "nul"),
        ("1742553655678", "true"),
        ("1746046799999", "\"17\""),
        ("\"p\"", "\"q\""),
        ("\"973\"", "\"974\""),
        ("\"973\"", "null"),
        ("eventTime", "eventtime"),
        ("\"eventTime\":", "\"eventTime\": "),
        ("999}", "999 }"),
        ("999}", "999,\"error\":1}"),
    ] {
        assert!(read(FIRST, &[(from, to)]).is_none(), "{to} for {from}");
    }
}

#[test]
fn a_time_that_repeats_is_not_taken_for_a_longer_or_shorter_one() {
    let in_event = |fitted: Fitted| fitted.event_time;
    let in_till = |fitted: Fitted| fitted.valid_till;
    for (first, of) in
        [("1742553655678", in_event as fn(Fitted) -> i64), ("1746046799999", in_till)]
    {
        let mut template = template(FIRST);
        for (time, expected) in [
            ("1746046799999", Some(1_746_046_799_999)),
            ("1746046799999", Some(1_746_046_799_999)),
            ("17460467999991", Some(17_460_467_999_991)),
            ("1746046799999", Some(1_746_046_799_999)),
            ("1746046700000", Some(1_746_046_700_000)),
            ("174604679999", Some(174_604_679_999)),
            ("17460467", Some(17_460_467)),
            ("174604679", Some(174_604_679)),
            ("174604679999999", Some(174_604_679_999_999)),
            ("1746046799999999", None),
            ("null", Some(NO_TIME)),
            ("1746046799998", Some(1_746_046_799_998)),
            ("1746046799998.", None),
            ("17460467.", None),
            ("1746046799998", Some(1_746_046_799_998)),
        ] {
            let entry = FIRST.replace(first, time);
            let fitted = template.read(&[&entry.as_bytes()[1..], AFTER.as_bytes()].concat());
            assert_eq!(fitted.map(of), expected, "{time} for {first}");
        }
    }
    // No time was read yet: zero bytes are not a repeated time.
    for first in ["1742553655678", "1746046799999"] {
        assert!(read(FIRST, &[(first, &"\0".repeat(16))]).is_none());
    }
}

#[test]
fn every_beginning_is_left_to_the_general_parser() {
    let mut template = template(FIRST);
    for end in 1..FIRST.len() {
        assert!(template.read(&FIRST.as_bytes()[1..end]).is_none(), "{end}");
    }
}

#[test]
fn fields_without_meaning_vary_and_fields_with_meaning_do_not() {
    let sample = FIRST.replace(
        "{\"id",
        concat!(
            r#"{ "a" : "x", "m":{"id":[1,true,{}],"error":null},"#,
            "\n\"error\":null,\"errors\":[],",
            r#""status":{"code":200,"y":1},"id"#
        ),
    );
    for (from, to) in [
        ("\"x\"", "\"\\u00e9 and more\""),
        ("\"x\"", "null"),
        ("[1", "[-1.5e3"),
        ("true", "\"yes\""),
        ("\"error\":null}", "\"error\":5}"),
    ] {
        assert!(read(&sample, &[(from, to)]).is_some(), "{to} for {from}");
    }
    for (from, to) in [
        ("\n\"error\":null", "\n\"error\":true"),
        ("\"errors\":[]", "\"errors\":[1]"),
        ("200", "500"),
        ("\"y\":1", "\"y\":2"),
        ("[1", "[01"),
        ("\"x\"", "[]"),
        ("true", "tru"),
    ] {
        assert!(read(&sample, &[(from, to)]).is_none(), "{to} for {from}");
    }
}
