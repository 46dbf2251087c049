//! The other files around a gold set: a byte for which, then the lock, a baseline, predictions, a history, a gate or
//! reasons.

use gold_eval::{Baseline, Carry, GateConfig, GoldSet, History, Predictions, Reasons};
use stage_files::read_toml;

use crate::world::{World, world};

/// The file is refused by an error that can be put into words, or means what it says.
pub fn holds(data: &[u8]) {
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let world = world();
    let path = world.write("file", text);
    match which % 6 {
        0 => {
            if let Ok(gold) = GoldSet::open(&world.path("gold.jsonl"), &path, &world.task) {
                assert_eq!(gold.rows(), world.gold.rows());
                let earlier = gold.lock().earlier.iter().map(|earlier| earlier.version);
                assert!(earlier.chain([gold.lock().version]).is_sorted_by(|a, b| a < b));
                drop(GoldSet::freeze(&world.path("gold.jsonl"), &world.task, 2));
            }
        }
        1 => baseline_means_what_it_says(&world, &path),
        2 => {
            if let Ok(predictions) = Predictions::open(&path, "p", &world.gold) {
                assert_eq!(predictions.rows().len(), world.gold.rows().len());
                let again = world.path("again.jsonl");
                predictions.write(&again, &world.gold).expect("it can be written");
                let again =
                    Predictions::open(&again, "p", &world.gold).expect("what was written can be read");
                assert_eq!(again.answers_hash(), predictions.answers_hash());
            }
        }
        3 => {
            if let Ok(history) = History::open(&path) {
                let before = history.before_version(world.gold.lock());
                assert!(before.candidates <= before.looks && before.looks <= history.looks().len() as u64);
                for look in history.looks() {
                    History::append(&path, look).expect("a look that was read can be written");
                }
                let doubled = History::open(&path).expect("what was written can be read");
                assert_eq!(doubled.looks().len(), 2 * history.looks().len());
            }
        }
        4 => {
            if let Ok(config) = read_toml::<GateConfig>(&path) {
                drop(config.check());
            }
        }
        _ => drop(Reasons::default().with_file(&path)),
    }
}

fn baseline_means_what_it_says(world: &World, path: &std::path::Path) {
    drop(Carry::open(path, &world.path("gold.jsonl"), &world.gold));
    let opened = Baseline::open(path, &world.gold);
    let rescored = Baseline::rescore(path, &world.gold);
    let Ok(baseline) = opened else {
        return;
    };
    let (again, change) = rescored.expect("what opens can be scored again");
    assert!(change.rows.is_empty() && change.correct_before == change.correct_after);
    assert_eq!(again.rows(), baseline.rows());
    assert!(baseline.correct() + baseline.outside() <= world.gold.rows().len() as u64);
    let copy = world.path("copy.json");
    baseline.write(&copy).expect("it can be written");
    Baseline::open(&copy, &world.gold).expect("what was written can be read");
}
