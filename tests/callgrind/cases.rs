//! What the core does with ids, one case a process, for `npm run callgrind` to count the
//! instructions of.
//!
//! Input is made before the counting begins and is the same in every run: no clock, no seed.

use issue_bulk::intake::{Dedupe, Format, Intake};
use issue_bulk::ledger::{Issuance, Ledger, State};
use issue_bulk::outcome::{Cause, Reason, Unknown};
use issue_bulk::request::write_body;
use issue_bulk::response::{Body, Caps, Expected, Flow, Reader};
use issue_bulk::rng::Rng;
use std::fmt::Write as _;
use std::hint::black_box;

/// Bytes of a piece, as a network delivers them.
const PIECE: usize = 64 << 10;
const PROMOTION: &str = "67dd4210ef21a64211227e04";
const CONTEXT: &str = "973";
const INTAKE_IDS: usize = 100_000;
const ANSWER_IDS: usize = 10_000;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let done = match name.as_str() {
        "intake-lines" => intake("", |id, _| format!("{id}\n")),
        "intake-csv" => {
            intake("row,id,name,mail\n", |id, row| format!("{row},{id},name,a{row}@example.com\n"))
        }
        "intake-quoted" => {
            intake("row,id,name\n", |id, row| format!("\"{row}\",\"{id}\",\"a, b\"\n"))
        }
        "answer-documented" => answer(&[0, 1, 2, 3, 4, 5], |_| ("", "")),
        "answer-reordered" => answer(&[1, 0, 3, 2, 5, 4], |_| ("\n  ", " ")),
        "answer-every-entry-another" => {
            answer(&[0, 1, 2, 3, 4, 5], |row| (["", " ", "\n", "  "][row % 4], [" ", ""][row % 2]))
        }
        "bodies" => bodies(),
        "ledger" => ledger(),
        other => panic!("no case {other:?}"),
    };
    assert!(done, "{name} did not do its work");
}

/// The part whose instructions are counted: callgrind knows it by its name.
#[inline(never)]
fn measured<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

/// Ids to distinct ids; a twentieth repeats an earlier one.
fn intake(header: &str, line: impl Fn(i64, usize) -> String) -> bool {
    let mut rng = Rng::new(1);
    let mut ids: Vec<i64> = Vec::new();
    let mut text = String::from(header);
    for row in 0..INTAKE_IDS {
        let earlier = ids.get(row.wrapping_mul(7) % ids.len().max(1));
        let fresh = i64::try_from(rng.up_to(4_000_000_000)).unwrap() + 555_000_000;
        let id = earlier.copied().filter(|_| row % 20 == 19).unwrap_or(fresh);
        ids.push(id);
        text.push_str(&line(id, row));
    }
    let input = measured(|| {
        let mut intake = Intake::new(Format::default(), Dedupe::Exact);
        text.as_bytes().chunks(PIECE).for_each(|piece| intake.push_bytes(piece).unwrap());
        intake.finish().unwrap()
    });
    input.invalid == 0 && input.duplicate > 4_000 && input.given == INTAKE_IDS as u64
}

/// The bytes of an answer to columns. `order` is that of the fields; `space` stands before each
/// name and each value of a row.
fn answer(order: &[usize], space: impl Fn(usize) -> (&'static str, &'static str)) -> bool {
    let mut rng = Rng::new(2);
    let ids: Vec<i64> = (0..ANSWER_IDS).map(|row| 555_567_088 + row as i64 * 7).collect();
    let mut text = String::from("{\"data\":{");
    for (row, id) in ids.iter().enumerate() {
        let (name, value) = space(row);
        let fields = [
            ("id", format!("\"{:024x}\"", rng.next_u64())),
            ("customerId", id.to_string()),
            ("promotionId", format!("\"{PROMOTION}\"")),
            ("earnedFromId", format!("\"{CONTEXT}\"")),
            ("eventTime", (1_742_553_655_678 + row as i64).to_string()),
            ("validTill", "1746046799999".to_owned()),
        ];
        let comma = if row == 0 { "" } else { "," };
        write!(text, "{comma}\"{id}\":{value}{{").unwrap();
        for (place, field) in order.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let (key, content) = &fields[*field];
            write!(text, "{comma}{name}\"{key}\":{value}{content}").unwrap();
        }
        text.push('}');
    }
    text.push_str("}}");
    let expected = Expected { ids: &ids, promotion: PROMOTION, context: CONTEXT };
    let body = measured(|| {
        let mut reader = Reader::new(ids.len(), Caps::default());
        let mut pieces = text.as_bytes().chunks(PIECE);
        assert!(pieces.all(|piece| reader.feed(&expected, piece) == Flow::More));
        reader.finish(&expected)
    });
    match body {
        Body::Answer(answer) => answer.entries.event_time.iter().all(|time| *time > 0),
        Body::Broken(_) => false,
    }
}

/// A hundred bodies of a thousand ids.
fn bodies() -> bool {
    let ids: Vec<i64> = (0..100_000).map(|row| 555_567_088 + row * 7).collect();
    let bytes = measured(|| {
        let mut body = Vec::new();
        let mut bytes = 0;
        for batch in ids.chunks(1_000) {
            body.clear();
            write_body(black_box(batch), &mut body);
            bytes += body.len();
        }
        bytes
    });
    bytes > 1_000_000
}

/// A hundred thousand rows leave, and nine of ten are issued.
fn ledger() -> bool {
    let mut ledger = Ledger::new((1..=100_000).collect::<Vec<_>>());
    let cause = ledger.cause(Cause::new(Reason::Unknown(Unknown::Timeout)));
    measured(|| {
        for from in (0..100_000).step_by(1_000) {
            ledger.depart(&(from..from + 1_000)).unwrap();
            for row in from..from + 900 {
                let issuance = Issuance { id: [7; 12], event_time: 5, valid_till: 9 };
                ledger.issue(row, &issuance, None).unwrap();
            }
            ledger.settle_all(&(from + 900..from + 1_000), State::InFlight, cause).unwrap();
        }
    });
    ledger.count(State::Issued) == 90_000 && ledger.settled() == 100_000
}
