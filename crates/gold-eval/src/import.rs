//! Gold rows from the files of other tools.

mod account;
mod encoding;
mod error;
mod fields;
mod gather;
mod messages;
mod promptfoo;
mod source;
mod table;

use std::path::Path;

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, write_whole};
use task_spec::{GoldRow, LabelSet};

pub use account::{ImportAccount, UsedFields};
pub use error::{ImportError, SetAside, Unusable};

/// How a file is cut into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A table in CSV (RFC 4180) or with another delimiter; the first row names the columns.
    Table,
    /// JSON lines: an object a line.
    Lines,
    /// JSON or YAML: a list of objects, or an object that holds it under `tests`.
    Document,
}

/// What the fields of a row mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowFormat {
    /// Fields, or columns, of any name.
    Fields,
    /// OpenAI's evals: `{"input": [messages], "ideal": "..."}` as the repository openai/evals has them, or the
    /// `{"item": {...}}` of the Evals API's JSON lines.
    OpenaiEvals,
    /// Test cases of promptfoo: `vars` and an assertion `equals`, or a column `__expected`.
    Promptfoo,
}

/// How a file becomes gold rows. What is not said is told from the file.
///
/// ```
/// use gold_eval::ImportConfig;
///
/// let folder = tempfile::tempdir()?;
/// let table = folder.path().join("messages.csv");
/// std::fs::write(&table, "text,category\n\"Where is my card, please?\",card_arrival\nTop up failed,top_up_failed\n")?;
///
/// let imported = ImportConfig::default().check()?.read(&table, None)?;
/// assert_eq!(imported.rows[0].label, "card_arrival");
/// assert!(imported.set_aside.is_empty());
/// imported.write(&folder.path().join("gold.jsonl"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportConfig {
    /// How the file is cut into rows; by the ending of its name unless given (`.csv`, `.tsv`, `.jsonl`, `.ndjson`,
    /// `.json`,
    /// `.yaml`, `.yml`, each also with `.gz` or `.zst` behind it).
    pub kind: Option<FileKind>,
    /// What the fields mean; by the first row unless given.
    pub format: Option<RowFormat>,
    /// The field or column that holds the question, with dots between the names of nested ones; unless given the one of
    /// `input`, `text`, `question`, `query`, `prompt`, `message`, `utterance`, `sentence` and `ticket_text` that is there.
    pub input: Option<String>,
    /// The field or column that holds the right answer; unless given the one of `label`, `category`, `intent`, `class`,
    /// `ideal`, `expected`, `expected_output`, `answer`, `correct_label` and `ground_truth` that is there.
    pub label: Option<String>,
    /// The field or column that holds an id; `id` unless given, and where there is none the id is derived from the
    /// question:
    /// `q-` and the first 16 hexadecimal digits of BLAKE3 over its bytes. The same question has the same id in every import,
    /// whatever its label and its place.
    pub id: Option<String>,
    /// What stands between two cells of a table, an ASCII character; unless given a tab in a `.tsv`, otherwise a comma.
    pub delimiter: Option<char>,
    /// How the text is encoded, by a name of the WHATWG Encoding Standard such as `windows-1252`, `utf-16le` or
    /// `shift_jis`; unless given what the byte order mark says, otherwise UTF-8.
    pub encoding: Option<String>,
}

/// An import whose settings make sense.
#[derive(Debug, Clone)]
pub struct Import {
    config: ImportConfig,
    delimiter: Option<u8>,
    encoding: Option<&'static Encoding>,
}

impl ImportConfig {
    /// Checks the delimiter and the encoding.
    ///
    /// # Errors
    ///
    /// [`ImportError::Delimiter`] or [`ImportError::UnknownEncoding`].
    pub fn check(self) -> Result<Import, ImportError> {
        let usable = |&byte: &u8| byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n');
        let delimiter = match self.delimiter {
            None => None,
            Some(delimiter) => Some(
                u8::try_from(delimiter)
                    .ok()
                    .filter(usable)
                    .ok_or(ImportError::Delimiter { delimiter })?,
            ),
        };
        let encoding = match &self.encoding {
            None => None,
            Some(name) => Some(
                Encoding::for_label(name.trim().as_bytes())
                    .ok_or_else(|| ImportError::UnknownEncoding { name: name.clone() })?,
            ),
        };
        Ok(Import {
            config: self,
            delimiter,
            encoding,
        })
    }
}

/// Gold rows, and what could not become one.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The rows in the order of the file.
    pub rows: Vec<GoldRow>,
    /// The rows that could not be used, and why, in the order of the file.
    pub set_aside: Vec<SetAside>,
    /// What was read, and how.
    pub account: ImportAccount,
}

impl Import {
    /// Reads a file. With `labels`, an answer may be spelled as an alias of one and becomes its name, and an answer
    /// that means none sets its row aside; without, answers are taken as they stand.
    ///
    /// A row that cannot be used is set aside with the reason. No choice is made between rows that contradict each
    /// other: the same question with two answers, or the same id for two questions, sets all of them aside, whatever
    /// their order. A row that stands twice counts once.
    ///
    /// Memory is bounded by what is kept: a row is at most 4 MiB long, a JSON or YAML document 32 MiB.
    ///
    /// # Errors
    ///
    /// [`ImportError`] if the file cannot be read, is no table or no document, or has no row that can be used.
    pub fn read(&self, path: &Path, labels: Option<&LabelSet>) -> Result<Imported, ImportError> {
        let source = source::read(self, path)?;
        gather::gather(self, path, source, labels)
    }
}

impl Imported {
    /// Writes the rows as `gold.jsonl`; writing the same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`ImportError::AlreadyThere`] if the file holds anything else, [`ImportError::File`].
    pub fn write(&self, path: &Path) -> Result<ContentHash, ImportError> {
        let mut text = Vec::new();
        for row in &self.rows {
            serde_json::to_writer(&mut text, row).map_err(|source| FileError::Encode {
                path: path.to_owned(),
                source,
            })?;
            text.push(b'\n');
        }
        if path.exists() && ContentHash::of_file(path)? != ContentHash::of_bytes(&text) {
            return Err(ImportError::AlreadyThere {
                path: path.to_owned(),
            });
        }
        Ok(write_whole(path, text)?)
    }
}
