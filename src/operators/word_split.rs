//! A space inside a word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::prelude::*;

/// Splits words in two by a space at a random place.
///
/// This is `SplitAug` of nlpaug and `SplitWords` of AugLy: the slip of the space bar. Eligible are
/// the words of at least `min_characters` characters. Each place between two letters or digits of
/// the word is equally likely. A character is what a reader takes for one (a grapheme cluster of
/// UAX #29): an accent is never parted from its letter, where the reference implementations count
/// code points. Unlike nlpaug's, the words around keep their punctuation and spacing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WordSplit {
    /// Characters that a word must have to be split; at least 2.
    #[serde(default = "default_min_characters")]
    pub min_characters: usize,
}

fn default_min_characters() -> usize {
    4
}

impl TextOperatorConfig for WordSplit {
    const NAME: &'static str = "word_split";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let too_few = (self.min_characters < 2).then(|| {
            Problem::new(
                "min_characters",
                "`min_characters` must be at least 2",
                "a word of one character cannot be split; 4 leaves short words alone",
            )
        });
        too_few.into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Split {
            amount: context.amount,
            min_characters: self.min_characters,
            eligible: Vec::new(),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                columns: &[],
                input: &["The quick brown fox jumps over the lazy dog"],
                output: &["The quick brown fox ju mps over the lazy dog"],
            },
            Example {
                title: "Every word of three characters or more; accents stay on their letters",
                options: "rate = 1.0\nmin_characters = 3",
                columns: &[],
                input: &["Cafe\u{301} crème, isn't it?"],
                output: &["C afe\u{301} c rème, is n't it?"],
            },
            Example {
                title: "Two variants of each row, and none where all words are short",
                options: "replicas = 2",
                columns: &[],
                input: &["a difficult exam", "so it is"],
                output: &["a dif ficult exam", "a difficult exa m"],
            },
        ]
    }
}

/// The operator behind [`WordSplit`].
struct Split {
    amount: Amount,
    min_characters: usize,
    /// Words of the text that are long enough.
    eligible: Vec<Word>,
    places: Places,
}

impl TextOperator for Split {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.eligible.clear();
        let long = |word: &Word| has_characters(text.word(*word), self.min_characters);
        self.eligible.extend(text.words().into_iter().filter(long));
        if self.eligible.is_empty() {
            return Outcome::Unchanged("no word long enough");
        }
        let count = self.eligible.len();
        let wanted = self.amount.of(count);
        let drawn = self.places.sample(count, wanted, random).iter();
        for word in drawn.filter_map(|place| self.eligible.get(*place as usize)) {
            if let Some(position) = draw_seam(text.word(*word), random) {
                edits.insert(word.range().start + position, " ");
            }
        }
        Outcome::Edited
    }
}

/// Whether `word` has so many characters.
pub(super) fn has_characters(word: &str, count: usize) -> bool {
    // No character is shorter than a byte.
    word.len() >= count && (word.is_ascii() || word.graphemes(true).take(count).count() == count)
}

/// A place inside `word`, in bytes, between two characters that are letters or digits.
fn draw_seam(word: &str, random: &mut Random) -> Option<usize> {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return (word.len() > 1).then(|| 1 + random.below(word.len() - 1));
    }
    let count = seams(word).count();
    seams(word).nth(random.below(count))
}

/// Every such place.
fn seams(word: &str) -> impl Iterator<Item = usize> {
    let is_letter = |character: &str| character.starts_with(char::is_alphanumeric);
    let characters = word.grapheme_indices(true);
    let pairs = characters.clone().zip(characters.skip(1));
    pairs
        .filter(move |((_, before), (_, after))| is_letter(before) && is_letter(after))
        .map(|(_, (position, _))| position)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_are_counted_as_readers_count_them() {
        assert!(has_characters("word", 4) && !has_characters("word", 5));
        assert!(has_characters("e\u{301}te\u{301}", 3) && !has_characters("e\u{301}te\u{301}", 4));
        assert!(has_characters("", 0) && !has_characters("", 1));
    }

    #[test]
    fn seams_lie_between_letters() {
        assert_eq!(seams("don't").collect::<Vec<_>>(), [1, 2]);
        assert_eq!(seams("e\u{301}te").collect::<Vec<_>>(), [3, 4]);
        assert_eq!(seams("a").count(), 0);
        assert_eq!(draw_seam("a", &mut Random::from_key(1)), None);
        assert_eq!(draw_seam("é", &mut Random::from_key(1)), None);
    }

    proptest! {
        #[test]
        fn a_seam_leaves_something_on_both_sides(word in "\\PC{1,12}", key: u64) {
            if let Some(position) = draw_seam(&word, &mut Random::from_key(key)) {
                let (before, after) = word.split_at(position);
                prop_assert!(!before.is_empty() && !after.is_empty());
                let parts = before.graphemes(true).chain(after.graphemes(true));
                prop_assert!(parts.eq(word.graphemes(true)));
            }
        }
    }
}
