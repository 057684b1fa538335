//! The loops over a table of tokens, compiled for several instruction sets.
//!
//! As for logits ([`kernel`](super::super::kernel)), all versions do the same operations in the same
//! order, so that results do not depend on the processor.

use multiversion::multiversion;

/// Sums that are kept apart, so that a compiler can hold them in vector registers.
const LANES: usize = 32;

/// The product of two rows of numbers.
#[multiversion(targets(
    "x86_64+avx+avx2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2",
    "x86_64+sse4.1"
))]
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, one_rest) = one.as_chunks::<LANES>();
    let (others, other_rest) = other.as_chunks::<LANES>();
    let mut lanes = [0.0_f32; LANES];
    for (one, other) in ones.iter().zip(others) {
        for lane in 0..LANES {
            lanes[lane] += one[lane] * other[lane];
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    let rest = one_rest.iter().zip(other_rest);
    rest.fold(lanes[0], |sum, (one, other)| sum + one * other)
}

/// What products of whole numbers say of each token: times its scale and `scale`, plus its bias and
/// `more`.
#[multiversion(targets(
    "x86_64+avx+avx2+avx512f+avx512bw+avx512dq+avx512vl",
    "x86_64+avx+avx2",
    "x86_64+sse4.1"
))]
#[expect(
    clippy::cast_precision_loss,
    reason = "what is rounded here is in the bound of the error"
)]
pub(super) fn rescale(
    products: &[i32],
    [scale, more]: [f32; 2],
    scales: &[f32],
    bias: &[f32],
    to: &mut [f32],
) {
    let of_tokens = products.iter().zip(scales).zip(bias);
    for (to, ((product, of_token), bias)) in to.iter_mut().zip(of_tokens) {
        *to = *product as f32 * (scale * of_token) + (bias + more);
    }
}
