//! Rows of calls, and where each ends.

use near_texts::NearPair;

use super::fates::{Fate, Fates, NearTexts};
use crate::{
    AskedQuestion, CuratePlan, ReviewedRecord, Stage, SuspectFindings,
    row::{Call, Row, gather},
};

/// Rows, and the fate of each.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) rows: Vec<Row>,
    pub(super) fates: Fates,
    /// What the search for wrong labels found, if the plan has one.
    pub(super) found: Option<SuspectFindings>,
}

impl Settled {
    /// Lets every rule have its say, in order. The texts of the calls are those of `near`.
    pub(super) fn of(
        calls: &[Call],
        near: &NearTexts,
        plan: &CuratePlan,
        (reviewed, classes): (Option<&ReviewedRecord>, usize),
        at: &mut dyn FnMut(Stage, usize),
    ) -> Self {
        let rows = rows_of(calls, plan);
        let mut fates = Fates::undecided(&rows);
        fates.settle_conflicts(&rows);
        fates.settle_near_duplicates(&rows, near, plan);
        fates.settle_confidence(&rows, plan, reviewed);
        at(Stage::Suspects, rows.len());
        let found = fates.settle_suspects(&rows, near, plan, classes);
        Self { rows, fates, found }
    }

    /// The rows that are in doubt.
    pub(super) fn asked(&self) -> impl Iterator<Item = AskedQuestion<'_>> {
        let rows = self.rows.iter().enumerate();
        rows.filter_map(|(index, row)| match self.fates.of(index) {
            Fate::Review(concern) => Some(AskedQuestion {
                text: row.text_id(),
                label: row.label,
                reason: concern.cause.kind(&self.rows),
                chance_wrong: concern.chance_wrong,
            }),
            _ => None,
        })
    }

    /// For each row the row that it stands behind, if it does.
    fn into(&self, row: usize) -> Option<usize> {
        match self.fates.of(row) {
            Fate::Merged { into, .. } => Some(*into),
            _ => None,
        }
    }

    /// For each row those that stand behind it.
    pub(super) fn followers(&self) -> Vec<Vec<usize>> {
        let mut followers = vec![Vec::new(); self.rows.len()];
        for row in 0..self.rows.len() {
            if let Some(into) = self.into(row) {
                followers[into].push(row);
            }
        }
        followers
    }

    /// How many calls each row stands for, the merged rows' own included.
    pub(super) fn calls_behind(&self) -> Vec<usize> {
        let mut calls: Vec<usize> = self.rows.iter().map(|row| row.calls.len()).collect();
        for (index, row) in self.rows.iter().enumerate() {
            if let Some(into) = self.into(index) {
                calls[into] += row.calls.len();
            }
        }
        calls
    }
}

/// The rows of calls, as the plan gathers them.
pub(super) fn rows_of(calls: &[Call], plan: &CuratePlan) -> Vec<Row> {
    gather(calls, plan.config().duplicates, plan.config().conflict_majority)
}

/// For each row in review the row in review whose answer settles it too, and their similarity; `None` where it is a
/// question of its own.
///
/// Rows join a near-duplicate that has the same label, as rows that are kept stand behind one: a person who says of a
/// text that its label is wrong says so of a text that hardly differs, but not of one with another label, for there the
/// border between the two may run. From the row with most calls to the one with fewest, each that is still free takes
/// its free neighbours along. Rows behind which others stand come first and join none, so that nothing ends behind a row
/// that it is not similar to. Two such rows are no neighbours: the one would stand behind the other.
pub(super) fn joined(settled: &Settled, pairs: &[NearPair]) -> Vec<Option<(usize, f64)>> {
    let Settled { rows, fates, .. } = settled;
    let followers = settled.followers();
    let is_question = |row: usize| matches!(fates.of(row), Fate::Review(_));
    let mut neighbours: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows.len()];
    for pair in pairs {
        let (left, right) = (pair.left, pair.right);
        if is_question(left) && is_question(right) && rows[left].label == rows[right].label {
            neighbours[left].push((right, pair.jaccard));
            neighbours[right].push((left, pair.jaccard));
        }
    }
    let mut order: Vec<usize> = (0..rows.len())
        .filter(|&row| !neighbours[row].is_empty())
        .collect();
    order.sort_by(|&a, &b| {
        let strength = |row: usize| (!followers[row].is_empty(), rows[row].calls.len());
        strength(b)
            .cmp(&strength(a))
            .then_with(|| rows[a].id.cmp(&rows[b].id))
    });
    let mut behind = vec![None; rows.len()];
    for centre in order {
        if behind[centre].is_some() {
            continue;
        }
        for &(row, jaccard) in &neighbours[centre] {
            if behind[row].is_none() && followers[row].is_empty() {
                behind[row] = Some((centre, jaccard));
            }
        }
    }
    behind
}
