//! Steps for a share of the rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{CompositeConfig, Layout, Selection, StepTable, check_share};
use crate::prelude::*;

/// Sends each row through one or several operators with some probability; the others pass as they
/// are.
///
/// Whether a row is drawn depends on the row alone. Rows that are not are counted as `unchanged: not
/// drawn`. See `chain` for what can be a step. There are no `replicas`: a variant that is not changed
/// would be none. A `sometimes` may be a step of a `chain` with replicas.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sometimes {
    /// How likely a row goes through the steps, from 0 to 1.
    pub probability: f64,
    /// The operator.
    #[serde(default, skip_serializing)]
    pub step: Option<StepTable>,
    /// Several operators, in the order in which they run.
    #[serde(default, skip_serializing)]
    pub steps: Option<Vec<StepTable>>,
}

impl CompositeConfig for Sometimes {
    const NAME: &'static str = "sometimes";

    const LAYOUT: Layout = Layout::StepOrSteps;

    fn validate(&self) -> Vec<Problem> {
        check_share("probability", self.probability)
            .into_iter()
            .collect()
    }

    fn selection(&self, _: &BuildContext<'_>) -> Result<Selection, OperatorError> {
        Ok(Selection::Share(self.probability))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Each row with a probability of 0.3: of few rows it may be more than a third",
                options: "probability = 0.3\nstep = { type = \"case\", mode = \"upper\" }",
                columns: &[],
                input: &[
                    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
                ],
                output: &[
                    "one", "TWO", "three", "FOUR", "FIVE", "SIX", "seven", "eight", "NINE", "ten",
                ],
            },
            Example {
                title: "Several steps, which go together",
                options: "probability = 0.5\nsteps = [{ type = \"contraction\" }, { type = \"random_swap\", max = 1 }]",
                columns: &[],
                input: &["it is here", "it is there", "it is gone", "it is late"],
                output: &["it is here", "there it's", "gone it's", "late it's"],
            },
            Example {
                title: "Never",
                options: "probability = 0.0\nstep = { type = \"random_swap\" }",
                columns: &[],
                input: &["one two"],
                output: &["one two"],
            },
        ]
    }
}
