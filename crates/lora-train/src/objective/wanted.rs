//! Cross entropies, each by its weight.

use base_model::NextTokens;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// What is right at some places, one after the other.
#[derive(Debug)]
pub(super) struct Wanted {
    /// At every place, columns with the weight of each.
    places: Vec<Vec<(usize, f64)>>,
    /// What the weights of all targets add up to.
    pub(super) weight: f64,
    /// Whether the next place is a target of its own.
    pub(super) is_counted: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            weight: 0.0,
            is_counted: true,
        }
    }
}

impl Wanted {
    pub(super) fn at_next_place(&mut self, columns: impl IntoIterator<Item = (usize, f64)>) {
        let place: Vec<(usize, f64)> = columns.into_iter().collect();
        if self.is_counted {
            self.weight += place.iter().map(|(_, weight)| weight).sum::<f64>();
        }
        self.places.push(place);
    }

    /// The weighted sum of cross entropies, `[1]`.
    pub(super) fn cross_entropy(&self, next: &NextTokens, smoothing: f64, device: &Device) -> Tensor<1> {
        let most = self.places.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let (mut columns, mut weights) = (Vec::new(), Vec::new());
        for place in &self.places {
            // What fills up a place counts nothing.
            let filled = place.iter().copied().chain(std::iter::repeat((place[0].0, 0.0)));
            for (column, weight) in filled.take(most) {
                columns.push(column as i64);
                weights.push((weight * (1.0 - smoothing)) as f32);
            }
        }
        let shape = [self.places.len(), most];
        let columns = Tensor::<2, Int>::from_data(TensorData::new(columns, shape), device);
        let weights = Tensor::<2>::from_data(TensorData::new(weights, shape), device);
        let chosen = next.log_p.clone().gather(1, columns); // [places, most]
        let right = (chosen * weights).sum();
        if smoothing == 0.0 {
            return right.neg();
        }
        let of_place =
            |place: &Vec<(usize, f64)>| (place.iter().map(|(_, w)| w).sum::<f64>() * smoothing) as f32;
        let spread: Vec<f32> = self.places.iter().map(of_place).collect();
        let spread = Tensor::<2>::from_data(TensorData::new(spread, [self.places.len(), 1]), device);
        (right + (next.means() * spread).sum()).neg()
    }
}
