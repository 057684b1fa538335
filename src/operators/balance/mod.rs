//! More variants of rows whose label is rare.

mod quotas;
mod target;

pub use target::{Target, TargetCounts, TargetName, TargetRatio};

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::neighbours::missing_column;
use crate::operator::{CompositeConfig, Layout, Selection, StepTable, is_label};
use crate::prelude::*;
use quotas::LabelQuotas;

/// Makes as many variants of rows as their labels lack, so that labels become equally frequent.
///
/// Before the run, the rows of each label in `column` are counted, in all shards of the sources that
/// the operator reads, through whatever other operators: what these drop or repeat is not taken into
/// account. Labels are text, whole numbers or truth values. `target` says how many rows a label is to
/// have, the rows themselves included: `"equal"`, as many as the most frequent one; `{ ratio = 0.5 }`,
/// at least that share of the most frequent one; or `{ counts = { spam = 1000, ham = 1000 } }`, so
/// many each.
///
/// What a label lacks is spread evenly over its rows. With c rows and a target of t, each gets the
/// whole part of (t - c) / c variants, and some of them one more: those whose identity hashes to a
/// small number. How many that are is right to within the rows of a 4096th of the label, about one in
/// 4096, and exact where c divides t. No row gets more than 1,000. Rows without a label, and those of
/// which no variant is wanted, are counted under `filtered`. Only variants leave: a sink that reads
/// the source too has both. See `chain` for what can be a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Balance {
    /// The column with the labels.
    pub column: String,
    /// How many rows of each label there are to be: `"equal"`, `{ ratio = SHARE }`, or
    /// `{ counts = { LABEL = ROWS } }`.
    #[serde(default)]
    pub target: Target,
    /// The operator that makes variants.
    #[serde(default, skip_serializing)]
    pub step: Option<StepTable>,
    /// Several operators that make variants together, in the order in which they run.
    #[serde(default, skip_serializing)]
    pub steps: Option<Vec<StepTable>>,
}

impl CompositeConfig for Balance {
    const NAME: &'static str = "balance";

    const LAYOUT: Layout = Layout::StepOrSteps;

    fn validate(&self) -> Vec<Problem> {
        self.target.validate()
    }

    fn check(&self, input: &SchemaRef) -> Vec<Problem> {
        if let Some(problem) = missing_column("column", &self.column, input) {
            return vec![problem];
        }
        let found = input.column_with_name(&self.column);
        let kind = found.map(|(_, field)| field.data_type());
        let wrong = kind.filter(|kind| !is_label(kind)).map(|kind| {
            Problem::new(
                "column",
                format!("column `{}` is {kind}, which labels are not", self.column),
                "name a column of text, whole numbers or truth values",
            )
        });
        wrong.into_iter().collect()
    }

    fn expansion(&self, source_rows: u64) -> f64 {
        self.target.expansion(source_rows)
    }

    fn counts_labels(&self) -> Option<&str> {
        Some(&self.column)
    }

    fn selection(&self, context: &BuildContext<'_>) -> Result<Selection, OperatorError> {
        let counts = context.resources.label_counts(context.id);
        let counts = counts.ok_or_else(|| {
            OperatorError::Other(format!("the labels for `{}` were not counted", context.id))
        })?;
        let quotas = LabelQuotas::new(&self.column, &self.target, &counts, context.key());
        let quotas = quotas.map_err(|message| {
            OperatorError::Other(format!("operator `{}`: {message}", context.id))
        })?;
        Ok(Selection::Quotas(Box::new(quotas)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "As many of each label as of the most frequent",
                options: "column = \"label\"\nstep = { type = \"random_swap\" }",
                columns: &[("label", &["ham", "spam", "ham", "ham", "ham"])],
                input: &["one two three", "four five six seven", "a b", "c d", "e f"],
                output: &[
                    "seven five six four",
                    "four seven six five",
                    "four six five seven",
                ],
            },
            Example {
                title: "At least half as many",
                options: "column = \"label\"\ntarget = { ratio = 0.5 }\nstep = { type = \"random_swap\" }",
                columns: &[("label", &["ham", "spam", "ham", "ham", "ham"])],
                input: &["one two three", "four five six seven", "a b", "c d", "e f"],
                output: &["seven five six four"],
            },
            Example {
                title: "So many of each, by two steps",
                options: "column = \"label\"\ntarget = { counts = { ham = 3, spam = 2 } }\n\
                          steps = [{ type = \"random_swap\" }, { type = \"case\", mode = \"upper\" }]",
                columns: &[("label", &["ham", "spam"])],
                input: &["one two three four", "five six seven"],
                output: &["TWO ONE THREE FOUR", "ONE TWO FOUR THREE", "SEVEN SIX FIVE"],
            },
        ]
    }
}
