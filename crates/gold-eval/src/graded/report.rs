//! What is reported of graded answers, in full: the content of `report.json`.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError};

use crate::{
    ApartFromNeighbours, AspectScore, Comparison, Details, Finding, JunitReport, Leakage, Look, LooksBefore,
    NearnessBand, PartKind, Repeats, RightRows, Settlement, Share, Standing, Teacher, UsageFacts, Verdict,
    figures::percent,
    graded::{markdown, page},
    junit,
    part::Part,
    report::write_report,
};

/// A verdict on graded answers and everything behind it; `D` are the figures of the kind of task.
///
/// The same case gives the same report, and the same report the same bytes in each of its three forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradedReport<D = ()> {
    /// When, as the caller wrote it.
    pub at: String,
    /// What the gate says.
    pub verdict: Verdict,
    /// The verdict as a sentence.
    pub summary: String,
    /// What a reader should know besides, each in a sentence.
    pub notes: Vec<String>,
    /// What the aspects are.
    pub kind: PartKind,
    /// The gate's name.
    pub gate: String,
    /// The two-sided confidence of every interval.
    pub confidence: f64,
    /// Each rule of the gate with its outcome and evidence.
    pub rules: Vec<Finding>,
    /// What would settle the rules that could not tell.
    pub settlement: Settlement,
    /// The gold set.
    pub gold: GradedGold,
    /// Whose answers are the line to beat.
    pub teacher: Teacher,
    /// How good they are.
    pub baseline: GradedModel,
    /// The model that was judged.
    pub candidate: GradedModel,
    /// The content hash of its model, where it was given.
    pub model_hash: Option<ContentHash>,
    /// The content hash of its answers.
    pub answers_hash: ContentHash,
    /// The candidate against the baseline, by whole rows.
    pub against_baseline: Comparison,
    /// The candidate against the model that was shipped last.
    pub against_shipped: Option<Comparison>,
    /// Both models apart from rows that have a near neighbour in training; `None` where nobody says which these are.
    pub apart_from_neighbours: Option<ApartFromNeighbours>,
    /// Both models by how near training came to the gold rows; empty where the training texts were not given.
    pub by_nearness: Vec<NearnessBand>,
    /// Whether the candidate has seen gold rows, and who vouches for it.
    pub leakage: Leakage,
    /// Earlier looks at this gold set; `None` if no history was given.
    pub looks_before: Option<LooksBefore>,
    /// Several runs of the candidate, where they were given. No more is looked at than whether an answer is right.
    pub repeats: Option<Repeats>,
    /// Which rows the candidate has right, for later candidates to be compared with.
    pub right: RightRows,
    /// Where the candidate stands among all that this gold set has judged; `None` if no history was given.
    pub standing: Option<Standing>,
    /// Every aspect that applies to gold rows, worst first.
    pub aspects: Vec<AspectScore>,
    /// The aspects that apply to none.
    pub without_rows: Vec<String>,
    /// The figures of the kind of task.
    pub details: D,
}

/// The gold set of a graded report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradedGold {
    /// The task's name.
    pub task: String,
    /// The version of the set.
    pub version: u32,
    /// BLAKE3 of the gold file.
    pub hash: ContentHash,
    /// How many rows there are.
    pub rows: u64,
}

/// One model of a graded report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradedModel {
    /// Its name.
    pub name: String,
    /// Rows in which nothing is wrong.
    pub accuracy: Share,
    /// What its answers took, where it was measured.
    pub usage: Option<UsageFacts>,
}

impl<D> GradedReport<D> {
    /// This look, to be added to the [`History`](crate::History).
    #[must_use]
    pub fn look(&self) -> Look {
        Look {
            at: self.at.clone(),
            gold_version: self.gold.version,
            gold_hash: self.gold.hash.clone(),
            predictor: self.candidate.name.clone(),
            model_hash: self.model_hash.clone(),
            answers_hash: self.answers_hash.clone(),
            gate: self.gate.clone(),
            accuracy: self.candidate.accuracy.value,
            verdict: self.verdict,
            right: Some(self.right.clone()),
        }
    }
}

impl<D: Details> GradedReport<D> {
    /// The report as Markdown, for a comment on a pull request.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// The report as one HTML page that needs nothing else and stays below 1 MB.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::of(self)
    }

    /// The verdict, its rules and its aspects as JUnit XML: see [`JunitReport`].
    #[must_use]
    pub fn to_junit(&self) -> String {
        let parts: Vec<Part> = self.aspects.iter().map(Part::from).collect();
        JunitReport {
            task: &self.gold.task,
            gate: &self.gate,
            at: &self.at,
            verdict: self.verdict,
            summary: &self.summary,
            findings: &self.rules,
            kind: self.kind,
            parts: junit::parts_of(&parts, &self.without_rows),
            properties: BTreeMap::from([
                ("accuracy", percent(self.candidate.accuracy.value)),
                ("answers", self.answers_hash.to_string()),
                ("baseline", self.teacher.model.clone()),
                ("candidate", self.candidate.name.clone()),
                ("gate", self.gate.clone()),
                ("gold", self.gold.hash.to_string()),
                ("gold version", self.gold.version.to_string()),
            ]),
        }
        .to_xml()
    }

    /// Writes `report.json`, `report.md`, `report.html` and `junit.xml` into a folder.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] or [`FileError::Encode`].
    pub fn write(&self, folder: &Path) -> Result<(), FileError>
    where
        D: Serialize,
    {
        write_report(
            folder,
            self,
            (&self.to_markdown(), &self.to_html(), &self.to_junit()),
        )
    }
}
