//! Sentences that are left out.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::sentences;

/// Deletes sentences drawn at random.
///
/// As many go as `rate` comes to, but one at least is always left. A sentence with a protected span
/// in it, a URL or a template slot, is not eligible: it stays. Sentences take one of the gaps
/// around them along: that without a line break, if there is one, so that paragraphs and lists keep
/// their form; a gap that holds something protected, say `<br />`, stays. Where a sentence ends is
/// told by Unicode rules (UAX #29) and a list of abbreviations; each line break ends one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SentenceDeletion {}

impl TextOperatorConfig for SentenceDeletion {
    const NAME: &'static str = "sentence_deletion";
    const DEFAULTS: Defaults = Defaults::rate(0.2);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Deletion {
            amount: context.amount,
            sentences: Vec::new(),
            eligible: Vec::new(),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One sentence goes, with the space beside it",
                options: "",
                columns: &[],
                input: &[
                    "It rained. We stayed in.\n\nThe film was on, at 8 p.m. or so. Who cares?",
                ],
                output: &["It rained. We stayed in.\n\nWho cares?"],
            },
            Example {
                title: "Half of a list; its marks go along",
                options: "rate = 0.5",
                columns: &[],
                input: &["To buy:\n- milk\n- bread\n- tea"],
                output: &["- milk\n- tea"],
            },
            Example {
                title: "What holds something protected stays, and so does the last sentence",
                options: "rate = 1.0",
                columns: &[],
                input: &["Hello {name}! Good to see you. Bye.", "Alone.", "One. Two."],
                output: &["Hello {name}!", "Alone.", "Two."],
            },
        ]
    }
}

struct Deletion {
    amount: Amount,
    sentences: Vec<Word>,
    /// Places of the sentences that may go.
    eligible: Vec<u32>,
    places: Places,
}

/// The sentences of a text and what lies between them.
struct Layout<'a> {
    text: &'a Text<'a>,
    sentences: &'a [Word],
}

impl Layout<'_> {
    /// The gap before the sentence at `place`, unless the text begins or ends with it or it holds
    /// something protected: then it has to stay.
    fn gap(&self, place: usize) -> Option<Range<usize>> {
        let before = self.sentences.get(place.checked_sub(1)?)?;
        let gap = Word {
            start: before.end,
            end: self.sentences.get(place)?.start,
        };
        (!is_protected(self.text, gap)).then(|| gap.range())
    }

    fn breaks_line(&self, gap: &Range<usize>) -> bool {
        let gap = self.text.as_str().get(gap.clone()).unwrap_or_default();
        gap.contains(['\n', '\r'])
    }

    /// Whether nothing but space stands before `start`.
    fn begins_text(&self, start: usize) -> bool {
        let before = self.text.as_str().get(..start).unwrap_or_default();
        before.trim_end().is_empty()
    }

    /// Where the space ends with which `gap` begins.
    fn line_after(&self, gap: &Range<usize>) -> usize {
        let between = self.text.as_str().get(gap.clone()).unwrap_or_default();
        gap.end - between.trim_start().len()
    }

    /// What to delete so that the sentences from `first` to `last` go, between which no gap has to
    /// stay.
    fn span(&self, first: usize, last: usize) -> Option<Range<usize>> {
        let start = self.sentences.get(first)?.range().start;
        let end = self.sentences.get(last)?.range().end;
        Some(match (self.gap(first), self.gap(last + 1)) {
            (Some(before), Some(after))
                if self.breaks_line(&before) && !self.breaks_line(&after) =>
            {
                start..after.end
            }
            (Some(before), _) => before.start..end,
            // The mark of the next item of a list goes, unless there is none of this one's.
            (None, Some(after)) if self.begins_text(start) => start..self.line_after(&after),
            (None, Some(after)) => start..after.end,
            (None, None) => self.text.with_space(start..end),
        })
    }
}

/// Whether `span` shares a byte with a protected span.
fn is_protected(text: &Text<'_>, span: Word) -> bool {
    let protected = text.protected();
    let after = protected.partition_point(|other| other.end <= span.start);
    protected
        .get(after)
        .is_some_and(|other| other.start < span.end)
}

impl TextOperator for Deletion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.sentences.clear();
        sentences(text.as_str(), text.protected(), &mut self.sentences);
        if self.sentences.len() < 2 {
            return Outcome::Unchanged("fewer than two sentences");
        }
        let numbered = self.sentences.iter().zip(0_u32..);
        let free = numbered.filter(|(sentence, _)| !is_protected(text, **sentence));
        self.eligible.clear();
        self.eligible.extend(free.map(|(_, place)| place));
        if self.eligible.is_empty() {
            return Outcome::Unchanged("every sentence holds something protected");
        }
        let wanted = self.amount.of(self.eligible.len());
        let wanted = wanted.min(self.sentences.len() - 1);
        let layout = Layout {
            text,
            sentences: &self.sentences,
        };
        // Neighbours go as one, with one of the gaps around.
        let mut run: Option<(usize, usize)> = None;
        for place in self.places.sample(self.eligible.len(), wanted, random) {
            let Some(place) = self.eligible.get(*place as usize) else {
                continue;
            };
            let next = *place as usize;
            run = Some(match run {
                Some((first, last)) if last + 1 == next && layout.gap(next).is_some() => {
                    (first, next)
                }
                ended => {
                    if let Some(span) = ended.and_then(|(first, last)| layout.span(first, last)) {
                        edits.delete(span);
                    }
                    (next, next)
                }
            });
        }
        if let Some(span) = run.and_then(|(first, last)| layout.span(first, last)) {
            edits.delete(span);
        }
        Outcome::Edited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left when the sentences from `first` to `last` go.
    fn without(text: &str, first: usize, last: usize) -> String {
        let mut segmenter = crate::text::Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        let mut found = Vec::new();
        sentences(text, segments.protected, &mut found);
        let layout = Layout {
            text: &view,
            sentences: &found,
        };
        let mut left = text.to_owned();
        left.replace_range(layout.span(first, last).unwrap(), "");
        left
    }

    #[test]
    fn paragraphs_lists_and_tags_keep_their_form() {
        for (text, first, last, left) in [
            ("A b. C d. E f.", 0, 0, "C d. E f."),
            ("A b. C d. E f.", 1, 1, "A b. E f."),
            ("A b. C d. E f.\n", 2, 2, "A b. C d.\n"),
            ("A b. C d. E f.\n", 1, 2, "A b.\n"),
            ("A b.\n\nC d. E f.", 1, 1, "A b.\n\nE f."),
            ("A b.\n\nC d.\n\nE f.", 1, 1, "A b.\n\nE f."),
            ("- a b\n- c d\n- e f", 0, 0, "- c d\n- e f"),
            ("A b:\n- c d\n- e f", 0, 0, "- c d\n- e f"),
            ("- a b\n- c d\n- e f", 2, 2, "- a b\n- c d"),
            ("A b.<br />C d.<br />E f.", 1, 1, "A b.<br /><br />E f."),
            ("A b.<br />C d. E f.", 1, 1, "A b.<br />E f."),
        ] {
            assert_eq!(without(text, first, last), left, "{text}");
        }
    }
}
