use proptest::prelude::*;
use task_spec::{Field, FieldKind};

use super::*;

fn schema() -> FieldSchema {
    let mut total = Field::new("total", FieldKind::Money);
    total.aliases = vec!["amount due".to_owned()];
    FieldSchema::new(vec![Field::new("company", FieldKind::Text), total]).unwrap()
}

/// Company and total of an answer; `?` where it cannot be read, `-` where there is no value.
fn read(text: &str) -> String {
    let answer = read_answer(text, &schema());
    if !answer.is_readable {
        return "?".to_owned();
    }
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    answer.values.iter().map(shown).collect::<Vec<_>>().join(" | ")
}

fn form(text: &str) -> AnswerForm {
    read_answer(text, &schema()).form
}

#[test]
fn an_object_is_read_whatever_stands_around_it() {
    for text in [
        r#"{"company":"ACME","total":"9.00"}"#,
        "\u{feff} {\"company\":\"ACME\",\"total\":\"9.00\"}\n",
        "```json\n{\"company\": \"ACME\", \"total\": \"9.00\"}\n```",
        "Sure! Here is {what} you asked for: {\"company\":\"ACME\",\"total\":\"9.00\"} Anything else?",
        "{\"note\": 1} then {\"company\":\"ACME\",\"total\":\"9.00\"}",
        r#""{\"company\":\"ACME\",\"total\":\"9.00\"}""#,
        r#"{"result": {"fields": {"company":"ACME","total":"9.00"}}}"#,
        r#"[{"company":"ACME","total":"9.00"}]"#,
        r#"{"COMPANY":"ACME","Amount Due":"9.00"}"#,
        r#"{"company":["ACME"],"total":{"value":"9.00","currency":"MYR"}}"#,
        r#"{"company":"ACME","total":9.00}"#,
        r#"{"total":1,"company":"ACME","total":9.00}"#,
    ] {
        assert_eq!(read(text), "ACME | 9.00", "{text}");
    }
}

#[test]
fn what_was_done_is_counted() {
    assert_eq!(
        form(r#"{"company":"ACME","total":"9.00"}"#),
        AnswerForm::default()
    );
    let counted =
        form("```\n{\"a\": {\"company\": [\"A\", \"B\"], \"total\": 1, \"total\": \"N/A\", \"x\": 0}}\n```");
    let expected = AnswerForm {
        surrounded: 1,
        nested: 1,
        lists: 1,
        not_text: 1,
        repeated_keys: 1,
        unknown_keys: 1,
        said_absent: 1,
        ..AnswerForm::default()
    };
    assert_eq!(counted, expected);
    assert_eq!(form(r#""{\"company\":\"A\"}""#).quoted, 1);
    assert_eq!(form(r#"{"total":{"sum":3}}"#).objects, 1);
    let mut sum = expected;
    sum.add(&expected);
    assert_eq!((sum.lists, sum.unreadable, sum.surrounded), (2, 0, 2));
}

#[test]
fn no_value_is_no_value() {
    for text in [
        r#"{"company":null,"total":""}"#,
        r#"{"company":"None","total":" n/a "}"#,
        r#"{"company":[],"total":{"value":null}}"#,
        "{}",
        r#"{"x": 1}"#,
    ] {
        assert_eq!(read(text), "- | -", "{text}");
    }
}

#[test]
fn the_digits_of_a_number_are_those_that_were_written() {
    assert_eq!(
        read(r#"{"total": 12345678901234567890.10}"#),
        "- | 12345678901234567890.10"
    );
    assert_eq!(read(r#"{"company": true, "total": -1.50e2}"#), "true | -1.50e2");
}

#[test]
fn what_holds_no_object_is_unreadable() {
    for text in [
        "",
        "ACME, 9.00",
        "[1, 2]",
        "null",
        "{",
        "{'company': 'ACME'}",
        "{\"company\": \"ACME\"",
        "{\"company\"}",
        "\"{\"",
        "}{",
    ] {
        assert_eq!(read(text), "?", "{text}");
        assert_eq!(form(text).unreadable, 1);
    }
}

#[test]
fn two_objects_inside_are_not_guessed_between() {
    assert_eq!(read(r#"{"a":{"company":"A"},"b":{"company":"B"}}"#), "- | -");
}

#[test]
fn hostile_answers_are_read_in_linear_time() {
    let megabytes = |unit: &str, times: usize| unit.repeat((times << 20) / unit.len());
    let texts = [
        megabytes("{", 10),
        megabytes("{\"a\":", 10),
        megabytes("[{\"a\":[", 10),
        format!("{{\"company\":\"{}", megabytes("{", 10)),
        format!("{{\"company\":\"{}\"}}", megabytes("é", 10)),
        format!("{{\"company\":{}", megabytes("[", 10)),
        format!("{{{}\"total\":1}}", megabytes("\"k\":{},", 4)),
        megabytes("{} ", 10),
    ];
    for text in &texts {
        let start = std::time::Instant::now();
        let answer = read_answer(text, &schema());
        assert_eq!(answer.values.len(), 2);
        // Seconds even without optimisation; a square of ten million would be days.
        assert!(
            start.elapsed().as_secs() < 60,
            "{} took {:?}",
            &text[..12],
            start.elapsed()
        );
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,80}|[{}\\[\\]\":,a-c0-9 \\\\]{0,60}") {
        let answer = read_answer(&text, &schema());
        prop_assert_eq!(answer.values.len(), 2);
        prop_assert_eq!(answer.is_readable, answer.form.unreadable == 0);
    }

    #[test]
    fn values_come_back_whatever_prose_stands_before(company in "\\PC{1,40}", prose in "[^{\"]{0,40}") {
        prop_assume!(!company.trim().is_empty() && !says_absent(&company));
        let object = serde_json::json!({ "company": company }).to_string();
        let expected = vec![Some(company), None];
        prop_assert_eq!(&read_answer(&object, &schema()).values, &expected);
        prop_assert_eq!(&read_answer(&format!("{prose}{object}{prose}"), &schema()).values, &expected);
        let twice = serde_json::to_string(&object).unwrap();
        prop_assert_eq!(&read_answer(&twice, &schema()).values, &expected);
    }
}
