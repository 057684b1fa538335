//! Capitals and small letters.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::characters::CharacterOptions;
use crate::prelude::*;
use crate::text::{Graphemes, sentences};

/// Puts words in capitals, in small letters, or in a mixture.
///
/// This is AugLy's `ChangeCase` and the case perturbations of NL-Augmenter. `"lower"`, `"upper"`
/// and `"swap"` do what they say; `"title"` gives each word a capital and makes the rest of it
/// small; `"sentence"` does so to the first word of each sentence, and the other words become small
/// (but not the English `I`); `"random"` tosses a coin for each letter.
///
/// Letters follow Unicode: `ß` becomes `SS`, in a title `Ss`; `Σ` at the end of a word becomes `ς`.
/// What depends on the language is not done: `i` becomes `I` in Turkish, too. In `don't` the letter
/// after the apostrophe stays small, which the `title` of Python gets wrong.
///
/// `rate`, `min` and `max` count words, by default all; `characters` says how many characters of
/// each word drawn, by default all whose case would change. NL-Augmenter's random capitals are
/// `mode = "upper", characters = { rate = 0.1 }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseChange {
    /// What words become: `"lower"`, `"upper"`, `"title"`, `"sentence"`, `"swap"` or `"random"`.
    pub mode: CaseMode,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::all")]
    pub characters: CharacterOptions,
}

/// What words become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseMode {
    /// `word`.
    Lower,
    /// `WORD`.
    Upper,
    /// `Word`.
    Title,
    /// `Word` at the start of a sentence, else `word`.
    Sentence,
    /// `wORD` for `Word`.
    Swap,
    /// `wORd`, `WoRD`.
    Random,
}

impl TextOperatorConfig for CaseChange {
    const NAME: &'static str = "case";
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn validate(&self) -> Vec<Problem> {
        self.characters.validate()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Casing {
            mode: self.mode,
            words: context.amount,
            characters: self.characters.amount(1.0),
            options: self.characters.clone(),
            drawn: Places::default(),
            places: Places::default(),
            sentences: Vec::new(),
            graphemes: Graphemes::default(),
            changes: Vec::new(),
            new: String::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Half of the words in mixed case",
                options: "mode = \"random\"\nrate = 0.5",
                columns: &[],
                input: &["The film was shot in three weeks"],
                output: &["The film was shOT IN tHREE weeKS"],
            },
            Example {
                title: "Sentences start with a capital, and have no other",
                options: "mode = \"sentence\"",
                columns: &[],
                input: &["THIS IS LOUD! and so am I. \"why?\" HE ASKED."],
                output: &["This is loud! and so am I. \"why?\" He asked."],
            },
            Example {
                title: "A title, in which function words stay as they are",
                options: "mode = \"title\"\nstop_words = \"english\"",
                columns: &[],
                input: &["the lord of the rings, a NEW copy", "ǆungla"],
                output: &["the Lord of the Rings, a New Copy", "ǅungla"],
            },
            Example {
                title: "Capitals by the rules of Unicode; a text in capitals stays",
                options: "mode = \"upper\"",
                columns: &[],
                input: &["Die Straße, ο δρόμος", "LOUD"],
                output: &["DIE STRASSE, Ο ΔΡΌΜΟΣ", "LOUD"],
            },
        ]
    }
}

/// One character that is to change.
#[derive(Debug)]
struct Change {
    place: usize,
    /// Where what it becomes stands among all that is new in the word.
    new: Range<usize>,
}

/// The operator behind [`CaseChange`].
struct Casing {
    mode: CaseMode,
    words: Amount,
    characters: Amount,
    options: CharacterOptions,
    drawn: Places,
    places: Places,
    sentences: Vec<Word>,
    graphemes: Graphemes,
    changes: Vec<Change>,
    /// What the characters of a word become, one after the other.
    new: String,
}

impl Casing {
    /// Collects the characters of a word that would change.
    fn find_changes(&mut self, text: &Text<'_>, word: Word, random: &mut Random) {
        self.changes.clear();
        self.new.clear();
        let mode = match self.mode {
            CaseMode::Sentence if starts_sentence(text.as_str(), word, &self.sentences) => {
                CaseMode::Title
            }
            CaseMode::Sentence if is_first_person(text.word(word)) => return,
            CaseMode::Sentence => CaseMode::Lower,
            mode => mode,
        };
        self.graphemes.find(text.as_str(), word.range());
        let length = self.graphemes.len();
        for place in self.options.places(length) {
            let span = self.graphemes.span(place);
            let old = text.as_str().get(span).unwrap_or_default();
            let form = match mode {
                CaseMode::Upper => Form::Upper,
                CaseMode::Title if place == 0 => Form::Title,
                CaseMode::Lower | CaseMode::Title | CaseMode::Sentence => Form::Lower,
                CaseMode::Swap => Form::other_than(old),
                CaseMode::Random if random.chance(0.5) => Form::other_than(old),
                CaseMode::Random => continue,
            };
            let start = self.new.len();
            // One byte is ASCII, and most characters are.
            if let [letter] = old.as_bytes() {
                let new = form.of_ascii(*letter);
                if new != *letter {
                    self.new.push(char::from(new));
                    let new = start..self.new.len();
                    self.changes.push(Change { place, new });
                }
                continue;
            }
            let ends_word = place > 0 && place + 1 == length;
            form.append(old, ends_word, &mut self.new);
            if self.new.get(start..) == Some(old) {
                self.new.truncate(start);
            } else {
                self.changes.push(Change {
                    place,
                    new: start..self.new.len(),
                });
            }
        }
    }

