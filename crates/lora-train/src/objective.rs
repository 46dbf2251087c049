//! The loss of some rows, as one number with gradients.

mod blockwise;
mod gradient;
mod laid;
mod texts;
mod wanted;

use base_model::{LabelChoices, Network, TokenTree};
use burn::tensor::Device;

use crate::{Target, TokenRow, beginnings::Beginnings, rows::LabelShare};
use texts::Cache;

/// What is learnt from which rows, on which network.
///
/// The loss of a step is the sum of cross entropies over its targets, each times its row's weight and its share of
/// the row, divided by the sum of these factors over the whole step: a mean over all that is learnt in the step, however
/// it is cut into parts, and never a mean of means. A label is one target, of a label head or over the labels; where
/// labels are learnt over the vocabulary, every token of an answer is one.
#[derive(Debug)]
pub struct Objective<'a> {
    network: &'a Network,
    rows: &'a [TokenRow],
    settings: ObjectiveSettings,
    beginnings: Beginnings,
    /// Texts that do not depend on what is trained.
    cache: Cache,
    device: &'a Device,
}

/// How rows are learnt.
#[derive(Debug, Clone)]
pub struct ObjectiveSettings {
    /// The labels, for a decoder whose rows have labels for targets.
    pub labels: Option<LabelChoices>,
    /// Share of a target that is spread evenly over everything that could be instead, in 0..1 (Szegedy et al. 2015,
    /// arXiv:1512.00567, section 7).
    pub label_smoothing: f64,
    /// Whether what rows begin with is computed once for all rows of a step; of no account for an encoder.
    pub shares_beginnings: bool,
    /// Rows of a step.
    pub step_rows: usize,
    /// Rows that are computed at once by all parts of a step together; memory grows with them, the result is the same to
    /// rounding.
    pub micro_rows: usize,
    /// The tokens that call an activated adapter: nothing before them depends on it.
    pub invocation: Option<Vec<u32>>,
    /// Whether what a block has computed is forgotten, and computed anew when gradients arrive at it: for about a third more
    /// time, memory grows with the states between blocks only. What rows begin with is kept.
    pub activation_checkpointing: bool,
}

impl Default for ObjectiveSettings {
    fn default() -> Self {
        Self {
            labels: None,
            label_smoothing: 0.0,
            shares_beginnings: true,
            step_rows: 32,
            micro_rows: usize::MAX,
            invocation: None,
            activation_checkpointing: false,
        }
    }
}

/// Why a network cannot learn a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The row has nothing to learn: its loss would be 0 for want of a target.
    #[error("there is nothing to learn in it")]
    NoTarget,
    /// A token of the row is to be predicted that has none before it, or that it does not have.
    #[error("place {place} is to be predicted, of a row of {tokens} tokens: a target has a token before it")]
    Place {
        /// The place.
        place: usize,
        /// Tokens of the row.
        tokens: usize,
    },
    /// An encoder is to predict tokens, or a decoder labels that it was not told.
    #[error("its target is not of a kind that this network learns")]
    Kind,
    /// The label is none of the head's or of the task's.
    #[error("label number {label} is to be learnt, of {labels}")]
    Label {
        /// The label.
        label: usize,
        /// How many there are.
        labels: usize,
    },
    /// The row holds no tokens that call the adapter, which it would therefore not train.
    #[error("it holds no tokens that call the activated adapter")]
    NotCalled,
}

impl<'a> Objective<'a> {
    /// An objective over some rows.
    ///
    /// # Errors
    ///
    /// The first row that cannot be learnt, with its index.
    pub fn new(
        network: &'a Network,
        rows: &'a [TokenRow],
        settings: ObjectiveSettings,
        device: &'a Device,
    ) -> Result<Self, (usize, TargetError)> {
        let texts = rows
            .iter()
            .enumerate()
            .map(|(index, row)| shared_text(row, network, &settings).map_err(|error| (index, error)))
            .collect::<Result<Vec<_>, _>>()?;
        let beginnings = match settings.shares_beginnings && is_causal(network) {
            true => Beginnings::of(&texts, settings.step_rows),
            false => Beginnings {
                nodes: Vec::new(),
                of_row: vec![None; rows.len()],
            },
        };
        Ok(Self {
            network,
            rows,
            cache: Cache::of(beginnings.nodes.len()),
            settings,
            beginnings,
            device,
        })
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &'a [TokenRow] {
        self.rows
    }

    /// How many targets a row has, each counted as its share of the row: what the row adds to the step's denominator,
    /// before its weight.
    #[must_use]
    pub fn targets(&self, row: &TokenRow) -> f64 {
        match (&row.target, &self.settings.labels) {
            (Target::Tokens(places), _) => places.len() as f64,
            (Target::Labels(labels), Some(choices)) if !is_over_labels(choices) => {
                let tokens = |share: &LabelShare| choices.trie().paths()[share.label].len() as f64;
                labels.iter().map(|share| share.share * tokens(share)).sum()
            }
            (Target::Labels(labels), _) => labels.iter().map(|share| share.share).sum(),
        }
    }

    /// What the loss of these rows, by their indices, is divided by.
    #[must_use]
    pub fn weight(&self, rows: &[usize]) -> f64 {
        let weight = |&index: &usize| self.rows[index].weight * self.targets(&self.rows[index]);
        rows.iter().map(weight).sum()
    }

