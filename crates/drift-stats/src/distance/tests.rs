use proptest::prelude::*;

use super::*;

fn table() -> impl Strategy<Value = Vec<Cell>> {
    prop::collection::vec((0_u64..500, 0_u64..500), 1..40).prop_map(|counts| {
        counts
            .into_iter()
            .map(|(reference, window)| Cell { reference, window })
            .collect()
    })
}

fn mirrored(cells: &[Cell]) -> Vec<Cell> {
    cells
        .iter()
        .map(|cell| Cell {
            reference: cell.window,
            window: cell.reference,
        })
        .collect()
}

#[test]
fn disjoint_tables_are_ln_2_apart() {
    let cells = [
        Cell {
            reference: 7,
            window: 0,
        },
        Cell {
            reference: 0,
            window: 3,
        },
    ];
    assert!((jensen_shannon(&cells) - std::f64::consts::LN_2).abs() < 1e-15);
}

#[test]
fn an_empty_side_gives_no_distance_and_no_test() {
    let cells = [
        Cell {
            reference: 7,
            window: 0,
        },
        Cell {
            reference: 2,
            window: 0,
        },
    ];
    assert_eq!(
        (jensen_shannon(&cells), population_stability_index(&cells)),
        (0.0, 0.0)
    );
    assert_eq!(chi_squared(&cells), None);
    assert_eq!(
        (jensen_shannon(&[]), chi_squared(&[]), pool_rare(&[])),
        (0.0, None, vec![])
    );
}

#[test]
fn counts_too_large_to_add_do_not_panic() {
    let most = u64::MAX;
    let cells = [(most, most), (most, 1), (0, most)].map(|(reference, window)| Cell { reference, window });
    assert!(jensen_shannon(&cells) > 0.0 && population_stability_index(&cells) > 0.0);
    assert!(chi_squared(&cells).is_some() && pool_rare(&cells).len() <= 3);
}

#[test]
fn rare_cells_are_joined_into_the_last() {
    let cells: Vec<Cell> = [(900, 90), (3, 0), (1, 4), (90, 8)]
        .map(|(reference, window)| Cell { reference, window })
        .to_vec();
    let expected = [(900, 90), (90, 8), (4, 4)].map(|(reference, window)| Cell { reference, window });
    assert_eq!(pool_rare(&cells), expected);
}

proptest! {
    #[test]
    fn distances_are_symmetric_and_in_range(cells in table()) {
        let (js, psi) = (jensen_shannon(&cells), population_stability_index(&cells));
        prop_assert!((0.0..=std::f64::consts::LN_2).contains(&js));
        prop_assert!(psi >= 0.0 && psi.is_finite());
        let mirrored = mirrored(&cells);
        prop_assert!((jensen_shannon(&mirrored) - js).abs() < 1e-12);
        prop_assert!((population_stability_index(&mirrored) - psi).abs() < 1e-9);
    }

    #[test]
    fn equal_tables_are_no_distance_apart(counts in prop::collection::vec(0_u64..1000, 1..40)) {
        let cells: Vec<Cell> = counts.into_iter().map(|n| Cell { reference: n, window: n }).collect();
        prop_assert_eq!(jensen_shannon(&cells), 0.0);
        prop_assert_eq!(population_stability_index(&cells), 0.0);
        if let Some(test) = chi_squared(&cells) {
            prop_assert!(test.statistic < 1e-9 && test.p_value > 0.999_999);
        }
    }

    #[test]
    fn pooling_keeps_the_counts(cells in table()) {
        prop_assert_eq!(totals(&pool_rare(&cells)), totals(&cells));
    }
}
