//! The loops over a whole row of logits, compiled for several instruction sets; the best one that
//! the processor has is chosen when the program runs.
//!
//! All versions do the same operations in the same order, and none fuses a multiplication with an
//! addition, so that results do not depend on the processor.

use multiversion::multiversion;

/// Logits of one block: it stays in the first-level cache while it is looked at twice.
pub(crate) const BLOCK: usize = 256;

/// Sums and maxima that are kept apart, so that a compiler can hold them in vector registers.
const LANES: usize = 32;

/// Logits of one group of [`fine_maxima`].
const GROUP: usize = 1024;

/// Adding this rounds a number below 2^22 to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;

/// Below this the exponential is not a normal number.
const LOWEST: f32 = -87.0;

/// The greatest logit, and the logarithm of the sum of the exponentials relative to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Normaliser {
    pub(crate) max: f32,
    pub(crate) log_sum: f32,
}

impl Normaliser {
    /// The logarithm of the probability of a token with this logit.
    pub(crate) fn log_probability(self, logit: f32) -> f32 {
        logit - self.max - self.log_sum
    }

    /// The logit of a token with this logarithm of its probability.
    pub(crate) fn logit(self, log_probability: f32) -> f32 {
        log_probability + self.log_sum + self.max
    }
}

/// e to the power of `x`, for `x` at most 0: within 2e-7 of it, relatively. What is not a number
/// remains so.
#[inline(always)]
#[expect(clippy::cast_possible_wrap, reason = "bits of a small number")]
fn exp(x: f32) -> f32 {
    // Cody and Waite: ln 2 in two parts, the first with few bits, so that n times it is exact.
    const HIGH: f32 = 0.693_359_4;
    const LOW: f32 = -2.121_944_4e-4;
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * HIGH - n * LOW;
    // Taylor's series: |r| is at most half of ln 2.
    let mut p = 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    let exponent = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    f32::from_bits(p.to_bits().wrapping_add_signed(exponent << 23))
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "to be compiled with the loop around it"
)]
fn greater(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "to be compiled with the loop around it"
)]
fn block_maximum(block: &[f32]) -> f32 {
    let (chunks, rest) = block.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = greater(*value, *lane);
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] = greater(lanes[lane], lanes[lane + width]);
        }
        width /= 2;
    }
    rest.iter()
        .fold(lanes[0], |max, value| greater(*value, max))
}

/// The sum of the exponentials of `(x - max) * scale`.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "to be compiled with the loop around it"
)]
fn block_sum(block: &[f32], max: f32, scale: f32) -> f32 {
    let (chunks, rest) = block.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += exp((*value - max) * scale);
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    rest.iter()
        .fold(lanes[0], |sum, value| sum + exp((*value - max) * scale))
}

/// The maxima of sets of logits, each logit in one set, [`LANES`] sets for each group of the row: a
/// finer sieve than the maxima of blocks.
#[multiversion(targets(
    "x86_64+avx+avx2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2",
    "x86_64+sse4.1"
))]
pub(crate) fn fine_maxima(row: &[f32], maxima: &mut Vec<f32>) {
    maxima.clear();
    for group in row.chunks(GROUP) {
        let (chunks, rest) = group.as_chunks::<LANES>();
        let mut lanes = [f32::NEG_INFINITY; LANES];
        for chunk in chunks {
            for (lane, value) in lanes.iter_mut().zip(chunk) {
                *lane = greater(*value, *lane);
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            *lane = greater(*value, *lane);
        }
        maxima.extend(lanes);
    }
}

/// The maximum of each block of the row into `maxima`, and what turns logits into probabilities.
/// The latter is not a number if one of the logits is not, or is infinitely great.
#[multiversion(targets(
    "x86_64+avx+avx2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2",
    "x86_64+sse4.1"
))]
pub(crate) fn scan(row: &[f32], maxima: &mut [f32]) -> Normaliser {
    let mut max = f32::MIN;
    let mut sum = 0.0_f64;
    for (block, maximum) in row.chunks(BLOCK).zip(maxima) {
        *maximum = block_maximum(block);
        if *maximum > max {
            sum *= f64::from(max - *maximum).exp();
            max = *maximum;
        }
        sum += f64::from(block_sum(block, max, 1.0));
    }
    #[expect(clippy::cast_possible_truncation, reason = "precise enough")]
    let log_sum = sum.ln() as f32;
    Normaliser { max, log_sum }
}

/// The maximum of one block.
pub(crate) fn maximum(block: &[f32]) -> f32 {
    block_maximum(block)
}

/// The sum of the exponentials of `(x - max) * scale` of each block into `sums`, and of all.
#[multiversion(targets(
    "x86_64+avx+avx2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2",
    "x86_64+sse4.1"
))]
pub(crate) fn sum(row: &[f32], max: f32, scale: f32, sums: &mut [f64]) -> f64 {
    let mut total = 0.0;
    for (block, sum) in row.chunks(BLOCK).zip(sums) {
        *sum = f64::from(block_sum(block, max, scale));
        total += *sum;
    }
    total
}

/// The weight of one token in [`sum`].
pub(crate) fn weight(logit: f32, max: f32, scale: f32) -> f64 {
    f64::from(exp((logit - max) * scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "steps are few")]
    fn the_exponential_is_precise() {
        let mut worst: f64 = 0.0;
        for step in 0..870_000_u32 {
            let x = step as f32 * -1e-4;
            let expected = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) - expected).abs() / expected);
        }
        assert!(worst < 3e-7, "{worst}");
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
        assert!(exp(f32::NAN).is_nan());
    }

    proptest! {
        #[test]
        fn a_scan_finds_maxima_and_the_normaliser(
            row in prop::collection::vec(-40.0_f32..40.0, 1..1500),
        ) {
            let mut maxima = vec![0.0; row.len().div_ceil(BLOCK)];
            let found = scan(&row, &mut maxima);
            for (block, maximum) in row.chunks(BLOCK).zip(&maxima) {
                let expected = block.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                prop_assert_eq!(maximum.to_bits(), expected.to_bits());
            }
            let sum: f64 = row.iter().map(|x| f64::from(x - found.max).exp()).sum();
            prop_assert!((f64::from(found.log_sum) - sum.ln()).abs() < 2e-6);
            let probability: f64 = row
                .iter()
                .map(|x| f64::from(found.log_probability(*x)).exp())
                .sum();
            prop_assert!((probability - 1.0).abs() < 1e-5);
        }

        #[test]
        fn what_is_not_a_number_is_not_hidden(length in 1_usize..600, place: prop::sample::Index) {
            for wrong in [f32::NAN, f32::INFINITY] {
                let mut row = vec![1.0; length];
                row[place.index(length)] = wrong;
                let mut maxima = vec![0.0; row.len().div_ceil(BLOCK)];
                prop_assert!(!scan(&row, &mut maxima).log_sum.is_finite());
            }
        }
    }
}
