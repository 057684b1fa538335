//! Steps one after the other, as one operator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{CompositeConfig, Layout, Selection, StepTable};
use crate::operators::concatenate::replicas_problem;
use crate::prelude::*;

/// Sends each row through several operators, one after the other.
///
/// In `steps` are the tables of the operators, each with its `type` and its options, but without
/// `inputs` and `replicas`: a step rewrites the text of a row in place. `filter` and other operators
/// that do more cannot be steps. With `replicas = n` on the chain, n variants of each row go through
/// all of the steps; those that come out like the row or like one another are drawn again, up to ten
/// times, and then a shortfall is counted.
///
/// The steps have ids of their own, such as `noise/random_swap` and `noise/random_swap#2`: under
/// these they count, draw, and stand in the lineage columns. What a step counts, it counts for each
/// draw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chain {
    /// The operators, in the order in which they run.
    #[serde(skip_serializing)]
    pub steps: Vec<StepTable>,
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. Without this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
}

impl CompositeConfig for Chain {
    const NAME: &'static str = "chain";

    const LAYOUT: Layout = Layout::Steps;

    fn validate(&self) -> Vec<Problem> {
        replicas_problem(self.replicas).into_iter().collect()
    }

    fn replicas(&self) -> Option<u32> {
        self.replicas
    }

    fn divides_batches(&self) -> bool {
        self.replicas.is_some()
    }

    fn selection(&self, _: &BuildContext<'_>) -> Result<Selection, OperatorError> {
        Ok(self.replicas.map_or(Selection::All, Selection::Replicas))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Two operators in place",
                options: "steps = [{ type = \"contraction\" }, { type = \"case\", mode = \"upper\" }]",
                columns: &[],
                input: &["I do not know.", "Fine!"],
                output: &["I DON'T KNOW.", "FINE!"],
            },
            Example {
                title: "Variants that went through both",
                options: "replicas = 2\nsteps = [\n  { type = \"random_swap\", rate = 0.2 },\n  \
                          { type = \"keyboard_typo\", rate = 0.2 },\n]",
                columns: &[],
                input: &["A sad comedy played out on the back roads of life."],
                output: &[
                    "Z sad out played comedy on back the roada of life.",
                    "A sad ckmedy pkayed out on of roads back the life.",
                ],
            },
            Example {
                title: "A text without anything to do gives no variant; where there is one variant only, one is made",
                options: "replicas = 2\nsteps = [{ type = \"contraction\" }, { type = \"random_swap\" }]",
                columns: &[],
                input: &["Zanzibar", "it is late"],
                output: &["late it's"],
            },
        ]
    }
}
