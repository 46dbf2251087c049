//! What a model is worth that may pass on rows.

use serde::{Deserialize, Serialize};

use crate::{COVERAGE_POINTS, CoveragePoint, Share, coverage_curve};

/// How well the confidences order the rows, and where to cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Abstention {
    /// Rows with a confidence.
    pub rows: u64,
    /// The area under the curve of risk over coverage (Geifman and El-Yaniv 2017, arXiv:1705.08500): the share of wrong
    /// answers among the `k` most confident rows, averaged over `k`; in 0..1, 0 at best. Rows of equal confidence come
    /// in as if in random order, on average.
    pub aurc: f64,
    /// The area if every right answer were more confident than every wrong one: what the accuracy alone allows.
    pub best_aurc: f64,
    /// The area if confidences said nothing: the share of wrong answers.
    pub random_aurc: f64,
    /// Where to cut for an accuracy, in the order in which these were asked for.
    pub targets: Vec<AccuracyTarget>,
}

/// The confidence from which on answers are right often enough.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccuracyTarget {
    /// The accuracy that the answered rows shall have, in 0..1.
    pub accuracy: f64,
    /// The cut that answers the most rows with at least this accuracy on these rows, with the Wilson interval of that
    /// accuracy; `None` where no cut reaches it. It is picked by these rows, so it flatters.
    pub reached: Option<CoveragePoint>,
    /// The cut that answers the most rows and is *shown* to reach it: of at most so many candidate cuts as the coverage
    /// curve has points, the lower end of an interval that is widened for their number (Bonferroni) is not below the
    /// target. `None` where the rows do not show it of any. The interval is the widened one.
    pub shown: Option<CoveragePoint>,
}

/// The abstention figures of rows as (confidence, right), in whatever order, out of `all` rows; `None` without rows.
///
/// `confidence_level` is that of the intervals, two-sided, such as 0.95.
#[must_use]
pub fn abstention(
    rows: &[(f64, bool)],
    all: u64,
    targets: &[f64],
    confidence_level: f64,
) -> Option<Abstention> {
    if rows.is_empty() {
        return None;
    }
    let mut rows = rows.to_vec();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let wrong = rows.iter().filter(|(_, right)| !right).count();
    let cuts = cuts(&rows, all, confidence_level);
    let candidates = coverage_curve(&rows, all, confidence_level);
    let widened = 1.0 - (1.0 - confidence_level) / candidates.len().min(COVERAGE_POINTS + 2) as f64;
    let targets = targets.iter().map(|&accuracy| AccuracyTarget {
        accuracy,
        reached: cuts
            .iter()
            .rev()
            .find(|cut| cut.accuracy.value >= accuracy)
            .cloned(),
        shown: candidates.iter().rev().find_map(|cut| {
            let share = Share::new(cut.accuracy.count, cut.accuracy.of, widened)?;
            (share.interval.low >= accuracy).then(|| CoveragePoint {
                accuracy: share,
                ..cut.clone()
            })
        }),
    });
    Some(Abstention {
        rows: rows.len() as u64,
        aurc: area(&rows),
        best_aurc: best_area(rows.len(), wrong),
        random_aurc: wrong as f64 / rows.len() as f64,
        targets: targets.collect(),
    })
}

/// Every cut between rows of different confidence, of rows sorted from the most confident down.
fn cuts(rows: &[(f64, bool)], all: u64, confidence_level: f64) -> Vec<CoveragePoint> {
    let (mut kept, mut correct, mut cuts) = (0, 0, Vec::new());
    for ties in rows.chunk_by(|a, b| a.0 == b.0) {
        kept += ties.len() as u64;
        correct += ties.iter().filter(|(_, right)| *right).count() as u64;
        cuts.extend(
            Share::new(correct, kept, confidence_level).map(|accuracy| CoveragePoint {
                threshold: ties[0].0,
                coverage: kept as f64 / all as f64,
                accuracy,
            }),
        );
    }
    cuts
}

