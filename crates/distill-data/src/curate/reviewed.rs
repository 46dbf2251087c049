//! What a person has said about some of the texts.

use std::collections::{BTreeMap, BTreeSet};

use task_spec::LabelSet;

use super::CurateInput;
use crate::{
    AnsweredQuestions, Calibration, CheckedAnswer, Confidence, CurateError, CuratePlan, PersonalDataMask,
    ReviewedRecord, ReviewedRow, normalise,
    row::{Call, ID_DIGITS, Row, text_id},
};

/// Reviewed rows whose labels are the task's, before anybody knows which of them are about texts of the log.
#[derive(Debug)]
pub struct ReviewedTexts {
    rows: Vec<Asked>,
}

/// A reviewed row.
#[derive(Debug)]
struct Asked {
    /// Ids of the text that it is about: the first of them that is in the log.
    ids: Vec<String>,
    label: usize,
    /// Texts that the person was told about, and the label that they had then.
    similar: Vec<String>,
    given: Option<usize>,
}

/// A row that is in doubt on the teacher's word alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AskedQuestion<'q> {
    /// The id of its text.
    pub text: &'q str,
    /// The number of the label that the teacher gives it.
    pub label: usize,
    /// The [kind](crate::ReviewReason::kind) of the reason.
    pub reason: &'q str,
    /// The chance that the label is wrong, in 0..=1, as of [`LabelDoubt`](crate::LabelDoubt).
    pub chance_wrong: f64,
}

/// The answers of persons, by the id of the text.
///
/// An id is that of a row of [`curate`](crate::curate) without duplicates: 16 hexadecimal digits.
#[derive(Debug, Default)]
pub struct ReviewedAnswers {
    /// How many rows were given.
    rows: usize,
    /// The right label of texts that a person has read. Of several answers to one text the last one counts.
    own: BTreeMap<String, usize>,
    /// The right label of texts that a person was told about, and the label that they had then.
    similar: BTreeMap<String, (usize, usize)>,
}

impl ReviewedTexts {
    /// Resolves the labels of reviewed rows. Questions are masked as the log's are.
    ///
    /// # Errors
    ///
    /// [`CurateError::ReviewedLabel`] for a label that the task does not know.
    pub fn of(rows: &[ReviewedRow], labels: &LabelSet, mask: &PersonalDataMask) -> Result<Self, CurateError> {
        let asked = (1..).zip(rows).map(|(number, row)| {
            let label = labels.resolve(&row.label);
            let label = label.ok_or_else(|| CurateError::ReviewedLabel {
                row: number,
                label: row.label.clone(),
            })?;
            // An id stands for the text even where a spreadsheet has rewritten that.
            let of_text = text_id(&normalise(&mask.mask(&row.input).text));
            Ok(Asked {
                ids: row.id.iter().cloned().chain([of_text]).collect(),
                label,
                similar: row.similar.clone(),
                given: row.given.as_deref().and_then(|given| labels.resolve(given)),
            })
        });
        Ok(Self {
            rows: asked.collect::<Result<_, _>>()?,
        })
    }

    /// The ids of all texts that they may be about.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        let ids = self
            .rows
            .iter()
            .flat_map(|row| row.ids.iter().chain(&row.similar));
        ids.map(String::as_str).collect()
    }

    /// The answers about texts of a log that has these ids, those of texts near the gold set among them. What is about none
    /// of them changes nothing.
    #[must_use]
    pub fn answers(self, in_log: &BTreeSet<String>) -> ReviewedAnswers {
        let mut answers = ReviewedAnswers {
            rows: self.rows.len(),
            ..ReviewedAnswers::default()
        };
        for row in self.rows {
            if let Some(id) = row.ids.into_iter().find(|id| in_log.contains(id)) {
                answers.own.insert(id, row.label);
            }
            if let Some(given) = row.given {
                let similar = row.similar.into_iter().filter(|id| in_log.contains(id));
                answers.similar.extend(similar.map(|id| (id, (row.label, given))));
            }
        }
        answers
    }
}

impl ReviewedAnswers {
    /// The answers about the calls of a log.
    pub(super) fn of_calls(
        input: &CurateInput<'_>,
        plan: &CuratePlan,
        calls: &[Call],
    ) -> Result<Self, CurateError> {
        if input.reviewed.is_empty() {
            return Ok(Self::default());
        }
        let mask = &plan.config().personal_data;
        let texts = ReviewedTexts::of(input.reviewed, input.task.labels(), mask)?;
        let in_log: BTreeSet<String> = calls.iter().map(|call| text_id(&call.text)).collect();
        Ok(texts.answers(&in_log))
    }

    /// The label that a person who has read a text gives it.
    #[must_use]
    pub fn of_text(&self, id: &str) -> Option<usize> {
        self.own.get(id).copied()
    }

