use std::fs;

use gold_eval::{GoldError, GoldLock, GoldSet, Reasons};
use stage_files::{read_json, write_json, write_json_lines};
use task_spec::{Label, Task};

use crate::world::{World, rows, task, write_lines};

fn error_of(lines: &[&str]) -> GoldError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    write_lines(&path, lines);
    GoldSet::freeze(&path, &task(3), 1).unwrap_err()
}

const GOOD: &str = r#"{"id":"a","input":"one","label":"label-00"}"#;

#[test]
fn a_frozen_set_opens_as_it_was() {
    let world = World::new(&[3, 5, 2]);
    let opened = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task).unwrap();
    assert_eq!(opened.rows(), world.gold.rows());
    assert_eq!(opened.lock(), world.gold.lock());
    assert_eq!((opened.lock().rows, opened.lock().parts["label-01"]), (10, 5));
}

#[test]
fn an_edit_after_freezing_names_both_hashes_and_the_next_version() {
    let world = World::new(&[3, 5, 2]);
    let text = fs::read_to_string(world.path("gold.jsonl")).unwrap();
    fs::write(
        world.path("gold.jsonl"),
        text.replacen("question 0", "question zero", 1),
    )
    .unwrap();
    let error = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task).unwrap_err();
    assert!(
        matches!(&error, GoldError::Edited { version: 1, expected, found, .. } if expected != found),
        "{error}"
    );
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn other_content_needs_a_new_version() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let before = fs::read(world.path("gold.lock")).unwrap();
    write_json_lines(&path, rows(&[4, 5, 2])).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 1).unwrap_err();
    assert!(
        matches!(
            error,
            GoldError::AlreadyFrozen {
                locked: 1,
                asked: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(fs::read(world.path("gold.lock")).unwrap(), before);
    let reasons = Reasons::default().with_every("a row was added at the top");
    let frozen = GoldSet::freeze_because(&path, &world.task, 2, &reasons).unwrap();
    assert_eq!(frozen.gold.lock().version, 2);
    let back = GoldSet::freeze(&path, &world.task, 1).unwrap_err();
    assert!(
        matches!(
            back,
            GoldError::AlreadyFrozen {
                locked: 2,
                asked: 1,
                ..
            }
        ),
        "{back}"
    );
}

#[test]
fn freezing_the_same_again_changes_nothing() {
    let world = World::new(&[3, 5, 2]);
    let before = fs::read(world.path("gold.lock")).unwrap();
    GoldSet::freeze(&world.path("gold.jsonl"), &world.task, 1).unwrap();
    assert_eq!(fs::read(world.path("gold.lock")).unwrap(), before);
}

#[test]
fn other_labels_or_another_task_are_refused_and_another_order_of_labels_is_not() {
    let world = World::new(&[3, 5, 2]);
    let open = |task: &Task| GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), task);
    let error = open(&task(4)).unwrap_err();
    assert!(
        matches!(error, GoldError::OtherLabels { version: 1, .. }),
        "{error}"
    );
    let labels = world.task.labels().labels().to_vec();
    let named = Task::of_labels("other", labels.clone()).unwrap();
    assert!(matches!(open(&named).unwrap_err(), GoldError::OtherTask { .. }));
    let reversed: Vec<Label> = labels.into_iter().rev().collect();
    open(&Task::of_labels("demo", reversed).unwrap()).unwrap();
}

#[test]
fn other_line_ends_and_a_byte_order_mark_are_called_by_their_names() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    let error = GoldSet::open(&path, &world.path("gold.lock"), &world.task).unwrap_err();
    assert!(matches!(error, GoldError::LineEnds { version: 1, .. }), "{error}");
    fs::write(&path, format!("\u{feff}{text}")).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 2).unwrap_err();
    assert!(matches!(error, GoldError::ByteOrderMark { .. }), "{error}");
}

#[test]
fn a_line_that_is_too_long_or_no_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    for (second, words) in [
        (vec![b'x'; 17 << 20], "bytes long"),
        (b"{\"id\":\"\xff\"}".to_vec(), "UTF-8"),
    ] {
        fs::write(&path, [GOOD.as_bytes(), b"\n", &second, b"\n"].concat()).unwrap();
        let error = GoldSet::freeze(&path, &task(3), 1).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            error.to_string().ends_with("gold.jsonl, line 2") && cause.contains(words),
            "{error}: {cause}"
        );
    }
}

#[test]
fn a_lock_that_was_edited_is_refused() {
    let world = World::new(&[3, 5, 2]);
    let mut lock: GoldLock = read_json(&world.path("gold.lock")).unwrap();
    lock.parts.insert("label-00".to_owned(), 300);
    write_json(&world.path("gold.lock"), &lock).unwrap();
    let error = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task).unwrap_err();
    assert!(matches!(error, GoldError::LockEdited { .. }), "{error}");
}

#[test]
fn each_broken_row_is_named() {
    assert!(matches!(error_of(&[""]), GoldError::Empty { .. }));
    let error = error_of(&[GOOD, r#"{"id":"a","input":"two","label":"label-01"}"#]);
    assert!(
        matches!(&error, GoldError::DuplicateId { id, row: 2, first: 1 } if id == "a"),
        "{error}"
    );
    let error = error_of(&[GOOD, r#"{"id":"b","input":"two","label":"Label 01"}"#]);
    assert!(
        matches!(&error, GoldError::LabelOutside { row: 2, label, .. } if label == "Label 01"),
        "{error}"
    );
    let error = error_of(&[GOOD, r#"{"id":"b","input":"two","label":"label-00"}"#]);
    assert!(
        matches!(&error, GoldError::OneCategory { rows: 2, .. }),
        "{error}"
    );
    let error = error_of(&[GOOD, r#"{"id":"b","input":" \n","label":"label-01"}"#]);
    assert!(
        matches!(&error, GoldError::BlankInput { row: 2, id } if id == "b"),
        "{error}"
    );
    let error = error_of(&[GOOD, r#"{"id":"","input":"two","label":"label-01"}"#]);
    assert!(matches!(&error, GoldError::BlankId { row: 2 }), "{error}");
    let error = error_of(&[GOOD, r#"{"id":"b","input":"two","label":"label-01","note":"x"}"#]);
    assert!(error.to_string().contains("line 2"), "{error}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_a_gold_set_or_an_error(bytes in proptest::collection::vec(0_u8..=255, 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gold.jsonl");
        fs::write(&path, &bytes).unwrap();
        proptest::prop_assert!(GoldSet::freeze(&path, &task(3), 1).is_err());
        fs::write(folder.path().join("gold.lock"), &bytes).unwrap();
        proptest::prop_assert!(GoldSet::open(&path, &folder.path().join("gold.lock"), &task(3)).is_err());
    }

    #[test]
    fn no_edit_of_one_byte_goes_unseen(place in 0_usize..400, byte in 0_u8..=255) {
        let world = World::new(&[3, 5, 2]);
        let mut bytes = fs::read(world.path("gold.jsonl")).unwrap();
        let place = place % bytes.len();
        proptest::prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        fs::write(world.path("gold.jsonl"), bytes).unwrap();
        let opened = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task);
        let seen = matches!(opened, Err(GoldError::Edited { .. }));
        proptest::prop_assert!(seen);
    }
}
