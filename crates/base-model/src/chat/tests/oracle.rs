//! Held to transformers 5.23.0 by `tests/oracle/chat.json`, which `tests/oracle/chat.py` makes. Texts and ids are
//! compared exactly.

use std::{env, fs, path::PathBuf};

use serde_json::Value;
use task_spec::Message;

use super::super::*;

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn oracle() -> Value {
    let path = folder("tests/oracle/chat.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn conversations(oracle: &Value) -> Vec<Vec<Message>> {
    serde_json::from_value(oracle["conversations"].clone()).unwrap()
}

/// Every row in which we and transformers differ, of those that an oracle holds.
fn differences(oracle: &Value) -> Vec<String> {
    let conversations = conversations(oracle);
    let tokens = oracle["tokens"].as_object().unwrap();
    let tokens: Vec<(&str, &str)> = tokens
        .iter()
        .map(|(name, token)| (name.as_str(), token.as_str().unwrap()))
        .collect();
    let date: ChatDate = oracle["date"].as_str().unwrap().parse().unwrap();
    let mut found = Vec::new();
    for row in oracle["rows"].as_array().unwrap() {
        let name = row["template"].as_str().unwrap();
        let index = row["conversation"].as_u64().unwrap() as usize;
        let source = oracle["templates"][name].as_str().unwrap();
        let ours = ChatTemplate::new(source, &tokens).and_then(|template| {
            template.with_date(date).render(
                &conversations[index],
                row["add_generation_prompt"].as_bool().unwrap(),
            )
        });
        let agree = match (&ours, row["text"].as_str(), row["error"].as_str()) {
            (Ok(text), Some(theirs), _) => text == theirs,
            (Err(TokenizerError::Template(error)), None, Some(theirs)) => {
                // What a template complains about comes through in its own words.
                row["raised"] == false || error.to_string().contains(theirs)
            }
            _ => false,
        };
        if !agree {
            found.push(format!("{name} on conversation {index}:\n{ours:#?}\n{row:#}"));
        }
    }
    found
}

#[test]
fn templates_render_what_transformers_renders() {
    let found = differences(&oracle());
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}

#[test]
fn prompts_are_encoded_as_transformers_encodes_them() {
    let oracle = oracle();
    let model = folder("../../models/tiny-decoder");
    let (tokenizer, template) = (
        Tokenizer::read(&model).unwrap(),
        ChatTemplate::read(&model).unwrap().unwrap(),
    );
    for (messages, theirs) in conversations(&oracle)
        .iter()
        .zip(oracle["ids"].as_array().unwrap())
    {
        let ours = template.prompt_ids(messages, &tokenizer).unwrap();
        assert_eq!(serde_json::to_value(ours).unwrap(), *theirs, "{messages:?}");
    }
}

/// Published templates, which are not kept here: `CHAT_ORACLE` names a file as `tests/oracle/chat.py` writes one for
/// a folder of `.jinja` files.
#[test]
fn published_templates_render_what_transformers_renders() {
    let Some(path) = env::var_os("CHAT_ORACLE") else {
        println!("skipped: CHAT_ORACLE names no oracle");
        return;
    };
    let oracle: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let found = differences(&oracle);
    let rows = oracle["rows"].as_array().unwrap().len();
    println!("{} of {rows} rows agree", rows - found.len());
    assert!(found.is_empty(), "{} differ:\n{}", found.len(), found.join("\n"));
}
