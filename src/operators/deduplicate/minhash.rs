//! MinHash signatures of texts, cut into bands.

use crate::random::{hash_bytes, mix};
use crate::text::{Segmenter, push_lower_case};

/// Takes signatures over n-grams of words.
///
/// An n-gram is hashed to 64 bits. For each value of the signature these are permuted by a
/// multiplication and an addition modulo 2^64, and the least is taken. The hashes are as good as
/// drawn at random, so each value agrees in two texts with a probability that is the Jaccard
/// similarity of their sets of n-grams. The permutations are always the same.
#[derive(Debug)]
pub(super) struct Signer {
    ngram: usize,
    rows: usize,
    /// An odd factor and a summand for each value.
    permutations: Vec<(u64, u64)>,
}

/// What taking signatures needs for the time being.
#[derive(Debug)]
pub(super) struct Signing {
    segmenter: Segmenter,
    lower: String,
    words: Vec<u64>,
    minima: Vec<u64>,
}

/// The seed of the hash of a word.
const WORD: u64 = 0x776f_7264;
/// The seed of the hash of a text without a word.
const WORDLESS: u64 = 0x776f_7264_6c65_7373;
/// The seed of the permutations.
const PERMUTATION: u64 = 0x7065_726d_7574_6174;

impl Signer {
    /// A signer for n-grams of `ngram` words, and signatures of `bands` bands with `rows` values in
    /// each. All are at least 1.
    pub(super) fn new(ngram: usize, bands: usize, rows: usize) -> Self {
        let permutation = |number: u64| {
            let factor = mix(PERMUTATION ^ number << 1) | 1;
            (factor, mix(PERMUTATION ^ (number << 1 | 1)))
        };
        Self {
            ngram: ngram.max(1),
            rows: rows.max(1),
            permutations: (0_u64..).map(permutation).take(bands * rows).collect(),
        }
    }

    /// How many bands a signature has.
    pub(super) fn bands(&self) -> usize {
        self.permutations.len() / self.rows
    }

    pub(super) fn begin(&self) -> Signing {
        Signing {
            segmenter: Segmenter::default(),
            lower: String::new(),
            words: Vec::new(),
            minima: vec![u64::MAX; self.permutations.len()],
        }
    }

    /// A hash of each band of the signature of `text`.
    pub(super) fn bands_of<'a>(
        &self,
        text: &str,
        signing: &'a mut Signing,
    ) -> impl Iterator<Item = u64> + use<'a> {
        signing.minima.fill(u64::MAX);
        signing.lower.clear();
        push_lower_case(text, &mut signing.lower);
        let words = signing.segmenter.all_words(&signing.lower).iter();
        let bytes = signing.lower.as_bytes();
        signing.words.clear();
        signing.words.extend(words.map(|word| {
            let word = bytes.get(word.range()).unwrap_or_default();
            hash_bytes(WORD, word)
        }));
        if signing.words.is_empty() {
            self.put(hash_bytes(WORDLESS, text.as_bytes()), &mut signing.minima);
        }
        let length = self.ngram.min(signing.words.len()).max(1);
        for ngram in signing.words.windows(length) {
            let hash = ngram.iter().fold(0, |hash, word| mix(hash ^ word));
            self.put(hash, &mut signing.minima);
        }
        let bands = signing.minima.chunks(self.rows).zip(0_u64..);
        bands.map(|(values, band)| {
            values
                .iter()
                .fold(mix(band), |hash, value| mix(hash ^ value))
        })
    }

    /// Adds the hash of an n-gram to a signature.
    #[inline]
    fn put(&self, ngram: u64, minima: &mut [u64]) {
        for (least, (factor, summand)) in minima.iter_mut().zip(&self.permutations) {
            let value = ngram.wrapping_mul(*factor).wrapping_add(*summand);
            *least = (*least).min(value);
        }
    }
}
