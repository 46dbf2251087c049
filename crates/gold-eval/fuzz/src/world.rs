//! A small task, and a folder for files.

use std::path::{Path, PathBuf};

use gold_eval::GoldSet;
use task_spec::{GoldRow, Label, Task};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) task: Task,
    pub(crate) gold: GoldSet,
    folder: TempDir,
}

/// Four rows of two categories, frozen.
pub(crate) fn world() -> World {
    let folder = tempfile::tempdir().expect("there is room for files");
    let task = task();
    let rows = (0..4).map(|i| GoldRow {
        id: format!("r-{i}"),
        input: format!("question {i}"),
        label: ["card", "top-up"][i % 2].to_owned(),
    });
    let path = folder.path().join("gold.jsonl");
    stage_files::write_json_lines(&path, rows).expect("rows can be written");
    let gold = GoldSet::freeze(&path, &task, 1).expect("the rows are good");
    World { task, gold, folder }
}

pub(crate) fn task() -> Task {
    let labels = vec![Label::new("card").with_alias("my card"), Label::new("top-up")];
    Task::of_labels("fuzz", labels).expect("the labels are good")
}

impl World {
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
