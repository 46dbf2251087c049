//! Sums and exponentials in vector registers.
//!
//! They are called from loops that are compiled once for each instruction set, and must be inlined there:
//! a function of its own would be compiled for the oldest machine.

/// Numbers that are added side by side: one AVX-512 register, two AVX ones, four of NEON.
///
/// Floating-point sums are not regrouped by the compiler; with lanes of its own a sum is vectorised, and is the
/// same on every machine.
pub(super) const LANES: usize = 16;

#[inline(always)]
pub(super) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    let mut lanes = [0.0_f32; LANES];
    for (x, y) in x.iter().zip(y) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    add_up(lanes) + rest
}

#[inline(always)]
pub(super) fn sum(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += chunk[lane];
        }
    }
    add_up(lanes) + rest.iter().sum::<f32>()
}

/// The larger of two numbers; a NaN is passed over, and shows in whatever is computed next.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// The largest number of whole lanes.
#[inline(always)]
fn max(chunks: &[[f32; LANES]]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] = larger(lanes[lane], chunk[lane]);
        }
    }
    fold(lanes, larger)
}

#[inline(always)]
fn add_up(lanes: [f32; LANES]) -> f32 {
    fold(lanes, |a, b| a + b)
}

/// Folds the lanes by halves, which takes as many steps as there are halves and not as there are lanes.
#[inline(always)]
fn fold(mut lanes: [f32; LANES], combine: impl Fn(f32, f32) -> f32) -> f32 {
    // Not a loop over the halves: the compiler leaves that one as it is, and the lanes in memory.
    macro_rules! fold_to {
        ($half:literal) => {
            for lane in 0..$half {
                lanes[lane] = combine(lanes[lane], lanes[lane + $half]);
            }
        };
    }
    const { assert!(LANES == 16) };
    fold_to!(8);
    fold_to!(4);
    fold_to!(2);
    fold_to!(1);
    lanes[0]
}

/// Adding this rounds to a whole number, which then stands in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;

/// The exponential, to two units in the last place, by the reduction and polynomial of Cephes' `expf`
/// (Moshier 1989). Below -87 it stays at the smallest normal number, above 88 at the largest; NaN stays NaN.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let power = shifted - ROUND;
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    let mut series = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        series = series * rest + coefficient;
    }
    let fraction = series * rest * rest + rest + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    fraction * f32::from_bits(exponent)
}

/// The softmax of a row in place, `exp(x - max) / sum`, in whole lanes and what is left of it. A weight below exp(-80) of the
/// highest is 0: it would change no f32 sum, and numbers that are not normal are slow.
#[inline(always)]
pub(super) fn softmax((chunks, rest): (&mut [[f32; LANES]], &mut [f32])) {
    let highest = rest.iter().copied().fold(max(chunks), larger);
    let mut sums = [0.0_f32; LANES];
    for chunk in &mut *chunks {
        for lane in 0..LANES {
            chunk[lane] = weight(chunk[lane], highest);
            sums[lane] += chunk[lane];
        }
    }
    for x in &mut *rest {
        *x = weight(*x, highest);
    }
    let inverse = 1.0 / (add_up(sums) + rest.iter().sum::<f32>());
    for x in chunks.as_flattened_mut().iter_mut().chain(rest) {
        *x *= inverse;
    }
}

#[inline(always)]
fn weight(score: f32, highest: f32) -> f32 {
    let below = score - highest;
    if below < -80.0 { 0.0 } else { exp(below) }
}

/// `ln sum exp(x)`.
#[inline(always)]
pub(super) fn log_sum_exp(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let highest = rest.iter().copied().fold(max(chunks), larger);
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += exp(chunk[lane] - highest);
        }
    }
    let rest: f32 = rest.iter().map(|x| exp(x - highest)).sum();
    highest + (add_up(lanes) + rest).ln()
}

#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The error function, to 4e-7, by the rational function of Eigen's `erf` for floats.
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let mut above = -2.726_142_3e-10;
    for coefficient in [
        2.770_681_3e-8,
        -2.101_024e-6,
        -5.692_506_5e-5,
        -7.349_906_5e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ] {
        above = above * square + coefficient;
    }
    let mut below = -1.456_607_2e-5;
    for coefficient in [-2.133_740_5e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2] {
        below = below * square + coefficient;
    }
    x * above / below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_a_millionth_where_it_is_not_clamped() {
        for step in -87_000..88_000 {
            let x = step as f32 / 1_000.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 3e-7, "exp({x}) is off by {error}");
        }
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(-1e30) < 1e-37 && exp(-1e30) > 0.0);
        assert!(exp(1e30).is_finite());
    }

    #[test]
    fn the_error_function_agrees_with_its_series() {
        // The Maclaurin series (Abramowitz and Stegun 7.1.5), in f64, converges fast up to 3.
        for step in -3_000..=3_000 {
            let x = f64::from(step) / 1_000.0;
            let (mut term, mut total) = (x, x);
            for n in 1..80 {
                term *= -x * x / f64::from(n);
                total += term / f64::from(2 * n + 1);
            }
            let expected = total * std::f64::consts::FRAC_2_SQRT_PI;
            let found = f64::from(erf(x as f32));
            assert!(
                (found - expected).abs() < 4e-7,
                "erf({x}) is {found}, not {expected}"
            );
        }
        assert_eq!(erf(30.0), erf(4.0));
    }
}
