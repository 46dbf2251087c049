//! A report in sentences.

use crate::{
    Finding, Leakage, LooksBefore, Outcome, PartKind, Place, Report, Verdict,
    categories::changed_since_shipped,
    figures::{count, counted, names, one_line, p_value, percent, percent_range, quoted},
};

/// The verdict in one or two sentences.
pub(crate) fn sentence(report: &Report) -> String {
    let (candidate, baseline) = (&report.candidate.score, &report.baseline.score);
    let scores = format!(
        "{} is right on {} of {}, {} on {}.",
        one_line(&candidate.name, 80),
        percent(candidate.accuracy.value),
        counted(report.gold.rows, "gold row"),
        one_line(&baseline.name, 80),
        percent(baseline.accuracy.value)
    );
    let why = why(report.verdict, &report.rules, &report.leakage, PartKind::Category);
    let worst = report.categories.first().map_or_else(String::new, |worst| {
        format!(
            " The worst category is {}: {} of {} right.",
            quoted(&worst.label),
            count(worst.correct),
            counted(worst.support, "row")
        )
    });
    let no_better = match &report.standing {
        Some(standing) if standing.place == Place::NoBetter => format!(
            " No better than the best of {} so far: the score to quote is {}.",
            counted(standing.candidates, "candidate"),
            percent(standing.released)
        ),
        _ => String::new(),
    };
    format!("{scores} {why}{worst}{no_better}")
}

/// Which rules the verdict turned on.
pub(crate) fn why(verdict: Verdict, findings: &[Finding], leakage: &Leakage, kind: PartKind) -> String {
    let rules = |outcome| {
        let those = findings.iter().filter(|finding| finding.outcome == outcome);
        those
            .map(|finding| format!("“{}”", finding.rule.title_of(kind)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match verdict {
        Verdict::Ship => match findings.len() {
            1 => "The one rule of the gate passes.".to_owned(),
            all => format!("All {all} rules of the gate pass."),
        },
        Verdict::Hold => format!("Broken: {}.", rules(Outcome::Fail)),
        Verdict::CannotTell => match rules(Outcome::CannotTell) {
            open if open.is_empty() => match leakage.leaking_rows() {
                0 => "The training rows or their certificate are not the candidate's, so the score may be memory."
                    .to_owned(),
                _ => "Gold rows are among the training rows, so the score is partly memory.".to_owned(),
            },
            open => format!("Not settled by these rows: {open}."),
        },
    }
}

/// What a reader should know besides.
pub(crate) fn notes(report: &Report) -> Vec<String> {
    let mut notes = vec![report.leakage.in_words()];
    if let Some(apart) = &report.apart_from_neighbours {
        notes.push(match (apart.candidate, apart.baseline) {
            _ if apart.near_rows == 0 => "No gold row has a near neighbour in training (a similarity of 0.8 or more).".to_owned(),
            (Some(candidate), Some(baseline)) => format!(
                "Without the {} that have a near neighbour in training, {} are left: the candidate is right on {} \
                 of them ({}), the baseline on {}. On those with a neighbour they are right on {} and {}.",
                counted(apart.near_rows, "gold row"),
                count(candidate.of),
                percent(candidate.value),
                percent_range(candidate.interval),
                percent(baseline.value),
                apart.near_candidate.map_or_else(|| "–".to_owned(), |share| percent(share.value)),
                apart.near_baseline.map_or_else(|| "–".to_owned(), |share| percent(share.value))
            ),
            _ => "Every gold row has a near neighbour in training: nothing is known of new inputs.".to_owned(),
        });
    }
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
    if !report.gold.without_rows.is_empty() {
        notes.push(format!(
            "Nothing is known of {} of the task without gold rows: {}.",
            counted(report.gold.without_rows.len() as u64, "category"),
            names(report.gold.without_rows.iter().map(String::as_str), 10)
        ));
    }
    let blind = report
        .categories
        .iter()
        .filter(|c| c.smallest_visible_drop.is_none())
        .count() as u64;
    if blind > 0 {
        notes.push(format!(
            "In {} of {} the rows are too few for the test of categories to see any drop with 80% power; there only \
             counts can speak.",
            count(blind),
            counted(report.gold.categories, "category")
        ));
    }
    notes.extend(against_shipped(report));
    if report.power.add > 0 {
        notes.push(report.power.in_words(3));
    }
    if report.candidate.score.outside + report.baseline.score.outside > 0 {
        notes.push(format!(
            "Answers outside the task count as wrong: {} of the candidate, {} of the baseline.",
            count(report.candidate.score.outside),
            count(report.baseline.score.outside)
        ));
    }
    if !report.baseline.teacher.is_dated() {
        notes.push(format!(
            "The baseline's model id {} carries no date: it may name another model tomorrow.",
            quoted(&report.baseline.teacher.model)
        ));
    }
    notes
}

/// What looks at earlier versions of a gold set mean.
pub(crate) fn worn_before(before: &LooksBefore) -> String {
    format!(
        "Versions before this one were looked at {}; the rows that it has from them are as worn as they were.",
        counted(before.at_earlier_versions, "time")
    )
}

/// The category that is worst against the last shipped model, where one lost more rows than it gained.
fn against_shipped(report: &Report) -> Option<String> {
    let shipped = report.against_shipped.as_ref()?;
    let (worst, change) = *changed_since_shipped(&report.categories).first()?;
    let verb = if change.p_worse_holm <= 0.05 {
        "is shown to be worse than with"
    } else {
        "is nearest to being shown worse than with"
    };
    (change.counts.net_losses() > 0).then(|| {
        format!(
            "Of all categories {} {verb} the last shipped model, {}: {} lost and {} gained of {} (p after Holm {}).",
            quoted(&worst.label),
            one_line(&shipped.against, 80),
            count(change.counts.losses),
            count(change.counts.gains),
            counted(worst.support, "row"),
            p_value(change.p_worse_holm)
        )
    })
}
