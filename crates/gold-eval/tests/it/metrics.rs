//! The figures beside the rules, through a whole case.

use gold_eval::{
    Case, GoldSet, JudgeError, PairedCounts, PredictedRow, Predictions, Preset, holm, judge,
    mcnemar_mid_p_worse,
};
use task_spec::{Label, LabelProbability, Prediction, Task};

use crate::world::World;

fn gate() -> gold_eval::Gate {
    Preset::ClearTheLine.config().check().unwrap()
}

#[test]
fn every_category_is_tested_against_the_last_shipped_model_with_holm_of_its_own() {
    let world = World::new(&[40, 40, 20, 3]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.9));
    // The candidate has lost the second category, which the baseline never had.
    let candidate = world.answers(2, |label, _| if label == 1 { 0.3 } else { 0.95 });
    let shipped = world.answers(3, |_, _| 0.95);
    let right = |answers: &[(String, String)]| -> Vec<bool> {
        let rows = world.gold.rows().iter().zip(answers);
        rows.map(|(row, (_, answer))| row.label == *answer).collect()
    };
    let (ours, theirs) = (right(&candidate), right(&shipped));
    let (candidate, shipped) = (world.predictions(candidate), world.predictions(shipped));
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_shipped(&shipped);
    let report = judge(&case, &gate()).unwrap();

    let mut found: Vec<_> = report.categories.iter().collect();
    found.sort_by(|a, b| a.label.cmp(&b.label));
    let mut p = Vec::new();
    for category in &found {
        let mut counts = PairedCounts::default();
        for (row, gold) in world.gold.rows().iter().enumerate() {
            if gold.label == category.label {
                counts.add(ours[row], theirs[row]);
            }
        }
        let change = category.against_shipped.as_ref().unwrap();
        assert_eq!(change.counts, counts, "{}", category.label);
        assert_eq!(change.difference, counts.difference());
        assert!((category.recall - category.shipped_recall.unwrap() - change.difference).abs() < 1e-12);
        p.push(mcnemar_mid_p_worse(counts.gains, counts.losses));
    }
    for (category, adjusted) in found.iter().zip(holm(&p)) {
        assert_eq!(category.against_shipped.as_ref().unwrap().p_worse_holm, adjusted);
    }
    assert!(found[1].against_shipped.as_ref().unwrap().p_worse_holm < 0.001);
    let says =
        |note: &String| note.contains("“label-01” is shown to be worse than with the last shipped model");
    assert!(report.notes.iter().any(says), "{:?}", report.notes);
    // The surest loss comes first in both tables of changes.
    let lost = found[1].against_shipped.as_ref().unwrap().counts;
    let comment = report.to_markdown();
    let table = comment
        .split("### Categories against the last shipped model")
        .nth(1)
        .unwrap();
    let first = table.lines().find(|line| line.starts_with("| label")).unwrap();
    assert!(first.starts_with("| label-01 | 40 |"), "{first}");
    assert!(
        first.contains(&format!("| {} | {} | < 0.0001 |", lost.gains, lost.losses)),
        "{first}"
    );
    let page = report.to_html();
    let section = page
        .split("Categories against the last shipped model")
        .nth(1)
        .unwrap();
    let place = |label: &str| {
        section
            .find(&format!("<td>{}", label.replace('_', "_<wbr>")))
            .unwrap_or(usize::MAX)
    };
    let others = ["label-00", "label-02", "label-03"].map(place);
    assert!(others.into_iter().all(|other| place("label-01") < other));
}

#[test]
fn a_shipped_model_with_the_same_rows_right_changes_nothing() {
    let world = World::new(&[10, 10]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.9));
    let candidate = world.predictions(world.answers(2, |_, _| 0.9));
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_shipped(&candidate);
    let report = judge(&case, &gate()).unwrap();
    for text in [report.to_markdown(), report.to_html()] {
        let told = text.split("Categories against").nth(1).unwrap();
        assert!(told.contains("2 categories have the same rows right as before."));
    }
}

