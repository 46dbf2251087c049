use super::*;

fn cells(counts: &[(u64, u64)]) -> Vec<Cell> {
    counts
        .iter()
        .map(|&(reference, window)| Cell { reference, window })
        .collect()
}

#[test]
fn deals_keep_the_sums_of_both_sides_and_of_every_cell() {
    let cells = cells(&[(50, 3), (0, 7), (200, 20)]);
    let mut dealer = Dealer::new(&cells, 4);
    for _ in 0..20 {
        let dealt = dealer.deal().to_vec();
        assert_eq!(dealt.iter().map(|cell| cell.window).sum::<u64>(), 30);
        for (dealt, cell) in dealt.iter().zip(&cells) {
            assert_eq!(dealt.reference + dealt.window, cell.reference + cell.window);
        }
    }
}

/// A value of 60 in 300 counts of which 100 are dealt has 20 of them on average, with a standard deviation of
/// sqrt(100 * 0.2 * 0.8 * 200 / 299) = 3.3; the mean of 400 deals has 0.16.
#[test]
fn deals_are_hypergeometric_on_average() {
    let mut dealer = Dealer::new(&cells(&[(60, 0), (140, 100)]), 11);
    let dealt: u64 = (0..400).map(|_| dealer.deal()[0].window).sum();
    let mean = dealt as f64 / 400.0;
    assert!((mean - 20.0).abs() < 0.7, "{mean}");
}

#[test]
fn a_real_shift_stands_out_and_an_even_split_does_not() {
    let shifted = Distances::measure(&cells(&[(900, 50), (100, 50)]), 199, 0).jensen_shannon;
    assert_eq!(shifted.no_drift.unwrap().p_value, 1.0 / 200.0);
    assert!(shifted.value > 5.0 * shifted.no_drift.unwrap().one_in_twenty);
    let even = Distances::measure(&cells(&[(900, 90), (100, 10)]), 199, 0).jensen_shannon;
    assert_eq!((even.value, even.no_drift.unwrap().p_value), (0.0, 1.0));
}

#[test]
fn without_deals_there_is_no_yardstick() {
    assert_eq!(
        Distances::measure(&cells(&[(9, 5), (1, 5)]), 0, 0)
            .jensen_shannon
            .no_drift,
        None
    );
}

#[test]
fn a_table_too_large_to_deal_is_measured_all_the_same() {
    let huge = Distances::measure(&cells(&[(u64::MAX, 1 << 39), (1 << 40, u64::MAX)]), 10, 0);
    assert!(huge.jensen_shannon.value > 0.0 && huge.jensen_shannon.no_drift.is_none());
}
