//! Many tests at once.

/// p-values adjusted so that the chance of any false alarm among them stays at the level they are compared
/// with (Holm 1979, Scand. J. Statist. 6:65-70). In the order of the input.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let (mut adjusted, mut highest) = (vec![1.0; p_values.len()], 0.0_f64);
    for (rank, &index) in order.iter().enumerate() {
        let remaining = (p_values.len() - rank) as f64;
        highest = highest.max((remaining * p_values[index]).min(1.0));
        adjusted[index] = highest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_test_needs_no_adjustment_and_none_give_none() {
        assert_eq!(holm(&[0.03]), [0.03]);
        assert!(holm(&[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn adjusting_keeps_the_order_and_only_raises(p in proptest::collection::vec(0.0..=1.0_f64, 1..50)) {
            let adjusted = holm(&p);
            for (i, &a) in p.iter().enumerate() {
                proptest::prop_assert!(adjusted[i] >= a && adjusted[i] <= 1.0);
                for (j, &b) in p.iter().enumerate() {
                    proptest::prop_assert!(a > b || adjusted[i] <= adjusted[j]);
                }
            }
        }
    }
}
