use super::*;

#[test]
fn thinning_keeps_the_end_and_bounds_the_points() {
    for length in [0, 1, 2, POINTS, POINTS + 1, 5_003] {
        let points: Vec<(usize, f64)> = (0..length).map(|step| (step, 1.0)).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= POINTS);
        assert_eq!(kept.last(), points.last());
    }
}

#[test]
fn the_moving_mean_is_a_mean_of_the_last_steps() {
    // A ramp 1, 2, ... 200: over a window of 4 the mean trails the last step by 1.5.
    let ramp: Vec<(usize, f64)> = (1..=200).map(|step| (step, step as f64)).collect();
    let means = smoothed(&ramp);
    assert_eq!(means.last(), Some(&(200, 198.5)));
    assert!(means.iter().all(|&(step, mean)| mean == step as f64 - 1.5));
}

#[test]
fn losses_that_are_not_numbers_are_left_out() {
    let curve = [(1, f64::NAN), (2, 0.5), (3, f64::INFINITY)];
    assert_eq!(smoothed(&curve), [(2, 0.5)]);
}

#[test]
fn marks_of_a_logarithmic_scale_lie_in_its_range() {
    let plane = Plane {
        height: 100.0,
        range: (0.08, 4.0),
        logarithmic: true,
    };
    let marks: Vec<String> = scale(&plane).into_iter().map(|(_, label)| label).collect();
    assert_eq!(marks, ["0.1", "0.2", "0.5", "1", "2"]);
}
