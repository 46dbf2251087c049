//! Labels that are probably wrong, from the probabilities of any model.

use serde::{Deserialize, Serialize};

use super::{
    ConfidentJoint, IssueMethod, LabelIssueError, Probabilities, SuspectPlan, calibrated,
    posterior::{self, Doubt},
    prune,
};

/// Labels that are probably wrong, and what is known of the noise.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelIssues {
    /// The suspected rows, the most suspect first: by [`suspicion`](LabelIssue::suspicion), ties by row.
    pub issues: Vec<LabelIssue>,
    /// For every row, suspected or not, the chance that its label is wrong, in 0..=1: how often labels of its suspicion are,
    /// by how suspect rows would be with labels that are known to be wrong.
    pub chance_wrong: Vec<f64>,
    /// For every row how suspect it is, in 0..=1: what to rank by where a person looks at more rows than are suspected.
    pub suspicion: Vec<f64>,
    /// How labels and confident predictions go together.
    pub joint: ConfidentJoint,
    /// The share of rows whose most probable class is their label, in 0..=1; 0 without rows. How far the probabilities can
    /// be trusted.
    pub agreement: f64,
}

/// A label that is probably wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelIssue {
    /// The row, from 0.
    pub row: usize,
    /// The label index that it was given.
    pub given: usize,
    /// The label index that is likelier.
    pub suggested: usize,
    /// The out-of-fold probability of the given label.
    pub given_probability: f64,
    /// That of the suggestion.
    pub suggested_probability: f64,
    /// The chance that the given label is wrong, in 0..=1. It rises with the suspicion.
    pub chance_wrong: f64,
    /// The mean of the posterior that the label is wrong, if errors depend on the right label alone, and of the lead of the most
    /// probable other label, in 0..=1: what rows are ranked by. It is no probability.
    pub suspicion: f64,
}

impl LabelIssues {
    /// The estimated share of rows whose label is wrong, in 0..=1: the mean chance. [`ConfidentJoint::wrong_share`] is larger,
    /// for it takes what the model does not understand for noise.
    #[must_use]
    pub fn wrong_share(&self) -> f64 {
        self.chance_wrong.iter().sum::<f64>() / self.chance_wrong.len().max(1) as f64
    }
}

/// Finds the labels that are probably wrong, given the out-of-fold probabilities of any model.
///
/// Of the plan, `method`, `least_suspicion` and `pooled_rows` count. The result does not depend on the order of the rows,
/// except that ties go to the earlier row.
///
/// ```
/// use distill_data::{Probabilities, SuspectPlan, find_label_issues};
///
/// // Two classes; the third row was given the label 0, and a model that has not seen it is sure that it is a 1.
/// let given = [0, 0, 0, 0, 1, 1, 1, 1];
/// let first = [0.9, 0.9, 0.05, 0.9, 0.1, 0.1, 0.1, 0.2];
/// let matrix: Vec<f32> = first.iter().flat_map(|&p| [p, 1.0 - p]).collect();
///
/// let found = find_label_issues(&given, &Probabilities::of_matrix(2, &matrix)?, &SuspectPlan::default())?;
/// assert_eq!((found.issues.len(), found.issues[0].row, found.issues[0].suggested), (1, 2, 1));
/// assert_eq!(found.joint.count_of(0, 1), 1);
/// # Ok::<(), distill_data::LabelIssueError>(())
/// ```
///
/// # Errors
///
/// [`LabelIssueError`] if there are not as many labels as rows, or a label is no class.
pub fn find_label_issues(
    given: &[usize],
    probabilities: &Probabilities<'_>,
    plan: &SuspectPlan,
) -> Result<LabelIssues, LabelIssueError> {
    let rows = probabilities.len();
    if given.len() != rows {
        let labels = given.len();
        return Err(LabelIssueError::Length { labels, rows });
    }
    check_labels(given, probabilities.classes())?;
    let config = plan.config();
    let most_probable: Vec<Option<usize>> = (0..rows).map(|row| probabilities.most_probable(row)).collect();
    let agreeing = most_probable
        .iter()
        .zip(given)
        .filter(|(most, label)| **most == Some(**label))
        .count();
    let agreement = agreeing as f64 / rows.max(1) as f64;
    let joint = ConfidentJoint::count(given, probabilities, config.pooled_rows);
    let (doubts, planted) = posterior::doubts(given, probabilities, &joint, agreement);
    let chances = calibrated::chances(&doubts, &planted);
    let is_suspected: Vec<bool> = match config.method {
        IssueMethod::Posterior => doubts
            .iter()
            .map(|doubt| doubt.suspicion() >= config.least_suspicion)
            .collect(),
        IssueMethod::OffDiagonal => (0..rows)
            .map(|row| {
                let confident = joint.confident_class(row, probabilities);
                confident.is_some_and(|class| class != given[row])
            })
            .collect(),
        IssueMethod::PruneByClass => prune::prune(given, probabilities, &joint).by_class,
        IssueMethod::PruneByNoiseRate => prune::prune(given, probabilities, &joint).by_noise_rate,
        IssueMethod::PruneByBoth => {
            let pruned = prune::prune(given, probabilities, &joint);
            let both = pruned.by_class.iter().zip(&pruned.by_noise_rate);
            both.map(|(&one, &other)| one && other).collect()
        }
    };
    let suggestion = |row: usize| match config.method {
        IssueMethod::OffDiagonal => joint.confident_class(row, probabilities),
        _ => doubts[row].instead,
    };
    let mut issues: Vec<LabelIssue> = (0..rows)
        .filter(|&row| is_suspected[row] && most_probable[row] != Some(given[row]))
        .filter_map(|row| {
            let suggested = suggestion(row)?;
            Some(LabelIssue {
                row,
                given: given[row],
                suggested,
                given_probability: f64::from(probabilities.of(row, given[row])),
                suggested_probability: f64::from(probabilities.of(row, suggested)),
                chance_wrong: chances[row],
                suspicion: doubts[row].suspicion(),
            })
        })
        .collect();
    issues.sort_by(|a, b| b.suspicion.total_cmp(&a.suspicion).then(a.row.cmp(&b.row)));
    Ok(LabelIssues {
        issues,
        chance_wrong: chances,
        suspicion: doubts.iter().map(Doubt::suspicion).collect(),
        joint,
        agreement,
    })
}

/// That every label is a class.
pub(super) fn check_labels(given: &[usize], classes: usize) -> Result<(), LabelIssueError> {
    if classes < 2 {
        return Err(LabelIssueError::Classes { found: classes });
    }
    match given.iter().position(|&label| label >= classes) {
        None => Ok(()),
        Some(row) => Err(LabelIssueError::Label {
            row,
            label: given[row],
            classes,
        }),
    }
}

#[cfg(test)]
mod tests;
