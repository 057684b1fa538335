//! Random edits of characters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::characters::{CharacterEdit, CharacterOptions, Characters, Spelling, to_case};
use super::keyboard_typo::check_kinds;
use crate::prelude::*;
use crate::text::alphabet_of;

/// Inserts, deletes, substitutes and swaps characters of words at random.
///
/// This is nlpaug's `RandomCharAug` and TextAttack's `WordSwapRandomCharacterInsertion`,
/// `...Deletion`, `...Substitution` and `WordSwapNeighboringCharacterSwap` in one. Letters and
/// digits are edited, other marks of a word are not. New letters are of the script of the letter at
/// that place and digits for digits (Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Devanagari,
/// Bengali, Thai, Georgian, kana and Hangul are known), small or capital as what stands there: the
/// references put ASCII letters, in any case, and signs into every text. A substitute always
/// differs, a swap exchanges two different letters, and of no word the last letter is deleted. A
/// character is what people see as one: accents and other marks go with their letters.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomChar {
    /// What is done, each equally likely where it can be.
    #[serde(default = "default_kinds")]
    pub kinds: Vec<CharacterChange>,
    /// Where new characters come from: `"same"` for the script of the one at that place, or a text
    /// of which every character is one.
    #[serde(default = "default_alphabet")]
    pub alphabet: String,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many, as
    /// they do for the words of a text; `first = false` and `last = false` spare the first and the
    /// last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::few")]
    pub characters: CharacterOptions,
}

/// What becomes of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CharacterChange {
    /// Another comes before or after it.
    Insert,
    /// It goes.
    Delete,
    /// Another takes its place.
    Substitute,
    /// It changes places with the one beside it.
    Swap,
}

fn default_kinds() -> Vec<CharacterChange> {
    use CharacterChange::{Delete, Insert, Substitute, Swap};
    vec![Insert, Delete, Substitute, Swap]
}

/// The `alphabet` that stands for the script of what is edited.
const SAME: &str = "same";

fn default_alphabet() -> String {
    SAME.to_owned()
}

impl TextOperatorConfig for RandomChar {
    const NAME: &'static str = "random_char";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let mut problems = self.characters.validate();
        problems.extend(check_kinds(&self.kinds, "substitute"));
        if self.alphabet.graphemes(true).nth(1).is_none() {
            problems.push(Problem::new(
                "alphabet",
                "`alphabet` has fewer than two characters",
                "give all characters to draw from, as in \"abcdef\", or \"same\" for the script of \
                 the word",
            ));
        }
        problems
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let alphabet = self.alphabet.graphemes(true).map(str::to_owned);
        let change = Change {
            kinds: self.kinds.clone(),
            alphabet: (self.alphabet != SAME).then(|| alphabet.collect()),
        };
        let share = 0.1;
        Ok(Box::new(Characters::new(
            change,
            context.amount,
            &self.characters,
            share,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Letters of the same script, digits for digits",
                options: "rate = 0.5",
                columns: &[],
                input: &["The house of 1984, Дом и сад, ΤΟ ΣΠΙΤΙ"],
                output: &["Thse houes of 1984, Дмо е сад, ΟΤ ΣΠΙΤΙ"],
            },
            Example {
                title: "Letters within words change places, the first and the last stay",
                options: "rate = 1.0\nkinds = [\"swap\"]\ncharacters = { first = false, last = false }",
                columns: &[],
                input: &["According to research, order does not matter"],
                output: &["Accodring to rseearch, odrer deos not matetr"],
            },
            Example {
                title: "Characters drawn from a list",
                options: "rate = 0.5\nkinds = [\"substitute\"]\nalphabet = \"*#\"\ncharacters = { rate = 0.5 }",
                columns: &[],
                input: &["What an absurd ending"],
                output: &["Wh*# an a#**rd ending"],
            },
            Example {
                title: "A text without a letter stays as it is",
                options: "",
                columns: &[],
                input: &["?! 👩‍👩‍👧"],
                output: &["?! 👩‍👩‍👧"],
            },
        ]
    }
}

/// The edits of [`RandomChar`].
struct Change {
    kinds: Vec<CharacterChange>,
    /// Characters to draw from; nothing for those of the script.
    alphabet: Option<Vec<String>>,
}

impl Change {
    /// Whether there is something to put beside `letter` or in its place.
    fn has_letters_for(&self, letter: char) -> bool {
        self.alphabet.is_some() || alphabet_of(letter).is_some()
    }

    /// Draws a character to stand beside `letter` or in its place, and hands it to `give` as a capital or not.
    /// It differs from `other`, by more than case.
    fn draw(
        &self,
        letter: char,
        other: &str,
        capital: bool,
        random: &mut Random,
        give: impl FnOnce(&str),
    ) -> bool {
        if let Some(all) = &self.alphabet {
            let start = random.below(all.len());
            let (before, from) = all.split_at(start);
            let mut drawn = from.iter().chain(before);
            let Some(new) = drawn.find(|new| new.as_str() != other) else {
                return false;
            };
            give(new);
            return true;
        }
        let Some(letters) = alphabet_of(letter) else {
            return false;
        };
        let small = to_case(letter, false);
        let avoid = !other.is_empty() && letters.contains(small);
        let count = letters.chars().count() - usize::from(avoid);
        let mut rest = letters.chars().filter(|letter| !avoid || *letter != small);
        let Some(new) = rest.nth(random.below(count)) else {
            return false;
        };
        give(to_case(new, capital).encode_utf8(&mut [0; 4]));
        true
    }

    fn try_kind(
        &self,
        kind: CharacterChange,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let Some(letter) = word.letter(place) else {
            return false;
        };
        match kind {
            CharacterChange::Insert => {
                let after = random.chance(0.5);
                let capital = word.is_among_capitals(place, after);
                self.draw(letter, "", capital, random, |new| {
                    word.insert(place, after, new, edits);
                })
            }
            CharacterChange::Substitute => {
                let old = word.character(place);
                self.draw(letter, old, letter.is_uppercase(), random, |new| {
                    word.replace(place, new, edits);
                })
            }
            CharacterChange::Delete => word.delete(place, edits),
            CharacterChange::Swap => word.swap(place, edits),
        }
    }
}

impl CharacterEdit for Change {
    const NOTHING: &'static str = "no word with a letter to edit";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        word.letter(place).is_some_and(|letter| {
            self.kinds.iter().any(|kind| match kind {
                CharacterChange::Insert | CharacterChange::Substitute => {
                    self.has_letters_for(letter)
                }
                CharacterChange::Delete => word.can_delete(),
                CharacterChange::Swap => word.swappable(place).is_some(),
            })
        })
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let first = random.below(self.kinds.len());
        let (before, from) = self.kinds.split_at(first);
        from.iter()
            .chain(before)
            .any(|kind| self.try_kind(*kind, word, place, random, edits))
    }
}
