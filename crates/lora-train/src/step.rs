//! One step: the gradient of a batch, cut over threads, and the update.

use burn::{
    optim::{AdamW, AdamWConfig, AdamWState, Optimizer},
    tensor::{Gradients, Tensor},
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::TrainError;

/// Threads that each compute a part of a step.
///
/// Small matrices leave most of a machine idle when one product is cut over all threads, so that the batch is
/// cut instead, and each part runs on one thread from the embedding to its gradients. The parts' gradients
/// are added in a fixed order: the result depends on the number of parts, not on how the threads run.
#[derive(Debug)]
pub struct Shards {
    pools: Vec<ThreadPool>,
}

/// The gradient of a step.
#[derive(Debug)]
pub struct Gradient {
    /// The loss, summed over the parts.
    pub loss: f64,
    /// One tensor a parameter, in the order of the parameters.
    pub tensors: Vec<Tensor<2>>,
    /// The sum of the factors with which cross entropies were added up: 1 of a mean, or something was lost or counted twice
    /// on the way. As far as known.
    pub weight: Option<f64>,
}

impl Shards {
    /// As many threads as there are to be parts.
    ///
    /// # Errors
    ///
    /// [`TrainError::Threads`] if the system has no more threads.
    pub fn new(shards: usize) -> Result<Self, TrainError> {
        let pool = |_| {
            ThreadPoolBuilder::new()
                .num_threads(1)
                .build()
                .map_err(|source| TrainError::Threads {
                    threads: shards,
                    source,
                })
        };
        Ok(Self {
            pools: (0..shards).map(pool).collect::<Result<_, _>>()?,
        })
    }

    /// How many parts there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pools.len()
    }

    /// Runs `work` on each part of the rows, one thread a part, and returns the results in the order of the parts.
    pub fn each<R: Sync, T: Send>(&self, rows: &[&R], work: impl Fn(&[&R]) -> T + Sync) -> Vec<T> {
        self.run(self.deal(rows), |part| work(&part))
    }

    /// Runs `work` on each of at most as many parts as there are shards, one thread a part, and returns the results in the
    /// order of the parts.
    pub(crate) fn run<P: Send, T: Send>(&self, parts: Vec<P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let work = &work;
            let running: Vec<_> = parts
                .into_iter()
                .zip(&self.pools)
                .map(|(part, pool)| scope.spawn(move || pool.install(|| work(part))))
                .collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, T>| {
                // A panic in a worker is a bug of ours or of burn's: let it surface where it happened.
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            running.into_iter().map(join).collect()
        })
    }

    /// Deals the rows out, so that with rows sorted by length each part gets some of all lengths; empty parts
    /// are left out.
    fn deal<'a, R>(&self, rows: &[&'a R]) -> Vec<Vec<&'a R>> {
        let mut parts = vec![Vec::new(); self.pools.len()];
        for (index, row) in rows.iter().enumerate() {
            parts[index % self.pools.len()].push(*row);
        }
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// The gradient of a sum of losses over rows, with respect to some parameters.
    ///
    /// `loss` is given the parameters as leaves of a graph and the rows of one part, and returns that part's
    /// share of the loss as `[1]`: the shares are added, so that a mean over the batch must already be divided
    /// by what belongs to the whole batch.
    ///
    /// # Panics
    ///
    /// If there are no rows, or `loss` panics.
    pub fn gradient<R: Sync>(
        &self,
        parameters: &[Tensor<2>],
        rows: &[&R],
        loss: impl Fn(&[Tensor<2>], &[&R]) -> Tensor<1> + Sync,
    ) -> Gradient {
        let parts = self.each(rows, |part| {
            // Leaves of its own for every part: graphs that share a leaf would wait for one another.
            let leaves = Leaves::of(parameters);
            let loss = loss(&leaves.0, part);
            let gradients = leaves.gradients(&mut loss.backward());
            (f64::from(loss.inner().into_scalar::<f32>()), gradients)
        });
        let (mut loss, mut sum) = (0.0, Summed::default());
        for (part_loss, part) in parts {
            loss += part_loss;
            sum.add(part);
        }
        Gradient {
            loss,
            tensors: sum.or_zeros(parameters),
            weight: None,
        }
    }
}

/// Copies of tensors, as leaves of a graph of their own.
#[derive(Debug)]
pub(crate) struct Leaves<const D: usize>(pub(crate) Vec<Tensor<D>>);

impl<const D: usize> Leaves<D> {
    pub(crate) fn of(values: &[Tensor<D>]) -> Self {
        let leaf = |value: &Tensor<D>| value.clone().autodiff().require_grad();
        Self(values.iter().map(leaf).collect())
    }

