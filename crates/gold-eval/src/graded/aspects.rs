//! The table by aspect, worst first.

use serde::{Deserialize, Serialize};

use crate::{
    GradedCase, Grades, PairedCounts, Share,
    categories::{drops_of, tested},
};

/// What is known of one aspect that applies to gold rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AspectScore {
    /// The aspect: a field's name, or a check's.
    pub name: String,
    /// Rows that the candidate has right, of those to which the aspect applies, with the Wilson interval.
    pub right: Share,
    /// The share that the baseline has right.
    pub baseline: f64,
    /// The share that the last shipped model has right, where its answers were given.
    pub shipped: Option<f64>,
    /// The rows by who has them right, candidate and baseline.
    pub counts: PairedCounts,
    /// The share of right rows less the baseline's, in -1..1.
    pub difference: f64,
    /// One-sided mid-p McNemar of "worse than the baseline".
    pub p_worse: f64,
    /// The same, adjusted by Holm over the aspects.
    pub p_worse_holm: f64,
    /// The smallest net drop that so many rows show with 80% power under the gate's test, at the hardest step of Holm;
    /// `None` where no drop is seen so surely.
    pub smallest_visible_drop: Option<f64>,
}

/// The aspects that apply to rows: lowest share first, then the one with more rows, then by name.
///
/// `alpha` is the level of the gate's test of aspects, before Holm.
pub(super) fn table(case: &GradedCase<'_>, confidence: f64, alpha: f64) -> Vec<AspectScore> {
    let names = case.candidate.aspects();
    let counted = (0..names.len()).map(|aspect| (aspect, counts(case.candidate, case.baseline, aspect)));
    let present: Vec<(usize, PairedCounts)> = counted.filter(|(_, counts)| counts.rows() > 0).collect();
    let (p_worse, adjusted) = tested(present.iter().map(|(_, counts)| *counts));
    let supports: Vec<u64> = present.iter().map(|(_, counts)| counts.rows()).collect();
    let visible = drops_of(&supports, alpha);
    let mut table: Vec<AspectScore> = present
        .iter()
        .zip(p_worse.iter().zip(&adjusted))
        .filter_map(|(&(aspect, counts), (&p_worse, &p_worse_holm))| {
            let rows = counts.rows();
            let shipped = case.shipped.map(|(_, grades)| {
                let table = self::counts(case.candidate, grades, aspect);
                share(table.both_right + table.losses, table.rows())
            });
            Some(AspectScore {
                name: names.get(aspect)?.clone(),
                right: Share::new(counts.both_right + counts.gains, rows, confidence)?,
                baseline: share(counts.both_right + counts.losses, rows),
                shipped,
                counts,
                difference: counts.difference(),
                p_worse,
                p_worse_holm,
                smallest_visible_drop: visible.get(&rows).copied().flatten(),
            })
        })
        .collect();
    table.sort_by(|a, b| {
        (a.right.value.total_cmp(&b.right.value))
            .then(b.right.of.cmp(&a.right.of))
            .then_with(|| a.name.cmp(&b.name))
    });
    table
}

/// The aspects that apply to no row.
pub(super) fn without_rows(grades: &Grades, table: &[AspectScore]) -> Vec<String> {
    let listed = |name: &String| table.iter().any(|aspect| aspect.name == *name);
    (grades.aspects().iter())
        .filter(|name| !listed(name))
        .cloned()
        .collect()
}

/// The rows to which the aspect applies by either model's answer, by who has them right.
fn counts(candidate: &Grades, other: &Grades, aspect: usize) -> PairedCounts {
    let mut table = PairedCounts::default();
    for (ours, theirs) in candidate.rows().iter().zip(other.rows()) {
        let (ours, theirs) = (ours[aspect], theirs[aspect]);
        if ours.is_some() || theirs.is_some() {
            table.add(ours != Some(false), theirs != Some(false));
        }
    }
    table
}

fn share(count: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}
