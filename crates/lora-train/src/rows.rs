//! Rows of text as rows of ids.

use std::collections::BTreeMap;

use base_model::BaseModel;
use task_spec::{Example, Task};

use crate::{RowError, TrainConfig};

/// A row that can be trained on, as ids.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenRow {
    /// By which it is known.
    pub id: String,
    /// What goes into the network. Answers to labels come after it and are not part of it.
    pub ids: Vec<u32>,
    /// What is to be learnt from it.
    pub target: Target,
    /// How much it counts, above 0.
    pub weight: f64,
    /// Rows of one group stay on one side of the held-out split.
    pub group: String,
}

/// What is to be learnt from a row.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// Labels of the task, none twice.
    Labels(Vec<LabelShare>),
    /// Tokens of the row itself, by their places in it in ascending order, each from the tokens before it.
    Tokens(Vec<usize>),
}

/// A label by its number, and how much of the row's weight it gets, above 0: 1 for a label that is certain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelShare {
    /// The label's number in the task.
    pub label: usize,
    /// Its share.
    pub share: f64,
}

impl Target {
    /// One label that is certain.
    #[must_use]
    pub fn label(label: usize) -> Self {
        Self::Labels(vec![LabelShare { label, share: 1.0 }])
    }
}

impl TokenRow {
    /// The label that gets the most, if labels are what is learnt; of equals, the first.
    #[must_use]
    pub fn label(&self) -> Option<usize> {
        let Target::Labels(labels) = &self.target else {
            return None;
        };
        let most = |a: &&LabelShare, b: &&LabelShare| a.share.total_cmp(&b.share).then(b.label.cmp(&a.label));
        labels.iter().max_by(most).map(|best| best.label)
    }
}

/// Turns a row into ids, by the same functions that serving uses; `answer_tokens` is how many tokens a decoder's answer for
/// each label has.
pub(crate) fn encode(
    example: &Example,
    task: &Task,
    base: &BaseModel,
    config: &TrainConfig,
    answer_tokens: &[usize],
) -> Result<TokenRow, RowError> {
    let answer = example.answer().ok_or(RowError::NoAnswer)?;
    example.input().ok_or(RowError::NoQuestion)?;
    let number = |name: &str| {
        task.labels().index_of(name).ok_or_else(|| RowError::Label {
            answer: name.to_owned(),
        })
    };
    let label = number(answer)?;
    if !(example.weight.is_finite() && example.weight > 0.0) {
        return Err(RowError::Weight {
            weight: example.weight,
        });
    }
    let labels = match config.soft_labels && !example.probabilities.is_empty() {
        true => soft(&example.probabilities, config.smallest_share, number)?,
        false => vec![LabelShare { label, share: 1.0 }],
    };
    let ids = base.question_ids(example.prompt())?;
    let of_answer = labels.iter().filter_map(|share| answer_tokens.get(share.label));
    let tokens = ids.len() + of_answer.max().copied().unwrap_or(0);
    let limit = config.max_tokens.min(base.max_tokens());
    if tokens > limit {
        return Err(RowError::TooLong { tokens, limit });
    }
    if ids.is_empty() {
        return Err(RowError::NoTokens);
    }
    Ok(TokenRow {
        id: example.id.clone(),
        ids,
        target: Target::Labels(labels),
        weight: example.weight,
        group: example.cluster.clone().unwrap_or_else(|| example.id.clone()),
    })
}

/// A teacher's distribution as shares that add up to 1; labels below the smallest share are left out.
fn soft(
    probabilities: &BTreeMap<String, f64>,
    smallest: f64,
    number: impl Fn(&str) -> Result<usize, RowError>,
) -> Result<Vec<LabelShare>, RowError> {
    for (label, &probability) in probabilities {
        number(label)?;
        if !(0.0..=1.0).contains(&probability) {
            return Err(RowError::Probability {
                label: label.clone(),
                probability,
            });
        }
    }
    let sum: f64 = probabilities.values().sum();
    let highest = probabilities.values().copied().fold(0.0, f64::max);
    if sum <= 0.0 {
        return Err(RowError::NoProbability);
    }
    // The most probable one stays, however little it has.
    let is_kept =
        |probability: f64| probability > 0.0 && (probability / sum >= smallest || probability == highest);
    let kept: f64 = probabilities.values().filter(|p| is_kept(**p)).sum();
    let mut shares = probabilities
        .iter()
        .filter(|(_, probability)| is_kept(**probability))
        .map(|(name, probability)| {
            Ok(LabelShare {
                label: number(name)?,
                share: probability / kept,
            })
        })
        .collect::<Result<Vec<_>, RowError>>()?;
    shares.sort_by_key(|share| share.label);
    // Two spellings may name one label.
    shares.dedup_by(|next, first| {
        let is_same = next.label == first.label;
        if is_same {
            first.share += next.share;
        }
        is_same
    });
    Ok(shares)
}

