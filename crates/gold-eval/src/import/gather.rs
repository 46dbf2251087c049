//! From rows of fields to gold rows: labels, ids, and rows that contradict each other.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use stage_files::ContentHash;
use task_spec::{GoldRow, LabelSet};

use super::{
    Import, ImportAccount, ImportConfig, ImportError, Imported, RowFormat, SetAside, Unusable, UsedFields,
    fields::{self, Draft, Problem},
    promptfoo,
    source::{Source, SourceRow},
};

/// A row that is good by itself.
struct Candidate {
    line: Option<u64>,
    row: u64,
    gold: GoldRow,
    draft: Draft,
    is_respelled: bool,
    why_not: Option<Unusable>,
}

pub(super) fn gather(
    import: &Import,
    path: &Path,
    source: Source,
    labels: Option<&LabelSet>,
) -> Result<Imported, ImportError> {
    let file = path.display().to_string();
    let format = import.config.format.unwrap_or_else(|| format_of(&source.rows));
    let rows_read = source.rows.len() as u64;
    let default_test = source.default_test.as_ref();
    let (mut candidates, mut set_aside) = (Vec::new(), Vec::new());
    for row in source.rows {
        let SourceRow {
            line,
            row,
            fields,
            text,
        } = row;
        let found = fields.map_err(|why| (None, why)).and_then(|fields| match format {
            RowFormat::Promptfoo => promptfoo::draft(&fields, default_test, &import.config),
            RowFormat::Fields | RowFormat::OpenaiEvals => fields::draft(&fields, &import.config),
        });
        match found.and_then(|draft| settle(draft, labels)) {
            Ok((gold, draft, is_respelled)) => {
                candidates.push(Candidate {
                    line,
                    row,
                    gold,
                    draft,
                    is_respelled,
                    why_not: None,
                });
            }
            Err((field, why)) => set_aside.push(SetAside {
                file: file.clone(),
                line,
                row,
                field,
                why,
                text,
            }),
        }
    }
    find_contradictions(&mut candidates);
    let mut account = ImportAccount::of(&file, source.hash, source.encoding.name(), format, rows_read);
    let mut rows = Vec::new();
    for candidate in candidates {
        match candidate.why_not {
            None => {
                account.count(&candidate);
                rows.push(candidate.gold);
            }
            Some(why) => set_aside.push(SetAside {
                file: file.clone(),
                line: candidate.line,
                row: candidate.row,
                field: None,
                why,
                text: candidate.gold.input.chars().take(200).collect(),
            }),
        }
    }
    set_aside.sort_by_key(|row| row.row);
    for row in &set_aside {
        *account.set_aside.entry(row.why.name().to_owned()).or_default() += 1;
    }
    if rows.is_empty() {
        let first = set_aside.into_iter().next().map(Box::new);
        return Err(ImportError::NoRows {
            path: path.to_owned(),
            rows: rows_read,
            first,
        });
    }
    Ok(Imported {
        rows,
        set_aside,
        account,
    })
}

impl ImportAccount {
    /// An account of rows none of which has been counted so far.
    fn of(file: &str, hash: ContentHash, encoding: &str, format: RowFormat, rows_read: u64) -> Self {
        Self {
            file: file.to_owned(),
            hash,
            encoding: encoding.to_owned(),
            format,
            fields: UsedFields::default(),
            rows_read,
            rows: 0,
            derived_ids: 0,
            respelled: 0,
            prompts_left_out: 0,
            assertions_left_out: 0,
            labels: BTreeMap::new(),
            set_aside: BTreeMap::new(),
        }
    }

    fn count(&mut self, candidate: &Candidate) {
        let draft = &candidate.draft;
        self.rows += 1;
        self.derived_ids += u64::from(draft.id.is_none());
        self.respelled += u64::from(candidate.is_respelled);
        self.prompts_left_out += u64::from(draft.left_prompt_out);
        self.assertions_left_out += u64::from(draft.left_assertions_out);
        self.fields.input.insert(draft.input_field.clone());
        self.fields.label.insert(draft.label_field.clone());
        self.fields
            .id
            .extend(draft.id.as_ref().map(|(_, field)| field.clone()));
        *self.labels.entry(candidate.gold.label.clone()).or_default() += 1;
    }
}

