use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn sets_that_differ_in_few_shingles_share_exactly_one_first_key(
        shared in prop::collection::btree_set(any::<u64>(), 0..80),
        only_a in prop::collection::btree_set(any::<u64>(), 0..15),
        only_b in prop::collection::btree_set(any::<u64>(), 0..15),
    ) {
        let with = |only: &BTreeSet<u64>| -> Vec<u64> { shared.union(only).copied().collect() };
        let (a, b) = (with(&only_a), with(&only_b));
        for cut in Cut::candidates(only_a.len() + only_b.len()) {
            let dealt = |set: &[u64]| {
                let mut cells = vec![0; cut.cells()];
                cut.deal(set, &mut cells);
                cells
            };
            let (a, b) = (dealt(&a), dealt(&b));
            let first: Vec<KeyPlace> = cut.places().filter(|&place| cut.is_first_shared(place, &a, &b)).collect();
            prop_assert_eq!(first.len(), 1, "{:?}", cut);
            prop_assert_eq!(cut.key(first[0], &a), cut.key(first[0], &b));
        }
    }
}

#[test]
fn sets_that_must_be_equal_have_one_key() {
    let cuts = Cut::candidates(0);
    assert_eq!((cuts[0].keys(), cuts[0].cells()), (1, 1));
}
