//! Who answered, how sure they were, and what changed.

use maud::{Markup, html};

use super::plots::confidence;
use crate::{
    CallPlace, Manifest, TeacherRecord,
    figures::{count, counted, one_line, percent},
    manifest::words::{NAME, change},
};

pub(super) fn section(manifest: &Manifest) -> Markup {
    let labelled: u64 = manifest.confidence.values().map(|record| record.calls).sum();
    html! {
        section {
            h2 { "The teacher" }
            h3 { "How sure it was" }
            p class="soft" {
                "Calls with a label of the task, by where the log has the confidence from, in ten steps from 0 to "
                "1. A confidence that a log does not hold is unknown, and never taken for certainty." }
            div class="pair thirds" { @for (kind, record) in manifest.confidence.iter().take(12) {
                (confidence(source(kind), record, labelled)) } }
            @if manifest.odd_confidences > 0 { p class="soft" { (counted(manifest.odd_confidences, "answer"))
                " stated a confidence that is no number in range; it counts as unknown." } }
            (who(manifest))
        }
    }
}

/// Where a confidence comes from, as a heading.
fn source(kind: &str) -> &str {
    match kind {
        "distribution" => "Probabilities of all labels",
        "token-logprobs" => "Probability of the words written",
        "votes" => "Agreement of several answers to one call",
        "self-reported" => "What the teacher said of itself",
        "repeats" => "Agreement of calls of one text",
        "unknown" => "Unknown",
        other => other,
    }
}

fn who(manifest: &Manifest) -> Markup {
    let teachers = &manifest.teachers;
    html! {
        h3 { "Who answered" }
        @if teachers.count() > 1 { p { "Model, fingerprint or prompt changed inside the log, so that "
            (count(teachers.count() as f64)) " teachers are told apart, by their first call." } }
        div class="scroll" { table {
            thead { tr { th { "Model" } th { "Prompt" } th class="num" { "Calls" } th { "From" } th { "To" }
                th class="num" { "Mean confidence" } th class="num" { "Contradicts itself" } } }
            tbody { @for (number, teacher) in (1..).zip(&teachers.listed) { (row(number, teacher)) } }
        } }
        @if teachers.others > 0 { p class="soft" { (counted(teachers.others, "more teacher")) " with "
            (counted(teachers.calls_of_others, "call")) " are not listed." } }
        @if !teachers.changes.is_empty() { ul { @for found in &teachers.changes { li { (change(found)) } } } }
    }
}

fn row(number: u64, teacher: &TeacherRecord) -> Markup {
    let contradicted = teacher.self_contradicted as f64 / teacher.repeated_texts.max(1) as f64;
    html! {
        tr {
            td { (number) ". " (one_line(teacher.model.as_deref().unwrap_or("not named"), NAME))
                @if let Some(fingerprint) = &teacher.fingerprint { div class="soft" {
                    (one_line(fingerprint, NAME)) } } }
            td { @match &teacher.prompt {
                Some(prompt) => code { (one_line(prompt, 12)) },
                None => span class="soft" { "none" },
            } }
            td class="num" { (count(teacher.calls as f64)) }
            td { (place(&teacher.first)) }
            td { (place(&teacher.last)) }
            td class="num" {
                (teacher.mean_confidence.map_or_else(|| "unknown".to_owned(), |mean| format!("{mean:.2}"))) }
            td class="num" { @if teacher.repeated_texts == 0 { "–" } @else { (percent(contradicted))
                div class="soft" { "of " (counted(teacher.repeated_texts, "repeated text")) } } }
        }
    }
}

fn place(place: &CallPlace) -> Markup {
    html! {
        @match place.at {
            Some(at) => (at.date()),
            None => { "line " (count(place.line as f64)) div class="soft" { (one_line(&place.file, NAME)) } },
        }
    }
}
