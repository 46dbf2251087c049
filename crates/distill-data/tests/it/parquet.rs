//! Logs in Parquet, as pyarrow writes them.

use std::path::Path;

use distill_data::{CurateConfig, CurateError, CurateInput, LogFile, LogFormat, curate};
use stage_files::FileError;
use task_spec::{Label, Task};

use crate::support::INTENTS;

fn error(path: &Path) -> std::io::Error {
    let task = Task::of_labels("bank", INTENTS.map(Label::new).to_vec()).unwrap();
    let logs = [LogFile::new(path, LogFormat::Langfuse)];
    let plan = CurateConfig::default().check().unwrap();
    match curate(&CurateInput::new(&task, &logs), &plan).unwrap_err() {
        CurateError::Log(FileError::Read { path: named, source }) if named == path => source,
        other => panic!("{other}"),
    }
}

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/logs/{name}.parquet"))
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_a_file_is_one_error_that_names_it() {
    let source = error(&fixture("langfuse"));
    assert_eq!(source.kind(), std::io::ErrorKind::Unsupported);
    assert!(source.to_string().contains("feature `parquet`"), "{source}");
}

#[cfg(feature = "parquet")]
mod with_the_feature {
    use std::collections::BTreeMap;

    use distill_data::{AnswerFormat, Curated, FieldMap, FieldPath};
    use stage_files::ContentHash;

    use super::*;
    use crate::support::{counted, curated_file, learnt};

    fn curated(name: &str, format: LogFormat, answer: AnswerFormat) -> Curated {
        let path = fixture(name);
        let found = curated_file(&path, format, &INTENTS, answer);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(found.manifest.logs[0].hash, ContentHash::of_bytes(&bytes));
        found
    }

    #[test]
    fn an_export_in_parquet_reads_like_its_lines() {
        for answer in [AnswerFormat::Text, AnswerFormat::json()] {
            let table = curated("langsmith", LogFormat::Langsmith, answer.clone());
            let path = fixture("langsmith").with_extension("jsonl");
            let lines = curated_file(&path, LogFormat::Langsmith, &INTENTS, answer);
            assert_eq!(table.manifest.ledger, lines.manifest.ledger);
            assert_eq!(table.manifest.models, lines.manifest.models);
            assert_eq!(table.manifest.prompts, lines.manifest.prompts);
            assert_eq!(learnt(&table), learnt(&lines));
            assert!(!table.train.is_empty());
        }
    }

    #[test]
    fn langfuse_s_observations_have_typed_times_and_a_map_of_tokens() {
        let found = curated("langfuse", LogFormat::Langfuse, AnswerFormat::Text);
        assert_eq!(
            learnt(&found),
            BTreeMap::from([("where is my card", "card"), ("what does it cost", "fees")])
        );
        let ledger = &found.manifest.ledger;
        assert_eq!(counted(&ledger.lines_without_call), [("observation span", 1)]);
        assert_eq!(counted(&ledger.rejected), [("failed_call", 1)]);
        assert_eq!((ledger.lines, ledger.damaged()), (4, 0));
        assert!(
            found.manifest.malformed_metadata.is_empty(),
            "{:?}",
            found.manifest.malformed_metadata
        );
    }

    #[test]
    fn chats_in_lists_are_read_by_the_reader_of_fine_tuning_files() {
        let found = curated("fine-tune", LogFormat::FineTune, AnswerFormat::Text);
        let asked = ["how do i add money", "what does it cost", "where is my card"];
        assert_eq!(learnt(&found).into_keys().collect::<Vec<_>>(), asked);
        let damaged: Vec<_> = found
            .quarantine
            .iter()
            .map(|row| (row.line, row.reason.as_str()))
            .collect();
        assert_eq!(damaged, [(3, "wrong_shape"), (4, "wrong_shape")]);
        assert_eq!(found.quarantine[0].raw, r#"{"messages":[]}"#);
    }

    #[test]
    fn a_plain_table_is_read_by_a_field_map_into_its_structures() {
        let map = FieldMap {
            input: FieldPath::key("text"),
            answer: FieldPath::new("json.label").unwrap(),
            time: FieldPath::key("at"),
            ..FieldMap::default()
        };
        let found = curated("values", LogFormat::Jsonl(map), AnswerFormat::Text);
        assert_eq!(learnt(&found), BTreeMap::from([("ä \"b\"\n", "card")]));
        assert_eq!(found.manifest.ledger.damaged(), 1, "the row of nothing");
    }

    #[test]
    fn a_file_that_is_cut_off_is_one_damaged_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let whole = std::fs::read(fixture("langfuse")).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let found = curated_file(&path, LogFormat::Langfuse, &INTENTS, AnswerFormat::Text);
        assert_eq!(found.quarantine.len(), 1);
        assert_eq!(found.quarantine[0].reason.as_str(), "packed");
        assert!(
            found.quarantine[0].detail.contains("Parquet"),
            "{:?}",
            found.quarantine
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_refused_and_says_what_to_do() {
        use std::{io::Write, os::fd::AsRawFd};

        let (from, mut to) = std::io::pipe().unwrap();
        to.write_all(b"PAR1 and more").unwrap();
        drop(to);
        let source = error(Path::new(&format!("/proc/self/fd/{}", from.as_raw_fd())));
        assert_eq!(source.kind(), std::io::ErrorKind::Unsupported);
        assert!(source.to_string().contains("write it to a file"), "{source}");
    }
}
