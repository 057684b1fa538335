//! Added tokens, special ones first of all, that are written out in a text.
//!
//! They are found before sentencepiece sees the text, as `PreTrainedTokenizer.tokenize` of
//! transformers does: the leftmost first, of several the longest.

use std::borrow::Cow;

use super::python::{trim_end, trim_start};
use super::trie::{Entry, Trie};

/// A token to look for.
#[derive(Debug, Clone)]
pub(super) struct Added {
    pub(super) content: String,
    pub(super) id: u32,
    pub(super) lstrip: bool,
    pub(super) rstrip: bool,
    pub(super) single_word: bool,
}

/// The tokens to look for. The default is none.
#[derive(Debug, Default)]
pub(super) struct AddedTokens {
    tokens: Vec<Added>,
    trie: Trie,
    /// For each byte whether a token starts with it.
    starts: Vec<bool>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part<'a> {
    Text(Cow<'a, str>),
    /// A token, by its position.
    Token(usize),
}

impl AddedTokens {
    pub(super) fn new(tokens: Vec<Added>) -> Self {
        let mut starts = vec![false; 256];
        for token in &tokens {
            if let Some(first) = token.content.bytes().next()
                && let Some(starts) = starts.get_mut(usize::from(first))
            {
                *starts = true;
            }
        }
        let entries = (0..).zip(&tokens).map(|(position, token)| Entry {
            key: token.content.as_bytes(),
            value: position,
            score: 0.0,
        });
        Self {
            trie: Trie::new(entries.collect()),
            tokens,
            starts,
        }
    }

    /// Whether `text` holds a token. Texts rarely do.
    pub(super) fn occur_in(&self, text: &str) -> bool {
        self.next_in(text, 0).is_some()
    }

    /// Start, end and position of the first token in `text` at or behind `from`.
    fn next_in(&self, text: &str, from: usize) -> Option<(usize, usize, usize)> {
        let rest = text.as_bytes().get(from..)?;
        for (position, byte) in rest.iter().enumerate() {
            if self.starts.get(usize::from(*byte)) == Some(&true)
                && let Some((length, token)) = self.trie.longest(rest.get(position..)?)
            {
                let start = from + position;
                return Some((start, start + length, token as usize));
            }
        }
        None
    }

    /// Calls `token` with the id of each token in `text`, and `other` with what is between them.
    pub(super) fn split<S>(
        &self,
        text: &str,
        state: &mut S,
        token: impl Fn(&mut S, u32),
        other: impl Fn(&mut S, &str),
    ) {
        for part in self.parts(text) {
            match part {
                Part::Token(position) => {
                    if let Some(found) = self.tokens.get(position) {
                        token(state, found.id);
                    }
                }
                Part::Text(text) if text.is_empty() => {}
                Part::Text(text) => other(state, &text),
            }
        }
    }

