//! How many words are edited.

use crate::diagnostic::Problem;
use crate::operators::rate;

/// How many of the words that can be edited are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Amount {
    pub(super) rate: f64,
    pub(super) min: usize,
    pub(super) max: Option<usize>,
}

impl Amount {
    /// The number of words to edit of `eligible`: `max(min, rate * eligible)`, rounded to the
    /// nearest, halves up, but none at rate 0, and never more than `max` or than there are.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rate is in 0..=1, and no text has 2^52 words"
    )]
    pub(super) fn of(self, eligible: usize) -> usize {
        if self.rate <= 0.0 {
            return 0;
        }
        let share = (self.rate * eligible as f64 + 0.5).floor() as usize;
        share
            .max(self.min)
            .min(self.max.unwrap_or(usize::MAX))
            .min(eligible)
    }

    /// What is wrong with the options.
    pub(super) fn validate(self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = rate::check("rate", self.rate).into_iter().collect();
        if let Some(max) = self.max
            && max < self.min
        {
            problems.push(Problem::new(
                "max",
                format!("`max` is {max}, and `min` is {}", self.min),
                "set `min` to at most `max`: it is 1 where it is not given",
            ));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_rounded_and_kept_within_bounds() {
        let amount = |rate, min, max| Amount { rate, min, max };
        for (amount, eligible, expected) in [
            (amount(0.1, 1, None), 14, 1),
            (amount(0.1, 1, None), 15, 2),
            (amount(0.1, 1, None), 0, 0),
            (amount(0.1, 3, None), 2, 2),
            (amount(0.1, 0, None), 4, 0),
            (amount(0.0, 3, None), 9, 0),
            (amount(1.0, 1, None), 7, 7),
            (amount(1.0, 1, Some(3)), 7, 3),
        ] {
            assert_eq!(amount.of(eligible), expected, "{amount:?} of {eligible}");
        }
        assert_eq!(amount(0.1, 2, Some(1)).validate().len(), 1);
        assert_eq!(amount(1.5, 1, None).validate().len(), 1);
    }
}
