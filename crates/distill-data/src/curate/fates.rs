//! What becomes of each row, settled step by step.

use std::collections::{BTreeMap, HashMap};

use near_texts::{NearPair, near_pairs_of_normal};

use crate::{
    ConfidenceDoubt, ConfidenceRule, CuratePlan, Duplicates, LabelDoubt, ReviewReason, ReviewedRecord,
    SuspectFindings, SuspectRow, SuspectTexts, likely_label,
    near_duplicates::{clusters, contradictions, stars},
    row::{Call, Row},
    variable_part::without_parts,
};

/// Where a row ends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fate {
    /// In the training file, unless a later step decides otherwise.
    Train,
    /// With a person.
    Review(Concern),
    /// Behind another row, which may itself be reviewed.
    Merged { into: usize, jaccard: f64 },
}

/// Why a row is reviewed, by row and label index, with the probability that its label is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Concern {
    pub(super) cause: Cause,
    pub(super) chance_wrong: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cause {
    ConflictingLabels,
    NearConflict {
        neighbour: usize,
        jaccard: f64,
    },
    LowConfidence,
    UnknownConfidence,
    SuspectLabel {
        suggested: usize,
        suggested_probability: f64,
        given_probability: f64,
    },
}

impl Cause {
    /// The kind of the reason that this becomes.
    pub(super) fn kind(&self, rows: &[Row]) -> &'static str {
        self.reason(rows, |_| String::new(), |_| String::new()).kind()
    }

    /// The label that is most likely right where a row's own is wrong.
    pub(super) fn likely(&self, row: usize, rows: &[Row]) -> Option<usize> {
        let against = match *self {
            Self::NearConflict { neighbour, .. } => Some(rows[neighbour].label),
            Self::SuspectLabel { suggested, .. } => Some(suggested),
            _ => None,
        };
        let row = &rows[row];
        likely_label(row.label, against, &row.distribution, &row.support)
    }

    pub(super) fn reason(
        &self,
        rows: &[Row],
        label_name: impl Fn(usize) -> String,
        input: impl Fn(usize) -> String,
    ) -> ReviewReason {
        match *self {
            Self::ConflictingLabels => ReviewReason::ConflictingLabels,
            Self::NearConflict { neighbour, jaccard } => ReviewReason::NearConflict {
                neighbour: rows[neighbour].id.clone(),
                neighbour_input: input(neighbour),
                neighbour_label: label_name(rows[neighbour].label),
                jaccard,
            },
            Self::LowConfidence => ReviewReason::LowConfidence,
            Self::UnknownConfidence => ReviewReason::UnknownConfidence,
            Self::SuspectLabel {
                suggested,
                suggested_probability,
                given_probability,
            } => ReviewReason::SuspectLabel {
                suggested: label_name(suggested),
                suggested_probability,
                given_probability,
            },
        }
    }
}

/// The distinct texts of some rows and which of them are nearly equal.
#[derive(Debug)]
pub(super) struct NearTexts {
    /// For each row the index of its text.
    text_of_row: Vec<usize>,
    /// For each text the first of its rows.
    row_of_text: Vec<usize>,
    /// By index of text.
    pairs: Vec<NearPair>,
    /// For each text a number that it shares with those that differ from it in ignored parts alone; empty where nothing is
    /// ignored.
    alike: Vec<usize>,
}

impl NearTexts {
    pub(super) fn of(rows: &[Row], calls: &[Call], plan: &CuratePlan) -> Self {
        let mut number: BTreeMap<&str, usize> = BTreeMap::new();
        let mut texts = Vec::new();
        let mut row_of_text = Vec::new();
        let text_of_row = rows
            .iter()
            .enumerate()
            .map(|(index, row)| {
                *number.entry(&row.text).or_insert_with(|| {
                    texts.push(row.text.clone());
                    row_of_text.push(index);
                    texts.len() - 1
                })
            })
            .collect();
        let ignored = &plan.config().ignored_parts;
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let alike = row_of_text
            .iter()
            .filter(|_| !ignored.is_empty())
            .map(|&row: &usize| {
                // As the log has it: of a date the normaliser leaves three numbers.
                let input = &calls[rows[row].calls[0]].input;
                let next = numbers.len();
                *numbers.entry(without_parts(input, ignored)).or_insert(next)
            });
        Self {
            alike: alike.collect(),
            text_of_row,
            row_of_text,
            pairs: near_pairs_of_normal(&texts, plan.near_threshold()),
        }
    }

    /// The near-duplicates, by index of text.
    pub(super) fn pairs(&self) -> &[NearPair] {
        &self.pairs
    }

