//! One of several alternatives for each row or variant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{AlternativeTable, CompositeConfig, Layout, Selection};
use crate::operators::concatenate::replicas_problem;
use crate::prelude::*;

/// Rewrites each row, or each of its variants, by one of several alternatives, drawn by weight.
///
/// An alternative is the table of an operator, with its `type`, its options and a `weight`, or a
/// `weight` and several `steps`: see `chain` for what can be a step. An alternative of weight 2 is
/// drawn twice as often as one of weight 1, which is what counts where there is no `weight`.
///
/// In place, each row gets the one alternative that is drawn for it, and stays as it is if that has
/// nothing to do. With `replicas = n`, each of n variants is drawn for by itself. One that comes out
/// like the row or like another is drawn again, up to ten times, and may then get another
/// alternative; those that cannot change the row are not drawn for it any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Choose {
    /// What is drawn from.
    #[serde(skip_serializing)]
    pub alternatives: Vec<AlternativeTable>,
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. Without this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
}

impl CompositeConfig for Choose {
    const NAME: &'static str = "choose";

    const LAYOUT: Layout = Layout::Alternatives;

    fn validate(&self) -> Vec<Problem> {
        replicas_problem(self.replicas).into_iter().collect()
    }

    fn replicas(&self) -> Option<u32> {
        self.replicas
    }

    fn selection(&self, _: &BuildContext<'_>) -> Result<Selection, OperatorError> {
        Ok(self.replicas.map_or(Selection::All, Selection::Replicas))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Each row by one of two, in place",
                options: "alternatives = [\n  { type = \"case\", mode = \"upper\" },\n  \
                          { type = \"random_swap\" },\n]",
                columns: &[],
                input: &[
                    "one two three",
                    "four five six",
                    "seven eight nine",
                    "ten eleven",
                ],
                output: &[
                    "one three two",
                    "FOUR FIVE SIX",
                    "SEVEN EIGHT NINE",
                    "TEN ELEVEN",
                ],
            },
            Example {
                title: "Three variants, mostly typing errors",
                options: "replicas = 3\nalternatives = [\n  \
                          { weight = 2, type = \"keyboard_typo\", rate = 0.2 },\n  \
                          { weight = 1, steps = [{ type = \"contraction\" }, { type = \"homoglyph\", rate = 0.2 }] },\n]",
                columns: &[],
                input: &["I do not know what it is about."],
                output: &[
                    "U do not know what it ia about.",
                    "I fo bot know what it is about.",
                    "I eo not know what it is abouy.",
                ],
            },
            Example {
                title: "What one alternative cannot change, another does",
                options: "replicas = 1\nalternatives = [\n  { weight = 99, type = \"contraction\" },\n  \
                          { weight = 1, type = \"random_swap\" },\n]",
                columns: &[],
                input: &["one two"],
                output: &["two one"],
            },
        ]
    }
}