    /// Tokens that stand in the rows with what is fed of their answers, padding not counted, what they share counted
    /// in each.
    #[must_use]
    pub fn tokens(&self, rows: &[usize]) -> usize {
        let fed = |&index: &usize| {
            let row = &self.rows[index];
            match &row.target {
                Target::Tokens(places) => places.last().copied().unwrap_or(0),
                Target::Labels(labels) => row.ids.len() + self.answers(labels).tokens.len(),
            }
        };
        rows.iter().map(fed).sum()
    }

    /// Tokens that a step over these rows computes, padding not counted, what they share counted once.
    #[must_use]
    pub fn computed_tokens(&self, rows: &[usize]) -> usize {
        let nodes = self.nodes(rows);
        let shared = |node: &Option<usize>| node.map_or(0, |node| self.beginnings.nodes[node].tokens);
        let own: usize = self.tokens(rows) - nodes.iter().map(shared).sum::<usize>();
        let mut used: Vec<usize> = nodes.into_iter().flatten().collect();
        // A text is computed with those that it goes on from.
        let mut at = 0;
        while let Some(&node) = used.get(at) {
            used.extend(self.beginnings.nodes[node].parent);
            at += 1;
        }
        used.sort_unstable();
        used.dedup();
        own + used
            .into_iter()
            .map(|node| self.beginnings.nodes[node].ids.len())
            .sum::<usize>()
    }

    /// The tokens of a row, by its index, and of its answer that gets the most, each with the share of the row's weight that
    /// its prediction gets; 0 is read and not learnt.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn supervision(&self, row: usize) -> Vec<(u32, f64)> {
        let row = &self.rows[row];
        let mut tokens: Vec<(u32, f64)> = row.ids.iter().map(|&id| (id, 0.0)).collect();
        match (&row.target, &self.settings.labels) {
            (Target::Tokens(places), _) => places.iter().for_each(|&place| tokens[place].1 = 1.0),
            (Target::Labels(labels), Some(choices)) => {
                let (trie, answer) = (choices.trie(), row.label().unwrap_or_default());
                let of_step =
                    |&step: &usize| (trie.steps()[step].token, share_through(labels, choices, step));
                tokens.extend(trie.paths()[answer].iter().map(of_step));
            }
            (Target::Labels(_), None) => {}
        }
        tokens
    }

    fn answers(&self, labels: &[LabelShare]) -> TokenTree {
        match &self.settings.labels {
            Some(choices) => choices.trie().part(&numbers(labels)).tree,
            None => TokenTree::default(),
        }
    }
}

/// Whether the states of a beginning depend on nothing that comes after it.
pub(crate) fn is_causal(network: &Network) -> bool {
    matches!(network, Network::Decoder(decoder) if decoder.config().is_causal)
}

/// The beginning of a row that may be computed with that of others: it leaves a token from which the first target is
/// predicted, and what an activated adapter changes.
fn shared_text<'r>(
    row: &'r TokenRow,
    network: &Network,
    settings: &ObjectiveSettings,
) -> Result<&'r [u32], TargetError> {
    let tokens = row.ids.len();
    let end = match (&row.target, network) {
        (Target::Labels(labels), _) if labels.is_empty() || tokens == 0 => return Err(TargetError::NoTarget),
        (Target::Tokens(places), _) if places.is_empty() => return Err(TargetError::NoTarget),
        (Target::Tokens(places), Network::Decoder(_)) if settings.labels.is_none() => {
            let is_wrong = |&&place: &&usize| place == 0 || place >= tokens;
            if let Some(&place) = places.iter().find(is_wrong) {
                return Err(TargetError::Place { place, tokens });
            }
            places[0] - 1
        }
        (Target::Labels(labels), Network::Decoder(_)) => {
            let count = settings
                .labels
                .as_ref()
                .ok_or(TargetError::Kind)?
                .trie()
                .paths()
                .len();
            if let Some(LabelShare { label, .. }) = labels.iter().find(|share| share.label >= count) {
                return Err(TargetError::Label {
                    label: *label,
                    labels: count,
                });
            }
            tokens - 1
        }
        (Target::Labels(_), Network::Encoder(_)) => 0,
        _ => return Err(TargetError::Kind),
    };
    let end = match &settings.invocation {
        None => end,
        Some(invocation) => {
            let mut windows = row.ids.windows(invocation.len().max(1));
            let call = windows.rposition(|window| window == invocation.as_slice());
            call.ok_or(TargetError::NotCalled)?.min(end)
        }
    };
    Ok(&row.ids[..end])
}

/// What the labels whose paths take a step get together.
fn share_through(labels: &[LabelShare], choices: &LabelChoices, step: usize) -> f64 {
    let paths = choices.trie().paths();
    let through = labels.iter().filter(|label| paths[label.label].contains(&step));
    through.map(|label| label.share).sum()
}

fn numbers(labels: &[LabelShare]) -> Vec<usize> {
    labels.iter().map(|share| share.label).collect()
}

fn is_over_labels(choices: &LabelChoices) -> bool {
    choices.scoring() == base_model::LabelScoring::OverLabels
}

#[cfg(test)]
mod tests;