/// Multiplies every label's shares with the label's weight: what the user gives, times what brings rare labels up; see
/// `TrainConfig::class_weights` and `TrainConfig::label_balance`.
pub(crate) fn weigh_labels(rows: &mut [TokenRow], given: &BTreeMap<usize, f64>, balance: f64) {
    let mut weights: BTreeMap<usize, f64> = BTreeMap::new();
    for row in &*rows {
        if let Target::Labels(labels) = &row.target {
            for LabelShare { label, share } in labels {
                *weights.entry(*label).or_default() += row.weight * share;
            }
        }
    }
    let total: f64 = weights.values().sum();
    for row in rows {
        if let Target::Labels(labels) = &mut row.target {
            for LabelShare { label, share } in labels {
                *share *= (weights[label] / total).powf(-balance) * given.get(label).copied().unwrap_or(1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(labels: &[(usize, f64)], weight: f64) -> TokenRow {
        let share = |&(label, share)| LabelShare { label, share };
        TokenRow {
            id: String::new(),
            ids: Vec::new(),
            target: Target::Labels(labels.iter().map(share).collect()),
            weight,
            group: String::new(),
        }
    }

    fn counted(rows: &[TokenRow]) -> Vec<f64> {
        let of_row = |row: &TokenRow| match &row.target {
            Target::Labels(labels) => labels.iter().map(|l| row.weight * l.share).sum(),
            Target::Tokens(_) => 0.0,
        };
        rows.iter().map(of_row).collect()
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert!(
            found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
            "{found:?} and {expected:?}"
        );
    }

    #[test]
    fn a_balance_of_1_counts_labels_alike_and_of_0_rows() {
        let one = |label, weight| row(&[(label, 1.0)], weight);
        let given = [one(0, 1.0), one(0, 1.0), one(0, 2.0), one(4, 1.0)];
        let balanced = |power| {
            let mut rows = given.to_vec();
            weigh_labels(&mut rows, &BTreeMap::new(), power);
            counted(&rows)
        };
        close(&balanced(0.0), &[1.0, 1.0, 2.0, 1.0]);
        // Labels hold 4/5 and 1/5 of the weight.
        close(&balanced(1.0), &[1.25, 1.25, 2.5, 5.0]);
        let root = 1.25_f64.sqrt();
        close(&balanced(0.5), &[root, root, 2.0 * root, 2.0 * root]);
    }

    #[test]
    fn a_class_weight_counts_its_share_of_a_row_and_no_other() {
        let mut rows = [row(&[(0, 1.0)], 1.0), row(&[(0, 0.25), (2, 0.75)], 2.0)];
        weigh_labels(&mut rows, &BTreeMap::from([(2, 4.0)]), 0.0);
        close(&counted(&rows), &[1.0, 2.0 * (0.25 + 3.0)]);
    }

    #[test]
    fn a_distribution_loses_what_is_too_small_to_count_and_adds_up_to_1() {
        let names = ["a", "b", "c", "d"];
        let number = |name: &str| {
            names
                .iter()
                .position(|known| *known == name)
                .ok_or(RowError::Label {
                    answer: name.to_owned(),
                })
        };
        let of = |given: &[(&str, f64)]| {
            let given = given.iter().map(|(name, p)| ((*name).to_owned(), *p)).collect();
            soft(&given, 0.05, number)
        };
        let shares = of(&[("d", 0.02), ("b", 0.6), ("a", 0.2)]).unwrap();
        assert_eq!(shares.iter().map(|s| s.label).collect::<Vec<_>>(), [0, 1]);
        close(&[shares[0].share, shares[1].share], &[0.25, 0.75]);
        assert!(matches!(of(&[("x", 0.5)]), Err(RowError::Label { .. })));
        assert!(matches!(of(&[("a", 1.5)]), Err(RowError::Probability { .. })));
        assert!(matches!(
            of(&[("a", f64::NAN)]),
            Err(RowError::Probability { .. })
        ));
        assert!(matches!(of(&[("a", 0.0)]), Err(RowError::NoProbability)));
    }
}
