use std::collections::BTreeSet;

use gold_eval::{
    BROKEN_INPUT_EXIT_CODE, Case, Gate, GoldSet, History, JudgeError, Outcome, PredictedRow, Predictions,
    Preset, Report, Verdict, judge,
};
use task_spec::{LabelProbability, Prediction, Task};

use crate::world::World;

fn gate(preset: Preset) -> Gate {
    preset.config().check().unwrap()
}

/// A teacher right on 9 of 10 rows of each category, and a candidate that is always right but where `spoil` says
/// that it is wrong.
fn report(world: &World, preset: Preset, spoil: impl Fn(usize, usize) -> bool) -> Report {
    let labels = world.task.labels();
    let rows = || {
        let mut seen = vec![0; labels.len()];
        let rows = world.gold.rows().iter();
        rows.map(move |row| {
            let label = labels.index_of(&row.label).unwrap();
            seen[label] += 1;
            (row, label, seen[label] - 1)
        })
    };
    let next = |label: usize| labels.name((label + 1) % labels.len()).unwrap().to_owned();
    let teacher = rows().map(|(row, label, place)| {
        (
            row.id.clone(),
            if place % 10 == 9 {
                next(label)
            } else {
                row.label.clone()
            },
        )
    });
    let candidate = rows().map(|(row, label, place)| {
        (
            row.id.clone(),
            if spoil(label, place) {
                next(label)
            } else {
                row.label.clone()
            },
        )
    });
    let (baseline, candidate) = (
        world.baseline(teacher.collect()),
        world.predictions(candidate.collect()),
    );
    judge(
        &Case::new(&world.gold, &baseline, &candidate, "2026-11-05"),
        &gate(preset),
    )
    .unwrap()
}

