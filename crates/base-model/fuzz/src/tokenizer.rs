//! `tokenizer.json`.

use base_model::Tokenizer;

use crate::scratch;

const TEXTS: [&str; 3] = [
    "",
    "card [END] fuel <|im_end|>",
    "Caf\u{e9}\u{301} \u{1f600}\t42\u{0}  x\u{fdd0}",
];

/// The file is refused, or texts become ids, or errors, and ids texts.
pub fn holds(data: &[u8]) {
    let folder = scratch::folder("tokenizer");
    scratch::write(&folder, "tokenizer.json", data);
    let Ok(tokenizer) = Tokenizer::read(&folder) else {
        return;
    };
    for text in TEXTS {
        for ids in [tokenizer.encode(text), tokenizer.encode_bare(text)] {
            let Ok(ids) = ids else { continue };
            let _ = tokenizer.decode(&ids);
        }
    }
    let _ = tokenizer.decode(&[0, 1, u32::MAX]);
    let _ = tokenizer.id("[END]");
    for (id, token) in tokenizer.special_tokens() {
        assert!((id as usize) < tokenizer.tokens(), "{token} is not counted");
        let _ = tokenizer.token(id);
    }
}
