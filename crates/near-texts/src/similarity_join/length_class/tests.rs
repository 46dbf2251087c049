use proptest::prelude::*;

use super::*;

proptest! {
    /// Which cut is best is a matter of cost: few rows never get one, and here each has to do.
    #[test]
    fn every_cut_finds_the_pairs_that_all_pairs_have(
        texts in prop::collection::vec("[ab]{0,4}|[abc]{0,20}|(abcab|cabba|bcc|cba){1,12}", 0..40),
        percent in 10..=100_u32,
        queries in prop::option::of(0..10_usize),
    ) {
        let rows = Rows::of(&texts, queries, f64::from(percent) / 100.0);
        for (class, _) in length_classes(&rows) {
            let sorted = |cut: &Cut| {
                let mut pairs = class.pairs(&rows, cut);
                pairs.sort_by_key(|pair| (pair.left, pair.right));
                pairs
            };
            let expected = sorted(&Cut::none());
            for cut in Cut::candidates(class.distance(&rows)) {
                prop_assert_eq!(&sorted(&cut), &expected, "{:?}", cut);
            }
        }
    }
}

proptest! {
    #[test]
    fn intervals_hold_every_size_once(sizes in prop::collection::vec(1..400_u32, 0..300), percent in 1..=100_u32, power in 1..9) {
        let intervals = intervals(&counts_of(&sizes), f64::from(percent) / 100.0, power);
        prop_assert!(intervals.iter().all(|&(first, last)| first <= last));
        prop_assert!(intervals.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for size in sizes {
            let holding = intervals.iter().filter(|&&(first, last)| (first..=last).contains(&(size as usize)));
            prop_assert_eq!(holding.count(), 1);
        }
    }
}

#[test]
fn sizes_that_are_all_alike_are_one_interval() {
    let sizes: Vec<u32> = (0..1000).map(|i| 50 + i % 11).collect();
    assert_eq!(intervals(&counts_of(&sizes), 0.8, 1), [(50, 60)]);
    assert_eq!(
        intervals(&counts_of(&[1000, 50, 1000, 51]), 0.8, 1),
        [(50, 51), (1000, 1000)]
    );
}

#[test]
fn sketches_are_compared_in_lanes_and_in_the_rest() {
    let sketch = |i: u32| match i {
        _ if i.is_multiple_of(13) => [0b111, 0, 0, 0],
        _ => [u64::MAX << i, 0, 1 << (i % 5), 0],
    };
    let sketches: Vec<Sketch> = (0..40).map(sketch).collect();
    let expected: Vec<Close> = (0..40_u32)
        .flat_map(|later| (0..later).map(move |earlier| (earlier, later)))
        .map(|(earlier, later)| Close {
            earlier,
            later,
            bits: bits_between(&sketches[earlier as usize], &sketches[later as usize]),
        })
        .filter(|close| close.bits <= 4)
        .collect();
    let mut gathered = Gathered::default();
    gathered.fill(sketches.iter().copied());
    let mut found = Vec::new();
    close_pairs(&gathered, 1..20, 4, &mut found);
    close_pairs(&gathered, 20..40, 4, &mut found);
    assert_eq!(found, expected);
    assert!(expected.len() > 40);
}
