//! What a run looks at before it says that it is done.

use std::path::Path;

use base_model::{Adapter, Decoder, LabelChoices, Network, WeightFiles, WeightFormat};
use burn::tensor::Device;

use crate::{
    Method, Objective, ObjectiveSettings, SelfCheck, SelfCheckError, Shards, TokenRow, TrainError,
    checkpoint::Snapshot,
    prepare::{Prepared, probe_hash},
};

/// Scores of the saved adapter may differ from those of the trained one by this much, in nats: nothing but rounding.
const READ_BACK_TOLERANCE: f64 = 1e-4;
/// And merged from unmerged: sums in another order, in every layer and over the tokens of a label.
const MERGED_TOLERANCE: f64 = 1e-2;
/// Rows whose scores are compared.
const PROBES: usize = 8;

/// Why the check could not be made, or what it found.
pub(crate) enum Failed {
    Found(SelfCheckError),
    Run(TrainError),
}

impl Failed {
    pub(crate) fn in_folder(self, folder: &Path) -> TrainError {
        match self {
            Self::Run(error) => error,
            Self::Found(source) => TrainError::SelfCheck {
                folder: folder.display().to_string(),
                source,
            },
        }
    }
}

impl<E: Into<TrainError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Run(error.into())
    }
}

/// Reads the adapter back and looks at the run and its result.
pub(crate) fn check(
    (prepared, objective): (&Prepared<'_>, &Objective<'_>),
    run: &Snapshot,
    whole_epochs: usize,
    folder: &Path,
    shards: &Shards,
) -> Result<SelfCheck, Failed> {
    let input = &prepared.input;
    let base = input.base;
    all_were_reached(run).map_err(Failed::Found)?;
    all_are_written(&run.best, folder)?;
    if probe_hash(input)? != prepared.identity.probe_hash {
        return Err(Failed::Found(SelfCheckError::Template));
    }
    let probes = probes(prepared.rows.len());
    let trained = objective.log_scores(&run.best, &probes, shards);
    let again = Adapter::read(folder, &base.network, input.device)?;
    let read_back = largest_difference(&trained, &objective.log_scores(&again, &probes, shards));
    // A NaN must fail too.
    if read_back.is_nan() || read_back > READ_BACK_TOLERANCE {
        let difference = read_back;
        return Err(Failed::Found(SelfCheckError::ReadBack { difference }));
    }
    let merges =
        prepared.identity.settings.method != Method::ActivatedLora && base.format() == WeightFormat::F32;
    let merged = match merges {
        false => None,
        true => {
            let rows: Vec<TokenRow> = probes.iter().map(|&row| prepared.rows[row].clone()).collect();
            let scores = scores_merged(&again, &rows, prepared, shards)?;
            Some(largest_difference(&trained, &scores))
        }
    };
    if let Some(difference) =
        merged.filter(|difference| difference.is_nan() || *difference > MERGED_TOLERANCE)
    {
        return Err(Failed::Found(SelfCheckError::Merged { difference }));
    }
    Ok(SelfCheck {
        probes: probes.len(),
        read_back_difference: read_back,
        merged_difference: merged,
        trained_tensors: run.best.parameters().len(),
        whole_epochs,
        targets: run.state.targets,
    })
}

/// A factor whose partner begins as zero gets its first gradient in the second step.
fn all_were_reached(run: &Snapshot) -> Result<(), SelfCheckError> {
    if run.state.step < 2 {
        return Ok(());
    }
    let parameters = run.current.parameters().iter().zip(&run.state.reached);
    let mut missed = parameters.filter(|(_, reached)| !**reached);
    match missed.next() {
        None => Ok(()),
        Some((first, _)) => Err(SelfCheckError::NotTrained {
            count: 1 + missed.count(),
            of: run.state.reached.len(),
            first: first.name.clone(),
        }),
    }
}

/// Every tensor of the adapter is in the file, by its name.
fn all_are_written(adapter: &Adapter, folder: &Path) -> Result<(), Failed> {
    let file = folder.join("adapter_model.safetensors");
    let files = WeightFiles::open(&file).map_err(base_model::AdapterError::from)?;
    match adapter
        .parameters()
        .iter()
        .find(|parameter| !files.contains(&parameter.name))
    {
        None => Ok(()),
        Some(missing) => Err(Failed::Found(SelfCheckError::Missing {
            missing: missing.name.clone(),
        })),
    }
}

/// Some rows, from all over the data set.
fn probes(rows: usize) -> Vec<usize> {
    let count = PROBES.min(rows);
    (0..count).map(|probe| probe * rows / count).collect()
}

/// The scores of an adapter that is merged into the base.
fn scores_merged(
    adapter: &Adapter,
    rows: &[TokenRow],
    prepared: &Prepared<'_>,
    shards: &Shards,
) -> Result<Vec<Vec<f64>>, Failed> {
    let device = prepared.input.device;
    let merge = prepared.input.base.network.merge(adapter);
    let merged = merge.map_err(|error| Failed::Found(SelfCheckError::Merge(Box::new(error))))?;
    let settings = ObjectiveSettings {
        labels: choices_of(&merged, &prepared.objective, device),
        ..prepared.objective.clone()
    };
    let objective =
        Objective::new(&merged, rows, settings, device).map_err(|(row, source)| TrainError::Row {
            id: rows[row].id.clone(),
            source: source.into(),
        })?;
    let all: Vec<usize> = (0..rows.len()).collect();
    Ok(objective.log_scores(&adapter.head_alone(), &all, shards))
}

/// The same labels for the merged network, whose head may be another.
fn choices_of(merged: &Network, settings: &ObjectiveSettings, device: &Device) -> Option<LabelChoices> {
    let of = |decoder: &Decoder, labels: &LabelChoices| {
        LabelChoices::new(labels.trie().clone(), labels.scoring(), decoder, device)
    };
    match (merged, &settings.labels) {
        (Network::Decoder(decoder), Some(labels)) => Some(of(decoder, labels)),
        _ => None,
    }
}

fn largest_difference(first: &[Vec<f64>], second: &[Vec<f64>]) -> f64 {
    let pairs = first.iter().flatten().zip(second.iter().flatten());
    let differences = pairs.map(|(a, b)| (a - b).abs());
    // `max` would pass over NaN.
    differences.fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}

#[cfg(test)]
mod tests;
