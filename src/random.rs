//! Random draws that depend on what is drawn for, never on when.
//!
//! A generator is made for one row and one operator from a key: a hash of the run's seed, the
//! operator's id, the row's identity and the replica's number. No generator is shared and none
//! lives longer than its row, so the same row gets the same draws whatever the number of threads,
//! the size of batches or the point where a run was resumed.
//!
//! The hash and the generator are frozen by golden vectors in the tests below: changing either
//! changes the output of every pipeline, so it takes a new major version.

mod places;

use std::convert::Infallible;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng, TryRng};

pub use places::{PlaceSet, Places};

/// The step of SplitMix64: 2^64 divided by the golden ratio.
const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection of 64 bits in which every
/// input bit reaches every output bit.
#[inline]
pub const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(GOLDEN_RATIO);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Hashes `bytes` under `seed`, eight bytes at a time, little-endian, through [`mix`]. Not meant to
/// resist an adversary.
#[inline]
pub fn hash_bytes(seed: u64, bytes: &[u8]) -> u64 {
    let mut hash = mix(seed ^ bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(hash ^ u64::from_le_bytes(*word));
    }
    let mut tail = [0; 8];
    tail[..rest.len()].copy_from_slice(rest);
    mix(hash ^ u64::from_le_bytes(tail))
}

/// The key of one operator in one run: the part of the key of a draw that is the same for all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorKey(u64);

impl OperatorKey {
    /// The key of the operator `id` under the pipeline's `seed`.
    pub fn new(seed: u64, id: &str) -> Self {
        Self(hash_bytes(seed, id.as_bytes()))
    }

    /// The generator for one row: `row` is the key of its identity, `incoming` its replica number
    /// as it reaches the operator, `replica` the variant being made of it, counted from 1 (0 where
    /// the row is changed in place).
    #[inline]
    pub fn row(self, row: u64, incoming: u32, replica: u32) -> Random {
        Random::from_key(self.of(row, incoming, replica))
    }

    /// A generator for one `part` of a row, say a sentence of it: parts are told apart by any
    /// number. None of them draws what another, or the row as a whole, does.
    #[inline]
    pub fn part(self, row: u64, incoming: u32, replica: u32, part: u64) -> Random {
        Random::from_key(mix(self.of(row, incoming, replica) ^ mix(part)))
    }

    #[inline]
    fn of(self, row: u64, incoming: u32, replica: u32) -> u64 {
        let replicas = u64::from(incoming) << 32 | u64::from(replica);
        mix(self.0 ^ mix(row ^ mix(replicas)))
    }
}

