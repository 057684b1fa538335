//! How much of a text an operator edits.

use crate::diagnostic::Problem;

/// How many of the units of a text an operator edits: words, characters or sentences.
///
/// The common options `rate`, `min` and `max` come to the same number in every operator:
/// `max(min, round(rate * eligible))`, halves rounded up, but never more than `max`, nor than there
/// are; and at rate 0 none, whatever `min` says. A unit is eligible if the operator could edit one
/// of its kind there: it is neither protected nor a stop word. An operator that edits things of a
/// certain kind only, say contractions, says so on its page: then these are the eligible units.
///
/// ```
/// use augment::operator::Amount;
/// let amount = Amount::new(0.1, 1, Some(3));
/// assert_eq!([0, 1, 14, 15, 25, 90].map(|words| amount.of(words)), [0, 1, 1, 2, 3, 3]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    rate: f64,
    min: usize,
    max: usize,
    rounding: Rounding,
}

/// What becomes of a part of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    HalfUp,
    Down,
    Up,
}

impl Amount {
    /// None at all.
    pub const NONE: Self = Self {
        rate: 0.0,
        min: 0,
        max: 0,
        rounding: Rounding::HalfUp,
    };

    /// `rate` of the units, but at least `min` and at most `max` of them.
    pub fn new(rate: f64, min: u32, max: Option<u32>) -> Self {
        Self {
            rate,
            min: min as usize,
            max: max.map_or(usize::MAX, |max| max as usize),
            rounding: Rounding::HalfUp,
        }
    }

    /// The same with what is left over of a unit dropped, as EDA (Wei and Zou, 2019) counts.
    #[must_use]
    pub fn rounded_down(self) -> Self {
        Self {
            rounding: Rounding::Down,
            ..self
        }
    }

    /// The same with what is left over of a unit counted as one, as nlpaug counts.
    #[must_use]
    pub fn rounded_up(self) -> Self {
        Self {
            rounding: Rounding::Up,
            ..self
        }
    }

    /// The share of the units that is asked for, from 0 to 1.
    pub fn rate(self) -> f64 {
        self.rate
    }

    /// How many of `eligible` units are to be edited.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate is in 0..=1"
    )]
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^52 units")]
    pub fn of(self, eligible: usize) -> usize {
        if self.rate <= 0.0 {
            return 0;
        }
        let exact = self.rate * eligible as f64;
        let rounded = match self.rounding {
            // 0.7 * 45 is a little less than 31.5 in binary: as people count, it is not.
            Rounding::HalfUp => (exact + 0.5 + 1e-9) as usize,
            // As the implementations count that these stand for.
            Rounding::Down => exact as usize,
            Rounding::Up => exact.ceil() as usize,
        };
        rounded.max(self.min).min(self.max).min(eligible)
    }
}

/// The problem with an option that is a share and does not lie between 0 and 1, if it is.
pub fn check_share(option: &str, share: f64) -> Option<Problem> {
    (!(0.0..=1.0).contains(&share)).then(|| {
        Problem::new(
            option,
            format!("`{option}` is {share}, and must lie between 0 and 1"),
            "0.1 stands for every tenth",
        )
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_are_rounded_as_people_round_them() {
        let amount = Amount::new(0.15, 0, None);
        assert_eq!([3, 10, 30].map(|units| amount.of(units)), [0, 2, 5]);
        assert_eq!(Amount::new(0.7, 0, None).of(45), 32);
        assert_eq!(Amount::new(0.29, 0, None).rounded_down().of(100), 28);
        assert_eq!(Amount::new(0.1, 1, None).rounded_down().of(19), 1);
        assert_eq!(Amount::new(0.3, 1, Some(10)).rounded_up().of(11), 4);
        assert_eq!(Amount::new(0.3, 1, Some(10)).rounded_up().of(10), 3);
        assert_eq!(Amount::NONE.of(10), 0);
    }

    proptest! {
        #[test]
        fn the_bounds_hold(rate in 0.0..=1.0, min in 0_u32..5, max in 5_u32..9, units in 0_usize..99) {
            let count = Amount::new(rate, min, Some(max)).of(units);
            prop_assert!(count <= units && count <= max as usize);
            prop_assert!(rate == 0.0 || count >= units.min(min as usize));
            prop_assert_eq!(Amount::new(0.0, min, None).of(units), 0);
            prop_assert_eq!(Amount::new(1.0, min, None).of(units), units);
        }
    }
}
