//! A report as one HTML page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    CategoryScore, Leakage, NearnessBand, Report, Verdict,
    chart::{
        STYLE, category_bars, confusion_table, coverage_plot, headline, reliability_plot, rule_list,
        shipped_table, verdict_banner,
    },
    figures::{count, counted, level, one_line, percent, percent_range},
    metrics::figure_rows,
};

/// How many categories the page shows; with names of bounded length that keeps it below 1 MB.
const SHOWN_CATEGORIES: usize = 250;

const PAGE_STYLE: &str = "
body { margin: 0; background: #f6f7f8; }
main { max-width: 68rem; margin: 0 auto; padding: 1.6rem 1.2rem 3rem; }
header { color: #5b6776; margin-bottom: .9rem; }
header h1 { color: #1d2733; font-size: 1.25rem; font-weight: 650; margin: 0; overflow-wrap: anywhere; }
section { background: #fff; border: 1px solid #e3e6ea; border-radius: 8px; padding: 1.1rem 1.3rem 1.2rem; margin-top: 1rem; }
.scroll { overflow-x: auto; } .ge .scroll td { overflow-wrap: break-word; }
ul.notes { margin: .3rem 0 0; padding-left: 1.15rem; } ul.notes li { margin: .25rem 0; max-width: 80ch; overflow-wrap: anywhere; }
table.plain td:first-child { color: #5b6776; white-space: nowrap; width: 1%; } code { font: .86em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 500px) { main { padding: 1rem .6rem 2rem; } section { padding: .8rem .7rem; } }
@media screen and (prefers-color-scheme: dark) {
  body { background: #14181d; }
  .ge { --ink: #e4e9ee; --soft: #a3b0bd; --line: #303841; --track: #2a323b; --paper: #1c2229; --candidate: #5f93c2; --whisker: #dbe5ee; --baseline: #f0984f;
    --ship: #6fd0b8; --ship-bg: #14312b; --hold: #f59a90; --hold-bg: #3a1c1a; --open: #e8c264; --open-bg: #33290f; }
  header h1 { color: #e4e9ee; } header, table.plain td:first-child { color: #a3b0bd; }
  section { background: #1c2229; border-color: #303841; }
}
@media print { body { background: #fff; } main { max-width: none; padding: 0; } section { border: 0; padding: .4rem 0; } h2 { break-after: avoid; } }
";

/// Counts of categories to try in turn; all texts from outside are cut, so that none but the first is needed today.
const FEWER_CATEGORIES: [usize; 3] = [SHOWN_CATEGORIES, 100, 25];

/// How many steps of what would settle the open rules the page shows.
pub(crate) const SHOWN_STEPS: usize = 25;

/// The most that a page may be, in bytes.
const MOST_BYTES: usize = 1_000_000;

pub(crate) fn of(report: &Report) -> String {
    let pages = FEWER_CATEGORIES.into_iter().map(|shown| page(report, shown));
    let mut last = String::new();
    for page in pages {
        last = page;
        if last.len() < MOST_BYTES {
            break;
        }
    }
    last
}

fn page(report: &Report, shown: usize) -> String {
    document(&report.gold.task, report.verdict, &content(report, shown))
}

/// A page that needs nothing else.
pub(crate) fn document(task: &str, verdict: Verdict, content: &Markup) -> String {
    let title = format!("{}: {verdict}", one_line(task, 60));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) (PreEscaped(PAGE_STYLE)) }
            }
            body { main class="ge" { (content) } }
        }
    }
    .into_string()
}

fn content(report: &Report, shown: usize) -> Markup {
    let shown = report.categories.len().min(shown);
    html! {
        header {
            h1 { (one_line(&report.gold.task, 60)) }
            "Gate " (one_line(&report.gate, 60)) " · gold version " (report.gold.version) ", "
            (counted(report.gold.rows, "row")) " in " (counted(report.gold.categories, "category")) " · " (one_line(&report.at, 60))
        }
        (verdict_banner(report.verdict, &report.summary))
        section { h2 { "Accuracy" } p class="lead" { "Share of gold rows that are right, with " (level(report.confidence)) " intervals." } (headline(report)) }
        section { h2 { "Rules" } p class="lead" { "All must pass to ship. One that fails is a fact of these rows; “cannot tell” is a lack of them." } (rule_list(&report.rules)) }
        @if !report.settlement.is_empty() {
            section { h2 { "What would settle it, cheapest first" } ul class="notes" { @for step in report.settlement.in_words(SHOWN_STEPS) { li { (step) } } } }
        }
        section { h2 { "Categories, worst first" } p class="lead" { (in_words(&report.categories)) } div class="scroll" { (category_bars(&report.categories, shown)) } }
        @if report.against_shipped.is_some() {
            section { h2 { "Categories against the last shipped model" } p class="lead" { "What would change for those who have it now, the surest loss first." } div class="scroll" { (shipped_table(&report.categories, shown)) } }
        }
        @if !report.confusions.is_empty() {
            section { h2 { "What is taken for what" } p class="lead" { "The most frequent wrong answers, and how often the baseline gives the same." } (confusion_table(&report.confusions)) }
        }
        @if report.calibration.is_some() || !report.coverage.is_empty() {
            section {
                h2 { "Confidence" }
                div class="pair" {
                    @if let Some(calibration) = &report.calibration { (reliability_plot(calibration)) }
                    @if !report.coverage.is_empty() { (coverage_plot(&report.coverage, &report.baseline.score.name, report.baseline.score.accuracy.value)) }
                }
            }
        }
        @if !report.by_nearness.is_empty() {
            section { h2 { "By how near training came" } p class="lead" { "Gold rows by the similarity of the training row nearest to them (character 3-grams, Jaccard)." } (nearness_table(&report.by_nearness)) }
        }
        section { h2 { "More figures" } (more_figures(report)) }
        section { h2 { "To know besides" } ul class="notes" { @for note in &report.notes { li { (note) } } } }
        section { h2 { "Made from" } (provenance(report)) }
    }
}

/// What the rows of a category can and cannot show.
fn in_words(categories: &[CategoryScore]) -> String {
    let mut by_support: Vec<&CategoryScore> = categories.iter().collect();
    by_support.sort_by_key(|category| category.support);
    let of = |category: &&CategoryScore| {
        let rows = counted(category.support, "row");
        match category.smallest_visible_drop {
            Some(drop) => format!("{rows}: {:.0} points", 100.0 * drop),
            None => format!("{rows}: none at all"),
        }
    };
    let picks = [
        by_support.first(),
        by_support.get(by_support.len() / 2),
        by_support.last(),
    ];
    let mut picked: Vec<String> = picks.into_iter().flatten().map(of).collect();
    picked.dedup();
    let place = match picked.len() {
        1 => "every category",
        2 => "the smallest and the largest category",
        _ => "the smallest, the middle and the largest category",
    };
    format!(
        "The smallest net drop that is seen with 80% power, at the hardest step of Holm, in {place}: {}.",
        picked.join("; ")
    )
}

fn nearness_table(bands: &[NearnessBand]) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { "Nearest training row" }
                th scope="col" class="num" { "Rows" }
                th scope="col" class="num" { "Candidate" }
                th scope="col" class="num" { "Interval" }
                th scope="col" class="num" { "Baseline" }
            } }
            tbody {
                @for band in bands {
                    tr {
                        td { (one_line(&band.similarity, 60)) }
                        td class="num" { (count(band.rows)) }
                        td class="num" { (percent(band.candidate.value)) }
                        td class="num" { (percent_range(band.candidate.interval)) }
                        td class="num" { (percent(band.baseline.value)) }
                    }
                }
            }
        }
    }
}

fn more_figures(report: &Report) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" {} th scope="col" { "Candidate" } th scope="col" { "Baseline" } } }
            tbody {
                @for row in figure_rows(report) {
                    tr { td { (row.name) } td { (row.candidate) } td { (row.baseline) } }
                }
            }
        }
    }
}

