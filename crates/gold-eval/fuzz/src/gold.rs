//! Gold rows as the next version of a frozen set.

use std::fs;

use gold_eval::{GoldError, GoldSet, Reasons};

use crate::world::{World, world};

/// The file freezes as version 2 and opens again, or is refused and leaves everything as it was.
pub fn holds(data: &[u8]) {
    let world = world();
    let lock = fs::read(world.path("gold.lock")).expect("it was frozen");
    let path = world.write("gold.jsonl", data);
    refuses_or_is_the_same(&world, &lock);
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
fn refuses_or_is_the_same(world: &World, lock: &[u8]) {
    if let Ok(opened) = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &world.task) {
        assert_eq!(opened.rows(), world.gold.rows());
    }
    assert_eq!(fs::read(world.path("gold.lock")).expect("it was frozen"), lock);
}
