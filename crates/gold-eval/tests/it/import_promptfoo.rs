use gold_eval::{ImportConfig, ImportError, RowFormat, Unusable};

use crate::import::{import_as, imported, input, pairs};

// The shapes are those of promptfoo's documentation ("Test Case Configuration") and of its reader of CSV
// (src/csv.ts); the texts are ours.

#[test]
fn test_cases_of_a_configuration_are_read_with_their_lines() {
    let yaml = "description: ours
prompts: ['Sort this: {{message}}']
tests:
  - description: first
    vars:
      message: Where is my card?
    assert:
      - type: equals
        value: card_arrival
      - type: latency
        threshold: 1000
  - vars: { message: 'Top up failed', id: t-2 }
    assert: [{ type: equals, value: 'no' }]
  - vars:
      message: Tell me a joke
    assert:
      - type: llm-rubric
        value: is funny
  - file://more.yaml
";
    let found = imported("promptfooconfig.yaml", yaml);
    assert_eq!(found.account.format, RowFormat::Promptfoo);
    assert_eq!(
        pairs(&found),
        [("Where is my card?", "card_arrival"), ("Top up failed", "no")]
    );
    assert_eq!(
        (found.rows[1].id.as_str(), found.account.assertions_left_out),
        ("t-2", 1)
    );
    let bad: Vec<_> = found
        .set_aside
        .iter()
        .map(|row| (row.line, row.row, &row.why))
        .collect();
    let no_equals = Unusable::NoEquals {
        types: vec!["llm-rubric".to_owned()],
    };
    let external = Unusable::External {
        names: "file://more.yaml".to_owned(),
    };
    assert_eq!(bad, [(Some(14), 3, &no_equals), (Some(19), 4, &external)]);
}

#[test]
fn values_are_what_promptfoos_own_parser_takes_them_for() {
    let yaml = "- vars: {text: 1.50}\n  assert: [{type: equals, value: yes}]
- vars: {text: b}\n  assert: [{type: equals, value: 007}]
- vars: {text: c}\n  assert: [{type: equals, value: true}]
- vars: {text: d}\n  assert: [{type: equals, value: 4}]\n";
    let found = imported("tests.yaml", yaml);
    let labels: Vec<&str> = pairs(&found).into_iter().map(|(_, label)| label).collect();
    assert_eq!(labels, ["yes", "007", "true", "4"]);
}

#[test]
fn default_tests_add_variables_and_an_answer_may_be_a_variable() {
    let yaml = "defaultTest:
  vars: { language: French }
  assert:
    - type: equals
      value: '{{ category }}'
tests:
  - vars: { text: one, category: a }
  - vars: { text: two }
  - vars: { text: three, category: c }
    assert: [{ type: equals, value: 'x {{category}}' }]
";
    let found = imported("promptfooconfig.yaml", yaml);
    assert_eq!(pairs(&found), [("one", "a")]);
    assert!(
        found
            .set_aside
            .iter()
            .all(|row| matches!(row.why, Unusable::Template { .. })),
        "{:?}",
        found.set_aside
    );
}

#[test]
fn json_lists_and_lines_are_test_cases_too() {
    let list = r#"[{"vars": {"text": "one"}, "assert": [{"type": "equals", "value": "a"}]}]"#;
    assert_eq!(pairs(&imported("tests.json", list)), [("one", "a")]);
    let lines = "{\"vars\": {\"x\": 5, \"y\": 3}, \"assert\": [{\"type\": \"equals\", \"value\": \"8\"}]}\n";
    let error = import_as("tests.jsonl", lines, ImportConfig::default(), None).unwrap_err();
    let ImportError::NoRows {
        first: Some(first), ..
    } = &error
    else {
        panic!("{error}");
    };
    assert!(
        matches!(&first.why, Unusable::WhichField { fields, .. } if fields == &["x", "y"]),
        "{first}"
    );
    assert_eq!(
        pairs(&import_as("tests.jsonl", lines, input("x"), None).unwrap()),
        [("5", "8")]
    );
}

#[test]
fn cells_of_expected_columns_are_assertions_or_the_answer_itself() {
    let table = "question,__expected,__description,__metadata:topic
one,Paris,d,t
two,equals: 30,d,t
three,contains: x,d,t
four,\"is: it\",d,t
five,not-equals: 4,d,t
six,similar(0.8): hello,d,t
seven,is-json,d,t
";
    let found = imported("tests.csv", table);
    assert_eq!(found.account.format, RowFormat::Promptfoo);
    assert_eq!(
        pairs(&found),
        [("one", "Paris"), ("two", "30"), ("four", "is: it")]
    );
    let types: Vec<String> = found
        .set_aside
        .iter()
        .map(|row| match &row.why {
            Unusable::NoEquals { types } => types[0].clone(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(types, ["contains", "not-equals", "similar", "is-json"]);
    let two = imported(
        "tests.csv",
        "question,__expected1,__expected2\none,equals: 4,contains: four\n",
    );
    assert_eq!(
        (pairs(&two), two.account.assertions_left_out),
        (vec![("one", "4")], 1)
    );
}

#[test]
fn what_lies_in_other_files_is_named() {
    let error = |yaml: &str| import_as("t.yaml", yaml, ImportConfig::default(), None).unwrap_err();
    assert!(
        matches!(error("tests: file://t.csv\n"), ImportError::External { what: "tests", names, .. } if names == "file://t.csv")
    );
    let other = "defaultTest: file://d.yaml\ntests:\n  - vars: {text: a}\n";
    assert!(matches!(
        error(other),
        ImportError::External {
            what: "defaultTest",
            ..
        }
    ));
    assert!(matches!(error("prompts: [a]\n"), ImportError::NoTests { .. }));
    let yaml = "- vars: {text: 'file://a.txt'}\n  assert: [{type: equals, value: a}]
- vars: {text: b}\n  assert: [{type: equals, value: 'file://b.txt'}]
- vars: file://vars.yaml
- vars: {text: [c, d]}\n  assert: [{type: equals, value: a}]
- vars: {text: e}\n  assert: [{type: equals, value: a}, {type: equals, value: b}]
- vars: {text: f}\n  assert: [{type: equals, value: ok}]\n";
    let found = imported("t.yaml", yaml);
    assert_eq!(pairs(&found), [("f", "ok")]);
    let names: Vec<_> = found.set_aside.iter().map(|row| row.why.name()).collect();
    let other_file = "a value in another file";
    assert_eq!(
        names,
        [
            other_file,
            other_file,
            other_file,
            "a value that is no text",
            "several right answers"
        ]
    );
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let inside = vec![format!("*a{}", level - 1); 10].join(", ");
        yaml.push_str(&format!("a{level}: &a{level} [{inside}]\n"));
    }
    yaml.push_str("tests: [*a11]\n");
    let error = import_as("t.yaml", &yaml, ImportConfig::default(), None).unwrap_err();
    assert!(matches!(error, ImportError::Document { .. }), "{error}");
}
