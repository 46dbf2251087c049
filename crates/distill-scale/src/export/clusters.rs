//! Which of the rows that stay hang together by near-duplicates.

use std::{collections::HashMap, path::Path};

use datafusion::{
    arrow::{array::AsArray, datatypes::UInt64Type},
    common::JoinType,
    error::Result,
    prelude::{DataFrame, ParquetReadOptions, col},
};
use futures::TryStreamExt;

use super::{plan_error, row_of};
use crate::{Engine, engine::as_text, reduce::pairs_schema};

/// For each row with a near-duplicate that stays too the first row of its cluster; a row without one is a cluster of its own.
pub(crate) async fn of_kept(engine: &Engine, from: &Path, kept: DataFrame) -> Result<HashMap<u64, u64>> {
    let schema = pairs_schema();
    let folder = from.join("work/pairs");
    let options = ParquetReadOptions::default().schema(&schema);
    let pairs = engine.context.read_parquet(as_text(&folder)?, options).await?;
    let kept = kept.select(vec![row_of("input").alias("kept")])?;
    let both = pairs
        .join(kept.clone(), JoinType::LeftSemi, &["left"], &["kept"], None)?
        .join(kept, JoinType::LeftSemi, &["right"], &["kept"], None)?;
    let plan = both
        .select(vec![col("left"), col("right")])?
        .create_physical_plan()
        .await?;
    let mut sets = Sets::default();
    let mut batches = engine.stream(plan).await?;
    while let Some(batch) = batches.try_next().await? {
        let ids = |place: usize| {
            let found = batch.column(place).as_primitive_opt::<UInt64Type>();
            found.ok_or_else(|| plan_error("pairs are of two ids"))
        };
        let (left, right) = (ids(0)?, ids(1)?);
        for (&left, &right) in left.values().iter().zip(right.values()) {
            sets.join(left, right);
        }
    }
    Ok(sets.firsts())
}

/// Disjoint sets, each known by its smallest member.
#[derive(Debug, Default)]
struct Sets {
    /// For each member a smaller one of its set, or itself.
    parents: HashMap<u64, u64>,
}

impl Sets {
    fn first(&mut self, member: u64) -> u64 {
        let mut first = member;
        while let Some(&parent) = self.parents.get(&first)
            && parent != first
        {
            first = parent;
        }
        let mut member = member;
        while member != first {
            member = self.parents.insert(member, first).unwrap_or(first);
        }
        first
    }

    fn join(&mut self, one: u64, other: u64) {
        let (one, other) = (self.first(one), self.first(other));
        self.parents.insert(one, one.min(other));
        self.parents.insert(other, one.min(other));
    }

    fn firsts(mut self) -> HashMap<u64, u64> {
        let members: Vec<u64> = self.parents.keys().copied().collect();
        members
            .into_iter()
            .map(|member| (member, self.first(member)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_known_by_its_first_row_in_whatever_order_pairs_come() {
        let mut pairs = [(3, 9), (9, 4), (2, 4), (7, 8), (5, 6), (8, 5)];
        for _ in 0..pairs.len() {
            pairs.rotate_left(1);
            let mut sets = Sets::default();
            pairs.iter().for_each(|&(one, other)| sets.join(one, other));
            let firsts = sets.firsts();
            assert!(
                [2, 3, 4, 9].iter().all(|member| firsts[member] == 2),
                "{firsts:?}"
            );
            assert!(
                [5, 6, 7, 8].iter().all(|member| firsts[member] == 5),
                "{firsts:?}"
            );
            assert_eq!(firsts.len(), 8);
        }
    }
}
