//! Random deletion, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate;
use crate::prelude::*;

/// Deletes each word with a probability of `rate`.
///
/// This is "random deletion" of EDA (Wei and Zou, 2019): a text of one word is left alone, and if
/// every word is drawn, one of them, drawn at random, stays. Unlike the reference implementation
/// it keeps capitals, digits, punctuation and every script: EDA lower-cases the text and throws
/// away what is not a letter from a to z. A deleted word takes the space before it along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomDeletion {
    /// Probability with which a word is deleted, from 0 to 1. The paper's p.
    #[serde(default = "default_rate")]
    pub rate: f64,
}

fn default_rate() -> f64 {
    0.1
}

impl TextOperatorConfig for RandomDeletion {
    const NAME: &'static str = "random_deletion";
    const VERSION: u32 = 2;

    fn validate(&self) -> Vec<Problem> {
        rate::check("rate", self.rate).into_iter().collect()
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Deletion::new(self.rate)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Every third word or so goes, and what stays is as it was",
                options: "rate = 0.3",
                input: &["The film, (it SEEMS) was shot in 3 weeks; and that shows!"],
                output: &["film, (it SEEMS); and!"],
            },
            Example {
                title: "A single word is never deleted",
                options: "rate = 1.0",
                input: &["Superb!"],
                output: &["Superb!"],
            },
            Example {
                title: "Three variants of each row",
                options: "rate = 0.2\nreplicas = 3",
                input: &["one two three four five six seven"],
                output: &[
                    "two three four five",
                    "one two five six seven",
                    "one two three five six seven",
                ],
            },
        ]
    }
}

/// The operator behind [`RandomDeletion`].
pub(super) struct Deletion {
    rate: f64,
    /// Places of the words drawn.
    drawn: Vec<u32>,
}

impl Deletion {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            rate,
            drawn: Vec::new(),
        }
    }

    /// Draws from `count` words: `drawn` has their places. One at least is spared.
    fn draw(&mut self, count: usize, random: &mut Random) {
        self.drawn.clear();
        for first in (0..count).step_by(64) {
            let mut drawn = random.chances(self.rate, count - first);
            while drawn != 0 {
                let place = first + drawn.trailing_zeros() as usize;
                self.drawn.push(u32::try_from(place).unwrap_or(u32::MAX));
                drawn &= drawn - 1;
            }
        }
        if self.drawn.len() == count {
            self.drawn.remove(random.below(count));
        }
    }
}

impl TextOperator for Deletion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.len() < 2 {
            return Outcome::Unchanged("fewer than two words");
        }
        self.draw(words.len(), random);
        // Neighbours with nothing but space between them go as one, with one of the spaces around.
        let mut run: Option<std::ops::Range<usize>> = None;
        let drawn = self.drawn.iter();
        for word in drawn.filter_map(|place| words.get(*place as usize)) {
            let next = word.range();
            run = Some(match run.take() {
                Some(run) if text.is_space(run.end..next.start) => run.start..next.end,
                run => {
                    if let Some(run) = run {
                        edits.delete(text.with_space(run));
                    }
                    next
                }
            });
        }
        if let Some(run) = run {
            edits.delete(text.with_space(run));
        }
        Outcome::Edited
    }
}
