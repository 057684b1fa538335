//! Leet: letters written as digits and marks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::characters::{CharacterEdit, CharacterOptions, Characters, Spelling, to_case};
use crate::prelude::*;

/// What every reader of leet knows: digits that have the shape of the letter.
const LIGHT: [(char, &[&str]); 7] = [
    ('a', &["4"]),
    ('e', &["3"]),
    ('i', &["1"]),
    ('o', &["0"]),
    ('s', &["5"]),
    ('t', &["7"]),
    ('z', &["2"]),
];

/// More letters, and marks beside digits.
const STRONG: [(char, &[&str]); 12] = [
    ('a', &["4", "@"]),
    ('b', &["8"]),
    ('c', &["("]),
    ('e', &["3"]),
    ('g', &["6", "9"]),
    ('i', &["1", "!"]),
    ('l', &["1", "|"]),
    ('o', &["0"]),
    ('s', &["5", "$"]),
    ('t', &["7", "+"]),
    ('x', &["%"]),
    ('z', &["2"]),
];

/// Writes letters as digits and marks of their shape: `l33t`.
///
/// This is the leet of NL-Augmenter and of AugLy's `ReplaceSimilarChars`. By default `a e i o s t
/// z` become `4 3 1 0 5 7 2`, capitals as well; `strength = "strong"` adds `b c g l x` and marks
/// such as `@` and `$`; `map` gives a table of your own.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn,
/// by default all that the table has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Leet {
    /// Which table is used: `"light"` or `"strong"`.
    #[serde(default)]
    pub strength: Strength,
    /// A table in place of it: letters, and what each may be written as, for example
    /// `{ a = ["4", "@"], k = ["|<"] }`. A small letter stands for its capital, too.
    #[serde(default)]
    pub map: BTreeMap<String, Vec<String>>,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::all")]
    pub characters: CharacterOptions,
}

/// How much is written otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// Digits for the seven letters that everybody reads.
    #[default]
    Light,
    /// Digits and marks for more letters.
    Strong,
}

impl TextOperatorConfig for Leet {
    const NAME: &'static str = "leet";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let mut problems = self.characters.validate();
        for (letter, written) in &self.map {
            if letter.graphemes(true).count() != 1 {
                problems.push(Problem::new(
                    "map",
                    format!("`{letter}` is not one character"),
                    "give one letter for each entry, as in `map = { a = [\"4\"] }`",
                ));
            }
            if written.is_empty() || written.iter().any(|new| new.is_empty() || new == letter) {
                problems.push(Problem::new(
                    &format!("map.{letter}"),
                    format!("`{letter}` is written as nothing, or as itself"),
                    "list what it may be written as, as in `map = { a = [\"4\", \"@\"] }`",
                ));
            }
        }
        problems
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Characters::new(
            Writing::new(self),
            context.amount,
            &self.characters,
            1.0,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Every second word, with all its letters that have a digit",
                options: "rate = 0.5",
                columns: &[],
                input: &["Elite hackers write like this"],
                output: &["3l173 hackers wr173 l1k3 this"],
            },
            Example {
                title: "Stronger, but only half of the letters of each word",
                options: "rate = 1.0\nstrength = \"strong\"\ncharacters = { rate = 0.5 }",
                columns: &[],
                input: &["Elite hackers write like this"],
                output: &["El!73 h@(kers wr17e l!k3 th15"],
            },
            Example {
                title: "A table of one's own; words without its letters stay",
                options: "rate = 1.0\nmap = { k = [\"|<\"], o = [\"()\"] }",
                columns: &[],
                input: &["Look, a kite"],
                output: &["L()()|<, a |<ite"],
            },
        ]
    }
}

/// The edits of [`Leet`].
struct Writing {
    /// Characters, small letters where they have both cases, and what they may be written as;
    /// sorted.
    map: Vec<(String, Vec<String>)>,
}

impl Writing {
    fn new(config: &Leet) -> Self {
        let of = |table: &[(char, &[&str])]| -> Vec<(String, Vec<String>)> {
            let owned = |written: &[&str]| written.iter().map(|new| (*new).to_owned()).collect();
            table
                .iter()
                .map(|(letter, written)| (letter.to_string(), owned(written)))
                .collect()
        };
        let map = if config.map.is_empty() {
            of(match config.strength {
                Strength::Light => &LIGHT,
                Strength::Strong => &STRONG,
            })
        } else {
            config.map.clone().into_iter().collect()
        };
        Self { map }
    }

    /// What the character at `place` may be written as.
    fn written(&self, word: &Spelling<'_>, place: usize) -> &[String] {
        let character = word.character(place);
        let find = |key: &str| {
            self.map
                .binary_search_by(|(letter, _)| letter.as_str().cmp(key))
                .ok()
        };
        let small = || {
            let small = to_case(word.single(place)?, false);
            find(small.encode_utf8(&mut [0; 4]))
        };
        find(character)
            .or_else(small)
            .and_then(|found| self.map.get(found))
            .map_or(&[], |(_, written)| written)
    }
}

impl CharacterEdit for Writing {
    const NOTHING: &'static str = "no letter to write otherwise";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        !self.written(word, place).is_empty()
    }

    fn is_context_free(&self) -> bool {
        true
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let Some(new) = random.choose(self.written(word, place)) else {
            return false;
        };
        if new == word.character(place) {
            return false;
        }
        word.replace(place, new, edits);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order() {
        for table in [&LIGHT[..], &STRONG[..]] {
            assert!(table.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }

    #[test]
    fn a_table_that_says_nothing_is_refused() {
        let config = Leet {
            strength: Strength::Light,
            map: [
                ("ab".to_owned(), vec!["4".to_owned()]),
                ("e".to_owned(), vec![]),
                ("o".to_owned(), vec!["0".to_owned()]),
            ]
            .into(),
            characters: CharacterOptions::all(),
        };
        let problems = config.validate();
        let places: Vec<_> = problems.iter().map(|problem| &*problem.option).collect();
        assert_eq!(places, ["map", "map.e"]);
    }
}
