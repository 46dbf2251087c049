//! What must hold of every gold set, lock, baseline, list of predictions, history, gate and import, however it came
//! about: the thing itself or an account of what is wrong with it, and never a panic, a hang or memory without bound.
//!
//! Each property takes the bytes that libFuzzer made; the targets in `fuzz_targets/` hand them on, and `.ci/fuzz`
//! builds and runs them.

pub mod change;
pub mod fields;
pub mod files;
pub mod gold;
pub mod import;
pub mod sentences;
mod world;
