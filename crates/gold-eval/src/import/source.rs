//! A file as rows of fields, whatever it is written in.

use std::{io::Read, path::Path};

use encoding_rs::Encoding;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::Spanned;
use stage_files::{ContentHash, Lines};

use super::{
    FileKind, Import, ImportError, Unusable, encoding,
    table::{BadRow, TableRows, bad_row},
};

/// The longest row that is read, in bytes.
pub(super) const MAX_ROW_BYTES: usize = 4 << 20;
/// The longest document that is read, in bytes.
pub(super) const MAX_DOCUMENT_BYTES: u64 = 32 << 20;
/// The most values of a document.
const MAX_NODES: usize = 2_000_000;
/// How much of a row that cannot be used is shown, in characters.
const SHOWN: usize = 200;
/// How a file that Git LFS has not fetched begins.
const LFS_POINTER: &str = "version https://git-lfs.github.com/spec/";

/// A row of a file: an object, or why it is none.
#[derive(Debug)]
pub(super) struct SourceRow {
    pub(super) line: Option<u64>,
    pub(super) row: u64,
    pub(super) fields: Result<Value, Unusable>,
    pub(super) text: String,
}

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) rows: Vec<SourceRow>,
    /// What promptfoo adds to each test case.
    pub(super) default_test: Option<Value>,
    pub(super) hash: ContentHash,
    pub(super) encoding: &'static Encoding,
}

pub(super) fn read(import: &Import, path: &Path) -> Result<Source, ImportError> {
    let name = name_without_packing(path);
    match import.config.kind.or_else(|| kind_of(&name)) {
        Some(FileKind::Table) => {
            let usual = if name.ends_with(".tsv") { b'\t' } else { b',' };
            read_table(import, path, import.delimiter.unwrap_or(usual))
        }
        Some(FileKind::Lines) => read_lines(import, path),
        Some(FileKind::Document) => read_document(import, path),
        None => Err(ImportError::UnknownKind {
            path: path.to_owned(),
        }),
    }
}

fn name_without_packing(path: &Path) -> String {
    let name = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst"));
    plain.unwrap_or(&name).to_owned()
}

fn kind_of(name: &str) -> Option<FileKind> {
    match name.rsplit_once('.')?.1 {
        "csv" | "tsv" => Some(FileKind::Table),
        "jsonl" | "ndjson" => Some(FileKind::Lines),
        "json" | "yaml" | "yml" => Some(FileKind::Document),
        _ => None,
    }
}

fn shown(bytes: &[u8]) -> String {
    let begin = &bytes[..bytes.len().min(4 * SHOWN)];
    String::from_utf8_lossy(begin).chars().take(SHOWN).collect()
}

fn damaged(path: &Path, line: u64, encoding: &'static Encoding, source: std::io::Error) -> ImportError {
    ImportError::Damaged {
        path: path.to_owned(),
        line: line.saturating_sub(1),
        encoding: encoding.name(),
        source,
    }
}

fn read_lines(import: &Import, path: &Path) -> Result<Source, ImportError> {
    let (reader, encoding) = encoding::open(path, import.encoding)?;
    let mut lines = Lines::of(path, reader).with_max_bytes(MAX_ROW_BYTES);
    let mut rows = Vec::new();
    for line in lines.by_ref() {
        let line = line?;
        let row = rows.len() as u64 + 1;
        let (fields, text) = match line.text {
            Ok(text) if row == 1 && text.starts_with(LFS_POINTER) => {
                return Err(ImportError::LfsPointer {
                    path: path.to_owned(),
                });
            }
            Ok(text) => {
                let parsed = serde_json::from_str(&text);
                (
                    parsed.map_err(|error| Unusable::NotJson {
                        detail: error.to_string(),
                    }),
                    shown(text.as_bytes()),
                )
            }
            Err(bad) => match bad_row(bad, MAX_ROW_BYTES) {
                BadRow::Row(why) => (Err(why), String::new()),
                BadRow::File(source) => return Err(damaged(path, line.number, encoding, source)),
            },
        };
        rows.push(SourceRow {
            line: Some(line.number),
            row,
            fields: fields.and_then(object),
            text,
        });
    }
    Ok(Source {
        rows,
        default_test: None,
        hash: lines.hash()?,
        encoding,
    })
}

fn object(value: Value) -> Result<Value, Unusable> {
    match value {
        Value::Object(_) => Ok(value),
        Value::String(names) if names.starts_with("file://") => Err(Unusable::External { names }),
        other => Err(Unusable::NotAnObject {
            found: kind_in_words(&other).to_owned(),
        }),
    }
}

