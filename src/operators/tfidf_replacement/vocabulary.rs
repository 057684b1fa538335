//! What the operator knows of words: how much each tells, and the words that may come in.

use crate::random::{Random, hash_bytes};
use crate::text::WordCounts;

/// Digits after the point of a logarithm, in binary.
const DIGITS: u32 = 16;

/// How much a word tells: log2(texts / texts with the word), in units of 2^-16.
type Weight = u32;

/// A word of the texts, by its hash. With 64 bits a million words are all different but for one
/// chance in 30 million, and then two share a weight.
#[derive(Debug, Clone, Copy)]
struct Known {
    hash: u64,
    weight: Weight,
    /// Whether there is a word here.
    taken: bool,
}

/// A column of the alias table: one of two words.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// The share of the column, of 2^32, that belongs to its own word.
    own: u64,
    /// Whose the rest is.
    other: u32,
    /// Where its own word ends in the store; it starts where the one before ends.
    end: u32,
}

/// Weights of all words counted, and a table to draw new words from.
///
/// Nothing in it comes from the mathematical library of the machine, so that it is the same
/// everywhere.
#[derive(Debug)]
pub(super) struct Vocabulary {
    known: Vec<Known>,
    /// The weight of a word that was never counted: that of one in a single text.
    unknown: Weight,
    columns: Vec<Column>,
    store: String,
}

impl Vocabulary {
    /// The vocabulary of a collection: new words are drawn from the `most` that most texts have.
    pub(super) fn new(counts: &WordCounts, most: usize) -> Self {
        let documents = counts.documents();
        let mut known = vec![
            Known {
                hash: 0,
                weight: 0,
                taken: false,
            };
            (counts.words().len() * 2).next_power_of_two().max(2)
        ];
        for count in counts.words() {
            let hash = hash_bytes(0, count.word.as_bytes());
            if let Some(place) = place_of(&known, hash)
                && let Some(place) = known.get_mut(place)
            {
                *place = Known {
                    hash,
                    weight: log2_of_ratio(documents, count.documents),
                    taken: true,
                };
            }
        }
        let drawn = counts.words().get(..most).unwrap_or(counts.words());
        // T of the paper: how much the word tells in all texts together.
        #[expect(
            clippy::cast_precision_loss,
            reason = "only ratios of these matter, and not to 16 digits"
        )]
        let telling: Vec<f64> = drawn
            .iter()
            .map(|count| f64::from(log2_of_ratio(documents, count.documents)) * count.share as f64)
            .collect();
        let mut store = String::new();
        let mut columns = columns(&odds(&telling));
        for (column, count) in columns.iter_mut().zip(drawn) {
            store.push_str(&count.word);
            // At most some 2^20 words of 64 bytes.
            column.end = u32::try_from(store.len()).unwrap_or(u32::MAX);
        }
        Self {
            known,
            unknown: log2_of_ratio(documents, 1),
            columns,
            store,
        }
    }

    /// Whether there is no word to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// How much the word with this hash tells.
    #[inline]
    pub(super) fn weight(&self, hash: u64) -> Weight {
        place_of(&self.known, hash)
            .and_then(|place| self.known.get(place))
            .filter(|known| known.taken)
            .map_or(self.unknown, |known| known.weight)
    }

    /// A word, the likelier the less it tells.
    #[inline]
    pub(super) fn draw(&self, random: &mut Random) -> &str {
        let place = random.below(self.columns.len());
        let Some(column) = self.columns.get(place) else {
            return "";
        };
        let coin = random.below(1 << 32) as u64;
        self.word(if coin < column.own {
            place
        } else {
            column.other as usize
        })
    }

    fn word(&self, place: usize) -> &str {
        let end_of = |place: usize| self.columns.get(place).map(|column| column.end as usize);
        let start = place.checked_sub(1).and_then(end_of).unwrap_or_default();
        let end = end_of(place).unwrap_or_default();
        self.store.get(start..end).unwrap_or_default()
    }
}

/// Where the word with this hash is, or would be, among `known`, whose length is a power of two.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the mask keeps what fits the table"
)]
fn place_of(known: &[Known], hash: u64) -> Option<usize> {
    let mask = known.len() - 1;
    let mut place = hash as usize & mask;
    loop {
        let here = known.get(place)?;
        if !here.taken || here.hash == hash {
            return Some(place);
        }
        place = (place + 1) & mask;
    }
}

/// log2(all / part) with 16 binary digits after the point, rounded down. There is no part without
/// anything in it, and none larger than the whole.
fn log2_of_ratio(all: u64, part: u64) -> Weight {
    const ONE: u32 = 62;
    let all = all.max(1);
    let mut ratio = (u128::from(all) << ONE) / u128::from(part.clamp(1, all));
    let mut logarithm = ratio.ilog2() - ONE;
    ratio >>= logarithm;
    for _ in 0..DIGITS {
        // Squaring doubles the logarithm: the next digit comes before the point.
        ratio = (ratio * ratio) >> ONE;
        let digit = ratio.ilog2() - ONE;
        ratio >>= digit;
        logarithm = logarithm << 1 | digit;
    }
    logarithm
}

/// For each word how often it is drawn, relative to the others: the largest of `telling` less its
/// own, the likeliest about 2^40. Where all tell as much, all are as likely.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "none is negative, all are at most 2^40, and so large a power of two is exact"
)]
fn odds(telling: &[f64]) -> Vec<u64> {
    const SCALE: f64 = (1_u64 << 40) as f64;
    let most = telling.iter().copied().fold(0.0, f64::max);
    let mut odds: Vec<u64> = telling
        .iter()
        .map(|telling| ((most - telling) / most * SCALE) as u64)
        .collect();
    if odds.iter().all(|odds| *odds == 0) {
        odds.fill(1);
    }
    odds
}