    /// For each row the first row of its cluster: of all that hang together by near-duplicates among the
    /// rows that are open.
    pub(super) fn clusters(&self, is_open: &[bool]) -> Vec<usize> {
        let mut is_open_text = vec![false; self.row_of_text.len()];
        for (row, &text) in self.text_of_row.iter().enumerate() {
            is_open_text[text] |= is_open[row];
        }
        let pairs = self.pairs.iter().map(|pair| (pair.left, pair.right));
        let of_text = clusters(
            self.row_of_text.len(),
            pairs.filter(|&(a, b)| is_open_text[a] && is_open_text[b]),
        );
        self.text_of_row
            .iter()
            .map(|&text| self.row_of_text[of_text[text]])
            .collect()
    }
}

/// The fate of every row.
#[derive(Debug)]
pub(super) struct Fates(Vec<Fate>);

impl Fates {
    pub(super) fn undecided(rows: &[Row]) -> Self {
        Self(vec![Fate::Train; rows.len()])
    }

    pub(super) fn of(&self, row: usize) -> &Fate {
        &self.0[row]
    }

    /// Which rows would be trained on as things stand.
    pub(super) fn open(&self) -> Vec<bool> {
        self.0.iter().map(|fate| *fate == Fate::Train).collect()
    }

    fn review(&mut self, row: usize, cause: Cause, doubt: LabelDoubt) {
        self.0[row] = Fate::Review(Concern {
            cause,
            chance_wrong: doubt.chance_wrong(),
        });
    }

    /// Calls of one text that do not agree enough.
    pub(super) fn settle_conflicts(&mut self, rows: &[Row]) {
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| !row.is_decided) {
            let own_share = row.label_share();
            self.review(
                index,
                Cause::ConflictingLabels,
                LabelDoubt::Outvoted { own_share },
            );
        }
    }

    /// Rows that their near-duplicates outweigh, then rows that stand behind a near-duplicate.
    pub(super) fn settle_near_duplicates(&mut self, rows: &[Row], near: &NearTexts, plan: &CuratePlan) {
        if plan.config().duplicates != Duplicates::MergeNear {
            return;
        }
        // Rows are merged by text here, so that the index of a text is that of its row.
        for found in contradictions(rows, &near.pairs, plan.config().conflict_majority) {
            if self.0[found.row] == Fate::Train {
                let cause = Cause::NearConflict {
                    neighbour: found.neighbour,
                    jaccard: found.jaccard,
                };
                let own_share = found.own_share;
                self.review(found.row, cause, LabelDoubt::Outvoted { own_share });
            }
        }
        let is_open = self.open();
        for (row, behind) in stars(rows, &is_open, &near.pairs, &near.alike)
            .into_iter()
            .enumerate()
        {
            if let Some((into, jaccard)) = behind {
                self.0[row] = Fate::Merged { into, jaccard };
            }
        }
    }

    /// Rows of which the teacher was not sure enough. A person's label needs no confidence.
    pub(super) fn settle_confidence(
        &mut self,
        rows: &[Row],
        plan: &CuratePlan,
        reviewed: Option<&ReviewedRecord>,
    ) {
        let config = plan.config();
        let rule = ConfidenceRule {
            min_confidence: config.min_confidence,
            unknown: config.unknown_confidence,
            cuts: reviewed.map_or_else(BTreeMap::new, |reviewed| reviewed.cuts.clone()),
        };
        for (index, row) in rows.iter().enumerate() {
            if self.0[index] != Fate::Train || row.by_person {
                continue;
            }
            let known = row.confidence.map(|confidence| confidence.value);
            let (cause, confidence) = match rule.doubt(row.confidence, row.reported) {
                Some(ConfidenceDoubt::Low) => (Cause::LowConfidence, known),
                Some(ConfidenceDoubt::Unknown) => (Cause::UnknownConfidence, None),
                None => continue,
            };
            self.review(index, cause, LabelDoubt::Unsure { confidence });
        }
    }

    /// Rows whose label a model of the other rows contradicts. `None` if the plan leaves that out.
    pub(super) fn settle_suspects(
        &mut self,
        rows: &[Row],
        near: &NearTexts,
        plan: &CuratePlan,
        classes: usize,
    ) -> Option<SuspectFindings> {
        let suspects = plan.suspects()?;
        let is_open = self.open();
        let clusters = near.clusters(&is_open);
        let open: Vec<usize> = (0..rows.len()).filter(|&row| is_open[row]).collect();
        let mut texts = SuspectTexts::default();
        open.iter().for_each(|&row| texts.add(&rows[row].text));
        let mut search = texts.search();
        for &row in &open {
            search.push(&SuspectRow {
                text: &rows[row].text,
                label: rows[row].label,
                cluster: clusters[row] as u64,
                is_open: !rows[row].by_person,
            });
        }
        let findings = search
            .find(classes, suspects)
            .expect("labels of rows are the task's");
        for suspicion in &findings.suspects {
            let cause = Cause::SuspectLabel {
                suggested: suspicion.suggested,
                suggested_probability: suspicion.suggested_probability,
                given_probability: suspicion.given_probability,
            };
            let chance_wrong = suspicion.chance_wrong;
            self.review(open[suspicion.row], cause, LabelDoubt::Suspected { chance_wrong });
        }
        Some(findings)
    }
}
