//! Multinomial logistic regression on sparse vectors, in a fraction of a second.

use super::features::Features;

/// Passes over the rows.
///
/// With the rate chosen on BANKING77 with 5% planted noise: more passes or larger steps learn the wrong labels
/// too and flag twice as many right rows, on small sets as on large ones.
const EPOCHS: usize = 8;
/// The first step's size; steps shrink linearly to 0. Unit-length inputs bear such large steps.
const RATE: f32 = 1.0;

/// A fitted model: the probability of each class given a text's features.
#[derive(Debug)]
pub(crate) struct Classifier {
    /// `[features, classes]`: one feature's weights lie together, for a text has few features.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Classifier {
    /// Fits the model on some of the rows by stochastic gradient descent on the log loss.
    ///
    /// One thread and a fixed order: the same rows give the same model. The short, decaying schedule is the
    /// regularisation; run to the end, the model would learn the wrong labels too.
    pub(crate) fn fit(features: &Features, labels: &[usize], rows: &[usize], classes: usize) -> Self {
        let mut model = Self {
            weights: vec![0.0; features.distinct() * classes],
            bias: vec![0.0; classes],
        };
        let mut order = rows.to_vec();
        let mut random = SplitMix(0x5eed);
        let steps = (EPOCHS * rows.len()).max(1);
        let mut step = 0;
        let mut scores = vec![0.0; classes];
        for _ in 0..EPOCHS {
            random.shuffle(&mut order);
            for &row in &order {
                let rate = RATE * (1.0 - step as f32 / steps as f32);
                step += 1;
                let text = features.row(row);
                model.softmax(text, &mut scores);
                // The gradient of the log loss in the scores is probability minus truth.
                scores[labels[row]] -= 1.0;
                for &(feature, value) in text {
                    let scale = rate * value;
                    let at = feature as usize * classes;
                    for (weight, gradient) in model.weights[at..at + classes].iter_mut().zip(&scores) {
                        *weight -= scale * gradient;
                    }
                }
                for (bias, gradient) in model.bias.iter_mut().zip(&scores) {
                    // The bias is shared by all rows; a tenth of the step keeps it from swinging.
                    *bias -= 0.1 * rate * gradient;
                }
            }
        }
        model
    }

    /// The probability of each class.
    pub(crate) fn probabilities(&self, text: &[(u32, f32)]) -> Vec<f32> {
        let mut scores = vec![0.0; self.bias.len()];
        self.softmax(text, &mut scores);
        scores
    }

    fn softmax(&self, text: &[(u32, f32)], scores: &mut [f32]) {
        let classes = scores.len();
        scores.copy_from_slice(&self.bias);
        for &(feature, value) in text {
            let at = feature as usize * classes;
            for (score, weight) in scores.iter_mut().zip(&self.weights[at..at + classes]) {
                *score += value * weight;
            }
        }
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = (*score - most).exp();
            sum += *score;
        }
        for score in scores.iter_mut() {
            *score /= sum;
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): enough to shuffle rows, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Fisher and Yates; the remainder's bias is below 2^-40 for any log.
    fn shuffle(&mut self, rows: &mut [usize]) {
        for last in (1..rows.len()).rev() {
            let other = (self.next() % (last as u64 + 1)) as usize;
            rows.swap(last, other);
        }
    }
}
