//! Near-duplicates: which rows contradict their neighbours, which stand behind another, which belong together.

use std::collections::{BTreeMap, HashMap};

use near_texts::{NearPair, similarity};

use crate::{disjoint_sets::DisjointSets, row::Row, votes::share_of};

/// A row whose label its near-duplicates outweigh.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contradiction {
    /// The row.
    pub(crate) row: usize,
    /// The most similar neighbour that has another label.
    pub(crate) neighbour: usize,
    /// Its similarity.
    pub(crate) jaccard: f64,
    /// The share of the neighbourhood's support that the row's own label has.
    pub(crate) own_share: f64,
}

/// The rows whose own label does not win among themselves and their near-duplicates.
///
/// A row's neighbourhood is the row and all its near-duplicates; what their calls say for each label is
/// added up. A row stays if its label has the majority there. Each row is judged by its own neighbourhood and
/// none by a decision about another, so that no order is involved: of two alike rows with different labels
/// both go, of a strong and a weak one the weak. A person's label always stays.
pub(crate) fn contradictions(rows: &[Row], pairs: &[NearPair], majority: f64) -> Vec<Contradiction> {
    let mut support: Vec<BTreeMap<usize, f64>> = rows.iter().map(|row| row.support.clone()).collect();
    let mut against: Vec<Option<(f64, usize)>> = vec![None; rows.len()];
    for pair in pairs {
        for (row, other) in [(pair.left, pair.right), (pair.right, pair.left)] {
            for (&label, weight) in &rows[other].support {
                *support[row].entry(label).or_default() += weight;
            }
            let is_nearer = against[row].is_none_or(|(jaccard, _)| pair.jaccard > jaccard);
            if rows[other].label != rows[row].label && is_nearer {
                against[row] = Some((pair.jaccard, other));
            }
        }
    }
    against
        .into_iter()
        .enumerate()
        .filter_map(|(row, against)| {
            let (jaccard, neighbour) = against.filter(|_| !rows[row].by_person)?;
            let own_share = share_of(rows[row].label, &support[row]);
            (own_share < majority).then_some(Contradiction {
                row,
                neighbour,
                jaccard,
                own_share,
            })
        })
        .collect()
}

/// For each row the row that it stands behind and their similarity, or `None` if it stays.
///
/// Rows are taken from the strongest to the weakest ([`Strength`](crate::row::Strength)): each that has not gone yet stays and takes its near-duplicates of the same label with it. A
/// row goes only behind a row that it is itself similar to; there are no chains. A person's label goes behind no other
/// word than a person's. No row that was taken before
/// can be among the neighbours of one that stays, for it would have taken it along.
///
/// Rows with the same number in `alike`, if there are numbers, are near-duplicates too, however similar their texts are.
pub(crate) fn stars(
    rows: &[Row],
    is_open: &[bool],
    pairs: &[NearPair],
    alike: &[usize],
) -> Vec<Option<(usize, f64)>> {
    let mut neighbours: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows.len()];
    for pair in pairs {
        let is_mergeable = is_open[pair.left] && is_open[pair.right];
        if is_mergeable && rows[pair.left].label == rows[pair.right].label {
            neighbours[pair.left].push((pair.right, pair.jaccard));
            neighbours[pair.right].push((pair.left, pair.jaccard));
        }
    }
    // Every row of a group is near every other: as pairs they would be too many.
    let mut groups: HashMap<(usize, usize), Vec<usize>> = HashMap::new();
    for (row, &number) in alike.iter().enumerate().filter(|&(row, _)| is_open[row]) {
        groups.entry((number, rows[row].label)).or_default().push(row);
    }
    let mut by_strength: Vec<usize> = (0..rows.len()).filter(|&row| is_open[row]).collect();
    by_strength.sort_by(|&a, &b| rows[a].strength().stronger_first(&rows[b].strength()));
    let mut behind = vec![None; rows.len()];
    for centre in by_strength {
        if behind[centre].is_some() {
            continue;
        }
        let may_go = |row: usize| !rows[row].by_person || rows[centre].by_person;
        for &(row, jaccard) in &neighbours[centre] {
            if behind[row].is_none() && may_go(row) {
                behind[row] = Some((centre, jaccard));
            }
        }
        let group = alike
            .get(centre)
            .and_then(|&number| groups.get_mut(&(number, rows[centre].label)));
        // The strongest of a group takes all of it, so that nothing is left of it to go through again.
        for row in group.map(std::mem::take).unwrap_or_default() {
            if row != centre && behind[row].is_none() && may_go(row) {
                behind[row] = Some((centre, similarity(&rows[row].text, &rows[centre].text)));
            }
        }
    }
    behind
}

/// Connected groups of near-duplicates: for each row the smallest index in its group.
///
/// For telling folds and splits apart only, where being too careful costs nothing; nothing is removed by it.
pub(crate) fn clusters(rows: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let mut sets = DisjointSets::new(rows);
    pairs.for_each(|(a, b)| sets.join(a, b));
    (0..rows).map(|row| sets.root(row)).collect()
}

#[cfg(test)]
mod tests;