#[test]
fn without_a_shipped_model_nothing_is_said_of_it() {
    let world = World::new(&[10, 10]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.9));
    let candidate = world.predictions(world.answers(2, |_, _| 0.9));
    let report = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate()).unwrap();
    assert!(
        report
            .categories
            .iter()
            .all(|category| category.against_shipped.is_none())
    );
    assert!(
        !report.to_markdown().contains("Categories against")
            && !report.to_html().contains("Categories against")
    );
    assert_eq!(
        (report.metrics.repeats, report.metrics.distributions),
        (None, None)
    );
}

#[test]
fn further_runs_are_reported_and_do_not_move_the_verdict() {
    let world = World::new(&[60, 60]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.85));
    let candidate = world.predictions(world.answers(2, |_, _| 0.9));
    let further: Vec<Predictions> = (3..6)
        .map(|seed| world.predictions(world.answers(seed, |_, _| 0.9)))
        .collect();
    let alone = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate()).unwrap();
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_repeats(&further);
    let report = judge(&case, &gate()).unwrap();
    assert_eq!((report.verdict, &report.rules), (alone.verdict, &alone.rules));
    let repeats = report.metrics.repeats.as_ref().unwrap();
    assert_eq!(
        (repeats.runs, repeats.accuracies[0]),
        (4, report.candidate.score.accuracy.value)
    );
    // Independent runs that are right on 90% differ on 18% of rows.
    assert!((0.1..0.26).contains(&repeats.flip_rate), "{repeats:?}");
    assert!(repeats.majority.value > repeats.mean, "{repeats:?}");
    let comment = report.to_markdown();
    assert!(comment.contains("| Mean of 4 runs |"), "{comment}");

    let other = World::new(&[60, 59]);
    let of_other = [other.predictions(other.answers(3, |_, _| 0.9))];
    let case = Case::new(&world.gold, &baseline, &candidate, "now").with_repeats(&of_other);
    let refused = judge(&case, &gate());
    assert!(
        matches!(
            refused,
            Err(JudgeError::OtherGold {
                part: "a further run's answers",
                ..
            })
        ),
        "{refused:?}"
    );
}

/// The same rows opened for the same labels in another order: an index means another label then.
#[test]
fn distributions_are_read_for_the_labels_of_the_set_at_hand() {
    let world = World::new(&[20, 10, 5]);
    let baseline = world.baseline(world.answers(1, |_, _| 0.8));
    let rows = world.answers(2, |_, _| 0.9).into_iter().map(|(id, answer)| {
        let mut prediction = Prediction::new(&answer);
        let others = (0..3)
            .map(|i| format!("label-{i:02}"))
            .filter(|label| *label != answer);
        let rest = others
            .zip([0.25, 0.05])
            .map(|(label, probability)| LabelProbability { label, probability });
        let first = LabelProbability {
            label: answer.clone(),
            probability: 0.7,
        };
        prediction.probabilities = std::iter::once(first).chain(rest).collect();
        PredictedRow { id, prediction }
    });
    let candidate = Predictions::new("adapter", &world.gold, rows).unwrap();
    let report = judge(&Case::new(&world.gold, &baseline, &candidate, "now"), &gate()).unwrap();

    let turned = Task::of_labels(
        "demo",
        ["label-02", "label-00", "label-01"].map(Label::new).to_vec(),
    )
    .unwrap();
    let gold = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &turned).unwrap();
    let again = judge(&Case::new(&gold, &baseline, &candidate, "now"), &gate()).unwrap();
    assert_eq!(report.metrics, again.metrics);
    let found = report.metrics.distributions.unwrap();
    assert!((0.2..0.6).contains(&found.log_loss), "{found:?}");
    // The confidence is that of the answer, 0.7 everywhere.
    let calibration = report.calibration.unwrap();
    assert_eq!(calibration.bins.len(), 1);
    assert!(
        (calibration.bins[0].mean_confidence - 0.7).abs() < 1e-12,
        "{calibration:?}"
    );
}