    /// Whether the label of a row, by its id and the label's number, is another than the one that a person gives its text; `None`
    /// where nobody has read it.
    #[must_use]
    pub fn is_wrong(&self, row: &str, label: usize) -> Option<bool> {
        let text = row.get(..ID_DIGITS)?;
        self.of_text(text).map(|right| right != label)
    }

    /// Whether the answer of a call was right, by the text's id, the call's label and its confidence; `None` where nobody has
    /// read the text or nothing is known of how sure the teacher was.
    #[must_use]
    pub fn check(&self, id: &str, label: usize, confidence: Option<Confidence>) -> Option<CheckedAnswer> {
        let right = self.of_text(id)? == label;
        confidence.map(|confidence| CheckedAnswer { confidence, right })
    }

    /// What the answers of checked calls, in any order, tell of the teacher's confidence; with a target precision also from which
    /// confidence on rows are kept.
    #[must_use]
    pub fn calibrate(&self, checked: &[CheckedAnswer], target_precision: Option<f64>) -> ReviewedRecord {
        let calibration = Calibration::fit(checked);
        let cuts = target_precision.map(|target| {
            let kinds = calibration.kinds().map(|(kind, _)| kind);
            kinds
                .map(|kind| (kind, calibration.cut_for(kind, target)))
                .collect()
        });
        ReviewedRecord {
            rows: self.rows,
            found: self.own.len(),
            checked: checked.len(),
            right: checked.iter().filter(|answer| answer.right).count(),
            similar: 0,
            similar_changed: 0,
            questions: BTreeMap::new(),
            calibration,
            cuts: cuts.unwrap_or_default(),
        }
    }

    /// Draws the calibration from the texts that a person has read and applies it to all calls.
    ///
    /// `None` if there are no reviewed rows.
    pub(super) fn calibrate_calls(&self, plan: &CuratePlan, calls: &mut [Call]) -> Option<ReviewedRecord> {
        if self.rows == 0 {
            return None;
        }
        let checked: Vec<CheckedAnswer> = calls
            .iter()
            .filter_map(|call| self.check(&text_id(&call.text), call.label(), call.reported))
            .collect();
        let record = self.calibrate(&checked, plan.config().target_precision);
        for call in calls {
            let calibration = &record.calibration;
            call.ballot.confidence = call.reported.map(|confidence| calibration.apply(confidence));
        }
        Some(record)
    }

    /// The ids of the texts that a person has read.
    pub fn read(&self) -> impl Iterator<Item = &str> {
        self.own.keys().map(String::as_str)
    }

    /// How the questions fared that are asked on the teacher's word and are answered, by reason. They come by rising id, in
    /// which order what was expected of them is added up; those that nobody has answered count nothing.
    #[must_use]
    pub fn fared<'q>(
        &self,
        asked: impl IntoIterator<Item = AskedQuestion<'q>>,
    ) -> BTreeMap<String, AnsweredQuestions> {
        let mut fared: BTreeMap<String, AnsweredQuestions> = BTreeMap::new();
        for question in asked {
            if let Some(label) = self.of_text(question.text) {
                let questions = fared.entry(question.reason.to_owned()).or_default();
                questions.answered += 1;
                questions.expected += question.chance_wrong;
                questions.wrong += usize::from(label != question.label);
            }
        }
        fared
    }

    /// The ids of texts that nobody has read and a person was told about: what the teacher says of them decides.
    pub fn similar(&self) -> impl Iterator<Item = &str> {
        let ids = self.similar.keys().filter(|id| !self.own.contains_key(*id));
        ids.map(String::as_str)
    }

    /// The labels that override the teacher: of texts that a person has read, and of those that one was told about where the
    /// teacher's label is still the one that the person was shown. The teacher's rows, which may come in any order, are the id
    /// of the text, its label, and whether a person gave that.
    #[must_use]
    pub fn labels<'r>(
        &self,
        teacher: impl IntoIterator<Item = (&'r str, usize, bool)>,
        record: &mut ReviewedRecord,
    ) -> BTreeMap<String, usize> {
        let mut labels = self.own.clone();
        for (id, given_now, by_person) in teacher {
            match self.similar.get(id) {
                Some(&(label, given)) if !self.own.contains_key(id) => {
                    if given_now == given && !by_person {
                        labels.insert(id.to_owned(), label);
                        record.similar += 1;
                    } else {
                        record.similar_changed += 1;
                    }
                }
                _ => {}
            }
        }
        labels
    }

    /// Lets the answers override the teacher, whose word is in the rows.
    pub(super) fn apply(&self, calls: &mut [Call], teacher: &[Row], record: &mut ReviewedRecord) {
        let rows = teacher
            .iter()
            .map(|row| (row.text_id(), row.label, row.by_person));
        let labels = self.labels(rows, record);
        for call in calls {
            if let Some(&label) = labels.get(&text_id(&call.text)) {
                call.by_person = true;
                call.ballot.override_with(label);
            }
        }
    }
}
