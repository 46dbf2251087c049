//! What a person's minutes bring, and what they have brought.

use maud::{Markup, html};

use super::plots::{interval, review_curve};
use crate::{
    AuditRecord, AuditShare, Manifest, QueueRecord, ReviewedRecord,
    figures::{count, counted, percent},
    manifest::words::reason,
};

pub(super) fn section(manifest: &Manifest) -> Markup {
    let has_review = manifest.review.questions > 0;
    html! {
        @if has_review || manifest.audit.is_some() || manifest.reviewed.is_some() {
            section {
                h2 { "What a person’s minutes bring" }
                @if has_review { (review(&manifest.review)) }
                @if let Some(audit) = &manifest.audit { (how_many_are_wrong(audit)) }
                @if let Some(reviewed) = &manifest.reviewed { (brought(reviewed)) }
            }
        }
    }
}

fn review(review: &QueueRecord) -> Markup {
    /// The minutes that the table names; a person plans by these.
    const NAMED: [f64; 5] = [10.0, 30.0, 60.0, 120.0, 480.0];
    let last = review.curve.last();
    let is_before = |minutes: f64| minutes.round() < review.minutes.round();
    let named = review
        .curve
        .iter()
        .filter(|point| NAMED.contains(&point.minutes) && is_before(point.minutes));
    html! {
        p { (counted(review.questions as u64, "question"))
            " wait in review.csv, the most valuable minute first. They take about " (count(review.minutes.round()))
            " minutes in all, and about " (count(review.wrong_calls.round()))
                " of the calls behind them are expected to be wrong." }
        div class="pair" {
            (review_curve(review))
            div class="scroll" { table {
                thead { tr {
                    th class="num" { "After" } th class="num" { "Questions" } th class="num" { "Calls put right" }
                } }
                tbody { @for point in named.chain(last) {
                    tr {
                        td class="num" { (count(point.minutes.round())) " min" }
                        td class="num" { (count(point.questions as f64)) }
                        td class="num" { (count(point.calls.round())) }
                    }
                } }
            } }
        }
        p class="soft" {
            "Both numbers are expectations, by rough chances of each kind of doubt; answered questions correct "
            "them." }
    }
}

fn how_many_are_wrong(audit: &AuditRecord) -> Markup {
    let mut estimates = vec![
        ("all rows", &audit.all.by_rows),
        ("the calls behind them", &audit.all.by_calls),
    ];
    if let Some(rare) = &audit.rare {
        estimates.push(("rows of rare labels", &rare.estimate.by_rows));
        estimates.push(("the calls behind those", &rare.estimate.by_calls));
    }
    let most = estimates
        .iter()
        .map(|(_, share)| share.interval.1)
        .fold(0.0, f64::max);
    html! {
        h3 { "How many wrong labels are left" }
        p { "Of the " (counted(audit.all.by_rows.of, "row")) " that are kept on the teacher’s word, "
            (count(audit.drawn as f64)) " were drawn by chance for a person to read. "
            @if audit.answered > 0 { (count(audit.answered as f64)) " are read, and " (count(audit.wrong as f64))
                " were wrong." }
            @else { "Nobody has read them yet, so that the share of wrong labels is unknown." } }
        @if audit.answered == 0 {
            p class="soft" {
                "No filter sees an error that the teacher makes on every text of a kind; this sample does." }
        } @else {
            div class="scroll" { table {
                thead { tr {
                    th { "Among" } th class="num" { "Read" } th class="num" { "Wrong" } th class="num" { "Share wrong" }
                    th { "With 95% confidence between" }
                } }
                tbody { @for (name, share) in estimates { (estimate(name, share, most)) } }
            } }
            p class="soft" {
                "Passed over are those without an answer before the last one that has one; the interval holds "
                "whether they are right or wrong." }
        }
    }
}

fn estimate(name: &str, share: &AuditShare, most: f64) -> Markup {
    html! {
        tr {
            td { (name) span class="soft" { " (" (count(share.of as f64)) ")" } }
            td class="num" {
                (count(share.answered as f64))
                @if share.passed_over > 0 { div class="soft" { (share.passed_over) " passed over" } }
            }
            td class="num" { (count(share.wrong as f64)) }
            td class="num" { (share.share.map_or_else(|| "unknown".to_owned(), percent)) }
            td { (interval(share, most))
                span class="soft" { (format!("{:.1} and {:.1}%", 100.0 * share.interval.0, 100.0 * share.interval.1)) } }
        }
    }
}

fn brought(reviewed: &ReviewedRecord) -> Markup {
    html! {
        h3 { "What answers have brought" }
        p { (counted(reviewed.found as u64, "answer")) " of " (count(reviewed.rows as f64))
            " are about texts of the log and settle "
            (counted(reviewed.similar as u64, "similar text")) " too. On " (counted(reviewed.checked as u64, "call"))
                " of these texts whose confidence is known the teacher was right "
            (counted(reviewed.right as u64, "time")) "." }
        @if !reviewed.questions.is_empty() {
            div class="scroll" { table {
                thead { tr { th { "Asked because" } th class="num" { "Answered" } th class="num" { "Wrong" }
                    th class="num" { "Expected wrong" } } }
                tbody { @for (kind, asked) in reviewed.questions.iter().take(20) {
                    tr {
                        td { (reason(kind)) }
                        td class="num" { (count(asked.answered as f64)) }
                        td class="num" { (count(asked.wrong as f64)) }
                        td class="num" { (count(asked.expected.round())) }
                    }
                } }
            } }
        }
        @for (kind, cut) in &reviewed.cuts {
            p class="soft" {
                @match cut {
                    Some(cut) => { "Answers with a confidence by " (kind.in_words()) " are kept from "
                        (format!("{:.2}", cut.least)) " on: of " (counted(cut.kept as u64, "reviewed answer"))
                        " there " (percent(cut.precision)) " were right ("
                        (format!("{:.1} to {:.1}%", 100.0 * cut.interval.0, 100.0 * cut.interval.1)) ")." }
                    None => { "No confidence by " (kind.in_words())
                        " reaches the precision that is asked for, so that all such rows are reviewed." }
                }
            }
        }
    }
}
