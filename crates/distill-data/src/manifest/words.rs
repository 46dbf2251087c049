//! What a manifest says, in sentences that a page and a terminal share.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    AuditShare, ClassBasis, ConfusedRecord, Flattery, LabelRecord, Manifest, SplitReport, TeacherChange,
    Verdict,
    figures::{count, counted, listed, one_line, percent},
};

/// How much of a name from outside is shown, in characters.
pub(super) const NAME: usize = 60;
/// How many names a sentence lists.
const LISTED: usize = 6;

/// A name from outside as it stands in a sentence.
pub(super) fn quoted(name: &str) -> String {
    format!("“{}”", one_line(name, NAME))
}

/// Names from outside as they stand in a sentence, the first few.
pub(super) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    listed(names.map(quoted), LISTED)
}

pub(super) fn sum(counts: &BTreeMap<String, u64>) -> u64 {
    counts.values().sum()
}

/// Counts by name, the largest first, without those that are 0.
pub(super) fn largest_first(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let counts = counts.iter().map(|(name, &count)| (name.as_str(), count));
    let mut sorted: Vec<(&str, u64)> = counts.filter(|&(_, count)| count > 0).collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    sorted
}

/// A reason or a kind of damage, as the ledger calls it, for somebody who does not know the ledger.
pub(super) fn reason(kind: &str) -> Cow<'_, str> {
    Cow::Borrowed(match kind {
        "conflicting_labels" => "calls of the same text gave different labels, and none has the majority",
        "near_conflict" => "nearly the same texts were given another label",
        "low_confidence" => "the teacher was not sure enough",
        "unknown_confidence" => "the log does not say how sure the teacher was",
        "suspect_label" => "a model of the other rows contradicts the label",
        "failed_call" => "the call failed",
        "elsewhere" => "the text is not in the log but somewhere else",
        "not_recorded" => "the log does not hold what was said",
        "disapproved" => "said to be wrong by a person's score",
        "not_for_training" => "marked in the log as not to be trained on",
        "empty_input" => "the question is blank",
        "not_text" => "the question has a picture, a sound or a file in it",
        "later_turns" => "turns follow the question, so that the answer does not depend on it alone",
        "refusal" => "the teacher refused",
        "truncated" => "the answer was cut off",
        "empty_answer" => "the answer is blank",
        "unreadable_answer" => "the answer is not written as the task's answers are",
        "unknown_label" => "the answer is no label of the task",
        "leaks_gold" => "the question is in the gold set, or nearly",
        "too_long" => "too long or too deeply nested",
        "not_utf8" => "not UTF-8",
        "packed" => "could not be unpacked",
        "not_json" => "not JSON",
        "wrong_shape" => "a field is missing or of another type",
        other => return Cow::Owned(one_line(&other.replace('_', " "), NAME)),
    })
}

/// Whether the rows may be used, in a few words and in a sentence.
pub(super) fn verdict(manifest: &Manifest) -> (&'static str, String) {
    let ledger = &manifest.ledger;
    match manifest.verdict {
        Verdict::Usable => (
            "Usable",
            format!(
                "{} to train on stand for {} of {}.",
                counted(ledger.train, "row"),
                count(ledger.calls_in_train as f64),
                counted(ledger.calls, "call")
            ),
        ),
        Verdict::TooDamaged { share, allowed } => (
            "Not usable: the log is damaged",
            format!(
                "{} of the lines could not be read, and {} are allowed. What could be read is not to be trusted either.",
                percent(share),
                percent(allowed)
            ),
        ),
        Verdict::NothingKept => (
            "Not usable: no row is left",
            "There is nothing to train on.".to_owned(),
        ),
    }
}

/// Calls that say what another says; `None` if there is none.
pub(super) fn merged(manifest: &Manifest) -> Option<String> {
    let (exact, near) = (manifest.ledger.merged_exact, manifest.ledger.merged_near);
    (exact + near > 0).then(|| {
        format!(
            "A row may stand for several calls: {} the same text as another and {} nearly the same.",
            does(exact, "call has", "calls have"),
            does(near, "has", "have"),
        )
    })
}

/// A number with the verb that goes with it.
pub(super) fn does(number: u64, one: &str, several: &str) -> String {
    format!(
        "{} {}",
        count(number as f64),
        if number == 1 { one } else { several }
    )
}

/// That training texts and gold texts are apart.
pub(super) fn leakage(manifest: &Manifest) -> String {
    let Some(leakage) = &manifest.leakage else {
        return "No gold set was given, so that nothing is certified about training texts that are test texts too."
            .to_owned();
    };
    let (train, log) = (&leakage.train, &leakage.log);
    let compared = format!(
        "each of {} was compared with each of {}",
        counted(train.train_rows as u64, "training row"),
        counted(train.gold_rows as u64, "gold row")
    );
    let from = format!("at a similarity of {} or more", train.threshold.get());
    let found = match train.is_clean() {
        true => {
            format!("No training text is a gold text, or near one {from}: {compared}, and no pair is missed.")
        }
        false => format!(
            "{} near a gold text {from}: {compared}.",
            does(
                train.leaking_rows as u64,
                "training text is",
                "training texts are"
            )
        ),
    };
    let before = match log.gold_at(log.threshold.get()).count() {
        0 => "The log held no gold text to begin with.".to_owned(),
        near => format!(
            "Of the gold texts {} in the log or near a text there, {} word for word; such calls were rejected.",
            does(near as u64, "was", "were"),
            count(log.exact as f64)
        ),
    };
    format!("{found} {before}")
}

