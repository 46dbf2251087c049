//! The loss of some rows, as one number with gradients.

mod gradient;
mod texts;

use base_model::{
    Adapter, Decoder, Encoder, LabelChoices, Network, NextTokens, Prefix, TokenBatch, TokenTree,
};
use burn::tensor::{Device, Int, Tensor, TensorData};

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
        let beginnings = match network {
            Network::Decoder(_) if settings.shares_beginnings => Beginnings::of(&texts, settings.step_rows),
            _ => Beginnings {
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

    /// The sum of a part's cross entropies, each times its factor and `scale`, `[1]`, and what all these add up to; rows
    /// come after the prefix, which has so many of their tokens.
    fn loss(
        &self,
        adapter: &Adapter,
        rows: &[&TokenRow],
        prefix: Option<(&Prefix, usize)>,
        scale: f64,
    ) -> (Tensor<1>, f64) {
        match self.network {
            Network::Encoder(encoder) => self.loss_of_head(encoder, adapter, rows, scale),
            Network::Decoder(decoder) => self.loss_of_tokens(decoder, adapter, rows, prefix, scale),
            _ => unreachable!("rows are for encoders and decoders"),
        }
    }

    fn loss_of_head(
        &self,
        encoder: &Encoder,
        adapter: &Adapter,
        rows: &[&TokenRow],
        scale: f64,
    ) -> (Tensor<1>, f64) {
        let ids: Vec<Vec<u32>> = rows.iter().map(|row| row.ids.clone()).collect();
        let batch = TokenBatch::new(&ids, 0, self.device);
        let scores = adapter
            .classify(encoder.pooled(&batch, Some(adapter)))
            .expect("an adapter that is trained on an encoder has a label head");
        let mut wanted = Wanted::default();
        for row in rows {
            let Target::Labels(labels) = &row.target else {
                unreachable!("targets were looked at when the objective was made");
            };
            let shares = labels.iter();
            wanted.at_next_place(shares.map(|share| (share.label, row.weight * share.share * scale)));
        }
        let next = NextTokens::over_all(scores);
        let loss = wanted.cross_entropy(&next, self.settings.label_smoothing, self.device);
        (loss, wanted.weight)
    }

    fn loss_of_tokens(
        &self,
        decoder: &Decoder,
        adapter: &Adapter,
        rows: &[&TokenRow],
        prefix: Option<(&Prefix, usize)>,
        scale: f64,
    ) -> (Tensor<1>, f64) {
        let (prefix, shared) = prefix.unzip();
        let shared = shared.unwrap_or(0);
        let (mut prompts, mut trees, mut places) = (Vec::new(), Vec::new(), Vec::new());
        let mut wanted = Wanted::default();
        for row in rows {
            let weight = row.weight * scale;
            match (&row.target, &self.settings.labels) {
                (Target::Tokens(targets), _) => {
                    // Nothing is predicted from the last of them.
                    prompts.push(row.ids[shared..targets[targets.len() - 1]].to_vec());
                    trees.push(TokenTree::default());
                    // A token is predicted from the place before it; there is no trie to be in.
                    places.push(targets.iter().map(|place| (place - 1 - shared, 0)).collect());
                    for &place in targets {
                        wanted.at_next_place([(row.ids[place] as usize, weight)]);
                    }
                }
                (Target::Labels(labels), Some(choices)) => {
                    let part = choices.trie().part(&numbers(labels));
                    let prompt = row.ids[shared..].to_vec();
                    let last = prompt.len() - 1;
                    let of_trie = part.places.iter().enumerate();
                    places.push(of_trie.map(|(place, of_trie)| (last + place, *of_trie)).collect());
                    for place in 0..part.places.len() {
                        // Over the labels, all steps of a row are one target: its label.
                        wanted.is_counted = place == 0 || !is_over_labels(choices);
                        let steps = part.steps.iter().filter(|(_, step)| step.from == place);
                        wanted.at_next_place(steps.map(|&(step, _)| {
                            (
                                choices.column(step),
                                weight * share_through(labels, choices, step),
                            )
                        }));
                    }
                    prompts.push(prompt);
                    trees.push(part.tree);
                }
                (Target::Labels(_), None) => {
                    unreachable!("targets were looked at when the objective was made")
                }
            }
        }
        let trees: Vec<&TokenTree> = trees.iter().collect();
        let batch = TokenBatch::with_trees(&prompts, &trees, self.device);
        let next = match &self.settings.labels {
            Some(choices) => choices.next_tokens(decoder, batch, prefix, &places, Some(adapter)),
            None => {
                let at = |places: &Vec<(usize, usize)>| places.iter().map(|(place, _)| *place).collect();
                let places: Vec<Vec<usize>> = places.iter().map(at).collect();
                NextTokens::over_all(decoder.logits_at(batch, prefix, &places, None, Some(adapter)))
            }
        };
        let loss = wanted.cross_entropy(&next, self.settings.label_smoothing, self.device);
        (loss, wanted.weight)
    }
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

/// What is right at some places, one after the other.
#[derive(Debug)]
struct Wanted {
    /// At every place, columns with the weight of each.
    places: Vec<Vec<(usize, f64)>>,
    /// What the weights of all targets add up to.
    weight: f64,
    /// Whether the next place is a target of its own.
    is_counted: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            weight: 0.0,
            is_counted: true,
        }
    }
}

impl Wanted {
    fn at_next_place(&mut self, columns: impl IntoIterator<Item = (usize, f64)>) {
        let place: Vec<(usize, f64)> = columns.into_iter().collect();
        if self.is_counted {
            self.weight += place.iter().map(|(_, weight)| weight).sum::<f64>();
        }
        self.places.push(place);
    }

    /// The weighted sum of cross entropies, `[1]`.
    fn cross_entropy(&self, next: &NextTokens, smoothing: f64, device: &Device) -> Tensor<1> {
        let most = self.places.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let (mut columns, mut weights) = (Vec::new(), Vec::new());
        for place in &self.places {
            // What fills up a place counts nothing.
            let filled = place.iter().copied().chain(std::iter::repeat((place[0].0, 0.0)));
            for (column, weight) in filled.take(most) {
                columns.push(column as i64);
                weights.push((weight * (1.0 - smoothing)) as f32);
            }
        }
        let shape = [self.places.len(), most];
        let columns = Tensor::<2, Int>::from_data(TensorData::new(columns, shape), device);
        let weights = Tensor::<2>::from_data(TensorData::new(weights, shape), device);
        let chosen = next.log_p.clone().gather(1, columns); // [places, most]
        let right = (chosen * weights).sum();
        if smoothing == 0.0 {
            return right.neg();
        }
        let of_place =
            |place: &Vec<(usize, f64)>| (place.iter().map(|(_, w)| w).sum::<f64>() * smoothing) as f32;
        let spread: Vec<f32> = self.places.iter().map(of_place).collect();
        let spread = Tensor::<2>::from_data(TensorData::new(spread, [self.places.len(), 1]), device);
        (right + (next.means() * spread).sum()).neg()
    }
}

#[cfg(test)]
mod tests;
