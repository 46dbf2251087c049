//! Chats as token ids, by the model's own template.

mod date;
mod files;
mod jinja;
mod python;
mod said;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use minijinja::{Environment, Value, context, value::Serde};
use task_spec::Message;

pub use self::date::{ChatDate, ChatDateError};
use self::files::ChatFiles;
use crate::{Tokenizer, TokenizerError};

/// A model's chat template, rendered as transformers renders it.
///
/// A chat is rendered as text, then encoded so that special tokens, and all other [added tokens](Tokenizer) that
/// are more than white space, are recognised in what the template wrote and nowhere else. Which part that is, is
/// found by rendering the chat a second time, with what was said made unreadable; a template that thereupon writes
/// something else reads what is said, and the message that it reads is refused ([`TokenizerError::Altered`]).
///
/// The template sees `messages`, `add_generation_prompt`, the special tokens that the model's files name, and
/// `tools` and `documents`, which are none. What it is told about the day is a [`ChatDate`] and never the clock.
///
/// Not known here, as they stand in transformers' own code: special tokens that a tokenizer class has although no file
/// of the model names them.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    environment: Arc<Environment<'static>>,
    tokens: BTreeMap<String, String>,
    /// What is written after what the assistant says.
    after_answer: String,
}

/// Stands for what the assistant says: a private character, which no template reads.
const ANSWER: &str = "\u{f0061}";

impl ChatTemplate {
    /// Compiles a template. `tokens` are what it sees as special tokens: `("bos_token", "<s>")`.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Template`] if it is not Jinja.
    pub fn new(source: &str, tokens: &[(&str, &str)]) -> Result<Self, TokenizerError> {
        let owned = |&(name, token): &(&str, &str)| (name.to_owned(), token.to_owned());
        Self::compile(source, tokens.iter().map(owned).collect())
    }

    /// Reads the template of a model folder; `None` if it has none.
    ///
    /// `chat_template.jinja` is taken before `chat_template` in `tokenizer_config.json`, and of several the one that is
    /// called `default`.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Config`], [`TokenizerError::NoDefault`], [`TokenizerError::Template`].
    pub fn read(folder: &Path) -> Result<Option<Self>, TokenizerError> {
        let files = ChatFiles::read(folder)?;
        files
            .template
            .map(|source| Self::compile(&source, files.tokens))
            .transpose()
    }

    fn compile(source: &str, tokens: BTreeMap<String, String>) -> Result<Self, TokenizerError> {
        let environment = jinja::environment(source, ChatDate::default())
            .map_err(|error| TokenizerError::Template(Box::new(error)))?;
        let mut template = Self {
            environment: Arc::new(environment),
            tokens,
            after_answer: String::new(),
        };
        // Nothing is known of a template that refuses such a chat.
        let chat = [Message::user("q"), Message::assistant(ANSWER)];
        let text = template.render(&chat, false).unwrap_or_default();
        if let Some((_, after)) = text.rsplit_once(ANSWER) {
            after.clone_into(&mut template.after_answer);
        }
        Ok(template)
    }

    /// Tells the template another day than 26 July 2024.
    ///
    /// An adapter remembers what day its template wrote, by [`BaseModel::probe_hash`](crate::BaseModel::probe_hash):
    /// one that was trained on another day is refused if the template prints it.
    #[must_use]
    pub fn with_date(mut self, date: ChatDate) -> Self {
        jinja::set_date(Arc::make_mut(&mut self.environment), date);
        self
    }

    /// The token that ends an answer: the special one that the template writes after what the assistant says, as
    /// `<|im_end|>` or `<end_of_turn>`; the model's `eos_token` where it writes none there. `None` if there is neither.
    #[must_use]
    pub fn end_id(&self, tokenizer: &Tokenizer) -> Option<u32> {
        let after = &self.after_answer;
        let ids = tokenizer.encode_written(after, std::slice::from_ref(&(0..after.len())));
        let first = ids.ok().and_then(|ids| ids.first().copied());
        first
            .filter(|&id| tokenizer.is_special(id))
            .or_else(|| tokenizer.id(self.tokens.get("eos_token")?))
    }

    /// A chat as text; with `add_generation_prompt`, up to where the assistant would speak.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Template`].
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<String, TokenizerError> {
        let context = context! {
            messages => Serde(messages),
            add_generation_prompt => add_generation_prompt,
            tools => Value::from(()),
            documents => Value::from(()),
            ..Value::from(Serde(&self.tokens))
        };
        jinja::render(&self.environment, context).map_err(|error| TokenizerError::Template(Box::new(error)))
    }

    /// The ids of a chat up to where the assistant would speak.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::Altered`] if the template reads what a message says.
    pub fn prompt_ids(
        &self,
        messages: &[Message],
        tokenizer: &Tokenizer,
    ) -> Result<Vec<u32>, TokenizerError> {
        let text = self.render(messages, true)?;
        let written = said::written(messages, &text, |messages| self.render(messages, true))?;
        tokenizer.encode_written(&text, &written)
    }

    /// The ids of an answer and of the token that ends it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::NoTemplate`] if there is no [end](Self::end_id).
    pub fn answer_ids(&self, answer: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>, TokenizerError> {
        let end = self.end_id(tokenizer).ok_or(TokenizerError::NoTemplate)?;
        let mut ids = tokenizer.encode_bare(answer)?;
        ids.push(end);
        Ok(ids)
    }
}

#[cfg(test)]
pub(crate) mod tests;
