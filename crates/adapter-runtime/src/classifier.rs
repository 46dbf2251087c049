//! A label for a text, with the probability of every label.

use std::{path::Path, sync::Arc};

use base_model::{
    Adapter, BaseModel, LabelChoices, LabelScoring, Network, Prefix, TokenBatch, TokenizerError,
};
use burn::tensor::Device;
use rayon::prelude::*;
use serde::Deserialize;
use stage_files::{ContentHash, read_json, read_toml};
use task_spec::{LabelProbability, PredictError, Prediction, Predictor, Task};

use crate::RuntimeError;

/// Texts that go through the network together.
const CHUNK: usize = 16;

/// What `training.json` says about what the adapter belongs to and how it was trained; its other keys are for people.
#[derive(Deserialize)]
struct AdapterLineage {
    base_hash: ContentHash,
    probe_hash: ContentHash,
    adapter_hash: ContentHash,
    #[serde(default)]
    scoring: LabelScoring,
}

/// An adapter in memory, and what it belongs to.
#[derive(Debug, Clone)]
pub struct ServedAdapter {
    /// The trained tensors.
    pub adapter: Adapter,
    /// The task that it was trained for.
    pub task: Task,
    /// How it was trained to score labels; of no account for a label head.
    pub scoring: LabelScoring,
    /// The content hash that is to be reported for it.
    pub hash: ContentHash,
}

/// A base model with one adapter, which answers with one label of the adapter's task.
///
/// The probability of a label is exact and not sampled: an encoder's label head gives it directly; for a
/// decoder it is the product of the probabilities of the label's tokens and of the token that ends the
/// answer, for all labels in one forward pass. An adapter that was trained over the vocabulary gives probabilities that
/// are renormalised over the set, and what had been outside is reported as [`Prediction::outside`]; one that was
/// trained over the labels knows nothing else. An illegal answer cannot be produced.
#[derive(Debug, Clone)]
pub struct Classifier {
    base: Arc<BaseModel>,
    adapter: Adapter,
    task: Task,
    hash: ContentHash,
    choices: Option<LabelChoices>,
    /// What prompts begin with, as tokens and computed once for this adapter.
    prefix: Option<(Vec<u32>, Prefix)>,
    device: Device,
}

impl Classifier {
    /// Reads an adapter folder as `lora-train` writes it and checks that it belongs to this base model.
    ///
    /// # Errors
    ///
    /// [`RuntimeError`], naming the file, tensor or hash at fault.
    pub fn open(base: Arc<BaseModel>, folder: &Path, device: &Device) -> Result<Self, RuntimeError> {
        let file = |source| RuntimeError::File {
            folder: folder.to_owned(),
            source,
        };
        let task: Task = read_toml(&folder.join("task.toml")).map_err(file)?;
        let lineage: AdapterLineage = read_json(&folder.join("training.json")).map_err(file)?;
        let weights = ContentHash::of_file(&folder.join("adapter_model.safetensors")).map_err(file)?;
        for (what, expected, found) in [
            ("base model", &lineage.base_hash, base.hash()),
            ("adapter weights", &lineage.adapter_hash, &weights),
            (
                "tokenizer, chat template and task",
                &lineage.probe_hash,
                &base.probe_hash(&task)?,
            ),
        ] {
            if expected != found {
                return Err(RuntimeError::OtherLineage {
                    folder: folder.to_owned(),
                    what,
                    expected: expected.short().to_owned(),
                    found: found.short().to_owned(),
                });
            }
        }
        let adapter =
            Adapter::read(folder, &base.network, device).map_err(|source| RuntimeError::Adapter {
                folder: folder.to_owned(),
                source,
            })?;
        let served = ServedAdapter {
            adapter,
            task,
            scoring: lineage.scoring,
            hash: weights,
        };
        Self::new(base, served, device)
    }

    /// Serves an adapter that is already in memory.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::OtherLabels`], [`RuntimeError::Labels`], [`RuntimeError::Encode`], or
    /// [`RuntimeError::TooLong`] if the prompt alone is longer than what the base model reads.
    pub fn new(base: Arc<BaseModel>, served: ServedAdapter, device: &Device) -> Result<Self, RuntimeError> {
        let ServedAdapter {
            adapter,
            task,
            scoring,
            hash,
        } = served;
        let labels = task.labels();
        let choices = match &base.network {
            Network::Decoder(decoder) => {
                let trie = base.label_trie(&task)?;
                Some(LabelChoices::new(trie, scoring, decoder, device))
            }
            _ => {
                let head = adapter.classes().unwrap_or(0);
                if head != labels.len() {
                    return Err(RuntimeError::OtherLabels {
                        head,
                        task: labels.len(),
                    });
                }
                None
            }
        };
        let prefix = match &base.network {
            Network::Decoder(decoder) if decoder.config().is_causal => {
                let shared = common_beginning(&base, &task)?;
                (!shared.is_empty()).then(|| {
                    let computed = decoder.prefix(&shared, Some(&adapter), device);
                    (shared, computed)
                })
            }
            _ => None,
        };
        let classifier = Self {
            prefix,
            base,
            adapter,
            task,
            hash,
            choices,
            device: device.clone(),
        };
        // The first pass over few tokens lays out the weights: nobody is to wait for that.
        classifier.answer("")?;
        Ok(classifier)
    }

