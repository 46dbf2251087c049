//! What a candidate was trained on, as far as files can show it.

use std::{collections::BTreeMap, path::Path};

use near_texts::LeakageCertificate;
use serde::Deserialize;
use stage_files::{ContentHash, FileError, read_json, read_json_lines};
use task_spec::Example;

/// The name under which the record of an adapter names its training rows.
const ROWS_FILE: &str = "train.jsonl";
/// And the account of the curation that made them.
const MANIFEST_FILE: &str = "manifest.json";
/// The record itself, in the adapter's folder.
const ADAPTER_RECORD: &str = "training.json";

/// The training texts of a candidate, the leakage certificate that came with them, and what its adapter says of both.
///
/// Every part may be missing; [`judge`](crate::judge) says in the report which were.
///
/// ```
/// use gold_eval::TrainingRecord;
///
/// let record = TrainingRecord::default().with_texts(["where is my card", "top up failed"]);
/// assert!(record.certificate().is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingRecord {
    texts: Option<Vec<String>>,
    certificate: Option<LeakageCertificate>,
    /// Files at hand, by name.
    files: BTreeMap<String, ContentHash>,
    /// What the adapter says that it was made from, by name.
    recorded: BTreeMap<String, ContentHash>,
}

/// Of distill-data's `manifest.json`, what matters here.
#[derive(Deserialize)]
struct ManifestHead {
    leakage: Option<LeakageHead>,
}

#[derive(Deserialize)]
struct LeakageHead {
    train: LeakageCertificate,
}

/// Of lora-train's `training.json`, what matters here.
#[derive(Deserialize)]
struct AdapterHead {
    #[serde(default)]
    inputs: BTreeMap<String, ContentHash>,
}

impl TrainingRecord {
    /// Adds the questions that were trained on, in any order.
    #[must_use]
    pub fn with_texts<S: Into<String>>(mut self, texts: impl IntoIterator<Item = S>) -> Self {
        self.texts = Some(texts.into_iter().map(Into::into).collect());
        self
    }

    /// Adds the questions of a `train.jsonl`, and its hash.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read or a line of it is no training row.
    pub fn with_rows(mut self, path: &Path) -> Result<Self, FileError> {
        let rows: Vec<Example> = read_json_lines(path)?;
        self.files
            .insert(ROWS_FILE.to_owned(), ContentHash::of_file(path)?);
        Ok(self.with_texts(rows.iter().filter_map(Example::input)))
    }

    /// Adds the certificate that curation gave the training rows.
    #[must_use]
    pub fn with_certificate(mut self, certificate: LeakageCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Adds the certificate of a `manifest.json` of distill-data, if it has one, and the file's hash.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read or its certificate is none.
    pub fn with_manifest(mut self, path: &Path) -> Result<Self, FileError> {
        let head: ManifestHead = read_json(path)?;
        self.files
            .insert(MANIFEST_FILE.to_owned(), ContentHash::of_file(path)?);
        self.certificate = head.leakage.map(|leakage| leakage.train);
        Ok(self)
    }

    /// Adds what the adapter in a folder says in its `training.json` that it was made from.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the file cannot be read or is no such record.
    pub fn with_adapter(mut self, folder: &Path) -> Result<Self, FileError> {
        let head: AdapterHead = read_json(&folder.join(ADAPTER_RECORD))?;
        self.recorded = head.inputs;
        Ok(self)
    }

    /// The certificate, if there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<&LeakageCertificate> {
        self.certificate.as_ref()
    }

    pub(crate) fn texts(&self) -> Option<&[String]> {
        self.texts.as_deref()
    }

    /// Whether the adapter itself names the training rows at hand.
    pub(crate) fn is_bound_to_adapter(&self) -> bool {
        let at_hand = self.files.get(ROWS_FILE);
        at_hand.is_some() && at_hand == self.recorded.get(ROWS_FILE)
    }

    /// Name, recorded hash and found hash of each file of which the adapter names another one.
    pub(crate) fn other_files<'a>(
        &'a self,
        gold: &'a ContentHash,
    ) -> impl Iterator<Item = (&'a str, &'a ContentHash, &'a ContentHash)> {
        let at_hand = self.files.iter().map(|(name, hash)| (name.as_str(), hash));
        at_hand
            .chain([("gold.jsonl", gold)])
            .filter_map(|(name, found)| Some((name, self.recorded.get(name)?, found)))
            .filter(|(_, recorded, found)| recorded != found)
    }
}
