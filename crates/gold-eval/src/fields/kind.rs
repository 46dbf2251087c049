//! Gold sets of documents with fields.

use std::{borrow::Cow, collections::BTreeMap};

use near_texts::NORMALISER_VERSION;
use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::{Field, FieldSchema, GoldRecord, Prediction};

use crate::{
    AnswerForm, Case, FieldDetails, FieldValue, Gate, GoldError, GoldKind, GoldSet, GradedReport, JudgeError,
    ReadAnswer,
    fields::{
        figures::{graded_record, is_whole},
        grade::is_allowed,
        judge::judge_fields,
    },
    gold_kind::as_json,
    gold_set::Ids,
    read_answer,
};

impl GoldKind for FieldSchema {
    type Row = GoldRecord;
    type Meaning = BTreeMap<String, String>;
    type Report = GradedReport<FieldDetails>;
    type Truth = ();
    type Readings = ();

    fn id(row: &GoldRecord) -> &str {
        &row.id
    }

    fn question(row: &GoldRecord) -> Cow<'_, str> {
        Cow::Borrowed(&row.input)
    }

    fn right_answer(row: &GoldRecord) -> String {
        as_json(&row.fields)
    }

    /// The fields that differ.
    fn right_answers(before: &GoldRecord, after: &GoldRecord) -> (String, String) {
        let differing = |these: &GoldRecord, others: &GoldRecord| {
            let fields = these.fields.iter();
            let differing = fields.filter(|(name, value)| others.fields.get(*name) != Some(*value));
            as_json(&differing.collect::<BTreeMap<_, _>>())
        };
        (differing(before, after), differing(after, before))
    }

    fn parts(row: &GoldRecord) -> Vec<&str> {
        let with_value = row.fields.iter().filter(|(_, value)| value.is_some());
        with_value.map(|(name, _)| name.as_str()).collect()
    }

    fn named_parts(&self) -> Vec<&str> {
        self.names().collect()
    }

    /// Of the fields with all their settings but the aliases, sorted by name, and of the version of the rules by which
    /// texts are normalised.
    fn fingerprint(&self) -> ContentHash {
        let mut fields: Vec<Field> = self.fields().to_vec();
        for field in &mut fields {
            // A further key under which a field is found does not change which of its values are right.
            field.aliases.clear();
        }
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        ContentHash::of_bytes(as_json(&(NORMALISER_VERSION, fields)).as_bytes())
    }

    fn other_output(task: String, version: u32) -> GoldError {
        GoldError::OtherFields { task, version }
    }

    fn check(&self, rows: &[GoldRecord]) -> Result<(), GoldError> {
        let mut ids = Ids::default();
        for (number, row) in (1..).zip(rows) {
            ids.take(number, &row.id, &row.input)?;
            check_fields(number, row, self)?;
        }
        Ok(())
    }

    fn read(gold: &GoldSet<Self>, _: usize, answer: &str) -> Option<BTreeMap<String, String>> {
        let schema = gold.schema();
        let read = read_answer(answer, schema);
        let named = schema.names().zip(read.values);
        let given = named.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        read.is_readable.then(|| given.collect())
    }

    fn is_right(gold: &GoldSet<Self>, row: usize, meaning: &BTreeMap<String, String>) -> bool {
        let schema = gold.schema();
        let read = ReadAnswer {
            values: schema.names().map(|name| meaning.get(name).cloned()).collect(),
            is_readable: true,
            form: AnswerForm::default(),
        };
        is_whole(&graded_record(schema, &gold.rows()[row], &read))
    }

    fn in_words(meaning: &BTreeMap<String, String>) -> String {
        as_json(meaning)
    }

    fn readings(&self, _: &[Prediction]) {}

    fn judge(case: &Case<'_, Self>, gate: &Gate) -> Result<Self::Report, JudgeError> {
        judge_fields(case, gate)
    }
}

impl GoldSet<FieldSchema> {
    /// The task's fields.
    #[must_use]
    pub fn schema(&self) -> &FieldSchema {
        self.output()
    }

    /// What the rows say of each field.
    #[must_use]
    pub fn support(&self) -> BTreeMap<String, FieldSupport> {
        let fields = self.schema().fields().iter();
        fields
            .map(|field| (field.name.clone(), support(field, self.rows())))
            .collect()
    }
}

/// What the gold rows say of one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSupport {
    /// Rows with a value.
    pub with_value: u64,
    /// Rows that say that there is none.
    pub without: u64,
    /// Rows that say nothing.
    pub not_annotated: u64,
    /// Of the rows with a value, those whose value is none of the field's kind, and is compared as text.
    pub of_other_kind: u64,
}

fn support(field: &Field, rows: &[GoldRecord]) -> FieldSupport {
    let mut support = FieldSupport::default();
    for row in rows {
        match row.fields.get(&field.name) {
            Some(Some(value)) => {
                support.with_value += 1;
                support.of_other_kind += u64::from(!FieldValue::read(field, value).is_of_kind(field));
            }
            Some(None) => support.without += 1,
            None => support.not_annotated += 1,
        }
    }
    support
}

fn check_fields(number: usize, row: &GoldRecord, schema: &FieldSchema) -> Result<(), GoldError> {
    if row.fields.is_empty() {
        return Err(GoldError::NotAnnotated {
            row: number,
            id: row.id.clone(),
        });
    }
    let outside = row.fields.keys().find(|name| schema.index_of(name).is_none());
    if let Some(name) = outside {
        return Err(GoldError::FieldOutside {
            row: number,
            id: row.id.clone(),
            field: name.clone(),
        });
    }
    for field in schema.fields() {
        let wrong = |value: &str, what| GoldError::FieldValue {
            row: number,
            id: row.id.clone(),
            field: field.name.clone(),
            value: value.to_owned(),
            what,
        };
        match row.fields.get(&field.name) {
            Some(Some(value)) if value.trim().is_empty() => {
                return Err(wrong(
                    value,
                    "is blank: write null where the document has none, or leave the field out where nobody knows",
                ));
            }
            Some(Some(value))
                if !field.values.is_empty() && !is_allowed(field, &FieldValue::read(field, value)) =>
            {
                return Err(wrong(value, "is none of the values that the task allows"));
            }
            Some(None) if field.required => {
                return Err(wrong("null", "is no value, and the task requires one"));
            }
            _ => {}
        }
    }
    Ok(())
}