    /// Edits one word; answers false where nothing of it would change.
    fn edit_word(
        &mut self,
        text: &Text<'_>,
        word: Word,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        self.find_changes(text, word, random);
        let wanted = self.characters.of(self.changes.len());
        let drawn = self.places.sample(self.changes.len(), wanted, random);
        let mut drawn = drawn
            .iter()
            .filter_map(|place| self.changes.get(*place as usize))
            .peekable();
        // Characters beside each other make one edit.
        while let Some(first) = drawn.next() {
            let (mut last, mut new) = (first.place, first.new.clone());
            while let Some(next) =
                drawn.next_if(|next| next.place == last + 1 && next.new.start == new.end)
            {
                (last, new.end) = (next.place, next.new.end);
            }
            let span = self.graphemes.span(first.place).start..self.graphemes.span(last).end;
            edits.replace(span, self.new.get(new).unwrap_or_default());
        }
        !self.changes.is_empty()
    }
}

impl TextOperator for Casing {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let mut wanted = self.words.of(words.len());
        if wanted == 0 && !words.is_empty() {
            return Outcome::Edited;
        }
        if self.mode == CaseMode::Sentence {
            self.sentences.clear();
            sentences(text.as_str(), text.protected(), &mut self.sentences);
        }
        if wanted == words.len() {
            for word in words {
                self.edit_word(text, word, random, edits);
            }
        } else {
            self.drawn.reset(words.len());
            while wanted > 0
                && let Some(place) = self.drawn.draw(random)
                && let Some(word) = words.get(place)
            {
                wanted -= usize::from(self.edit_word(text, word, random, edits));
            }
        }
        if edits.is_empty() {
            Outcome::Unchanged("no letter of another case")
        } else {
            Outcome::Edited
        }
    }
}

/// Whether `word` is the first of one of the `sentences` of `text`.
fn starts_sentence(text: &str, word: Word, sentences: &[Word]) -> bool {
    let after = sentences.partition_point(|sentence| sentence.start <= word.start);
    let sentence = after.checked_sub(1).and_then(|last| sentences.get(last));
    sentence.is_none_or(|sentence| {
        let before = text.get(sentence.range().start..word.range().start);
        !before.unwrap_or_default().contains(char::is_alphanumeric)
    })
}

/// Whether `word` is the English `I`, or begins with it as `I'm` does.
fn is_first_person(word: &str) -> bool {
    word == "I" || word.starts_with("I'") || word.starts_with("I’")
}

/// What a character becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lower,
    Upper,
    Title,
}

impl Form {
    /// The one that `character` does not have.
    fn other_than(character: &str) -> Self {
        if character.chars().any(char::is_uppercase) {
            Self::Lower
        } else {
            Self::Upper
        }
    }

    /// `letter`, which is ASCII, in this form.
    fn of_ascii(self, letter: u8) -> u8 {
        match self {
            Self::Lower => letter.to_ascii_lowercase(),
            Self::Upper | Self::Title => letter.to_ascii_uppercase(),
        }
    }

    /// Appends `character` in this form to `into`.
    fn append(self, character: &str, ends_word: bool, into: &mut String) {
        for letter in character.chars() {
            match self {
                Self::Lower if letter == 'Σ' && ends_word => into.push('ς'),
                Self::Lower => into.extend(letter.to_lowercase()),
                Self::Upper => into.extend(letter.to_uppercase()),
                Self::Title => append_title(letter, into),
            }
        }
    }
}

/// Appends `letter` as it begins a title: `Ss` for `ß`, `ǅ` for `ǆ`.
fn append_title(letter: char, into: &mut String) {
    match letter {
        'Ǆ' | 'ǅ' | 'ǆ' => into.push('ǅ'),
        'Ǉ' | 'ǈ' | 'ǉ' => into.push('ǈ'),
        'Ǌ' | 'ǋ' | 'ǌ' => into.push('ǋ'),
        'Ǳ' | 'ǲ' | 'ǳ' => into.push('ǲ'),
        letter => {
            let mut capitals = letter.to_uppercase();
            into.extend(capitals.next());
            into.extend(capitals.flat_map(char::to_lowercase));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_change_as_unicode_has_it() {
        for (character, form, ends_word, new) in [
            ("ß", Form::Upper, false, "SS"),
            ("ß", Form::Title, false, "Ss"),
            ("ﬁ", Form::Title, false, "Fi"),
            ("ǆ", Form::Title, false, "ǅ"),
            ("Σ", Form::Lower, false, "σ"),
            ("Σ", Form::Lower, true, "ς"),
            ("e\u{301}", Form::Upper, false, "E\u{301}"),
            ("7", Form::Upper, false, "7"),
            ("東", Form::Lower, false, "東"),
        ] {
            let mut into = String::new();
            form.append(character, ends_word, &mut into);
            assert_eq!(into, new, "{character} {form:?}");
        }
        assert_eq!(Form::other_than("é"), Form::Upper);
        assert_eq!(Form::other_than("É"), Form::Lower);
    }

    #[test]
    fn the_first_word_of_a_sentence_is_known() {
        let text = "«Oh, no!» he said. Then left";
        let mut spans = Vec::new();
        sentences(text, &[], &mut spans);
        let starts = |word: &str| {
            let start = text.find(word).unwrap();
            starts_sentence(text, Word::new(start, start + word.len()), &spans)
        };
        assert!(starts("Oh") && starts("Then"));
        assert!(!starts("no") && !starts("said") && !starts("left"));
        assert!(is_first_person("I'm") && !is_first_person("It"));
    }
}
