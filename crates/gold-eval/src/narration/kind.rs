//! Gold sets of rows of data, about which sentences are written.

use std::{borrow::Cow, sync::Arc};

use stage_files::ContentHash;
use task_spec::{Prediction, SentenceStyle};

use super::{
    checker::{MAX_SENTENCE_BYTES, SentenceChecker},
    details::SentenceDetails,
    judge::judge_sentences,
    row::{RowValue, SentenceRow, SentenceSet},
};
use crate::{
    Case, Gate, GoldError, GoldKind, GoldSet, GradedReport, JudgeError, gold_kind::as_json, gold_set::Ids,
};

/// The rows with what checks sentences about them.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct SentenceTruth {
    pub(super) set: SentenceSet,
    pub(super) checker: Arc<SentenceChecker>,
}

impl GoldKind for SentenceStyle {
    type Row = SentenceRow;
    /// The checks that the sentence fails.
    type Meaning = Vec<String>;
    type Report = GradedReport<SentenceDetails>;
    type Truth = SentenceTruth;
    type Readings = ();

    fn id(row: &SentenceRow) -> &str {
        &row.id
    }

    fn question(row: &SentenceRow) -> Cow<'_, str> {
        Cow::Owned(row.question())
    }

    /// The references; and the values, where the question does not hold them.
    fn right_answer(row: &SentenceRow) -> String {
        match row.input {
            None => as_json(&row.references),
            Some(_) => as_json(&(&row.row, &row.references)),
        }
    }

    fn parts(row: &SentenceRow) -> Vec<&str> {
        let values = row.row.iter().filter(|(_, value)| **value != RowValue::Missing);
        values.map(|(name, _)| name.as_str()).collect()
    }

    /// None: the fields are those of the rows.
    fn named_parts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Of the whole style: every setting of it decides which sentences are right.
    fn fingerprint(&self) -> ContentHash {
        ContentHash::of_bytes(as_json(self).as_bytes())
    }

    fn other_output(task: String, version: u32) -> GoldError {
        GoldError::OtherStyle { task, version }
    }

    fn check(&self, rows: &[SentenceRow]) -> Result<SentenceTruth, GoldError> {
        let mut ids = Ids::default();
        for (number, row) in (1..).zip(rows) {
            ids.take(number, &row.id, &row.question())?;
        }
        let set = SentenceSet::new(rows.to_vec())?;
        let checker = Arc::new(SentenceChecker::new(self, &set)?);
        Ok(SentenceTruth { set, checker })
    }

    fn read(gold: &GoldSet<Self>, row: usize, answer: &str) -> Option<Vec<String>> {
        let checker = gold.checker();
        let check = checker.check(&gold.rows()[row], answer);
        let graded = checker.checks().iter().zip(&check.grades);
        let failed = graded.filter(|(_, grade)| **grade == Some(false));
        (answer.len() <= MAX_SENTENCE_BYTES).then(|| failed.map(|(name, _)| name.clone()).collect())
    }

    fn is_right(_: &GoldSet<Self>, _: usize, failed: &Vec<String>) -> bool {
        failed.is_empty()
    }

    fn in_words(failed: &Vec<String>) -> String {
        if failed.is_empty() {
            "nothing wrong".to_owned()
        } else {
            format!("wrong in: {}", failed.join(", "))
        }
    }

    fn readings(&self, _: &[Prediction]) {}

    fn judge(case: &Case<'_, Self>, gate: &Gate) -> Result<Self::Report, JudgeError> {
        judge_sentences(case, gate)
    }
}

impl GoldSet<SentenceStyle> {
    /// What checks sentences about these rows.
    #[must_use]
    pub fn checker(&self) -> &SentenceChecker {
        &self.truth().checker
    }

    /// The rows with their references.
    #[must_use]
    pub fn sentence_set(&self) -> &SentenceSet {
        &self.truth().set
    }
}