/// What the first row that is an object looks like.
fn format_of(rows: &[SourceRow]) -> RowFormat {
    let Some(first) = rows.iter().find_map(|row| row.fields.as_ref().ok()) else {
        return RowFormat::Fields;
    };
    let has = |field: &str| first.get(field).is_some();
    if promptfoo::is_test(first) {
        RowFormat::Promptfoo
    } else if first.get("item").is_some_and(serde_json::Value::is_object) || has("input") && has("ideal") {
        RowFormat::OpenaiEvals
    } else {
        RowFormat::Fields
    }
}

/// A gold row of a draft, and whether its label was spelled otherwise.
fn settle(draft: Draft, labels: Option<&LabelSet>) -> Result<(GoldRow, Draft, bool), Problem> {
    let blank = |field: &str| Err((Some(field.to_owned()), Unusable::Blank));
    if draft.input.trim().is_empty() {
        return blank(&draft.input_field);
    }
    if draft.labels.iter().all(|label| label.trim().is_empty()) {
        return blank(&draft.label_field);
    }
    let id = match &draft.id {
        Some((id, field)) if id.trim().is_empty() => return blank(field),
        Some((id, _)) => id.clone(),
        None => derived_id(&draft.input),
    };
    let at_label = |why| (Some(draft.label_field.clone()), why);
    let mut meant: BTreeSet<&str> = BTreeSet::new();
    for label in &draft.labels {
        let label = label.trim();
        match labels {
            None => meant.insert(label),
            Some(labels) => match labels.resolve(label).and_then(|index| labels.name(index)) {
                Some(name) => meant.insert(name),
                None => {
                    return Err(at_label(Unusable::LabelOutside {
                        label: label.to_owned(),
                    }));
                }
            },
        };
    }
    let label = match meant.iter().copied().collect::<Vec<_>>()[..] {
        [label] => label.to_owned(),
        ref several => {
            let labels = several.iter().map(|&label| label.to_owned()).collect();
            return Err(at_label(Unusable::SeveralLabels { labels }));
        }
    };
    let is_respelled = draft.labels.iter().any(|written| *written != label);
    let gold = GoldRow {
        id,
        input: draft.input.clone(),
        label,
    };
    Ok((gold, draft, is_respelled))
}

/// The same for the same question, whatever its label and wherever it stands.
fn derived_id(input: &str) -> String {
    let hash = ContentHash::of_bytes(input.as_bytes());
    format!("q-{}", &hash.as_str()[..16])
}

/// Rows that cannot stand side by side. None of them is chosen over another, so that their order decides nothing.
fn find_contradictions(candidates: &mut [Candidate]) {
    for rows in groups(candidates, |gold| &gold.input) {
        let labels: BTreeSet<&str> = rows
            .iter()
            .map(|&at| candidates[at].gold.label.as_str())
            .collect();
        if labels.len() > 1 {
            let why = Unusable::Contradiction {
                rows: rows.iter().map(|&at| candidates[at].row).collect(),
                labels: labels.into_iter().map(str::to_owned).collect(),
            };
            rows.iter()
                .for_each(|&at| candidates[at].why_not = Some(why.clone()));
        }
    }
    for mut rows in groups(candidates, |gold| &gold.id) {
        rows.retain(|&at| candidates[at].why_not.is_none());
        let Some((&first, others)) = rows.split_first() else {
            continue;
        };
        if others
            .iter()
            .all(|&at| candidates[at].gold == candidates[first].gold)
        {
            let why = Unusable::Repeated {
                first: candidates[first].row,
            };
            others
                .iter()
                .for_each(|&at| candidates[at].why_not = Some(why.clone()));
        } else {
            let why = Unusable::IdTwice {
                id: candidates[first].gold.id.clone(),
                rows: rows.iter().map(|&at| candidates[at].row).collect(),
            };
            rows.iter()
                .for_each(|&at| candidates[at].why_not = Some(why.clone()));
        }
    }
}

/// The places of candidates that have one key, where there are several.
fn groups(candidates: &[Candidate], key: impl Fn(&GoldRow) -> &String) -> Vec<Vec<usize>> {
    let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, candidate) in candidates.iter().enumerate() {
        by_key.entry(key(&candidate.gold)).or_default().push(at);
    }
    by_key.into_values().filter(|places| places.len() > 1).collect()
}

impl Import {
    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ImportConfig {
        &self.config
    }
}
