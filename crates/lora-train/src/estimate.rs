//! What a run will take, measured on a few of its steps.

use std::time::Instant;

use base_model::{Adapter, ModuleKind, Network, Slot};
use serde::{Deserialize, Serialize};
use sysinfo::System;

use crate::{
    Objective, Shards, TrainError, TrainInput, TrainPlan, Updates,
    lineage::{bytes_of, peak_memory_bytes},
    order::batches,
    prepare::Prepared,
};

/// Where among a run's steps, ordered by their tokens, those stand that are timed.
const TIMED: [f64; 4] = [0.1, 0.4, 0.7, 0.95];
/// Times that each of them is timed, unless all have taken so many seconds before.
const ROUNDS: usize = 9;
const ENOUGH_SECONDS: f64 = 3.0;
/// Shares of the largest step that are computed to see how memory grows, each if it is known to fit.
const GROWING: [usize; 3] = [8, 4, 2];

/// What a run will take at most; one that stops early takes less time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Numbers that are trained.
    pub parameters: usize,
    /// Steps of all epochs.
    pub steps: usize,
    /// Tokens that these steps compute, padding not counted, what rows of a step share counted once.
    pub tokens: u64,
    /// Time in seconds, evaluations with it.
    pub seconds: f64,
    /// The most resident memory of the process in bytes, where the system tells what it has had.
    pub peak_memory_bytes: Option<u64>,
    /// What the process may have, in bytes: what it has, and what is free on the machine or under its limit.
    pub available_memory_bytes: u64,
}

/// Says what a run will take, from some of its steps and without keeping anything of them.
///
/// A few steps of different lengths are timed, after one that is not, and a line through them is laid over all steps. Memory
/// is a line too, through parts of the largest step; parts that would not fit are not tried. Of a device with memory of its
/// own, that is not looked at.
///
/// # Errors
///
/// [`TrainError::Memory`] if the run cannot fit, and as [`train`](crate::train) before its first step.
pub fn estimate(input: TrainInput<'_>, plan: &TrainPlan) -> Result<Estimate, TrainError> {
    let (begin, config) = (Instant::now(), plan.config());
    let prepared = Prepared::new(input, plan)?;
    let objective = prepared.objective()?;
    let shards = Shards::new(config.shards)?;
    let preparing = begin.elapsed().as_secs_f64();
    let at_first = resident_bytes();
    let mut steps: Vec<(usize, Vec<usize>)> =
        batches(&prepared.rows, &prepared.train, config.batch_rows, config.seed, 0)
            .into_iter()
            .map(|rows| (objective.computed_tokens(&rows), rows))
            .collect();
    steps.sort_by_key(|(tokens, _)| *tokens);
    let available = available_memory_bytes();
    let probe = Probe {
        objective: &objective,
        adapter: &prepared.fresh,
        shards: &shards,
        updates: (config.weight_decay, config.clip_norm),
    };
    let of_steps = match steps.last() {
        Some((_, largest)) => probe.memory(largest, available)?,
        None => None,
    };
    let timed = TIMED.map(|share| &steps[((steps.len() - 1) as f64 * share).round() as usize]);
    let seconds = probe.seconds(timed.map(|(_, rows)| rows.as_slice()));
    let line = Line::through(std::array::from_fn::<_, { TIMED.len() }, _>(|at| {
        (timed[at].0 as f64, seconds[at])
    }));
    let epochs = config.epochs as f64;
    let of_epoch: f64 = steps.iter().map(|(tokens, _)| line.at(*tokens as f64)).sum();
    let evaluating = match prepared.held_out.as_slice() {
        [] => 0.0,
        rows => {
            let begin = Instant::now();
            let _ = objective.mean_loss(&prepared.fresh, rows, &shards);
            begin.elapsed().as_secs_f64() * epochs * config.evaluations_per_epoch as f64
        }
    };
    // In its check of itself the run has no activations, and the layers' matrices three times more: laid out for what flows
    // back, merged, and these laid out.
    let checking = at_first.map(|bytes| bytes + 3 * matrix_bytes(&input.base.network));
    let needed = of_steps
        .zip(checking)
        .map(|(of_steps, checking)| of_steps.max(checking));
    if let Some(needed) = needed.filter(|needed| *needed > available) {
        return Err(TrainError::Memory { needed, available });
    }
    Ok(Estimate {
        parameters: prepared.fresh.parameter_count(),
        steps: steps.len() * config.epochs,
        tokens: steps.iter().map(|(tokens, _)| *tokens as u64).sum::<u64>() * config.epochs as u64,
        seconds: preparing + of_epoch * epochs + evaluating,
        peak_memory_bytes: needed,
        available_memory_bytes: available,
    })
}

