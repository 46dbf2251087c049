//! The tables that any graded report has beside the figures of its kind of task.

use crate::{
    Column, Details, GradedReport, Section, Share,
    figures::{count, one_line, percent, percent_range, points},
    graded::words::whole,
    metrics::figures_of_runs,
};

/// The tables of the kind of task, and what is known of runs and of near training rows.
pub(super) fn all<D: Details>(report: &GradedReport<D>) -> Vec<Section> {
    let mut sections: Vec<Section> = shipped(report).into_iter().collect();
    sections.extend(report.details.sections());
    sections.extend(nearness(report));
    sections.extend(runs(report));
    sections
}

/// The aspects in which the last shipped model has another share right, the greatest loss first.
fn shipped<D>(report: &GradedReport<D>) -> Option<Section> {
    let against = &report.against_shipped.as_ref()?.against;
    let changes = report.aspects.iter().filter_map(|aspect| {
        let shipped = aspect.shipped?;
        Some((aspect, shipped, aspect.right.value - shipped))
    });
    let mut changes: Vec<_> = changes.filter(|(_, _, change)| *change != 0.0).collect();
    changes.sort_by(|(_, _, a), (_, _, b)| a.total_cmp(b));
    let rows = changes.into_iter().map(|(aspect, shipped, change)| {
        vec![
            aspect.name.clone(),
            percent(aspect.right.value),
            percent(shipped),
            points(change),
        ]
    });
    Some(Section {
        title: "Against the last shipped model".to_owned(),
        lead: format!(
            "Every {} of which {} has another share right, the greatest loss first.",
            report.kind.noun(),
            one_line(against, 80)
        ),
        columns: vec![
            Column::text(report.kind.noun()),
            Column::number("right"),
            Column::number("shipped"),
            Column::number("change"),
        ],
        rows: rows.collect(),
    })
}

fn nearness<D>(report: &GradedReport<D>) -> Option<Section> {
    let cells = |name: &str, rows: u64, candidate: Option<Share>, baseline: Option<Share>| {
        let value = |share: Option<Share>| share.map_or_else(|| "–".to_owned(), |share| percent(share.value));
        let interval = candidate.map_or_else(|| "–".to_owned(), |share| percent_range(share.interval));
        vec![
            name.to_owned(),
            count(rows),
            value(candidate),
            interval,
            value(baseline),
        ]
    };
    let bands = report.by_nearness.iter().map(|band| {
        cells(
            &band.similarity,
            band.rows,
            Some(band.candidate),
            Some(band.baseline),
        )
    });
    let apart = report.apart_from_neighbours.iter().flat_map(|apart| {
        let others = report.gold.rows - apart.near_rows;
        [
            cells("no near neighbour", others, apart.candidate, apart.baseline),
            cells(
                "a near neighbour",
                apart.near_rows,
                apart.near_candidate,
                apart.near_baseline,
            ),
        ]
    });
    let rows: Vec<Vec<String>> = bands.chain(apart).collect();
    let compared = report.apart_from_neighbours.as_ref().and_then(|apart| {
        let comparison = apart.comparison.as_ref()?;
        Some(format!(
            " Where training came not near, the candidate is {} points from the baseline.",
            points(comparison.difference)
        ))
    });
    (!rows.is_empty()).then(|| Section {
        title: "By how near training came".to_owned(),
        lead: format!(
            "Whole {}s right, by the similarity of the nearest training row (character 3-grams, Jaccard); near is 0.8 and \
             above.{}",
            whole(report.kind),
            compared.unwrap_or_default()
        ),
        columns: vec![
            Column::text("nearest training row"),
            Column::number("rows"),
            Column::number("candidate"),
            Column::number("interval"),
            Column::number("baseline"),
        ],
        rows,
    })
}

fn runs<D>(report: &GradedReport<D>) -> Option<Section> {
    let runs = report.repeats.as_ref()?;
    let rows = figures_of_runs(runs);
    Some(Section {
        title: "Several runs".to_owned(),
        lead: format!(
            "The candidate's answers to the same rows again. A {} is right or not; two that are wrong in different ways count \
             as the same.",
            whole(report.kind)
        ),
        columns: vec![Column::text("figure"), Column::text("candidate")],
        rows: rows.into_iter().map(|(name, value)| vec![name, value]).collect(),
    })
}
