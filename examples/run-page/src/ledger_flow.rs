//! The ledger as a flow: from the lines of the log, and the calls on them, to where each of them ended.

use distill_data::{Ledger, Manifest};
use maud::{Markup, html};

use crate::{
    GenerationView,
    figures::{count, counted, one_line, percent, share},
};

/// Pixels for all lines together; the rest of the height are gaps.
const FLOW: f64 = 190.0;
/// The least height of an end, so that its name can be read.
const LEAST: f64 = 23.0;
/// Ends shown one by one; what is beyond them is summed up.
const SHOWN: usize = 18;
/// Categories outside the task that are named.
const NAMED: usize = 4;

/// One flow for each generation.
pub(crate) fn ledgers(generations: &[GenerationView<'_>]) -> Markup {
    html! {
        p class="lead" { "Every line of the log has exactly one end; widths are to scale." }
        div class="pair" {
            @for generation in generations {
                figure {
                    h3 { (one_line(generation.name, 60)) }
                    (flow(&generation.manifest.ledger))
                    figcaption { (in_words(generation.manifest)) }
                }
            }
        }
    }
}

/// Where some calls or damaged lines ended.
struct End {
    class: &'static str,
    name: String,
    lines: u64,
}

fn ends(ledger: &Ledger) -> Vec<End> {
    let end = |class, name: &str, lines| End {
        class,
        name: name.to_owned(),
        lines,
    };
    let mut ends = vec![
        end("kept", "training rows", ledger.train),
        end("merged", "repeats, word for word", ledger.merged_exact),
        end("merged", "repeats, nearly so", ledger.merged_near),
    ];
    let set_apart = ledger.set_apart.iter();
    ends.extend(set_apart.map(|(name, &rows)| {
        end(
            "kept",
            &format!("kept from training: {}", reason_in_words(name)),
            rows,
        )
    }));
    for (class, kind, reasons) in [
        ("review", "to review", &ledger.review),
        ("rejected", "rejected", &ledger.rejected),
        ("rejected", "another question", &ledger.other_questions),
        ("rejected", "no call", &ledger.lines_without_call),
        ("damaged", "damaged", &ledger.quarantined),
    ] {
        let mut group: Vec<End> = reasons
            .iter()
            .map(|(reason, &lines)| end(class, &format!("{kind}: {}", reason_in_words(reason)), lines))
            .collect();
        group.sort_by_key(|end| std::cmp::Reverse(end.lines));
        ends.extend(group);
    }
    ends.retain(|end| end.lines > 0);
    if ends.len() > SHOWN {
        let rest = ends.split_off(SHOWN - 1);
        let lines = rest.iter().map(|end| end.lines).sum();
        ends.push(end("damaged", &format!("{} other ends", rest.len()), lines));
    }
    ends
}

fn reason_in_words(reason: &str) -> String {
    let known = match reason {
        "conflicting_labels" => "labels in conflict",
        "near_conflict" => "repeats disagree",
        "low_confidence" => "unsure",
        "unknown_confidence" => "no confidence",
        "suspect_label" => "suspect label",
        "leaks_gold" => "in the gold set",
        "unknown_label" => "invented label",
        "truncated" => "cut off",
        "refusal" => "refused",
        "not_json" => "not JSON",
        "not_utf8" => "not UTF-8",
        other => return one_line(&other.replace('_', " "), 40),
    };
    known.to_owned()
}

fn flow(ledger: &Ledger) -> Markup {
    let ends = ends(ledger);
    let all = ledger.calls_and_other_lines();
    let thickness = |end: &End| FLOW * share(end.lines, all);
    let height: f64 = ends.iter().map(|end| thickness(end).max(LEAST)).sum();
    let mut from = 0.0;
    let mut top = 0.0;
    let placed: Vec<(&End, Ribbon)> = ends
        .iter()
        .map(|end| {
            let (thick, slot) = (thickness(end), thickness(end).max(LEAST));
            let ribbon = Ribbon {
                from,
                to: top + (slot - thick.max(HAIR)) / 2.0,
                thick,
            };
            from += thick;
            top += slot;
            (end, ribbon)
        })
        .collect();
    html! {
        div class="flow" style=(format!("height:{height:.1}px")) {
            div class="source" {
                (counted(ledger.lines, "line"))
                @if all != ledger.lines { ", " (counted(ledger.calls, "call")) }
            }
            svg class="stretched" width="100%" height=(format!("{height:.1}")) viewBox=(format!("0 0 100 {height:.1}")) preserveAspectRatio="none" aria-hidden="true" {
                rect class="node" width="1.5" height=(format!("{FLOW:.1}")) {}
                @for (end, ribbon) in &placed { path class=(end.class) d=(ribbon.path()) {} }
            }
            ul {
                @for (end, ribbon) in &placed {
                    li style=(format!("top:{:.1}px", ribbon.middle() - 11.0)) {
                        span class={ "key " (end.class) } {}
                        span class="count" { (count(end.lines)) }
                        span class="name" title=(percent(share(end.lines, all))) { (end.name) }
                    }
                }
            }
        }
    }
}

/// The least thickness at the far end, in pixels, so that one line in twenty thousand can be seen.
const HAIR: f64 = 1.5;

/// A band from the source to an end, in pixels from the top.
struct Ribbon {
    from: f64,
    to: f64,
    thick: f64,
}

impl Ribbon {
    fn middle(&self) -> f64 {
        self.to + self.thick.max(HAIR) / 2.0
    }

    fn path(&self) -> String {
        let Self { from, to, thick } = self;
        let (from_end, to_end) = (from + thick, to + thick.max(HAIR));
        format!(
            "M0 {from:.1}C50 {from:.1} 50 {to:.1} 100 {to:.1}V{to_end:.1}C50 {to_end:.1} 50 {from_end:.1} 0 {from_end:.1}Z"
        )
    }
}

fn in_words(manifest: &Manifest) -> String {
    let ledger = &manifest.ledger;
    let mut words = if ledger.balances() {
        "The ledger balances.".to_owned()
    } else {
        "The ledger does not balance: do not use these rows.".to_owned()
    };
    if let Some(leakage) = &manifest.leakage {
        words.push_str(&format!(
            " {} were in the log word for word, {} at least nearly; {} in the training rows.",
            counted(leakage.log.exact as u64, "gold row"),
            count(leakage.log.at_0_8 as u64),
            match leakage.train.leaking_rows {
                0 => "none is left".to_owned(),
                rows => format!("{} still there", counted(rows as u64, "leak")),
            }
        ));
    }
    let mut invented: Vec<(&String, &u64)> = manifest.unknown_labels.iter().collect();
    invented.sort_by_key(|&(label, &calls)| (std::cmp::Reverse(calls), label));
    let named: Vec<String> = invented
        .iter()
        .take(NAMED)
        .map(|(label, calls)| format!("“{}” {}", one_line(label, 40), count(**calls)))
        .collect();
    if !named.is_empty() {
        words.push_str(&format!(
            " Labels that the teacher invented: {}",
            named.join(", ")
        ));
        match invented.len() - named.len() {
            0 => words.push('.'),
            more => words.push_str(&format!(" and {more} more.")),
        }
    }
    words
}
