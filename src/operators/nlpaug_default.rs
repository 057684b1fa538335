//! A preset: the operations of nlpaug with its default amounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preset::{OneOf, part};
use super::{
    KeyboardTypo, OcrError, RandomChar, RandomDeletion, RandomSwap, SpellingError,
    SynonymReplacement, WordSplit,
};
use crate::prelude::*;

/// Makes replicas by the operations of nlpaug that need no model, with its default amounts.
///
/// nlpaug 1.1.11 edits `ceil(0.3 * words)` words of a text, at least 1 and at most 10, and in each
/// of them as large a part of the characters. Replica 1 is made as by its `SynonymAug`, replica 2
/// as by `RandomWordAug` with `action="delete"`, replica 3 with `action="swap"`, replica 4 as by
/// `SplitAug`, replica 5 `SpellingAug`, replica 6 `KeyboardAug`, replica 7 `OcrAug`, replica 8
/// `RandomCharAug`, and so on in turn; where one finds nothing to do, the next takes its place. For
/// those who come from nlpaug and want the strength that they are used to: 30 % is a lot, and `eda`
/// or `typos` are gentler. Unlike nlpaug, which takes punctuation marks for words and puts a space
/// around each, what is not edited stays as it is, and what the operators get right that it gets
/// wrong is on their pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NlpaugDefault {}

impl TextOperatorConfig for NlpaugDefault {
    const NAME: &'static str = "nlpaug_default";

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let amount = Amount::new(0.3, 1, Some(10)).rounded_up();
        let keyboard = "digits = true\nmarks = true\n\
                        characters = { rate = 0.3, max = 10, shortest = 4 }";
        let ocr = "characters = { rate = 0.3, max = 10 }";
        let random = "kinds = [\"substitute\"]\n\
                      characters = { rate = 0.3, max = 10, shortest = 4 }";
        Ok(Box::new(OneOf(vec![
            part::<SynonymReplacement>("max_senses = 10", amount, context)?,
            part::<RandomDeletion>("", amount, context)?,
            part::<RandomSwap>("adjacent = true", amount, context)?,
            part::<WordSplit>("min_characters = 4", amount, context)?,
            part::<SpellingError>("", amount, context)?,
            part::<KeyboardTypo>(keyboard, amount, context)?,
            part::<OcrError>(ocr, amount, context)?,
            part::<RandomChar>(random, amount, context)?,
        ])))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One replica by each operation",
                options: "replicas = 8",
                columns: &[],
                input: &["The quick brown fox jumps over the lazy dog."],
                output: &[
                    "The quick brown slyboots startles over the work-shy dog.",
                    "The quick brown fox jumps lazy.",
                    "The quick brown fox jumps over lazy the dog.",
                    "The qu ick brown fox jumps ov er the lazy dog.",
                    "The 27ick brown fox jum[x ober the lazy dog.",
                    "The quick b4o2n fox iumpz over the .azy dog.",
                    "The quick brown fox jvmps over thc lazv dog.",
                    "The tuivk bpodn fox humts over the lazy dog.",
                ],
            },
            Example {
                title: "In place: each row is edited by one of them",
                options: "",
                columns: &[],
                input: &["I believe that their house is small", "So does the dog"],
                output: &["I belive that there house is small", "So dog"],
            },
            Example {
                title: "A text without letters gives no replica, and a shortfall is counted",
                options: "replicas = 2",
                columns: &[],
                input: &["?!"],
                output: &[],
            },
        ]
    }
}
