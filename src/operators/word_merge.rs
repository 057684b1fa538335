//! No space between two words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word_split::has_characters;
use crate::prelude::*;

/// Merges neighbouring words: the space between them goes.
///
/// This is `MergeWords` of AugLy. Eligible are the pairs of neighbours with nothing but spaces or
/// tabs between them: words that punctuation or a line break parts stay parted. Pairs are drawn
/// independently, so that three words may become one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WordMerge {
    /// Characters that both words must have to be merged.
    #[serde(default = "default_min_characters")]
    pub min_characters: usize,
}

fn default_min_characters() -> usize {
    1
}

impl TextOperatorConfig for WordMerge {
    const NAME: &'static str = "word_merge";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Merge {
            amount: context.amount,
            min_characters: self.min_characters,
            gaps: Vec::new(),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One pair in ten, but at least one",
                options: "",
                columns: &[],
                input: &["The quick brown fox jumps over the lazy dog"],
                output: &["The quick brown fox jumpsover the lazy dog"],
            },
            Example {
                title: "All pairs of words of two characters or more; marks keep words apart",
                options: "rate = 1.0\nmin_characters = 2",
                columns: &[],
                input: &["I have to go, said the man."],
                output: &["I havetogo, saidtheman."],
            },
            Example {
                title: "Two variants of each row, and none where no space parts two words",
                options: "replicas = 2",
                columns: &[],
                input: &["a difficult exam", "well, yes"],
                output: &["adifficult exam", "a difficultexam"],
            },
        ]
    }
}

/// The operator behind [`WordMerge`].
struct Merge {
    amount: Amount,
    min_characters: usize,
    /// The spaces of the text that part two words.
    gaps: Vec<Word>,
    places: Places,
}

impl Merge {
    fn find_gaps(&mut self, text: &Text<'_>) {
        self.gaps.clear();
        let mut before: Option<Word> = None;
        for word in text.words() {
            if self.min_characters > 1 && !has_characters(text.word(word), self.min_characters) {
                before = None;
                continue;
            }
            if let Some(before) = before
                && before.end < word.start
                && text.is_space(before.range().end..word.range().start)
            {
                self.gaps.push(Word {
                    start: before.end,
                    end: word.start,
                });
            }
            before = Some(word);
        }
    }
}

impl TextOperator for Merge {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        self.find_gaps(text);
        if self.gaps.is_empty() {
            return Outcome::Unchanged("no two neighbouring words");
        }
        let count = self.gaps.len();
        let wanted = self.amount.of(count);
        let drawn = self.places.sample(count, wanted, random).iter();
        for gap in drawn.filter_map(|place| self.gaps.get(*place as usize)) {
            edits.delete(gap.range());
        }
        Outcome::Edited
    }
}
