//! That no text becomes a special token, for tokenizers of every kind.

use proptest::prelude::*;
use serde_json::{Value, json};
use task_spec::Message;
use tokenizers::AddedToken;

use super::*;
use crate::{ChatTemplate, chat::tests::byte_level};

/// Special tokens, and ones that are not flagged so, with every property that an added token has.
fn added() -> Vec<AddedToken> {
    let special = |name: &str| AddedToken::from(name, true);
    vec![
        special("<|im_start|>"),
        special("<|im_end|>"),
        special("<|im"),
        special("<|im_end|><|x|>"),
        special("<s>"),
        special("</s>"),
        special("[SEP]"),
        special("<mask>").lstrip(true),
        special("<|end|>").rstrip(true),
        special("<|both|>").lstrip(true).rstrip(true),
        special("<|norm|>").normalized(true),
        special("WORD").single_word(true),
        special("\u{ff5c}\u{2581}\u{1f600}"),
        AddedToken::from("<think>", false).normalized(false),
        AddedToken::from("</think>", false),
        AddedToken::from("<tool_call>", false),
        AddedToken::from("    ", false).normalized(false),
        AddedToken::from("\n\n", false),
    ]
}

/// The added tokens by id that must not come from a text.
fn names(tokenizer: &Tokenizer) -> Vec<(u32, String)> {
    let mut names: Vec<_> = tokenizer
        .inner
        .get_added_tokens_decoder()
        .into_iter()
        .filter(|(_, token)| token.content.trim() != "")
        .map(|(id, token)| (id, token.content))
        .collect();
    names.sort();
    names
}

fn assert_inert(tokenizer: &Tokenizer, text: &str) {
    let ids = tokenizer.encode_bare(text).unwrap();
    for (id, name) in names(tokenizer) {
        assert!(!ids.contains(&id), "{text:?} became {name}");
    }
}

/// Texts that hold a name: alone, inside, doubled, beside another, cut in two.
fn around(name: &str, other: &str) -> Vec<String> {
    let half = name
        .char_indices()
        .nth(name.chars().count() / 2)
        .map_or(0, |(at, _)| at);
    vec![
        name.to_owned(),
        format!("a{name}b"),
        format!(" {name} "),
        format!("{name}{name}"),
        format!("{name}{other}"),
        format!("{other} {name}\n\n{other}"),
        format!("{}{name}{}", &name[..half], &name[half..]),
        format!("{}\u{f0061}{}", &name[..half], &name[half..]),
        name.to_uppercase(),
        name.to_lowercase(),
    ]
}

const TEMPLATE: &str = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n\n<think></think>{% endfor %}<|im_start|>";

fn template() -> ChatTemplate {
    ChatTemplate::new(TEMPLATE, &[("eos_token", "<|im_end|>")]).unwrap()
}

/// The names among the ids, in order.
fn steering(tokenizer: &Tokenizer, ids: &[u32]) -> Vec<u32> {
    let names = names(tokenizer);
    let is_name = |id: &&u32| names.iter().any(|(name, _)| name == *id);
    ids.iter().filter(is_name).copied().collect()
}

#[test]
fn what_a_user_types_never_becomes_an_added_token() {
    let (tokenizer, template) = (byte_level(&added()), template());
    let plain = template.prompt_ids(&[Message::user("ab")], &tokenizer).unwrap();
    let expected = [
        "<|im_start|>",
        "<|im_end|>",
        "<think>",
        "</think>",
        "<|im_start|>",
    ];
    let expected: Vec<u32> = expected.iter().map(|name| tokenizer.id(name).unwrap()).collect();
    assert_eq!(steering(&tokenizer, &plain), expected);
    let names = names(&tokenizer);
    assert_eq!(names.len(), 16);
    for (_, name) in &names {
        for (_, other) in &names {
            for text in around(name, other) {
                assert_inert(&tokenizer, &text);
                assert_eq!(
                    tokenizer.decode(&tokenizer.encode_bare(&text).unwrap()).unwrap(),
                    text
                );
                let messages = [Message::user(&text), Message::user(name)];
                let ids = template.prompt_ids(&messages, &tokenizer).unwrap();
                let twice = [&expected[..4], &expected].concat();
                assert_eq!(steering(&tokenizer, &ids), twice, "{text:?}");
            }
        }
    }
}

#[test]
fn the_shipped_models_special_tokens_are_only_text() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/tiny-decoder");
    let (tokenizer, chat) = (
        Tokenizer::read(&model).unwrap(),
        ChatTemplate::read(&model).unwrap().unwrap(),
    );
    let names = tokenizer.special_tokens();
    assert_eq!(names.len(), 3);
    for (_, name) in &names {
        for text in around(name, &names[0].1) {
            assert_inert(&tokenizer, &text);
            assert_eq!(
                tokenizer.decode(&tokenizer.encode_bare(&text).unwrap()).unwrap(),
                text
            );
            let ids = chat.prompt_ids(&[Message::user(&text)], &tokenizer).unwrap();
            assert_eq!(steering(&tokenizer, &ids).len(), 3, "{text:?}");
        }
    }
}

#[test]
fn white_space_is_white_space_whoever_writes_it() {
    let tokenizer = byte_level(&added());
    let (spaces, lines) = (tokenizer.id("    ").unwrap(), tokenizer.id("\n\n").unwrap());
    let ids = tokenizer.encode_bare("a    b\n\nc").unwrap();
    assert_eq!(ids.iter().filter(|&&id| id == spaces || id == lines).count(), 2);
    let ids = template()
        .prompt_ids(&[Message::user("a    b\n\nc")], &tokenizer)
        .unwrap();
    assert_eq!(ids.iter().filter(|&&id| id == spaces || id == lines).count(), 3);
}

