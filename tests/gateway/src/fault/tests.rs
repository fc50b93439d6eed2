use serde_json::json;

use super::*;

fn faults(rules: Value) -> Faults {
    let faults = Faults::new();
    faults.put(json!({"seed": 9, "rules": rules})).unwrap();
    faults
}

fn names(faults: &Faults, calls: usize, ids: &[i64]) -> Vec<Option<String>> {
    (0..calls)
        .map(|_| {
            let turn = faults.turn(CallPath::Issue);
            faults.after_read(turn, ids).map(|fault| fault.kind.name())
        })
        .collect()
}

#[test]
fn calls_every_and_script_fire_where_they_say() {
    let on = faults(json!([
        {"when": {"calls": [2]}, "fault": {"kind": "resetAfterRead"}},
        {"when": {"every": 3}, "fault": {"kind": "html"}},
        {"when": {"script": [null, true, {"kind": "goAway"}, true]},
         "fault": {"kind": "halfClose"}},
    ]));
    let fired = names(&on, 5, &[]);
    let expected = [None, Some("resetAfterRead"), Some("html"), Some("halfClose"), None];
    assert_eq!(fired, expected.map(|name| name.map(String::from)));
    assert_eq!(on.describe()["fired"]["html"], 1);
}

#[test]
fn the_same_seed_gives_the_same_faults_in_any_order_of_evaluation() {
    let rules = json!([{"when": {"probability": 0.3}, "fault": {"kind": "html"}}]);
    let (forward, backward) = (faults(rules.clone()), faults(rules));
    let expected = names(&forward, 100, &[]);
    let turns: Vec<Turn> = (0..100).map(|_| backward.turn(CallPath::Issue)).collect();
    let mut fired: Vec<_> = turns
        .iter()
        .rev()
        .map(|turn| backward.after_read(*turn, &[]).map(|fault| fault.kind.name()))
        .collect();
    fired.reverse();
    assert_eq!(fired, expected);
    let hits = expected.iter().flatten().count();
    assert!((15..45).contains(&hits), "{hits}");
}

#[test]
fn contains_times_and_path_narrow_a_rule() {
    let on = faults(json!([
        {"when": {"contains": ["9223372036854775807"], "times": 1}, "fault": {"kind": "html"}},
        {"when": {"path": "token"}, "fault": {"kind": "goAway"}},
    ]));
    assert_eq!(names(&on, 1, &[5]), [None]);
    assert_eq!(names(&on, 2, &[5, i64::MAX]), [Some("html".to_string()), None]);
    let turn = on.turn(CallPath::Token);
    assert_eq!(on.after_read(turn, &[]).unwrap().kind.name(), "goAway");
}

#[test]
fn only_a_certain_reset_before_read_is_decided_without_the_ids() {
    let certain = faults(json!([{"fault": {"kind": "resetBeforeRead"}}]));
    assert!(certain.before_read(certain.turn(CallPath::Issue)).is_some());
    let depends = faults(json!([
        {"when": {"contains": ["5"]}, "fault": {"kind": "html"}},
        {"fault": {"kind": "resetBeforeRead"}},
    ]));
    assert!(depends.before_read(depends.turn(CallPath::Issue)).is_none());
}

#[test]
fn apply_has_a_default_by_kind_and_can_be_ordered() {
    let effect = |value| Effect::read(value).unwrap().apply;
    assert!(!effect(json!({"kind": "status", "status": 500})));
    assert!(effect(json!({"kind": "status", "status": 500, "apply": true})));
    assert!(effect(json!({"kind": "truncate"})));
    assert!(effect(json!({"kind": "actThenDrop"})));
    assert!(!effect(json!({"kind": "stallBeforeHeaders"})));
}

#[test]
fn misspelled_rules_are_refused_and_leave_the_old_ones() {
    let on = faults(json!([{"name": "kept", "fault": {"kind": "html"}}]));
    for bad in [
        json!({"rules": [{"fault": {"kind": "htlm"}}]}),
        json!({"rules": [{"fault": {"kind": "drip", "bytes": 1, "everyMs": 1, "x": 1}}]}),
        json!({"rules": [{"when": {"call": [1]}, "fault": {"kind": "html"}}]}),
        json!({"rules": [{"when": {"calls": [1]}}]}),
        json!({"rules": [{"when": {"contains": ["x"]}, "fault": {"kind": "html"}}]}),
        json!({"rulez": []}),
    ] {
        assert!(on.put(bad.clone()).is_err(), "{bad}");
    }
    assert_eq!(on.describe()["given"]["rules"][0]["name"], "kept");
}
