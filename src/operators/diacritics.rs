//! Accents and other marks on letters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::characters::{CharacterEdit, CharacterOptions, Characters, Spelling, to_case};
use crate::prelude::*;

/// Letters that Unicode does not take for a letter and a mark, though they look it.
const STRUCK: [(char, char); 16] = [
    ('Ø', 'O'),
    ('ø', 'o'),
    ('Đ', 'D'),
    ('đ', 'd'),
    ('Ħ', 'H'),
    ('ħ', 'h'),
    ('ı', 'i'),
    ('Ł', 'L'),
    ('ł', 'l'),
    ('Ŧ', 'T'),
    ('ŧ', 't'),
    ('Ƀ', 'B'),
    ('ƀ', 'b'),
    ('Ɨ', 'I'),
    ('Ƶ', 'Z'),
    ('ƶ', 'z'),
];

/// Small letters, and the same with the marks that languages put on them.
const MARKED: [(char, &str); 18] = [
    ('a', "àáâãäå"),
    ('c', "çč"),
    ('e', "èéêë"),
    ('i', "ìíîï"),
    ('n', "ñ"),
    ('o', "òóôõö"),
    ('s', "š"),
    ('u', "ùúûü"),
    ('y', "ýÿ"),
    ('z', "ž"),
    ('α', "ά"),
    ('ε', "έ"),
    ('η', "ή"),
    ('ι', "ί"),
    ('ο', "ό"),
    ('υ', "ύ"),
    ('ω', "ώ"),
    ('е', "ё"),
];

/// Takes the marks off letters, as in `cafe` for `café`, or puts some on.
///
/// `mode = "remove"` is the diacritic removal of NL-Augmenter. Marks go from Latin and Greek
/// letters, with the strokes of `ø đ ħ ł ŧ` and the like, which Unicode does not take for marks; so
/// do the points of Hebrew and the vowel signs of Arabic. In Cyrillic, where marks make other
/// letters, only `ё` becomes `е`, and stress marks go: `й` and `ї` stay, and so do the signs of
/// Indian scripts, of Thai and of kana. `æ`, `œ` and `ß` are letters without a mark. The rest of
/// the text keeps its form: nothing is normalised.
///
/// `mode = "add"` puts a mark that some language has on vowels and on `c n s z`.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diacritics {
    /// Whether marks are taken off, `"remove"`, or put on, `"add"`.
    #[serde(default)]
    pub mode: DiacriticsMode,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text: without a `rate`, all when marks are taken off, one in
    /// ten when they are put on; `first = false` and `last = false` spare the first and the last;
    /// words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::unsaid")]
    pub characters: CharacterOptions,
}

/// What becomes of marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiacriticsMode {
    /// They go.
    #[default]
    Remove,
    /// There are more of them.
    Add,
}

impl TextOperatorConfig for Diacritics {
    const NAME: &'static str = "diacritics";
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn validate(&self) -> Vec<Problem> {
        self.characters.validate()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let (words, options) = (context.amount, &self.characters);
        Ok(match self.mode {
            DiacriticsMode::Remove => Box::new(Characters::new(Removal, words, options, 1.0)),
            DiacriticsMode::Add => Box::new(Characters::new(Addition, words, options, 0.1)),
        })
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "All marks go, whichever way they are written",
                options: "",
                columns: &[],
                input: &[
                    "Żółty café, naïve Übung, smo\u{308}rga\u{30a}sbord",
                    "Ёлка и чай",
                ],
                output: &["Zolty cafe, naive Ubung, smorgasbord", "Елка и чай"],
            },
            Example {
                title: "Marks are put on every third word",
                options: "mode = \"add\"\nrate = 0.3",
                columns: &[],
                input: &["The house on the hill was SOLD again"],
                output: &["The house ön the híll was SOLD again"],
            },
            Example {
                title: "Where there is no mark nothing goes",
                options: "",
                columns: &[],
                input: &["Straße"],
                output: &["Straße"],
            },
        ]
    }
}

/// Takes marks off.
struct Removal;

