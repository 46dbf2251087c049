//! The rules of this repository, as tests: what a reviewer would otherwise have to look for.
//!
//! ```text
//! cargo test -p xtask
//! ```
//!
//! Each rule is a function from a [`Tree`](tree::Tree) to its violations. One test runs it on the repository and
//! fails with all of them; another plants a violation in a tree in memory and sees it found.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tree;
