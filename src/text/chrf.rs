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

/// The runs of a text: for each length a hash of each, sorted.
#[derive(Debug, Default)]
struct Runs {
    characters: Vec<char>,
    by_length: [Vec<u64>; ORDER],
}

impl Runs {
    fn read(&mut self, text: &str) {
        self.characters.clear();
        self.characters
            .extend(text.chars().filter(|character| !character.is_whitespace()));
        let mut before: Vec<u64> = vec![0; self.characters.len()];
        for (length, runs) in self.by_length.iter_mut().enumerate() {
            // The hash of a run goes on from that of the run without its last character.
            runs.clear();
            let last = self.characters.get(length..).unwrap_or_default();
            for (hash, character) in before.iter_mut().zip(last) {
                *hash = mix(*hash ^ u64::from(u32::from(*character)));
                runs.push(*hash);
            }
            runs.sort_unstable();
        }
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
        for (found, expected) in self.other.by_length.iter().zip(&self.reference.by_length) {
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
mod tests {
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

    proptest! {
        #[test]
        fn a_text_is_like_itself_and_nothing_is_more_alike(one: String, other: String) {
            let with_letters = format!("a{one}");
            prop_assert!((score(&with_letters, &with_letters) - 1.0).abs() < 1e-12);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&score(&one, &other)));
        }
    }
}
