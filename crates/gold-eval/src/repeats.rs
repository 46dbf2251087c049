//! A model that does not always give the same answer.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{Comparison, Interval, MetricsError, PairedCounts, Share, label_metrics::fit};

/// Several runs of one model over the same rows.
///
/// Five answers to a row are five looks at one row and not five rows: every interval and test here takes rows as its
/// units (Miller 2024, arXiv:2411.00640, sections 2 and 3, on answers that are resampled and clustered).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// How many runs; at least 2.
    pub runs: u64,
    /// The accuracy of each run, in the order in which they were given.
    pub accuracies: Vec<f64>,
    /// Their mean: the accuracy to expect of a single answer.
    pub mean: f64,
    /// The interval of that mean for new rows, by Student's t over the rows; `None` where all rows have the same share
    /// of right answers.
    pub interval: Option<Interval>,
    /// The standard deviation of the runs' accuracies, over `runs - 1`: what a single run is off by chance of sampling.
    pub standard_deviation: f64,
    /// The chance that two runs answer a row differently, in 0..1. Answers outside the task count as one answer.
    pub flip_rate: f64,
    /// Rows on which the runs are not unanimous.
    pub not_unanimous: Share,
    /// The accuracy of the answer that most runs give, which is another, steadier model. Where several answers are
    /// given most often, it is the one of them that the earliest run gives.
    pub majority: Share,
    /// Rows on which several answers are given most often.
    pub tied: u64,
    /// Against the other model, by the majority's answer: McNemar on rows.
    pub majority_against: Comparison,
    /// Against the other model, by the mean over the runs.
    pub mean_against: MeanDifference,
}

/// The share of runs that have a row right less whether the other model has it right, averaged over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanDifference {
    /// The mean, in -1..1: mean accuracy of the runs less the other model's.
    pub difference: f64,
    /// Its interval, by Student's t over the rows; `None` where the difference is the same on all rows.
    pub interval: Option<Interval>,
    /// Two-sided p-value of the paired t-test; `None` likewise.
    pub p: Option<f64>,
}

/// The figures of runs over the same rows, against another model that answered each row once.
///
/// Labels and answers are indices into `labels` labels, `None` outside the task; `other` is the name of the other model
/// and its answers. `confidence` is that of the intervals, two-sided.
///
/// # Errors
///
/// [`MetricsError`] if there are no rows or fewer than two runs, or the lists do not fit.
pub fn repeats(
    truth: &[usize],
    runs: &[Vec<Option<usize>>],
    (other_name, other): (&str, &[Option<usize>]),
    labels: usize,
    confidence: f64,
) -> Result<Repeats, MetricsError> {
    for answers in runs.iter().map(Vec::as_slice).chain([other]) {
        fit(truth, answers, labels)?;
    }
    if runs.len() < 2 {
        return Err(MetricsError::FewRuns { runs: runs.len() });
    }
    let rows: Vec<Row> = (0..truth.len()).map(|row| Row::of(row, truth, runs)).collect();
    let (count, pairs) = (truth.len() as u64, (runs.len() * (runs.len() - 1)) as f64);
    let share = |of: &dyn Fn(&Row) -> bool| {
        Share::new(
            rows.iter().filter(|row| of(row)).count() as u64,
            count,
            confidence,
        )
        .ok_or(MetricsError::NoRows)
    };
    let accuracies: Vec<f64> = runs.iter().map(|answers| accuracy(truth, answers)).collect();
    let shares: Vec<f64> = rows
        .iter()
        .map(|row| row.right as f64 / runs.len() as f64)
        .collect();
    let (mut counts, mut differences) = (PairedCounts::default(), Vec::with_capacity(rows.len()));
    for ((row, share), (truth, other)) in rows.iter().zip(&shares).zip(truth.iter().zip(other)) {
        let other_right = *other == Some(*truth);
        counts.add(row.majority_right, other_right);
        differences.push(share - f64::from(u8::from(other_right)));
    }
    let (right, against) = (Sample::of(&shares), Sample::of(&differences));
    Ok(Repeats {
        runs: runs.len() as u64,
        mean: right.mean,
        interval: right.interval(confidence).map(|interval| Interval {
            low: interval.low.max(0.0),
            high: interval.high.min(1.0),
        }),
        standard_deviation: Sample::of(&accuracies).variance.sqrt(),
        accuracies,
        flip_rate: rows.iter().map(|row| row.differing as f64).sum::<f64>() / (pairs * count as f64),
        not_unanimous: share(&|row| row.differing > 0)?,
        majority: share(&|row| row.majority_right)?,
        tied: rows.iter().filter(|row| row.tied).count() as u64,
        majority_against: Comparison::new(other_name, counts, confidence),
        mean_against: MeanDifference {
            difference: against.mean,
            interval: against.interval(confidence),
            p: against.p(),
        },
    })
}

fn accuracy(truth: &[usize], answers: &[Option<usize>]) -> f64 {
    let right = truth
        .iter()
        .zip(answers)
        .filter(|(truth, answer)| **answer == Some(**truth));
    right.count() as f64 / truth.len() as f64
}

/// The answers of all runs to one row.
struct Row {
    /// Runs that have it right.
    right: usize,
    /// Ordered pairs of runs that differ.
    differing: usize,
    majority_right: bool,
    tied: bool,
}

