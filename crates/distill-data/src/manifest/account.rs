//! A manifest for a terminal: what came in, where it went, what is known of it, what to do next, and the verdict last.

use std::{
    collections::BTreeMap,
    fmt::{Formatter, Result},
};

use super::{
    next_steps,
    words::{self, NAME, audit_share, does, largest_first, names, reason, sum},
};
use crate::{
    AuditEstimate, Manifest,
    figures::{count, counted, listed, one_line},
};

/// Characters of a line.
const WIDTH: usize = 100;

pub(super) fn write(manifest: &Manifest, f: &mut Formatter<'_>) -> Result {
    writeln!(f, "What came in")?;
    came_in(manifest, f)?;
    writeln!(f, "\nWhere it went")?;
    went(manifest, f)?;
    writeln!(f, "\nWhat is known of it")?;
    known(manifest, f)?;
    let steps = next_steps::of(manifest);
    if !steps.is_empty() {
        writeln!(f, "\nWhat to do next")?;
        for (number, step) in (1..).zip(&steps) {
            item(&format!("{number}."), &format!("{}. {}", step.what, step.why), f)?;
        }
    }
    let (headline, sentence) = words::verdict(manifest);
    writeln!(f, "\n{headline}. {sentence}")
}

/// A number in a column, and what it counts.
fn row(number: u64, what: &str, f: &mut Formatter<'_>) -> Result {
    writeln!(f, "{:>11}  {what}", count(number as f64))
}

/// A paragraph behind a mark, in lines of bounded length.
fn item(mark: &str, text: &str, f: &mut Formatter<'_>) -> Result {
    let mut line = format!("  {mark}");
    let indent = " ".repeat(line.chars().count());
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() >= WIDTH {
            writeln!(f, "{line}")?;
            line.clone_from(&indent);
        }
        line.push(' ');
        line.push_str(word);
    }
    writeln!(f, "{line}")
}

fn came_in(manifest: &Manifest, f: &mut Formatter<'_>) -> Result {
    const FIELDS: usize = 12;
    let ledger = &manifest.ledger;
    let logs = counted(manifest.logs.len() as u64, "log");
    row(
        ledger.lines,
        &format!("{} of {logs}", noun(ledger.lines, "line")),
        f,
    )?;
    row(
        ledger.calls,
        &format!(
            "{}, one for each question that was answered",
            noun(ledger.calls, "call")
        ),
        f,
    )?;
    let teachers = manifest.teachers.count();
    if teachers > 1 {
        row(teachers, "teachers: model, fingerprint or prompt changed", f)?;
    }
    for (field, &times) in manifest.malformed_metadata.iter().take(FIELDS) {
        let field = one_line(field, NAME);
        let times_said = noun(times, "time");
        row(
            times,
            &format!("{times_said} {field} was something that cannot be, and counts as unknown"),
            f,
        )?;
    }
    Ok(())
}

fn went(manifest: &Manifest, f: &mut Formatter<'_>) -> Result {
    let ledger = &manifest.ledger;
    let rows = |number: u64| noun(number, "row");
    let stand_for = |calls: u64| format!("standing for {}", counted(calls, "call"));
    row(
        ledger.train,
        &format!(
            "{} to train on, {}",
            rows(ledger.train),
            stand_for(ledger.calls_in_train)
        ),
        f,
    )?;
    for (part, number) in largest_first(&ledger.set_apart) {
        let part = one_line(part, NAME);
        row(
            number,
            &format!("{} kept from training, in {part}.jsonl", rows(number)),
            f,
        )?;
    }
    let review = sum(&ledger.review);
    if review > 0 {
        let stand_for = stand_for(ledger.calls_in_review);
        row(
            review,
            &format!("{} for a person to review, {stand_for}", rows(review)),
            f,
        )?;
        reasons(&ledger.review, f)?;
    }
    for (what, how, counts) in [
        ("call", "rejected", &ledger.rejected),
        (
            "call",
            "with another question than the task's",
            &ledger.other_questions,
        ),
        ("line", "without a call", &ledger.lines_without_call),
        ("line", "that could not be read", &ledger.quarantined),
    ] {
        let number = sum(counts);
        if number > 0 {
            row(number, &format!("{} {how}", noun(number, what)), f)?;
            reasons(counts, f)?;
        }
    }
    match words::merged(manifest) {
        Some(merged) => item(&" ".repeat(10), &merged, f),
        None => Ok(()),
    }
}

