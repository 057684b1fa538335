//! chrF: how alike two texts are, by the runs of characters that they share.
//!
//! Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015, with runs of up
//! to six characters, white space left out, and recall counting twice as much as precision
//! (beta 2). Scores equal those of sacrebleu's `sentence_chrf` at its defaults, divided by 100.

use crate::random::mix;

/// The longest runs that are compared.
const ORDER: usize = 6;

/// The square of beta.
const WEIGHT: f64 = 4.0;

/// Compares texts with one text; keeps its memory from text to text.
///
/// ```
/// use augment::text::Chrf;
/// let mut chrf = Chrf::default();
/// chrf.set_reference("The cat is on the mat.");
/// assert_eq!(chrf.score("The cat is on the mat."), 1.0);
/// assert!(chrf.score("The cat sat on the mat.") > 0.6);
/// assert!(chrf.score("Something else entirely") < 0.2);
/// ```
#[derive(Debug, Default)]
pub struct Chrf {
    reference: Runs,
    other: Runs,
}

/// Characters of a text whose runs are all kept at once: six times eight bytes for each. Those of a
/// longer one are found for one length after the other, each time anew.
const SHORT: usize = 1 << 14;

/// The runs of a text: for each length a hash of each, sorted.
#[derive(Debug, Default)]
struct Runs {
    characters: Vec<char>,
    /// Of the runs of one length, as they stand in the text.
    hashes: Vec<u64>,
    /// Of a long text those of the length that was asked for last, at the first place.
    by_length: [Vec<u64>; ORDER],
}

impl Runs {
    fn read(&mut self, text: &str) {
        if self.characters.capacity() > SHORT {
            // What a long text took is not kept for short ones.
            *self = Self::default();
        }
        self.characters.clear();
        self.characters
            .extend(text.chars().filter(|character| !character.is_whitespace()));
        if self.is_short() {
            for place in 0..ORDER {
                self.find(place, place);
            }
        }
    }

    fn is_short(&self) -> bool {
        self.characters.len() <= SHORT
    }

    /// The runs of `length + 1` characters. Lengths must be asked for in turn, from 0 on.
    fn of(&mut self, length: usize) -> &[u64] {
        let place = if self.is_short() {
            length
        } else {
            self.find(length, 0);
            0
        };
        self.by_length.get(place).map_or(&[], Vec::as_slice)
    }

    /// Finds the runs of `length + 1` characters, after those that are one shorter.
    fn find(&mut self, length: usize, place: usize) {
        if length == 0 {
            self.hashes.clear();
            self.hashes.resize(self.characters.len(), 0);
        }
        let Some(runs) = self.by_length.get_mut(place) else {
            return;
        };
        let last = self.characters.get(length..).unwrap_or_default();
        runs.clear();
        runs.reserve_exact(last.len());
        // The hash of a run goes on from that of the run without its last character.
        for (hash, character) in self.hashes.iter_mut().zip(last) {
            *hash = mix(*hash ^ u64::from(u32::from(*character)));
            runs.push(*hash);
        }
        runs.sort_unstable();
    }
}

impl Chrf {
    /// Compares with `text` from now on.
    pub fn set_reference(&mut self, text: &str) {
        self.reference.read(text);
    }

    /// How like the reference `text` is, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^52 characters")]
    pub fn score(&mut self, text: &str) -> f64 {
        self.other.read(text);
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for length in 0..ORDER {
            let (found, expected) = (self.other.of(length), self.reference.of(length));
            // Texts too short for a length have no say in it.
            if found.is_empty() || expected.is_empty() {
                continue;
            }
            let shared = common(found, expected) as f64;
            precision += shared / found.len() as f64;
            recall += shared / expected.len() as f64;
            orders += 1.0;
        }
        if precision + recall <= 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        (1.0 + WEIGHT) * precision * recall / (WEIGHT * precision + recall)
    }
}

/// How many values two sorted lists have in common, each as often as both have it.
fn common(one: &[u64], other: &[u64]) -> usize {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut count = 0;
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        match left.cmp(right) {
            std::cmp::Ordering::Less => drop(one.next()),
            std::cmp::Ordering::Greater => drop(other.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                one.next();
                other.next();
            }
        }
    }
    count
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "numbers of runs are small")]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Made by `tests/golden/chrf_sacrebleu.py`: hypothesis, reference and score as JSON lines.
    const GOLDEN: &str = include_str!("../../tests/golden/chrf_sacrebleu.jsonl");

    fn score(hypothesis: &str, reference: &str) -> f64 {
        let mut chrf = Chrf::default();
        chrf.set_reference(reference);
        chrf.score(hypothesis)
    }

    #[test]
    fn scores_are_those_of_sacrebleu() {
        let mut compared = 0;
        for line in GOLDEN.lines() {
            let (hypothesis, reference, expected): (String, String, f64) =
                serde_json::from_str(line).unwrap();
            let found = score(&hypothesis, &reference);
            assert!(
                (found * 100.0 - expected).abs() < 1e-9,
                "{hypothesis:?} and {reference:?}: {found} and {expected}"
            );
            compared += 1;
        }
        assert!(compared >= 40, "{compared}");
    }

    /// The same by counting the runs themselves.
    fn by_counting(hypothesis: &str, reference: &str) -> f64 {
        let characters =
            |text: &str| -> Vec<char> { text.chars().filter(|c| !c.is_whitespace()).collect() };
        let (found, expected) = (characters(hypothesis), characters(reference));
        let (mut precision, mut recall) = (0.0, 0.0);
        for length in 1..=ORDER {
            let mut counts: BTreeMap<&[char], u32> = BTreeMap::new();
            for run in expected.windows(length) {
                *counts.entry(run).or_default() += 1;
            }
            let mut shared = 0.0;
            for run in found.windows(length) {
                if let Some(left @ 1..) = counts.get_mut(run) {
                    *left -= 1;
                    shared += 1.0;
                }
            }
            precision += shared / found.windows(length).count() as f64;
            recall += shared / expected.windows(length).count() as f64;
        }
        let (precision, recall) = (precision / ORDER as f64, recall / ORDER as f64);
        (1.0 + WEIGHT) * precision * recall / (WEIGHT * precision + recall)
    }

    #[test]
    fn long_and_short_texts_are_compared_alike() {
        let numbers = |modulus: usize| -> String {
            let squares = (0..SHORT).map(|n| (n * n % modulus).to_string());
            squares.collect::<Vec<_>>().join(" ")
        };
        let (long, other) = (numbers(977), numbers(971));
        let short = &long[..SHORT / 2];
        let mut chrf = Chrf::default();
        for (reference, hypotheses) in [
            (long.as_str(), [other.as_str(), short]),
            (short, [&other, &long]),
            (&other, [&long, &other]),
        ] {
            chrf.set_reference(reference);
            for hypothesis in hypotheses {
                let expected = by_counting(hypothesis, reference);
                assert!((chrf.score(hypothesis) - expected).abs() < 1e-12);
            }
        }
    }

    proptest! {
        #[test]
        fn a_text_is_like_itself_and_nothing_is_more_alike(one: String, other: String) {
            let with_letters = format!("a{one}");
            prop_assert!((score(&with_letters, &with_letters) - 1.0).abs() < 1e-12);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&score(&one, &other)));
        }
    }
}
