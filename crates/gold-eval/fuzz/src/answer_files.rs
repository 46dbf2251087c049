//! Files of answers that other tools wrote: a byte for the kind, then the file.

use std::error::Error;

use gold_eval::{AnswerFile, Predictions, read_answers};

use crate::world::world;

/// The file is refused by an error that names it, or is read, twice in the same way; and what was read can be written as
/// `predictions.jsonl` and is the same from there.
pub fn holds(data: &[u8]) {
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let kind = AnswerFile::ALL[usize::from(which) % AnswerFile::ALL.len()];
    let world = world();
    let path = world.write("answers", text);
    let rows = match read_answers(&path, kind) {
        Ok(rows) => rows,
        Err(error) => {
            assert!(error.to_string().contains("answers"), "{error}");
            assert!(error.source().is_none_or(|source| !source.to_string().is_empty()));
            return;
        }
    };
    assert_eq!(rows, read_answers(&path, kind).expect("it could be read before"));
    let again = world.path("again.jsonl");
    stage_files::write_json_lines(&again, rows.iter()).expect("rows can be written");
    let read = read_answers(&again, AnswerFile::Jsonl).expect("what was written can be read");
    assert_eq!(read, rows);
    if let Err(error) = Predictions::new("p", &world.gold, rows.into_iter().map(|answer| answer.row)) {
        assert!(!error.to_string().is_empty());
    }
}
