//! How many words a rate comes to.

use crate::diagnostic::Problem;

/// The number of words that EDA edits in a text of `words` words at a rate of `rate`:
/// `max(1, floor(rate * words))`, and none at rate 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is in 0..=1"
)]
#[expect(clippy::cast_precision_loss, reason = "no text has 2^52 words")]
pub(super) fn words_at(rate: f64, words: usize) -> usize {
    if rate <= 0.0 || words == 0 {
        0
    } else {
        ((rate * words as f64) as usize).clamp(1, words)
    }
}

/// The problem with a rate outside 0..=1, if it is.
pub(super) fn check(option: &str, rate: f64) -> Option<Problem> {
    (!(0.0..=1.0).contains(&rate)).then(|| {
        Problem::new(
            option,
            format!("`{option}` is {rate}, and must lie between 0 and 1"),
            "0.1 edits every tenth word",
        )
    })
}
