//! What stands before the first step: rows as ids, the split, a fresh adapter, and what the run is known by.

use std::collections::BTreeMap;

use base_model::{Adapter, AdapterConfig, LabelChoices, Network, TaskType};
use stage_files::{ContentHash, FileError};

use crate::{
    Method, Objective, ObjectiveSettings, Prompt, SettingError, TokenRow, TrainConfig, TrainError,
    TrainInput, TrainPlan,
    checkpoint::RunIdentity,
    objective::is_causal,
    order::split,
    rows::{encode, weigh_labels},
};

/// A run before its first step.
pub(crate) struct Prepared<'a> {
    pub(crate) input: TrainInput<'a>,
    pub(crate) rows: Vec<TokenRow>,
    /// Indices of the rows to train on.
    pub(crate) train: Vec<usize>,
    /// And of those held out.
    pub(crate) held_out: Vec<usize>,
    pub(crate) fresh: Adapter,
    pub(crate) identity: RunIdentity,
    pub(crate) objective: ObjectiveSettings,
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(input: TrainInput<'a>, plan: &TrainPlan) -> Result<Self, TrainError> {
        let (base, config) = (input.base, plan.config());
        refuse_where_tokens_see_ahead(&base.network, config)?;
        let trie = match base.network {
            Network::Decoder(_) => {
                let trie = base.label_trie(input.task);
                Some(trie.map_err(|source| TrainError::Setting {
                    field: "task",
                    source: source.into(),
                })?)
            }
            _ => None,
        };
        let answer_tokens: Vec<usize> = trie
            .iter()
            .flat_map(|trie| trie.paths().iter().map(Vec::len))
            .collect();
        let mut rows = input
            .rows
            .iter()
            .map(|row| {
                encode(row, input.task, base, config, &answer_tokens).map_err(|source| TrainError::Row {
                    id: row.id.clone(),
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        weigh_labels(&mut rows, &class_weights(&input, config)?, config.label_balance);
        let (train, held_out) = split(&rows, config.held_out_share, config.seed);
        if train.is_empty() {
            return Err(TrainError::NoRows {
                given: rows.len(),
                held_out: held_out.len(),
            });
        }
        let invocation = match config.method {
            Method::ActivatedLora => Some(common_end(&rows).ok_or(TrainError::Setting {
                field: "method",
                source: SettingError::NoCommonEnd,
            })?),
            _ => None,
        };
        let fresh = fresh_adapter(&input, config, invocation.as_deref())?;
        let labels = match (trie, &base.network) {
            (Some(trie), Network::Decoder(decoder)) => {
                Some(LabelChoices::new(trie, config.scoring, decoder, input.device))
            }
            _ => None,
        };
        Ok(Self {
            identity: identity(&input, config)?,
            objective: ObjectiveSettings {
                labels,
                label_smoothing: config.label_smoothing,
                shares_beginnings: config.prompt != Prompt::Whole,
                step_rows: config.batch_rows,
                micro_rows: if config.micro_rows == 0 {
                    usize::MAX
                } else {
                    config.micro_rows
                },
                invocation,
                activation_checkpointing: config.activation_checkpointing,
            },
            input,
            rows,
            train,
            held_out,
            fresh,
        })
    }

    /// What is learnt.
    pub(crate) fn objective(&self) -> Result<Objective<'_>, TrainError> {
        let (network, settings) = (&self.input.base.network, self.objective.clone());
        let objective = Objective::new(network, &self.rows, settings, self.input.device);
        objective.map_err(|(row, source)| TrainError::Row {
            id: self.rows[row].id.clone(),
            source: source.into(),
        })
    }
}

/// Refuses what takes a beginning whose states do not depend on what comes after it.
fn refuse_where_tokens_see_ahead(network: &Network, config: &TrainConfig) -> Result<(), TrainError> {
    if is_causal(network) {
        return Ok(());
    }
    let refused = |field, what, why| TrainError::Setting {
        field,
        source: SettingError::SeesAhead { what, why },
    };
    if config.prompt == Prompt::Once {
        return Err(refused(
            "prompt",
            "computing the prompt once",
            "the states of a beginning are others in every row; an encoder is given the question alone, and its label \
             head needs no prompt",
        ));
    }
    if config.method == Method::ActivatedLora {
        return Err(refused(
            "method",
            "an adapter that its prompt activates",
            "no part of a row is the base's alone",
        ));
    }
    Ok(())
}

fn class_weights(input: &TrainInput<'_>, config: &TrainConfig) -> Result<BTreeMap<usize, f64>, TrainError> {
    let weights = config.class_weights.iter();
    weights
        .map(|(label, &weight)| match input.task.labels().index_of(label) {
            Some(number) => Ok((number, weight)),
            None => Err(TrainError::Setting {
                field: "class_weights",
                source: SettingError::Label { label: label.clone() },
            }),
        })
        .collect()
}

/// The tokens in which all rows end, but never a whole row.
fn common_end(rows: &[TokenRow]) -> Option<Vec<u32>> {
    let (first, others) = rows.split_first()?;
    let most = first.ids.len().saturating_sub(1);
    let alike = others.iter().fold(most, |alike, row| {
        let pairs = first
            .ids
            .iter()
            .rev()
            .zip(row.ids.iter().rev().take(row.ids.len().saturating_sub(1)));
        pairs.take(alike).take_while(|(a, b)| a == b).count()
    });
    (alike > 0).then(|| first.ids[first.ids.len() - alike..].to_vec())
}

fn fresh_adapter(
    input: &TrainInput<'_>,
    config: &TrainConfig,
    invocation: Option<&[u32]>,
) -> Result<Adapter, TrainError> {
    let base = input.base;
    let (task_type, classes) = match base.network {
        Network::Encoder(_) => (TaskType::SeqCls, Some(input.task.labels().len())),
        _ => (TaskType::CausalLm, None),
    };
    let adapter = AdapterConfig {
        r: config.rank,
        lora_alpha: config.alpha,
        target_modules: config.targets.clone().into(),
        use_rslora: config.method == Method::RsLora,
        use_dora: config.method == Method::Dora,
        alora_invocation_tokens: invocation.map(<[u32]>::to_vec),
        ..AdapterConfig::new(base.name(), task_type)
    };
    let Some(start) = input.start else {
        return Ok(Adapter::init(
            adapter,
            &base.network,
            classes,
            config.seed,
            input.device,
        )?);
    };
    let labels = |classes: Option<usize>| classes.map_or("no label head".to_owned(), |n| n.to_string());
    let of_head = (classes != start.classes())
        .then(|| ("classes".to_owned(), labels(classes), labels(start.classes())));
    match adapter.difference(start.config()).or(of_head) {
        Some((field, expected, found)) => Err(TrainError::OtherStart {
            field,
            expected,
            found,
        }),
        None => Ok(start.clone()),
    }
}

fn identity(input: &TrainInput<'_>, config: &TrainConfig) -> Result<RunIdentity, TrainError> {
    let rows_json = serde_json::to_vec(input.rows).map_err(|source| {
        TrainError::File(FileError::Encode {
            path: "rows".into(),
            source,
        })
    })?;
    Ok(RunIdentity {
        base_hash: input.base.hash().clone(),
        rows_hash: ContentHash::of_bytes(&rows_json),
        task_hash: ContentHash::of_bytes(toml::to_string(input.task)?.as_bytes()),
        probe_hash: probe_hash(input)?,
        start_hash: match input.start {
            Some(start) => Some(ContentHash::of_bytes(&start.to_safetensors()?)),
            None => None,
        },
        settings: config.clone(),
    })
}

/// How the base writes the task as ids.
pub(crate) fn probe_hash(input: &TrainInput<'_>) -> Result<ContentHash, TrainError> {
    input
        .base
        .probe_hash(input.task)
        .map_err(|source| TrainError::Row {
            id: "probe".to_owned(),
            source: source.into(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Target;

    #[test]
    fn the_common_end_is_what_all_rows_end_in_and_no_whole_row() {
        let row = |ids: &[u32]| TokenRow {
            id: String::new(),
            ids: ids.to_vec(),
            target: Target::label(0),
            weight: 1.0,
            group: String::new(),
        };
        let end = |rows: &[&[u32]]| common_end(&rows.iter().map(|ids| row(ids)).collect::<Vec<_>>());
        assert_eq!(end(&[&[1, 2, 8, 9], &[3, 8, 9], &[5, 6, 8, 9]]), Some(vec![8, 9]));
        assert_eq!(end(&[&[7, 8, 9], &[8, 9]]), Some(vec![9]));
        assert_eq!(end(&[&[1, 2], &[1, 3]]), None);
        assert_eq!(end(&[&[1, 2, 3]]), Some(vec![2, 3]));
        assert_eq!(end(&[]), None);
    }
}