/// What the search for wrong labels found.
pub(super) fn suspects(manifest: &Manifest) -> Option<String> {
    let found = manifest.suspects.as_ref()?;
    let least = manifest
        .settings
        .suspects
        .as_ref()
        .map_or(0.0, |settings| settings.min_agreement);
    let judge = format!(
        "A fast model that is trained on the other rows agrees with {} of the labels",
        percent(found.agreement)
    );
    Some(match found.agreement < least {
        true => format!(
            "{judge}. That is too few (below {}) for it to doubt any.",
            percent(least)
        ),
        false => format!(
            "{judge}. It contradicts {} of {} clearly enough to ask a person, and finds about {} of the labels wrong.{}",
            count(found.suspects as f64),
            counted(found.judged as u64, "row"),
            percent(found.wrong_share),
            confused(&found.confused)
        ),
    })
}

/// The labels that are most often given for others, in a sentence; nothing where there are none to speak of.
fn confused(pairs: &[ConfusedRecord]) -> String {
    const TOLD: usize = 3;
    let told = pairs.iter().filter(|pair| pair.rows >= 1.0).map(|pair| {
        format!(
            "about {} given {} are {}",
            counted(pair.rows.round() as u64, "row"),
            one_line(&pair.given, NAME),
            one_line(&pair.right, NAME)
        )
    });
    let told: Vec<String> = told.take(TOLD).collect();
    match told.is_empty() {
        true => String::new(),
        false => format!(" Most confused: {}.", told.join("; ")),
    }
}

/// Labels of few rows, with how each was judged: `None` of a label that was judged by its own rows, or not at all.
pub(super) fn small_class(record: &LabelRecord) -> Option<String> {
    let found = record.suspicion?;
    match found.basis {
        ClassBasis::Pooled => Some(format!(
            "{}, judged with the average label's figures, {} contradicted",
            counted(found.rows as u64, "row"),
            count(found.suspected as f64)
        )),
        ClassBasis::None => Some(format!(
            "{}, not judged, for no other text has the label",
            counted(found.rows as u64, "row")
        )),
        ClassBasis::OwnRows => None,
    }
}

/// What was masked; `None` if the settings do not ask for it.
pub(super) fn personal_data(manifest: &Manifest) -> Option<String> {
    let record = manifest.personal_data.as_ref()?;
    let kinds = record.found.iter().filter(|(_, found)| **found > 0);
    let kinds: Vec<String> = kinds
        .map(|(kind, &found)| match kind.as_str() {
            "iban" => counted(found, "IBAN"),
            "email_address" if found != 1 => format!("{} e-mail addresses", count(found as f64)),
            "email_address" => "1 e-mail address".to_owned(),
            other => counted(found, &other.replace('_', " ")),
        })
        .collect();
    Some(match kinds.is_empty() {
        true => "None was found to be masked.".to_owned(),
        false => format!(
            "{} in {} were masked.",
            listed(kinds.into_iter(), LISTED),
            counted(record.questions, "question")
        ),
    })
}

/// What changed from one teacher to another.
pub(super) fn change(change: &TeacherChange) -> String {
    let shared = match change.shared_texts {
        0 => "they share no text".to_owned(),
        shared => format!(
            "of {} that both labelled, {} got another label",
            counted(shared, "text"),
            count(change.disagreements as f64)
        ),
    };
    format!(
        "From teacher {} to {}: {shared}; {}.",
        change.from + 1,
        change.to + 1,
        change.labels.verdict.as_str()
    )
}

/// What rows of unknown time mean for a split by time; `None` where there are none.
pub(super) fn without_time(split: &SplitReport) -> Option<String> {
    let rows: usize = split.parts.iter().map(|part| part.rows).sum();
    (split.without_time > 0).then(|| {
        format!(
            "{} of {} say nothing of when they were asked: they are trained on, though some may be later than what is held out.",
            count(split.without_time as f64),
            counted(rows as u64, "row")
        )
    })
}

/// How much a random split would have flattered.
pub(super) fn flattery(flattery: &Flattery) -> String {
    let (here, random) = (&flattery.here, &flattery.random);
    let said = format!(
        "A fast model that is trained on the training rows is right on {} of the held-out ones; with random splits on {}",
        percent(here.accuracy()),
        percent(random.accuracy())
    );
    match random.near {
        0 => format!("{said}, where no held-out row is nearly a training row either."),
        _ => format!(
            "{said}, where {} of the held-out rows are nearly a training row and it is right on {} of the others.",
            percent(random.near_share()),
            percent(random.accuracy_without_near())
        ),
    }
}

/// How many labels are wrong; `None` before any answer.
pub(super) fn audit_share(share: &AuditShare) -> Option<String> {
    let estimate = share.share?;
    let passed_over = match share.passed_over {
        0 => String::new(),
        some => format!(
            "; {} passed over, which may be right or wrong",
            count(some as f64)
        ),
    };
    Some(format!(
        "{}, with 95% confidence {:.1} to {:.1}% ({} wrong of {} read{passed_over})",
        percent(estimate),
        100.0 * share.interval.0,
        100.0 * share.interval.1,
        share.wrong,
        share.answered
    ))
}
