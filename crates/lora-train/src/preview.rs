//! What a run is going to learn, token by token, for a person to look at.

use base_model::BaseModel;

use crate::{LabelShare, Objective, Target, TrainError, TrainInput, TrainPlan, prepare::Prepared};

/// A row as it is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The row's id.
    pub id: String,
    /// Its tokens and those of its answer: of a decoder, the answer that gets the most; an encoder is given the question.
    pub tokens: Vec<PreviewToken>,
    /// Its labels by name with the share of each.
    pub labels: Vec<(String, f64)>,
    /// How much it counts, the weights of its labels counted in.
    pub weight: f64,
}

/// A token of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewToken {
    /// Its number.
    pub id: u32,
    /// How the vocabulary writes it, with white space for the signs that stand for it.
    pub text: String,
    /// How much of the row's weight its prediction gets: 0 of a token that is only read.
    pub share: f64,
}

/// The first rows of a run, as they are going to be trained on.
///
/// What is shown is computed by what computes the loss.
///
/// # Errors
///
/// As [`train`](crate::train) before its first step.
pub fn preview(input: TrainInput<'_>, plan: &TrainPlan, count: usize) -> Result<Vec<Preview>, TrainError> {
    let prepared = Prepared::new(input, plan)?;
    let objective = prepared.objective()?;
    let rows = prepared.train.iter().take(count);
    Ok(rows.map(|&row| of_row(&objective, row, &input)).collect())
}

fn of_row(objective: &Objective<'_>, index: usize, input: &TrainInput<'_>) -> Preview {
    let row = &objective.rows()[index];
    let name = |label: usize| input.task.labels().labels()[label].name.clone();
    let shares: &[LabelShare] = match &row.target {
        Target::Labels(labels) => labels,
        Target::Tokens(_) => &[],
    };
    // What labels count is part of their shares.
    let counted = match shares {
        [] => 1.0,
        shares => shares.iter().map(|share| share.share).sum(),
    };
    let tokens = objective
        .supervision(index)
        .into_iter()
        .map(|(id, share)| PreviewToken {
            id,
            text: text(input.base, id),
            share: share / counted,
        });
    Preview {
        id: row.id.clone(),
        tokens: tokens.collect(),
        labels: shares
            .iter()
            .map(|of| (name(of.label), of.share / counted))
            .collect(),
        weight: row.weight * counted,
    }
}

/// A token for people to read: byte-level and SentencePiece vocabularies write white space as a letter.
fn text(base: &BaseModel, id: u32) -> String {
    let token = base.tokenizer.token(id).unwrap_or_default();
    token
        .replace(['\u{120}', '\u{2581}'], " ")
        .replace('\u{10a}', "\n")
}
