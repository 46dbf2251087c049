//! The figures of fields as tables and sentences.

use crate::{
    AnswerForm, Column, Extraction, FieldDetails, FieldFigures, Section,
    figures::{count, percent, quoted},
};

pub(super) fn tables(details: &FieldDetails) -> Vec<Section> {
    vec![by_field(details), errors(details), forms(details)]
}

fn or_dash(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), percent)
}

/// The fields by F1, the worst first.
fn worst_first(details: &FieldDetails) -> Vec<&FieldFigures> {
    let mut fields: Vec<&FieldFigures> = details.fields.iter().collect();
    fields.sort_by(|a, b| {
        (a.f1.unwrap_or(1.0).total_cmp(&b.f1.unwrap_or(1.0))).then_with(|| a.name.cmp(&b.name))
    });
    fields
}

fn by_field(details: &FieldDetails) -> Section {
    let mut rows: Vec<Vec<String>> = worst_first(details)
        .into_iter()
        .map(|field| {
            vec![
                field.name.clone(),
                field.kind.to_string(),
                or_dash(field.exact.map(|share| share.value)),
                or_dash(field.normalised.map(|share| share.value)),
                or_dash(field.mean_token_f1),
                count(field.counts.wrong),
                count(field.counts.missing),
                count(field.counts.invented),
                or_dash(field.precision),
                or_dash(field.recall),
                or_dash(field.f1),
                or_dash(field.baseline_f1),
            ]
        })
        .collect();
    let (ours, theirs) = (&details.candidate, &details.baseline);
    let together = [
        "all together".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        count(ours.counts.wrong),
        count(ours.counts.missing),
        count(ours.counts.invented),
        or_dash(ours.precision),
        or_dash(ours.recall),
        or_dash(ours.micro_f1),
        or_dash(theirs.micro_f1),
    ];
    rows.push(together.to_vec());
    Section {
        title: "How each field is extracted".to_owned(),
        lead: "The candidate by field, lowest F1 first. Exact: the same characters. Same value: after normalisation by the \
               field's kind. Missing: the document has a value and the answer none; invented: the other way round. \
               Precision counts wrong and invented values against it, recall wrong and missing ones."
            .to_owned(),
        columns: ["Field", "Kind"]
            .map(Column::text)
            .into_iter()
            .chain(
                [
                    "Exact",
                    "Same value",
                    "Token F1",
                    "Wrong",
                    "Missing",
                    "Invented",
                    "Precision",
                    "Recall",
                    "F1",
                    "Baseline F1",
                ]
                .map(Column::number),
            )
            .collect(),
        rows,
    }
}

fn errors(details: &FieldDetails) -> Section {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "no value".to_owned());
    let rows = worst_first(details).into_iter().flat_map(|field| {
        field.errors.iter().map(|error| {
            vec![
                field.name.clone(),
                error.id.clone(),
                error.outcome.word().to_owned(),
                shown(&error.gold),
                shown(&error.answer),
                if error.baseline_right {
                    "right"
                } else {
                    "wrong too"
                }
                .to_owned(),
            ]
        })
    });
    Section {
        title: "What was answered instead".to_owned(),
        lead: "Up to five errors of each field, first those that the baseline has right.".to_owned(),
        columns: ["Field", "Row", "What", "Gold", "Answered", "Baseline"]
            .map(Column::text)
            .to_vec(),
        rows: rows.collect(),
    }
}

fn form_lines(form: &AnswerForm) -> [(&'static str, u64); 10] {
    [
        ("answers without a JSON object, all wrong", form.unreadable),
        (
            "answers with text or a code fence around the object",
            form.surrounded,
        ),
        ("answers that are a JSON string with an object in it", form.quoted),
        ("answers with the fields inside another object", form.nested),
        ("keys that mean no field", form.unknown_keys),
        ("keys that come again", form.repeated_keys),
        ("values that are JSON numbers or booleans", form.not_text),
        ("values that are lists", form.lists),
        ("values that are objects", form.objects),
        ("values that say “none” in words", form.said_absent),
    ]
}

fn forms(details: &FieldDetails) -> Section {
    let pairs = form_lines(&details.candidate.form)
        .into_iter()
        .zip(form_lines(&details.baseline.form));
    let rows = pairs
        .filter(|((_, ours), (_, theirs))| ours + theirs > 0)
        .map(|((what, ours), (_, theirs))| vec![what.to_owned(), count(ours), count(theirs)]);
    Section {
        title: "How the answers came".to_owned(),
        lead:
            "What had to be passed over or put right to read the answers; what is not listed did not occur."
                .to_owned(),
        columns: vec![
            Column::text("What"),
            Column::number("Candidate"),
            Column::number("Baseline"),
        ],
        rows: rows.collect(),
    }
}

pub(super) fn notes(details: &FieldDetails) -> Vec<String> {
    let mut notes = vec![
        overall("candidate", &details.candidate),
        overall("baseline", &details.baseline),
    ];
    let unreadable = (
        details.candidate.form.unreadable,
        details.baseline.form.unreadable,
    );
    if unreadable.0 + unreadable.1 > 0 {
        notes.push(format!(
            "Answers without a JSON object count as wrong in every field: {} of the candidate, {} of the baseline.",
            count(unreadable.0),
            count(unreadable.1)
        ));
    }
    for field in &details.fields {
        let name = quoted(&field.name);
        let kind = field.kind;
        if field.ambiguous_dates > 0 {
            notes.push(format!(
                "Rows in which day and month of {name} could be exchanged, so that only the order that the task states \
                 decides: {}.",
                count(field.ambiguous_dates)
            ));
        }
        if field.gold_of_other_kind > 0 {
            notes.push(format!(
                "Gold values of {name} that cannot be read as {kind}, where only the same text is right: {}.",
                count(field.gold_of_other_kind)
            ));
        }
        if field.of_other_kind > 0 {
            notes.push(format!(
                "Values of the candidate for {name} that cannot be read as {kind}, or that the task does not allow: {}.",
                count(field.of_other_kind)
            ));
        }
    }
    notes
}

fn overall(who: &str, extraction: &Extraction) -> String {
    format!(
        "Over all fields together the {who} has a precision of {}, a recall of {} and an F1 of {}; the mean of the fields' \
         F1 is {}.",
        or_dash(extraction.precision),
        or_dash(extraction.recall),
        or_dash(extraction.micro_f1),
        or_dash(extraction.macro_f1)
    )
}
