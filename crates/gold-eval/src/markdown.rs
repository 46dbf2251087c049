//! A report as Markdown, for a comment on a pull request.

use std::fmt::Write;

use stage_files::ContentHash;

use crate::{
    Comparison, Finding, Outcome, PartKind, Report, Settlement, UsageFacts, Verdict,
    categories::changed_since_shipped,
    chart::rows_needed_of,
    figures::{
        count, counted, level, one_line, p_value, percent, percent_range, points, points_range, same_right,
    },
    metrics::figure_rows,
};

/// How many categories the comment shows.
const SHOWN_CATEGORIES: usize = 25;

/// How many steps of what would settle the open rules the comment shows.
const SHOWN_STEPS: usize = 10;

/// A comment on GitHub holds 65,536 characters; bytes are never fewer, and the rest is for the line that says so.
const MOST_BYTES: usize = 65_000;

/// How many confusions the comment shows.
const SHOWN_CONFUSIONS: usize = 10;

pub(crate) fn of(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _infallible = write(report, &mut text);
    bounded(text)
}

/// The text up to the last whole line within the bounds; the verdict and the rules that matter come first in it.
pub(crate) fn bounded(mut text: String) -> String {
    if text.len() > MOST_BYTES {
        let whole = text.as_bytes()[..MOST_BYTES]
            .iter()
            .rposition(|&byte| byte == b'\n');
        text.truncate(whole.map_or(0, |end| end + 1));
        text.push_str("\nCut here, where a comment ends: the rest is in `report.json`.\n");
    }
    text
}

fn write(report: &Report, text: &mut String) -> std::fmt::Result {
    heading(report.verdict, &report.gold.task, &report.summary, text)?;
    scores(report, text)?;
    rules(&report.rules, &report.gate, PartKind::Category, text)?;
    settlement(&report.settlement, text)?;
    categories(report, text)?;
    since_shipped(report, text)?;
    confusions(report, text)?;
    nearness(report, text)?;
    more_figures(report, text)?;
    notes(&report.notes, text)?;
    made_from(
        (report.gold.version, &report.gold.hash),
        &report.candidate.answers_hash,
        &report.at,
        text,
    )
}

/// The verdict and its sentence.
pub(crate) fn heading(verdict: Verdict, task: &str, summary: &str, text: &mut String) -> std::fmt::Result {
    let word = match verdict {
        Verdict::Ship => "✅ Ship",
        Verdict::Hold => "❌ Hold",
        Verdict::CannotTell => "❔ Cannot tell",
    };
    writeln!(
        text,
        "## {word}: {}\n\n{}\n",
        escape(task, 60),
        escape(summary, 2000)
    )
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✅ pass",
        Outcome::Fail => "❌ fail",
        Outcome::CannotTell => "❔ cannot tell",
    }
}

/// The candidate against another model, on a line.
pub(crate) fn compared(comparison: &Comparison, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "\nAgainst {}: {} points ({}), {} gained and {} lost, mid-p {}, exact {}.",
        escape(&comparison.against, 80),
        points(comparison.difference),
        points_range(comparison.interval),
        counted(comparison.counts.gains, "row"),
        count(comparison.counts.losses),
        p_value(comparison.p_mid),
        p_value(comparison.p_exact)
    )
}

pub(crate) fn notes(notes: &[String], text: &mut String) -> std::fmt::Result {
    writeln!(text, "### To know besides\n")?;
    for note in notes {
        writeln!(text, "- {}", escape(note, 2000))?;
    }
    Ok(())
}

/// What the report was made from: the gold set's version and content, the answers, and when.
pub(crate) fn made_from(
    (version, gold): (u32, &ContentHash),
    answers: &ContentHash,
    at: &str,
    text: &mut String,
) -> std::fmt::Result {
    writeln!(
        text,
        "\nGold version {version} (`{}`), answers `{}`, {}.",
        gold.short(),
        answers.short(),
        escape(at, 60)
    )
}

