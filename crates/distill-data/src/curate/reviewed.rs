//! What a person has said about some of the texts.

use std::collections::{BTreeMap, BTreeSet};

use super::{CurateInput, fates::Fate, settled::Settled};
use crate::{
    AnsweredQuestions, Calibration, CheckedAnswer, CurateError, CuratePlan, ReviewedRecord, normalise,
    row::{Call, Row, text_id},
};

/// The answers of persons, by the id of the text.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The right label of texts that a person has read. Of several answers to one text the last one counts.
    own: BTreeMap<String, usize>,
    /// The right label of texts that a person was told about, and the label that they had then.
    similar: BTreeMap<String, (usize, usize)>,
}

impl Answers {
    /// The answers about the calls of a log. What is about none of them changes nothing.
    pub(super) fn of(
        input: &CurateInput<'_>,
        plan: &CuratePlan,
        calls: &[Call],
    ) -> Result<Self, CurateError> {
        let labels = input.task.labels();
        let mut answers = Self::default();
        if input.reviewed.is_empty() {
            return Ok(answers);
        }
        let in_log: BTreeSet<String> = calls.iter().map(|call| text_id(&call.text)).collect();
        for (number, row) in (1..).zip(input.reviewed) {
            let label = labels.resolve(&row.label);
            let label = label.ok_or_else(|| CurateError::ReviewedLabel {
                row: number,
                label: row.label.clone(),
            })?;
            // An id stands for the text even where a spreadsheet has rewritten that.
            let question = plan.config().personal_data.mask(&row.input).text;
            let ids = row.id.iter().cloned().chain([text_id(&normalise(&question))]);
            if let Some(id) = ids.into_iter().find(|id| in_log.contains(id)) {
                answers.own.insert(id, label);
            }
            if let Some(given) = row.given.as_deref().and_then(|given| labels.resolve(given)) {
                let similar = row.similar.iter().filter(|id| in_log.contains(*id));
                answers
                    .similar
                    .extend(similar.map(|id| (id.clone(), (label, given))));
            }
        }
        Ok(answers)
    }

    /// The label that a person who has read a text gives it.
    pub(super) fn of_text(&self, id: &str) -> Option<usize> {
        self.own.get(id).copied()
    }

    /// Draws the calibration from the texts that a person has read and applies it to all calls.
    ///
    /// `None` if there are no reviewed rows.
    pub(super) fn calibrate(
        &self,
        input: &CurateInput<'_>,
        plan: &CuratePlan,
        calls: &mut [Call],
    ) -> Option<ReviewedRecord> {
        if input.reviewed.is_empty() {
            return None;
        }
        let checked: Vec<CheckedAnswer> = calls
            .iter()
            .filter_map(|call| {
                let right = self.of_text(&text_id(&call.text))? == call.label();
                let confidence = call.reported?;
                Some(CheckedAnswer { confidence, right })
            })
            .collect();
        let calibration = Calibration::fit(&checked);
        for call in calls.iter_mut() {
            call.ballot.confidence = call.reported.map(|confidence| calibration.apply(confidence));
        }
        let cuts = plan.config().target_precision.map(|target| {
            let kinds = calibration.kinds().map(|(kind, _)| kind);
            kinds
                .map(|kind| (kind, calibration.cut_for(kind, target)))
                .collect()
        });
        Some(ReviewedRecord {
            rows: input.reviewed.len(),
            found: self.own.len(),
            checked: checked.len(),
            right: checked.iter().filter(|answer| answer.right).count(),
            similar: 0,
            similar_changed: 0,
            questions: BTreeMap::new(),
            calibration,
            cuts: cuts.unwrap_or_default(),
        })
    }

    /// How the questions fared that were asked on the teacher's word and are answered.
    pub(super) fn fared(&self, teacher: &Settled) -> BTreeMap<String, AnsweredQuestions> {
        let mut fared: BTreeMap<String, AnsweredQuestions> = BTreeMap::new();
        for (index, row) in teacher.rows.iter().enumerate() {
            if let (Fate::Review(concern), Some(label)) =
                (teacher.fates.of(index), self.of_text(row.text_id()))
            {
                let kind = concern.cause.kind(&teacher.rows);
                let questions = fared.entry(kind.to_owned()).or_default();
                questions.answered += 1;
                questions.expected += concern.chance_wrong;
                questions.wrong += usize::from(label != row.label);
            }
        }
        fared
    }

    /// Lets the answers override the teacher, whose word is in the rows; those about similar texts only where its label is
    /// still the one that the person was shown.
    pub(super) fn apply(&self, calls: &mut [Call], teacher: &[Row], record: &mut ReviewedRecord) {
        let mut labels = self.own.clone();
        for row in teacher {
            let id = row.text_id();
            match self.similar.get(id) {
                Some(&(label, given)) if !self.own.contains_key(id) => {
                    if row.label == given && !row.by_person {
                        labels.insert(id.to_owned(), label);
                        record.similar += 1;
                    } else {
                        record.similar_changed += 1;
                    }
                }
                _ => {}
            }
        }
        for call in calls {
            if let Some(&label) = labels.get(&text_id(&call.text)) {
                call.by_person = true;
                call.ballot.votes = BTreeMap::from([(label, 1)]);
                call.ballot.asked = 1;
                call.ballot.distribution.clear();
            }
        }
    }
}
