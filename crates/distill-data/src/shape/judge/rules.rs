//! The rules by which a workload is judged.

use super::Evidence;
use crate::{
    figures::{count, percent},
    shape::{AnswersKind, FieldKind, FieldShape, PromptKind, RuleOutcome, ShapeConfig, ShapeRule},
};

/// What makes the answers narrow, and of which kind they are.
pub(super) fn narrow(evidence: &Evidence<'_>, config: &ShapeConfig) -> (AnswersKind, ShapeRule) {
    let (answers, limits) = (evidence.answers, &config.limits);
    let rule = |found: String, outcome| {
        let wanted = format!(
            "at most {} answers and at most {} of future calls with a new one, or JSON without free text",
            count(limits.most_answers as f64),
            percent(limits.most_unseen)
        );
        ShapeRule {
            name: "narrow answers".to_owned(),
            found,
            wanted,
            outcome,
        }
    };
    if let Some(offered) = answers.offered.filter(|offered| *offered <= limits.most_answers) {
        let found = format!("every call offers at most {offered} answers");
        return (AnswersKind::Choice, rule(found, RuleOutcome::Holds));
    }
    let Some(unseen) = answers.unseen else {
        return (
            AnswersKind::Unclear,
            rule("no answers".to_owned(), RuleOutcome::CannotTell),
        );
    };
    let are_few = answers.distinct <= limits.most_answers as f64;
    let found = format!(
        "{} distinct answers; {} to {} of future calls bring a new one",
        count(answers.distinct),
        percent(unseen.low),
        percent(unseen.high)
    );
    if are_few && unseen.high <= limits.most_unseen {
        return (AnswersKind::Choice, rule(found, RuleOutcome::Holds));
    }
    let judged: Vec<&FieldShape> = evidence.fields.iter().filter(|field| !field.ignored).collect();
    if !judged.is_empty() && !evidence.has_too_many_fields {
        let (kind, found, outcome) = narrow_fields(&judged, answers.calls, config);
        return (kind, rule(found, outcome));
    }
    if evidence.has_too_many_fields {
        let found = "JSON objects whose keys are data".to_owned();
        return (AnswersKind::Text, rule(found, RuleOutcome::Fails));
    }
    // With few calls of few answers, the set may be closed and not have shown itself yet.
    match are_few && unseen.low <= limits.most_unseen {
        true => (AnswersKind::Unclear, rule(found, RuleOutcome::CannotTell)),
        false => (AnswersKind::Text, rule(found, RuleOutcome::Fails)),
    }
}

fn narrow_fields(
    fields: &[&FieldShape],
    answers: u64,
    config: &ShapeConfig,
) -> (AnswersKind, String, RuleOutcome) {
    let names = |kind: FieldKind| -> Vec<&str> {
        let of_kind = fields.iter().filter(|field| field.kind == kind);
        of_kind.map(|field| field.path.as_str()).collect()
    };
    let free = names(FieldKind::Free);
    let closed = names(FieldKind::Constant).len() + names(FieldKind::Chosen).len();
    if !free.is_empty() {
        let found = format!("JSON with free text in {}", listed(&free));
        return (AnswersKind::Text, found, RuleOutcome::Fails);
    }
    if closed == fields.len() {
        let found = format!("JSON, each of {closed} fields chosen from a small set");
        return (AnswersKind::Choice, found, RuleOutcome::Holds);
    }
    let found = format!(
        "JSON of {} fields without free text: {closed} chosen from a set, {} copied from the question, {} numbers or short",
        fields.len(),
        names(FieldKind::Copied).len(),
        names(FieldKind::Number).len() + names(FieldKind::Short).len()
    );
    match answers >= config.limits.least_calls {
        true => (AnswersKind::Record, found, RuleOutcome::Holds),
        false => (AnswersKind::Unclear, found, RuleOutcome::CannotTell),
    }
}

/// The first few names.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=SHOWN => shown,
        more => format!("{shown} and {} more fields", more - SHOWN),
    }
}

pub(super) fn enough_calls(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let (calls, least) = (evidence.answers.calls, config.limits.least_calls);
    ShapeRule {
        name: "answered calls".to_owned(),
        found: count(calls as f64),
        wanted: format!("at least {}", count(least as f64)),
        outcome: of(calls >= least),
    }
}

pub(super) fn enough_days(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let least = config.limits.least_days;
    let (found, outcome) = match (evidence.traffic, config.calls_per_day) {
        (Some(traffic), _) => (
            format!("{} days", count(traffic.days as f64)),
            of(traffic.days >= least),
        ),
        (None, Some(calls)) => (
            format!("no times; {} calls a day are given for all", count(calls)),
            RuleOutcome::Holds,
        ),
        (None, None) => ("no times in the log".to_owned(), RuleOutcome::CannotTell),
    };
    ShapeRule {
        name: "time".to_owned(),
        found,
        wanted: format!("at least {least} days"),
        outcome,
    }
}

pub(super) fn fixed(evidence: &Evidence<'_>) -> ShapeRule {
    let (found, outcome) = match evidence.prompt.kind {
        PromptKind::Instructions if evidence.prompt.distinct > 1.5 => (
            format!(
                "instructions in {} versions that share most of their sentences",
                count(evidence.prompt.distinct)
            ),
            RuleOutcome::Holds,
        ),
        PromptKind::Instructions => ("the same instructions".to_owned(), RuleOutcome::Holds),
        PromptKind::Template => (
            "messages that begin or end with the same words".to_owned(),
            RuleOutcome::Holds,
        ),
        PromptKind::Free => (
            "no instructions, and messages that have no words in common".to_owned(),
            RuleOutcome::Fails,
        ),
    };
    ShapeRule {
        name: "fixed prompt".to_owned(),
        found,
        wanted: "the same instructions, or the same words around the question".to_owned(),
        outcome,
    }
}

pub(super) fn consistent(evidence: &Evidence<'_>, config: &ShapeConfig) -> ShapeRule {
    let limits = &config.limits;
    let inputs = evidence.inputs;
    let (found, outcome) = match inputs.contradicted {
        Some(share) if inputs.repeated_texts >= limits.least_repeated as f64 => (
            format!(
                "{} of {} repeated questions got different answers",
                percent(share),
                count(inputs.repeated_texts)
            ),
            of(share <= limits.most_contradicted),
        ),
        _ => (
            format!("{} repeated questions", count(inputs.repeated_texts)),
            RuleOutcome::CannotTell,
        ),
    };
    ShapeRule {
        name: "equal answers to equal questions".to_owned(),
        found,
        wanted: format!(
            "at most {} contradicted, of at least {}",
            percent(limits.most_contradicted),
            limits.least_repeated
        ),
        outcome,
    }
}

fn of(holds: bool) -> RuleOutcome {
    match holds {
        true => RuleOutcome::Holds,
        false => RuleOutcome::Fails,
    }
}
