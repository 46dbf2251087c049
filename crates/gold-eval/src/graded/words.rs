//! A graded report in sentences.

use crate::{
    Details, GradedReport, PartKind,
    figures::{count, counted, names, one_line, percent, quoted},
    summary::{why, worn_before},
};

/// What a row is, whose aspects are all right.
pub(super) fn whole(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Category => "row",
        PartKind::Field => "record",
        PartKind::Check => "sentence",
    }
}

/// The verdict in one or two sentences: the worst aspect stands beside the average.
pub(super) fn sentence<D>(report: &GradedReport<D>) -> String {
    let (candidate, baseline) = (&report.candidate, &report.baseline);
    let scores = format!(
        "{} has the whole {} right in {} of {}, {} in {}.",
        one_line(&candidate.name, 80),
        whole(report.kind),
        percent(candidate.accuracy.value),
        counted(report.gold.rows, "gold row"),
        one_line(&baseline.name, 80),
        percent(baseline.accuracy.value)
    );
    let worst = report.aspects.first().map_or_else(String::new, |worst| {
        format!(
            " The worst {} is {}: {} of {} right ({}, the baseline {}).",
            report.kind.noun(),
            quoted(&worst.name),
            count(worst.right.count),
            count(worst.right.of),
            percent(worst.right.value),
            percent(worst.baseline)
        )
    });
    format!(
        "{scores}{worst} {}",
        why(report.verdict, &report.rules, &report.leakage, report.kind)
    )
}

/// What a reader should know besides.
pub(super) fn notes<D: Details>(report: &GradedReport<D>) -> Vec<String> {
    let mut notes = vec![report.leakage.in_words()];
    match &report.looks_before {
        None => {
            notes.push("No history was given, so earlier looks at this gold set are not counted.".to_owned())
        }
        Some(before) => {
            notes.extend((report.standing.iter()).flat_map(|standing| standing.notes(before.looks)));
        }
    }
    if let Some(before) = (report.looks_before.as_ref()).filter(|before| before.at_earlier_versions > 0) {
        notes.push(worn_before(before));
    }
    if !report.without_rows.is_empty() {
        notes.push(format!(
            "Nothing is known of {} that no gold row says anything about: {}.",
            counted(report.without_rows.len() as u64, report.kind.noun()),
            names(report.without_rows.iter().map(String::as_str), 10)
        ));
    }
    let blind = (report.aspects.iter())
        .filter(|aspect| aspect.smallest_visible_drop.is_none())
        .count() as u64;
    if blind > 0 {
        notes.push(format!(
            "In {} of {} the rows are too few for the test to see any drop with 80% power; there only counts can speak.",
            count(blind),
            counted(report.aspects.len() as u64, report.kind.noun())
        ));
    }
    if !report.teacher.is_dated() {
        notes.push(format!(
            "The baseline's model id {} carries no date: it may name another model tomorrow.",
            quoted(&report.teacher.model)
        ));
    }
    notes.extend(report.details.notes());
    notes
}
