//! The held-out rows, and which adapter is the best on them.

use std::{cmp::Ordering, collections::BTreeMap};

use base_model::Adapter;
use task_spec::Task;

use crate::{BestBy, LabelAccuracy, Objective, Shards, lineage::EvaluationRecord};

/// Scores some rows, by their indices.
pub(crate) fn evaluate(
    (objective, task): (&Objective<'_>, &Task),
    adapter: &Adapter,
    rows: &[usize],
    best_by: BestBy,
    shards: &Shards,
    step: usize,
) -> EvaluationRecord {
    let labels = match best_by {
        BestBy::Loss => None,
        BestBy::WorstLabel => {
            let scores = objective.log_scores(adapter, rows, shards);
            let wanted = rows.iter().filter_map(|&row| objective.rows()[row].label());
            accuracy(wanted.zip(&scores), task)
        }
    };
    EvaluationRecord {
        step,
        loss: objective.mean_loss(adapter, rows, shards),
        labels,
    }
}

/// Whether an evaluation is better than the best so far, if there is one: by the worst label, then by all rows, then by the
/// loss, as far as known. One whose loss is no number never is.
pub(crate) fn is_better(new: &EvaluationRecord, best: Option<&EvaluationRecord>) -> bool {
    let Some(old) = best else {
        return !new.loss.is_nan();
    };
    let by_labels = match (&new.labels, &old.labels) {
        (Some(new), Some(old)) => new
            .worst
            .total_cmp(&old.worst)
            .then(new.overall.total_cmp(&old.overall)),
        _ => Ordering::Equal,
    };
    match by_labels {
        Ordering::Greater => !new.loss.is_nan(),
        Ordering::Less => false,
        Ordering::Equal => new.loss < old.loss,
    }
}

/// How many rows get the right label; each is given with its label and all labels' scores.
fn accuracy<'s>(rows: impl Iterator<Item = (usize, &'s Vec<f64>)>, task: &Task) -> Option<LabelAccuracy> {
    let mut of_label: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (wanted, scores) in rows {
        let found = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(b.cmp(&a)));
        let (right, all) = of_label.entry(wanted).or_default();
        *right += usize::from(found == Some(wanted));
        *all += 1;
    }
    let share = |(right, all): &(usize, usize)| *right as f64 / *all as f64;
    let (&label, worst) = of_label.iter().min_by(|a, b| share(a.1).total_cmp(&share(b.1)))?;
    let total = of_label
        .values()
        .fold((0, 0), |sum, (right, all)| (sum.0 + right, sum.1 + all));
    Some(LabelAccuracy {
        overall: share(&total),
        worst_label: task.labels().labels().get(label)?.name.clone(),
        worst: share(worst),
    })
}

#[cfg(test)]
mod tests {
    use task_spec::Label;

    use super::*;

    #[test]
    fn the_worst_label_is_as_loud_as_the_average() {
        let task = Task::of_labels("t", ["a", "b", "c"].map(Label::new).to_vec()).unwrap();
        let scores = [
            vec![0.9, 0.1, 0.0],
            vec![0.2, 0.2, 0.1],
            vec![0.0, 0.1, 0.9],
            vec![0.3, 0.4, 0.1],
        ];
        let found = accuracy([0, 1, 2, 1].into_iter().zip(&scores), &task).unwrap();
        // Of equal scores the first label is the answer.
        let expected = LabelAccuracy {
            overall: 0.75,
            worst_label: "b".to_owned(),
            worst: 0.5,
        };
        assert_eq!(found, expected);
        assert_eq!(accuracy(std::iter::empty(), &task), None);
    }

    #[test]
    fn a_lower_loss_does_not_make_up_for_a_worse_label() {
        let record = |loss, worst, overall| EvaluationRecord {
            step: 1,
            loss,
            labels: Some(LabelAccuracy {
                overall,
                worst_label: String::new(),
                worst,
            }),
        };
        let old = record(1.0, 0.5, 0.8);
        assert!(!is_better(&record(0.5, 0.4, 0.9), Some(&old)));
        assert!(is_better(&record(2.0, 0.6, 0.7), Some(&old)));
        assert!(is_better(&record(2.0, 0.5, 0.9), Some(&old)));
        assert!(is_better(&record(0.9, 0.5, 0.8), Some(&old)));
        assert!(!is_better(&old, Some(&old)));
        assert!(!is_better(&record(f64::NAN, 0.5, 0.8), Some(&old)));
        // Nor is it the best for want of another, which no later one would be better than.
        assert!(!is_better(&record(f64::NAN, 0.9, 0.9), Some(&old)));
        assert!(!is_better(&record(f64::NAN, 0.5, 0.8), None));
        assert!(is_better(&old, None));
    }
}
