//! What is kept beyond one machine's memory is what is kept in one memory.

#[cfg(feature = "ballista")]
mod cluster;
mod equal;
mod hostile;
mod log;
mod outcome;