fn scores(report: &Report, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "| | accuracy | {} interval | macro F1 | outside the task |",
        level(report.confidence)
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|")?;
    for (role, score) in [
        ("candidate", &report.candidate.score),
        ("baseline", &report.baseline.score),
    ] {
        writeln!(
            text,
            "| {} ({role}) | {} | {} | {} | {} |",
            escape(&score.name, 80),
            percent(score.accuracy.value),
            percent_range(score.accuracy.interval),
            percent(score.macro_f1),
            count(score.outside)
        )?;
    }
    let pairs = std::iter::once(&report.against_baseline).chain(&report.against_shipped);
    for comparison in pairs {
        compared(comparison, text)?;
    }
    if let Some(standing) = report
        .standing
        .as_ref()
        .filter(|standing| standing.candidates > 1)
    {
        writeln!(text, "\nLadder: {}", escape(&standing.in_words(), 1000))?;
    }
    if let Some(calibration) = &report.calibration {
        writeln!(
            text,
            "\nConfidence: calibration error {} (ten bins of equal width), Brier {:.4}, {}.",
            percent(calibration.ece),
            calibration.brier,
            counted(calibration.rows, "row")
        )?;
    }
    let both = [
        (
            report.candidate.score.name.as_str(),
            report.candidate.usage.as_ref(),
        ),
        (
            report.baseline.score.name.as_str(),
            report.baseline.usage.as_ref(),
        ),
    ];
    usage(both, text)?;
    writeln!(text)
}

/// The rules, those that need a reader first.
pub(crate) fn rules(findings: &[Finding], gate: &str, kind: PartKind, text: &mut String) -> std::fmt::Result {
    writeln!(text, "### Rules (gate {})\n", escape(gate, 60))?;
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| match finding.outcome {
        Outcome::Fail => 0,
        Outcome::CannotTell => 1,
        Outcome::Pass => 2,
    });
    for finding in findings {
        let word = outcome_word(finding.outcome);
        let needed = rows_needed_of(finding, kind).map_or_else(String::new, |needed| format!(" {needed}"));
        let why = escape(&format!("{}{needed}", finding.evidence), 1500);
        writeln!(
            text,
            "- **{}: {word}.** {why}",
            escape(&finding.rule.title_of(kind), 200)
        )?;
    }
    Ok(())
}

pub(crate) fn settlement(settlement: &Settlement, text: &mut String) -> std::fmt::Result {
    if settlement.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n### What would settle it, cheapest first\n")?;
    for step in settlement.in_words(SHOWN_STEPS) {
        writeln!(text, "- {}", escape(&step, 1500))?;
    }
    Ok(())
}

/// Latency and cost of candidate and baseline, where they were measured.
pub(crate) fn usage(both: [(&str, Option<&UsageFacts>); 2], text: &mut String) -> std::fmt::Result {
    for (name, usage) in both {
        if let Some(usage) = usage {
            writeln!(text, "\n{}: {}.", escape(name, 80), usage.in_words())?;
        }
    }
    Ok(())
}

fn categories(report: &Report, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n### Categories, worst first\n")?;
    writeln!(
        text,
        "| category | rows | recall | interval | precision | baseline | change | p worse, Holm | visible drop |"
    )?;
    writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|--:|")?;
    for category in report.categories.iter().take(SHOWN_CATEGORIES) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&category.label, 60),
            count(category.support),
            percent(category.recall),
            percent_range(category.recall_interval),
            category.precision.map_or_else(|| "–".to_owned(), percent),
            percent(category.baseline_recall),
            points(category.difference),
            p_value(category.p_worse_holm),
            category
                .smallest_visible_drop
                .map_or_else(|| "none".to_owned(), |drop| format!("{:.0} points", 100.0 * drop))
        )?;
    }
    let left_out = report.categories.len().saturating_sub(SHOWN_CATEGORIES);
    if left_out > 0 {
        writeln!(text, "\n{} more are in `report.json`.", count(left_out as u64))?;
    }
    writeln!(text)
}