    /// What has flowed back to each leaf, if anything has.
    pub(crate) fn gradients(&self, of_graph: &mut Gradients) -> Vec<Option<Tensor<D>>> {
        let of_leaf = |leaf: &Tensor<D>| leaf.grad_remove(of_graph);
        self.0.iter().map(of_leaf).collect()
    }
}

/// Gradients of tensors, added up in the order in which they come.
#[derive(Debug)]
pub(crate) struct Summed<const D: usize>(pub(crate) Vec<Option<Tensor<D>>>);

impl<const D: usize> Default for Summed<D> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<const D: usize> Summed<D> {
    pub(crate) fn add(&mut self, gradients: Vec<Option<Tensor<D>>>) {
        if self.0.is_empty() {
            self.0 = gradients;
            return;
        }
        for (sum, gradient) in self.0.iter_mut().zip(gradients) {
            *sum = match (sum.take(), gradient) {
                (Some(sum), Some(gradient)) => Some(sum + gradient),
                (sum, gradient) => sum.or(gradient),
            };
        }
    }

    /// The sums, or zeros of the values' shapes where nothing came.
    pub(crate) fn or_zeros(self, values: &[Tensor<D>]) -> Vec<Tensor<D>> {
        let mut sums = self.0;
        sums.resize(values.len(), None);
        let pairs = sums.into_iter().zip(values);
        pairs
            .map(|(sum, value)| sum.unwrap_or_else(|| value.zeros_like()))
            .collect()
    }
}

/// AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101; betas 0.9 and 0.999, epsilon 1e-8) with one state a
/// parameter.
pub struct Updates {
    adamw: AdamW,
    pub(crate) states: Vec<Option<AdamWState<2>>>,
    /// What each parameter's rate is multiplied with; 1 for those that are not here.
    ratios: Vec<f64>,
    clip_norm: f64,
}

impl Updates {
    /// Fresh states for this many parameters.
    #[must_use]
    pub fn new(parameters: usize, weight_decay: f64, clip_norm: f64) -> Self {
        let adamw = AdamWConfig::new()
            .with_beta_1(0.9)
            .with_beta_2(0.999)
            .with_epsilon(1e-8)
            .with_weight_decay(weight_decay as f32)
            .build();
        Self {
            adamw,
            states: vec![None; parameters],
            ratios: Vec::new(),
            clip_norm,
        }
    }

    /// Multiplies the rate of each parameter with a number of its own.
    #[must_use]
    pub fn with_rate_ratios(mut self, ratios: Vec<f64>) -> Self {
        self.ratios = ratios;
        self
    }

    /// The parameters after one step.
    ///
    /// The gradient as a whole is scaled to `clip_norm` where it is longer (Pascanu et al. 2013,
    /// arXiv:1211.5063).
    pub fn apply(&mut self, parameters: Vec<Tensor<2>>, gradient: Vec<Tensor<2>>, rate: f64) -> Update {
        // Read at once: a device is waited for once.
        let squares = gradient.iter().map(|tensor| tensor.clone().square().sum());
        let squares = Tensor::cat(squares.collect(), 0).into_data();
        let norms: Vec<f64> = squares
            .iter::<f32>()
            .map(|square| f64::from(square).sqrt())
            .collect();
        let gradient_norm = norms.iter().map(|norm| norm * norm).sum::<f64>().sqrt();
        let scale = if gradient_norm > self.clip_norm {
            self.clip_norm / gradient_norm
        } else {
            1.0
        };
        let values = parameters
            .into_iter()
            .zip(gradient)
            .zip(&mut self.states)
            .enumerate()
            .map(|(index, ((value, tensor), slot))| {
                let rate = rate * self.ratios.get(index).copied().unwrap_or(1.0);
                let tensor = if scale < 1.0 {
                    tensor.mul_scalar(scale)
                } else {
                    tensor
                };
                let (value, state) = self.adamw.step(rate, value, tensor, slot.take());
                *slot = state;
                value
            })
            .collect();
        Update {
            values,
            gradient_norm,
            norms,
        }
    }
}

/// What a step makes of the parameters.
#[derive(Debug)]
pub struct Update {
    /// The parameters' new values, in their order.
    pub values: Vec<Tensor<2>>,
    /// Length of the whole gradient before it was clipped.
    pub gradient_norm: f64,
    /// Length of each parameter's gradient before it was clipped.
    pub norms: Vec<f64>,
}

impl std::fmt::Debug for Updates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Updates")
            .field("parameters", &self.states.len())
            .finish_non_exhaustive()
    }
}
