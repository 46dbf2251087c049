//! Gold rows as the next version of a frozen set.

use std::fs;

use gold_eval::{Baseline, GoldError, GoldKind, GoldSet, Reasons, Teacher, TeacherAnswer};

use crate::world::{World, world, world_of_fields, world_of_sentences};

/// The file freezes as version 2 and opens again, or is refused and leaves everything as it was; whatever the kind of the
/// task.
pub fn holds(data: &[u8]) {
    holds_for(&world(), data);
    holds_for(&world_of_fields(), data);
    holds_for(&world_of_sentences(), data);
}

fn holds_for<K: GoldKind>(world: &World<K>, data: &[u8]) {
    let lock = fs::read(world.path("gold.lock")).expect("it was frozen");
    let path = world.write("gold.jsonl", data);
    refuses_or_is_the_same(world, &lock);
    let reasons = Reasons::default().with_every("made by a machine");
    let without = GoldSet::freeze(&path, &world.task, 2);
    let frozen = match (without, GoldSet::freeze_because(&path, &world.task, 2, &reasons)) {
        (Ok(set), Ok(again)) => {
            assert_eq!(set.lock(), again.gold.lock());
            set
        }
        (Err(GoldError::Unexplained { rows, .. }), Ok(frozen)) => {
            let diff = frozen.diff.expect("there was a version before");
            assert!(rows > 0 && rows == diff.changed_ids().len() as u64 && diff.unexplained().is_empty());
            assert!(!diff.to_string().is_empty());
            frozen.gold
        }
        (Err(_), Err(_)) => {
            assert_eq!(fs::read(world.path("gold.lock")).ok(), Some(lock));
            return;
        }
        (without, with) => panic!("{without:?} without reasons and {with:?} with them"),
    };
    can_be_answered(&frozen);
    for (rows, lock) in [("gold.jsonl", "gold.lock"), ("gold.v2.jsonl", "gold.v2.lock")] {
        let opened = GoldSet::open(&world.path(rows), &world.path(lock), &world.task).expect("it was frozen");
        assert_eq!((opened.rows(), opened.lock()), (frozen.rows(), frozen.lock()));
    }
    let old = GoldSet::open(
        &world.path("gold.v1.jsonl"),
        &world.path("gold.v1.lock"),
        &world.task,
    );
    assert_eq!(old.expect("it was frozen").rows(), world.gold.rows());
}

/// Against the lock of version 1.
fn refuses_or_is_the_same<K: GoldKind>(world: &World<K>, lock: &[u8]) {
    if let Ok(opened) = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task) {
        assert_eq!(opened.rows(), world.gold.rows());
    }
    assert_eq!(fs::read(world.path("gold.lock")).expect("it was frozen"), lock);
}

/// Any text is an answer to any row, and a baseline of such answers opens as what it was pinned as.
fn can_be_answered<K: GoldKind>(gold: &GoldSet<K>) {
    let answers = gold.ids().zip(gold.inputs()).map(|(id, input)| TeacherAnswer {
        id: id.to_owned(),
        answer: input.into_owned(),
        confidence: None,
    });
    let baseline = Baseline::pin(gold, Teacher::new("t-2026", ""), answers).expect("every row is answered");
    assert!(baseline.correct() + baseline.outside() <= gold.lock().rows);
    let folder = tempfile::tempdir().expect("there is room for files");
    let path = folder.path().join("baseline.json");
    baseline.write(&path).expect("it can be written");
    let opened = Baseline::open(&path, gold).expect("what was written can be read");
    assert_eq!(opened.rows(), baseline.rows());
}
