//! Texts without what makes no difference: case, punctuation, the number of spaces.

use regex::Regex;

use crate::prelude::OperatorError;
use crate::text::push_lower_case;

/// Brings texts into one form.
#[derive(Debug)]
pub(super) struct Normaliser {
    punctuation: Regex,
}

impl Normaliser {
    pub(super) fn new() -> Result<Self, OperatorError> {
        let punctuation = Regex::new(r"\p{P}");
        Ok(Self {
            punctuation: punctuation.map_err(|error| OperatorError::Other(error.to_string()))?,
        })
    }

    /// `text` in lower case, without punctuation, and with single spaces between words. What was in
    /// `into` is replaced.
    pub(super) fn normalise<'a>(&self, text: &str, into: &'a mut String) -> &'a str {
        into.clear();
        let mut word = String::new();
        for piece in text.split_whitespace() {
            word.clear();
            word.extend(piece.chars().filter(|c| !self.is_punctuation(*c)));
            if word.is_empty() {
                continue;
            }
            if !into.is_empty() {
                into.push(' ');
            }
            push_lower_case(&word, into);
        }
        into
    }

    fn is_punctuation(&self, character: char) -> bool {
        // Letters, which most characters are, need no search.
        !character.is_alphanumeric()
            && self
                .punctuation
                .is_match(character.encode_utf8(&mut [0; 4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_spaces_go_and_nothing_else() {
        let normaliser = Normaliser::new().unwrap();
        for (text, expected) in [
            ("  Hello,\tWORLD!\n", "hello world"),
            ("don't — «stop» …", "dont stop"),
            ("5 $ > 4 €", "5 $ > 4 €"),
            ("ΟΔΟΣ. Größe 東京。", "οδος größe 東京"),
            ("e\u{301} 😀!", "e\u{301} 😀"),
            ("?!", ""),
        ] {
            assert_eq!(normaliser.normalise(text, &mut "old".to_owned()), expected);
        }
    }
}