/// A noun as it stands behind a number.
fn noun(number: u64, noun: &str) -> String {
    match number {
        1 => noun.to_owned(),
        _ => format!("{noun}s"),
    }
}

fn reasons(counts: &BTreeMap<String, u64>, f: &mut Formatter<'_>) -> Result {
    const SHOWN: usize = 12;
    let sorted = largest_first(counts);
    for (kind, number) in sorted.iter().take(SHOWN) {
        writeln!(f, "{:>18}  {}", count(*number as f64), reason(kind))?;
    }
    match sorted.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(f, "{:>18}  and {more} more reasons, in manifest.json", ""),
    }
}

fn known(manifest: &Manifest, f: &mut Formatter<'_>) -> Result {
    let mut say = |heading: &str, text: &str| item("-", &format!("{heading}: {text}"), f);
    say("gold set", &words::leakage(manifest))?;
    if let Some(suspects) = words::suspects(manifest) {
        say("wrong labels", &suspects)?;
    }
    let small: Vec<String> = manifest
        .labels
        .iter()
        .filter_map(|record| {
            Some(format!(
                "{} ({})",
                words::quoted(&record.label),
                words::small_class(record)?
            ))
        })
        .collect();
    if !small.is_empty() {
        say(
            "labels of few rows",
            &format!("{}.", listed(small.into_iter(), 6)),
        )?;
    }
    for change in &manifest.teachers.changes {
        say("teachers", &words::change(change))?;
    }
    if let Some(reviewed) = &manifest.reviewed {
        say(
            "reviewed",
            &format!(
                "{} about texts of the log, which settle {} too. Of {} with a confidence the teacher was right on {}.",
                does(reviewed.found as u64, "answer is", "answers are"),
                counted(reviewed.similar as u64, "similar text"),
                counted(reviewed.checked as u64, "call"),
                count(reviewed.right as f64)
            ),
        )?;
        for (kind, asked) in &reviewed.questions {
            let text = format!(
                "{} wrong of {} answered, {:.0} expected.",
                asked.wrong, asked.answered, asked.expected
            );
            say(&format!("reviewed because {}", reason(kind)), &text)?;
        }
    }
    if let Some(audit) = &manifest.audit {
        let mut estimates = vec![("rows", &audit.all)];
        if let Some(rare) = &audit.rare {
            estimates.push(("rows of rare labels", &rare.estimate));
        }
        for (of, AuditEstimate { by_rows, by_calls }) in estimates {
            for (of, share) in [(of.to_owned(), by_rows), (of.replace("rows", "calls"), by_calls)] {
                if let Some(found) = audit_share(share) {
                    say(
                        &format!("wrong labels left, of {} {of}", count(share.of as f64)),
                        &format!("{found}."),
                    )?;
                }
            }
        }
        if audit.answered == 0 {
            say(
                "wrong labels left",
                "unknown, for nobody has read the rows that were drawn by chance.",
            )?;
        }
    }
    split(manifest, &mut say)?;
    if !manifest.class_limits.over_cap.is_empty() {
        let over = names(manifest.class_limits.over_cap.keys().map(String::as_str));
        say("labels with rows over the cap", &format!("{over}."))?;
    }
    match words::personal_data(manifest) {
        Some(masked) => say("personal data", &masked),
        None => Ok(()),
    }
}

/// How much a random split would have flattered, and the labels that not every part has.
fn split(manifest: &Manifest, say: &mut dyn FnMut(&str, &str) -> Result) -> Result {
    let Some(split) = &manifest.split else {
        return Ok(());
    };
    if let Some(flattery) = &split.flattery {
        say("held out", &words::flattery(flattery))?;
    }
    if let Some(untimed) = words::without_time(split) {
        say("rows of unknown time", &untimed)?;
    }
    if !split.small_classes.is_empty() {
        let missing = names(split.small_classes.iter().map(|class| class.label.as_str()));
        say("labels that are not in every part", &format!("{missing}."))?;
    }
    Ok(())
}
