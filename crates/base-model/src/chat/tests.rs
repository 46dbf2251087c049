use serde_json::{Map, Value as Json, json};
use tokenizers::{AddedToken, Tokenizer as Inner, pre_tokenizers::byte_level::ByteLevel};

use super::*;

const CHATML: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// A byte-level tokenizer without merges: every byte is a token, then the added ones.
pub(crate) fn byte_level(added: &[AddedToken]) -> Tokenizer {
    let mut alphabet: Vec<char> = ByteLevel::alphabet().into_iter().collect();
    alphabet.sort_unstable();
    let vocab: Map<String, Json> = alphabet
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
    inner.add_tokens(added.iter().cloned()).unwrap();
    Tokenizer::new(inner).unwrap()
}

fn tokenizer() -> Tokenizer {
    byte_level(&["<|pad|>", "<|im_start|>", "<|im_end|>"].map(|name| AddedToken::from(name, true)))
}

fn template(text: &str) -> ChatTemplate {
    ChatTemplate::new(
        text,
        &[("bos_token", "<|im_start|>"), ("eos_token", "<|im_end|>")],
    )
    .unwrap()
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
fn private_characters_in_a_text_are_only_text() {
    let (tokenizer, template) = (tokenizer(), template(CHATML));
    let text = "a\u{fdd0}\u{f0061}<|im_end|>\u{10ffff}\u{f0000}b";
    let ids = template.prompt_ids(&[Message::user(text)], &tokenizer).unwrap();
    assert!(tokenizer.decode(&ids).unwrap().contains(text));
}

#[test]
fn a_template_may_slice_split_and_measure_what_is_said() {
    let (tokenizer, said) = (tokenizer(), "one <|im_end|> two\nthree <|im_start|>  ");
    for body in [
        "message.content[:12]",
        "message.content[-9:]",
        "message.content.split('\n')[1]",
        "message.content.split() | join('-')",
        "(message.content | length) ~ message.content",
        "message.content.rstrip() ~ message.content.lstrip()",
        "message.content | tojson",
        "message.content if message.content | length > 20 else 'short'",
        "message.content | replace('  ', ' ')",
    ] {
        let template = template(&format!(
            "{{% for message in messages %}}{{{{ bos_token }}}}{{{{ {body} }}}}{{{{ eos_token }}}}{{% endfor %}}"
        ));
        let messages = [Message::user(said)];
        let ids = template.prompt_ids(&messages, &tokenizer).unwrap();
        let special = |name: &str| {
            let id = tokenizer.id(name).unwrap();
            ids.iter().filter(|&&found| found == id).count()
        };
        assert_eq!([special("<|im_start|>"), special("<|im_end|>")], [1, 1], "{body}");
        let text = template.render(&messages, true).unwrap();
        let inner = text
            .strip_prefix("<|im_start|>")
            .unwrap()
            .strip_suffix("<|im_end|>")
            .unwrap();
        assert_eq!(tokenizer.decode(&ids).unwrap(), inner, "{body}");
    }
}

#[test]
fn a_template_that_reads_what_is_said_is_refused_where_it_matters() {
    let tokenizer = tokenizer();
    let template = template(
        "{% for m in messages %}{{ bos_token }}{{ 'quiet:' if '/quiet' in m.content }}{{ m.content.replace('/quiet', '') }}{{ eos_token }}{% endfor %}",
    );
    let messages = |last: &str| [Message::user("<|im_end|>"), Message::user(last)];
    assert!(template.prompt_ids(&messages("loud"), &tokenizer).is_ok());
    // Nine characters come out as nine others.
    let error = template
        .prompt_ids(&messages("be /quiet"), &tokenizer)
        .unwrap_err();
    assert!(matches!(error, TokenizerError::Altered { index: 1 }), "{error}");
}

#[test]
fn the_day_is_the_callers_and_never_the_clocks() {
    let template = template("{{ strftime_now('%d %B %Y') }}");
    let messages = [Message::user("a")];
    assert_eq!(template.render(&messages, true).unwrap(), "26 July 2024");
    let other = template.clone().with_date("2031-12-01".parse().unwrap());
    assert_eq!(other.render(&messages, true).unwrap(), "01 December 2031");
    assert_eq!(template.render(&messages, true).unwrap(), "26 July 2024");
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

/// Gemma names `<eos>`, and its template ends every turn with another token, at which its generation stops.
#[test]
fn the_end_is_what_the_template_writes_after_an_answer_or_else_eos() {
    let tokenizer = tokenizer();
    let ends = |source: &str, eos: &str| {
        let template = ChatTemplate::new(source, &[("eos_token", eos)]).unwrap();
        template
            .end_id(&tokenizer)
            .map(|end| tokenizer.token(end).unwrap())
    };
    let written = "{% for m in messages %}{{ m.role + ': ' + m.content + '<|im_end|>\n' }}{% endfor %}";
    let special = tokenizer.special_tokens();
    let other = special
        .iter()
        .map(|(_, token)| token.as_str())
        .find(|token| *token != "<|im_end|>");
    let other = other.unwrap();
    assert_eq!(ends(written, other).as_deref(), Some("<|im_end|>"));
    assert_eq!(ends(written, "").as_deref(), Some("<|im_end|>"));
    for unsaid in [
        "{% for m in messages %}{{ m.content }}\n{% endfor %}",
        "{{ raise_exception('no answers') }}",
        "nothing",
    ] {
        assert_eq!(ends(unsaid, other).as_deref(), Some(other), "{unsaid}");
        assert_eq!(ends(unsaid, "unknown"), None, "{unsaid}");
    }
}

/// A folder with these files, read.
fn read(files: &[(&str, Json)]) -> Result<Option<ChatTemplate>, TokenizerError> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let text = match content {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    ChatTemplate::read(folder.path())
}

#[test]
fn a_folder_without_template_has_none_and_a_damaged_one_is_an_error() {
    assert!(read(&[]).unwrap().is_none());
    assert!(read(&[("tokenizer_config.json", json!({}))]).unwrap().is_none());
    assert!(matches!(
        read(&[("tokenizer_config.json", json!({ "chat_template": 3 }))]),
        Err(TokenizerError::Config(_))
    ));
    assert!(matches!(
        read(&[("chat_template.jinja", json!("{% if %}"))]),
        Err(TokenizerError::Template(_))
    ));
}

#[test]
fn the_file_of_its_own_wins_and_of_several_templates_the_default() {
    let text = |files: &[(&str, Json)]| {
        let template = read(files).unwrap().unwrap();
        template.render(&[Message::user("a")], false).unwrap()
    };
    let several = json!({ "chat_template": [
        { "name": "tool_use", "template": "tools" },
        { "name": "default", "template": "default" },
    ] });
    let config = ("tokenizer_config.json", several);
    assert_eq!(text(std::slice::from_ref(&config)), "default");
    assert_eq!(text(&[config, ("chat_template.jinja", json!("file"))]), "file");
    let none = json!({ "chat_template": [{ "name": "rag", "template": "" }] });
    let error = read(&[("tokenizer_config.json", none)]).unwrap_err();
    assert!(error.to_string().contains("rag"), "{error}");
}

#[test]
fn special_tokens_are_found_in_every_file_that_may_name_them() {
    let tokens = |files: &[(&str, Json)]| {
        let template = (
            "chat_template.jinja",
            json!("{{ bos_token }} {{ eos_token }} {{ pad_token }}"),
        );
        let files = [&[template], files].concat();
        let template = read(&files).unwrap().unwrap();
        template.render(&[Message::user("a")], false).unwrap()
    };
    let config = |more: Json| {
        let mut config =
            json!({ "bos_token": "B", "eos_token": { "content": "E", "lstrip": false }, "pad_token": null });
        config
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ("tokenizer_config.json", config)
    };
    let map = (
        "special_tokens_map.json",
        json!({ "eos_token": { "content": "e" }, "pad_token": "p" }),
    );
    assert_eq!(tokens(&[config(json!({}))]), "B E ");
    assert_eq!(tokens(&[config(json!({})), map.clone()]), "B e p");
    assert_eq!(
        tokens(&[config(json!({ "added_tokens_decoder": {} })), map]),
        "B E "
    );
}
