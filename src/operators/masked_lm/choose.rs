//! Drawing one of the words that a model says fit.

use crate::masked::{Choice, MaskedModel};
use crate::prelude::Random;
use crate::text::StopWords;
use crate::text::thesaurus::is_offensive;

/// Words that deny what stands beside them. Sorted.
const NEGATIONS: [&str; 16] = [
    "barely", "cannot", "hardly", "lacking", "neither", "never", "no", "nobody", "none", "nor",
    "not", "nothing", "nowhere", "rarely", "seldom", "without",
];

/// Words asked of the model beyond `top_k`: the old word, those beside it, negations and the two
/// hundred function words of a language are not drawn, and the others move up.
const SPARE: usize = 256;

/// Which words are drawn, and how likely.
#[derive(Debug, Clone)]
pub(super) struct Taste {
    top_k: usize,
    top_p: f64,
    temperature: f64,
    /// The logarithm of the least probability.
    least: f64,
    stop_words: StopWords,
    offensive: bool,
}

impl Taste {
    /// Draws from the `top_k` likeliest words, of these from those that have `top_p` together,
    /// with this temperature, and none that is less likely than `min_probability` or one of
    /// `stop_words`, or rude, unless `offensive`.
    pub(super) fn new(
        top_k: usize,
        top_p: f64,
        temperature: f64,
        min_probability: f64,
        stop_words: StopWords,
        offensive: bool,
    ) -> Self {
        Self {
            top_k,
            top_p,
            temperature,
            least: min_probability.ln(),
            stop_words,
            offensive,
        }
    }

    /// How many words the model should give.
    pub(super) fn limit(&self) -> usize {
        self.top_k.saturating_add(SPARE)
    }

    /// Draws one of `choices`, which are sorted, that is none of the words in `not_these`. Nothing
    /// where none is left.
    pub(super) fn draw<'m>(
        &self,
        choices: &[Choice],
        not_these: &[&str],
        model: &'m dyn MaskedModel,
        random: &mut Random,
    ) -> Option<&'m str> {
        let kept: Vec<(&str, f64)> = choices
            .iter()
            .map(|choice| (model.word(choice.token), f64::from(choice.log_probability)))
            .take_while(|(_, log_probability)| *log_probability >= self.least)
            .filter(|(word, _)| {
                !word.is_empty()
                    && !is_negation(word)
                    && !self.stop_words.contains(word)
                    && (self.offensive || !is_offensive(word))
                    && !not_these.iter().any(|no| same(no, word))
            })
            .take(self.top_k)
            .collect();
        // The likeliest has weight 1: temperatures near 0 leave it and nothing else.
        let (_, highest) = *kept.first()?;
        let weights: Vec<f64> = kept
            .iter()
            .map(|(_, log_probability)| ((log_probability - highest) / self.temperature).exp())
            .collect();
        let enough = self.top_p * weights.iter().sum::<f64>();
        let (mut count, mut mass) = (0, 0.0);
        for weight in &weights {
            if count > 0 && mass >= enough {
                break;
            }
            count += 1;
            mass += weight;
        }
        let mut left = random.unit() * mass;
        let drawn = weights.iter().take(count).position(|weight| {
            left -= weight;
            left < 0.0
        });
        // Rounding may leave a trace over: it belongs to the last.
        let (word, _) = kept.get(drawn.unwrap_or(count - 1))?;
        Some(word)
    }
}

/// Whether two words differ in capitals at most.
fn same(one: &str, other: &str) -> bool {
    let small = |word: &str| {
        word.chars()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    one == other || small(one) == small(other)
}

fn is_negation(word: &str) -> bool {
    let small = word.to_ascii_lowercase();
    NEGATIONS.binary_search(&small.as_str()).is_ok()
        || small.ends_with("n't")
        || small.ends_with("n’t")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masked::Passage;
    use crate::masked::fake::FakeModel;

    fn choices(count: usize) -> Vec<Choice> {
        let passage = Passage {
            text: "one",
            blanks: std::slice::from_ref(&(0..3)),
        };
        let (mut fillings, _) = FakeModel::default().fill(&[passage], count).unwrap();
        fillings.remove(0).unwrap().remove(0)
    }

    /// Without stop words.
    fn taste(top_k: usize, top_p: f64, temperature: f64, min_probability: f64) -> Taste {
        Taste::new(
            top_k,
            top_p,
            temperature,
            min_probability,
            StopWords::none(),
            false,
        )
    }

    /// How often each word is drawn, of 4,000.
    fn counts(taste: &Taste, not_these: &[&str]) -> Vec<(String, u32)> {
        let mut counts: Vec<(String, u32)> = Vec::new();
        let mut random = Random::from_key(1);
        for _ in 0..4_000 {
            let model = FakeModel::default();
            let word = taste
                .draw(&choices(20), not_these, &model, &mut random)
                .unwrap();
            match counts.iter_mut().find(|(known, _)| known == word) {
                Some((_, count)) => *count += 1,
                None => counts.push((word.to_owned(), 1)),
            }
        }
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    #[test]
    fn draws_follow_the_probabilities_of_what_is_kept() {
        // `good` is twice as likely as `new`, and so on.
        let two = counts(&taste(2, 1.0, 1.0, 0.0), &[]);
        assert_eq!(two.len(), 2);
        assert!((2_560..2_780).contains(&two[0].1), "{two:?}");
        let flat = counts(&taste(2, 1.0, 1e6, 0.0), &[]);
        assert!((1_870..2_130).contains(&flat[0].1), "{flat:?}");
        let sharp = counts(&taste(8, 1.0, 0.01, 0.0), &[]);
        assert_eq!(sharp, [("good".to_owned(), 4_000)]);
        // A half and a quarter of the whole are more than 0.7 of it.
        assert_eq!(counts(&taste(8, 0.7, 1.0, 0.0), &[]).len(), 2);
        assert_eq!(counts(&taste(8, 1.0, 1.0, 0.1), &[]).len(), 3);
    }

    #[test]
    fn unwanted_words_are_not_drawn_and_others_move_up() {
        let found = counts(&taste(2, 1.0, 1.0, 0.0), &["GOOD", "old"]);
        let words: Vec<&str> = found.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(words, ["new", "great"]);
        let stop_words = StopWords::of(["good", "new", "old"]);
        let found = counts(&Taste::new(1, 1.0, 1.0, 0.0, stop_words, false), &[]);
        assert_eq!(found, [("great".to_owned(), 4_000)]);
        let (taste, model) = (taste(5, 1.0, 1.0, 0.9), FakeModel::default());
        let drawn = taste.draw(&choices(5), &[], &model, &mut Random::from_key(1));
        assert_eq!(drawn, None);
    }

    #[test]
    fn negations_are_known() {
        assert!(NEGATIONS.is_sorted());
        for word in ["not", "Never", "don't", "WITHOUT", "isn’t"] {
            assert!(is_negation(word), "{word}");
        }
        for word in ["note", "new", "", "paint"] {
            assert!(!is_negation(word), "{word}");
        }
    }
}