/// The alias table (Walker, 1977; in the order of Vose, 1991) for drawing by `odds`, without the
/// words.
fn columns(odds: &[u64]) -> Vec<Column> {
    let count = odds.len() as u128;
    let total: u128 = odds.iter().map(|odds| u128::from(*odds)).sum();
    // What each word has, where `total` fills a column.
    let mut left: Vec<u128> = odds.iter().map(|odds| u128::from(*odds) * count).collect();
    let mut columns = vec![
        Column {
            own: 1 << 32,
            other: 0,
            end: 0
        };
        odds.len()
    ];
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..odds.len()).partition(|place| left.get(*place).is_some_and(|left| *left < total));
    while let (Some(poor), Some(rich)) = (small.pop(), large.last().copied()) {
        let has = left.get(poor).copied().unwrap_or_default();
        if let Some(column) = columns.get_mut(poor) {
            column.own = u64::try_from((has << 32) / total.max(1)).unwrap_or(u64::MAX);
            column.other = u32::try_from(rich).unwrap_or_default();
        }
        if let Some(left) = left.get_mut(rich) {
            *left -= total - has;
            if *left < total {
                large.pop();
                small.push(rich);
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::operators::tfidf_replacement::golden;

    impl Vocabulary {
        /// How likely each word is drawn.
        #[expect(clippy::cast_precision_loss, reason = "figures for a test")]
        fn likelihoods(&self) -> Vec<(String, f64)> {
            let share = |part: u64| part as f64 / (1_u64 << 32) as f64 / self.columns.len() as f64;
            let mut all: Vec<(String, f64)> = (0..self.columns.len())
                .map(|place| (self.word(place).to_owned(), 0.0))
                .collect();
            for (place, column) in self.columns.iter().enumerate() {
                all[place].1 += share(column.own);
                all[column.other as usize].1 += share((1 << 32) - column.own);
            }
            all.sort_by(|one, other| one.0.cmp(&other.0));
            all
        }
    }

    #[test]
    fn new_words_are_as_likely_as_the_paper_says() {
        let vocabulary = Vocabulary::new(&WordCounts::of(golden::texts()), usize::MAX);
        let found = vocabulary.likelihoods();
        assert_eq!(found.len(), golden::drawn().len());
        for ((word, found), (expected_word, expected)) in found.iter().zip(golden::drawn()) {
            assert_eq!(word, expected_word);
            assert!(
                (found - expected).abs() < 1e-4,
                "{word}: {found} {expected}"
            );
        }
    }

    #[test]
    fn the_rare_words_are_not_drawn_but_known() {
        let counts = WordCounts::of(golden::texts());
        let vocabulary = Vocabulary::new(&counts, 3);
        let drawn: Vec<String> = vocabulary
            .likelihoods()
            .into_iter()
            .map(|of| of.0)
            .collect();
        assert_eq!(drawn, ["film", "the", "was"]);
        let weight = |word: &str| vocabulary.weight(hash_bytes(0, word.as_bytes()));
        assert_eq!(weight("the"), 0);
        assert_eq!(weight("weary"), 2 << DIGITS);
        assert_eq!(weight("unheard-of"), 2 << DIGITS);
    }

    #[test]
    fn draws_follow_the_table() {
        const DRAWS: u32 = 40_000;
        let vocabulary = Vocabulary::new(&WordCounts::of(golden::texts()), usize::MAX);
        let mut random = Random::from_key(5);
        let mut counts = std::collections::BTreeMap::<String, u32>::new();
        for _ in 0..DRAWS {
            *counts
                .entry(vocabulary.draw(&mut random).to_owned())
                .or_default() += 1;
        }
        for (word, expected) in golden::drawn() {
            let found = f64::from(counts.get(word).copied().unwrap_or_default()) / f64::from(DRAWS);
            // Five standard deviations.
            let far = 5.0 * (expected * (1.0 - expected) / f64::from(DRAWS)).sqrt();
            assert!(
                (found - expected).abs() <= far + 1e-9,
                "{word}: {found} {expected}"
            );
        }
    }

    #[test]
    fn logarithms_are_those_of_the_machine() {
        for (all, part) in [
            (1, 1),
            (2, 1),
            (3, 2),
            (1_000_000, 7),
            (u64::MAX, 1),
            (10, 9),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "16 digits are compared")]
            let expected = (all as f64 / part as f64).log2();
            let found = f64::from(log2_of_ratio(all, part)) / 65_536.0;
            assert!(
                (found - expected).abs() < 2e-5,
                "{all} {part}: {found} {expected}"
            );
        }
        assert_eq!(log2_of_ratio(0, 0), 0);
        assert_eq!(log2_of_ratio(5, 9), 0);
    }

    proptest! {
        #[test]
        fn an_alias_table_keeps_the_odds(odds in prop::collection::vec(0_u64..1 << 40, 1..40)) {
            prop_assume!(odds.iter().any(|odds| *odds > 0));
            let (table, total) = (columns(&odds), odds.iter().sum::<u64>());
            let mut shares = vec![0_u64; odds.len()];
            for (place, column) in table.iter().enumerate() {
                shares[place] += column.own;
                shares[column.other as usize] += (1 << 32) - column.own;
            }
            for (share, odds_of) in shares.iter().zip(&odds) {
                let exact = u128::from(*odds_of) * (odds.len() as u128) * (1 << 32);
                let exact = u64::try_from(exact / u128::from(total)).unwrap();
                // Each column is rounded down once.
                prop_assert!(share.abs_diff(exact) <= odds.len() as u64 + 1);
            }
        }
    }
}
