//! What the program says of a verdict, whatever the kind of the task.

use std::path::Path;

use gold_eval::{
    AspectScore, CategoryScore, Details, Finding, GradedReport, Interval, Look, PartKind, Report, Section,
    Settlement, Standing, UsageFacts, Verdict,
};
use serde::Serialize;
use stage_files::FileError;

/// What every report says.
pub(crate) struct About<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) summary: &'a str,
    pub(crate) rules: &'a [Finding],
    pub(crate) settlement: &'a Settlement,
    pub(crate) kind: PartKind,
    pub(crate) task: &'a str,
    pub(crate) gate: &'a str,
    pub(crate) gold_version: u32,
    pub(crate) gold_rows: u64,
    /// Candidate and baseline by name, with what their answers took.
    pub(crate) models: [(&'a str, Option<&'a UsageFacts>); 2],
    pub(crate) notes: &'a [String],
    pub(crate) standing: Option<&'a Standing>,
}

/// A category, a field or a check, as a line of a table.
pub(crate) struct PartLine<'a> {
    pub(crate) name: &'a str,
    pub(crate) rows: u64,
    /// The share of its rows that are right.
    pub(crate) share: f64,
    pub(crate) interval: Interval,
    pub(crate) baseline: f64,
    pub(crate) change: f64,
    pub(crate) p_worse: f64,
}

/// A report of any kind of task.
pub(crate) trait Judged {
    fn about(&self) -> About<'_>;
    /// Worst first.
    fn parts(&self) -> Vec<PartLine<'_>>;
    /// The tables of the kind of task.
    fn sections(&self) -> Vec<Section> {
        Vec::new()
    }
    fn look(&self) -> Look;
    fn to_markdown(&self) -> String;
    fn write(&self, folder: &Path) -> Result<(), FileError>;
}

impl Judged for Report {
    fn about(&self) -> About<'_> {
        let (ours, theirs) = (&self.candidate, &self.baseline);
        About {
            verdict: self.verdict,
            summary: &self.summary,
            rules: &self.rules,
            settlement: &self.settlement,
            kind: PartKind::Category,
            task: &self.gold.task,
            gate: &self.gate,
            gold_version: self.gold.version,
            gold_rows: self.gold.rows,
            models: [
                (&ours.score.name, ours.usage.as_ref()),
                (&theirs.score.name, theirs.usage.as_ref()),
            ],
            notes: &self.notes,
            standing: self.standing.as_ref(),
        }
    }

    fn parts(&self) -> Vec<PartLine<'_>> {
        fn line(category: &CategoryScore) -> PartLine<'_> {
            PartLine {
                name: &category.label,
                rows: category.support,
                share: category.recall,
                interval: category.recall_interval,
                baseline: category.baseline_recall,
                change: category.difference,
                p_worse: category.p_worse_holm,
            }
        }
        self.categories.iter().map(line).collect()
    }

    fn look(&self) -> Look {
        self.look()
    }

    fn to_markdown(&self) -> String {
        self.to_markdown()
    }

    fn write(&self, folder: &Path) -> Result<(), FileError> {
        self.write(folder)
    }
}

impl<D: Details + Serialize> Judged for GradedReport<D> {
    fn about(&self) -> About<'_> {
        let models = [&self.candidate, &self.baseline];
        About {
            verdict: self.verdict,
            summary: &self.summary,
            rules: &self.rules,
            settlement: &self.settlement,
            kind: self.kind,
            task: &self.gold.task,
            gate: &self.gate,
            gold_version: self.gold.version,
            gold_rows: self.gold.rows,
            models: models.map(|model| (model.name.as_str(), model.usage.as_ref())),
            notes: &self.notes,
            standing: self.standing.as_ref(),
        }
    }

    fn parts(&self) -> Vec<PartLine<'_>> {
        fn line(aspect: &AspectScore) -> PartLine<'_> {
            PartLine {
                name: &aspect.name,
                rows: aspect.right.of,
                share: aspect.right.value,
                interval: aspect.right.interval,
                baseline: aspect.baseline,
                change: aspect.difference,
                p_worse: aspect.p_worse_holm,
            }
        }
        self.aspects.iter().map(line).collect()
    }

    fn sections(&self) -> Vec<Section> {
        self.details.sections()
    }

    fn look(&self) -> Look {
        self.look()
    }

    fn to_markdown(&self) -> String {
        self.to_markdown()
    }

    fn write(&self, folder: &Path) -> Result<(), FileError> {
        self.write(folder)
    }
}
