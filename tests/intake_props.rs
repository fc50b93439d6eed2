//! Intake against references: the `csv` crate, serde_json and `HashSet`, in pieces of any size.

#![cfg(not(target_arch = "wasm32"))]

use issue_bulk::id::CustomerId;
use issue_bulk::intake::{
    Column, CsvOptions, Dedupe, Delimiter, Format, Input, Intake, IntakeError,
};
use issue_bulk::limits::INTAKE_SAMPLE_BYTES;
use proptest::prelude::*;
use std::collections::HashSet;

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn read_pieces(format: &Format, text: &[u8], cuts: &[usize]) -> Result<Input, IntakeError> {
    let mut intake = Intake::new(format.clone(), Dedupe::Exact);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.sort_unstable();
    let mut from = 0;
    for cut in cuts.into_iter().chain([text.len()]) {
        intake.push_bytes(&text[from..cut])?;
        from = cut;
    }
    intake.finish()
}

fn read(format: &Format, text: &[u8]) -> Result<Input, IntakeError> {
    read_pieces(format, text, &[])
}

fn csv_column(number: u32, delimiter: u8) -> Format {
    let delimiter = Delimiter::Byte(delimiter);
    Format::Csv(CsvOptions { column: Column::Number(number), delimiter })
}

fn formats() -> [Format; 6] {
    [
        Format::default(),
        Format::Lines,
        Format::Csv(CsvOptions::default()),
        csv_column(2, b','),
        Format::Ndjson { field: None },
        Format::Json,
    ]
}

/// Bytes that mean something to one of the formats, close together.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => (0_u64..40).prop_map(|id| id.to_string()),
        2 => (1_u64..=u64::MAX).prop_map(|id| id.to_string()),
        4 => prop::sample::select(vec!["\n", "\r", "\r\n", ",", "\"", ";", "\t", " "])
            .prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "[", "]", "{", "}", ":", "\"\"", "\\", "id", "\"id\":", "customer_id", "ä", "\u{feff}",
            "-", "0", "1e9", "null", "🎁", ",\n", "\",\"",
        ])
        .prop_map(str::to_owned),
    ];
    let broken = prop::option::weighted(0.05, (any::<prop::sample::Index>(), any::<u8>()));
    (prop::collection::vec(part, 0..60), broken).prop_map(|(parts, broken)| {
        let mut text = parts.concat().into_bytes();
        if let (Some((at, byte)), false) = (broken, text.is_empty()) {
            let at = at.index(text.len());
            text[at] = byte;
        }
        text
    })
}

/// A value of a cell: ids and what resembles them.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => (1_i64..500).prop_map(|id| id.to_string()),
        3 => (1_i64..=i64::MAX).prop_map(|id| id.to_string()),
        1 => "[ 0-9+.e,;\"\r\n\tä-]{0,12}",
        1 => "[a-z \",\r\n]{0,20}",
    ]
}

/// A JSON number or string. A string with escapes is never an id here, even where the escaped
/// character is a blank around one.
fn json_value() -> impl Strategy<Value = String> {
    (value(), any::<bool>()).prop_map(|(value, quoted)| {
        let value = value.replace(['\t', '\r', '\n'], " ");
        let number = serde_json::from_str::<serde_json::Number>(&value).is_ok();
        if quoted || !number { serde_json::to_string(&value).unwrap() } else { value }
    })
}

fn row_break() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["\n", "\r\n", "\r"])
}

/// Quotes a cell where it must be, or where `always`.
fn cell(text: &str, delimiter: char, always: bool) -> String {
    let special = |c: char| c == delimiter || matches!(c, '"' | '\r' | '\n');
    if always || text.contains(special) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// What the rules say about values, by the plainest means.
fn expected<'a>(values: impl Iterator<Item = &'a str>) -> (Vec<i64>, u64, u64) {
    let (mut ids, mut seen, mut invalid, mut duplicate) = (Vec::new(), HashSet::new(), 0, 0);
    for value in values {
        let value = value.trim_matches([' ', '\t', '\r', '\n']);
        match value.parse::<i64>() {
            Ok(id) if id > 0 && id.to_string() == value => {
                if seen.insert(id) {
                    ids.push(id)
                } else {
                    duplicate += 1
                }
            }
            _ => invalid += 1,
        }
    }
    (ids, invalid, duplicate)
}

