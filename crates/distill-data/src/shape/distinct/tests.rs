use proptest::prelude::*;

use super::*;

fn sample(values: impl Iterator<Item = u64>, bound: usize) -> DistinctSample<u64> {
    let mut sample = DistinctSample::new(bound);
    for value in values {
        if let Some(calls) = sample.entry(hash_of(&value.to_string()), || 0) {
            *calls += 1;
        }
    }
    sample
}

#[test]
fn what_fits_is_exact() {
    let found = sample((0..900).map(|i| i % 300), 300);
    assert!(found.is_exact());
    assert_eq!(found.distinct(), 300.0);
    assert!(found.values().all(|&calls| calls == 3));
}

/// The relative standard error of adaptive sampling is about 1.2 / sqrt(bound) (Flajolet 1990): 3.8% here, and four of them
/// are allowed.
#[test]
fn what_does_not_fit_is_estimated_and_the_counts_kept_are_whole() {
    let found = sample((0..200_000).map(|i| i % 50_000), 1000);
    assert!(!found.is_exact() && found.values().count() <= 1000);
    let relative = found.distinct() / 50_000.0;
    assert!((relative - 1.0).abs() < 0.15, "{relative}");
    assert!(found.values().all(|&calls| calls == 4));
}

#[test]
fn the_most_frequent_survive_among_many_and_their_counts_are_no_further_off_than_said() {
    let mut found = FrequentValues::new(50);
    let stream = (0..40_000_u64).map(|i| if i % 4 == 0 { i % 20 } else { 1000 + i });
    for value in stream {
        found.note(value, || ());
    }
    let sorted = found.sorted();
    assert!(found.error() <= 40_000 / 50);
    for &(value, count, ()) in &sorted[..5] {
        assert!(value < 20 && value % 4 == 0, "{value}");
        assert!(
            count <= 2000 && count + found.error() >= 2000,
            "{count} + {}",
            found.error()
        );
    }
}

proptest! {
    #[test]
    fn the_order_of_a_stream_changes_no_sample(
        values in prop::collection::vec(0_u64..400, 0..2000).prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
        bound in 1_usize..200,
    ) {
        let (a, b) = (sample(values.0.into_iter(), bound), sample(values.1.into_iter(), bound));
        prop_assert_eq!(a.sorted(), b.sorted());
        prop_assert_eq!(a.distinct(), b.distinct());
    }
}
