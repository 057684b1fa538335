//! Keeping rows by the length of their text, and by SQL conditions.

#[cfg(test)]
mod tests;

use arrow::array::{BooleanArray, UInt32Array};
use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measures::{self, Meter};
use super::sql_option::{failed, misfit, unusable};
use crate::operator::{RowTextReader, RowTextValues};
use crate::prelude::*;
use crate::sql::Condition;
use crate::text::Segmenter;

/// Keeps rows by the length of their text and by an SQL condition; the others leave by the port
/// `rejected`.
///
/// A bound is a pair: the least and the most that is kept, both included. Words are those that
/// row-level operators see, protected or not; characters are Unicode scalar values. Where a row
/// has several texts, they are counted together. A null text has no length, and is rejected where a
/// bound is set. All that is given must hold.
///
/// Beside columns, a condition can name measures of the text. Of the text itself: `words` and
/// `characters`. Compared with the parent text, that of the source row as it was read: `changed`,
/// whether it is another; `length_ratio`, its characters for each of the parent; `chrf`, from 0 to 1,
/// how alike both are by the runs of characters that they share (Popović, 2015); `edit_distance`,
/// the characters inserted, deleted or replaced between them (Levenshtein). A null text has null
/// measures. Edit distances are exact up to 65,536 characters that differ; in longer texts all
/// between the first and the last difference counts as replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Filter {
    /// The least and the most words.
    #[serde(default)]
    pub words: Option<[u64; 2]>,
    /// The least and the most characters.
    #[serde(default)]
    pub characters: Option<[u64; 2]>,
    /// An SQL condition on single rows, over the columns of the data and, where no column has the
    /// name, the measures `words`, `characters`, `changed`, `length_ratio`, `chrf` and
    /// `edit_distance` of the text: `where = "lang = 'en' AND chrf > 0.3"`. Null is not true.
    #[serde(default, rename = "where")]
    pub condition: Option<String>,
}

impl Filter {
    /// The names in the condition, if there is one that can be parsed.
    fn named(&self) -> Vec<String> {
        let parsed = self.condition.as_deref().map(Condition::parse);
        match parsed {
            Some(Ok(condition)) => condition.columns().to_vec(),
            _ => Vec::new(),
        }
    }
}

impl OperatorConfig for Filter {
    const NAME: &'static str = "filter";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("rejected")]
    }

    fn reads_text(&self) -> bool {
        self.words.is_some() || self.characters.is_some() || measures::is_named(&self.named())
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::ReadsAll,
            ..TextHandling::default()
        }
    }

    fn compares(&self) -> bool {
        measures::compares(&self.named())
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.words.is_none() && self.characters.is_none() && self.condition.is_none() {
            problems.push(Problem::new(
                "",
                "the filter has no condition",
                "give it `words = [least, most]`, `characters = [least, most]`, or `where = \"...\"`",
            ));
        }
        if let Some(sql) = &self.condition
            && let Err(error) = Condition::parse(sql)
        {
            problems.push(unusable("where", sql, &error));
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

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        if let Some(sql) = &self.condition {
            let checked = Condition::parse(sql).and_then(|condition| {
                condition.check(&measures::beside(input, condition.columns()))
            });
            checked.map_err(|error| vec![misfit("where", sql, &error, input)])?;
        }
        Ok(vec![SchemaRef::clone(input); self.ports().len()])
    }

    fn yields(&self, _source_rows: u64) -> Vec<Yield> {
        vec![Yield::up_to(1.0); self.ports().len()]
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let segmenter =
            Segmenter::new(&[]).map_err(|error| OperatorError::Other(error.to_string()))?;
        let condition = self.condition.as_deref().map(Condition::parse).transpose();
        Ok(Box::new(RowFilter {
            words: self.words,
            characters: self.characters,
            condition: condition.map_err(|error| failed("where", &error))?,
            texts: self.reads_text().then(|| RowTextReader::new(context)),
            segmenter,
            meter: Meter::new(self.named(), context)?,
        }))
    }

    fn examples() -> Vec<Example> {
        let mut examples = vec![
            Example {
                title: "Texts of two to four words",
                options: "words = [2, 4]",
                columns: &[],
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
                columns: &[],
                input: &["Größe", "length"],
                output: &["Größe"],
            },
            Example {
                title: "Both conditions must hold",
                options: "words = [1, 9]\ncharacters = [4, 99]",
                columns: &[],
                input: &["a b", "word", "?!?!?!"],
                output: &["word"],
            },
        ];
        if cfg!(feature = "polars") {
            examples.push(Example {
                title: "An SQL condition on the columns, here the text itself",
                options: r#"where = "text NOT LIKE 'http%' AND length(text) BETWEEN 3 AND 20""#,
                columns: &[],
                input: &["https://example.com", "ok", "A plain sentence."],
                output: &["A plain sentence."],
            });
            examples.push(Example {
                title: "Measures of the text, for what bounds cannot say",
                options: r#"where = "words = 1 OR characters < 3 * words""#,
                columns: &[],
                input: &["word", "a b c", "two words"],
                output: &["word", "a b c"],
            });
        }
        examples
    }
}

