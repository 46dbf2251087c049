//! What is reported, in full: the content of `report.json`.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, write_json, write_whole};

use crate::{
    Calibration, CategoryScore, Comparison, Confusion, CoveragePoint, Finding, GoldSet, JunitReport, Leakage,
    Look, LooksBefore, Metrics, NearnessBand, PartKind, PowerPlan, RightRows, Score, Settlement, Share,
    Standing, Teacher, UsageFacts, Verdict, figures::percent, junit, markdown, page, part::Part,
};

/// The version of the shape of `report.json`: raised when a field is taken away or changes its meaning. New fields do
/// not raise it, so readers pass over those that they do not know.
pub const REPORT_SCHEMA_VERSION: u32 = 1;

/// A verdict and everything behind it.
///
/// The same case gives the same report, and the same report the same bytes in each of its forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`REPORT_SCHEMA_VERSION`] when it was written; 0 in a report of before there was one.
    #[serde(default)]
    pub schema_version: u32,
    /// When, as the caller wrote it.
    pub at: String,
    /// What the gate says.
    pub verdict: Verdict,
    /// The verdict as a sentence.
    pub summary: String,
    /// What a reader should know besides, each in a sentence.
    pub notes: Vec<String>,
    /// The gate's name.
    pub gate: String,
    /// The two-sided confidence of every interval.
    pub confidence: f64,
    /// Each rule of the gate with its outcome and evidence.
    pub rules: Vec<Finding>,
    /// What would settle the rules that could not tell, cheapest first.
    #[serde(default)]
    pub settlement: Settlement,
    /// The gold set.
    pub gold: GoldFacts,
    /// The line to beat.
    pub baseline: BaselineFacts,
    /// The model that was judged.
    pub candidate: CandidateFacts,
    /// The candidate against the baseline.
    pub against_baseline: Comparison,
    /// The candidate against the model that was shipped last.
    pub against_shipped: Option<Comparison>,
    /// Both models on the gold rows that have no near neighbour in training.
    pub apart_from_neighbours: Option<ApartFromNeighbours>,
    /// Both models by how near training came to the gold rows; empty where the training texts were not given.
    pub by_nearness: Vec<NearnessBand>,
    /// Whether the candidate has seen gold rows, and who vouches for it.
    pub leakage: Leakage,
    /// Earlier looks at this gold set; `None` if no history was given.
    pub looks_before: Option<LooksBefore>,
    /// Where the candidate stands among all that this gold set has judged; `None` if no history was given.
    pub standing: Option<Standing>,
    /// Every category with gold rows, worst first.
    pub categories: Vec<CategoryScore>,
    /// The most frequent confusions.
    pub confusions: Vec<Confusion>,
    /// Whether the candidate's confidences mean what they say, where it gave any.
    pub calibration: Option<Calibration>,
    /// Accuracy against coverage under abstention; empty without confidences.
    pub coverage: Vec<CoveragePoint>,
    /// Averages, agreement, distributions, passing on rows, and how runs differ.
    pub metrics: Metrics,
    /// The rows that every category would need to show a drop of ten points.
    pub power: PowerPlan,
}

/// The gold set of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldFacts {
    /// The task's name.
    pub task: String,
    /// The version of the set.
    pub version: u32,
    /// BLAKE3 of the gold file.
    pub hash: ContentHash,
    /// How many rows there are.
    pub rows: u64,
    /// How many categories have rows.
    pub categories: u64,
    /// The labels of the task that have none, by name.
    pub without_rows: Vec<String>,
}

impl GoldFacts {
    pub(crate) fn of(gold: &GoldSet) -> Self {
        let lock = gold.lock();
        let with_rows = lock.parts.values().filter(|rows| **rows > 0).count();
        let without_rows = lock.parts.iter().filter(|(_, rows)| **rows == 0);
        Self {
            task: lock.task.clone(),
            version: lock.version,
            hash: lock.hash.clone(),
            rows: lock.rows,
            categories: with_rows as u64,
            without_rows: without_rows.map(|(label, _)| label.clone()).collect(),
        }
    }
}

/// The baseline of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineFacts {
    /// Which teacher answered.
    pub teacher: Teacher,
    /// Its score.
    pub score: Score,
    /// What its answers took, where that was pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageFacts>,
}

/// The candidate of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateFacts {
    /// The content hash of its model, where it was given.
    pub model_hash: Option<ContentHash>,
    /// BLAKE3 of its answers as `predictions.jsonl`.
    pub answers_hash: ContentHash,
    /// Which gold rows it has right.
    pub right: RightRows,
    /// Its score.
    pub score: Score,
    /// What its answers took, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageFacts>,
}

/// The figures on gold rows that nothing in training resembles, and on the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApartFromNeighbours {
    /// Gold rows that have a near neighbour in training.
    pub near_rows: u64,
    /// The candidate on the other rows; `None` if there are none.
    pub candidate: Option<Share>,
    /// The baseline on them.
    pub baseline: Option<Share>,
    /// The candidate on the rows that have a near neighbour; `None` if there are none.
    pub near_candidate: Option<Share>,
    /// The baseline on those.
    pub near_baseline: Option<Share>,
    /// Candidate against baseline on the rows that have none.
    pub comparison: Option<Comparison>,
}

impl Report {
    /// This look, to be added to the [`History`](crate::History).
    #[must_use]
    pub fn look(&self) -> Look {
        Look {
            at: self.at.clone(),
            gold_version: self.gold.version,
            gold_hash: self.gold.hash.clone(),
            predictor: self.candidate.score.name.clone(),
            model_hash: self.candidate.model_hash.clone(),
            answers_hash: self.candidate.answers_hash.clone(),
            gate: self.gate.clone(),
            accuracy: self.candidate.score.accuracy.value,
            verdict: self.verdict,
            right: Some(self.candidate.right.clone()),
        }
    }

    /// The report as Markdown, for a comment on a pull request: below the 65,536 characters that GitHub takes.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::of(self)
    }

    /// The report as one HTML page that needs nothing else and stays below 1 MB.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::of(self)
    }

    /// The verdict, its rules and its categories as JUnit XML: see [`JunitReport`].
    #[must_use]
    pub fn to_junit(&self) -> String {
        let parts: Vec<Part> = self.categories.iter().map(Part::from).collect();
        JunitReport {
            task: &self.gold.task,
            gate: &self.gate,
            at: &self.at,
            verdict: self.verdict,
            summary: &self.summary,
            findings: &self.rules,
            kind: PartKind::Category,
            parts: junit::parts_of(&parts, &self.gold.without_rows),
            properties: BTreeMap::from([
                ("accuracy", percent(self.candidate.score.accuracy.value)),
                ("answers", self.candidate.answers_hash.to_string()),
                ("baseline", self.baseline.teacher.model.clone()),
                ("candidate", self.candidate.score.name.clone()),
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
    pub fn write(&self, folder: &Path) -> Result<(), FileError> {
        write_report(
            folder,
            self,
            (&self.to_markdown(), &self.to_html(), &self.to_junit()),
        )
    }
}

/// The four files of a report: its JSON, and its Markdown, page and JUnit XML.
pub(crate) fn write_report(
    folder: &Path,
    report: &impl Serialize,
    (markdown, html, junit): (&str, &str, &str),
) -> Result<(), FileError> {
    write_json(&folder.join("report.json"), report)?;
    write_whole(&folder.join("report.md"), markdown)?;
    write_whole(&folder.join("report.html"), html)?;
    write_whole(&folder.join("junit.xml"), junit)?;
    Ok(())
}
