//! Typing errors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::characters::{
    CharacterEdit, CharacterOptions, Characters, Spelling, check_kinds, draw_kind, to_case,
};
use crate::prelude::*;
use crate::text::{Keyboard, Layout};

/// Makes the errors of people who type: a letter becomes one from a key beside its own.
///
/// This is nlpaug's `KeyboardAug`, TextAttack's `WordSwapQWERTY` and the "butter fingers" of
/// NL-Augmenter, on three layouts. What keys are neighbours is reckoned from where they lie on the
/// board, not written down by hand: every neighbour of a key has it for a neighbour. A capital
/// becomes a capital, as the shift key is held; by default a letter becomes a letter and a digit a
/// digit. nlpaug puts digits and marks into words unless told not to, and cuts the text at every
/// mark, to join it again with other spaces.
///
/// `kinds` adds the other errors that Damerau (1964) found to make up four in five misspellings: a
/// letter too many, one too few, two exchanged. Letters that are on no key of the layout are
/// substituted by none, but may be doubled, left out or exchanged.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn.
/// nlpaug's `aug_word_p = 0.3, aug_char_p = 0.3, min_char = 4` is
/// `rate = 0.3, characters = { rate = 0.3, shortest = 4 }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyboardTypo {
    /// How the keys are labelled.
    #[serde(default)]
    pub layout: KeyboardLayout,
    /// What errors are made, each equally likely where it can be: `"substitute"` hits a key beside
    /// the right one, `"insert"` hits it as well, `"double"` hits the right one twice, `"delete"`
    /// misses it, `"swap"` exchanges two letters.
    #[serde(default = "default_kinds")]
    pub kinds: Vec<Typo>,
    /// Whether a digit may come of a letter, and a letter of a digit.
    #[serde(default)]
    pub digits: bool,
    /// Whether marks, such as `;` and `[`, may come of letters and digits.
    #[serde(default)]
    pub marks: bool,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::few")]
    pub characters: CharacterOptions,
}

/// A layout of the keyboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyboardLayout {
    /// English.
    #[default]
    Qwerty,
    /// German.
    Qwertz,
    /// French.
    Azerty,
}

/// A kind of typing error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Typo {
    /// A key beside the right one.
    Substitute,
    /// A key beside the right one as well.
    Insert,
    /// The right key twice.
    Double,
    /// The key is missed.
    Delete,
    /// Two keys in the wrong order.
    Swap,
}

fn default_kinds() -> Vec<Typo> {
    vec![Typo::Substitute]
}

impl KeyboardTypo {
    fn keyboard(&self) -> Keyboard {
        let layout = match self.layout {
            KeyboardLayout::Qwerty => Layout::Qwerty,
            KeyboardLayout::Qwertz => Layout::Qwertz,
            KeyboardLayout::Azerty => Layout::Azerty,
        };
        Keyboard::new(layout, |from, to| {
            let is_digit = |c: char| c.is_ascii_digit();
            if to.is_alphabetic() || is_digit(to) {
                is_digit(from) == is_digit(to) || self.digits
            } else {
                self.marks
            }
        })
    }
}

impl TextOperatorConfig for KeyboardTypo {
    const NAME: &'static str = "keyboard_typo";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let mut problems = self.characters.validate();
        problems.extend(check_kinds(&self.kinds, "substitute"));
        problems
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let typing = Typing {
            keyboard: self.keyboard(),
            kinds: self.kinds.clone(),
        };
        Ok(Box::new(Characters::new(
            typing,
            context.amount,
            &self.characters,
            0.1,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one, with a letter from a key beside its own",
                options: "",
                columns: &[],
                input: &["The film was shot in three weeks, and that shows."],
                output: &["The film was shot in thdee weeks, and that shows."],
            },
            Example {
                title: "All kinds of errors, on a German keyboard; the first letter is spared",
                options: "rate = 0.5\nlayout = \"qwertz\"\nkinds = [\"substitute\", \"insert\", \"double\", \"delete\", \"swap\"]\ncharacters = { first = false }",
                columns: &[],
                input: &["Übrigens: der Schluss ist ZU lang, finde ich"],
                output: &["Übrrigens: dedr Schluss ist ZUH lang, findee ich"],
            },
            Example {
                title: "As nlpaug by default: three words in ten, three characters in ten, digits and marks too",
                options: "rate = 0.3\nmax = 10\ndigits = true\nmarks = true\ncharacters = { rate = 0.3, max = 10, shortest = 4 }",
                columns: &[],
                input: &["The quick brown fox jumps over the lazy dog"],
                output: &["The qujcj brown fox jumps ober the ,azy dog"],
            },
            Example {
                title: "Letters that are on no key stay as they are",
                options: "rate = 1.0",
                columns: &[],
                input: &["東京 Привет"],
                output: &["東京 Привет"],
            },
        ]
    }
}

