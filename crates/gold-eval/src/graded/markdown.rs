//! A graded report as Markdown, for a comment on a pull request.

use std::fmt::Write;

use crate::{
    Details, GradedReport, Section,
    figures::{count, level, p_value, percent, percent_range, points},
    graded::{sections, words::whole},
    markdown::{bounded, compared, escape, heading, made_from, notes, rules, settlement, usage},
};

/// How many aspects the comment shows.
const SHOWN_ASPECTS: usize = 25;

/// How many rows of each further table it shows.
const SHOWN_ROWS: usize = 15;

/// The longest cell of these, in characters.
const CELL: usize = 120;

pub(super) fn of<D: Details>(report: &GradedReport<D>) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _infallible = write(report, &mut text);
    bounded(text)
}

fn write<D: Details>(report: &GradedReport<D>, text: &mut String) -> std::fmt::Result {
    heading(report.verdict, &report.gold.task, &report.summary, text)?;
    scores(report, text)?;
    rules(&report.rules, &report.gate, report.kind, text)?;
    settlement(&report.settlement, text)?;
    aspects(report, text)?;
    for section in sections::all(report) {
        table(&section, text)?;
    }
    notes(&report.notes, text)?;
    made_from(
        (report.gold.version, &report.gold.hash),
        &report.answers_hash,
        &report.at,
        text,
    )
}

fn scores<D>(report: &GradedReport<D>, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "| | whole {}s right | {} interval |\n|---|--:|--:|",
        whole(report.kind),
        level(report.confidence)
    )?;
    for (role, model) in [("candidate", &report.candidate), ("baseline", &report.baseline)] {
        writeln!(
            text,
            "| {} ({role}) | {} | {} |",
            escape(&model.name, 80),
            percent(model.accuracy.value),
            percent_range(model.accuracy.interval)
        )?;
    }
    for comparison in std::iter::once(&report.against_baseline).chain(&report.against_shipped) {
        compared(comparison, text)?;
    }
    let both = [&report.candidate, &report.baseline];
    usage(
        both.map(|model| (model.name.as_str(), model.usage.as_ref())),
        text,
    )?;
    writeln!(text)
}

fn aspects<D>(report: &GradedReport<D>, text: &mut String) -> std::fmt::Result {
    let noun = report.kind.noun();
    writeln!(
        text,
        "\n### Every {noun}, worst first\n\n| {noun} | rows | right | interval | baseline | change | p worse, Holm | \
         visible drop |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    )?;
    for aspect in report.aspects.iter().take(SHOWN_ASPECTS) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&aspect.name, 60),
            count(aspect.right.of),
            percent(aspect.right.value),
            percent_range(aspect.right.interval),
            percent(aspect.baseline),
            points(aspect.difference),
            p_value(aspect.p_worse_holm),
            aspect
                .smallest_visible_drop
                .map_or_else(|| "none".to_owned(), |drop| format!("{:.1} points", 100.0 * drop))
        )?;
    }
    left_out(report.aspects.len(), SHOWN_ASPECTS, text)
}

fn table(section: &Section, text: &mut String) -> std::fmt::Result {
    if section.rows.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "### {}\n\n{}\n",
        escape(&section.title, 120),
        escape(&section.lead, 1000)
    )?;
    for column in &section.columns {
        write!(text, "| {} ", escape(&column.name, CELL))?;
    }
    writeln!(text, "|")?;
    for column in &section.columns {
        write!(text, "{}", if column.is_numeric { "|--:" } else { "|---" })?;
    }
    writeln!(text, "|")?;
    for row in section.rows.iter().take(SHOWN_ROWS) {
        for cell in row {
            write!(text, "| {} ", escape(cell, CELL))?;
        }
        writeln!(text, "|")?;
    }
    left_out(section.rows.len(), SHOWN_ROWS, text)
}

fn left_out(all: usize, shown: usize, text: &mut String) -> std::fmt::Result {
    let rest = all.saturating_sub(shown);
    if rest > 0 {
        writeln!(text, "\n{} more are in `report.json`.", count(rest as u64))?;
    }
    writeln!(text)
}