impl Row {
    fn of(row: usize, truth: &[usize], runs: &[Vec<Option<usize>>]) -> Self {
        let (given, truth) = (|| runs.iter().map(|answers| answers[row]), Some(truth[row]));
        let mut sorted: Vec<Option<usize>> = given().collect();
        sorted.sort_unstable();
        let groups = || sorted.chunk_by(|a, b| a == b);
        let most = groups().map(<[_]>::len).max().unwrap_or_default();
        let winners: Vec<Option<usize>> = groups()
            .filter(|group| group.len() == most)
            .map(|group| group[0])
            .collect();
        Self {
            right: given().filter(|answer| *answer == truth).count(),
            differing: groups()
                .map(|group| group.len() * (sorted.len() - group.len()))
                .sum(),
            majority_right: given().find(|answer| winners.contains(answer)) == Some(truth),
            tied: winners.len() > 1,
        }
    }
}

/// Mean and variance of numbers, and Student's t on them.
struct Sample {
    count: f64,
    mean: f64,
    /// Over one less than the count; 0 of a single number.
    variance: f64,
}

impl Sample {
    fn of(numbers: &[f64]) -> Self {
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        // What rounding leaves of numbers that are all the same is no variance.
        let all_same = numbers.iter().all(|number| *number == numbers[0]);
        Self {
            count,
            mean,
            variance: if all_same { 0.0 } else { squares / (count - 1.0) },
        }
    }

    /// The standard error of the mean and its distribution; `None` without variance.
    fn student(&self) -> Option<(f64, StudentsT)> {
        let error = (self.variance / self.count).sqrt();
        let student = StudentsT::new(0.0, 1.0, self.count - 1.0).ok()?;
        (error > 0.0).then_some((error, student))
    }

    fn interval(&self, confidence: f64) -> Option<Interval> {
        let (error, student) = self.student()?;
        let half = student.inverse_cdf(0.5 + confidence.clamp(0.0, 1.0 - f64::EPSILON) / 2.0) * error;
        Some(Interval {
            low: self.mean - half,
            high: self.mean + half,
        })
    }

    fn p(&self) -> Option<f64> {
        let (error, student) = self.student()?;
        Some(2.0 * student.sf((self.mean / error).abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<usize> = Some(0);
    const B: Option<usize> = Some(1);

    fn of(truth: &[usize], runs: &[Vec<Option<usize>>], other: &[Option<usize>]) -> Repeats {
        repeats(truth, runs, ("teacher", other), 2, 0.95).unwrap()
    }

    #[test]
    fn flips_ties_and_the_majority_are_counted_by_row() {
        // Rows: unanimous and right; two of three right; all different, a tie of three; unanimous and outside.
        let runs = [vec![A, A, A, None], vec![A, B, B, None], vec![A, A, None, None]];
        let found = of(&[0, 0, 0, 0], &runs, &[A, B, B, A]);
        assert_eq!(found.accuracies, [0.75, 0.25, 0.5]);
        // Differing pairs of three: 0, 2 of 3, 3 of 3, 0.
        assert!(
            (found.flip_rate - (2.0 / 3.0 + 1.0) / 4.0).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!((found.not_unanimous.count, found.tied), (2, 1));
        // The tie goes to the first run.
        assert_eq!(found.majority.count, 3);
        assert_eq!(
            (
                found.majority_against.counts.gains,
                found.majority_against.counts.losses
            ),
            (2, 1)
        );
        assert!((found.mean_against.difference - (0.5 - 0.5)).abs() < 1e-12);
    }

    #[test]
    fn a_model_that_never_changes_has_no_flips_and_repeats_are_no_more_rows() {
        let answers: Vec<Option<usize>> = (0..100).map(|i| if i % 10 == 0 { B } else { A }).collect();
        let other: Vec<Option<usize>> = (0..100).map(|i| if i % 5 == 1 { B } else { A }).collect();
        let two = of(&[0; 100], &vec![answers.clone(); 2], &other);
        let ten = of(&[0; 100], &vec![answers; 10], &other);
        assert_eq!((two.flip_rate, two.standard_deviation), (0.0, 0.0));
        // Ten runs of the same answers are no more evidence than two.
        assert_eq!(two.majority_against, ten.majority_against);
        let (p_two, p_ten) = (two.mean_against.p.unwrap(), ten.mean_against.p.unwrap());
        assert!((p_two - p_ten).abs() < 1e-12 && p_two < 0.1, "{p_two} {p_ten}");
    }

    #[test]
    fn without_ties_the_order_of_runs_changes_no_figure_but_the_list() {
        let runs = [vec![A, B, B, A], vec![A, A, B, None], vec![B, A, B, A]];
        let other = [A, A, B, A];
        let (one, mut turned) = (of(&[0, 0, 1, 0], &runs, &other), runs);
        turned.reverse();
        let mut reversed = of(&[0, 0, 1, 0], &turned, &other);
        reversed.accuracies.reverse();
        assert!((one.standard_deviation - reversed.standard_deviation).abs() < 1e-15);
        reversed.standard_deviation = one.standard_deviation;
        assert_eq!(one, reversed);
    }

    #[test]
    fn of_two_runs_that_differ_the_first_is_the_majority() {
        let found = of(&[0, 0, 1], &[vec![A, B, None], vec![B, A, B]], &[A, A, A]);
        assert_eq!((found.majority.count, found.tied), (1, 3));
    }

    #[test]
    fn one_run_and_runs_of_other_lengths_are_refused() {
        let run = vec![A, B];
        let refused =
            |runs: &[Vec<Option<usize>>]| repeats(&[0, 1], runs, ("t", &[A, B]), 2, 0.95).unwrap_err();
        assert_eq!(
            refused(std::slice::from_ref(&run)),
            MetricsError::FewRuns { runs: 1 }
        );
        assert_eq!(
            refused(&[run, vec![A]]),
            MetricsError::Length {
                expected: 2,
                found: 1
            }
        );
    }
}