    /// The task.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// The content hash of the adapter's weights.
    #[must_use]
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// The answer to one text.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::TooLong`] or [`RuntimeError::Encode`].
    pub fn answer(&self, text: &str) -> Result<Prediction, RuntimeError> {
        let ids = self.ids(text, 1)?;
        let mut log_scores = self.log_scores(std::slice::from_ref(&ids));
        Ok(self.prediction(&log_scores.pop().unwrap_or_default()))
    }

    /// The answers to some texts, in order; rows of similar length share a forward pass, and passes run on
    /// all threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::TooLong`] or [`RuntimeError::Encode`] for the first text that cannot be answered.
    pub fn answers(&self, texts: &[&str]) -> Result<Vec<Prediction>, RuntimeError> {
        let ids = texts
            .par_iter()
            .enumerate()
            .map(|(index, text)| self.ids(text, index + 1))
            .collect::<Result<Vec<_>, _>>()?;
        let mut order: Vec<usize> = (0..ids.len()).collect();
        order.sort_by_key(|&index| ids[index].len());
        let chunks: Vec<&[usize]> = order.chunks(CHUNK).collect();
        let mut scored: Vec<(usize, Prediction)> = chunks
            .into_par_iter()
            .flat_map_iter(|chunk| {
                let rows: Vec<Vec<u32>> = chunk.iter().map(|&index| ids[index].clone()).collect();
                let scores = self.log_scores(&rows);
                chunk
                    .iter()
                    .copied()
                    .zip(scores.iter().map(|s| self.prediction(s)).collect::<Vec<_>>())
            })
            .collect();
        scored.sort_by_key(|(index, _)| *index);
        Ok(scored.into_iter().map(|(_, prediction)| prediction).collect())
    }

    fn ids(&self, text: &str, number: usize) -> Result<Vec<u32>, RuntimeError> {
        let ids = self.base.question_ids(&self.task.prompt(text))?;
        let longest_answer = self
            .choices
            .as_ref()
            .and_then(|choices| choices.trie().paths().iter().map(Vec::len).max())
            .unwrap_or(0);
        let (tokens, limit) = (ids.len() + longest_answer, self.base.max_tokens());
        if tokens > limit {
            Err(RuntimeError::TooLong {
                number,
                tokens,
                limit,
            })
        } else {
            Ok(ids)
        }
    }

    /// The natural logarithm of the probability of every label, a list a row: over the set for a label head,
    /// over all texts for a decoder.
    fn log_scores(&self, rows: &[Vec<u32>]) -> Vec<Vec<f64>> {
        match (&self.base.network, &self.choices) {
            (Network::Encoder(encoder), _) => {
                let batch = TokenBatch::new(rows, 0, &self.device);
                encoder
                    .log_scores(&batch, &self.adapter)
                    .expect("a head was checked when the classifier was made")
            }
            (Network::Decoder(decoder), Some(choices)) => {
                let prefix = self.prefix.as_ref().filter(|(shared, _)| {
                    rows.iter()
                        .all(|row| row.len() > shared.len() && row.starts_with(shared))
                });
                let shared = prefix.map_or(0, |(shared, _)| shared.len());
                let rest: Vec<Vec<u32>> = rows.iter().map(|row| row[shared..].to_vec()).collect();
                let prefix = prefix.map(|(_, prefix)| prefix);
                choices.log_scores(decoder, &rest, prefix, Some(&self.adapter), &self.device)
            }
            _ => unreachable!("a decoder's classifier always has labels to choose among"),
        }
    }

    /// The distribution over the set.
    fn prediction(&self, log_scores: &[f64]) -> Prediction {
        let highest = log_scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = log_scores.iter().map(|score| (score - highest).exp()).sum();
        let mut probabilities: Vec<LabelProbability> = self
            .task
            .labels()
            .names()
            .zip(log_scores)
            .map(|(label, score)| LabelProbability {
                label: label.to_owned(),
                probability: (score - highest).exp() / total,
            })
            .collect();
        // Stable, so that labels of equal probability stay in the order of the task.
        probabilities.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let best = &probabilities[0];
        Prediction {
            answer: best.label.clone(),
            confidence: Some(best.probability),
            outside: match self.choices.as_ref().map(LabelChoices::scoring) {
                Some(LabelScoring::OverVocabulary) => Some((1.0 - total * highest.exp()).clamp(0.0, 1.0)),
                _ => None,
            },
            probabilities,
        }
    }
}

/// The tokens with which prompts of a task begin, whatever the text is.
///
/// Found on two texts that have nothing in common; a prompt that begins otherwise, as a tokenizer might join a
/// text to what stands before it, is computed whole.
fn common_beginning(base: &BaseModel, task: &Task) -> Result<Vec<u32>, TokenizerError> {
    let mut one = base.question_ids(&task.prompt("a"))?;
    let other = base.question_ids(&task.prompt("1"))?;
    let alike = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    one.truncate(alike);
    Ok(one)
}

impl Predictor for Classifier {
    fn name(&self) -> &str {
        &self.task.name
    }

    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError> {
        self.answers(inputs).map_err(|source| PredictError {
            predictor: self.task.name.clone(),
            rows: inputs.len(),
            source: Box::new(source),
        })
    }
}