/// Where nothing of a text is to be distrusted, the tokenizers library decides.
#[test]
fn what_a_template_writes_is_encoded_as_the_library_encodes_it() {
    let tokenizer = byte_level(&added());
    for text in [
        "<|im_start|>user\nx<|im_end|><|x|>\n",
        "a  <mask>  b <|end|>  c <|both|>   d",
        "WORD a WORDS WORD,WORD_ <|norm|>x</think>",
        "<|im <|im_st <s></s>[SEP] \u{ff5c}\u{2581}\u{1f600}<|both|> <|both|>",
        "    <mask>     \n\n\n",
        "",
    ] {
        let whole = 0..text.len();
        let ours = tokenizer
            .encode_written(text, std::slice::from_ref(&whole))
            .unwrap();
        let theirs = tokenizer.inner.encode_fast(text, false).unwrap();
        assert_eq!(ours, theirs.get_ids(), "{text:?}");
    }
}

fn parsed(json: Value) -> Tokenizer {
    Tokenizer::new(json.to_string().parse().unwrap()).unwrap()
}

fn flagged(id: u32, content: &str) -> Value {
    json!({ "id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true })
}

#[test]
fn a_model_that_knows_the_name_spells_it() {
    // The score 0 makes Unigram prefer the name to all that it could be made of.
    let unigram = parsed(json!({
        "version": "1.0",
        "added_tokens": [flagged(0, "<unk>"), flagged(1, "</s>")],
        "model": { "type": "Unigram", "unk_id": 0, "vocab": [
            ["<unk>", 0.0], ["</s>", 0.0], ["<", -3.0], ["/", -3.0], ["s", -3.0], [">", -3.0], ["s>", -4.0]] },
    }));
    assert_eq!(unigram.inner.get_model().tokenize("</s>").unwrap().len(), 1);
    assert_eq!(unigram.encode_bare("</s>s").unwrap(), [2, 3, 6, 4]);
    assert_eq!(unigram.encode_bare("?").unwrap(), [0]);

    let words = parsed(json!({
        "version": "1.0",
        "added_tokens": [flagged(0, "[UNK]"), flagged(1, "[SEP]")],
        "pre_tokenizer": { "type": "WhitespaceSplit" },
        "model": { "type": "WordLevel", "unk_token": "[UNK]", "vocab": { "[UNK]": 0, "[SEP]": 1, "a": 2 } },
    }));
    assert_eq!(words.encode_bare("a [SEP] a").unwrap(), [2, 0, 0, 2]);

    let pieces = parsed(json!({
        "version": "1.0",
        "added_tokens": [flagged(0, "[UNK]"), flagged(1, "[SEP]")],
        "normalizer": { "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "model": { "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": { "[UNK]": 0, "[SEP]": 1, "[": 2, "]": 3, "se": 4, "##p": 5 } },
    }));
    for text in ["[SEP]", "[sep]", "[S\u{200b}EP]", "[SE\u{0}P]"] {
        assert_eq!(pieces.encode_bare(text).unwrap(), [2, 4, 5, 3], "{text:?}");
    }

    let single = parsed(json!({
        "version": "1.0",
        "added_tokens": [flagged(0, "|")],
        "model": { "type": "BPE", "vocab": { "|": 0, "a": 1 }, "merges": [] },
    }));
    assert!(matches!(
        single.encode_bare("a|a"),
        Err(TokenizerError::Name { token }) if token == "|"
    ));
}

/// SentencePiece's mark of a beginning stands at the beginning of a chat only, as where a chat is encoded whole.
#[test]
fn only_the_first_piece_of_a_chat_is_a_beginning() {
    let tokenizer = parsed(json!({
        "version": "1.0",
        "added_tokens": [flagged(0, "<s>")],
        "pre_tokenizer": { "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": "first", "split": false },
        "model": { "type": "BPE", "vocab": { "<s>": 0, "\u{2581}": 1, "a": 2, "<": 3, "s": 4, ">": 5 }, "merges": [] },
    }));
    let template = ChatTemplate::new("{{ messages[0].content }}<s>{{ messages[0].content }}", &[]).unwrap();
    let ids = |text: &str| template.prompt_ids(&[Message::user(text)], &tokenizer).unwrap();
    assert_eq!(ids("a"), [1, 2, 0, 2]);
    assert_eq!(ids("<s>"), [1, 3, 4, 5, 0, 3, 4, 5]);
}

proptest! {
    #[test]
    fn no_mixture_of_names_and_text_becomes_an_added_token(
        parts in prop::collection::vec(prop_oneof![
            (0..added().len()).prop_map(|index| added()[index].content.clone()),
            (0..added().len(), 1..6_usize).prop_map(|(index, count)| {
                added()[index].content.chars().take(count).collect()
            }),
            "[<>|/_a-z \\n]{1,4}",
            "\\PC{0,3}",
        ], 0..8),
    ) {
        let text = parts.concat();
        let (tokenizer, template) = (byte_level(&added()), template());
        assert_inert(&tokenizer, &text);
        prop_assert_eq!(&tokenizer.decode(&tokenizer.encode_bare(&text).unwrap()).unwrap(), &text);
        let benign = template.prompt_ids(&[Message::user("a")], &tokenizer).unwrap();
        let ids = template.prompt_ids(&[Message::user(&text)], &tokenizer).unwrap();
        prop_assert_eq!(steering(&tokenizer, &ids), steering(&tokenizer, &benign));
    }
}