    /// The tokens of `text` and what is between them, with white space as the tokens want it.
    fn parts<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut done = 0;
        let between = |parts: &mut Vec<Part<'a>>, start, end| {
            if let Some(text) = text.get(start..end)
                && !text.is_empty()
            {
                parts.push(Part::Text(Cow::Borrowed(text)));
            }
        };
        while let Some((start, end, token)) = self.next_in(text, done) {
            between(&mut parts, done, start);
            parts.push(Part::Token(token));
            done = end;
        }
        between(&mut parts, done, text.len());
        for position in 0..parts.len() {
            self.settle(&mut parts, position);
        }
        parts
    }

    /// Takes white space from the neighbours of the token at `position`, or makes it a part of one
    /// if it must be a word by itself and is not.
    fn settle(&self, parts: &mut [Part<'_>], position: usize) {
        let (before, rest) = parts.split_at_mut(position);
        let Some((this, after)) = rest.split_first_mut() else {
            return;
        };
        let Part::Token(number) = *this else {
            return;
        };
        let Some(token) = self.tokens.get(number) else {
            return;
        };
        let mut left = before.last_mut();
        let mut right = after.first_mut();
        // Whether a space, or nothing at all, was there before white space was taken away.
        let crowded_left = left
            .as_deref()
            .is_some_and(|left| !self.ends_with_space(left));
        let crowded_right = right
            .as_deref()
            .is_some_and(|right| !self.starts_with_space(right));
        if token.rstrip
            && let Some(Part::Text(text)) = right.as_deref_mut()
        {
            *text = Cow::Owned(trim_start(text).to_owned());
        }
        if token.lstrip
            && let Some(Part::Text(text)) = left.as_deref_mut()
        {
            *text = Cow::Owned(trim_end(text).to_owned());
        }
        if !token.single_word {
            return;
        }
        if crowded_left && let Some(left) = left {
            *left = Part::Text(Cow::Owned(self.spelling(left) + &token.content));
            *this = Part::Text(Cow::Borrowed(""));
        } else if crowded_right && let Some(right) = right {
            *right = Part::Text(Cow::Owned(token.content.clone() + &self.spelling(right)));
            *this = Part::Text(Cow::Borrowed(""));
        }
    }

    fn spelling(&self, part: &Part<'_>) -> String {
        match part {
            Part::Text(text) => text.clone().into_owned(),
            Part::Token(position) => {
                let token = self.tokens.get(*position);
                token.map_or_else(String::new, |token| token.content.clone())
            }
        }
    }

    /// Whether the part ends with a space, or is empty.
    fn ends_with_space(&self, part: &Part<'_>) -> bool {
        let text = self.spelling(part);
        text.is_empty() || text.ends_with(' ')
    }

    /// Whether the part starts with a space, or is empty.
    fn starts_with_space(&self, part: &Part<'_>) -> bool {
        let text = self.spelling(part);
        text.is_empty() || text.starts_with(' ')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(tokens: &[(&str, &str)]) -> AddedTokens {
        let tokens = (0..).zip(tokens).map(|(id, (content, flags))| Added {
            content: (*content).to_owned(),
            id,
            lstrip: flags.contains('l'),
            rstrip: flags.contains('r'),
            single_word: flags.contains('w'),
        });
        AddedTokens::new(tokens.collect())
    }

    fn split(tokens: &[(&str, &str)], text: &str) -> Vec<String> {
        let mut found = Vec::new();
        added(tokens).split(
            text,
            &mut found,
            |found, id| found.push(format!("#{id}")),
            |found, text| found.push(text.to_owned()),
        );
        found
    }

    #[test]
    fn the_leftmost_and_longest_token_is_found() {
        let tokens = [("<a>", ""), ("<a><b>", ""), ("b><", "")];
        assert_eq!(split(&tokens, "x<a>y"), ["x", "#0", "y"]);
        assert_eq!(split(&tokens, "<a><b><a>"), ["#1", "#0"]);
        assert_eq!(split(&tokens, "<b><a>"), ["<", "#2", "a>"]);
        assert_eq!(split(&tokens, ""), Vec::<String>::new());
        assert!(!added(&tokens).occur_in("<a <b> \u{e4}"));
        assert!(added(&tokens).occur_in("\u{e4}<a>"));
        assert!(!AddedTokens::default().occur_in("<a>"));
    }

    #[test]
    fn white_space_goes_where_a_token_says_so() {
        assert_eq!(split(&[("<a>", "l")], "x \u{1c}<a> y"), ["x", "#0", " y"]);
        assert_eq!(split(&[("<a>", "r")], "x <a> \u{3000}y"), ["x ", "#0", "y"]);
        assert_eq!(split(&[("<a>", "lr")], " <a> "), ["#0"]);
    }

    #[test]
    fn a_token_that_must_be_a_word_is_text_elsewhere() {
        assert_eq!(split(&[("<a>", "w")], "x <a> y"), ["x ", "#0", " y"]);
        assert_eq!(split(&[("<a>", "w")], "x<a> y"), ["x<a>", " y"]);
        assert_eq!(split(&[("<a>", "w")], "x <a>y"), ["x ", "<a>y"]);
        assert_eq!(split(&[("<a>", "w")], "<a>"), ["#0"]);
    }
}
