//! A report for a terminal.

use std::fmt::{Formatter, Result};

use super::{
    AnswersKind, AnswersShape, PromptKind, PromptShape, RuleOutcome, ShapeReport, ShapeVerdict, WorkloadShape,
};
use crate::figures::{amount, count, one_line, percent};

/// How many answers are named.
const ANSWERS: usize = 6;

pub(super) fn write(report: &ShapeReport, f: &mut Formatter<'_>) -> Result {
    let damaged: u64 = report.damaged.values().sum();
    writeln!(
        f,
        "{} lines, {} calls, {} workloads",
        count(report.lines as f64),
        count(report.calls as f64),
        report.workloads.len()
    )?;
    if damaged > 0 {
        writeln!(f, "{} lines could not be read", count(damaged as f64))?;
    }
    if report.other_calls > 0 {
        writeln!(
            f,
            "{} calls belong to none of them: prompts with too few calls each",
            count(report.other_calls as f64)
        )?;
    }
    for (field, times) in &report.malformed_metadata {
        writeln!(
            f,
            "{} times {field} was something that cannot be, and counts as unknown",
            count(*times as f64)
        )?;
    }
    for (number, workload) in (1..).zip(&report.workloads) {
        writeln!(f)?;
        write_workload(number, workload, &report.settings.prices.currency, f)?;
    }
    let total: f64 = report.workloads.iter().map(WorkloadShape::net_saving).sum();
    writeln!(
        f,
        "\nall together: {} {} a month to save, upkeep paid. Prices and hours are assumptions unless you gave yours.",
        amount(total),
        report.settings.prices.currency
    )
}

/// A workload's name.
pub(super) fn name(prompt: &PromptShape) -> String {
    let excerpt = one_line(prompt.excerpt.trim(), 60);
    match (&prompt.question, prompt.kind) {
        (Some(question), _) => one_line(question, 60),
        (None, PromptKind::Free) => "calls without instructions".to_owned(),
        (None, _) => format!("“{excerpt}”"),
    }
}

fn write_workload(number: usize, workload: &WorkloadShape, currency: &str, f: &mut Formatter<'_>) -> Result {
    writeln!(f, "{number}. {}", name(&workload.prompt))?;
    let saving = match workload.verdict {
        ShapeVerdict::UseHostedDecision | ShapeVerdict::OwnSmallModel => {
            format!(", {} {currency} a month less", amount(workload.net_saving()))
        }
        _ => String::new(),
    };
    writeln!(f, "   verdict: {}{saving}", workload.verdict)?;
    for reason in &workload.reasons {
        writeln!(f, "     - {reason}")?;
    }
    for missing in &workload.missing {
        writeln!(f, "     - missing: {missing}")?;
    }
    writeln!(f, "   calls    {}", calls(workload))?;
    writeln!(
        f,
        "   answers  {}: {}",
        workload.kind.as_str(),
        answers(&workload.answers)
    )?;
    if workload.kind != AnswersKind::Text && workload.fields.is_empty() {
        writeln!(f, "            most often {}", top(&workload.answers))?;
    }
    for field in &workload.fields {
        let ignored = if field.ignored { ", which is left out" } else { "" };
        writeln!(
            f,
            "            {}: {}{ignored}, {} distinct, in {} of the answers",
            one_line(&field.path, 40),
            field.kind.as_str(),
            count(field.distinct),
            percent(field.present)
        )?;
    }
    writeln!(f, "   inputs   {}", inputs(workload))?;
    writeln!(f, "   tokens   {}", tokens(workload))?;
    for rule in &workload.rules {
        let mark = match rule.outcome {
            RuleOutcome::Holds => "holds",
            RuleOutcome::Fails => "fails",
            RuleOutcome::CannotTell => "cannot tell",
        };
        writeln!(f, "   {mark:<12} {}: {}", rule.name, rule.found)?;
    }
    Ok(())
}

pub(super) fn calls(workload: &WorkloadShape) -> String {
    let unanswered: u64 = workload.unanswered.values().sum();
    let mut said = count(workload.calls as f64);
    if unanswered > 0 {
        said += &format!(", {} of them without an answer", count(unanswered as f64));
    }
    match &workload.traffic {
        Some(traffic) => {
            said + &format!(
                ", {} to {}: {} a day in the mean, {} at the peak ({})",
                traffic.first.date(),
                traffic.last.date(),
                count(traffic.mean_per_day),
                count(traffic.peak_per_day),
                traffic.peak_day
            )
        }
        None => said + ", without times",
    }
}

pub(super) fn answers(answers: &AnswersShape) -> String {
    let about = if answers.exact { "" } else { "about " };
    let mut said = format!(
        "{about}{} distinct, as varied as {} equally frequent ones ({:.1} bits); the 10 most frequent cover {}",
        count(answers.distinct),
        count(answers.entropy_bits.exp2().round()),
        answers.entropy_bits,
        percent(answers.covered_by_top.get(&10).copied().unwrap_or(0.0))
    );
    if let Some(unseen) = answers.unseen {
        said += &format!(
            "; {} ({} to {}) of future calls bring a new one",
            percent(unseen.estimate),
            percent(unseen.low),
            percent(unseen.high)
        );
    }
    if let Some(last) = &answers.last_tenth {
        said += &format!(
            "; {} new since {} in {} calls",
            count(last.new),
            last.since,
            count(last.calls as f64)
        );
    }
    said
}

fn top(answers: &AnswersShape) -> String {
    let named = answers.top.iter().take(ANSWERS).map(|answer| {
        let share = answer.calls as f64 / answers.calls.max(1) as f64;
        format!("{} {}", one_line(&answer.answer, 30), percent(share))
    });
    let rare = match answers.rare > 0.0 {
        true => format!(
            "; {} came fewer than 20 times, {} of the calls",
            count(answers.rare),
            percent(answers.rare_calls)
        ),
        false => String::new(),
    };
    named.collect::<Vec<_>>().join(", ") + &rare
}

pub(super) fn inputs(workload: &WorkloadShape) -> String {
    let inputs = &workload.inputs;
    let about = if inputs.exact { "" } else { "about " };
    format!(
        "{about}{} distinct; {} of the calls repeat one, and at least {} of the distinct ones are near another; {} characters \
         in the mean",
        count(inputs.distinct),
        percent(inputs.repeated),
        percent(inputs.near),
        count(inputs.mean_chars)
    )
}

pub(super) fn tokens(workload: &WorkloadShape) -> String {
    let tokens = &workload.tokens;
    let estimated = if tokens.estimated {
        ", estimated at four characters a token"
    } else {
        ""
    };
    let latency = match workload.latency_ms {
        Some(latency) => format!("; {} ms from request to answer", count(latency)),
        None => String::new(),
    };
    format!(
        "{} read ({} cached), {} written a call{estimated}{latency}",
        count(tokens.input),
        count(tokens.cached),
        count(tokens.output)
    )
}
