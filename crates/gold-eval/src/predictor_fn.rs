//! A closure that answers.

use std::{error::Error, fmt};

use task_spec::{PredictError, Prediction, Predictor};

use crate::answer_source::failed;

type BoxError = Box<dyn Error + Send + Sync>;

/// A [`Predictor`] made of a closure.
///
/// ```
/// use gold_eval::PredictorFn;
/// use task_spec::{Prediction, Predictor};
///
/// let model = PredictorFn::each("keyword", |input| {
///     Ok(Prediction::new(if input.contains("SHELL") { "fuel" } else { "groceries" }))
/// });
/// assert_eq!(model.predict(&["SHELL 4012", "ALDI 7"])?[0].answer, "fuel");
/// # Ok::<(), task_spec::PredictError>(())
/// ```
pub struct PredictorFn<F> {
    name: String,
    answers: F,
}

impl<F> PredictorFn<F>
where
    F: Fn(&[&str]) -> Result<Vec<Prediction>, BoxError>,
{
    /// From a closure that answers a batch: one prediction for each input, in order.
    pub fn batch(name: impl Into<String>, answers: F) -> Self {
        Self {
            name: name.into(),
            answers,
        }
    }
}

impl PredictorFn<()> {
    /// From a closure that answers one input.
    pub fn each(
        name: impl Into<String>,
        answer: impl Fn(&str) -> Result<Prediction, BoxError>,
    ) -> PredictorFn<impl Fn(&[&str]) -> Result<Vec<Prediction>, BoxError>> {
        PredictorFn {
            name: name.into(),
            answers: move |inputs: &[&str]| inputs.iter().map(|input| answer(input)).collect(),
        }
    }
}

impl<F> Predictor for PredictorFn<F>
where
    F: Fn(&[&str]) -> Result<Vec<Prediction>, BoxError>,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn predict(&self, inputs: &[&str]) -> Result<Vec<Prediction>, PredictError> {
        (self.answers)(inputs).map_err(|source| failed(&self.name, inputs.len(), source))
    }
}

impl<F> fmt::Debug for PredictorFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PredictorFn")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
