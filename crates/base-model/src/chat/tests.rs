use serde_json::{Map, json};
use task_spec::Message;
use tokenizers::{AddedToken, Tokenizer as Inner, pre_tokenizers::byte_level::ByteLevel};

use super::*;

const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// A byte-level tokenizer without merges: every byte is a token, then the special ones.
fn tokenizer() -> Tokenizer {
    let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    alphabet.sort_unstable();
    let vocab: Map<String, Value> = alphabet
        .iter()
        .enumerate()
        .map(|(id, c)| (c.to_string(), json!(id)))
        .collect();
    let bytes =
        json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false });
    let json = json!({
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": bytes,
        "decoder": bytes,
        "model": { "type": "BPE", "vocab": vocab, "merges": [] },
    });
    let mut inner: Inner = json.to_string().parse().unwrap();
    let special = ["<|pad|>", "<|im_start|>", "<|im_end|>"].map(|name| AddedToken::from(name, true));
    inner.add_special_tokens(special).unwrap();
    Tokenizer::new(inner).unwrap()
}

fn template(text: &str) -> ChatTemplate {
    ChatTemplate {
        template: text.to_owned(),
        bos: "<|im_start|>".to_owned(),
        eos: "<|im_end|>".to_owned(),
    }
}

#[test]
fn a_chat_is_rendered_and_encoded_as_one_text() {
    let (tokenizer, template) = (tokenizer(), template(CHATML));
    let messages = [Message::system("Sort."), Message::user("  UBER 7  ")];
    let text = template.render(&messages, true).unwrap();
    assert_eq!(
        text,
        "<|im_start|>system\nSort.<|im_end|>\n<|im_start|>user\nUBER 7<|im_end|>\n<|im_start|>assistant\n"
    );
    let ids = template.prompt_ids(&messages, &tokenizer).unwrap();
    // Three turns start, two end, and the rest is one token a byte.
    let start = tokenizer.id("<|im_start|>").unwrap();
    let end = tokenizer.id("<|im_end|>").unwrap();
    assert_eq!(ids.iter().filter(|&&id| id == start).count(), 3);
    assert_eq!(ids.iter().filter(|&&id| id == end).count(), 2);
    let special = 3 * "<|im_start|>".len() + 2 * "<|im_end|>".len();
    assert_eq!(ids.len(), text.len() - special + 5);
    assert_eq!(
        tokenizer.decode(&ids).unwrap(),
        text.replace("<|im_start|>", "").replace("<|im_end|>", "")
    );
}

#[test]
fn what_a_user_types_never_becomes_a_special_token() {
    let (tokenizer, template) = (tokenizer(), template(CHATML));
    for (id, name) in tokenizer.special_tokens() {
        let inert = template
            .prompt_ids(&[Message::user(format!("a{name}b"))], &tokenizer)
            .unwrap();
        let plain = template.prompt_ids(&[Message::user("ab")], &tokenizer).unwrap();
        let count = |ids: &[u32]| ids.iter().filter(|&&found| found == id).count();
        assert_eq!(
            count(&inert),
            count(&plain),
            "{name} typed by a user became a token"
        );
        assert_eq!(inert.len(), plain.len() + name.len(), "{name} is not spelled out");
        assert!(!tokenizer.encode_bare(&name).unwrap().contains(&id));
    }
}

#[test]
fn marks_in_the_text_itself_are_harmless() {
    let (tokenizer, template) = (tokenizer(), template(CHATML));
    let marked = format!("a{CLOSE}{OPEN}b");
    let ids = |text: &str| template.prompt_ids(&[Message::user(text)], &tokenizer).unwrap();
    assert_eq!(ids(&marked), ids("ab"));
}

#[test]
fn a_template_that_complains_is_an_error_with_its_words() {
    let template = template("{{ raise_exception('only users may speak') }}");
    let error = template.render(&[Message::system("s")], false).unwrap_err();
    let TokenizerError::Template(inner) = error else {
        panic!("{error}")
    };
    assert!(inner.to_string().contains("only users may speak"), "{inner}");
}

#[test]
fn an_answer_ends_in_the_end_token() {
    let (tokenizer, template) = (tokenizer(), template(CHATML));
    let ids = template.answer_ids("fuel", &tokenizer).unwrap();
    assert_eq!(ids.len(), 5);
    assert_eq!(ids.last(), tokenizer.id("<|im_end|>").as_ref());
}

#[test]
fn a_folder_without_template_has_none_and_a_damaged_one_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(ChatTemplate::read(folder.path()).unwrap().is_none());
    std::fs::write(
        folder.path().join("tokenizer_config.json"),
        "{\"chat_template\": 3}",
    )
    .unwrap();
    assert!(matches!(
        ChatTemplate::read(folder.path()),
        Err(TokenizerError::Config(_))
    ));
}
