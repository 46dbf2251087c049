use gold_eval::{ImportConfig, RowFormat, Unusable};

use crate::import::{import_as, imported, input, pairs};

// The shapes are those of the README in evals/registry/data of openai/evals, and of the JSON lines of OpenAI's Evals
// API (`EvalJsonlFileContentSource`); the texts are ours.

#[test]
fn the_question_of_a_sample_is_the_users_message_and_examples_are_none() {
    let lines = r#"{"input":[{"role":"system","content":"Answer briefly."},{"role":"user","content":"Once upon a "}],"ideal":"time"}
{"input":[{"role":"system","content":"Answer."},{"role":"system","content":"2+2?","name":"example_user"},{"role":"system","content":"4","name":"example_assistant"},{"role":"user","content":"3+3?"}],"ideal":["6"]}
{"input":[{"role":"system","content":"Which word does not belong?"}],"ideal":"book"}
{"input":"a bare text","ideal":"fine"}
{"input":[{"role":"user","content":[{"type":"text","text":"in "},{"type":"text","text":"parts"}]}],"ideal":"ok"}"#;
    let found = imported("samples.jsonl", lines);
    assert_eq!(found.account.format, RowFormat::OpenaiEvals);
    assert_eq!(
        pairs(&found),
        [
            ("Once upon a ", "time"),
            ("3+3?", "6"),
            ("Which word does not belong?", "book"),
            ("a bare text", "fine"),
            ("in parts", "ok")
        ]
    );
    assert_eq!(found.account.prompts_left_out, 2);
    assert!(
        found
            .account
            .to_string()
            .contains("2 rows came with a system prompt")
    );
}

#[test]
fn conversations_pictures_and_several_answers_are_set_aside() {
    let lines = r#"{"input":"good","ideal":"a"}
{"input":[{"role":"user","content":"one"},{"role":"assistant","content":"two"},{"role":"user","content":"three"}],"ideal":"a"}
{"input":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}],"ideal":"a"}
{"input":"which","ideal":["Season 11","11"]}
{"input":"none","ideal":[]}
{"input":[],"ideal":"a"}"#;
    let found = imported("samples.jsonl", lines);
    let bad: Vec<_> = found
        .set_aside
        .iter()
        .map(|row| (row.line.unwrap(), row.field.as_deref(), row.why.name()))
        .collect();
    assert_eq!(
        bad,
        [
            (2, Some("input"), "a conversation"),
            (3, Some("input"), "a value that is no text"),
            (4, Some("ideal"), "several right answers"),
            (5, Some("ideal"), "a value that is no text"),
            (6, Some("input"), "a value that is no text"),
        ]
    );
    assert_eq!(found.set_aside[0].why, Unusable::Conversation { turns: 3 });
}

#[test]
fn spellings_of_one_label_are_one_right_answer() {
    let labels = task_spec::LabelSet::new(vec![
        task_spec::Label::new("season-11").with_alias("11"),
        task_spec::Label::new("season-12"),
    ])
    .unwrap();
    let line = r#"{"input":"which","ideal":["Season 11","11"]}"#;
    let found = import_as("samples.jsonl", line, ImportConfig::default(), Some(&labels)).unwrap();
    assert_eq!(pairs(&found), [("which", "season-11")]);
}

#[test]
fn fields_under_item_are_found_by_usual_names_or_by_their_own() {
    let lines = r#"{"item":{"ticket_text":"My monitor is dark","correct_label":"Hardware"}}
{"item":{"ticket_text":"It crashes","correct_label":"Software"},"sample":{"output_text":"Hardware"}}"#;
    let found = imported("tickets.jsonl", lines);
    assert_eq!(found.account.format, RowFormat::OpenaiEvals);
    assert_eq!(
        pairs(&found),
        [("My monitor is dark", "Hardware"), ("It crashes", "Software")]
    );
    let own = r#"{"item":{"frage":"eins","gut":"a"}}"#;
    for (question, answer) in [("frage", "gut"), ("item.frage", "item.gut")] {
        let config = ImportConfig {
            label: Some(answer.to_owned()),
            ..input(question)
        };
        assert_eq!(
            pairs(&import_as("t.jsonl", own, config, None).unwrap()),
            [("eins", "a")]
        );
    }
}
