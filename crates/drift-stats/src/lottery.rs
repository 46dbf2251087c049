//! Chance that depends on the row and not on its place.

use task_spec::Served;

/// A number that is uniform over `u64` for a seed and a purpose, and always the same for the same row.
///
/// Drawing by ticket makes every random choice independent of the order of the rows and of the threads, and
/// lets two parts of a log be drawn from apart and joined later.
pub(crate) fn ticket(seed: u64, purpose: &str, row: &Served) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    for part in [purpose.as_bytes(), row.id.as_bytes()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(&row.at.to_le_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// A ticket as a number in 0..1, 1 excluded.
pub(crate) fn unit(ticket: u64) -> f64 {
    (ticket >> 11) as f64 / (1_u64 << 53) as f64
}
