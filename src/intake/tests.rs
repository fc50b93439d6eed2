//! One table a rule: what comes out for what goes in.

use super::*;
use crate::id::IdError;
use crate::limits::{LINE_BYTES_MAX, PROBLEM_TEXT_BYTES_MAX, PROBLEMS_KEPT};

fn read(format: Format, text: impl AsRef<[u8]>) -> Result<Input, IntakeError> {
    let mut intake = Intake::new(format, Dedupe::Exact);
    intake.push_bytes(text.as_ref())?;
    let input = intake.finish()?;
    let settled = u64::try_from(input.ids.len()).unwrap() + input.invalid + input.duplicate;
    assert_eq!(input.given, settled);
    Ok(input)
}

fn auto(text: impl AsRef<[u8]>) -> Input {
    read(Format::default(), text).unwrap()
}

fn csv(column: Column) -> Format {
    Format::Csv(CsvOptions { column, delimiter: Delimiter::Auto })
}

/// Line, column and code of every problem.
fn places(input: &Input) -> Vec<(u64, u32, &'static str)> {
    input.problems.iter().map(|p| (p.line, p.column, p.reason.code())).collect()
}

fn code(result: Result<Input, IntakeError>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn invalid_lines_are_counted_with_their_number() {
    let cases = [
        ("5.0", "not-digits"),
        ("1e9", "not-digits"),
        ("5.66E+08", "not-digits"),
        ("00123", "leading-zero"),
        ("+5", "not-digits"),
        ("-5", "not-positive"),
        ("0", "not-positive"),
        ("1 2", "not-digits"),
        ("1,234", "not-digits"),
        ("0x1f", "not-digits"),
        ("１２３", "not-digits"),
        ("١٢٣", "not-digits"),
        ("12\u{a0}", "not-digits"),
        ("\u{200b}12", "not-digits"),
        ("9223372036854775808", "too-large"),
        ("__proto__", "not-digits"),
        ("\"12\"\"3\"", "not-digits"),
        ("\"\"", "empty"),
    ];
    for format in [Format::default(), Format::Lines, csv(Column::Auto)] {
        for (value, expected) in cases {
            let input = read(format.clone(), format!("77\n{value}\n88\n")).unwrap();
            assert_eq!(input.ids, [77, 88], "{value}");
            assert_eq!(places(&input), [(2, 1, expected)], "{value} {format:?}");
        }
    }
}

#[test]
fn a_first_line_that_may_be_meant_as_an_id_is_not_swallowed_as_a_header() {
    for value in ["00123", "1e9", "+5", "１２３", "0x1f", "5.0", "-", "\u{a0}"] {
        for format in [Format::default(), Format::Lines] {
            let input = read(format, format!("{value}\n88\n")).unwrap();
            assert_eq!(input.ids, [88]);
            assert_eq!(input.problems.len(), 1, "{value}");
            assert_eq!(input.problems[0].line, 1);
            assert!(input.layout.header.is_empty());
        }
    }
}

#[test]
fn blanks_around_an_id_and_quotes_are_dropped() {
    let text = " 1 \n\t2\t\n\"3\"\n\" 4 \" \n\"5\n\"\n6\u{20}\r\n";
    let input = auto(text);
    assert_eq!(input.ids, [1, 2, 3, 4, 5, 6]);
    let input = read(Format::Lines, " 1 \n\"2\"\n \" 3 \" \n").unwrap();
    assert_eq!(input.ids, [1, 2, 3]);
}

#[test]
fn line_breaks_mix_and_blank_lines_are_counted() {
    let input = auto("id\r\n1\r2\n\n3\r\n\r\r  \n4\n,\nx");
    assert_eq!(input.ids, [1, 2, 3, 4]);
    assert_eq!(input.blank, 4);
    assert_eq!(places(&input), [(10, 1, "not-digits"), (11, 1, "not-digits")]);
    assert_eq!(input.layout.name.as_deref(), Some("id"));
    let input = auto("\n\n7");
    assert_eq!((input.ids.to_vec(), input.blank, input.given), (vec![7], 2, 1));
}

#[test]
fn the_largest_ids_arrive_digit_for_digit() {
    let expected = [9_007_199_254_740_993, i64::MAX];
    let plain = "9007199254740993\n9223372036854775807\n9223372036854775808\n";
    let objects = "{\"id\":9007199254740993}\n\"9223372036854775807\"\n9223372036854775808";
    let array = "[9007199254740993,\"9223372036854775807\",9223372036854775808]";
    let quoted = "a,id\nx,\"9007199254740993\"\nx,\"9223372036854775807\"\nx,9223372036854775808\n";
    for text in [plain, objects, array, quoted] {
        let input = auto(text);
        assert_eq!(input.ids, expected, "{text}");
        assert_eq!(input.problems[0].reason, ProblemReason::Invalid(IdError::TooLarge));
        assert_eq!(&*input.problems[0].text, b"9223372036854775808");
    }
}

#[test]
fn an_input_without_ids_is_an_error() {
    for text in
        ["", "\n\r\n  \n", "customer_id\n", "name,customer_id\n,\n", "[]", " [ ] ", "\u{feff}"]
    {
        assert_eq!(code(read(Format::default(), text)), "no-ids", "{text:?}");
    }
    for format in [Format::Lines, Format::Ndjson { field: None }] {
        assert_eq!(code(read(format, "\n")), "no-ids");
    }
    let input = auto("1x\ny2\n");
    assert_eq!((input.ids.len(), input.given, input.invalid), (0, 2, 2));
}

#[test]
fn a_byte_order_mark_is_skipped_and_other_encodings_are_refused() {
    assert_eq!(auto("\u{feff}123\n").ids, [123]);
    assert_eq!(auto("\u{feff}customer_id,n\n123,a\n").ids, [123]);
    assert_eq!(auto("\u{feff}[1,2]").ids, [1, 2]);
    let refused = |bytes: &[u8]| read(Format::default(), bytes).unwrap_err();
    let utf16 = |offset| IntakeError::NotUtf8 { hint: Encoding::Utf16, offset };
    assert_eq!(refused(b"\xff\xfe1\x002\x00"), utf16(0));
    assert_eq!(refused(b"\xfe\xff\x001\x002"), utf16(0));
    assert_eq!(refused(b"1\x002\x00\n\x00"), utf16(1));
    let latin1 = IntakeError::NotUtf8 { hint: Encoding::Latin1, offset: 9 };
    assert_eq!(refused(b"id,name\n1\xe9\n"), latin1);
    assert_eq!(code(read(Format::default(), &"id\n12€".as_bytes()[..7])), "not-utf8");
}

#[test]
fn the_column_is_found_by_its_name() {
    for name in
        ["customer_id", "customerId", "Customer ID", "CUSTOMER-ID", "userId", "id", "\"ID\""]
    {
        let input = auto(format!("phone,{name},name\n111,5,Ann\n222,6,Bob\n"));
        assert_eq!(input.ids, [5, 6], "{name}");
        assert_eq!(input.layout.column, Some(2));
        assert_eq!(input.layout.name.as_deref(), Some(name.trim_matches('"')));
        assert_eq!(input.layout.header.len(), 3);
    }
    assert_eq!(auto("id,customer_id\n1,5\n").ids, [5]);
    let input = read(csv(Column::Name("member no".into())), "Member_No,id\n5,1\n").unwrap();
    assert_eq!(input.ids, [5]);
    let input = read(csv(Column::Number(2)), "a,b\n1,5\n").unwrap();
    assert_eq!((input.ids.to_vec(), input.layout.name.as_deref()), (vec![5], Some("b")));
    assert_eq!(read(csv(Column::Number(2)), "1,5\n2,6\n").unwrap().ids, [5, 6]);
}

#[test]
fn values_never_say_which_column_holds_the_ids() {
    for text in [
        "email,points\nanna@example.com,120\nben@example.com,250\n",
        "name;mobile;email\nAnna;9876543210;a@example.com\n",
        "name\tmobile\nAnna\t9876543210\n",
        "Anna,9876543210\nBen,9876543211\n",
        "5,Anna",
        "1,5\n2,6\n",
        "1,001\n2,002\n",
        "1,234\n77\n",
        "\u{feff}1,234\n",
        "who,what\nAnn,Bob\n",
        "mobile\n9876543210\n",
        "Points \n120\n",
        "\"mobile\"\r\n120\r\n",
        "mobile,\n120,\n",
        "phone 2\n9876543210\n",
        "{\"mobile\":9876543210}\n",
        "{\"customer\":{\"id\":566881001}}\n",
    ] {
        assert_eq!(code(read(Format::default(), text)), "column-not-found", "{text}");
    }
    assert_eq!(code(read(Format::Lines, "mobile\n9876543210\n")), "column-not-found");
    let error = read(Format::default(), "who,what\n1,5\n").unwrap_err();
    assert_eq!(error.header(), [Box::from("who"), Box::from("what")]);
    assert!(error.message().ends_with("\"who\", \"what\"."));
    for (column, text) in [
        (Column::Name("mobile".into()), "mobile\n5\n"),
        (Column::Name("Mobile".into()), "name,mobile\nAnn,5\n"),
        (Column::Number(1), "mobile\n5\n"),
        (Column::Number(2), "Ann,5\n"),
        (Column::Number(2), "Ann,\nBen,5\n"),
        (Column::Name("mobile".into()), "{\"id\":1,\"mobile\":5}\n"),
    ] {
        let options = CsvOptions { column, delimiter: Delimiter::Auto };
        assert_eq!(read(Format::Auto(options), text).unwrap().ids, [5], "{text}");
    }
}

#[test]
fn two_names_that_may_be_the_customers_make_it_ask() {
    for text in [
        "customer_id,Customer ID\n1,2\n",
        "customer_id,customer_id\n1,2\n",
        "id,customer\n1,566881001\n",
        "id,member no\n1,566881001\n",
        "id;order_id\n1;2\n",
        "user_id,customer\n1,566881001\n",
        "{\"id\":1,\"customer\":{\"id\":566881001}}\n",
        "{\"id\":1,\"order\":{\"customer_id\":566881001}}\n",
        "{\"id\":1,\"externalId\":\"2\"}\n",
        "{\"customer_id\":1,\"customerId\":2}\n",
        "{\"id\":1}\n{\"id\":2,\"customer\":{\"id\":566881001}}\n",
        "{\"id\":1}\n{\"id\":2,\"customer_id\":566881001}\n",
        "{\"customerId\":1}\n{\"customerId\":2,\"customer_id\":3}\n",
    ] {
        assert_eq!(code(read(Format::default(), text)), "ambiguous-column", "{text}");
    }
    for text in [
        "id,name,points,paid\n5,Ann,1,2\n",
        "user_id,order_id\n5,1\n",
        "customer_id,user_id,id\n5,1,2\n",
        "{\"customerId\":5,\"customer_id\":\"5\"}\n",
        "{\"customerId\":5,\"customer\":{\"id\":1}}\n",
    ] {
        assert_eq!(auto(text).ids, [5], "{text}");
    }
}

#[test]
fn a_first_line_that_names_the_delimiter_is_read_as_that() {
    for text in [
        "sep=;\r\nname;customer_id\r\nAnn;5\r\n",
        "SEP=\t\nname\tcustomer_id\nAnn, B;\t5\n",
        "\u{feff}sep=,\ncustomer_id\n5\n",
        "sep=;\n5\n",
    ] {
        let input = auto(text);
        assert_eq!((input.ids.to_vec(), input.given), (vec![5], 1), "{text}");
    }
    let input = auto("sep=;\ncustomer_id;name\n5;a\nx;b\n");
    assert_eq!(places(&input), [(4, 1, "not-digits")]);
    assert_eq!(code(read(Format::default(), "sep=a\n5\n")), "column-not-found");
    assert_eq!(code(read(Format::default(), "sep=;\n")), "no-ids");
}

#[test]
fn an_empty_last_field_moves_nothing() {
    for text in [
        "customer_id;name;\n5;a;\n6;b\n",
        "customer_id;name\n5;a;\n6;b;;\n",
        "name,customer_id,\na,5,\nb,6, \n",
        "customer_id,\n5,\n6\n",
    ] {
        let input = auto(text);
        assert_eq!((input.ids.to_vec(), input.invalid), (vec![5, 6], 0), "{text}");
    }
    for text in ["customer_id;name;\n5;a;b\n7;c;\n", "customer_id,\n1,001\n7,\n"] {
        let input = auto(text);
        assert_eq!(
            (input.ids.to_vec(), places(&input)),
            (vec![7], vec![(2, 1, "too-many-fields")])
        );
    }
}

#[test]
fn a_column_that_is_not_there_is_an_error() {
    for column in [Column::Number(0), Column::Number(3), Column::Name("__proto__".into())] {
        assert_eq!(code(read(csv(column), "a,b\n1,2\n")), "no-such-column");
    }
    assert_eq!(code(read(csv(Column::Name("A b".into())), "a_b,ab\n1,2\n")), "ambiguous-column");
}

#[test]
fn delimiters_are_guessed_or_given() {
    for delimiter in [',', ';', '\t', '|'] {
        let text = format!("\"a,;\t|\"{delimiter}id\nx{delimiter}5\n");
        let input = auto(&text);
        assert_eq!(input.ids, [5], "{delimiter}");
        assert_eq!(input.layout.delimiter, Some(delimiter as u8));
    }
    let given = |byte| {
        let delimiter = Delimiter::Byte(byte);
        Format::Csv(CsvOptions { column: Column::Auto, delimiter })
    };
    assert_eq!(read(given(b'|'), "a,b,c|id\n1,2,3|5\n").unwrap().ids, [5]);
    for byte in [b'"', b'\n', b'\r', b'1', b'e', 0, 0xe9] {
        assert_eq!(code(read(given(byte), "id\n5\n")), "bad-delimiter", "{byte}");
    }
    let input = read(given(b','), "id\n1,234\n5\n").unwrap();
    assert_eq!((input.ids.to_vec(), places(&input)), (vec![5], vec![(2, 1, "too-many-fields")]));
}

#[test]
fn quotes_never_shift_a_column() {
    let text = "name,customer_id,note\n\"Ann, \"\"A\"\"\",1,x\n\"B\nob\r\n\",2,\"1,2\"\nC\"id,3,y\n\
        \"D\"d,4,z\nE,5\nF, 6 ,\"x\" \nG,7,8,9\n,,\n\"H\",\"8\",\n";
    let input = auto(text);
    assert_eq!(input.ids, [1, 2, 3, 6, 8]);
    let expected = [(7, 2, "bad-quote"), (8, 2, "too-few-fields"), (10, 2, "too-many-fields")];
    assert_eq!(places(&input), expected);
    assert_eq!(input.blank, 1);
    assert_eq!(&*input.problems[1].text, b"E,5");
}

#[test]
fn a_quote_that_never_closes_is_an_error_with_its_line() {
    for text in ["id\n1\n\"2\n3\n", "id,n\n1,a\n2,\"b\n3,c\n", "id\n1\n\"2\"\"\n"] {
        let error = read(Format::default(), text).unwrap_err();
        assert_eq!(error, IntakeError::UnclosedQuote { line: 3 }, "{text:?}");
    }
    let error = read(Format::default(), "\"id\n1\n").unwrap_err();
    assert_eq!(error, IntakeError::UnclosedQuote { line: 1 });
    let input = read(Format::Lines, "1\n\"2\n3\n").unwrap();
    assert_eq!((input.ids.to_vec(), input.invalid), (vec![1, 3], 1));
}

#[test]
fn repeated_ids_name_the_first_line() {
    let input = auto("id\n5\n6\n\n5\nx\n6\n5\n");
    assert_eq!(input.ids, [5, 6]);
    assert_eq!((input.given, input.duplicate, input.invalid), (6, 3, 1));
    let reasons: Vec<_> = input.problems.iter().map(|p| (p.line, p.reason)).collect();
    assert_eq!(reasons[0], (5, ProblemReason::Duplicate { first_line: 2 }));
    assert_eq!(reasons[1], (6, ProblemReason::Invalid(IdError::NotDigits)));
    assert_eq!(reasons[2], (7, ProblemReason::Duplicate { first_line: 3 }));
    assert_eq!(reasons[3], (8, ProblemReason::Duplicate { first_line: 2 }));

    let mut trusting = Intake::new(Format::default(), Dedupe::TrustInput);
    trusting.push_bytes(b"5\n5\n").unwrap();
    assert_eq!(trusting.finish().unwrap().ids, [5, 5]);
}

#[test]
fn too_long_lines_are_one_problem_each() {
    let long = "7".repeat(LINE_BYTES_MAX + 1);
    let just = format!("{}8", " ".repeat(LINE_BYTES_MAX - 1));
    let csv = format!("id\n1\n{long}\n2\n{just}\n\"{long}\n\"\n3");
    let input = auto(&csv);
    assert_eq!(input.ids, [1, 2, 8, 3]);
    assert_eq!(places(&input), [(3, 1, "too-long"), (6, 1, "too-long")]);
    assert_eq!(input.problems[0].text.len(), PROBLEM_TEXT_BYTES_MAX);
    for text in [format!("1\n{long}\n2"), format!("{{\"id\":1}}\n{long}\n2")] {
        assert_eq!(auto(&text).ids, [1, 2]);
    }
    let input = auto(format!("[1,{long},\"{long}\",2]"));
    assert_eq!((input.ids.to_vec(), input.invalid), (vec![1, 2], 2));
    assert_eq!(places(&input), [(2, 1, "too-long"), (3, 1, "too-long")]);
    assert_eq!(code(read(Format::default(), &long)), "header-too-long");
    assert_eq!(code(read(Format::Lines, &long)), "ok");
}

#[test]
fn kept_problems_are_bounded() {
    let text = "1x\n".repeat(PROBLEMS_KEPT + 500);
    let input = auto(text);
    assert_eq!(input.problems.len(), PROBLEMS_KEPT);
    assert_eq!(input.invalid, 1_500);
}

#[test]
fn ndjson_takes_ids_and_objects() {
    let text = "{\"customerId\": 1, \"name\": \"a\\\"}\"}\n2\n\"3\"\n\n\
        {\"name\":{\"customerId\":9},\"customerId\":\"4\"}\n\
        {\"customerId\":5.0}\n{\"id\":6}\n{\"customerId\":7\n[8]\n\
        {\"customerId\":9,\"customerId\":9}\n{\"customerId\":null}\n\"x\ntrue\n{\"__proto__\":1}";
    let input = read(Format::Ndjson { field: None }, text).unwrap();
    assert_eq!(input.ids, [1, 2, 3, 4]);
    let expected = [
        (6, 1, "not-digits"),
        (7, 1, "no-field"),
        (8, 1, "bad-json"),
        (9, 1, "not-an-object"),
        (10, 1, "repeated-field"),
        (11, 1, "not-digits"),
        (12, 1, "bad-json"),
        (13, 1, "not-digits"),
        (14, 1, "no-field"),
    ];
    assert_eq!(places(&input), expected);
    assert_eq!((input.layout.name.as_deref(), input.blank), (Some("customerId"), 1));
}

#[test]
fn the_field_is_given_or_the_first_object_settles_it() {
    let named = |name: &str| Format::Ndjson { field: Some(name.into()) };
    assert_eq!(read(named("__proto__"), "{\"__proto__\":5}").unwrap().ids, [5]);
    assert_eq!(read(named("ID"), "{\"id\":5}\n{\"ID\":6}").unwrap().ids, [6]);
    assert_eq!(auto("{\"id\":1,\"user_id\":2}\n{\"user_id\":3}").ids, [2, 3]);
    let input = auto("{\"id\":1,\"id\":2}\n{\"id\":3}");
    assert_eq!((input.ids.to_vec(), places(&input)), (vec![3], vec![(1, 1, "repeated-field")]));
    let error = read(Format::default(), "{\"a\":1,\"b\":2}").unwrap_err();
    assert_eq!(error.code(), "column-not-found");
    assert_eq!(error.header(), [Box::from("a"), Box::from("b")]);
    let error = read(Format::default(), "{\"customerId\":1,\"customer_id\":2}").unwrap_err();
    assert_eq!(error.code(), "ambiguous-column");
}

#[test]
fn json_arrays_take_numbers_and_strings() {
    let input = auto(" [ 1 ,\"2\",\n3, \" 4 \",5.0,1e9,-5,\"00123\",null,\"\\u0031\",\"\",1] \n");
    assert_eq!(input.ids, [1, 2, 3, 4]);
    let expected = [
        (5, 1, "not-digits"),
        (6, 1, "not-digits"),
        (7, 1, "not-positive"),
        (8, 1, "leading-zero"),
        (9, 1, "not-digits"),
        (10, 1, "not-digits"),
        (11, 1, "empty"),
        (12, 1, "duplicate"),
    ];
    assert_eq!(places(&input), expected);
}

#[test]
fn broken_json_arrays_are_refused_with_their_place() {
    let cases = [
        ("[1 2]", 3),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1", 2),
        ("[", 1),
        ("[1] x", 4),
        ("[1][2]", 3),
        ("[abc]", 1),
        ("[\"1\n\"]", 3),
        ("[\"1", 3),
        ("[12345678,x]", 10),
        ("\u{feff}[1 2]", 6),
    ];
    for (text, offset) in cases {
        let error = read(Format::default(), text).unwrap_err();
        assert_eq!(error, IntakeError::BadJson { offset }, "{text:?}");
    }
    for text in ["[{\"id\":1}]", "[1,[2]]"] {
        assert_eq!(code(read(Format::default(), text)), "nested-json", "{text}");
    }
    assert_eq!(code(read(Format::Json, "1")), "bad-json");
}

#[test]
fn values_are_counted_by_position() {
    let mut intake = Intake::new(Format::default(), Dedupe::Exact);
    intake.push_text(b"9223372036854775807").unwrap();
    intake.push_text(b" 5\r").unwrap();
    intake.push_number(5.0).unwrap();
    intake.push_number(5.5).unwrap();
    intake.push_number(9_007_199_254_740_992.0).unwrap();
    intake.push_longs(&[6, -6, i64::MIN, 6]).unwrap();
    intake.push_text(b"").unwrap();
    let input = intake.finish().unwrap();
    assert_eq!(input.ids, [i64::MAX, 5, 6]);
    assert_eq!((input.given, input.layout.kind), (10, Kind::Values));
    let texts: Vec<_> =
        input.problems.iter().map(|p| (p.line, p.reason.code(), &*p.text)).collect();
    let expected: [(u64, &str, &[u8]); 7] = [
        (3, "duplicate", b"5"),
        (4, "not-exact", b"5.500"),
        (5, "not-exact", b"9007199254740992"),
        (7, "not-positive", b"-6"),
        (8, "not-positive", b"-9223372036854775808"),
        (9, "duplicate", b"6"),
        (10, "empty", b""),
    ];
    assert_eq!(texts, expected);
}

#[test]
fn the_first_error_is_final() {
    let mut intake = Intake::new(Format::default(), Dedupe::Exact);
    let error = intake.push_bytes(b"5\n\xe9\n").unwrap_err();
    assert_eq!(intake.push_bytes(b"6\n"), Err(error.clone()));
    assert_eq!(intake.push_longs(&[7]), Err(error.clone()));
    assert_eq!(intake.finish(), Err(error));
}

#[test]
fn what_lies_beyond_the_sample_is_read_as_the_sample_says() {
    let rows = INTAKE_SAMPLE_BYTES;
    let mut text = String::from("name,customer_id\n");
    for row in 0..rows {
        text.push_str(&format!("\"n, {row}\",{}\n", row + 1));
    }
    let input = auto(&text);
    assert!(input.ids.iter().eq(1..=i64::try_from(rows).unwrap()));
    assert_eq!((input.invalid, input.layout.column), (0, Some(2)));
}