/// The categories against the model that was shipped last, where there is one.
fn since_shipped(report: &Report, text: &mut String) -> std::fmt::Result {
    if report.against_shipped.is_none() {
        return Ok(());
    }
    let changed = changed_since_shipped(&report.categories);
    writeln!(
        text,
        "### Categories against the last shipped model, the surest loss first\n"
    )?;
    let same = (report.categories.len() - changed.len()) as u64;
    if !changed.is_empty() {
        writeln!(
            text,
            "| category | rows | recall | shipped | change | gained | lost | p worse, Holm |"
        )?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|--:|")?;
    }
    for (category, change) in changed.iter().take(SHOWN_CATEGORIES) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            escape(&category.label, 60),
            count(category.support),
            percent(category.recall),
            category.shipped_recall.map_or_else(|| "–".to_owned(), percent),
            points(change.difference),
            count(change.counts.gains),
            count(change.counts.losses),
            p_value(change.p_worse_holm)
        )?;
    }
    let left_out = changed.len().saturating_sub(SHOWN_CATEGORIES);
    if left_out > 0 {
        writeln!(text, "\n{} more are in `report.json`.", count(left_out as u64))?;
    }
    if same > 0 {
        writeln!(text, "\n{}", same_right(same))?;
    }
    writeln!(text)
}

fn confusions(report: &Report, text: &mut String) -> std::fmt::Result {
    if report.confusions.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "### What is taken for what\n\n| right answer | answered | rows | baseline |\n|---|---|--:|--:|"
    )?;
    for confusion in report.confusions.iter().take(SHOWN_CONFUSIONS) {
        let answered = confusion
            .answered
            .as_ref()
            .map_or_else(|| "*outside the task*".to_owned(), |a| escape(a, 60));
        writeln!(
            text,
            "| {} | {answered} | {} | {} |",
            escape(&confusion.label, 60),
            count(confusion.rows),
            count(confusion.baseline_rows)
        )?;
    }
    writeln!(text)
}

fn nearness(report: &Report, text: &mut String) -> std::fmt::Result {
    if report.by_nearness.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "### By how near training came\n\n| nearest training row | rows | candidate | interval | baseline |\n|---|--:|--:|--:|--:|"
    )?;
    for band in &report.by_nearness {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            escape(&band.similarity, 60),
            count(band.rows),
            percent(band.candidate.value),
            percent_range(band.candidate.interval),
            percent(band.baseline.value)
        )?;
    }
    writeln!(text)
}

fn more_figures(report: &Report, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "<details><summary>More figures</summary>\n\n| | candidate | baseline |\n|---|---|---|"
    )?;
    for row in figure_rows(report) {
        writeln!(
            text,
            "| {} | {} | {} |",
            escape(&row.name, 120),
            escape(&row.candidate, 200),
            escape(&row.baseline, 200)
        )?;
    }
    writeln!(text, "\n</details>\n")
}

/// Text as itself: on one line, without markup, HTML, table edges, mentions, references or links.
///
/// Characters with a meaning get a backslash; those that a backslash does not disarm everywhere become entities.
/// `@` and `#` are followed by an invisible space, for forges look for mentions after the rest is rendered.
pub(crate) fn escape(text: &str, most: usize) -> String {
    let mut escaped = String::new();
    let text = &one_line(text, most);
    let (has_link, has_www) = (text.contains("://"), text.to_ascii_lowercase().contains("www."));
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' => escaped.push_str("&#124;"),
            '@' => escaped.push_str("&#64;&#8203;"),
            '#' => escaped.push_str("&#35;&#8203;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // What would become a link by itself.
            ':' => escaped.push_str(if has_link { "&#58;" } else { ":" }),
            '.' => escaped.push_str(if has_www { "&#46;" } else { "." }),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_stays_text() {
        assert_eq!(escape("card_arrival", 60), "card\\_arrival");
        assert_eq!(escape("a|b", 60), "a&#124;b");
        assert_eq!(escape("<img src=x>", 60), "&lt;img src=x&gt;");
        assert_eq!(
            escape("@maintainers\n# x", 60),
            "&#64;&#8203;maintainers &#35;&#8203; x"
        );
        assert_eq!(escape("[x](https://a.b)", 60), "\\[x\\](https&#58;//a.b)");
        assert_eq!(escape("WWW.a.b", 60), "WWW&#46;a&#46;b");
    }

    proptest::proptest! {
        #[test]
        fn no_text_leaves_its_table_cell(text in "\\PC{0,40}|[|\\\\\n`<>]{0,40}") {
            let escaped = escape(&text, 60);
            proptest::prop_assert!(!escaped.contains(['|', '\n', '<', '>']));
        }
    }
}
