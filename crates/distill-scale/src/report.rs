//! What a curation at scale has done, for people and programs.

use std::{collections::BTreeMap, fmt};

use distill_data::{
    AuditRecord, ClassLimitsRecord, ClassSuspicion, LeakageRecord, QueueRecord, ReviewedRecord, SplitReport,
    SuspectRecord, Teachers,
};
use serde::Serialize;

/// The account of a run, `scale.json` in the folder of its outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleReport {
    /// Lines of the table of calls.
    pub calls: u64,
    /// Those that are rejected, by reason: no text, no label of the task, or near a gold row.
    pub rejected: BTreeMap<String, u64>,
    /// Distinct texts, those that are near a gold row among them.
    pub rows: u64,
    /// Near-duplicates among them.
    pub pairs: u64,
    /// The most keys that a text was found by.
    pub most_keys: usize,
    /// Rows by what became of them.
    pub fates: BTreeMap<String, u64>,
    /// Calls behind the rows that are trained on, those of merged rows among them.
    pub calls_in_train: u64,
    /// What reviewed rows did, if there were any.
    pub reviewed: Option<ReviewedRecord>,
    /// What the search for wrong labels found, if there was one.
    pub suspects: Option<SuspectRecord>,
    /// The same by label, of those that any row had.
    pub suspicions: BTreeMap<String, ClassSuspicion>,
    /// What a review of the rows in doubt is expected to take and to bring.
    pub review: QueueRecord,
    /// What the audit has found so far of the rows that are kept on the teacher's word, if rows are drawn.
    pub audit: Option<AuditRecord>,
    /// How near the gold set came to the log and comes to the rows that are trained on, if one was given.
    pub leakage: Option<LeakageRecord>,
    /// How the rows were split, if they were.
    pub split: Option<SplitReport>,
    /// What the limits of classes did.
    pub class_limits: ClassLimitsRecord,
    /// The teachers of the logs, each with what it answered and compared with the one before; `None` of a table that was not
    /// read from logs by this crate.
    pub teachers: Option<Teachers>,
    /// The version of the normaliser.
    pub normaliser: &'static str,
    /// How often a stage was done again because an executor was lost or its time was over; empty in one process.
    pub repeats: BTreeMap<&'static str, u64>,
    /// Seconds by stage, in order.
    pub seconds: Vec<(&'static str, f64)>,
}

impl ScaleReport {
    /// Whether every call has exactly one end: rejected, or behind a row with one fate.
    #[must_use]
    pub fn balances(&self) -> bool {
        let rows: u64 = self.fates.values().sum();
        rows == self.rows && self.calls_in_train <= self.calls - self.rejected.values().sum::<u64>()
    }
}

impl ScaleReport {
    /// What persons are asked.
    fn of_questions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "questions: {}, {:.0} minutes, {:.0} of the calls behind them expected to be wrong",
            self.review.questions, self.review.minutes, self.review.wrong_calls
        )?;
        if let Some(audit) = &self.audit {
            writeln!(
                f,
                "audit: {} rows drawn, {} of them answered and {} wrong; the others take {:.0} minutes",
                audit.drawn, audit.answered, audit.wrong, audit.minutes
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for ScaleReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |counts: &BTreeMap<String, u64>| {
            let counts: Vec<String> = counts
                .iter()
                .map(|(name, count)| format!("{name} {count}"))
                .collect();
            counts.join(", ")
        };
        writeln!(
            f,
            "{} calls, {} texts, {} near pairs",
            self.calls, self.rows, self.pairs
        )?;
        if !self.rejected.is_empty() {
            writeln!(f, "rejected: {}", list(&self.rejected))?;
        }
        writeln!(f, "rows: {}", list(&self.fates))?;
        if let Some(reviewed) = &self.reviewed {
            writeln!(
                f,
                "reviewed: {} of {} found in the log; {} of {} answers with a confidence were right; {} similar texts labelled too",
                reviewed.found, reviewed.rows, reviewed.right, reviewed.checked, reviewed.similar
            )?;
        }
        if let Some(suspects) = &self.suspects {
            writeln!(
                f,
                "wrong labels: {} suspected of {} rows, an estimated {:.1}% are wrong; the model agrees with {:.1}% of the labels",
                suspects.suspects,
                suspects.judged,
                100.0 * suspects.wrong_share,
                100.0 * suspects.agreement
            )?;
        }
        self.of_questions(f)?;
        if let Some(LeakageRecord { log, train }) = &self.leakage {
            writeln!(
                f,
                "gold rows: {}; {} of them word for word in the log, {} near a text of it; {} texts left out for it; {} gold rows \
                 with a text that is trained on at similarity 0.7 and above",
                log.gold_rows,
                log.exact,
                log.gold_at(log.threshold.get()).count(),
                log.leaking_rows,
                train.at_0_7
            )?;
        }
        for (label, missing) in &self.class_limits.below_floor {
            writeln!(
                f,
                "the class {label} lacks {missing} rows of the {} that it should have",
                self.class_limits.floor
            )?;
        }
        if let Some(teachers) = self.teachers.as_ref().filter(|teachers| teachers.count() > 1) {
            writeln!(
                f,
                "{} teachers are told apart, for model, fingerprint or prompt changed; scale.json says who and what changed",
                teachers.count()
            )?;
        }
        for (stage, repeats) in &self.repeats {
            writeln!(
                f,
                "{stage} done again, for an executor was lost or the time was over: {repeats}"
            )?;
        }
        let all: f64 = self.seconds.iter().map(|(_, seconds)| seconds).sum();
        for (stage, seconds) in &self.seconds {
            writeln!(f, "{seconds:8.1} s  {stage}")?;
        }
        writeln!(
            f,
            "{all:8.1} s, {:.0} calls a second",
            self.calls as f64 / all.max(1e-9)
        )
    }
}
