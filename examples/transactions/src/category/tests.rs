use super::*;

#[test]
fn shares_sum_to_one_and_fall_to_a_long_tail() {
    let shares: Vec<f64> = Category::ALL.iter().map(|c| c.share()).collect();
    assert!(
        (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9,
        "{}",
        shares.iter().sum::<f64>()
    );
    assert!(
        shares.is_sorted_by(|a, b| a >= b),
        "the table is not in order of traffic"
    );
    assert!((0.10..=0.14).contains(&shares[0]));
    assert!((0.001..=0.0015).contains(&shares[shares.len() - 1]));
    let rare = shares.iter().filter(|&&share| share < 0.005).count();
    assert!(rare >= 10, "only {rare} categories are rare");
}

#[test]
fn the_task_has_the_categories_in_order() {
    let task = task();
    assert!((40..50).contains(&task.labels().len()));
    for (index, category) in Category::ALL.iter().enumerate() {
        assert_eq!(task.labels().index_of(category.name()), Some(index));
        assert_eq!(*category as usize, index);
    }
}