fn counts(input: &Input) -> (Vec<i64>, u64, u64) {
    (input.ids.to_vec(), input.invalid, input.duplicate)
}

/// What a CSV of `column` (from 0) gives by the `csv` crate.
fn by_csv_crate(
    text: &[u8],
    delimiter: u8,
    column: usize,
    header: bool,
) -> Option<(Vec<i64>, u64, u64)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let records: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
    let mut records = records.ok()?;
    // A row of blanks alone is blank, not a record; so is one of delimiters alone.
    records.retain(|record| record.iter().any(|cell| !cell.trim_matches([' ', '\t']).is_empty()));
    // An empty field at the end moves nothing: a header has none there, a record may have some.
    let first = records.first()?;
    let untitled = first.iter().rev().take_while(|title| title.trim().is_empty()).count();
    let fields = first.len() - if header { untitled } else { 0 };
    let is_whole = |record: &csv::StringRecord| {
        record.len() >= fields && record.iter().skip(fields).all(|cell| cell.trim().is_empty())
    };
    let data = records.iter().skip(usize::from(header));
    // A value that is no id stands for a record with another number of fields.
    Some(expected(data.map(
        |record| {
            if is_whole(record) { record.get(column).unwrap_or("") } else { "x" }
        },
    )))
}

/// Every value of `column` (from 0) that the `csv` crate sees, whatever the record's length.
fn cells_by_csv_crate(text: &[u8], column: usize) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let records: Result<Vec<csv::StringRecord>, _> = reader.records().collect();
    let cells = records.ok()?;
    Some(cells.iter().filter_map(|r| r.get(column)).map(|c| c.trim().to_owned()).collect())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_pieces_give_the_same(
        text in soup(),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
    ) {
        for format in formats() {
            let whole = read(&format, &text);
            prop_assert_eq!(&read_pieces(&format, &text, &cuts), &whole, "{:?}", &format);
            let every: Vec<usize> = (0..text.len()).collect();
            prop_assert_eq!(&read_pieces(&format, &text, &every), &whole, "{:?}", &format);
        }
    }

    #[test]
    fn sums_balance_and_ids_are_distinct(text in soup()) {
        for format in formats() {
            let Ok(input) = read(&format, &text) else { continue };
            prop_assert_eq!(input.given, input.ids.len() as u64 + input.invalid + input.duplicate);
            prop_assert_eq!(input.problems.len() as u64, input.invalid + input.duplicate);
            prop_assert!(input.ids.iter().all(|id| id > 0));
            let distinct: HashSet<i64> = input.ids.iter().collect();
            prop_assert_eq!(distinct.len(), input.ids.len());
        }
    }

    #[test]
    fn well_formed_csv_agrees_with_the_csv_crate(
        rows in prop::collection::vec(
            (prop::collection::vec(value(), 3), any::<[bool; 3]>(), row_break()),
            1..40,
        ),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        column in 0_usize..3,
        last_break in any::<bool>(),
    ) {
        let mut text = ["first", "second", "third"].join(&delimiter.to_string()) + "\n";
        for (values, quoted, end) in &rows {
            let cells: Vec<String> =
                values.iter().zip(quoted).map(|(v, q)| cell(v, delimiter, *q)).collect();
            text.push_str(&cells.join(&delimiter.to_string()));
            text.push_str(end);
        }
        if !last_break {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let blank = |values: &&Vec<String>| {
            values.iter().all(|v| v.trim_matches([' ', '\t', delimiter]).is_empty())
        };
        // Blank rows differ by design: quotes make a row of blanks a record here, not there.
        prop_assume!(!rows.iter().map(|(values, ..)| values).any(|values| blank(&values)));
        let reference = by_csv_crate(text.as_bytes(), delimiter as u8, column, true).unwrap();
        let format = csv_column(column as u32 + 1, delimiter as u8);
        match read(&format, text.as_bytes()) {
            Ok(input) => {
                prop_assert_eq!(counts(&input), reference, "{:?}", text);
                prop_assert_eq!(input.layout.header.len(), 3);
            }
            Err(error) => prop_assert_eq!(error, IntakeError::NoIds),
        }
    }

    #[test]
    fn no_id_comes_out_that_the_csv_crate_does_not_see(text in soup(), column in 1_u32..4) {
        let Ok(input) = read(&csv_column(column, b','), &text) else { return Ok(()) };
        let header = !input.layout.header.is_empty();
        let column = column as usize - 1;
        let body = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
        // A row of quoted blanks is a record here, by design, and no row for the reference: where
        // it comes first, the two count the fields of a record differently, but not its values.
        let first = input.problems.first().map(|problem| problem.reason.code());
        if !header && first == Some("empty") {
            let Some(cells) = cells_by_csv_crate(body, column) else { return Ok(()) };
            let is_cell = |id: i64| cells.iter().any(|cell| *cell == id.to_string());
            prop_assert!(input.ids.iter().all(is_cell), "{:?} gave {:?}", text, input.ids);
            return Ok(());
        }
        let Some((ids, ..)) = by_csv_crate(body, b',', column, header) else { return Ok(()) };
        // Records with text after a closing quote are refused here, so there may be fewer ids.
        let mut reference = ids.iter();
        let seen = input.ids.iter().all(|id| ids.contains(&id));
        prop_assert!(seen, "{:?} gave {:?}, reference {:?}", text, input.ids, ids);
        let malformed = input.problems.iter().any(|problem| problem.reason.code() == "bad-quote");
        if !malformed {
            prop_assert!(input.ids.iter().all(|id| reference.next() == Some(&id)));
            prop_assert_eq!(reference.next(), None);
        }
    }

    #[test]
    fn lines_agree_with_the_plainest_reader(
        values in prop::collection::vec(("[ 0-9a+.,-]{0,24}", row_break()), 1..60),
    ) {
        let text: String = values.iter().flat_map(|(value, end)| [value.as_str(), *end]).collect();
        let text = format!("customer_id\n{text}");
        let filled = || values.iter().map(|(v, _)| v.as_str()).filter(|v| !v.trim().is_empty());
        match read(&Format::Lines, text.as_bytes()) {
            Ok(input) => prop_assert_eq!(counts(&input), expected(filled())),
            Err(error) => {
                prop_assert_eq!(error, IntakeError::NoIds);
                prop_assert_eq!(filled().count(), 0);
            }
        }
    }

    #[test]
    fn json_arrays_agree_with_serde_json(
        entries in prop::collection::vec(json_value(), 1..60),
        blanks in "[ \n\t\r]{0,3}",
    ) {
        let tokens = entries.join(&format!("{blanks},{blanks}"));
        let text = format!("{blanks}[{blanks}{tokens}{blanks}]{blanks}");
        let parsed: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let values: Vec<String> = parsed
            .iter()
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let input = read(&Format::default(), text.as_bytes()).unwrap();
        prop_assert_eq!(counts(&input), expected(values.iter().map(String::as_str)), "{}", text);
    }

    #[test]
    fn ndjson_objects_agree_with_serde_json(
        rows in prop::collection::vec(
            (json_value(), "[a-z\"\\\\{}\\[\\],:é]{0,9}", any::<bool>()),
            1..30,
        ),
    ) {
        let mut text = String::new();
        for (value, note, first) in &rows {
            let note = serde_json::to_string(note).unwrap();
            let other = format!("\"a\":[{note},{{\"customerId\":7}}],{note}:{note}");
            text.push_str(&if *first {
                format!("{{\"customerId\" : {value} ,{other}}}\n")
            } else {
                format!("{{{other},\"customerId\":{value}}}\n")
            });
        }
        let values: Vec<String> = text
            .lines()
            .map(|line| {
                let object: serde_json::Value = serde_json::from_str(line).unwrap();
                let value = &object["customerId"];
                value.as_str().map_or_else(|| value.to_string(), str::to_owned)
            })
            .collect();
        let input = read(&Format::default(), text.as_bytes()).unwrap();
        prop_assert_eq!(counts(&input), expected(values.iter().map(String::as_str)), "{}", text);
    }

    #[test]
    fn broken_json_lines_never_give_another_id(
        line in "[{}\\[\\]:,\" a0-9\\\\]{0,30}",
        id in 1_i64..999,
    ) {
        let format = Format::Ndjson { field: Some("id".into()) };
        for text in [format!("{{\"id\":{id}{line}"), format!("{{\"id\":{id}}}\n{{{line}")] {
            let Ok(input) = read(&format, text.as_bytes()) else { continue };
            let ids: HashSet<i64> = text
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .filter_map(|object| object["id"].to_string().trim_matches('"').trim().parse().ok())
                .collect();
            let seen = input.ids.iter().all(|id| ids.contains(&id));
            prop_assert!(seen, "{} gave {:?}", text, input.ids);
        }
    }

    #[test]
    fn values_agree_with_the_reader_of_ids(
        texts in prop::collection::vec(value(), 1..40),
        longs in prop::collection::vec(any::<i64>(), 0..20),
        numbers in prop::collection::vec(
            prop_oneof![any::<f64>(), (-9_i32..9).prop_map(f64::from)],
            0..20,
        ),
    ) {
        let mut intake = Intake::new(Format::default(), Dedupe::TrustInput);
        texts.iter().for_each(|text| intake.push_text(text.as_bytes()).unwrap());
        intake.push_longs(&longs).unwrap();
        numbers.iter().for_each(|number| intake.push_number(*number).unwrap());
        let input = intake.finish().unwrap();
        let trimmed = texts.iter().map(|text| text.trim_matches([' ', '\t', '\r', '\n']));
        let ids: Vec<i64> = trimmed
            .map(|text| CustomerId::parse(text.as_bytes()))
            .chain(longs.iter().map(|long| CustomerId::new(*long)))
            .chain(numbers.iter().map(|number| CustomerId::from_number(*number)))
            .filter_map(|id| id.ok().map(CustomerId::get))
            .collect();
        prop_assert_eq!(input.given, (texts.len() + longs.len() + numbers.len()) as u64);
        prop_assert_eq!(input.ids, ids);
    }
}

