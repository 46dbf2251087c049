//! Accuracy by how near training came to the gold rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{ApartFromNeighbours, Comparison, Leakage, PairedCounts, RightRows, Share};

/// The similarity from which a training text counts as a gold row's near neighbour, where rows are scored apart.
const NEAR: f64 = 0.8;

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

/// Which gold rows both models have right, by which they are scored apart.
#[derive(Clone, Copy)]
pub(crate) struct RightByRow<'a> {
    /// The gold rows' ids, in the order of the set.
    pub(crate) ids: &'a [&'a str],
    pub(crate) candidate: &'a RightRows,
    pub(crate) baseline: &'a RightRows,
    /// The baseline's name.
    pub(crate) against: &'a str,
    /// The two-sided confidence of intervals.
    pub(crate) confidence: f64,
}

impl RightByRow<'_> {
    /// Each gold row with whether candidate and baseline have it right.
    fn rows(&self) -> impl Iterator<Item = (&str, bool, bool)> {
        let right = self.candidate.iter().zip(self.baseline.iter());
        (self.ids.iter().zip(right)).map(|(&id, (candidate, baseline))| (id, candidate, baseline))
    }

    /// The bands that have rows, the farthest first; none where the training texts are not known.
    pub(crate) fn bands(&self, leakage: &Leakage) -> Vec<NearnessBand> {
        let Some(certificate) = leakage.computed() else {
            return Vec::new();
        };
        let nearest: BTreeMap<&str, f64> = certificate
            .nearest
            .iter()
            .map(|near| (near.gold.as_str(), if near.exact { 2.0 } else { near.jaccard }))
            .collect();
        let mut counts = [(0, 0, 0); BANDS.len()];
        for (id, candidate, baseline) in self.rows() {
            let similarity = nearest.get(id).copied().unwrap_or(0.0);
            let band = BANDS.partition_point(|band| band.0 <= similarity) - 1;
            let (rows, ours, theirs) = &mut counts[band];
            *rows += 1;
            *ours += u64::from(candidate);
            *theirs += u64::from(baseline);
        }
        let bands = BANDS.iter().zip(counts);
        bands
            .filter_map(|((_, name), (rows, ours, theirs))| {
                Some(NearnessBand {
                    similarity: (*name).to_owned(),
                    rows,
                    candidate: Share::new(ours, rows, self.confidence)?,
                    baseline: Share::new(theirs, rows, self.confidence)?,
                })
            })
            .collect()
    }

    /// Both models on the rows that neither the caller (`said`) nor the training texts say are near training; `None` if
    /// nobody says anything.
    pub(crate) fn apart(
        &self,
        said: Option<&BTreeSet<String>>,
        leakage: &Leakage,
    ) -> Option<ApartFromNeighbours> {
        let found = leakage.computed();
        if said.is_none() && found.is_none() {
            return None;
        }
        let said = said.into_iter().flatten().map(String::as_str);
        let near: BTreeSet<&str> = said
            .chain(found.into_iter().flat_map(|found| found.gold_at(NEAR)))
            .collect();
        let (mut of_near, mut of_others) = (PairedCounts::default(), PairedCounts::default());
        for (id, candidate, baseline) in self.rows() {
            let table = if near.contains(id) {
                &mut of_near
            } else {
                &mut of_others
            };
            table.add(candidate, baseline);
        }
        let share = |right: u64, table: &PairedCounts| Share::new(right, table.rows(), self.confidence);
        let ours = |table: &PairedCounts| share(table.both_right + table.gains, table);
        let theirs = |table: &PairedCounts| share(table.both_right + table.losses, table);
        Some(ApartFromNeighbours {
            near_rows: near.len() as u64,
            candidate: ours(&of_others),
            baseline: theirs(&of_others),
            near_candidate: ours(&of_near),
            near_baseline: theirs(&of_near),
            comparison: (of_others.rows() > 0)
                .then(|| Comparison::new(self.against, of_others, self.confidence)),
        })
    }
}
