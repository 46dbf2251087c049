//! The outcome of a curation, in memory and as a folder.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, remove_leftovers, write_json, write_json_lines, write_whole};
use task_spec::{Example, Source};

use crate::{
    CallTime, Confidence, Manifest, QuarantinedLine, RejectedRow, ReviewRow, label_studio_config,
    label_studio_tasks, manifest::PAGE_FILE, reading_order, review_csv,
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
    /// When the first of those calls was made, of those whose time the log has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_call: Option<CallTime>,
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
    /// `label-studio.json`, `label-studio.xml`), the account as a page (`curation.html`) and, last, `manifest.json` with the
    /// hashes of the others.
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
        let mut files = OutputFiles::of(folder);
        files.lines("train.jsonl", &self.train)?;
        for (part, rows) in &self.set_apart {
            files.lines(&format!("{part}.jsonl"), rows)?;
        }
        files.lines("review.jsonl", &self.review)?;
        files.lines("audit.jsonl", &self.audit)?;
        files.lines("rejected.jsonl", &self.rejected)?;
        files.lines("quarantine.jsonl", &self.quarantine)?;
        files.lines("merged.jsonl", &self.merged)?;
        files.text("review.csv", review_csv(&questions))?;
        files.json("label-studio.json", &label_studio_tasks(&questions))?;
        files.text("label-studio.xml", label_studio_config(labels))?;
        let mut manifest = self.manifest.clone();
        manifest.outputs.clone_from(&files.hashes);
        files.text(PAGE_FILE, manifest.to_html())?;
        manifest.outputs = files.hashes;
        write_json(&folder.join("manifest.json"), &manifest)?;
        Ok(manifest)
    }
}

/// A folder that is being written, with the hashes of what is in it so far.
struct OutputFiles<'a> {
    folder: &'a Path,
    hashes: BTreeMap<String, ContentHash>,
}

impl<'a> OutputFiles<'a> {
    fn of(folder: &'a Path) -> Self {
        Self {
            folder,
            hashes: BTreeMap::new(),
        }
    }

    fn lines<T: Serialize>(&mut self, name: &str, rows: &[T]) -> Result<(), FileError> {
        let hash = write_json_lines(&self.folder.join(name), rows)?;
        self.hashes.insert(name.to_owned(), hash);
        Ok(())
    }

    fn json<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), FileError> {
        let hash = write_json(&self.folder.join(name), value)?;
        self.hashes.insert(name.to_owned(), hash);
        Ok(())
    }

    fn text(&mut self, name: &str, text: impl AsRef<[u8]>) -> Result<(), FileError> {
        let hash = write_whole(&self.folder.join(name), text)?;
        self.hashes.insert(name.to_owned(), hash);
        Ok(())
    }
}