/// What a value is, in words.
pub(super) fn kind_in_words(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn read_table(import: &Import, path: &Path, delimiter: u8) -> Result<Source, ImportError> {
    let (reader, encoding) = encoding::open(path, import.encoding)?;
    let mut table = TableRows::new(Lines::of(path, reader), delimiter, MAX_ROW_BYTES);
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for row in table.by_ref() {
        let (line, cells) = row?;
        let (cells, text) = match cells {
            Ok(cells) => {
                let text = shown(&cells.join(&delimiter));
                (Ok(cells), text)
            }
            Err((BadRow::Row(why), begin)) => (Err(why), shown(&begin)),
            Err((BadRow::File(source), _)) => return Err(damaged(path, line, encoding, source)),
        };
        let Some(columns) = &columns else {
            columns = Some(header(path, line, cells)?);
            continue;
        };
        let fields = cells.and_then(|cells| named(columns, cells));
        rows.push(SourceRow {
            line: Some(line),
            row: rows.len() as u64 + 1,
            fields,
            text,
        });
    }
    let hash = table.into_lines().hash()?;
    Ok(Source {
        rows,
        default_test: None,
        hash,
        encoding,
    })
}

fn header(path: &Path, line: u64, cells: Result<Vec<Vec<u8>>, Unusable>) -> Result<Vec<String>, ImportError> {
    let fail = |source| ImportError::Header {
        path: path.to_owned(),
        line,
        source,
    };
    let mut columns: Vec<String> = Vec::new();
    for cell in cells.map_err(fail)? {
        let column = utf8(cell).map_err(fail)?.trim().to_owned();
        if column.starts_with(LFS_POINTER) {
            return Err(ImportError::LfsPointer {
                path: path.to_owned(),
            });
        }
        // Spreadsheets leave columns without a name at the end.
        if !column.is_empty() && columns.contains(&column) {
            return Err(ImportError::TwoColumns {
                path: path.to_owned(),
                line,
                column,
            });
        }
        columns.push(column);
    }
    Ok(columns)
}

fn named(columns: &[String], cells: Vec<Vec<u8>>) -> Result<Value, Unusable> {
    if cells.len() != columns.len() {
        return Err(Unusable::CellCount {
            expected: columns.len() as u64,
            found: cells.len() as u64,
        });
    }
    let mut fields = Map::new();
    for (column, cell) in columns.iter().zip(cells) {
        fields.insert(column.clone(), Value::String(utf8(cell)?));
    }
    Ok(Value::Object(fields))
}

fn utf8(cell: Vec<u8>) -> Result<String, Unusable> {
    String::from_utf8(cell).map_err(|error| Unusable::NotUtf8 {
        at: error.utf8_error().valid_up_to() as u64,
    })
}

/// An object that holds the rows.
#[derive(Deserialize)]
struct Tests {
    tests: Vec<Spanned<Value>>,
    #[serde(default, rename = "defaultTest")]
    default_test: Option<Value>,
}

fn read_document(import: &Import, path: &Path) -> Result<Source, ImportError> {
    let (mut reader, encoding) = encoding::open(path, import.encoding)?;
    let mut bytes = Vec::new();
    let mut most = reader.by_ref().take(MAX_DOCUMENT_BYTES + 1);
    most.read_to_end(&mut bytes)
        .map_err(|source| damaged(path, 0, encoding, source))?;
    if bytes.len() as u64 > MAX_DOCUMENT_BYTES {
        return Err(ImportError::TooLarge {
            path: path.to_owned(),
            most: MAX_DOCUMENT_BYTES,
        });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let lines = error.as_bytes()[..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        let source = std::io::Error::new(std::io::ErrorKind::InvalidData, format!("byte {at} is not UTF-8"));
        damaged(path, lines as u64 + 1, encoding, source)
    })?;
    if text.starts_with(LFS_POINTER) {
        return Err(ImportError::LfsPointer {
            path: path.to_owned(),
        });
    }
    let (tests, default_test) = tests_of(path, &text)?;
    let rows = (1..).zip(tests).map(|(row, test)| {
        // 0 where the parser knows no line.
        let line = Some(test.referenced.line()).filter(|&line| line > 0);
        let text = shown(test.value.to_string().as_bytes());
        SourceRow {
            line,
            row,
            fields: object(test.value),
            text,
        }
    });
    Ok(Source {
        rows: rows.collect(),
        default_test,
        hash: reader.hash()?,
        encoding,
    })
}

fn tests_of(path: &Path, text: &str) -> Result<(Vec<Spanned<Value>>, Option<Value>), ImportError> {
    let external = |what, names: &str| ImportError::External {
        path: path.to_owned(),
        what,
        names: names.to_owned(),
    };
    // Looked at first without lines, as a shape that is not known yet cannot have them.
    match parsed::<Value>(path, text)? {
        Value::Array(_) => Ok((parsed(path, text)?, None)),
        Value::Object(fields) => match (fields.get("tests"), fields.get("defaultTest")) {
            (Some(Value::String(names)), _) => Err(external("tests", names)),
            (Some(Value::Array(_)), Some(Value::String(names))) => Err(external("defaultTest", names)),
            (Some(Value::Array(_)), _) => {
                let found: Tests = parsed(path, text)?;
                Ok((found.tests, found.default_test))
            }
            _ => Err(ImportError::NoTests {
                path: path.to_owned(),
            }),
        },
        _ => Err(ImportError::NoTests {
            path: path.to_owned(),
        }),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, ImportError> {
    // As promptfoo's own parser reads them: `yes` is a text, and so is 007.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: MAX_NODES, max_events: 4 * MAX_NODES },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        ImportError::Document {
            path: path.to_owned(),
            line,
            column,
            source: Box::new(error),
        }
    })
}
