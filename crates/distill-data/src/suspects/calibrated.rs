//! The chance that a label is wrong, as it is borne out by the rows.
//!
//! The posterior of a row (`posterior.rs`) is too high where few labels are wrong and too low where many are: what the model
//! does not understand it takes for noise, and noise that it has learnt for truth. What it cannot get wrong is how suspect a
//! row would be *had* it been given a wrong label, for its probabilities come from models that have not seen its label: so each
//! row is given wrong ones, drawn as labels are confused, and their suspicions are noted. Of rows of one suspicion then
//!
//! chance = wrong share * (share of planted labels of that suspicion) / (share of all labels of that suspicion),
//!
//! made to rise with the suspicion by pooling neighbours that do not (Ayer et al. 1955, "An empirical distribution function for
//! sampling with incomplete information"). The wrong share itself is the same ratio among the rows of the highest
//! suspicion, taken as all wrong: the largest share that the rows allow for (Scott 2015, "A rate of convergence for mixture
//! proportion estimation", AISTATS).
//!
//! On BANKING77 with labels planted of the class that is confused with the right one most, five seeds, by `BANKING77=folder cargo
//! test --release -p distill-data --test it chances -- --nocapture`: mean chance of the suspects, and the share of them that was
//! planted.
//!
//! | planted | estimated | chance | planted among suspects |
//! |---|---|---|---|
//! | 2% | 2.5% | 0.608 | 0.580 |
//! | 5% | 5.4% | 0.776 | 0.769 |
//! | 10% | 8.5% | 0.714 | 0.866 |
//!
//! With 5% no tenth of the chances is off by more than 0.06. With 10% they are too low: the model has learnt some of the noise, so
//! that wrong labels look less suspect than planted ones. The data set's own wrong labels count as right here, which makes the
//! chances look too high where few are planted.
//!
//! The posterior beside it, on the draws of `benches/peers/labels.py`, which says what the kinds are, by the example `wrong_labels`,
//! five seeds: mean chance of the suspects by either, and the share of them that was planted.
//!
//! | | 2% | | | 5% | | | 10% | | |
//! |---|---|---|---|---|---|---|---|---|---|
//! | | posterior | here | planted | posterior | here | planted | posterior | here | planted |
//! | confusable | 0.718 | 0.585 | 0.553 | 0.736 | 0.757 | 0.750 | 0.696 | 0.727 | 0.866 |
//! | nearest | 0.704 | 0.599 | 0.541 | 0.729 | 0.704 | 0.778 | 0.688 | 0.686 | 0.884 |
//! | uniform | 0.815 | 0.721 | 0.603 | 0.888 | 0.896 | 0.834 | 0.893 | 0.954 | 0.930 |

use super::posterior::Doubt;

/// The suspicion from which all labels are taken as wrong. From 0.95 on the share is of few rows, and of those that err most
/// plainly: with 10% of BANKING77's labels planted it is estimated as 7.1%, from 0.9 on as 8.3%.
const SURELY_WRONG: f64 = 0.9;
/// Into how many intervals of equal width suspicions are counted.
const INTERVALS: usize = 20;
/// How many rows the posterior counts as in each interval, and how many wrong ones in the estimate of the wrong share: with few
/// rows it is all that there is.
const POSTERIOR_ROWS: f64 = 1.0;

/// Rows of neighbouring suspicions.
#[derive(Debug, Clone, Copy, Default)]
struct Interval {
    rows: f64,
    suspicion: f64,
    posterior: f64,
    planted: f64,
}

/// For each label the chance that it is wrong, given the suspicions that planted wrong labels met.
pub(super) fn chances(doubts: &[Doubt], planted: &[f64]) -> Vec<f64> {
    let rows = doubts.len() as f64;
    let posterior = doubts.iter().map(|doubt| doubt.chance).sum::<f64>() / rows.max(1.0);
    // Where nothing can be confused nothing was planted.
    if planted.is_empty() || posterior <= 0.0 {
        return doubts.iter().map(|doubt| doubt.chance).collect();
    }
    let above = |suspicions: &mut dyn Iterator<Item = f64>| {
        suspicions.filter(|&suspicion| suspicion >= SURELY_WRONG).count() as f64
    };
    let surely = above(&mut doubts.iter().map(Doubt::suspicion));
    let planted_surely = above(&mut planted.iter().copied()) / planted.len() as f64;
    let wrong_share = (surely + POSTERIOR_ROWS) / (rows * planted_surely + POSTERIOR_ROWS / posterior);
    let mut intervals = [Interval::default(); INTERVALS];
    let of = |suspicion: f64| ((suspicion * INTERVALS as f64) as usize).min(INTERVALS - 1);
    for doubt in doubts {
        let interval = &mut intervals[of(doubt.suspicion())];
        interval.rows += 1.0;
        interval.suspicion += doubt.suspicion();
        interval.posterior += doubt.chance;
    }
    let wrong_rows = wrong_share.min(1.0) * rows / planted.len() as f64;
    planted
        .iter()
        .for_each(|&suspicion| intervals[of(suspicion)].planted += wrong_rows);
    let points = rising(&intervals);
    doubts
        .iter()
        .map(|doubt| between(&points, doubt.suspicion()))
        .collect()
}

/// Mean suspicion and chance of each interval that has rows, by rising suspicion; chances do not fall.
fn rising(intervals: &[Interval]) -> Vec<(f64, f64)> {
    // Suspicions of the pooled intervals, their chance and their rows.
    let mut pools: Vec<(Vec<f64>, f64, f64)> = Vec::new();
    for interval in intervals.iter().filter(|interval| interval.rows > 0.0) {
        let rows = interval.rows + POSTERIOR_ROWS;
        let wrong = interval.planted + POSTERIOR_ROWS * interval.posterior / interval.rows;
        let mut pool = (
            vec![interval.suspicion / interval.rows],
            (wrong / rows).min(1.0),
            rows,
        );
        while let Some((suspicions, chance, rows)) = pools.pop_if(|before| before.1 > pool.1) {
            let all = rows + pool.2;
            pool = (
                [suspicions, pool.0].concat(),
                (chance * rows + pool.1 * pool.2) / all,
                all,
            );
        }
        pools.push(pool);
    }
    let points = pools
        .into_iter()
        .flat_map(|(suspicions, chance, _)| suspicions.into_iter().map(move |suspicion| (suspicion, chance)));
    points.collect()
}

/// The chance at a suspicion: on the line between two points, that of the outermost one outside.
fn between(points: &[(f64, f64)], suspicion: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= suspicion);
    match (after.checked_sub(1).map(|at| points[at]), points.get(after)) {
        (Some((from, low)), Some(&(to, high))) => low + (high - low) * (suspicion - from) / (to - from),
        (Some((_, chance)), None) | (None, Some(&(_, chance))) => chance,
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests;
