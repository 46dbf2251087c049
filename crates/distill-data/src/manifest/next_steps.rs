//! What is worth doing about a curation, in the order in which to do it.

use super::words::{change, largest_first, names, quoted, reason, sum};
use crate::{
    Manifest, ShiftVerdict, TeacherChange, Teachers, Verdict,
    figures::{count, counted, listed, percent},
};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NextStep {
    /// What, as an order.
    pub(super) what: String,
    /// Why, or how, in a sentence or two.
    pub(super) why: String,
}

impl NextStep {
    fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            why: why.into(),
        }
    }
}

/// Everything that follows from a manifest; empty where there is nothing to do.
pub(super) fn of(manifest: &Manifest) -> Vec<NextStep> {
    let steps = [
        unusable(manifest),
        review(manifest),
        audit(manifest),
        gold(manifest),
        unknown_labels(manifest),
        small_labels(manifest),
        protected_labels(manifest),
        teachers(manifest),
    ];
    steps.into_iter().flatten().collect()
}

fn unusable(manifest: &Manifest) -> Option<NextStep> {
    let ledger = &manifest.ledger;
    let most = |counts| {
        largest_first(counts)
            .first()
            .map(|(kind, found)| format!("most often ({}): {}", count(*found as f64), reason(kind)))
    };
    match manifest.verdict {
        Verdict::Usable => None,
        Verdict::TooDamaged { .. } => Some(NextStep::new(
            "Look at quarantine.jsonl",
            format!(
                "It holds the lines that could not be read, with the place and the fault of each; {}.",
                most(&ledger.quarantined)?
            ),
        )),
        Verdict::NothingKept => Some(NextStep::new(
            "Find out why no row is left",
            match most(&ledger.rejected) {
                Some(most) => format!("rejected.jsonl holds the calls with their reasons; {most}."),
                None => {
                    "No call was rejected: the rows are in review or set apart, or the log holds no call."
                        .to_owned()
                }
            },
        )),
    }
}

fn review(manifest: &Manifest) -> Option<NextStep> {
    let review = &manifest.review;
    (review.questions > 0).then(|| {
        let first = review.curve.iter().find(|point| point.minutes == 30.0);
        let first = match first {
            Some(first) if first.minutes < review.minutes => {
                format!(" The first 30 minutes put right about {}.", count(first.calls.round()))
            }
            _ => String::new(),
        };
        NextStep::new(
            format!("Answer the questions in review.csv ({})", about(review.minutes)),
            format!(
                "{}, the most valuable first. Of the calls behind them about {} are expected to be wrong.{first} Fill in the \
                 column right_label (a label, ok where the given one is right, or skip), and give the file to the next \
                 curation as reviewed rows.",
                counted(review.questions as u64, "question"),
                count(review.wrong_calls.round())
            ),
        )
    })
}

fn about(minutes: f64) -> String {
    match minutes {
        _ if minutes < 1.5 => "about a minute".to_owned(),
        _ if minutes < 120.0 => format!("about {minutes:.0} minutes"),
        _ => format!("about {} hours", count((minutes / 60.0).round())),
    }
}

fn audit(manifest: &Manifest) -> Option<NextStep> {
    let audit = manifest.audit.as_ref()?;
    let open = audit.drawn - audit.answered;
    (open > 0).then(|| {
        NextStep::new(
            format!(
                "Read the {} that were drawn by chance ({})",
                counted(open as u64, "row"),
                about(audit.minutes)
            ),
            "They are among the questions of review.csv, and trained on meanwhile. Their answers tell how many wrong labels \
             are left, those among them which the teacher gets wrong on every text of a kind: nothing else sees these.",
        )
    })
}

fn gold(manifest: &Manifest) -> Option<NextStep> {
    manifest.gold.is_none().then(|| {
        NextStep::new(
            "Give a gold set",
            "Questions with right answers that nobody trains on. Without one, nobody can say that the training rows keep \
             clear of the test.",
        )
    })
}

fn unknown_labels(manifest: &Manifest) -> Option<NextStep> {
    let unknown = largest_first(&manifest.unknown_labels);
    (!unknown.is_empty()).then(|| {
        let shown = unknown
            .iter()
            .map(|(name, times)| format!("{} ({})", quoted(name), count(*times as f64)));
        NextStep::new(
            "Decide about answers that are no label of the task",
            format!(
                "{}: {}. A name that comes often is a label that the task lacks, or one that needs an alias.",
                counted(sum(&manifest.unknown_labels), "call"),
                listed(shown, 4)
            ),
        )
    })
}

fn small_labels(manifest: &Manifest) -> Option<NextStep> {
    let limits = &manifest.class_limits;
    let mut small: Vec<(&str, usize)> = limits
        .below_floor
        .iter()
        .map(|(label, lacking)| (label.as_str(), limits.floor.saturating_sub(*lacking)))
        .collect();
    small.sort_by_key(|&(label, rows)| (rows, label));
    (!small.is_empty()).then(|| {
        let named = small
            .iter()
            .map(|(label, rows)| format!("{} ({rows})", quoted(label)));
        NextStep::new(
            format!("Find more examples of {}", counted(small.len() as u64, "label")),
            format!(
                "They have fewer than {} to train on: {}.",
                counted(limits.floor as u64, "row"),
                listed(named, 6)
            ),
        )
    })
}

fn protected_labels(manifest: &Manifest) -> Option<NextStep> {
    let labels = &manifest.suspects.as_ref()?.protected_classes;
    (!labels.is_empty()).then(|| {
        let share = manifest.settings.suspects.as_ref().map_or(0.0, |settings| settings.max_class_share);
        NextStep::new(
            format!("Look at rows of {}", names(labels.iter().map(String::as_str))),
            format!(
                "More than {} of the rows are contradicted. No more than that is taken from a label, and the others are \
                 trained on: either the label is hard, or the teacher is often wrong about it.",
                percent(share)
            ),
        )
    })
}

fn teachers(manifest: &Manifest) -> Option<NextStep> {
    let teachers = &manifest.teachers;
    let effect = |change: &TeacherChange| change.labels.cramers_v.unwrap_or(0.0);
    let changed = teachers.changes.iter().filter(|change| is_of_consequence(change));
    let widest = changed.max_by(|a, b| effect(a).total_cmp(&effect(b)))?;
    let name = |at: usize| {
        let model = teachers
            .listed
            .get(at)
            .and_then(|teacher| teacher.model.as_deref());
        quoted(model.unwrap_or("no name"))
    };
    Some(NextStep::new(
        "Decide which teacher to learn from",
        format!(
            "{} answered, for model, fingerprint or prompt changed. {} The models are {} and {}. Where their answers are of \
             two kinds, curate the calls of one.",
            counted(teachers.count(), "teacher"),
            change(widest),
            name(widest.from),
            name(widest.to)
        ),
    ))
}

/// Whether two teachers answer so differently that a person should know.
fn is_of_consequence(change: &TeacherChange) -> bool {
    /// The share of shared texts with another label from which on it is worth a look.
    const DISAGREE: f64 = 0.05;
    let has_enough = change.shared_texts >= Teachers::LEAST_TEXTS as u64;
    let disagree = change.disagreements as f64 / change.shared_texts.max(1) as f64;
    change.labels.verdict == ShiftVerdict::Moved || (has_enough && disagree >= DISAGREE)
}
