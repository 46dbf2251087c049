use std::{io, path::PathBuf};

use task_spec::Label;

use super::*;
use crate::{CurateConfig, CurateInput, FieldMap, LogFormat, PersonalDataMask, Verdict, curate};

fn task() -> Task {
    Task::of_labels("spend", vec![Label::new("coffee"), Label::new("fuel")]).unwrap()
}

fn log(folder: &tempfile::TempDir, lines: &str) -> Vec<LogFile> {
    let path = folder.path().join("log.jsonl");
    std::fs::write(&path, lines).unwrap();
    vec![LogFile::new(path, LogFormat::Jsonl(FieldMap::default()))]
}

fn read(logs: &[LogFile], plan: &CuratePlan) -> (Vec<LogItem>, ReadAccount) {
    let mut items = Vec::new();
    let account = read_calls(&task(), logs, plan, &mut |item| {
        items.push(item);
        Ok(())
    });
    (items, account.unwrap())
}

#[test]
fn a_stream_has_the_ends_that_a_curation_has() {
    let folder = tempfile::tempdir().unwrap();
    let logs = log(
        &folder,
        concat!(
            "{\"input\": \"mail a@example.org\", \"answer\": \"coffee\", \"id\": 7, \"timestamp\": 1700000000}\n",
            "{\"input\": \"b\", \"answer\": \"ask c@example.org\"}\n",
            "{\"input\": \"c\", \"ans\n",
            "{\"input\": \"d\", \"answer\": \"Fuel\", \"reviewed\": true}\n",
        ),
    );
    let plan = CurateConfig {
        personal_data: PersonalDataMask::all(),
        max_damaged_share: 0.5,
        suspects: None,
        ..CurateConfig::default()
    };
    let plan = plan.check().unwrap();
    let (items, account) = read(&logs, &plan);
    let curated = curate(&CurateInput::new(&task(), &logs), &plan).unwrap();
    let [
        LogItem::Call(first),
        LogItem::Rejected(row),
        LogItem::Damaged(line),
        LogItem::Call(last),
    ] = &items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!((&row.row, line), (&curated.rejected[0], &curated.quarantine[0]));
    assert!(!first.input.contains("example") && !format!("{row:?}").contains("example"));
    assert_eq!(
        (first.source.call.as_deref(), first.at.is_some()),
        (Some("7"), true)
    );
    assert_eq!(
        (last.ballot.label(), last.by_person, last.source.line),
        (1, true, 4)
    );
    let of_row = curated.train.iter().find(|row| row.by_person).unwrap();
    assert_eq!(of_row.example.source.as_ref(), Some(&last.source));
    let manifest = &curated.manifest;
    assert_eq!(account.logs, manifest.logs);
    assert_eq!(account.personal_data, manifest.personal_data);
    assert_eq!(account.unknown_labels, manifest.unknown_labels);
    assert_eq!((account.calls, account.legal(), account.damaged()), (3, 2, 1));
    assert!(account.balances());
}

#[test]
fn a_log_that_is_mostly_damaged_is_not_believed_and_an_empty_one_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let plan = CuratePlan::default();
    let logs = log(&folder, "{\n{\n{\"input\": \"a\", \"answer\": \"fuel\"}\n");
    let (items, account) = read(&logs, &plan);
    assert_eq!(items.len(), 3);
    assert!(matches!(account.verdict(&plan), Verdict::TooDamaged { share, .. } if share > 0.6));
    let (items, account) = read(&log(&folder, ""), &plan);
    assert_eq!((items.len(), account.verdict(&plan)), (0, Verdict::NothingKept));
}

#[test]
fn an_error_of_the_consumer_ends_the_reading_and_is_not_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let logs = log(&folder, &"{\"input\": \"a\", \"answer\": \"fuel\"}\n".repeat(50));
    let mut taken = 0;
    let error = read_calls(&task(), &logs, &CuratePlan::default(), &mut |_| {
        taken += 1;
        Err(FileError::Write {
            path: PathBuf::from("full"),
            source: io::Error::other("no space"),
        })
    });
    assert!(matches!(error, Err(CurateError::Output(_))), "{error:?}");
    assert_eq!(taken, 1);
    let missing = [LogFile::new("none.jsonl", LogFormat::OpenaiChat)];
    let error = read_calls(&task(), &missing, &CuratePlan::default(), &mut |_| Ok(()));
    assert!(matches!(error, Err(CurateError::Log(_))), "{error:?}");
}

#[test]
fn names_beyond_the_most_are_counted_together() {
    let folder = tempfile::tempdir().unwrap();
    let lines: String = (0..ReadAccount::MOST_NAMES + 5)
        .map(|number| format!("{{\"input\": \"a\", \"answer\": \"unknown {number}\"}}\n"))
        .collect();
    let (_, account) = read(&log(&folder, &lines), &CuratePlan::default());
    assert_eq!(account.unknown_labels.len(), ReadAccount::MOST_NAMES + 1);
    assert_eq!(account.unknown_labels["(others)"], 5);
    assert!(account.balances());
}

#[test]
fn accounts_of_single_logs_add_up_to_that_of_all() {
    let [one, two] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut logs = log(
        &one,
        "{\"input\": \"a@example.org\", \"answer\": \"fuel\", \"confidence\": 0.55}\n{\n",
    );
    logs.extend(log(
        &two,
        "{\"input\": \"b@example.org\", \"answer\": \"tea\"}\n{\"input\": \"c\", \"answer\": \"fuel\", \"confidence\": 0.5}\n",
    ));
    let plan = CurateConfig {
        personal_data: PersonalDataMask::all(),
        ..CurateConfig::default()
    };
    let plan = plan.check().unwrap();
    let (_, all) = read(&logs, &plan);
    let mut sum = ReadAccount::default();
    for log in &logs {
        sum.add(read(std::slice::from_ref(log), &plan).1);
    }
    assert_eq!(sum, all);
    assert_eq!(sum.confidence["self-reported"].tenths[5], 2);
    assert_eq!(sum.personal_data.map(|record| record.questions), Some(2));
}
