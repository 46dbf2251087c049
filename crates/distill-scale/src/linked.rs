//! Rows that hang together by near-duplicates, as far as they do.

use std::collections::{BTreeMap, HashMap};

/// Rows with what is known of each, by clusters; a row that was never linked is not among them.
#[derive(Debug)]
pub(crate) struct Linked<T> {
    members: HashMap<u64, usize>,
    rows: Vec<(u64, T)>,
    /// For each of them another of its cluster, or itself.
    parents: Vec<usize>,
}

impl<T> Default for Linked<T> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            rows: Vec::new(),
            parents: Vec::new(),
        }
    }
}

impl<T> Linked<T> {
    /// Notes that two rows are of one cluster.
    pub(crate) fn link(&mut self, left: (u64, T), right: (u64, T)) {
        let (left, right) = (self.member(left), self.member(right));
        let (left, right) = (self.root(left), self.root(right));
        self.parents[left] = right;
    }

    fn member(&mut self, (row, known): (u64, T)) -> usize {
        *self.members.entry(row).or_insert_with(|| {
            self.parents.push(self.rows.len());
            self.rows.push((row, known));
            self.rows.len() - 1
        })
    }

    fn root(&mut self, mut member: usize) -> usize {
        while self.parents[member] != member {
            self.parents[member] = self.parents[self.parents[member]];
            member = self.parents[member];
        }
        member
    }

    pub(crate) fn has(&self, row: u64) -> bool {
        self.members.contains_key(&row)
    }

    /// The rows of each cluster by rising id, with what is known of them, which is forgotten here.
    pub(crate) fn take_clusters(&mut self) -> Vec<Vec<(u64, T)>> {
        let roots: Vec<usize> = (0..self.rows.len()).map(|member| self.root(member)).collect();
        let mut clusters: BTreeMap<usize, Vec<(u64, T)>> = BTreeMap::new();
        for (row, root) in std::mem::take(&mut self.rows).into_iter().zip(roots) {
            clusters.entry(root).or_default().push(row);
        }
        self.parents = Vec::new();
        let mut clusters: Vec<Vec<(u64, T)>> = clusters.into_values().collect();
        for cluster in &mut clusters {
            cluster.sort_unstable_by_key(|&(row, _)| row);
        }
        clusters
    }
}
