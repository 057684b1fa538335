//! Insertion of punctuation, after AEDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate;
use crate::prelude::*;

/// The six marks of the paper.
const MARKS: [&str; 6] = [". ", ", ", "! ", "? ", "; ", ": "];

/// Inserts punctuation marks before words drawn at random.
///
/// This is AEDA (Karimi, Rossi and Prati, 2021): the number of marks is drawn from 1 to
/// `floor(rate * words + 1)`, each stands before a different word, and is one of `. , ! ? ; :`.
/// Every word keeps its place and its neighbours, which is why AEDA is kinder to long texts than
/// deletion or swapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PunctuationInsertion {
    /// Upper bound of the marks per word, from 0 to 1; at 0 nothing is inserted.
    #[serde(default = "default_rate")]
    pub rate: f64,
}

fn default_rate() -> f64 {
    0.3
}

impl TextOperatorConfig for PunctuationInsertion {
    const NAME: &'static str = "punctuation_insertion";

    fn validate(&self) -> Vec<Problem> {
        rate::check("rate", self.rate).into_iter().collect()
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Insertion {
            rate: self.rate,
            places: Vec::new(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The paper's example",
                options: "",
                input: &["a sad , superior human comedy played out on the back roads of life ."],
                output: &[
                    "; a sad , superior human ; comedy played . out on the back roads of life .",
                ],
            },
            Example {
                title: "At most one mark",
                options: "rate = 0.01",
                input: &["Not a word is lost"],
                output: &["Not a ! word is lost"],
            },
            Example {
                title: "Two variants of each row",
                options: "replicas = 2",
                input: &["so good"],
                output: &["? so good", "so ? good"],
            },
        ]
    }
}

struct Insertion {
    rate: f64,
    places: Vec<u32>,
}

impl TextOperator for Insertion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.is_empty() {
            return Outcome::Unchanged("no words");
        }
        if self.rate <= 0.0 {
            return Outcome::Unchanged("rate 0");
        }
        let most = most_marks(self.rate, words.len());
        let marks = 1 + random.below(most);
        self.places.clear();
        self.places.extend((0..).take(words.len()));
        random.partial_shuffle(&mut self.places, marks);
        for place in self.places.iter().take(marks) {
            if let (Some(word), Some(mark)) = (words.get(*place as usize), random.choose(&MARKS)) {
                edits.insert(word.range().start, mark);
            }
        }
        Outcome::Edited
    }
}

/// `floor(rate * words + 1)`, but not more than there are words.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate is in 0..=1"
)]
#[expect(clippy::cast_precision_loss, reason = "no text has 2^52 words")]
fn most_marks(rate: f64, words: usize) -> usize {
    ((rate * words as f64 + 1.0) as usize).min(words)
}
