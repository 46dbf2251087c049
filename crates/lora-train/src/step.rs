//! One step: the gradient of a batch, cut over threads, and the update.

use burn::{
    optim::{AdamW, AdamWConfig, AdamWState, Optimizer},
    tensor::Tensor,
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

    /// Runs `work` on each part of the rows, one thread a part, and returns the results in the order of the
    /// parts.
    pub fn each<R: Sync, T: Send>(&self, rows: &[&R], work: impl Fn(&[&R]) -> T + Sync) -> Vec<T> {
        let parts = self.deal(rows);
        std::thread::scope(|scope| {
            let work = &work;
            let running: Vec<_> = parts
                .iter()
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
            let leaves: Vec<Tensor<2>> = parameters
                .iter()
                .map(|value| value.clone().autodiff().require_grad())
                .collect();
            let loss = loss(&leaves, part);
            let mut gradients = loss.backward();
            let tensors: Vec<Tensor<2>> = leaves
                .iter()
                .zip(parameters)
                .map(|(leaf, value)| {
                    leaf.grad_remove(&mut gradients)
                        .unwrap_or_else(|| value.zeros_like())
                })
                .collect();
            (f64::from(loss.inner().into_scalar::<f32>()), tensors)
        });
        let mut parts = parts.into_iter();
        let (mut loss, mut tensors) = parts.next().expect("a batch has at least one row");
        for (part_loss, part) in parts {
            loss += part_loss;
            tensors = tensors
                .into_iter()
                .zip(part)
                .map(|(sum, other)| sum + other)
                .collect();
        }
        Gradient { loss, tensors }
    }
}

/// AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101; betas 0.9 and 0.999, epsilon 1e-8) with one state a
/// parameter.
pub struct Updates {
    adamw: AdamW,
    pub(crate) states: Vec<Option<AdamWState<2>>>,
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
            clip_norm,
        }
    }

    /// The parameters after one step, and the length of the gradient before it was clipped.
    ///
    /// The gradient as a whole is scaled to `clip_norm` where it is longer (Pascanu et al. 2013,
    /// arXiv:1211.5063).
    pub fn apply(
        &mut self,
        parameters: Vec<Tensor<2>>,
        gradient: Vec<Tensor<2>>,
        rate: f64,
    ) -> (Vec<Tensor<2>>, f64) {
        let squares = gradient
            .iter()
            .map(|tensor| f64::from(tensor.clone().square().sum().into_scalar::<f32>()));
        let norm = squares.sum::<f64>().sqrt();
        let scale = if norm > self.clip_norm {
            self.clip_norm / norm
        } else {
            1.0
        };
        let parameters = parameters
            .into_iter()
            .zip(gradient)
            .zip(&mut self.states)
            .map(|((value, tensor), slot)| {
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
        (parameters, norm)
    }
}

impl std::fmt::Debug for Updates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Updates")
            .field("parameters", &self.states.len())
            .finish_non_exhaustive()
    }
}