/// What is tried.
struct Probe<'a> {
    objective: &'a Objective<'a>,
    adapter: &'a Adapter,
    shards: &'a Shards,
    /// Weight decay, and the longest gradient.
    updates: (f64, f64),
}

impl Probe<'_> {
    /// How long steps over these rows take, each the median of some rounds.
    fn seconds<const N: usize>(&self, steps: [&[usize]; N]) -> [f64; N] {
        let begin = Instant::now();
        let mut of_steps: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
        for _ in 0..ROUNDS {
            for (rows, seconds) in steps.iter().zip(&mut of_steps) {
                let begin = Instant::now();
                self.step(rows);
                seconds.push(begin.elapsed().as_secs_f64());
            }
            if begin.elapsed().as_secs_f64() > ENOUGH_SECONDS {
                break;
            }
        }
        of_steps.map(|mut seconds| {
            seconds.sort_by(f64::total_cmp);
            seconds[seconds.len() / 2]
        })
    }

    fn step(&self, rows: &[usize]) {
        let gradient = self.objective.gradient(self.adapter, rows, self.shards);
        let (decay, clip) = self.updates;
        let mut updates = Updates::new(self.adapter.parameters().len(), decay, clip);
        // What comes out is a device's to compute only if it is looked at.
        let _ = updates.apply(self.adapter.values(), gradient.tensors, 1e-9);
    }

    /// The most memory that the process has in a step over these rows, the largest, where the system tells.
    fn memory(&self, rows: &[usize], available: u64) -> Result<Option<u64>, TrainError> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        let whole = self.objective.computed_tokens(rows) as f64;
        // The first lays out the weights, which stay.
        self.step(&rows[..1]);
        for share in GROWING.into_iter().chain([1]) {
            if let [first, .., last] = points[..] {
                let needed = Line::through([first, last]).at(whole) as u64;
                if needed > available {
                    return Err(TrainError::Memory { needed, available });
                }
            }
            let part: Vec<usize> = rows.iter().copied().step_by(share).collect();
            let counts_anew = forget_peak().is_some();
            self.step(&part);
            if let Some(peak) = peak_memory_bytes().filter(|_| counts_anew) {
                points.push((self.objective.computed_tokens(&part) as f64, peak as f64));
            }
        }
        Ok(points.last().map(|(_, peak)| *peak as u64))
    }
}

/// A line through measured points.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    at_zero: f64,
    slope: f64,
}

impl Line {
    /// The line of the least squares that does not fall.
    fn through<const N: usize>(points: [(f64, f64); N]) -> Self {
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / N as f64;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let squares: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        let products: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        let slope = if squares > 0.0 {
            (products / squares).max(0.0)
        } else {
            0.0
        };
        Self {
            at_zero: y - slope * x,
            slope,
        }
    }

    fn at(self, x: f64) -> f64 {
        (self.at_zero + self.slope * x).max(0.0)
    }
}

/// What the process may have: what it has, and what is free, on the machine or under its control group's limit.
fn available_memory_bytes() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let free = match system.cgroup_limits() {
        Some(limits) => limits.free_memory.min(system.available_memory()),
        None => system.available_memory(),
    };
    free + resident_bytes().unwrap_or(0)
}

/// What the process has now, where Linux tells.
fn resident_bytes() -> Option<u64> {
    bytes_of("VmRSS:")
}

/// Lets the system count the process' peak anew, where Linux does.
fn forget_peak() -> Option<()> {
    std::fs::write("/proc/self/clear_refs", "5").ok()
}

/// Of all linear layers, in f32.
fn matrix_bytes(network: &Network) -> u64 {
    let layers = network
        .slots()
        .iter()
        .filter(|slot| slot.kind == ModuleKind::Linear);
    let numbers = |slot: &Slot| (slot.d_input * slot.d_output) as u64;
    layers.map(numbers).sum::<u64>() * 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_through_its_points_and_does_not_fall() {
        let line = Line::through([(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]);
        assert!((line.at(10.0) - 23.0).abs() < 1e-9, "{line:?}");
        let flat = Line::through([(1.0, 5.0), (3.0, 3.0)]);
        assert_eq!((flat.slope, flat.at(100.0)), (0.0, 4.0));
        assert_eq!(Line::through([(2.0, 5.0), (2.0, 7.0)]).at(9.0), 6.0);
    }

    #[test]
    fn the_process_has_less_than_it_may_have() {
        let available = available_memory_bytes();
        assert!(
            resident_bytes().is_none_or(|resident| resident < available),
            "{available}"
        );
    }
}
