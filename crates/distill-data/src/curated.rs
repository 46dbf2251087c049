//! The outcome of a curation, in memory and as a folder.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{FileError, remove_leftovers, write_json, write_json_lines, write_whole};
use task_spec::{Example, Source};

use crate::{
    Confidence, Manifest, QuarantinedLine, RejectedRow, ReviewRow, label_studio_config, label_studio_tasks,
    reading_order, review_csv,
};

/// The outcome of a curation: rows by where they end, and the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Curated {
    /// Rows to train on, by id.
    pub train: Vec<TrainRow>,
    /// Rows that could be trained on and are kept from it, by the name of their file without `.jsonl`; each list by id.
    pub set_apart: BTreeMap<String, Vec<TrainRow>>,
    /// Rows for a person, the most valuable first.
    pub review: Vec<ReviewRow>,
    /// Rows of `train` that were drawn by chance for a person and are not read yet, in the order of the draw.
    pub audit: Vec<ReviewRow>,
    /// Calls that make no row, in the order of the logs.
    pub rejected: Vec<RejectedRow>,
    /// Lines that could not be read, in the order of the logs.
    pub quarantine: Vec<QuarantinedLine>,
    /// Calls that stand behind another, in the order of the logs.
    pub merged: Vec<MergedCall>,
    /// The account; its `outputs` are empty until the files are written.
    pub manifest: Manifest,
}

/// A line of `train.jsonl`: an [`Example`] and what is known of the calls behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainRow {
    /// The row itself; other readers of the file see this.
    #[serde(flatten)]
    pub example: Example,
    /// How many calls of the log the row stands for.
    pub calls: usize,
    /// The confidence as the log has it, with its kind; `example.confidence` is the calibrated one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Confidence>,
    /// Whether a person gave the label, to this text or to a similar one for both.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_person: bool,
}

/// A line of `merged.jsonl`: a call that stands behind another one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MergedCall {
    /// The call.
    pub source: Source,
    /// The id of the row that stands for it, in `train.jsonl`, `review.jsonl` or a part that is set apart.
    pub into: String,
    /// The similarity of the texts, in 0..1; 1 with [`exact`](Self::exact). Below the settings' threshold where they differ in
    /// [ignored parts](crate::CurateConfig::ignored_parts) alone.
    pub jaccard: f64,
    /// Whether the texts are equal after the normaliser.
    pub exact: bool,
}

impl Curated {
    /// Writes `train.jsonl`, `review.jsonl`, `audit.jsonl`, `rejected.jsonl`, `quarantine.jsonl`, `merged.jsonl`, a file for
    /// each part that is set apart, the questions of review and audit together as people's tools read them (`review.csv`,
    /// `label-studio.json`, `label-studio.xml`) and, last, `manifest.json` with the hashes of the others.
    ///
    /// Each file is whole or absent. A folder whose manifest's hashes are those of its files is complete; a run that is killed
    /// leaves another, and the next one writes all of it anew. What a killed run has left half-written lies under a name that
    /// begins with `.partial-`, which nothing reads, and is removed here.
    ///
    /// # Errors
    ///
    /// [`FileError::Write`] if a file cannot be written, [`FileError::Read`] if the folder cannot be listed.
    pub fn write(&self, folder: &Path) -> Result<Manifest, FileError> {
        remove_leftovers(folder)?;
        let questions = reading_order(&self.review, &self.audit);
        let labels = self.manifest.labels.iter().map(|record| record.label.as_str());
        let hashes = [
            (
                "train.jsonl",
                write_json_lines(&folder.join("train.jsonl"), &self.train)?,
            ),
            (
                "review.jsonl",
                write_json_lines(&folder.join("review.jsonl"), &self.review)?,
            ),
            (
                "rejected.jsonl",
                write_json_lines(&folder.join("rejected.jsonl"), &self.rejected)?,
            ),
            (
                "quarantine.jsonl",
                write_json_lines(&folder.join("quarantine.jsonl"), &self.quarantine)?,
            ),
            (
                "merged.jsonl",
                write_json_lines(&folder.join("merged.jsonl"), &self.merged)?,
            ),
            (
                "review.csv",
                write_whole(&folder.join("review.csv"), review_csv(&questions))?,
            ),
            (
                "label-studio.json",
                write_json(&folder.join("label-studio.json"), &label_studio_tasks(&questions))?,
            ),
            (
                "label-studio.xml",
                write_whole(&folder.join("label-studio.xml"), label_studio_config(labels))?,
            ),
            (
                "audit.jsonl",
                write_json_lines(&folder.join("audit.jsonl"), &self.audit)?,
            ),
        ];
        let mut manifest = self.manifest.clone();
        manifest.outputs = BTreeMap::from(hashes.map(|(name, hash)| (name.to_owned(), hash)));
        for (name, rows) in &self.set_apart {
            let name = format!("{name}.jsonl");
            let hash = write_json_lines(&folder.join(&name), rows)?;
            manifest.outputs.insert(name, hash);
        }
        write_json(&folder.join("manifest.json"), &manifest)?;
        Ok(manifest)
    }
}