/// A generator of random numbers: xoshiro256++ (Blackman and Vigna, 2019), seeded from a 64-bit key
/// through SplitMix64.
///
/// It implements [`rand::Rng`], so the distributions of the `rand` crate can draw from it. The
/// methods here are those that operators need, and their results are frozen with the generator.
///
/// ```
/// use augment::random::Random;
/// let mut random = Random::from_key(7);
/// assert!(random.below(10) < 10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// A generator for `key`.
    #[inline]
    pub fn from_key(key: u64) -> Self {
        // As `seed_from_u64` does, which is not inlined: each number is the next of SplitMix64.
        let mut seed = [0; 32];
        let mut state = key;
        for part in seed.as_chunks_mut::<8>().0 {
            *part = mix(state).to_le_bytes();
            state = state.wrapping_add(GOLDEN_RATIO);
        }
        Self(Xoshiro256PlusPlus::from_seed(seed))
    }

    /// A number below `bound`, each equally likely up to a bias of `bound` in 2^64 (Lemire, 2019);
    /// 0 when `bound` is 0.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        let product = u128::from(self.0.next_u64()) * bound as u128;
        // Less than `bound`.
        usize::try_from(product >> 64).unwrap_or_default()
    }

    /// A number in 0..1, a multiple of 2^-53.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn unit(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
        (self.0.next_u64() >> 11) as f64 * SCALE
    }

    /// True with the given probability: never at 0, always at 1.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// So many independent events of the given probability, at most 64, as bits: those of the events
    /// that happen are set, from the lowest bit on.
    ///
    /// All events are decided together, from the first binary digit of a number in 0..1 for each and
    /// of the probability on: an event is decided where the two differ, and it happens if its number
    /// is the smaller. So half of the events that are left are decided by each 64 bits drawn.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a power of two, and a number below it"
    )]
    pub fn chances(&mut self, probability: f64, count: usize) -> u64 {
        const SCALE: f64 = (1_u64 << 63) as f64;
        let all = u64::MAX.checked_shr(64 - count.min(64) as u32).unwrap_or(0);
        if probability >= 1.0 {
            return all;
        }
        // Exact: a multiplication by a power of two. The first digit is at the highest bit.
        let mut digits = ((probability.max(0.0) * SCALE) as u64) << 1;
        let (mut open, mut happen) = (all, 0);
        while open != 0 && digits != 0 {
            let drawn = self.0.next_u64();
            let digit = (digits.cast_signed() >> 63).cast_unsigned();
            let differ = open & (drawn ^ digit);
            happen |= differ & digit;
            open &= !differ;
            digits <<= 1;
        }
        happen
    }

    /// One of `items`, each equally likely; nothing where there is none.
    #[inline]
    pub fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Moves `count` items (or all, if there are fewer), drawn without replacement and in random
    /// order, to the front of `items`: the first steps of a Fisher-Yates shuffle.
    pub fn partial_shuffle<T>(&mut self, items: &mut [T], count: usize) {
        for front in 0..count.min(items.len()) {
            let other = front + self.below(items.len() - front);
            items.swap(front, other);
        }
    }
}

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::Rng;

    use super::*;

    /// These values are a promise: other values mean other output for every pipeline.
    #[test]
    fn hash_and_generator_are_frozen() {
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(hash_bytes(0, b""), GOLDEN[0]);
        assert_eq!(hash_bytes(0, b"train/part-0.parquet"), GOLDEN[1]);
        assert_eq!(hash_bytes(7, b"12345678"), GOLDEN[2]);
        let mut random = OperatorKey::new(42, "eda").row(hash_bytes(0, b"row 1"), 0, 1);
        assert_eq!(random.next_u64(), GOLDEN[3]);
        assert_eq!(random.next_u64(), GOLDEN[4]);
        let drawn: Vec<usize> = (0..8).map(|_| random.below(10)).collect();
        assert_eq!(drawn, DRAWN);
        let mut items = [0, 1, 2, 3, 4, 5];
        random.partial_shuffle(&mut items, 3);
        assert_eq!(items, SHUFFLED);
    }

    const GOLDEN: [u64; 5] = [
        0xa706_dd2f_4d19_7e6f,
        0x696d_df5d_c412_ff1f,
        0xc397_33a3_bfe1_9a86,
        0x7ee9_96b6_4d9f_0a7b,
        0x7215_7b17_01a0_ae62,
    ];
    const DRAWN: [usize; 8] = [3, 0, 2, 9, 8, 7, 3, 8];
    const SHUFFLED: [i32; 6] = [1, 3, 5, 0, 4, 2];

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    fn chances_are_independent_and_have_their_probability() {
        for probability in [0.01, 0.1, 0.3, 0.5, 0.9] {
            const DRAWS: u64 = 20_000;
            let mut random = Random::from_key(3);
            let (mut single, mut pairs) = (0, 0);
            for _ in 0..DRAWS {
                let happened = random.chances(probability, 64);
                single += u64::from(happened.count_ones());
                pairs += u64::from((happened & happened >> 1 & u64::MAX >> 1).count_ones());
            }
            let share = |count: u64, of: u64| count as f64 / (DRAWS * of) as f64;
            // Five standard deviations of a binomial share.
            let near = |found: f64, expected: f64, of: u64| {
                let variance = expected * (1.0 - expected) / (DRAWS * of) as f64;
                (found - expected).abs() < 5.0 * variance.sqrt()
            };
            assert!(near(share(single, 64), probability, 64), "{probability}");
            // Neighbouring pairs overlap, which makes their share vary more.
            assert!(
                near(share(pairs, 63), probability * probability, 16),
                "{probability}"
            );
        }
    }

    #[test]
    fn every_part_of_the_key_matters() {
        let first =
            |key: OperatorKey, row, incoming, replica| key.row(row, incoming, replica).next_u64();
        let key = OperatorKey::new(42, "a");
        let all = [
            first(key, 1, 0, 0),
            first(OperatorKey::new(43, "a"), 1, 0, 0),
            first(OperatorKey::new(42, "b"), 1, 0, 0),
            first(key, 2, 0, 0),
            first(key, 1, 1, 0),
            first(key, 1, 0, 1),
        ];
        let parts = (0..4).map(|part| key.part(1, 0, 0, part).next_u64());
        let distinct: std::collections::BTreeSet<u64> = all.into_iter().chain(parts).collect();
        assert_eq!(distinct.len(), all.len() + 4);
    }

    proptest! {
        #[test]
        fn keys_seed_as_the_generator_itself_would(key: u64) {
            prop_assert_eq!(Random::from_key(key).0, Xoshiro256PlusPlus::seed_from_u64(key));
        }

        #[test]
        fn draws_stay_within_bounds(key: u64, bound in 1_usize..1_000_000) {
            let mut random = Random::from_key(key);
            prop_assert!(random.below(bound) < bound);
            prop_assert!((0.0..1.0).contains(&random.unit()));
            prop_assert!(!random.chance(0.0) && random.chance(1.0));
        }

        #[test]
        fn chances_are_bits_of_as_many_events(key: u64, probability in 0.0..=1.0_f64, count in 0_usize..=64) {
            let happened = Random::from_key(key).chances(probability, count);
            prop_assert!(count == 64 || happened >> count == 0);
            let all = u64::MAX.checked_shr(64 - u32::try_from(count).unwrap()).unwrap_or(0);
            prop_assert_eq!(Random::from_key(key).chances(0.0, count), 0);
            prop_assert_eq!(Random::from_key(key).chances(1.0, count), all);
        }

        #[test]
        fn a_partial_shuffle_keeps_all_items(key: u64, count in 0_usize..20, length in 0_usize..12) {
            let mut items: Vec<usize> = (0..length).collect();
            Random::from_key(key).partial_shuffle(&mut items, count);
            items.sort_unstable();
            prop_assert_eq!(items, (0..length).collect::<Vec<_>>());
        }
    }
}
