//! The figures as rows of a table, for the page and for the comment.

use crate::{
    Abstention, Average, Kappa, LabelMetrics, Repeats, Report,
    figures::{count, counted, one_line, p_value, percent, percent_range, points, points_range},
};

/// A figure by name, of the candidate and of the baseline; empty where it is only known of the candidate.
pub(crate) struct FigureRow {
    pub(crate) name: String,
    pub(crate) candidate: String,
    pub(crate) baseline: String,
}

/// The figures of a report that stand nowhere else in it.
pub(crate) fn figure_rows(report: &Report) -> Vec<FigureRow> {
    let mut rows = of_labels(&report.metrics.candidate, &report.metrics.baseline);
    let confidence = of_confidence(report);
    let runs = report.metrics.repeats.iter().flat_map(figures_of_runs);
    rows.extend(
        confidence
            .into_iter()
            .chain(runs)
            .map(|(name, candidate)| FigureRow {
                name,
                candidate,
                baseline: String::new(),
            }),
    );
    rows
}

/// What is known of the candidate's confidences and distributions, by name.
fn of_confidence(report: &Report) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut add = |name: &str, what: String| rows.push((name.to_owned(), what));
    if let Some(found) = &report.calibration {
        add(
            "Calibration error, ten bins",
            format!(
                "{} of equal width, {} of equal mass",
                percent(found.ece),
                percent(found.ece_equal_mass)
            ),
        );
        add(
            "Brier, log loss of the confidence",
            format!("{:.4}, {:.4} nats", found.brier, found.log_loss),
        );
    }
    if let Some(found) = &report.metrics.distributions {
        add(
            "Brier, log loss of the distributions",
            format!(
                "{:.4}, {:.4} nats, {}",
                found.brier,
                found.log_loss,
                counted(found.rows, "row")
            ),
        );
        add(
            "Calibration error by label",
            format!(
                "{:.3} points on average, worst {:.1} ({})",
                100.0 * found.classwise_ece,
                100.0 * found.worst_ece,
                one_line(&found.worst_label, 60)
            ),
        );
    }
    if let Some(found) = &report.metrics.abstention {
        add(
            "Area of risk over coverage",
            format!(
                "{:.4} (a perfect order {:.4}, none {:.4})",
                found.aurc, found.best_aurc, found.random_aurc
            ),
        );
        rows.extend(cuts(found));
    }
    rows
}

/// How the candidate's runs differ, by name.
pub(crate) fn figures_of_runs(runs: &Repeats) -> Vec<(String, String)> {
    let interval = runs
        .interval
        .map_or_else(String::new, |interval| format!(" ({})", percent_range(interval)));
    let mut rows = vec![
        (
            format!("Mean of {} runs", runs.runs),
            format!(
                "{}{interval}, standard deviation between runs {:.2} points",
                percent(runs.mean),
                100.0 * runs.standard_deviation
            ),
        ),
        (
            "Rows on which runs differ".to_owned(),
            format!(
                "{} of {}; two runs differ on {}",
                count(runs.not_unanimous.count),
                count(runs.not_unanimous.of),
                percent(runs.flip_rate)
            ),
        ),
        (
            "Majority of the runs".to_owned(),
            format!(
                "{}, {} points against the baseline, mid-p {}",
                percent(runs.majority.value),
                points(runs.majority_against.difference),
                p_value(runs.majority_against.p_mid)
            ),
        ),
    ];
    let by_mean = &runs.mean_against;
    if let (Some(interval), Some(p)) = (by_mean.interval, by_mean.p) {
        let (difference, range) = (points(by_mean.difference), points_range(interval));
        rows.push((
            "Mean of the runs against the baseline".to_owned(),
            format!("{difference} points ({range}), p {}", p_value(p)),
        ));
    }
    rows
}

fn of_labels(candidate: &LabelMetrics, baseline: &LabelMetrics) -> Vec<FigureRow> {
    let row = |name: &str, figure: &dyn Fn(&LabelMetrics) -> String| FigureRow {
        name: name.to_owned(),
        candidate: figure(candidate),
        baseline: figure(baseline),
    };
    let average = |average: &Average| {
        let precision = average.precision.map_or_else(undefined, percent);
        format!(
            "{precision}, {}, {}",
            percent(average.recall),
            percent(average.f1)
        )
    };
    let of_three = |name: &str| format!("Precision, recall, F1: {name}");
    let mut rows = vec![
        row("Balanced accuracy", &|of| percent(of.balanced_accuracy)),
        row(&of_three("macro"), &|of| average(&of.macro_average)),
        row(&of_three("weighted"), &|of| average(&of.weighted_average)),
        row(&of_three("micro"), &|of| average(&of.micro_average)),
        row("Matthews' correlation", &|of| {
            of.matthews
                .map_or_else(undefined, |correlation| format!("{correlation:.4}"))
        }),
        row("Cohen's kappa", &|of| {
            of.kappa.as_ref().map_or_else(undefined, kappa)
        }),
    ];
    if candidate.never_answered + baseline.never_answered > 0 {
        rows.push(row("Categories never answered, of undefined precision", &|of| {
            count(of.never_answered)
        }));
    }
    rows
}

fn kappa(kappa: &Kappa) -> String {
    match kappa.interval {
        Some(interval) => format!("{:.4} ({:.4} to {:.4})", kappa.value, interval.low, interval.high),
        None => format!("{:.4}", kappa.value),
    }
}

fn undefined() -> String {
    "undefined".to_owned()
}

/// How many rows may be answered at each accuracy; the first is the baseline's.
fn cuts(found: &Abstention) -> Vec<(String, String)> {
    let each = found.targets.iter().enumerate().map(|(place, target)| {
        let whose = if place == 0 { ", the baseline's" } else { "" };
        let name = format!("Answered at {}{whose}", percent(target.accuracy));
        let Some(reached) = &target.reached else {
            return (name, "no cut by confidence reaches it".to_owned());
        };
        let shown = target.shown.as_ref().map_or_else(
            || "not shown by so few rows".to_owned(),
            |shown| {
                format!(
                    "shown for {} from {:.3}",
                    percent(shown.coverage),
                    shown.threshold
                )
            },
        );
        let what = format!(
            "{} of rows, from a confidence of {:.3} ({}); {shown}",
            percent(reached.coverage),
            reached.threshold,
            percent_range(reached.accuracy.interval)
        );
        (name, what)
    });
    each.collect()
}