/// The errors of [`KeyboardTypo`].
struct Typing {
    keyboard: Keyboard,
    kinds: Vec<Typo>,
}

impl Typing {
    /// What comes of the keys beside the one for the character at `place`.
    fn beside(&self, word: &Spelling<'_>, place: usize) -> &[char] {
        word.single(place)
            .map_or(&[], |key| self.keyboard.neighbours(key))
    }

    /// Whether this error can be made at `place`, where a letter or a digit stands.
    fn can(&self, kind: Typo, word: &Spelling<'_>, place: usize) -> bool {
        match kind {
            Typo::Substitute | Typo::Insert => !self.beside(word, place).is_empty(),
            Typo::Double => word.single(place).is_some(),
            Typo::Delete => word.can_delete(),
            Typo::Swap => word.swappable(place).is_some(),
        }
    }

    /// The key that is hit as well as the one for the character at `place`, `after` it or before:
    /// in small letters, unless it comes among capitals.
    fn key(word: &Spelling<'_>, place: usize, after: bool) -> Option<char> {
        let key = word.single(place)?;
        let capital = word.is_among_capitals(place, after);
        Some(if capital { key } else { to_case(key, false) })
    }
}

impl CharacterEdit for Typing {
    const NOTHING: &'static str = "no word that could be mistyped";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        let mut kinds = self.kinds.iter();
        word.letter(place).is_some() && kinds.any(|kind| self.can(*kind, word, place))
    }

    fn is_context_free(&self) -> bool {
        // These two look at the whole word, and at the letters beside.
        !self.kinds.contains(&Typo::Delete) && !self.kinds.contains(&Typo::Swap)
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let kind = draw_kind(&self.kinds, random, |kind| self.can(kind, word, place));
        let mut buffer = [0; 4];
        match kind {
            Some(Typo::Substitute) => {
                let Some(hit) = random.choose(self.beside(word, place)) else {
                    return false;
                };
                word.replace(place, hit.encode_utf8(&mut buffer), edits);
                true
            }
            Some(Typo::Insert) => {
                let after = random.chance(0.5);
                let meant = Self::key(word, place, after);
                let beside = meant.map_or(&[][..], |meant| self.keyboard.neighbours(meant));
                let Some(hit) = random.choose(beside) else {
                    return false;
                };
                word.insert(place, after, hit.encode_utf8(&mut buffer), edits);
                true
            }
            Some(Typo::Double) => {
                let Some(key) = Self::key(word, place, true) else {
                    return false;
                };
                word.insert(place, true, key.encode_utf8(&mut buffer), edits);
                true
            }
            Some(Typo::Delete) => word.delete(place, edits),
            Some(Typo::Swap) => word.swap(place, edits),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_letters_unless_told() {
        let config = |options: &str| -> KeyboardTypo { serde_json::from_str(options).unwrap() };
        let beside = |options: &str, key: char| -> String {
            config(options).keyboard().neighbours(key).iter().collect()
        };
        assert_eq!(beside("{}", 'p'), "lo");
        assert_eq!(beside("{}", '3'), "24");
        assert_eq!(beside(r#"{"digits": true}"#, 'p'), "0lo");
        assert_eq!(beside(r#"{"digits": true}"#, '3'), "24ew");
        assert_eq!(beside(r#"{"marks": true}"#, 'p'), "-;[lo");
        assert_eq!(beside(r#"{"layout": "azerty"}"#, 'e'), "drsz");
    }

    #[test]
    fn no_kind_at_all_is_a_problem() {
        let config: KeyboardTypo = serde_json::from_str(r#"{"kinds": []}"#).unwrap();
        let problems = config.validate();
        assert_eq!(
            problems.first().map(|problem| &*problem.option),
            Some("kinds")
        );
    }
}
