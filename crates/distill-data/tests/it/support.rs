//! A curation of one log of bank questions.

use std::{collections::BTreeMap, path::Path};

use distill_data::{AnswerFormat, CurateConfig, CurateInput, Curated, LogFile, LogFormat, curate};
use task_spec::{Label, Task};

pub(crate) const INTENTS: [&str; 3] = ["card", "top-up", "fees"];

/// Curates a file, however much of it is damaged and however unsure its teacher was.
pub(crate) fn curated_file(path: &Path, format: LogFormat, labels: &[&str], answer: AnswerFormat) -> Curated {
    let labels = labels.iter().map(|name| Label::new(*name)).collect();
    let task = Task::of_labels("bank", labels).unwrap();
    let plan = CurateConfig {
        answer,
        max_damaged_share: 1.0,
        min_confidence: 0.0,
        suspects: None,
        ..CurateConfig::default()
    };
    let logs = [LogFile::new(path, format)];
    let curated = curate(&CurateInput::new(&task, &logs), &plan.check().unwrap()).unwrap();
    assert!(
        curated.manifest.ledger.balances(),
        "{:?}",
        curated.manifest.ledger
    );
    curated
}

/// The same of what a file would hold.
pub(crate) fn curated_bytes(bytes: impl AsRef<[u8]>, format: LogFormat, answer: AnswerFormat) -> Curated {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::fs::write(&path, bytes).unwrap();
    curated_file(&path, format, &INTENTS, answer)
}

/// Questions with their labels.
pub(crate) fn learnt(curated: &Curated) -> BTreeMap<&str, &str> {
    let rows = curated.train.iter();
    rows.map(|row| (row.example.input().unwrap(), row.example.answer().unwrap()))
        .collect()
}

/// Counts by name.
pub(crate) fn counted(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    counts
        .iter()
        .map(|(kind, &count)| (kind.as_str(), count))
        .collect()
}
