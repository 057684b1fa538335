//! Random edits of characters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::characters::{
    CharacterEdit, CharacterOptions, Characters, Spelling, check_kinds, draw_kind, to_case,
};
use crate::prelude::*;
use crate::text::alphabet_of;

/// Inserts, deletes, substitutes and swaps characters of words at random.
///
/// This is nlpaug's `RandomCharAug` and TextAttack's `WordSwapRandomCharacterInsertion`,
/// `...Deletion`, `...Substitution` and `WordSwapNeighboringCharacterSwap` in one. Letters and
/// digits are edited, other marks of a word are not. New letters are of the script of the letter at
/// that place and digits for digits (Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Devanagari,
/// Bengali, Thai, Georgian, kana and Hangul are known), small or capital as what stands there.
/// TextAttack puts ASCII letters of either case into every text, nlpaug digits and marks as well. A
/// substitute always differs, a swap exchanges two different letters, and of no word the last
/// letter is deleted. A character is what people see as one: accents and other marks go with their
/// letters.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomChar {
    /// What is done, each equally likely where it can be.
    #[serde(default = "default_kinds")]
    pub kinds: Vec<CharacterChange>,
    /// Where new characters come from: `"same"` for the script of the one at that place, or a text
    /// of which every character is one, taken as it is.
    #[serde(default = "default_alphabet")]
    pub alphabet: String,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
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
        Ok(Box::new(Characters::new(
            change,
            context.amount,
            &self.characters,
            0.1,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Letters of the same script, digits for digits",
                options: "rate = 0.5",
                columns: &[],
                input: &["The house of 1984, Дом и сад, ΤΟ ΣΠΙΤΙ"],
                output: &["The housde of 1984, ом иа сав, Τ ΣΠΙΤΙ"],
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
    /// Draws a character to stand beside `letter`, or in place of `old`, which begins with it: then
    /// it is another letter. `give` gets it, as a capital or not where it comes from the script.
    fn draw(
        &self,
        letter: char,
        old: Option<&str>,
        capital: bool,
        random: &mut Random,
        give: impl FnOnce(&str),
    ) -> bool {
        if let Some(all) = &self.alphabet {
            let others = || all.iter().filter(|new| old != Some(new.as_str()));
            let Some(new) = others().nth(random.below(others().count())) else {
                return false;
            };
            give(new);
            return true;
        }
        let avoided = old.map(|_| to_case(letter, false));
        let others = || {
            let letters = alphabet_of(letter).unwrap_or_default().chars();
            letters.filter(|new| Some(*new) != avoided)
        };
        let Some(new) = others().nth(random.below(others().count())) else {
            return false;
        };
        give(to_case(new, capital).encode_utf8(&mut [0; 4]));
        true
    }

    /// Whether this can be done at `place`, where `letter` stands.
    fn can(&self, kind: CharacterChange, word: &Spelling<'_>, place: usize, letter: char) -> bool {
        match kind {
            CharacterChange::Insert | CharacterChange::Substitute => {
                self.alphabet.is_some() || alphabet_of(letter).is_some()
            }
            CharacterChange::Delete => word.can_delete(),
            CharacterChange::Swap => word.swappable(place).is_some(),
        }
    }
}

impl CharacterEdit for Change {
    const NOTHING: &'static str = "no word with a letter to edit";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        let mut kinds = self.kinds.iter();
        word.letter(place)
            .is_some_and(|letter| kinds.any(|kind| self.can(*kind, word, place, letter)))
    }

    fn is_context_free(&self) -> bool {
        // These two look at the whole word, and at the letters beside.
        let kinds = &self.kinds;
        !kinds.contains(&CharacterChange::Delete) && !kinds.contains(&CharacterChange::Swap)
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let Some(letter) = word.letter(place) else {
            return false;
        };
        let can = |kind| self.can(kind, word, place, letter);
        match draw_kind(&self.kinds, random, can) {
            Some(CharacterChange::Insert) => {
                let after = random.chance(0.5);
                let capital = word.is_among_capitals(place, after);
                self.draw(letter, None, capital, random, |new| {
                    word.insert(place, after, new, edits);
                })
            }
            Some(CharacterChange::Substitute) => {
                let old = Some(word.character(place));
                self.draw(letter, old, letter.is_uppercase(), random, |new| {
                    word.replace(place, new, edits);
                })
            }
            Some(CharacterChange::Delete) => word.delete(place, edits),
            Some(CharacterChange::Swap) => word.swap(place, edits),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alphabet_needs_two_characters() {
        let config = |options: &str| -> RandomChar { serde_json::from_str(options).unwrap() };
        let problems = config(r#"{"alphabet": "e\u0301", "kinds": []}"#).validate();
        let places: Vec<_> = problems.iter().map(|problem| &*problem.option).collect();
        assert_eq!(places, ["kinds", "alphabet"]);
        assert!(config(r#"{"alphabet": "xy"}"#).validate().is_empty());
    }

    #[test]
    fn a_substitute_is_another_letter() {
        let change = Change {
            kinds: default_kinds(),
            alphabet: None,
        };
        let mut random = Random::from_key(7);
        for _ in 0..200 {
            let drawn = change.draw('B', Some("B"), true, &mut random, |new| {
                assert!(new != "B" && new.chars().all(|c| c.is_ascii_uppercase()));
            });
            assert!(drawn);
        }
        assert!(!change.draw('東', None, false, &mut random, |_| ()));
    }
}
