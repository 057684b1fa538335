//! Space between words and within them.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::characters::{check_kinds, draw_kind};
use super::drawn::edit_drawn;
use crate::prelude::*;
use crate::text::Graphemes;

/// Doubles, removes and inserts spaces.
///
/// This is the white space perturbation of NL-Augmenter and AugLy's `InsertWhitespaceChars`. Of
/// each word drawn, either the space before it changes or a space comes into it. Only spaces and
/// tabs are taken for space between words: line breaks are never removed, and come in only with
/// `"newline"`. Words that stand beside a URL or something else that is protected are not
/// joined to it. NL-Augmenter removes and inserts spaces anywhere, within URLs and numbers as well.
///
/// `rate`, `min` and `max` count words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Whitespace {
    /// What is done, each equally likely where it can be: `"double"` adds a space to the one before
    /// the word, `"remove"` joins the word to the one before, `"insert"` puts a space between two
    /// of its characters, `"tab"` and `"newline"` put a tab or a line break in place of the space
    /// before it.
    #[serde(default = "default_kinds")]
    pub kinds: Vec<SpaceChange>,
}

/// What becomes of space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpaceChange {
    /// There is one more.
    Double,
    /// It goes.
    Remove,
    /// There is one within the word.
    Insert,
    /// It becomes a tab.
    Tab,
    /// It becomes a line break.
    Newline,
}

fn default_kinds() -> Vec<SpaceChange> {
    use SpaceChange::{Double, Insert, Remove};
    vec![Double, Remove, Insert]
}

impl TextOperatorConfig for Whitespace {
    const NAME: &'static str = "whitespace";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        check_kinds(&self.kinds, "double").into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Spacing {
            kinds: self.kinds.clone(),
            amount: context.amount,
            places: Places::default(),
            characters: Graphemes::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Spaces come and go",
                options: "rate = 0.5",
                columns: &[],
                input: &["The film was shot in three weeks, see https://a.example/b\nfor more"],
                output: &["Th e film wa s shot  inthreeweeks, see https://a.example/b\nfor more"],
            },
            Example {
                title: "Tabs and line breaks in place of spaces",
                options: "rate = 0.4\nkinds = [\"tab\", \"newline\"]",
                columns: &[],
                input: &["The film was shot in three weeks"],
                output: &["The film\nwas\tshot\tin three weeks"],
            },
            Example {
                title: "A line break between words stays: there is no space to remove",
                options: "rate = 1.0\nkinds = [\"remove\"]",
                columns: &[],
                input: &["one\ntwo\nthree"],
                output: &["one\ntwo\nthree"],
            },
        ]
    }
}

/// The operator behind [`Whitespace`].
struct Spacing {
    kinds: Vec<SpaceChange>,
    amount: Amount,
    places: Places,
    characters: Graphemes,
}

impl Spacing {
    /// Edits one word or the space before it; answers false where there is nothing to edit.
    fn edit_word(
        &mut self,
        text: &Text<'_>,
        word: Word,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let gap = gap_before(text, word);
        self.characters.find(text.as_str(), word.range());
        // Places between two characters.
        let inner = self.characters.len().saturating_sub(1);
        let can = |kind| match kind {
            SpaceChange::Insert => inner > 0,
            SpaceChange::Double | SpaceChange::Newline => !gap.is_empty(),
            SpaceChange::Remove => !gap.is_empty() && !is_beside_protected(text, &gap),
            SpaceChange::Tab => !gap.is_empty() && text.as_str().get(gap.clone()) != Some("\t"),
        };
        match draw_kind(&self.kinds, random, can) {
            Some(SpaceChange::Insert) => {
                let place = random.below(inner);
                edits.insert(self.characters.span(place).end, " ");
            }
            Some(SpaceChange::Double) => edits.insert(gap.end, " "),
            Some(SpaceChange::Remove) => edits.delete(gap),
            Some(SpaceChange::Tab) => edits.replace(gap, "\t"),
            Some(SpaceChange::Newline) => edits.replace(gap, "\n"),
            None => return false,
        }
        true
    }
}

impl TextOperator for Spacing {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        // Lent out, so that the rest of the operator can be used meanwhile.
        let mut places = std::mem::take(&mut self.places);
        let outcome = edit_drawn(
            text,
            self.amount,
            &mut places,
            random,
            edits,
            "no space to edit",
            |_, word, random, edits| self.edit_word(text, word, random, edits),
        );
        self.places = places;
        outcome
    }
}

/// The spaces and tabs before `word`, if something stands before them on the same line.
fn gap_before(text: &Text<'_>, word: Word) -> Range<usize> {
    let end = word.range().start;
    let before = text.as_str().get(..end).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t']).len();
    let begins_line = before
        .get(..start)
        .is_none_or(|before| before.is_empty() || before.ends_with(['\n', '\r']));
    if begins_line { end..end } else { start..end }
}

/// Whether a protected span ends where `gap` begins, or begins where it ends.
fn is_beside_protected(text: &Text<'_>, gap: &Range<usize>) -> bool {
    let protected = text.protected();
    let next = protected.partition_point(|span| span.range().end < gap.start);
    let mut near = protected.get(next..).unwrap_or_default().iter();
    near.next()
        .is_some_and(|span| span.range().end == gap.start || span.range().start == gap.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Segmenter;

    #[test]
    fn only_space_within_a_line_and_away_from_links_is_removed() {
        let text = "  one  two\n\tthree, four https://a.b/c five";
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        let found: Vec<(&str, bool)> = view
            .words()
            .iter()
            .map(|word| {
                let gap = gap_before(&view, word);
                (&text[gap.clone()], is_beside_protected(&view, &gap))
            })
            .collect();
        let expected = [
            ("", false),
            ("  ", false),
            ("", false),
            (" ", false),
            (" ", true),
        ];
        assert_eq!(found, expected);
    }
}
