//! A small task of each kind, and a folder for files.

use std::path::{Path, PathBuf};

use gold_eval::{GoldKind, GoldSet};
use serde::Serialize;
use serde_json::json;
use task_spec::{FieldSchema, GoldRow, Label, LabelSet, SentenceStyle, Task};
use tempfile::TempDir;

pub(crate) struct World<K: GoldKind = LabelSet> {
    pub(crate) task: Task<K>,
    pub(crate) gold: GoldSet<K>,
    folder: TempDir,
}

/// Four rows of two categories, frozen.
pub(crate) fn world() -> World {
    let rows = (0..4).map(|i| GoldRow {
        id: format!("r-{i}"),
        input: format!("question {i}"),
        label: ["card", "top-up"][i % 2].to_owned(),
    });
    World::new(task(), rows)
}

/// Two documents with fields, frozen.
pub(crate) fn world_of_fields() -> World<FieldSchema> {
    let task = r#"{"name": "fuzz", "output": {"kind": "fields", "fields": [
        {"name": "company"}, {"name": "total", "kind": "money"}]}}"#;
    let rows = [
        json!({"id": "r-0", "input": "ACME 1.50", "fields": {"company": "Acme", "total": "1.50"}}),
        json!({"id": "r-1", "input": "BOLT", "fields": {"company": "Bolt", "total": null}}),
    ];
    World::new(serde_json::from_str(task).expect("it is a task"), rows)
}

/// Two rows of data about which sentences are written, frozen.
pub(crate) fn world_of_sentences() -> World<SentenceStyle> {
    let task = r#"{"name": "fuzz", "output": {"kind": "sentence"}}"#;
    let rows = [
        json!({"id": "r-0", "row": {"shop": "Alder", "change": -3.2}, "references": ["Alder fell by 3.2."]}),
        json!({"id": "r-1", "input": "Birch?", "row": {"shop": "Birch", "opened": "2024-03-05"}}),
    ];
    World::new(serde_json::from_str(task).expect("it is a task"), rows)
}

pub(crate) fn task() -> Task {
    let labels = vec![Label::new("card").with_alias("my card"), Label::new("top-up")];
    Task::of_labels("fuzz", labels).expect("the labels are good")
}

impl<K: GoldKind> World<K> {
    fn new(task: Task<K>, rows: impl IntoIterator<Item = impl Serialize>) -> Self {
        let folder = tempfile::tempdir().expect("there is room for files");
        let path = folder.path().join("gold.jsonl");
        stage_files::write_json_lines(&path, rows).expect("rows can be written");
        let gold = GoldSet::freeze(&path, &task, 1).expect("the rows are good");
        Self { task, gold, folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        write(&path, bytes);
        path
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("there is room for files");
}
