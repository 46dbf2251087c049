//! The fates of rows that are in doubt, and the chance that their labels are wrong.

use datafusion::prelude::{Expr, col, lit};
use distill_data::LabelDoubt;

/// The fates whose rows a person is asked about.
pub(crate) const DOUBTFUL: [&str; 5] = [
    "conflicting_labels",
    "near_conflict",
    "low_confidence",
    "unknown_confidence",
    "suspect_label",
];

/// Whether a row has such a fate.
pub(crate) fn is_doubtful() -> Expr {
    col("fate").in_list(DOUBTFUL.map(lit).to_vec(), false)
}

/// Why a label is in doubt, by the row's fate and what `fates` has in the columns `own_share`, `confidence` and `chance_wrong`.
///
/// `None` of a fate that is no doubt, or where what it needs is not known.
pub(crate) fn doubt(
    fate: &str,
    [own_share, confidence, chance_wrong]: [Option<f64>; 3],
) -> Option<LabelDoubt> {
    Some(match fate {
        "conflicting_labels" | "near_conflict" => LabelDoubt::Outvoted {
            own_share: own_share?,
        },
        "low_confidence" => LabelDoubt::Unsure { confidence },
        "unknown_confidence" => LabelDoubt::Unsure { confidence: None },
        "suspect_label" => LabelDoubt::Suspected {
            chance_wrong: chance_wrong?,
        },
        _ => return None,
    })
}
