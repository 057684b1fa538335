//! Misspellings as people make them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drawn::edit_drawn;
use crate::prelude::*;
use crate::text::Case;
use crate::text::misspellings::{Misspellings, Patterns, Wrong};

/// The longest word, in bytes, that is misspelled.
const LONGEST: usize = 32;

/// Misspells words as people do, who know how a word sounds and not how it is written.
///
/// This is `SpellingAug` of nlpaug, with a list of our own and more than a list: three kinds of
/// errors. `listed`: common misspellings of some 800 words ("definately"), also
/// with an ending ("seperated"). `confused`: words taken for one another ("their" and "there",
/// "could of", "alot"). `patterns`: rules for all other words, such as *ie* and *ei*, one consonant
/// for two, -ance and -ence, silent letters, a forgotten apostrophe. A word that is in a list is
/// misspelled as the lists say, each way equally likely. Words are drawn until as many as `rate`
/// comes to could be misspelled. Capitals stay; names and words of mixed case are left alone. It
/// knows English only: see `languages`. Slips of the finger are another thing: see `keyboard_typo`.
/// With a list of your own use `dictionary_replacement`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpellingError {
    /// The kinds of errors that are made.
    #[serde(default = "all_kinds")]
    pub kinds: Vec<SpellingErrorKind>,
}

/// A kind of misspelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpellingErrorKind {
    /// Common misspellings of single words.
    Listed,
    /// Words and phrases taken for one another.
    Confused,
    /// What the rules make of other words.
    Patterns,
}

fn all_kinds() -> Vec<SpellingErrorKind> {
    vec![
        SpellingErrorKind::Listed,
        SpellingErrorKind::Confused,
        SpellingErrorKind::Patterns,
    ]
}

impl TextOperatorConfig for SpellingError {
    const NAME: &'static str = "spelling_error";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let none = self.kinds.is_empty().then(|| {
            Problem::new(
                "kinds",
                "`kinds` is empty: no error is ever made",
                "leave it out for all kinds, or name some of `listed`, `confused`, `patterns`",
            )
        });
        none.into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let makes = |kind| self.kinds.contains(&kind);
        Ok(Box::new(Speller {
            amount: context.amount,
            listed: makes(SpellingErrorKind::Listed),
            confused: makes(SpellingErrorKind::Confused),
            patterns: makes(SpellingErrorKind::Patterns).then(Patterns::default),
            lists: Misspellings::english(),
            places: Places::default(),
            lower: String::new(),
            phrase: String::new(),
            wrong: String::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                columns: &[],
                input: &[
                    "I received their letter yesterday, and I believe it was definitely sincere.",
                ],
                output: &[
                    "I received their letter yesterday, and I believe it was defiantly sincere.",
                ],
            },
            Example {
                title: "Every word that can be misspelled; capitals stay",
                options: "rate = 1.0",
                columns: &[],
                input: &[
                    "They could have GONE there, but their FRIEND doesn't like running a lot.",
                ],
                output: &["They could of GONE their, but there FREIND doesnt like runing alot."],
            },
            Example {
                title: "Only words taken for one another, and none where there is no such word",
                options: "rate = 1.0\nkinds = [\"confused\"]",
                columns: &[],
                input: &["It’s too late for you to know.", "Nobody came."],
                output: &["Its to late for you to no.", "Nobody came."],
            },
        ]
    }
}

/// The operator behind [`SpellingError`].
struct Speller {
    amount: Amount,
    listed: bool,
    confused: bool,
    patterns: Option<Patterns>,
    lists: &'static Misspellings,
    places: Places,
    /// The word in lower case.
    lower: String,
    /// The word and the one before it.
    phrase: String,
    /// The misspelling in lower case.
    wrong: String,
}

impl TextOperator for Speller {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        // Lent out, so that the rest of the operator can be used meanwhile.
        let mut places = std::mem::take(&mut self.places);
        let outcome = edit_drawn(
            text,
            self.amount,
            &mut places,
            random,
            edits,
            "no word to misspell",
            |place, _, random, edits| self.misspell(text, place, random, edits),
        );
        self.places = places;
        outcome
    }
}