/// The letter without its stroke, if it has one.
fn without_stroke(letter: char) -> Option<char> {
    let mut all = STRUCK.iter();
    all.find(|(struck, _)| *struck == letter)
        .map(|(_, plain)| *plain)
}

/// Whether `mark` is one that goes from `base`, of canonically decomposed text.
fn goes(mark: char, base: char) -> bool {
    match mark {
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' => match base {
            // Of a letter and a mark come letters of their own: only stress and `ё` are marks.
            'Ѐ'..='ԯ' => match mark {
                '\u{300}' | '\u{301}' => !matches!(base, 'г' | 'Г' | 'к' | 'К'),
                '\u{308}' => matches!(base, 'е' | 'Е'),
                _ => false,
            },
            _ => true,
        },
        // Points and accents of Hebrew, vowel signs of Arabic.
        _ => matches!(
            mark,
            '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{5c7}'
                | '\u{64b}'..='\u{652}' | '\u{670}'
        ),
    }
}

/// The code points of `character` without the marks that go, composed where they can be.
fn stripped(character: &str) -> impl Iterator<Item = char> {
    let mut base = '\0';
    let kept = character.nfd().filter(move |c| {
        let mark = unicode_normalization::char::is_combining_mark(*c);
        if !mark {
            base = *c;
        }
        !(mark && goes(*c, base))
    });
    kept.map(|c| without_stroke(c).unwrap_or(c)).nfc()
}

/// Whether there is a mark on `character` that goes.
fn is_marked(character: &str) -> bool {
    if character.is_ascii() {
        return false;
    }
    let mut base = '\0';
    character.nfd().any(|c| {
        let mark = unicode_normalization::char::is_combining_mark(c);
        if !mark {
            base = c;
        }
        mark && goes(c, base) || without_stroke(c).is_some()
    })
}

impl CharacterEdit for Removal {
    const NOTHING: &'static str = "no letter with a mark";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        is_marked(word.character(place))
    }

    fn is_context_free(&self) -> bool {
        true
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        _: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        word.take(place);
        let before = edits.len();
        edits.replace_if(word.span(place), |new| {
            let start = new.len();
            new.extend(stripped(word.character(place)));
            new.len() > start
        });
        edits.len() > before
    }
}

/// Puts marks on.
struct Addition;

/// The forms of `letter` with a mark, in small letters.
fn marked(letter: char) -> &'static str {
    let small = to_case(letter, false);
    let mut all = MARKED.iter();
    all.find(|(plain, _)| *plain == small)
        .map_or("", |(_, marked)| marked)
}

impl CharacterEdit for Addition {
    const NOTHING: &'static str = "no letter that takes a mark";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        word.single(place)
            .is_some_and(|letter| !marked(letter).is_empty())
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
        let Some(letter) = word.single(place) else {
            return false;
        };
        let forms = marked(letter);
        let Some(new) = forms.chars().nth(random.below(forms.chars().count())) else {
            return false;
        };
        let new = to_case(new, letter.is_uppercase());
        word.replace(place, new.encode_utf8(&mut [0; 4]), edits);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(character: &str) -> String {
        stripped(character).collect()
    }

    #[test]
    fn marks_go_and_letters_of_their_own_stay() {
        for (character, plain) in [
            ("é", "e"),
            ("e\u{301}", "e"),
            ("ế", "e"),
            ("Ł", "L"),
            ("ǿ", "o"),
            ("ё", "е"),
            ("а\u{301}", "а"),
            ("ΐ", "ι"),
            ("ש\u{5c1}\u{5b8}", "ש"),
            ("م\u{64f}", "م"),
        ] {
            assert!(is_marked(character), "{character}");
            assert_eq!(strip(character), plain, "{character}");
        }
        for character in ["a", "ß", "æ", "й", "ї", "ќ", "が", "한", "कि", "ที่", "أ"]
        {
            assert!(!is_marked(character), "{character}");
            assert_eq!(strip(character), character);
        }
    }

    #[test]
    fn what_is_put_on_can_be_taken_off() {
        for (plain, forms) in MARKED {
            for form in forms.chars() {
                assert_eq!(strip(&form.to_string()), plain.to_string());
                assert_ne!(to_case(form, true), form);
            }
        }
    }
}
