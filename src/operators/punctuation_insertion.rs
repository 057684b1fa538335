//! Insertion of punctuation, after AEDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;

/// The six marks of the paper.
const MARKS: [&str; 6] = [".", ",", "!", "?", ";", ":"];

/// Inserts punctuation marks before words drawn at random.
///
/// This is the operation of AEDA (Karimi, Rossi and Prati, 2021): each mark stands before a
/// different word, and is one of `. , ! ? ; :`. Every word keeps its place and its neighbours,
/// which is why it is kinder to long texts than deletion or swapping. The paper draws the number of
/// marks, from 1 to `floor(0.3 * words + 1)`: so does the preset `aeda`; here there are as many as
/// `rate` comes to, by default the mean of the paper's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PunctuationInsertion {
    /// The marks, each equally likely; a space follows each. By default the six of the paper. A
    /// mark may be named several times, to be drawn as often, and it may be any text: "..." or
    /// "um,".
    #[serde(default = "paper_marks")]
    pub marks: Vec<String>,
}

fn paper_marks() -> Vec<String> {
    MARKS.map(str::to_owned).to_vec()
}

impl TextOperatorConfig for PunctuationInsertion {
    const NAME: &'static str = "punctuation_insertion";

    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(0.15);

    fn validate(&self) -> Vec<Problem> {
        let blank = self.marks.iter().any(|mark| mark.trim().is_empty());
        (blank || self.marks.is_empty())
            .then(|| {
                Problem::new(
                    "marks",
                    if blank {
                        "a mark is empty"
                    } else {
                        "there is no mark to insert"
                    },
                    "leave `marks` out for the six of the paper, or name at least one, as in `[\"...\"]`",
                )
            })
            .into_iter()
            .collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let wanted = Marks::Exactly(context.amount);
        Ok(Box::new(Insertion::new(wanted, &self.marks)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The paper's example",
                options: "",
                columns: &[],
                input: &["a sad , superior human comedy played out on the back roads of life ."],
                output: &[
                    "a sad , superior human comedy played ! out , on the back roads of life .",
                ],
            },
            Example {
                title: "A mark of your own, once",
                options: "max = 1\nmarks = [\"...\"]",
                columns: &[],
                input: &["Not a word is lost"],
                output: &["Not a ... word is lost"],
            },
            Example {
                title: "Two variants of each row",
                options: "replicas = 2",
                columns: &[],
                input: &["so good"],
                output: &[", so good", "so : good"],
            },
        ]
    }
}

/// How many marks a text gets.
pub(super) enum Marks {
    /// So many.
    Exactly(Amount),
    /// From 1 to `floor(rate * words + 1)`, each number equally likely.
    UpTo(f64),
}

/// The operator behind [`PunctuationInsertion`].
pub(super) struct Insertion {
    wanted: Marks,
    /// The marks, each with a space after it.
    marks: Vec<String>,
    places: Places,
}

impl Insertion {
    /// With the marks of the paper.
    pub(super) fn of_the_paper(wanted: Marks) -> Self {
        Self::new(wanted, &paper_marks())
    }

    pub(super) fn new(wanted: Marks, marks: &[String]) -> Self {
        Self {
            wanted,
            marks: marks.iter().map(|mark| format!("{mark} ")).collect(),
            places: Places::default(),
        }
    }
}

impl TextOperator for Insertion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.is_empty() {
            return Outcome::Unchanged("no words");
        }
        let wanted = match self.wanted {
            Marks::Exactly(amount) => amount.of(words.len()),
            Marks::UpTo(rate) => 1 + random.below(most_marks(rate, words.len())),
        };
        let places = self.places.sample(words.len(), wanted, random);
        for place in places {
            if let (Some(word), Some(mark)) =
                (words.get(*place as usize), random.choose(&self.marks))
            {
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
