//! The learning rate over the run.

/// Linear warm-up, then half a cosine (Loshchilov and Hutter 2016, arXiv:1608.03983, without restarts).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) peak: f64,
    pub(crate) warmup_steps: usize,
    pub(crate) total_steps: usize,
    pub(crate) final_share: f64,
}

impl Schedule {
    /// The rate of a step, from 0.
    pub(crate) fn rate(&self, step: usize) -> f64 {
        if step < self.warmup_steps {
            return self.peak * (step + 1) as f64 / self.warmup_steps as f64;
        }
        let span = self.total_steps.saturating_sub(self.warmup_steps).max(1);
        let progress = ((step - self.warmup_steps) as f64 / span as f64).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        self.peak * (self.final_share + (1.0 - self.final_share) * cosine)
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
        };
        let rates: Vec<f64> = (0..=104).map(|step| schedule.rate(step)).collect();
        assert_eq!(&rates[..4], &[0.5, 1.0, 1.5, 2.0]);
        assert_eq!(rates[4], 2.0);
        assert!((rates[54] - 2.0 * 0.55).abs() < 1e-12, "{}", rates[54]);
        assert!((rates[104] - 0.2).abs() < 1e-12);
        assert!(rates[4..].windows(2).all(|pair| pair[1] <= pair[0]));
    }

    #[test]
    fn a_run_without_warm_up_starts_at_the_peak() {
        let schedule = Schedule {
            peak: 1.0,
            warmup_steps: 0,
            total_steps: 1,
            final_share: 0.0,
        };
        assert_eq!(schedule.rate(0), 1.0);
    }
}