#[test]
fn what_is_public_crosses_threads() {
    fn crosses<T: Send + Sync>() {}
    crosses::<(
        GoldSet,
        gold_eval::GoldError,
        gold_eval::Baseline,
        gold_eval::BaselineError,
    )>();
    crosses::<(
        Predictions,
        gold_eval::PredictionsError,
        Gate,
        gold_eval::GateConfigError,
    )>();
    crosses::<(Case<'_>, JudgeError, Report, History)>();
}

#[test]
fn the_exit_codes_are_those_that_are_documented() {
    assert_eq!(
        [Verdict::Ship, Verdict::Hold, Verdict::CannotTell].map(Verdict::exit_code),
        [0, 1, 2]
    );
    assert_eq!(BROKEN_INPUT_EXIT_CODE, 3);
}

#[test]
fn a_clearly_better_candidate_ships_on_a_long_tail() {
    let world = World::long_tail();
    let rows = world.gold.rows().len();
    assert!((1400..1600).contains(&rows), "{rows} rows");
    assert_eq!(world.supports.iter().min(), Some(&8));
    for preset in [Preset::ClearTheLine, Preset::NotInferior] {
        let report = report(&world, preset, |label, place| label < 10 && place % 20 == 19);
        assert_eq!(report.verdict, Verdict::Ship, "{}", report.summary);
        assert!(report.rules.iter().all(|rule| rule.outcome == Outcome::Pass));
    }
    // The strict gate wants ten rows of every category before it says anything of it.
    let strict = report(&world, Preset::Strict, |_, _| false);
    assert_eq!(strict.verdict, Verdict::CannotTell, "{}", strict.summary);
    let floor = &strict.rules[3];
    let short = world.supports.iter().filter(|&&rows| rows < 10).count();
    assert_eq!(floor.settle.len(), short, "{}", floor.evidence);
    assert!(floor.settle.iter().all(|rows| rows.need == 10));
}

#[test]
fn a_gain_on_the_average_that_loses_a_rare_category_never_ships() {
    for rare in 1..=15 {
        let mut supports = vec![60; 20];
        supports.push(rare);
        let world = World::new(&supports);
        for preset in Preset::ALL {
            let report = report(&world, preset, |label, _| label == 20);
            assert!(
                report.against_baseline.p_better < 0.001,
                "the candidate gains on the average"
            );
            assert_ne!(
                report.verdict,
                Verdict::Ship,
                "{rare} rows, {preset}: {}",
                report.summary
            );
            assert_eq!(report.categories[0].label, "label-20", "the worst comes first");
        }
    }
}

#[test]
fn losing_a_rare_category_of_ten_is_held_and_not_left_open() {
    let mut supports = vec![60; 20];
    supports.push(10);
    let report = report(&World::new(&supports), Preset::ClearTheLine, |label, _| {
        label == 20
    });
    assert_eq!(report.verdict, Verdict::Hold, "{}", report.summary);
}

#[test]
fn a_candidate_like_the_teacher_is_neither_shipped_nor_held() {
    let world = World::new(&[40, 40, 40]);
    let report = report(&world, Preset::ClearTheLine, |_, place| place % 10 == 9);
    assert_eq!(report.verdict, Verdict::CannotTell, "{}", report.summary);
    assert_eq!(
        (
            report.against_baseline.counts.gains,
            report.against_baseline.counts.losses
        ),
        (0, 0)
    );
}

#[test]
fn a_clearly_worse_candidate_is_held() {
    let report = report(&World::new(&[40, 40, 40]), Preset::NotInferior, |_, place| {
        place % 3 == 0
    });
    assert_eq!(report.verdict, Verdict::Hold, "{}", report.summary);
}

#[test]
fn rows_with_a_neighbour_in_training_are_scored_apart() {
    let world = World::new(&[20, 20]);
    let rows = world.gold.rows();
    // The candidate knows only what has a neighbour in training: the first half of the rows.
    let near: BTreeSet<String> = rows.iter().take(20).map(|row| row.id.clone()).collect();
    let answers = |known: &dyn Fn(&str) -> bool| {
        rows.iter()
            .map(|row| {
                (
                    row.id.clone(),
                    if known(&row.id) {
                        row.label.clone()
                    } else {
                        "lost".to_owned()
                    },
                )
            })
            .collect::<Vec<_>>()
    };
    let baseline = world.baseline(answers(&|_| true));
    let candidate = world.predictions(answers(&|id| near.contains(id)));
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_near_in_training(&near);
    let report = judge(&case, &gate(Preset::NotInferior)).unwrap();
    let apart = report.apart_from_neighbours.unwrap();
    assert_eq!(
        (
            apart.near_rows,
            apart.candidate.unwrap().count,
            apart.candidate.unwrap().of
        ),
        (20, 0, 20)
    );
    assert_eq!(apart.baseline.unwrap().value, 1.0);
    assert_eq!(
        [apart.near_candidate, apart.near_baseline].map(|share| share.unwrap().count),
        [20, 20]
    );
    assert_eq!(report.candidate.score.accuracy.value, 0.5);
    assert_eq!(report.candidate.score.outside, 20);

    let stranger = BTreeSet::from(["stranger".to_owned()]);
    let error = judge(&case.with_near_in_training(&stranger), &gate(Preset::Strict)).unwrap_err();
    assert_eq!(
        error,
        JudgeError::UnknownNeighbour {
            id: "stranger".to_owned()
        }
    );
    let all: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    let report = judge(&case.with_near_in_training(&all), &gate(Preset::Strict)).unwrap();
    assert_eq!(report.apart_from_neighbours.unwrap().candidate, None);
}

#[test]
fn the_last_shipped_model_is_compared_by_row_and_by_category() {
    let world = World::new(&[50, 50]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.8));
    let shipped = world.predictions(world.answers(2, |label, _| if label == 0 { 1.0 } else { 0.5 }));
    let candidate = world.predictions(world.answers(3, |_, _| 1.0));
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_shipped(&shipped);
    let report = judge(&case, &gate(Preset::ClearTheLine)).unwrap();
    let against = report.against_shipped.unwrap();
    let first = report.categories.iter().find(|c| c.label == "label-00").unwrap();
    let second = report.categories.iter().find(|c| c.label == "label-01").unwrap();
    assert_eq!(first.shipped_recall, Some(1.0));
    assert_eq!(
        (against.counts.losses, against.counts.gains),
        (0, (50.0 * (1.0 - second.shipped_recall.unwrap())).round() as u64)
    );
    assert!(against.p_mid < 0.001);
}

