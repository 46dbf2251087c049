use std::fs;

use gold_eval::{
    Baseline, Case, GoldDiff, GoldError, GoldLock, GoldSet, History, Look, PartDiff, PredictedRow,
    Predictions, Preset, Reasons, TeacherAnswer, Verdict, judge, preview_freeze,
};
use stage_files::{ContentHash, read_json, write_json, write_json_lines};
use task_spec::{GoldRow, Prediction};

use crate::world::{World, rows, task, teacher};

/// Rows of version 2: g0000 is gone, g0001 has another label, g0002 another question, and one is new.
fn changed() -> Vec<GoldRow> {
    let mut rows = rows(&[3, 5, 2]);
    rows.remove(0);
    rows[0].label = "label-02".to_owned();
    rows[1].input = "another question".to_owned();
    rows.push(GoldRow {
        id: "new".to_owned(),
        input: "a new question".to_owned(),
        label: "label-01".to_owned(),
    });
    rows
}

fn all_reasons() -> Reasons {
    Reasons::default()
        .with_row("g0001", "two annotators agree")
        .with_every("a typing error")
}

#[test]
fn a_new_version_says_what_changed_by_id_and_why() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let mut rows = changed();
    rows.reverse();
    write_json_lines(&path, rows).unwrap();
    let frozen = GoldSet::freeze_because(&path, &world.task, 2, &all_reasons()).unwrap();
    let diff = frozen.diff.unwrap();
    assert_eq!(
        (diff.from.version, diff.from.rows, diff.to.version, diff.to.rows),
        (1, 10, 2, 10)
    );
    assert_eq!(diff.unchanged, 7);
    assert_eq!(
        (diff.removed[0].id.as_str(), diff.removed[0].reason.as_deref()),
        ("g0000", Some("a typing error"))
    );
    let relabelled = &diff.relabelled[0];
    assert_eq!(
        (relabelled.before.as_str(), relabelled.after.as_str()),
        ("label-00", "label-02")
    );
    assert_eq!(relabelled.reason.as_deref(), Some("two annotators agree"));
    assert_eq!(
        (diff.reworded[0].id.as_str(), diff.reworded[0].after.as_str()),
        ("g0002", "another question")
    );
    assert_eq!(diff.added[0].id, "new");
    let expected = PartDiff {
        before: 3,
        after: 1,
        removed: 1,
        lost: 1,
        ..PartDiff::default()
    };
    assert_eq!(diff.parts["label-00"], expected);
    for change in diff.parts.values() {
        let PartDiff {
            before,
            after,
            added,
            removed,
            gained,
            lost,
        } = *change;
        assert_eq!(after, before + added + gained - removed - lost);
    }
    let written: GoldDiff = read_json(&world.path("gold.v2.diff.json")).unwrap();
    assert_eq!(written, diff);
    let printed = diff.to_string();
    assert!(
        printed.contains("label-00 -> label-02") && printed.contains("because two annotators agree"),
        "{printed}"
    );
}

#[test]
fn old_rows_do_not_change_without_a_reason_and_reasons_need_a_change() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    write_json_lines(&path, changed()).unwrap();
    let lock = fs::read(world.path("gold.lock")).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 2).unwrap_err();
    assert!(
        matches!(
            &error,
            GoldError::Unexplained { rows: 3, removed: 1, relabelled: 1, reworded: 1, ids, .. } if ids[0] == "g0000"
        ),
        "{error}"
    );
    let partly = Reasons::default()
        .with_row("g0000", "gone")
        .with_row("g0002", " ");
    let error = GoldSet::freeze_because(&path, &world.task, 2, &partly).unwrap_err();
    assert!(
        matches!(
            &error,
            GoldError::Unexplained {
                rows: 2,
                removed: 0,
                ..
            }
        ),
        "{error}"
    );
    let error =
        GoldSet::freeze_because(&path, &world.task, 2, &all_reasons().with_row("g0005", "x")).unwrap_err();
    assert!(
        matches!(&error, GoldError::NeedlessReason { id } if id == "g0005"),
        "{error}"
    );
    assert_eq!(fs::read(world.path("gold.lock")).unwrap(), lock);
    assert!(!world.path("gold.v2.jsonl").exists());
}

