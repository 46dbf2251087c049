//! Generated documents as a tokenizer and as rows of ids.

use std::error::Error;

use base_model::{ChatTemplate, Tokenizer};
use serde_json::{Value, json};
use tokenizers::{
    AddedToken, DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    Tokenizer as Inner, TokenizerBuilder,
    decoders::{sequence::Sequence as Decoders, strip::Strip},
    models::bpe::{BPE, BpeTrainer},
    normalizers::Prepend,
    pre_tokenizers::{byte_level::ByteLevel, digits::Digits, sequence::Sequence},
};
use transactions::{Document, PretrainingText};

/// Ends a document.
const END_OF_TEXT: &str = "<|endoftext|>";
const TURN_STARTS: &str = "<|im_start|>";
const TURN_ENDS: &str = "<|im_end|>";

/// The ChatML template, as many open models carry it.
const TEMPLATE: &str = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/// What goes into `tokenizer_config.json`.
pub(crate) fn tokenizer_config() -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": Value::Null,
        "eos_token": TURN_ENDS,
        "pad_token": END_OF_TEXT,
        "chat_template": TEMPLATE,
        "model_max_length": 512,
        "clean_up_tokenization_spaces": false,
    })
}

/// Learns a byte-level BPE (Sennrich et al. 2015, arXiv:1508.07909) in which every digit is a token.
///
/// A space is put before a text, as Llama's tokenizer does it, so that a word is the same token at the beginning of
/// an answer as within a sentence: without it `groceries` would begin with the token `g`, and so would `gym`.
pub(crate) fn learn_tokenizer(
    seed: u64,
    documents: u64,
    vocab: usize,
) -> Result<Inner, Box<dyn Error + Send + Sync>> {
    let special = [END_OF_TEXT, TURN_STARTS, TURN_ENDS].map(|name| AddedToken::from(name, true));
    let pieces = PreTokenizerWrapper::Sequence(Sequence::new(vec![
        PreTokenizerWrapper::Digits(Digits::new(true)),
        PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true)),
    ]));
    let mut tokenizer = TokenizerBuilder::<
        BPE,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    >::new()
    .with_model(BPE::default())
    .with_normalizer(Some(NormalizerWrapper::Prepend(Prepend::new(" ".to_owned()))))
    .with_pre_tokenizer(Some(pieces))
    .with_decoder(Some(DecoderWrapper::Sequence(Decoders::new(vec![
        DecoderWrapper::ByteLevel(ByteLevel::new(false, true, true)),
        DecoderWrapper::Strip(Strip::new(' ', 1, 0)),
    ]))))
    .build()?;
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab)
        .min_frequency(2)
        .special_tokens(special.to_vec())
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let text = PretrainingText::new(seed);
    // Every turn of a chat is a text of its own, as it is one when it is encoded.
    let texts = (0..documents).flat_map(|index| match text.document(index) {
        Document::Text(text) => vec![text],
        Document::Chat(messages) => messages.into_iter().map(|message| message.content).collect(),
    });
    tokenizer.train(&mut trainer, texts)?;
    let json = tokenizer.to_string(false)?;
    json.parse()
}

/// Documents as one stream of ids, cut into rows.
///
/// Documents are packed: a row may hold the end of one and the beginning of another, and the later one sees
/// the earlier. For pretraining on short documents that is what keeps rows full; fine-tuning does not do it.
pub(crate) struct Corpus<'a> {
    text: PretrainingText,
    /// The next document; held-out rows come from the far end of the sequence of documents.
    next: u64,
    stream: Vec<u32>,
    tokenizer: &'a Tokenizer,
    chat: &'a ChatTemplate,
    end_of_text: u32,
}

/// Where the held-out documents begin, beyond any that training reaches.
const HELD_OUT_FROM: u64 = 1 << 40;

impl<'a> Corpus<'a> {
    pub(crate) fn new(
        seed: u64,
        tokenizer: &'a Tokenizer,
        chat: &'a ChatTemplate,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let end_of_text = tokenizer
            .id(END_OF_TEXT)
            .ok_or("the tokenizer has no token that ends a text")?;
        Ok(Self {
            text: PretrainingText::new(seed),
            next: 0,
            stream: Vec::new(),
            tokenizer,
            chat,
            end_of_text,
        })
    }

    /// The next rows; each has one token more than the `length` that are predicted.
    pub(crate) fn rows(
        &mut self,
        rows: usize,
        length: usize,
    ) -> Result<Vec<Vec<u32>>, Box<dyn Error + Send + Sync>> {
        let needed = rows * length + 1;
        while self.stream.len() < needed {
            self.push_document()?;
        }
        let cut = (0..rows)
            .map(|row| self.stream[row * length..(row + 1) * length + 1].to_vec())
            .collect();
        self.stream.drain(..rows * length);
        Ok(cut)
    }

    /// Rows of documents that training never sees.
    pub(crate) fn held_out(
        &mut self,
        rows: usize,
        length: usize,
    ) -> Result<Vec<Vec<u32>>, Box<dyn Error + Send + Sync>> {
        let next = std::mem::replace(&mut self.next, HELD_OUT_FROM);
        let stream = std::mem::take(&mut self.stream);
        let held_out = self.rows(rows, length)?;
        (self.next, self.stream) = (next, stream);
        Ok(held_out)
    }

    fn push_document(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        match self.text.document(self.next) {
            Document::Text(text) => self.stream.extend(self.tokenizer.encode_bare(&text)?),
            Document::Chat(messages) => {
                let (answer, prompt) = messages.split_last().ok_or("a chat without turns")?;
                self.stream.extend(self.chat.prompt_ids(prompt, self.tokenizer)?);
                self.stream
                    .extend(self.chat.answer_ids(&answer.content, self.tokenizer)?);
            }
        }
        self.stream.push(self.end_of_text);
        self.next += 1;
        Ok(())
    }
}
