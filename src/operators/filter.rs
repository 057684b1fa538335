//! Keeping rows by the length of their text.

use arrow::array::UInt32Array;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::TextValues;
use crate::prelude::*;
use crate::text::Segmenter;

/// Keeps rows whose text has a length within bounds; the others leave by the port `rejected`.
///
/// A bound is a pair: the least and the most that is kept, both included. Words are those that
/// row-level operators see, protected or not; characters are Unicode scalar values. A null text
/// has no length and is rejected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// The least and the most words.
    #[serde(default)]
    pub words: Option<[u64; 2]>,
    /// The least and the most characters.
    #[serde(default)]
    pub characters: Option<[u64; 2]>,
}

impl OperatorConfig for Filter {
    const NAME: &'static str = "filter";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("rejected")]
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.words.is_none() && self.characters.is_none() {
            problems.push(Problem::new(
                "",
                "the filter has no condition",
                "give it `words = [least, most]`, `characters = [least, most]`, or both",
            ));
        }
        for (option, bounds) in [("words", self.words), ("characters", self.characters)] {
            if let Some([least, most]) = bounds
                && least > most
            {
                problems.push(Problem::new(
                    option,
                    format!("no length is at least {least} and at most {most}"),
                    format!("swap them: `{option} = [{most}, {least}]`"),
                ));
            }
        }
        problems
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let segmenter =
            Segmenter::new(&[]).map_err(|error| OperatorError::Other(error.to_string()))?;
        Ok(Box::new(LengthFilter {
            config: self.clone(),
            column: context.text.index,
            segmenter,
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Texts of two to four words",
                options: "words = [2, 4]",
                input: &[
                    "one",
                    "one two",
                    "one, two; three - four!",
                    "one two three four five",
                ],
                output: &["one two", "one, two; three - four!"],
            },
            Example {
                title: "Characters, not bytes",
                options: "characters = [0, 5]",
                input: &["Größe", "length"],
                output: &["Größe"],
            },
            Example {
                title: "Both conditions must hold",
                options: "words = [1, 9]\ncharacters = [4, 99]",
                input: &["a b", "word", "?!?!?!"],
                output: &["word"],
            },
        ]
    }
}

struct LengthFilter {
    config: Filter,
    column: usize,
    segmenter: Segmenter,
}

impl LengthFilter {
    /// Why a text is rejected, if it is.
    fn rejection(&mut self, text: Option<&str>) -> Option<&'static str> {
        let Some(text) = text else {
            return Some("null text");
        };
        let within = |bounds: Option<[u64; 2]>, length: usize| {
            bounds.is_none_or(|[least, most]| (least..=most).contains(&(length as u64)))
        };
        if self.config.characters.is_some() && !within(self.config.characters, text.chars().count())
        {
            return Some("characters");
        }
        if self.config.words.is_some()
            && !within(self.config.words, self.segmenter.count_words(text))
        {
            return Some("words");
        }
        None
    }
}

impl Operator for LengthFilter {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let values = TextValues::new(batch.records.column(self.column))?;
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        let mut reasons = [("null text", 0_u64), ("characters", 0), ("words", 0)];
        for (row, index) in (0..values.len()).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            match self.rejection(values.get(row)) {
                None => kept.push(index),
                Some(reason) => {
                    rejected.push(index);
                    if let Some((_, count)) = reasons.iter_mut().find(|(name, _)| *name == reason) {
                        *count += 1;
                    }
                }
            }
        }
        for (reason, count) in reasons {
            context.count(&format!("filtered: {reason}"), count);
        }
        if rejected.is_empty() {
            context.emit(batch);
            return Ok(());
        }
        context.emit_to(1, batch.take(&UInt32Array::from(rejected))?);
        context.emit(batch.take(&UInt32Array::from(kept))?);
        Ok(())
    }
}