#[test]
fn what_was_frozen_stays_and_opens_again() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    write_json_lines(&path, changed()).unwrap();
    GoldSet::freeze_because(&path, &world.task, 2, &all_reasons()).unwrap();
    write_json_lines(&path, changed().into_iter().chain(rows(&[1]))).unwrap();
    let third = GoldSet::freeze(&path, &world.task, 3).unwrap();
    let versions: Vec<u32> = third
        .lock()
        .earlier
        .iter()
        .map(|earlier| earlier.version)
        .collect();
    assert_eq!(versions, [1, 2]);
    assert_eq!(
        (
            third.lock().earlier[0].rows,
            third.lock().earlier[0].parts["label-00"]
        ),
        (10, 3)
    );
    for version in 1..=3 {
        let rows = world.path(&format!("gold.v{version}.jsonl"));
        let opened = GoldSet::open(&rows, &rows.with_extension("lock"), &world.task).unwrap();
        assert_eq!(opened.lock().version, version);
    }
    let first = world.path("gold.v1.jsonl");
    let first = GoldSet::open(&first, &first.with_extension("lock"), &world.task).unwrap();
    assert_eq!(first.rows(), world.gold.rows());
    let diff = GoldDiff::between(&first, &third);
    assert_eq!((diff.relabelled.len(), diff.unexplained().len()), (1, 2));
}

#[test]
fn a_frozen_version_is_not_replaced_when_the_lock_is_gone_or_put_back() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let first = fs::read(world.path("gold.lock")).unwrap();
    write_json_lines(&path, rows(&[3, 5, 3])).unwrap();
    GoldSet::freeze(&path, &world.task, 2).unwrap();
    write_json_lines(&path, rows(&[3, 5, 4])).unwrap();
    fs::write(world.path("gold.lock"), first).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 3).unwrap_err();
    assert!(
        matches!(&error, GoldError::LockBehind { newer, .. } if newer.ends_with("gold.v2.lock")),
        "{error}"
    );
    let error = GoldSet::freeze(&path, &world.task, 2).unwrap_err();
    assert!(
        matches!(&error, GoldError::AlreadyFrozen { locked: 2, .. }),
        "{error}"
    );
    fs::remove_file(world.path("gold.lock")).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 1).unwrap_err();
    assert!(matches!(error, GoldError::LockBehind { .. }), "{error}");
}

#[test]
fn a_freeze_that_was_killed_before_its_lock_is_finished_by_the_same_freeze() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let first = fs::read(world.path("gold.lock")).unwrap();
    write_json_lines(&path, rows(&[3, 5, 3])).unwrap();
    GoldSet::freeze(&path, &world.task, 2).unwrap();
    let second = fs::read(world.path("gold.lock")).unwrap();
    fs::write(world.path("gold.lock"), first).unwrap();
    let again = GoldSet::freeze(&path, &world.task, 2).unwrap();
    assert_eq!(again.lock().earlier.len(), 1);
    assert_eq!(fs::read(world.path("gold.lock")).unwrap(), second);
}

#[test]
fn rows_of_the_old_version_that_are_lost_or_changed_are_named() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let kept = world.path("gold.v1.jsonl");
    write_json_lines(&path, rows(&[3, 5, 3])).unwrap();
    let text = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, text.replacen("question 1", "question one", 1)).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 2).unwrap_err();
    assert!(
        matches!(
            &error,
            GoldError::Kept {
                version: 1,
                found: Some(_),
                ..
            }
        ),
        "{error}"
    );
    fs::remove_file(&kept).unwrap();
    let error = GoldSet::freeze(&path, &world.task, 2).unwrap_err();
    assert!(
        matches!(
            &error,
            GoldError::Kept {
                version: 1,
                found: None,
                ..
            }
        ),
        "{error}"
    );
    fs::write(&kept, text).unwrap();
    GoldSet::freeze(&path, &world.task, 2).unwrap();
}

#[test]
fn a_chain_of_versions_that_is_out_of_order_was_edited() {
    let world = World::new(&[3, 5, 2]);
    let lock_file = world.path("gold.lock");
    let mut lock: GoldLock = read_json(&lock_file).unwrap();
    lock.earlier.push(lock.as_version());
    write_json(&lock_file, &lock).unwrap();
    let error = GoldSet::open(&world.path("gold.jsonl"), &lock_file, &world.task).unwrap_err();
    assert!(matches!(error, GoldError::LockEdited { .. }), "{error}");
}

