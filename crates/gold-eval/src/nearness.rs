//! Accuracy by how near training came to the gold rows.

use std::collections::BTreeMap;

use near_texts::LeakageCertificate;
use serde::{Deserialize, Serialize};

use crate::{GoldSet, Share};

/// The similarity from which a training text counts as a gold row's near neighbour, where rows are scored apart.
pub(crate) const NEAR: f64 = 0.8;

/// The lower ends of the bands, as they are called in files.
const BANDS: [(f64, &str); 5] = [
    (0.0, "below 0.7"),
    (0.7, "0.7 to 0.8"),
    (0.8, "0.8 to 0.9"),
    (0.9, "0.9 and above"),
    (2.0, "word for word"),
];

/// Both models on the gold rows whose nearest training text is so similar.
///
/// A candidate that is better the nearer its training rows come knows its rows and not its task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearnessBand {
    /// The similarity, from and below; texts that are equal have a band of their own.
    pub similarity: String,
    /// Gold rows in the band, above 0.
    pub rows: u64,
    /// The candidate on them.
    pub candidate: Share,
    /// The baseline on them.
    pub baseline: Share,
}

/// The bands that have rows, the farthest first.
pub(crate) fn bands(
    gold: &GoldSet,
    certificate: &LeakageCertificate,
    (candidate, baseline): (&[Option<usize>], &[Option<usize>]),
    confidence: f64,
) -> Vec<NearnessBand> {
    let nearest: BTreeMap<&str, f64> = certificate
        .nearest
        .iter()
        .map(|near| (near.gold.as_str(), if near.exact { 2.0 } else { near.jaccard }))
        .collect();
    let mut counts = [(0, 0, 0); BANDS.len()];
    for (row, &truth) in gold.truth().iter().enumerate() {
        let similarity = nearest.get(gold.rows()[row].id.as_str()).copied().unwrap_or(0.0);
        let band = BANDS.partition_point(|band| band.0 <= similarity) - 1;
        let (rows, ours, theirs) = &mut counts[band];
        *rows += 1;
        *ours += u64::from(candidate[row] == Some(truth));
        *theirs += u64::from(baseline[row] == Some(truth));
    }
    let bands = BANDS.iter().zip(counts);
    bands
        .filter_map(|((_, name), (rows, ours, theirs))| {
            Some(NearnessBand {
                similarity: (*name).to_owned(),
                rows,
                candidate: Share::new(ours, rows, confidence)?,
                baseline: Share::new(theirs, rows, confidence)?,
            })
        })
        .collect()
}
