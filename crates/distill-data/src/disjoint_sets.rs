//! Numbers in groups that grow together (union-find, with path halving).

/// Numbers from 0 on, each in the group of those that it was joined with.
#[derive(Debug)]
pub(crate) struct DisjointSets(Vec<usize>);

impl DisjointSets {
    /// So many numbers, each on its own.
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The smallest number of a number's group.
    pub(crate) fn root(&mut self, mut number: usize) -> usize {
        while self.0[number] != number {
            self.0[number] = self.0[self.0[number]];
            number = self.0[number];
        }
        number
    }

    /// Makes the groups of two numbers one.
    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
