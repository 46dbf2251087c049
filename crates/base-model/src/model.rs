//! A model folder as a whole: network, tokenizer and chat template.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use stage_files::ContentHash;
use task_spec::{Message, Role, Task};

use crate::{
    ChatTemplate, LabelTrie, LabelTrieError, ModelConfig, ModelError, Network, Tokenizer, TokenizerError,
    WeightFormat, config::base_hash,
};

/// An open-weight model read from a Hugging Face folder.
#[derive(Debug, Clone)]
pub struct BaseModel {
    /// The frozen weights.
    pub network: Network,
    /// Text to ids.
    pub tokenizer: Tokenizer,
    /// How a chat is written; encoders have none.
    pub chat: Option<ChatTemplate>,
    config: ModelConfig,
    format: WeightFormat,
    hash: ContentHash,
    folder: PathBuf,
}

impl BaseModel {
    /// Reads `config.json`, the weights, `tokenizer.json` and, if there are any, `tokenizer_config.json` and
    /// `chat_template.jinja`.
    ///
    /// # Errors
    ///
    /// [`ModelError`], naming the file and what is wrong in it.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        Self::open_as(folder, WeightFormat::F32, device)
    }

    /// The same with the network's matrices held in another format.
    ///
    /// # Errors
    ///
    /// As [`BaseModel::open`]; [`ModelError::Format`] if the device does not compute in it.
    pub fn open_as(folder: &Path, format: WeightFormat, device: &Device) -> Result<Self, ModelError> {
        let config = ModelConfig::read(folder)?;
        let network = Network::of_config(config.clone(), folder, Some(format), device)?;
        let tokenizer = Tokenizer::read(folder)?;
        let fail = |name: &str, source| ModelError::Tokenizer {
            path: folder.join(name),
            source,
        };
        let (tokens, vocab) = (tokenizer.tokens(), config.vocab_size());
        if tokens > vocab {
            return Err(fail(
                "tokenizer.json",
                TokenizerError::Vocabulary { tokens, vocab },
            ));
        }
        let own_file = "chat_template.jinja";
        let of_chat = match folder.join(own_file).exists() {
            true => own_file,
            false => "tokenizer_config.json",
        };
        let chat = ChatTemplate::read(folder).map_err(|source| fail(of_chat, source))?;
        Ok(Self {
            network,
            tokenizer,
            chat,
            config,
            format,
            hash: base_hash(folder)?,
            folder: folder.to_owned(),
        })
    }

    /// The ids of a question, up to where the answer begins: of the last user's turn for an encoder, of the
    /// whole chat with the generation prompt for a decoder.
    ///
    /// Training and serving both build their ids here, so that what is trained is what is served. Nothing is
    /// cut: the caller compares the length with [`BaseModel::max_tokens`].
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::NoTemplate`] for a decoder without a chat template.
    pub fn question_ids(&self, messages: &[Message]) -> Result<Vec<u32>, TokenizerError> {
        match (&self.network, &self.chat) {
            (Network::Encoder(_), _) => {
                let last = messages.iter().rev().find(|message| message.role == Role::User);
                let text = last.map_or("", |message| message.content.as_str());
                self.tokenizer.encode(text)
            }
            (Network::Decoder(_), Some(chat)) => chat.prompt_ids(messages, &self.tokenizer),
            (Network::Decoder(_), None) => Err(TokenizerError::NoTemplate),
        }
    }

    /// The ids of a decoder's answer with the token that ends it.
    ///
    /// # Errors
    ///
    /// [`TokenizerError`]; [`TokenizerError::NoTemplate`] without a chat template.
    pub fn answer_ids(&self, answer: &str) -> Result<Vec<u32>, TokenizerError> {
        self.chat
            .as_ref()
            .ok_or(TokenizerError::NoTemplate)?
            .answer_ids(answer, &self.tokenizer)
    }

    /// The answers of a task as a tree of a decoder's tokens.
    ///
    /// # Errors
    ///
    /// [`LabelTrieError`].
    pub fn label_trie(&self, task: &Task) -> Result<LabelTrie, LabelTrieError> {
        let labels = task.labels();
        let sequences = labels.names().map(|name| self.answer_ids(name));
        let sequences = sequences.collect::<Result<Vec<_>, _>>()?;
        let name = |number: usize| labels.labels()[number].name.clone();
        LabelTrie::new(&sequences).map_err(|same| LabelTrieError::SameTokens {
            first: name(same.first),
            second: name(same.second),
        })
    }

    /// A hash of how this model writes a probe question and every answer of a task as ids.
    ///
    /// An adapter's folder holds it: another tokenizer, chat template or system prompt gives another hash,
    /// and an adapter that was trained with one would answer nonsense with the other. So does another day, where the
    /// template prints it; by default that is always the same one, see [`ChatDate`](crate::ChatDate).
    ///
    /// # Errors
    ///
    /// As [`BaseModel::question_ids`].
    pub fn probe_hash(&self, task: &Task) -> Result<ContentHash, TokenizerError> {
        let mut ids = self.question_ids(&task.prompt("Probe: \"42\" <|im_end|>\n[SEP] caf\u{e9}"))?;
        if matches!(self.network, Network::Decoder(_)) {
            for name in task.labels().names() {
                ids.extend(self.answer_ids(name)?);
            }
        }
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        Ok(ContentHash::of_bytes(&bytes))
    }

    /// The longest sequence that the network takes, in tokens.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.config.max_positions()
    }

    /// The sizes of the model.
    #[must_use]
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// How the network's matrices are held.
    #[must_use]
    pub fn format(&self) -> WeightFormat {
        self.format
    }

    /// The content hash by which an adapter knows its base.
    #[must_use]
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// The folder that the model was read from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder's own name, for people.
    #[must_use]
    pub fn name(&self) -> String {
        self.folder
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}
