//! A preset: errors of people who type.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preset::{OneOf, part};
use super::{KeyboardTypo, RandomChar, SpellingError, WordMerge, WordSplit};
use crate::prelude::*;

/// Makes replicas with the errors that people make when they type.
///
/// Replica 1 has letters from the keys beside (`keyboard_typo`), replica 2 common misspellings
/// (`spelling_error`), replica 3 letters exchanged, left out or doubled (`keyboard_typo` again),
/// replica 4 letters exchanged within words (`random_char`), replica 5 words run together
/// (`word_merge`), replica 6 words torn apart (`word_split`), and so on in turn; where one finds
/// nothing to do, the next takes its place. A row that is changed in place gets one kind, drawn at
/// random. For errors of several kinds in one text, put the operators one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Typos {}

impl TextOperatorConfig for Typos {
    const NAME: &'static str = "typos";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let amount = context.amount;
        let slips = "kinds = [\"swap\", \"delete\", \"double\"]";
        let inside = "kinds = [\"swap\"]\ncharacters = { first = false, last = false }";
        Ok(Box::new(OneOf(vec![
            part::<KeyboardTypo>("", amount, context)?,
            part::<SpellingError>("", amount, context)?,
            part::<KeyboardTypo>(slips, amount, context)?,
            part::<RandomChar>(inside, amount, context)?,
            part::<WordMerge>("", amount, context)?,
            part::<WordSplit>("", amount, context)?,
        ])))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One replica of each kind",
                options: "replicas = 6",
                columns: &[],
                input: &["I believe that their house is separate from the street."],
                output: &[
                    "I believe that tueir house is separate from the street.",
                    "I believe that their house is seperate from the street.",
                    "I believe that their house is separaate from the street.",
                    "I believe that their house is sepaarte from the street.",
                    "I believe that theirhouse is separate from the street.",
                    "I believe that their house is separate f rom the street.",
                ],
            },
            Example {
                title: "In place: each row gets one kind",
                options: "rate = 0.2",
                columns: &[],
                input: &[
                    "The actors were definitely surprised",
                    "The actors were definitely surprised",
                ],
                output: &[
                    "The actors wree definitely surprised",
                    "The actors where definitely surprised",
                ],
            },
            Example {
                title: "A text without a letter stays as it is",
                options: "",
                columns: &[],
                input: &["?!"],
                output: &["?!"],
            },
        ]
    }
}
