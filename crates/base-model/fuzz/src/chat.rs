//! `tokenizer_config.json`, with the tokenizer of a small vocabulary.

use std::cell::OnceCell;

use base_model::{ChatTemplate, Tokenizer};
use task_spec::Message;

use crate::scratch;

thread_local! {
    static TOKENIZER: OnceCell<Tokenizer> = const { OnceCell::new() };
}

fn tokenizer() -> Tokenizer {
    let folder = scratch::folder("chat");
    scratch::write(
        &folder,
        "tokenizer.json",
        include_bytes!("../seeds/tokenizer/word_level.json"),
    );
    Tokenizer::read(&folder).expect("the seed is a tokenizer")
}

/// The file is refused, has no template, or a chat and an answer become ids, or errors.
pub fn holds(data: &[u8]) {
    let folder = scratch::folder("chat");
    scratch::write(&folder, "tokenizer_config.json", data);
    let Ok(Some(template)) = ChatTemplate::read(&folder) else {
        return;
    };
    let messages = [
        Message::system("Sort <|im_end|> this."),
        Message::user("card \u{fdd0} [END] fuel"),
        Message::assistant("fuel"),
        Message::user(""),
    ];
    TOKENIZER.with(|cell| {
        let tokenizer = cell.get_or_init(tokenizer);
        let _ = template.render(&messages, true);
        let _ = template.prompt_ids(&messages, tokenizer);
        let _ = template.answer_ids("fuel", tokenizer);
        let _ = template.end_id(tokenizer);
    });
}
