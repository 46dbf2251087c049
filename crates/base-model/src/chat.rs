//! Chats as token ids, by the model's own template.

use std::path::Path;

use minijinja::{Environment, context, syntax::SyntaxConfig, value::Serde};
use serde::Deserialize;
use serde_json::Value;
use stage_files::{FileError, read_json};
use task_spec::Message;

use crate::{Tokenizer, TokenizerError};

/// The chat template of `tokenizer_config.json`.
///
/// A chat is rendered as text, then encoded so that special tokens are recognised in what the template wrote
/// and nowhere else: what a message says is marked before rendering, and inside the marks a special token's
/// name is only text.
#[derive(Debug, Clone)]
pub struct ChatTemplate {
    template: String,
    bos: String,
    eos: String,
}

/// The part of `tokenizer_config.json` that is used.
#[derive(Deserialize)]
struct TokenizerConfig {
    chat_template: Option<String>,
    bos_token: Option<Value>,
    eos_token: Option<Value>,
}

/// Marks around what a message says; noncharacters, which no sound text holds.
const OPEN: char = '\u{FDD0}';
const CLOSE: char = '\u{FDD1}';

impl ChatTemplate {
    /// Reads `tokenizer_config.json` in a model folder; `None` if the model has no such file or no template.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Config`].
    pub fn read(folder: &Path) -> Result<Option<Self>, TokenizerError> {
        let config: TokenizerConfig = match read_json(&folder.join("tokenizer_config.json")) {
            Ok(config) => config,
            Err(FileError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(TokenizerError::Config(error)),
        };
        let name = |token: Option<Value>| match token {
            Some(Value::String(name)) => name,
            Some(Value::Object(map)) => map
                .get("content")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            _ => String::new(),
        };
        let (bos, eos) = (name(config.bos_token), name(config.eos_token));
        Ok(config.chat_template.map(|template| Self { template, bos, eos }))
    }

    /// The name of the token that ends an answer.
    #[must_use]
    pub fn end_token(&self) -> &str {
        &self.eos
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
        let fail = |error| TokenizerError::Template(Box::new(error));
        let mut environment = Environment::new();
        // As transformers renders: block lines leave no trace.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(fail)?;
        environment.set_syntax(syntax);
        environment.add_function(
            "raise_exception",
            |message: String| -> Result<String, minijinja::Error> {
                Err(minijinja::Error::new(
                    minijinja::ErrorKind::InvalidOperation,
                    message,
                ))
            },
        );
        environment.add_template("chat", &self.template).map_err(fail)?;
        let template = environment.get_template("chat").map_err(fail)?;
        template
            .render(context! {
                messages => Serde(messages),
                add_generation_prompt => add_generation_prompt,
                bos_token => self.bos.as_str(),
                eos_token => self.eos.as_str(),
            })
            .map_err(fail)
    }

    /// The ids of a chat up to where the assistant would speak.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::Altered`] if the template does not write a message as it is.
    pub fn prompt_ids(
        &self,
        messages: &[Message],
        tokenizer: &Tokenizer,
    ) -> Result<Vec<u32>, TokenizerError> {
        let marked: Vec<Message> = messages
            .iter()
            .map(|message| Message {
                role: message.role,
                content: mark(&message.content),
            })
            .collect();
        let text = self.render(&marked, true)?;
        let special: Vec<(u32, String)> = tokenizer.special_tokens();
        let mut ids = Vec::new();
        let mut rest = text.as_str();
        let mut index = 0;
        // A piece of plain text that is still to be encoded, template and messages joined, so that a token
        // may span the border between the two as it does where the whole text is encoded at once.
        let mut plain = String::new();
        while let Some(open) = rest.find(OPEN) {
            push_template(&rest[..open], &special, &mut plain, &mut ids, tokenizer)?;
            let inside = &rest[open + OPEN.len_utf8()..];
            let close = inside.find(CLOSE).ok_or(TokenizerError::Altered { index })?;
            plain.push_str(&inside[..close]);
            rest = &inside[close + CLOSE.len_utf8()..];
            index += 1;
        }
        if rest.contains(CLOSE) {
            return Err(TokenizerError::Altered { index });
        }
        push_template(rest, &special, &mut plain, &mut ids, tokenizer)?;
        flush(&mut plain, &mut ids, tokenizer)?;
        Ok(ids)
    }

    /// The ids of an answer and of the token that ends it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::NoTemplate`] if the model names no end token.
    pub fn answer_ids(&self, answer: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>, TokenizerError> {
        let end = tokenizer.id(&self.eos).ok_or(TokenizerError::NoTemplate)?;
        let mut ids = tokenizer.encode_bare(answer)?;
        ids.push(end);
        Ok(ids)
    }
}

/// Marks a text, leaving the white space around it outside, because templates may trim it; marks that the
/// text itself holds are dropped.
fn mark(content: &str) -> String {
    let clean: String = content.chars().filter(|c| !matches!(*c, OPEN | CLOSE)).collect();
    let core = clean.trim();
    let start = clean.len() - clean.trim_start().len();
    format!(
        "{}{OPEN}{core}{CLOSE}{}",
        &clean[..start],
        &clean[start + core.len()..]
    )
}

/// Takes text that the template wrote: special tokens in it are special.
fn push_template(
    mut text: &str,
    special: &[(u32, String)],
    plain: &mut String,
    ids: &mut Vec<u32>,
    tokenizer: &Tokenizer,
) -> Result<(), TokenizerError> {
    // The leftmost special token, the longest where two start together.
    while let Some((at, id, length)) = special
        .iter()
        .filter(|(_, name)| !name.is_empty())
        .filter_map(|(id, name)| text.find(name.as_str()).map(|at| (at, *id, name.len())))
        .min_by_key(|&(at, _, length)| (at, usize::MAX - length))
    {
        plain.push_str(&text[..at]);
        flush(plain, ids, tokenizer)?;
        ids.push(id);
        text = &text[at + length..];
    }
    plain.push_str(text);
    Ok(())
}

fn flush(plain: &mut String, ids: &mut Vec<u32>, tokenizer: &Tokenizer) -> Result<(), TokenizerError> {
    if !plain.is_empty() {
        ids.extend(tokenizer.encode_bare(plain)?);
        plain.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
