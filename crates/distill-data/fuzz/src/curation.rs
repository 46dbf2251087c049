//! A curation of bytes.

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process,
    sync::LazyLock,
};

use distill_data::{
    AnswerFormat, CurateConfig, CurateError, CurateInput, CuratePlan, Curated, LogFile, LogFormat, curate,
};
use stage_files::FileError;
use task_spec::{Label, Task};

use crate::rendered::Asked;

pub(crate) const LABELS: [&str; 3] = ["card", "top-up", "fees"];

static TASK: LazyLock<Task> = LazyLock::new(|| {
    let labels = LABELS.iter().map(|name| Label::new(*name)).collect();
    Task::of_labels("bank", labels).expect("three labels are a task")
});

/// A file of this process, in the folder that `.ci/fuzz` removes in the end.
pub(crate) fn scratch(bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("input-{}", process::id()));
    fs::write(&path, bytes).expect("a temporary file can be written");
    path
}

/// Curates what a file holds, however much of it is damaged and however unsure its teacher was.
///
/// Suspects are left out: they are found among good rows, and a model costs more time than everything else.
pub(crate) fn curated(bytes: &[u8], format: &LogFormat, answer: &AnswerFormat) -> Curated {
    curated_if_supported(bytes, format, answer).expect("a file that is there can be read")
}

/// The same; `None` of a file that is refused as a whole.
pub(crate) fn curated_if_supported(
    bytes: &[u8],
    format: &LogFormat,
    answer: &AnswerFormat,
) -> Option<Curated> {
    let plan = plan(answer);
    let path = scratch(bytes);
    let logs = [LogFile::new(&path, format.clone())];
    match curate(&CurateInput::new(&TASK, &logs), &plan) {
        Ok(curated) => {
            assert_sound(&curated, &path);
            Some(curated)
        }
        Err(CurateError::Log(FileError::Read { source, .. })) if source.kind() == ErrorKind::Unsupported => {
            None
        }
        Err(error) => panic!("{error:?}"),
    }
}

fn plan(answer: &AnswerFormat) -> CuratePlan {
    let config = CurateConfig {
        answer: answer.clone(),
        max_damaged_share: 1.0,
        min_confidence: 0.0,
        suspects: None,
        ..CurateConfig::default()
    };
    config.check().expect("the settings are in range")
}

/// Every line and every call has one end, which names its file and line.
fn assert_sound(curated: &Curated, path: &Path) {
    let ledger = &curated.manifest.ledger;
    assert!(ledger.balances(), "{ledger:?}");
    let name = path.display().to_string();
    assert!(ledger.lines_with_calls <= ledger.calls, "{ledger:?}");
    for line in &curated.quarantine {
        assert!(line.file == name && line.line > 0, "{line:?}");
        assert!(
            !line.detail.is_empty() && line.detail.len() < 10_000,
            "{}",
            line.detail
        );
    }
    let of_calls = calls_by_line(curated);
    let others: u64 = ledger.other_questions.values().sum();
    let found: u64 = of_calls.values().sum();
    assert_eq!(found + others, ledger.calls, "{ledger:?}");
    for row in &curated.train {
        let source = row.example.source.as_ref().expect("a row has a source");
        assert_eq!(source.file, name);
        let label = row.example.answer().expect("a row has an answer");
        assert!(LABELS.contains(&label), "{label:?}");
        for probability in row.example.probabilities.values().chain(&row.example.confidence) {
            assert!((0.0..=1.0).contains(probability), "{row:?}");
        }
    }
}

/// How many calls of each line are in some file of the outcome.
pub(crate) fn calls_by_line(curated: &Curated) -> BTreeMap<u64, u64> {
    let sources = curated
        .train
        .iter()
        .filter_map(|row| row.example.source.as_ref())
        .chain(curated.review.iter().filter_map(|row| row.source.as_ref()))
        .chain(curated.rejected.iter().map(|row| &row.source))
        .chain(curated.merged.iter().map(|call| &call.source));
    let mut lines = BTreeMap::new();
    for source in sources {
        *lines.entry(source.line).or_default() += 1;
    }
    lines
}

/// A call that no input happens to be.
pub(crate) fn good(id: &str) -> Asked {
    Asked {
        id: format!("a good call, {id}"),
        input: format!("the question of the good call {id}"),
        answer: LABELS[0].to_owned(),
        offered: LABELS.map(str::to_owned).to_vec(),
        probability: 0.9,
    }
}
