//! The learning rate over the run.

use crate::{Decay, TrainConfig};

/// Linear warm-up, then decay.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) peak: f64,
    pub(crate) warmup_steps: usize,
    pub(crate) total_steps: usize,
    pub(crate) final_share: f64,
    pub(crate) decay: Decay,
}

impl Schedule {
    /// The schedule of a run of so many steps.
    pub(crate) fn new(config: &TrainConfig, steps: usize) -> Self {
        Self {
            peak: config.learning_rate,
            warmup_steps: (steps as f64 * config.warmup_share).round() as usize,
            total_steps: steps,
            final_share: config.final_rate_share,
            decay: config.schedule,
        }
    }

    /// The rate of a step, from 0.
    pub(crate) fn rate(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return self.peak * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let span = self.total_steps.saturating_sub(self.warmup_steps).max(1);
        let progress = ((step - self.warmup_steps) as f64 / span as f64).min(1.0);
        let above_final = match self.decay {
            Decay::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Decay::Linear => 1.0 - progress,
            Decay::Constant => return self.peak,
        };
        self.peak * (self.final_share + (1.0 - self.final_share) * above_final)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_the_peak_and_falls_to_its_share() {
        let schedule = Schedule {
            peak: 2.0,
            warmup_steps: 4,
            total_steps: 104,
            final_share: 0.1,
            decay: Decay::Cosine,
        };
        let rates: Vec<f64> = (0..=104).map(|step| schedule.rate(step)).collect();
        assert_eq!(&rates[..4], &[0.5, 1.0, 1.5, 2.0]);
        assert_eq!(rates[4], 2.0);
        assert!((rates[54] - 2.0 * 0.55).abs() < 1e-12, "{}", rates[54]);
        assert!((rates[104] - 0.2).abs() < 1e-12);
        assert!(rates[4..].windows(2).all(|pair| pair[1] <= pair[0]));
    }

    #[test]
    fn linear_decay_is_a_line_to_the_share_and_constant_none() {
        let of = |decay| Schedule {
            peak: 2.0,
            warmup_steps: 2,
            total_steps: 12,
            final_share: 0.5,
            decay,
        };
        let rates: Vec<f64> = (0..=12).map(|step| of(Decay::Linear).rate(step)).collect();
        assert_eq!(&rates[..3], &[1.0, 2.0, 2.0]);
        assert!(
            rates[2..]
                .windows(2)
                .all(|pair| (pair[0] - pair[1] - 0.1).abs() < 1e-12),
            "{rates:?}"
        );
        assert_eq!(of(Decay::Constant).rate(11), 2.0);
    }

    #[test]
    fn a_run_without_warm_up_starts_at_the_peak() {
        let schedule = Schedule {
            peak: 1.0,
            warmup_steps: 0,
            total_steps: 1,
            final_share: 0.0,
            decay: Decay::Cosine,
        };
        assert_eq!(schedule.rate(0), 1.0);
    }
}
