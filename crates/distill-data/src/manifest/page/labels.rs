//! The labels, those that need a person most first, and answers that are none.

use std::cmp::Reverse;

use maud::{Markup, html};

use crate::{
    LabelRecord, Manifest,
    figures::{count, counted, one_line, percent},
    html_page::bar,
    manifest::words::{NAME, largest_first, small_class, sum, suspects},
};

/// How many labels are shown; with names of bounded length that keeps the page below 1 MB.
const SHOWN: usize = 250;
/// How many answers are shown that are no label.
const SHOWN_UNKNOWN: usize = 40;

pub(super) fn section(manifest: &Manifest) -> Markup {
    let mut labels: Vec<&LabelRecord> = manifest.labels.iter().collect();
    labels.sort_by(|a, b| {
        let lacks = |record: &LabelRecord| lacking(manifest, record);
        (Reverse(lacks(a)).cmp(&Reverse(lacks(b))))
            .then(kept(b).cmp(&kept(a)))
            .then(in_doubt(b).total_cmp(&in_doubt(a)))
            .then(b.calls.cmp(&a.calls))
            .then_with(|| a.label.cmp(&b.label))
    });
    html! {
        section {
            h2 { "Labels, those that need a look first" }
            p class="soft" {
                "In rows, but for the calls. First those with too few rows, then those of which more rows are "
                "contradicted than are taken away, then by the share of rows in review." }
            @if let Some(suspects) = suspects(manifest) { p { (suspects) } }
            div class="scroll long" { table {
                thead { tr {
                    th { "Label" } th class="num" { "Calls" } th class="num" { "To train on" }
                    th class="num" { "Set apart" } th class="num" { "In review" }
                    th { "Share in review" } th { "To know" }
                } }
                tbody { @for record in labels.iter().take(SHOWN) { (row(manifest, record)) } }
            } }
            @if labels.len() > SHOWN { p class="soft" { (counted((labels.len() - SHOWN) as u64, "more label"))
                " are in manifest.json." } }
            @if !manifest.unknown_labels.is_empty() { (unknown(manifest)) }
        }
    }
}

/// The share of a label's rows that are in review.
fn in_doubt(record: &LabelRecord) -> f64 {
    record.review as f64 / (record.train + record.set_apart + record.review).max(1) as f64
}

/// Rows of a label that are contradicted and trained on all the same.
fn kept(record: &LabelRecord) -> usize {
    record.suspicion.map_or(0, |found| found.kept)
}

fn lacking(manifest: &Manifest, record: &LabelRecord) -> usize {
    manifest
        .class_limits
        .below_floor
        .get(&record.label)
        .copied()
        .unwrap_or(0)
}

fn row(manifest: &Manifest, record: &LabelRecord) -> Markup {
    let (lacking, over) = (
        lacking(manifest, record),
        manifest.class_limits.over_cap.get(&record.label),
    );
    html! {
        tr {
            td { (one_line(&record.label, NAME)) }
            td class="num" { (count(record.calls as f64)) }
            td class="num" { (count(record.train as f64)) }
            td class="num" { @if record.set_apart > 0 { (count(record.set_apart as f64)) } @else { "–" } }
            td class="num" { @if record.review > 0 { (count(record.review as f64)) } @else { "–" } }
            td class="meter" { (bar(in_doubt(record), "c3")) span class="num" { (percent(in_doubt(record))) } }
            td {
                @if lacking > 0 { span class="chip bad" { (count(lacking as f64)) " too few" } " " }
                @if let Some(found) = record.suspicion.filter(|found| found.kept > 0) {
                    span class="chip open" { (count(found.suspected as f64)) " of " (count(found.rows as f64)) " contradicted" }
                    " "
                }
                @if let Some(said) = small_class(record) { span class="soft" { (said) } " " }
                @if let Some(over) = over { span class="chip calm" { (count(*over as f64)) " over the cap" } }
            }
        }
    }
}

fn unknown(manifest: &Manifest) -> Markup {
    let sorted = largest_first(&manifest.unknown_labels);
    let all = sum(&manifest.unknown_labels).max(1) as f64;
    html! {
        h3 { "Answers that are no label of the task" }
        p class="soft" { "The teacher made them up, or the task lacks them. None was guessed into a label." }
        div class="scroll" { table class="bars" { tbody { @for (name, times) in sorted.iter().take(SHOWN_UNKNOWN) {
            tr {
                td { (one_line(name, NAME)) }
                td class="bar" { (bar(*times as f64 / all, "c4")) }
                td class="num" { (count(*times as f64)) }
            }
        } } } }
        @if sorted.len() > SHOWN_UNKNOWN { p class="soft" {
            (counted((sorted.len() - SHOWN_UNKNOWN) as u64, "more name")) " are in manifest.json." } }
    }
}