pub(crate) fn training_texts(leakage: &Leakage) -> &'static str {
    match leakage {
        _ if leakage.leaking_rows() > 0 => "hold gold rows",
        Leakage::NotCertified { .. } => "not certified",
        Leakage::NotRecomputed { .. } => "certified, and not checked here",
        Leakage::Certified { .. } => "certified, and checked here",
        Leakage::Differs { .. } => "not those of the certificate",
    }
}

fn provenance(report: &Report) -> Markup {
    let rows = [
        (
            "Gold set",
            format!("version {}", report.gold.version),
            Some(report.gold.hash.as_str()),
        ),
        ("Baseline", one_line(&report.baseline.teacher.model, 80), None),
        (
            "Its prompt",
            String::new(),
            Some(report.baseline.teacher.prompt_hash.as_str()),
        ),
        (
            "Candidate",
            one_line(&report.candidate.score.name, 80),
            report.candidate.model_hash.as_ref().map(|hash| hash.as_str()),
        ),
        (
            "Its answers",
            String::new(),
            Some(report.candidate.answers_hash.as_str()),
        ),
        (
            "Training texts",
            training_texts(&report.leakage).to_owned(),
            report.leakage.computed().map(|found| found.train.as_str()),
        ),
    ];
    html! {
        table class="plain" { tbody {
            @for (name, what, hash) in rows {
                tr { td { (name) } td { (what) @if let Some(hash) = hash { " " code { (one_line(hash, 64)) } } } }
            }
        } }
    }
}