impl Speller {
    /// Misspells the word at `place`; answers whether it could.
    fn misspell(
        &mut self,
        text: &Text<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let Some((before, word)) = text.words().get_with_previous(place) else {
            return false;
        };
        let spelling = text.word(word);
        let case = Case::of(spelling);
        if case == Case::Mixed || !lower_case(spelling, &mut self.lower) {
            return false;
        }
        let (listed, ending) = self.listed();
        let confused = self.confused();
        let phrase = self.confused_phrase(text, before, word);
        let drawn = random.below(listed.len() + confused.len() + phrase.len());
        self.wrong.clear();
        let mut start = word.range().start;
        if let Some(wrong) = listed.get(drawn) {
            self.wrong.push_str(wrong);
            self.wrong
                .push_str(self.lower.get(ending..).unwrap_or_default());
        } else if let Some(wrong) = confused.get(drawn.saturating_sub(listed.len())) {
            self.wrong.push_str(wrong);
        } else if let Some(wrong) = phrase.get(drawn.saturating_sub(listed.len() + confused.len()))
            && let Some(before) = before
        {
            // The first word stays: "could of".
            let first = before.range().len();
            self.wrong.push_str(wrong.get(first..).unwrap_or_default());
            start = before.range().end;
        } else if text.may_be_name(word)
            || !self
                .patterns
                .as_mut()
                .is_some_and(|patterns| patterns.draw(&self.lower, random, &mut self.wrong))
        {
            return false;
        }
        let typographic = spelling.contains('’');
        edits.replace_if(start..word.range().end, |new| {
            write(&self.wrong, case, typographic, new);
            true
        });
        true
    }

    /// Misspellings of the word, and where in it the ending starts that they lack.
    fn listed(&self) -> (Wrong, usize) {
        let whole = (Wrong::default(), self.lower.len());
        if !self.listed {
            return whole;
        }
        let wrong = self.lists.listed(&self.lower);
        if !wrong.is_empty() {
            return (wrong, self.lower.len());
        }
        let stem = self.lists.listed_stem(&self.lower);
        stem.map_or(whole, |(wrong, ending)| {
            (wrong, self.lower.len() - ending.len())
        })
    }

    fn confused(&self) -> Wrong {
        if self.confused {
            self.lists.confused(&self.lower)
        } else {
            Wrong::default()
        }
    }

    /// What the word is taken for after the word `before`, if one space parts them.
    fn confused_phrase(&mut self, text: &Text<'_>, before: Option<Word>, word: Word) -> Wrong {
        let Some(before) = before.filter(|before| self.confused && before.end + 1 == word.start)
        else {
            return Wrong::default();
        };
        if !text.is_space(before.range().end..word.range().start)
            || !lower_case(text.word(before), &mut self.phrase)
        {
            return Wrong::default();
        }
        self.phrase.push(' ');
        self.phrase.push_str(&self.lower);
        self.lists.confused(&self.phrase)
    }
}

/// Puts `word` in lower case and with straight apostrophes into `into`, if it is a short word of
/// letters, hyphens and apostrophes.
fn lower_case(word: &str, into: &mut String) -> bool {
    into.clear();
    if word.len() > LONGEST {
        return false;
    }
    for letter in word.chars() {
        match letter {
            '’' => into.push('\''),
            '\'' | '-' => into.push(letter),
            _ if letter.is_ascii_alphabetic() => into.push(letter.to_ascii_lowercase()),
            _ => return false,
        }
    }
    true
}

/// Appends `wrong` in the case, and with the apostrophe, of the word that it stands for.
fn write(wrong: &str, case: Case, typographic: bool, into: &mut String) {
    let letters = wrong.trim_start_matches(' ');
    into.push_str(wrong.get(..wrong.len() - letters.len()).unwrap_or_default());
    match letters.split_once('\'').filter(|_| typographic) {
        Some((first, rest)) => {
            case.append(first, into);
            into.push('’');
            let rest_case = if case == Case::Upper {
                case
            } else {
                Case::Lower
            };
            rest_case.append(rest, into);
        }
        None => case.append(letters, into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_apostrophes_are_those_of_the_word() {
        for (wrong, case, typographic, written) in [
            ("they're", Case::Title, true, "They’re"),
            ("they're", Case::Upper, true, "THEY’RE"),
            ("they're", Case::Title, false, "They're"),
            (" of", Case::Lower, false, " of"),
            (" of", Case::Upper, false, " OF"),
            ("lot", Case::Lower, true, "lot"),
        ] {
            let mut new = String::new();
            write(wrong, case, typographic, &mut new);
            assert_eq!(new, written);
        }
    }

    #[test]
    fn only_short_words_of_letters_are_looked_up() {
        let mut lower = String::new();
        assert!(lower_case("Don’t", &mut lower) && lower == "don't");
        for word in ["naïve", "b2b", "a_b", &"a".repeat(33)] {
            assert!(!lower_case(word, &mut lower), "{word}");
        }
    }
}
