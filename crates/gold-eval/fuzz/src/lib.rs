//! What must hold of every gold set, lock, baseline, list of predictions, history, gate, import, answer of a server and file
//! of another tool, however it came about: the thing itself or an account of what is wrong with it, and never a panic, a hang or memory without bound.
//!
//! Each property takes the bytes that libFuzzer made; the targets in `fuzz_targets/` hand them on, and `.ci/fuzz`
//! builds and runs them.

pub mod answer_files;
pub mod change;
pub mod fields;
pub mod files;
pub mod gold;
pub mod import;
pub mod sentences;
pub mod wire;
mod world;