/// The mean risk over all prefixes, of rows sorted from the most confident down.
fn area(rows: &[(f64, bool)]) -> f64 {
    let (mut kept, mut wrong, mut sum) = (0_usize, 0.0, 0.0);
    for ties in rows.chunk_by(|a, b| a.0 == b.0) {
        let wrong_here = ties.iter().filter(|(_, right)| !right).count() as f64;
        let each = wrong_here / ties.len() as f64;
        sum += (1..=ties.len())
            .map(|more| (wrong + each * more as f64) / (kept + more) as f64)
            .sum::<f64>();
        kept += ties.len();
        wrong += wrong_here;
    }
    sum / rows.len() as f64
}

fn best_area(rows: usize, wrong: usize) -> f64 {
    let right = rows - wrong;
    let risks = (1..=wrong).map(|more| more as f64 / (right + more) as f64);
    risks.sum::<f64>() / rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_has_the_best_area_and_no_order_the_random_one() {
        let rows: Vec<(f64, bool)> = (0..20).map(|i| (1.0 - f64::from(i) / 20.0, i < 15)).collect();
        let perfect = abstention(&rows, 20, &[], 0.95).unwrap();
        assert!((perfect.aurc - perfect.best_aurc).abs() < 1e-12, "{perfect:?}");
        let flat: Vec<(f64, bool)> = rows.iter().map(|row| (0.5, row.1)).collect();
        let flat = abstention(&flat, 20, &[], 0.95).unwrap();
        assert!((flat.aurc - flat.random_aurc).abs() < 1e-12, "{flat:?}");
        assert_eq!(flat.random_aurc, 0.25);
    }

    #[test]
    fn a_cut_is_reached_by_these_rows_and_shown_by_more() {
        // The upper half is right, the lower half half right.
        let rows = |n: u32| -> Vec<(f64, bool)> {
            (0..n)
                .map(|i| (1.0 - f64::from(i) / f64::from(n), i < n / 2 || i % 2 == 0))
                .collect()
        };
        let of = |n| {
            abstention(&rows(n), u64::from(n), &[0.95, 0.2], 0.95)
                .unwrap()
                .targets
        };
        let few = of(40);
        let reached = few[0].reached.as_ref().unwrap();
        assert!(
            (0.5..0.7).contains(&reached.coverage) && reached.accuracy.value >= 0.95,
            "{reached:?}"
        );
        assert_eq!(few[0].shown, None);
        assert_eq!(few[1].reached.as_ref().unwrap().coverage, 1.0);
        let many = of(4000);
        let shown = many[0].shown.as_ref().unwrap();
        assert!(
            shown.accuracy.interval.low >= 0.95 && shown.coverage > 0.45,
            "{shown:?}"
        );
        assert!(shown.coverage <= many[0].reached.as_ref().unwrap().coverage);
    }

    /// Confidences that say nothing, accuracy 0.8, and a target just above: a cut that is shown is a lie, and the
    /// widened interval tells it at most as often as it says.
    #[test]
    fn a_cut_is_hardly_ever_shown_where_none_is_true() {
        use rand::{RngExt, SeedableRng};
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(11);
        let (mut reached, mut shown) = (0, 0);
        for _ in 0..400 {
            let rows: Vec<(f64, bool)> = (0..300)
                .map(|_| (random.random_range(0.0..1.0), random.random_bool(0.8)))
                .collect();
            let target = abstention(&rows, 300, &[0.81], 0.95).unwrap().targets.remove(0);
            reached += u32::from(target.reached.is_some());
            shown += u32::from(target.shown.is_some());
        }
        println!("{reached} of 400 reached, {shown} shown");
        assert!(reached > 300, "{reached}");
        // One side of 95%: 10 of 400 expected at most, and three standard deviations on top.
        assert!(shown <= 20, "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_rows_does_not_change_a_bit(
            rows in proptest::collection::vec((0_u8..6, proptest::bool::ANY), 1..80),
        ) {
            let rows: Vec<(f64, bool)> = rows.iter().map(|row| (f64::from(row.0) / 5.0, row.1)).collect();
            let mut reversed = rows.clone();
            reversed.reverse();
            let of = |rows: &[(f64, bool)]| abstention(rows, 100, &[0.7, 0.95], 0.95).unwrap();
            proptest::prop_assert_eq!(of(&rows), of(&reversed));
            let found = of(&rows);
            proptest::prop_assert!(found.best_aurc <= found.aurc + 1e-12 && found.aurc <= 1.0);
        }
    }
}
