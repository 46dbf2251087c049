use proptest::prelude::*;
use task_spec::{FieldStyle, SentenceStyle};

use super::{date::SpokenDate, *};

fn row(json: &str) -> SentenceRow {
    serde_json::from_str(&format!(r#"{{"id": "1", "row": {json}}}"#)).unwrap()
}

fn style(toml: &str) -> SentenceStyle {
    toml::from_str(toml).unwrap()
}

/// The faults of a sentence about one row, as words, with what they quote.
fn faults(style: &SentenceStyle, json: &str, sentence: &str) -> Vec<String> {
    let set = SentenceSet::new(vec![row(json)]).unwrap();
    let checker = SentenceChecker::new(style, &set).unwrap();
    let check = checker.check(&set.rows()[0], sentence);
    let words = |fault: &Fault| match fault.quote(sentence) {
        Some(quote) => format!("{}: {fault} [{quote}]", fault.check),
        None => format!("{}: {fault}", fault.check),
    };
    check.faults.iter().map(words).collect()
}

fn is_said(style: &SentenceStyle, json: &str, sentence: &str) {
    let found = faults(style, json, sentence);
    assert!(found.is_empty(), "{sentence:?} of {json}: {found:?}");
}

fn is_fault(style: &SentenceStyle, json: &str, sentence: &str, expected: &[&str]) {
    assert_eq!(faults(style, json, sentence), expected, "{sentence:?} of {json}");
}

#[test]
fn numbers_are_read_in_the_forms_that_people_write() {
    for (text, value) in [
        ("1,234,567.5", 1_234_567.5),
        ("1\u{202f}234", 1234.0),
        ("1,00,000", 100_000.0),
        ("\u{2212}3.2", -3.2),
        ("(-3.2", -3.2),
        ("+4", 4.0),
        ("£3.2m", 3.2e6),
        ("US$5 billion", 5e9),
        ("-£20", -20.0),
        ("GBP 20k", 20e3),
        ("1.5e-3", 0.0015),
        ("3/4", 0.75),
        ("2½", 2.5),
        ("¾", 0.75),
        ("21st", 21.0),
        ("twenty-one", 21.0),
        ("one hundred and five", 105.0),
        ("two thousand three hundred and forty-five", 2345.0),
        ("two and a half million", 2.5e6),
        ("three point two five", 3.25),
        ("a dozen", 12.0),
        ("half a dozen", 6.0),
        ("two dozen", 24.0),
        ("half", 0.5),
        ("two-thirds", 2.0 / 3.0),
        ("a quarter", 0.25),
        ("the third", 3.0),
        ("the twenty-first", 21.0),
        ("a million", 1e6),
        ("٣٤", 34.0),
        ("seventeen", 17.0),
        ("5 per cent", 5.0),
    ] {
        let found: Vec<f64> = numbers(text, false)
            .iter()
            .filter_map(NumberMention::value)
            .collect();
        assert!(
            found.len() == 1 && (found[0] - value).abs() < 1e-9 * value.abs(),
            "{text:?}: {found:?}"
        );
    }
    assert_eq!(numbers("1.234,5", true)[0].value(), Some(1234.5));
    for text in ["10:30", "1.2.3", "A320", "5x", "10.30.2"] {
        let found = numbers(text, false);
        assert!(
            found.len() == 1 && found[0].value().is_none(),
            "{text:?}: {found:?}"
        );
    }
    let values = |text: &str| -> Vec<f64> {
        numbers(text, false)
            .iter()
            .filter_map(NumberMention::value)
            .collect()
    };
    assert_eq!(
        values("from 20-25, one, two and three"),
        [20.0, 25.0, 1.0, 2.0, 3.0]
    );
    assert_eq!(values("a pub in the city, no number"), Vec::<f64>::new());
}

#[test]
fn a_number_may_be_rounded_to_what_is_written_and_no_further() {
    let style = SentenceStyle::default();
    let row = r#"{"sales": 3234567}"#;
    for right in [
        "Sales were 3,234,567.",
        "Sales were 3.23 million.",
        "Sales were 3.2m.",
        "Sales were about 3 million.",
        "Sales were over 3.2 million.",
        "Sales were nearly 3.3 million.",
        "Sales were just over 3.2 million.",
        "Sales were at least three million.",
        "Sales were between 3 and 4 million.",
        "Sales were less than 3.3 million.",
    ] {
        is_said(&style, row, right);
    }
    let number = "no other number: a number that is not in the row";
    is_fault(
        &style,
        row,
        "Sales were 3.3 million.",
        &[
            "says sales: sales is not said: 3234567",
            &format!("{number} [3.3 million]"),
        ],
    );
    is_fault(
        &style,
        row,
        "Sales were 3,200,000.",
        &[
            "says sales: sales is not said: 3234567",
            &format!("{number} [3,200,000]"),
        ],
    );
    let side = "says sales: sales is 3234567: the bound is on the wrong side";
    is_fault(
        &style,
        row,
        "Sales were over 3.3 million.",
        &[&format!("{side} [3.3 million]")],
    );
    is_fault(
        &style,
        row,
        "Sales were nearly 3.2 million.",
        &[&format!("{side} [3.2 million]")],
    );
    is_fault(
        &style,
        row,
        "Sales were less than 3.2 million.",
        &[&format!("{side} [3.2 million]")],
    );
}

#[test]
fn signs_are_said_by_signs_and_by_words() {
    let percent = style("[fields.change]\nunit = \"%\"\nsigned = true");
    let down = r#"{"change": -3.2}"#;
    for right in [
        "It fell by 3.2%.",
        "It is down 3.2 per cent.",
        "A change of -3.2%.",
        "It was 3.2% lower.",
        "It rose at first but fell 3.2% after.",
    ] {
        is_said(&percent, down, right);
    }
    let sign = "says change: change is -3.2: the sign is wrong";
    is_fault(&percent, down, "It rose by 3.2%.", &[&format!("{sign} [3.2%]")]);
    is_fault(&percent, down, "It came to 3.2%.", &[&format!("{sign} [3.2%]")]);
    is_fault(&percent, down, "It came to +3.2%.", &[&format!("{sign} [+3.2%]")]);
    let up = r#"{"change": 3.2}"#;
    is_said(&percent, up, "It grew by more than 3%.");
    is_fault(
        &percent,
        up,
        "It fell by 3.2%.",
        &["says change: change is 3.2: the sign is wrong [3.2%]"],
    );
    // A level is no change: its direction is not looked at.
    is_said(&SentenceStyle::default(), r#"{"level": 3.2}"#, "It fell to 3.2.");
}

#[test]
fn shares_and_units_are_converted() {
    let fraction = style("[fields.share]\nunit = \"fraction\"");
    for right in [
        "It was 25%.",
        "It was a quarter.",
        "It was 1/4.",
        "It was 0.25.",
        "It was about 26 percent.",
    ] {
        is_said(&fraction, r#"{"share": 0.25}"#, right);
    }
    is_said(&SentenceStyle::default(), r#"{"share": 0.5}"#, "Half of it.");
    is_said(&SentenceStyle::default(), r#"{"share": 50}"#, "Half of it.");
    let km = style("[fields.way]\nunit = \"km\"");
    for right in [
        "It is 1.5 km.",
        "It is 1,500 metres.",
        "It is 1500m away.",
        "It is 1.5.",
    ] {
        is_said(&km, r#"{"way": 1.5}"#, right);
    }
    is_fault(
        &km,
        r#"{"way": 1.5}"#,
        "It takes 1.5 hours.",
        &["says way: way is 1.5: the unit is wrong [1.5 hours]"],
    );
    is_said(
        &SentenceStyle::default(),
        r#"{"price": "£20"}"#,
        "It costs 20 pounds.",
    );
    is_said(
        &SentenceStyle::default(),
        r#"{"price": "$20"}"#,
        "It costs US$20.",
    );
    is_fault(
        &SentenceStyle::default(),
        r#"{"price": "£20"}"#,
        "It costs €20.",
        &["says price: price is £20: the unit is wrong [€20]"],
    );
}

#[test]
fn dates_are_said_in_many_forms() {
    let plain = SentenceStyle::default();
    let row = r#"{"day": "2024-03-05"}"#;
    for right in [
        "On 2024-03-05.",
        "On 5 March 2024.",
        "On March 5th, 2024.",
        "On 05/03/2024.",
        "On the fifth of March.",
        "In March 2024.",
        "On 5.3.24.",
        "On Mar. 5.",
        "On 5-Mar-2024.",
        "In March.",
    ] {
        is_said(&plain, row, right);
    }
    is_fault(
        &plain,
        row,
        "On 6 March 2024.",
        &[
            "says day: day is not said: 2024-03-05",
            "no other date: a date that is not in the row [6 March 2024]",
        ],
    );
    is_fault(
        &plain,
        row,
        "In 2024.",
        &["says day: day is not said: 2024-03-05"],
    );
    is_said(&style("day_first = false"), row, "On 03/05/2024.");
    is_said(
        &style("day_first = false"),
        row,
        "On 03/05/24 or 5/3.".split(" or").next().unwrap(),
    );
    assert_eq!(
        dates("You may 5 times march 3 miles", true),
        Vec::<SpokenDate>::new()
    );
    assert_eq!(
        dates("31/12/1999 and 12/31/1999", true)
            .iter()
            .map(|date| date.day)
            .collect::<Vec<_>>(),
        [Some(31); 2]
    );
}

#[test]
fn names_are_said_whatever_their_case_and_accents() {
    let plain = SentenceStyle::default();
    let row = r#"{"name": "The Café Royal", "near": "Burger King"}"#;
    for right in [
        "The Café Royal is near Burger King.",
        "cafe royal is near burger king",
        "The Cafe\u{301} Royal's by Burger-King.",
    ] {
        is_said(&plain, row, right);
    }
    is_fault(
        &plain,
        row,
        "Café Royal is near Pizza Hut.",
        &[
            "says near: near is not said: Burger King",
            "no other name: a name that is not in the row [Pizza Hut]",
        ],
    );
    is_said(
        &style("skip_unknown_names = true"),
        r#"{"name": "Zizzi"}"#,
        "Zizzi is near Pizza Hut.",
    );
    is_said(
        &style("allowed = [\"Pizza Hut\", \"24 hours\"]"),
        r#"{"name": "Zizzi"}"#,
        "Zizzi is near Pizza Hut, open 24 hours.",
    );
}

#[test]
fn another_rows_name_is_found_and_an_ordinary_word_is_not() {
    let rows = ["Zizzi", "The Mill"]
        .iter()
        .enumerate()
        .map(|(number, name)| SentenceRow {
            id: number.to_string(),
            input: None,
            row: [("name".to_owned(), RowValue::Text((*name).to_owned()))].into(),
            references: vec!["A pub at the mill by the Riverside or riverside.".to_owned()],
        });
    let set = SentenceSet::new(rows.collect()).unwrap();
    let checker = SentenceChecker::new(&SentenceStyle::default(), &set).unwrap();
    let check = |row: usize, sentence: &str| checker.check(&set.rows()[row], sentence).faults;
    assert_eq!(check(0, "Zizzi is an old mill at the Riverside."), []);
    let found = check(1, "Zizzi beats The Mill.");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].kind,
        FaultKind::NameNotInRow {
            known_as: Some("name".to_owned())
        }
    );
    assert_eq!(found[0].span, Some(TextSpan { start: 0, end: 5 }));
}

fn friendly() -> SentenceStyle {
    style(
        "[fields.friendly.phrases]\nyes = [\"family friendly\", \"kids ... welcome\"]\nno = [\"adults only\"]\n\
         [fields.price.phrases]\ncheap = [\"cheap\", \"low prices\"]\nhigh = [\"expensive\"]\nmoderate = [\"moderate\"]",
    )
}

#[test]
fn a_choice_is_said_denied_and_contradicted() {
    let style = friendly();
    let no = r#"{"friendly": "no", "price": "cheap"}"#;
    for right in [
        "It is adults only and cheap.",
        "It is not family-friendly, but cheap.",
        "Cheap, though kids are not really welcome.",
        "It isn't a family-friendly place, and has low prices.",
        "It is cheap and non family friendly.",
    ] {
        is_said(&style, no, right);
    }
    is_fault(
        &style,
        no,
        "It is family friendly and cheap.",
        &["says friendly: friendly is no, the sentence says yes [family friendly]"],
    );
    is_fault(
        &style,
        no,
        "It is for adults only and not cheap.",
        &["says price: price is cheap, the sentence says not cheap [cheap]"],
    );
    let yes = r#"{"friendly": "yes", "price": "cheap"}"#;
    is_said(&style, yes, "It is not only cheap but family friendly.");
    is_said(&style, yes, "It is family friendly and cheap, not expensive.");
    // A negation denies the phrase that follows it, and what is joined to that by "or", and nothing behind.
    is_said(
        &style,
        r#"{"friendly": "no", "price": "cheap"}"#,
        "A non family friendly cheap pub.",
    );
    is_said(
        &style,
        r#"{"friendly": "no", "near": "Zizzi", "price": null}"#,
        "It is not far from Zizzi and adults only.",
    );
    is_fault(
        &style,
        r#"{"friendly": "no", "price": "cheap"}"#,
        "It is adults only, not moderate or cheap.",
        &["says price: price is cheap, the sentence says not cheap [cheap]"],
    );
    is_fault(
        &style,
        yes,
        "It is cheap.",
        &["says friendly: friendly is not said: yes"],
    );
    is_fault(
        &style,
        r#"{"price": "cheap", "friendly": null}"#,
        "It is cheap and family friendly.",
        &["no other value: friendly is not in the row, the sentence says yes [family friendly]"],
    );
}

#[test]
fn fields_that_need_not_be_said_are_still_checked_for_contradictions() {
    let mut style = friendly();
    style.fields.insert(
        "price".to_owned(),
        FieldStyle {
            required: false,
            ..style.fields["price"].clone()
        },
    );
    let row_ = r#"{"friendly": "yes", "price": "cheap"}"#;
    is_said(&style, row_, "It is family friendly.");
    is_fault(
        &style,
        row_,
        "It is family friendly and expensive.",
        &["says price: price is cheap, the sentence says high [expensive]"],
    );
    let set = SentenceSet::new(vec![row(row_)]).unwrap();
    let checker = SentenceChecker::new(&style, &set).unwrap();
    let grades = checker.check(&set.rows()[0], "It is family friendly.").grades;
    let place = checker
        .checks()
        .iter()
        .position(|check| check == "says price")
        .unwrap();
    assert_eq!(grades[place], None);
}

#[test]
fn every_check_of_the_style_finds_its_fault() {
    let name = r#"{"name": "Zizzi"}"#;
    for (toml, right, wrong, expected) in [
        (
            "forbidden = [\"click here\"]",
            "Zizzi clicks.",
            "Zizzi: Click Here.",
            "nothing forbidden: the forbidden phrase \"click here\" [Click Here]",
        ),
        (
            "pattern = '^Zizzi is'",
            "Zizzi is.",
            "So is Zizzi.",
            "pattern: the pattern does not match",
        ),
        (
            "ends_with_stop = true",
            "\"Zizzi.\"",
            "Zizzi ...",
            "ends with a stop: no full stop at the end",
        ),
        (
            "max_sentences = 1",
            "Zizzi, St. Ives, e.g. here.",
            "Zizzi. Here.",
            "number of sentences: 2 sentences",
        ),
        ("min_words = 2", "Zizzi here.", "Zizzi.", "length: 1 words"),
        (
            "max_words = 2",
            "Zizzi here.",
            "Zizzi is here.",
            "length: 3 words",
        ),
        ("max_characters = 6", "Zizzi.", "Zizzi é.", "length: 8 characters"),
        (
            "max_grade = 6",
            "Zizzi is a pub.",
            "Zizzi accommodates considerable international populations.",
            "reading level: Flesch-Kincaid grade 33.6",
        ),
        (
            "no_doubled_words = true",
            "Zizzi had had that that.",
            "Zizzi is is here.",
            "no doubled word: a word twice in a row [is]",
        ),
        (
            "one_script = true",
            "Zizzi is 5 µ.",
            "Zizzi is hеre.",
            "one script: letters of two scripts [е]",
        ),
    ] {
        let style = style(&format!("skip_unknown_names = true\nallowed = [\"5\"]\n{toml}"));
        is_said(&style, name, right);
        is_fault(&style, name, wrong, &[expected]);
    }
    let decimals = style("consistent_decimals = true\n[fields.a]\nunit = \"%\"\n[fields.b]\nunit = \"%\"");
    is_said(&decimals, r#"{"a": 3.2, "b": 4}"#, "It went from 3.2% to 4.0%.");
    is_fault(
        &decimals,
        r#"{"a": 3.2, "b": 4}"#,
        "It went from 3.2% to 4%.",
        &["consistent decimals: other decimals than before [4%]"],
    );
}

#[test]
fn closeness_applies_to_rows_with_references() {
    let rows = vec![
        SentenceRow {
            references: vec!["Zizzi is a pub.".to_owned()],
            ..row(r#"{"name": "Zizzi"}"#)
        },
        SentenceRow {
            id: "2".to_owned(),
            ..row(r#"{"name": "Zizzi"}"#)
        },
    ];
    let set = SentenceSet::new(rows).unwrap();
    let checker = SentenceChecker::new(&style("min_chrf = 90"), &set).unwrap();
    let answers =
        [("2", "Zizzi."), ("1", "Zizzi is a pub.")].map(|(id, text)| (id.to_owned(), text.to_owned()));
    let grades = grade_sentences(&checker, &set, answers).unwrap();
    let close = checker
        .checks()
        .iter()
        .position(|check| check == "close to a reference")
        .unwrap();
    assert_eq!(
        (grades.grades().rows()[0][close], grades.grades().rows()[1][close]),
        (Some(true), None)
    );
    let report = grades.report("model", &set);
    assert_eq!(report.right.count, 2);
    assert!((report.overlap.unwrap().bleu - 100.0).abs() < 1e-9);
    assert_eq!(report.checks.last().unwrap().share.value, 1.0);
}

#[test]
fn broken_styles_and_rows_are_named() {
    let set = |json: &str| SentenceSet::new(vec![row(json)]).unwrap();
    let error = |toml: &str, json: &str| {
        SentenceChecker::new(&style(toml), &set(json))
            .unwrap_err()
            .to_string()
    };
    assert!(error("[fields.nmae]", r#"{"name": "x"}"#).contains("\"nmae\""));
    assert!(error("pattern = '('", r#"{"name": "x"}"#).contains("regular expression"));
    assert!(error("forbidden = ['!']", r#"{"name": "x"}"#).contains("\"!\" of forbidden"));
    assert!(error("min_words = 3\nmax_words = 2", r#"{"name": "x"}"#).contains("min_words is 3"));
    assert!(error("", r#"{"open": true}"#).contains("open is true in row \"1\""));
    assert!(error("", r#"{"name": "..."}"#).contains("no phrase"));
    assert!(error("[fields.day]\nkind = 'date'", r#"{"day": "soon"}"#).contains("no date"));
    assert!(error("[fields.n]\nkind = 'number'", r#"{"n": "few"}"#).contains("no number"));
    assert!(error("[fields.n]\nunit = 'furlong'", r#"{"n": 1}"#).contains("furlong"));
    let read = |json: &str| serde_json::from_str::<SentenceRow>(json).unwrap_err().to_string();
    assert!(read(r#"{"id": "1", "row": {"a": [1]}}"#).contains("a list is no value"));
    let broken = |rows: Vec<SentenceRow>| SentenceSet::new(rows).unwrap_err().to_string();
    assert!(broken(vec![]).contains("no rows"));
    assert!(broken(vec![row(r#"{"a": 1}"#), row(r#"{"a": 1}"#)]).contains("row 2 has the id \"1\" of row 1"));
    assert!(broken(vec![row(r#"{"a": null, "b": " "}"#)]).contains("no value"));
    assert!(
        broken(vec![SentenceRow {
            references: vec![" ".to_owned()],
            ..row(r#"{"a": 1}"#)
        }])
        .contains("blank reference")
    );
}

#[test]
fn an_answer_too_long_to_be_a_sentence_fails_every_check_at_once() {
    let set = SentenceSet::new(vec![row(r#"{"name": "Zizzi"}"#)]).unwrap();
    let checker = SentenceChecker::new(&SentenceStyle::default(), &set).unwrap();
    let check = checker.check(&set.rows()[0], &"Zizzi 5 ".repeat(1_000_000));
    assert!(check.grades.iter().all(|grade| *grade == Some(false)));
    assert_eq!(check.faults[0].kind, FaultKind::TooLong { bytes: 8_000_000 });
}

#[test]
fn reading_levels_are_those_of_the_formulas() {
    let level = Readability::of("The cat sat on the mat. It was happy.");
    assert_eq!((level.words, level.sentences, level.syllables), (9, 2, 10));
    assert!((level.grade() - (0.39 * 4.5 + 11.8 * 10.0 / 9.0 - 15.59)).abs() < 1e-12);
    assert!((level.ease() - (206.835 - 1.015 * 4.5 - 84.6 * 10.0 / 9.0)).abs() < 1e-12);
    assert_eq!(
        (Readability::of("").grade(), Readability::of("...").ease()),
        (0.0, 0.0)
    );
    for (word, count) in [
        ("table", 2),
        ("late", 1),
        ("moderate", 3),
        ("customer", 3),
        ("priced", 1),
        ("rated", 2),
        ("riverside", 3),
        ("station", 2),
        ("centre", 2),
        ("sales", 1),
        ("piano", 3),
        ("restaurant", 3),
        ("prices", 2),
        ("families", 3),
        ("Café", 2),
        ("the", 1),
        ("5", 1),
    ] {
        assert_eq!(syllables(word), count, "{word}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("5".to_owned()),
        Just("-".to_owned()),
        Just("£".to_owned()),
        Just(" half ".to_owned()),
        Just("million".to_owned()),
        Just(" and ".to_owned()),
        Just("March ".to_owned()),
        Just("½".to_owned()),
        Just("\u{301}".to_owned()),
        Just("1,234.5e9".to_owned()),
        Just("not ".to_owned()),
        Just("family friendly".to_owned()),
        Just("'s".to_owned()),
        Just("...".to_owned()),
        Just("٣".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_lie_between_characters_whatever_the_sentence(sentence in hostile(), decimal_comma in any::<bool>()) {
        for number in numbers(&sentence, decimal_comma) {
            prop_assert!(sentence.get(number.span.start..number.span.end).is_some_and(|text| !text.is_empty()));
        }
        for date in dates(&sentence, decimal_comma) {
            prop_assert!(sentence.get(date.span.start..date.span.end).is_some_and(|text| !text.is_empty()));
        }
        let mut style = friendly();
        style.one_script = true;
        style.no_doubled_words = true;
        style.consistent_decimals = true;
        style.forbidden = vec!["half ... million".to_owned()];
        let set = SentenceSet::new(vec![row(r#"{"friendly": "no", "price": "cheap", "n": -5, "day": "2024-03-05"}"#)]).unwrap();
        let checker = SentenceChecker::new(&style, &set).unwrap();
        let check = checker.check(&set.rows()[0], &sentence);
        for fault in &check.faults {
            prop_assert!(fault.span.is_none() || fault.quote(&sentence).is_some_and(|text| !text.is_empty()), "{fault:?}");
            prop_assert!(checker.checks().contains(&fault.check));
        }
        for (check_name, grade) in checker.checks().iter().zip(&check.grades) {
            prop_assert_eq!(*grade == Some(false), check.faults.iter().any(|fault| fault.check == *check_name));
        }
    }

    #[test]
    fn a_number_that_is_written_is_read_again(value in -1e12_f64..1e12, decimals in 0_usize..4) {
        let text = format!("It is {value:.decimals$} now");
        let written: f64 = format!("{value:.decimals$}").parse().unwrap();
        let found = numbers(&text, false);
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].value(), Some(written));
        // And it says what it was rounded from.
        let json = format!(r#"{{"n": {value}}}"#);
        prop_assert_eq!(faults(&SentenceStyle::default(), &json, &text), Vec::<String>::new());
    }

    #[test]
    fn thousands_read_the_same_with_and_without_separators(value in 1000_u64..999_999_999) {
        let text = crate::figures::count(value);
        prop_assert_eq!(numbers(&text, false)[0].value(), Some(value as f64));
        prop_assert_eq!(numbers(&text.replace(',', "."), true)[0].value(), Some(value as f64));
    }

    #[test]
    fn order_of_rows_and_answers_does_not_matter(seed in 0_usize..24) {
        let names = ["Zizzi", "Cotto", "Aromi", "Clowns"];
        let rows: Vec<SentenceRow> = names.iter().map(|name| SentenceRow {
            id: (*name).to_owned(), ..row(&format!(r#"{{"name": "{name}"}}"#))
        }).collect();
        let answers: Vec<(String, String)> =
            names.iter().map(|name| ((*name).to_owned(), format!("{name} is near Aromi."))).collect();
        let shuffled = |n: usize| { let mut order: Vec<usize> = (0..4).collect(); order.rotate_left(n % 4); order.swap(0, n / 8); order };
        let order = shuffled(seed);
        let set = SentenceSet::new(rows.clone()).unwrap();
        let other = SentenceSet::new(order.iter().map(|&n| rows[n].clone()).collect()).unwrap();
        let of = |set: &SentenceSet, answers: Vec<(String, String)>| {
            let checker = SentenceChecker::new(&SentenceStyle::default(), set).unwrap();
            grade_sentences(&checker, set, answers).unwrap().report("model", set).checks
        };
        let turned = order.iter().rev().map(|&n| answers[n].clone()).collect();
        prop_assert_eq!(of(&set, answers), of(&other, turned));
    }
}