/// Whether `length` lies within `bounds`, if there are any.
fn within(bounds: Option<[u64; 2]>, length: usize) -> bool {
    bounds.is_none_or(|[least, most]| (least..=most).contains(&(length as u64)))
}

/// Why a row is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rejection {
    NullText,
    Characters,
    Words,
    Condition,
}

struct RowFilter {
    words: Option<[u64; 2]>,
    characters: Option<[u64; 2]>,
    condition: Option<Condition>,
    /// Finds the texts, if they matter.
    texts: Option<RowTextReader>,
    segmenter: Segmenter,
    meter: Meter,
}

impl RowFilter {
    /// Why a row is rejected for the length of its text, or of all its texts together, if it is.
    fn rejection(&mut self, texts: Option<&RowTextValues>, row: usize) -> Option<Rejection> {
        if self.words.is_none() && self.characters.is_none() {
            return None;
        }
        let characters = texts.and_then(|texts| measures::characters(texts, row));
        let (Some(texts), Some(characters)) = (texts, characters) else {
            return Some(Rejection::NullText);
        };
        if !within(self.characters, characters) {
            return Some(Rejection::Characters);
        }
        let words = self
            .words
            .and_then(|_| measures::words(&mut self.segmenter, texts, row));
        if words.is_some_and(|words| !within(self.words, words)) {
            return Some(Rejection::Words);
        }
        None
    }

    /// Whether the condition holds, for each row; nothing without a condition.
    fn mask(&mut self, batch: &Batch) -> Result<Option<BooleanArray>, OperatorError> {
        let Some(condition) = &self.condition else {
            return Ok(None);
        };
        let named = self.meter.gather(batch)?;
        let mask = condition.mask(&named);
        mask.map(Some).map_err(|error| failed("where", &error))
    }
}

impl Operator for RowFilter {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let texts = self.texts.as_ref();
        let texts = texts.map(|texts| texts.read(&batch.records)).transpose()?;
        let mask = self.mask(&batch)?;
        let holds = |row| mask.as_ref().is_none_or(|mask| mask.value(row));
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        let mut reasons = [
            (Rejection::NullText, "filtered: null text", 0_u64),
            (Rejection::Characters, "filtered: characters", 0),
            (Rejection::Words, "filtered: words", 0),
            (Rejection::Condition, "filtered: where", 0),
        ];
        for (row, index) in (0..batch.rows.len()).zip(0_u32..) {
            context.at_row(batch.rows.number(row));
            let rejection = self.rejection(texts.as_ref(), row);
            match rejection.or_else(|| (!holds(row)).then_some(Rejection::Condition)) {
                None => kept.push(index),
                Some(reason) => {
                    rejected.push(index);
                    if let Some((.., count)) = reasons.iter_mut().find(|(of, ..)| *of == reason) {
                        *count += 1;
                    }
                }
            }
        }
        for (_, reason, count) in reasons {
            context.count(reason, count);
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
