//! Random swap, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate;
use crate::prelude::*;

/// Swaps two words of the text, drawn at random, several times over.
///
/// This is "random swap" of EDA (Wei and Zou, 2019), with `max(1, rate * words)` swaps, rounded
/// down. Unlike the reference implementation it always draws two different places, and leaves
/// everything between the words where it is: capitals travel with their words, punctuation and
/// space do not move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomSwap {
    /// Swaps per word of the text, from 0 to 1. The paper's alpha.
    #[serde(default = "default_rate")]
    pub rate: f64,
}

fn default_rate() -> f64 {
    0.1
}

impl TextOperatorConfig for RandomSwap {
    const NAME: &'static str = "random_swap";

    fn validate(&self) -> Vec<Problem> {
        rate::check("rate", self.rate).into_iter().collect()
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Swap::new(self.rate)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One swap in a short text; punctuation stays in place",
                options: "",
                input: &["Well, the film was long."],
                output: &["Well, the long was film."],
            },
            Example {
                title: "A higher rate",
                options: "rate = 0.5",
                input: &["one two three four five six"],
                output: &["six two one three five four"],
            },
            Example {
                title: "Two variants of each row, and none where there is nothing to swap",
                options: "replicas = 2",
                input: &["alpha beta gamma", "alone"],
                output: &["beta alpha gamma", "gamma beta alpha"],
            },
        ]
    }
}

/// The operator behind [`RandomSwap`].
pub(super) struct Swap {
    rate: f64,
    /// For each place, which word stands there now.
    order: Vec<u32>,
    /// Places whose word may be another.
    touched: Vec<usize>,
}

impl Swap {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            rate,
            order: Vec::new(),
            touched: Vec::new(),
        }
    }
}

impl TextOperator for Swap {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let count = words.len();
        if count < 2 {
            return Outcome::Unchanged("fewer than two words");
        }
        // Between texts every place holds its own word, so that only the places touched matter.
        let known = number_of(self.order.len());
        self.order.extend(known..number_of(count).max(known));
        self.touched.clear();
        for _ in 0..rate::words_at(self.rate, count) {
            let first = random.below(count);
            // Any place but the first.
            let second = (first + 1 + random.below(count - 1)) % count;
            self.order.swap(first, second);
            self.touched.extend([first, second]);
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        for place in &self.touched {
            let Some(now) = self.order.get_mut(*place) else {
                continue;
            };
            let other = words.get(std::mem::replace(now, number_of(*place)) as usize);
            if let (Some(word), Some(other)) = (words.get(*place), other)
                && word != other
                && text.word(*word) != text.word(*other)
            {
                edits.copy(word.range(), other.range());
            }
        }
        Outcome::Edited
    }
}

/// Words of a text are numbered in 32 bits: texts are under 4 GiB.
fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