#[test]
fn a_lock_of_before_there_were_chains_opens_and_only_labels_may_change() {
    let world = World::new(&[3, 5, 2]);
    assert!(
        !fs::read_to_string(world.path("gold.lock"))
            .unwrap()
            .contains("earlier")
    );
    // As it was before copies were kept.
    fs::remove_file(world.path("gold.v1.jsonl")).unwrap();
    fs::remove_file(world.path("gold.v1.lock")).unwrap();
    GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task).unwrap();
    let frozen =
        GoldSet::freeze_because(&world.path("gold.jsonl"), &task(4), 2, &Reasons::default()).unwrap();
    let diff = frozen.diff.unwrap();
    assert_eq!(
        (diff.parts_added, diff.unchanged),
        (vec!["label-03".to_owned()], 10)
    );
}

#[test]
fn a_preview_writes_nothing_and_asks_for_no_reasons() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    write_json_lines(&path, changed()).unwrap();
    let files = || fs::read_dir(world.folder.path()).unwrap().count();
    let before = files();
    let diff = preview_freeze(&path, &world.task, 2, &Reasons::default())
        .unwrap()
        .diff
        .unwrap();
    assert_eq!(diff.unexplained().len(), 3);
    assert!(diff.to_string().contains("NO REASON GIVEN"));
    assert_eq!(files(), before);
}

#[test]
fn rows_that_came_back_under_another_id_are_counted() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("gold.jsonl");
    let renamed = rows(&[3, 5, 2]).into_iter().map(|row| GoldRow {
        id: format!("q-{}", row.id),
        ..row
    });
    write_json_lines(&path, renamed).unwrap();
    let diff = preview_freeze(&path, &world.task, 2, &Reasons::default())
        .unwrap()
        .diff
        .unwrap();
    assert_eq!(
        (diff.removed.len(), diff.added.len(), diff.under_another_id),
        (10, 10, 10)
    );
}

#[test]
fn a_new_version_does_not_begin_unseen() {
    let world = World::new(&[3, 5, 2]);
    let look = |hash: &ContentHash, version| Look {
        at: "now".to_owned(),
        gold_version: version,
        gold_hash: hash.clone(),
        predictor: "a".to_owned(),
        model_hash: None,
        answers_hash: ContentHash::of_bytes(b"answers"),
        gate: "strict".to_owned(),
        accuracy: 0.5,
        verdict: Verdict::Hold,
        right: None,
    };
    let path = world.path("gold.jsonl");
    write_json_lines(&path, rows(&[3, 5, 3])).unwrap();
    let second = GoldSet::freeze(&path, &world.task, 2).unwrap();
    let file = world.path("history.jsonl");
    for (hash, version) in [
        (&world.gold.lock().hash, 1),
        (&world.gold.lock().hash, 1),
        (&second.lock().hash, 2),
    ] {
        History::append(&file, &look(hash, version)).unwrap();
    }
    let before = History::open(&file).unwrap().before_version(second.lock());
    assert_eq!((before.looks, before.at_earlier_versions), (1, 2));
    let history = History::open(&file).unwrap();
    let before = history.before_version(world.gold.lock());
    assert_eq!((before.looks, before.at_earlier_versions), (2, 0));
    let answer = |row: &GoldRow| TeacherAnswer {
        id: row.id.clone(),
        answer: row.label.clone(),
        confidence: None,
    };
    let baseline = Baseline::pin(&second, teacher(), second.rows().iter().map(answer)).unwrap();
    let rows = second.rows().iter().map(|row| PredictedRow {
        id: row.id.clone(),
        prediction: Prediction::new(row.label.clone()),
    });
    let candidate = Predictions::new("a", &second, rows).unwrap();
    let case = Case::new(&second, &baseline, &candidate, "now").with_history(&history);
    let report = judge(&case, &Preset::ClearTheLine.config().check().unwrap()).unwrap();
    let note = "Versions before this one were looked at 2 times";
    assert!(
        report.notes.iter().any(|said| said.starts_with(note)),
        "{:?}",
        report.notes
    );
}