proptest! {
    #![proptest_config(cases(24))]

    /// The sample goes to the reader in one piece, so the pieces that matter come after it.
    #[test]
    fn any_pieces_after_the_sample_give_the_same(
        text in soup(),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
    ) {
        for (format, head) in formats().into_iter().zip(["id\n", "", "a,id\n", "id,a\n", "", "["]) {
            let padding = if format == Format::Json { " " } else { "\n" };
            let mut whole = head.as_bytes().to_vec();
            whole.extend(padding.repeat(INTAKE_SAMPLE_BYTES).bytes());
            let start = whole.len();
            whole.extend(&text);
            let within = |cut: &usize| start + cut % (text.len() + 1);
            let some: Vec<usize> = cuts.iter().map(within).collect();
            let every: Vec<usize> = (start..whole.len()).collect();
            let expected = read(&format, &whole);
            prop_assert_eq!(&read_pieces(&format, &whole, &some), &expected, "{:?}", &format);
            prop_assert_eq!(&read_pieces(&format, &whole, &every), &expected, "{:?}", &format);
        }
    }
}

proptest! {
    #![proptest_config(cases(12))]

    /// Long enough to leave the sample behind and to take the fast ways through whole pieces.
    #[test]
    fn long_inputs_agree_with_a_hash_set_in_any_pieces(
        seed in any::<u64>(),
        range in 1_u64..200_000,
        columns in any::<bool>(),
        piece in 1_usize..100_000,
    ) {
        let mut rng = issue_bulk::rng::Rng::new(seed);
        let header = if columns { "name,customer_id,note\n" } else { "customer_id\n" };
        let mut text = String::from(header);
        let mut values = Vec::new();
        while text.len() < 4 * INTAKE_SAMPLE_BYTES {
            let id = rng.up_to(range);
            let value = match rng.up_to(50) {
                0 => format!("\"{id}\""),
                1 => format!(" {id}"),
                2 => format!("{id}x"),
                _ => (id << rng.up_to(40)).to_string(),
            };
            let end = if rng.up_to(9) == 0 { "\r\n" } else { "\n" };
            if columns {
                text.push_str(&format!("\"n, {id}\",{value},plain{end}"));
            } else {
                text.push_str(&format!("{value}{end}"));
            }
            values.push(value.trim_matches('"').to_owned());
        }
        let mut intake = Intake::new(Format::default(), Dedupe::Exact);
        for bytes in text.as_bytes().chunks(piece) {
            intake.push_bytes(bytes).unwrap();
        }
        let input = intake.finish().unwrap();
        prop_assert_eq!(counts(&input), expected(values.iter().map(String::as_str)));
    }
}
