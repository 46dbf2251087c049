//! Imports: a byte that says with which settings, then the file.

use std::{error::Error, path::Path};

use gold_eval::{ImportConfig, Imported};

use crate::world::{task, write};

/// Every row is a gold row or set aside with a reason that can be put into words; twice in the same way; and what was
/// imported can be read.
pub fn holds(name: &str, data: &[u8]) {
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let folder = tempfile::tempdir().expect("there is room for files");
    let path = folder.path().join(name);
    write(&path, text);
    let named = |input: &str, label: &str| ImportConfig {
        input: Some(input.to_owned()),
        label: Some(label.to_owned()),
        ..ImportConfig::default()
    };
    let encoded = |encoding: &str| ImportConfig {
        encoding: Some(encoding.to_owned()),
        ..ImportConfig::default()
    };
    let config = match which % 6 {
        0 | 1 => ImportConfig::default(),
        2 => named("text", "label"),
        3 => named("item.a.0", "vars.b"),
        4 => encoded("utf-16le"),
        _ => encoded("shift_jis"),
    };
    let import = config.check().expect("the settings are good");
    let task = task();
    let labels = (which & 64 != 0).then(|| task.labels());
    let found = match import.read(&path, labels) {
        Ok(found) => found,
        Err(error) => {
            assert!(error.to_string().contains(name), "{error}");
            assert!(error.source().is_none_or(|source| !source.to_string().is_empty()));
            return;
        }
    };
    assert_eq!(
        found,
        import.read(&path, labels).expect("it could be read before")
    );
    adds_up(&found, folder.path());
}

fn adds_up(found: &Imported, folder: &Path) {
    let account = &found.account;
    assert_eq!(
        account.rows_read,
        (found.rows.len() + found.set_aside.len()) as u64
    );
    assert_eq!(
        account.set_aside.values().sum::<u64>(),
        found.set_aside.len() as u64
    );
    assert!(!account.to_string().is_empty());
    for row in &found.set_aside {
        assert!(row.row >= 1 && row.row <= account.rows_read && !row.to_string().is_empty());
    }
    let mut ids: Vec<&str> = found.rows.iter().map(|row| row.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), found.rows.len(), "an id stands twice");
    let path = folder.join("gold.jsonl");
    found.write(&path).expect("rows can be written");
    let read: Vec<task_spec::GoldRow> =
        stage_files::read_json_lines(&path).expect("what was written can be read");
    assert_eq!(read, found.rows);
}