#[test]
fn parts_of_another_gold_set_are_refused() {
    let (world, other) = (World::new(&[5, 5]), World::new(&[5, 6]));
    let baseline = world.baseline(world.answers(1, |_, _| 1.0));
    let candidate = world.predictions(world.answers(1, |_, _| 1.0));
    let strange = other.predictions(other.answers(1, |_, _| 1.0));
    let gate = gate(Preset::ClearTheLine);
    let part = |case: Case<'_>| match judge(&case, &gate).unwrap_err() {
        JudgeError::OtherGold { part, .. } => part,
        error => panic!("{error}"),
    };
    assert_eq!(
        part(Case::new(&world.gold, &baseline, &strange, "now")),
        "the candidate's answers"
    );
    assert_eq!(
        part(Case::new(&other.gold, &baseline, &strange, "now")),
        "the baseline"
    );
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_shipped(&strange);
    assert_eq!(part(case), "the last shipped model's answers");
}

#[test]
fn the_order_in_which_the_task_lists_its_labels_does_not_matter() {
    let world = World::new(&[30, 20, 10]);
    let (teacher, answers) = (world.answers(1, |_, _| 0.8), world.answers(2, |_, _| 0.9));
    let (baseline, candidate) = (world.baseline(teacher), world.predictions(answers));
    let labels = world.task.labels().labels().iter().rev().cloned().collect();
    let reversed = Task::of_labels("demo", labels).unwrap();
    let gold = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &reversed).unwrap();
    let gate = gate(Preset::ClearTheLine);
    let one = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate).unwrap();
    let other = judge(&Case::new(&gold, &baseline, &candidate, "now"), &gate).unwrap();
    assert_eq!(one, other);
}

#[test]
fn a_distribution_without_a_confidence_gives_the_answers_probability() {
    let world = World::new(&[2, 2]);
    let baseline = world.baseline(world.answers(1, |_, _| 1.0));
    let rows = world.gold.rows().iter().map(|row| PredictedRow {
        id: row.id.clone(),
        prediction: Prediction {
            probabilities: [("label-00", 0.7), ("label-01", 0.3)]
                .map(|(label, probability)| LabelProbability {
                    label: label.to_owned(),
                    probability,
                })
                .into(),
            ..Prediction::new("label-00")
        },
    });
    let candidate = Predictions::new("adapter", &world.gold, rows).unwrap();
    let case = Case::new(&world.gold, &baseline, &candidate, "now");
    let calibration = judge(&case, &gate(Preset::Strict)).unwrap().calibration.unwrap();
    // Right on half of the rows with a confidence of 0.7.
    assert!((calibration.ece - 0.2).abs() < 1e-12, "{calibration:?}");
}

#[test]
fn every_look_is_counted() {
    let world = World::new(&[30, 30]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.9));
    let path = world.path("history.jsonl");
    for seed in 0..3 {
        let candidate = world.predictions(world.answers(10 + seed, |_, _| 0.9));
        let history = History::open(&path).unwrap();
        let case = Case::new(&world.gold, &baseline, &candidate, "now").with_history(&history);
        let report = judge(&case, &gate(Preset::ClearTheLine)).unwrap();
        assert_eq!(report.looks_before.as_ref().unwrap().looks, seed);
        History::append(&path, &report.look()).unwrap();
    }
    let history = History::open(&path).unwrap();
    assert_eq!(history.looks().len(), 3);
    assert_eq!(history.before(&world.gold.lock().hash).candidates, 3);
}
