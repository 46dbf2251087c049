//! What can go wrong between a folder on disk and a model in memory.

use std::path::PathBuf;

use stage_files::FileError;

use crate::WeightFormat;

/// A base model, its tokenizer or its chat template cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A file is missing, unreadable or not JSON.
    #[error("cannot load the model in {}", folder.display())]
    File {
        /// The model's folder.
        folder: PathBuf,
        /// Which file, and why.
        source: FileError,
    },
    /// `config.json` asks for something that is not implemented, or contradicts itself.
    #[error("{} cannot be used", path.display())]
    Config {
        /// The config file.
        path: PathBuf,
        /// Which field, and why.
        source: ConfigError,
    },
    /// The device does not compute in a format.
    #[error("the device {device} does not compute in {}: open the model in f32, or on another device", format.name())]
    Format {
        /// The format.
        format: WeightFormat,
        /// The device, as it calls itself.
        device: String,
    },
    /// The weights do not fit the config.
    #[error("the weights in {} do not fit its config.json", folder.display())]
    Weights {
        /// The model's folder.
        folder: PathBuf,
        /// Which tensor, and why.
        source: WeightsError,
    },
    /// `tokenizer.json` is damaged or does not fit the model.
    #[error("{} cannot be used", path.display())]
    Tokenizer {
        /// The tokenizer file.
        path: PathBuf,
        /// Why.
        source: TokenizerError,
    },
}

/// A field of `config.json` stands in the way.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No architecture of this name is implemented.
    #[error("model_type {found:?} is not implemented: use one of {known}")]
    UnknownArchitecture {
        /// The name in the config; empty if there is none.
        found: String,
        /// The names that are.
        known: &'static str,
    },
    /// A field that is needed is missing, or has the wrong type.
    #[error("field {field} is missing or is not {expected}")]
    Field {
        /// The field's name.
        field: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A field asks for behaviour that is not implemented.
    #[error("field {field} is {found}, but only {supported} is implemented")]
    Unsupported {
        /// The field's name.
        field: String,
        /// Its value, as JSON.
        found: String,
        /// What would be accepted.
        supported: &'static str,
    },
    /// A field that this architecture does not know is set, and might change the output.
    #[error(
        "field {field} = {found} is not known for {architecture}: remove it if it has no effect on the output"
    )]
    Unknown {
        /// The architecture.
        architecture: &'static str,
        /// The field's name.
        field: String,
        /// Its value, as JSON.
        found: String,
    },
    /// Two sizes do not go together.
    #[error("{dividend_name} {dividend} is not a multiple of {divisor_name} {divisor}")]
    Indivisible {
        /// Name of the larger size.
        dividend_name: &'static str,
        /// The larger size.
        dividend: usize,
        /// Name of the smaller size.
        divisor_name: &'static str,
        /// The smaller size.
        divisor: usize,
    },
}

/// A safetensors file, or a tensor in it, is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file could not be opened or read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a safetensors file, or lies about itself.
    #[error("{} is not a sound safetensors file", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What the format's own reader said.
        source: safetensors::SafeTensorError,
    },
    /// The index names a file outside the folder.
    #[error("the index maps tensor {tensor} to {file:?}, which is not a plain file name")]
    Index {
        /// The tensor.
        tensor: String,
        /// The file as the index has it.
        file: String,
    },
    /// A tensor is stored in a type that is not read.
    #[error("tensor {tensor} is stored as {found}, but only F64, F32, F16 and BF16 are read")]
    Type {
        /// The tensor.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// A tensor that the model needs is not there.
    #[error("tensor {tensor} is missing")]
    Missing {
        /// The tensor.
        tensor: String,
    },
    /// A tensor has another shape than the config says.
    #[error("tensor {tensor} has shape {found:?}, the config asks for {expected:?}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// The shape that the config asks for.
        expected: Vec<usize>,
        /// The shape that it has.
        found: Vec<usize>,
    },
    /// Tensors are left over that no part of the model uses.
    #[error("{count} tensors are not part of the model, the first is {first}: is this another architecture?")]
    Unused {
        /// How many.
        count: usize,
        /// The first of them by name.
        first: String,
    },
}

/// A tokenizer or a chat template is not usable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// `tokenizer.json` could not be read.
    #[error("the tokenizer could not be read")]
    Load(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tokenizers library gives up on `tokenizer.json`, when it reads it or when it is used, without saying why.
    #[error(
        "the tokenizers library gives up on tokenizer.json: is it whole, and of a version that the library knows?"
    )]
    Unreadable,
    /// A text could not be encoded.
    #[error("a text of {chars} characters could not be encoded")]
    Encode {
        /// Length of the text.
        chars: usize,
        /// What the tokenizer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A text cannot be encoded without becoming a special token.
    #[error(
        "the tokenizer makes the special token {token:?} of plain text and cannot spell it: flag no single character as special"
    )]
    Name {
        /// The token.
        token: String,
    },
    /// The tokenizer gives ids that the embedding table has no row for.
    #[error("the tokenizer has {tokens} tokens, the model embeds only {vocab}: they do not belong together")]
    Vocabulary {
        /// Highest token id plus one.
        tokens: usize,
        /// Rows of the embedding table.
        vocab: usize,
    },
    /// A file that says how a chat is written is damaged.
    #[error("the chat template cannot be read")]
    Config(#[source] FileError),
    /// The model has no chat template but was asked to render a chat.
    #[error(
        "there is no chat template, or neither it nor an eos_token says what ends an answer: use a chat model, or add chat_template.jinja and name the token in tokenizer_config.json"
    )]
    NoTemplate,
    /// The chat template failed.
    #[error("the chat template failed")]
    Template(#[source] Box<minijinja::Error>),
    /// Of several templates none is the default.
    #[error(
        "tokenizer_config.json has chat templates {names:?} and none that is called default: name one so"
    )]
    NoDefault {
        /// The templates that are there.
        names: Vec<String>,
    },
    /// The template does not only print what was said, so that its own words cannot be told from a user's.
    #[error(
        "the chat template reads or rewrites what message {index} says: take its words out of the message, or print messages as they are"
    )]
    Altered {
        /// Position of the message, from 0.
        index: usize,
    },
}
