//! Places of a text drawn by weight, none twice.

use crate::random::Random;

/// Draws places one by one, each with a likelihood proportional to its weight among those that are
/// left; keeps its memory from list to list. A place of weight 0 is never drawn.
///
/// The weights stand in a tree of sums (Fenwick, 1994), so that a draw costs the logarithm of
/// their number, however unlike they are and however many are drawn.
#[derive(Debug, Default)]
pub(super) struct WeightedPlaces {
    weights: Vec<u64>,
    /// At place i, counted from 1, the sum of as many weights up to there as the lowest bit of i.
    sums: Vec<u64>,
    total: u64,
}

impl WeightedPlaces {
    /// Takes new weights, whose sum must fit 64 bits.
    pub(super) fn reset(&mut self, weights: impl Iterator<Item = u64>) {
        self.weights.clear();
        self.weights.extend(weights);
        self.total = self.weights.iter().sum();
        self.sums.clear();
        self.sums.push(0);
        self.sums.extend_from_slice(&self.weights);
        for place in 1..self.sums.len() {
            let sum = self.sums.get(place).copied().unwrap_or_default();
            if let Some(above) = self.sums.get_mut(place + lowest_bit(place)) {
                *above += sum;
            }
        }
    }

    /// The share of the weight at `place` in that of all places that are left; 0 where nothing is.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub(super) fn share(&self, place: usize) -> f64 {
        let weight = self.weights.get(place).copied().unwrap_or_default();
        if self.total == 0 {
            return 0.0;
        }
        weight as f64 / self.total as f64
    }

    /// The next place; nothing when no weight is left.
    #[inline]
    pub(super) fn draw(&mut self, random: &mut Random) -> Option<usize> {
        if self.total == 0 {
            return None;
        }
        let bound = usize::try_from(self.total).unwrap_or(usize::MAX);
        let mut target = random.below(bound) as u64;
        // The last place whose sum of all before it, and itself, is at most the target.
        let mut before = 0;
        let mut step = self.sums.len().next_power_of_two() / 2;
        while step > 0 {
            if let Some(sum) = self.sums.get(before + step)
                && *sum <= target
            {
                target -= sum;
                before += step;
            }
            step /= 2;
        }
        self.remove(before);
        Some(before)
    }

    fn remove(&mut self, place: usize) {
        let Some(weight) = self.weights.get(place).copied() else {
            return;
        };
        self.total -= weight;
        let mut above = place + 1;
        while let Some(sum) = self.sums.get_mut(above) {
            *sum -= weight;
            above += lowest_bit(above);
        }
    }
}

fn lowest_bit(number: usize) -> usize {
    1 << number.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl WeightedPlaces {
        /// How likely each place is drawn first.
        #[expect(clippy::cast_precision_loss, reason = "figures for a test")]
        pub(crate) fn likelihoods(&self) -> Vec<f64> {
            let weights = self.weights.iter();
            weights
                .map(|weight| *weight as f64 / self.total as f64)
                .collect()
        }
    }

    proptest! {
        #[test]
        fn every_place_of_weight_is_drawn_once(
            key: u64,
            weights in prop::collection::vec(prop_oneof![Just(0_u64), 1..9_u64, 1..(1_u64 << 50)], 0..200),
        ) {
            let mut places = WeightedPlaces::default();
            places.reset(weights.iter().copied());
            let mut random = Random::from_key(key);
            let mut drawn: Vec<usize> =
                std::iter::from_fn(|| places.draw(&mut random)).collect();
            drawn.sort_unstable();
            let expected: Vec<usize> =
                (0..weights.len()).filter(|place| weights[*place] > 0).collect();
            prop_assert_eq!(drawn, expected);
        }
    }

    #[test]
    fn places_come_up_by_weight() {
        const DRAWS: u32 = 30_000;
        let weights = [5, 0, 1, 3, 1];
        let (mut places, mut random) = (WeightedPlaces::default(), Random::from_key(9));
        let (mut first, mut second_after_first) = ([0_u32; 5], [0_u32; 5]);
        for _ in 0..DRAWS {
            places.reset(weights.into_iter());
            let drawn = places.draw(&mut random).unwrap();
            first[drawn] += 1;
            if drawn == 0 {
                second_after_first[places.draw(&mut random).unwrap()] += 1;
            }
        }
        let check = |counts: [u32; 5], expected: [f64; 5]| {
            let all = f64::from(counts.iter().sum::<u32>());
            for (count, expected) in counts.into_iter().zip(expected) {
                let far = 5.0 * (expected * (1.0 - expected) / all).sqrt();
                let found = f64::from(count) / all;
                assert!((found - expected).abs() <= far, "{counts:?}");
            }
        };
        check(first, [0.5, 0.0, 0.1, 0.3, 0.1]);
        check(second_after_first, [0.0, 0.0, 0.2, 0.6, 0.2]);
    }
}
