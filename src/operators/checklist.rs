//! The preset of CheckList: edits that should not change what a classifier says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preset::{OneOf, part};
use super::{Contraction, EntitySwap};
use crate::prelude::*;

/// Makes replicas that a good classifier should take for the same: other names, places and numbers,
/// contractions made and undone.
///
/// These are the invariance tests of CheckList (Ribeiro et al., 2020), of which TextAttack made an
/// augmenter. Replica 1 has other numbers, replica 2 other places, replica 3 other names (all by
/// `entity_swap`), replica 4 its contractions undone, replica 5 contractions made (both by
/// `contraction`), and so on in turn; where one finds nothing to do, the next takes its place. In
/// most texts fewer than five find something: then there are fewer replicas, and a shortfall is
/// counted. TextAttack draws one of the five for each replica, and asks a neural tagger for names
/// and places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checklist {}

impl TextOperatorConfig for Checklist {
    const NAME: &'static str = "checklist";
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let amount = context.amount;
        let swap = |kind: &str| {
            let options = format!("kinds = [\"{kind}\"]");
            part::<EntitySwap>(&options, amount, context)
        };
        let contraction = |mode: &str| {
            let options = format!("mode = \"{mode}\"");
            part::<Contraction>(&options, amount, context)
        };
        Ok(Box::new(OneOf(vec![
            swap("number")?,
            swap("place")?,
            swap("name")?,
            contraction("expand")?,
            contraction("contract")?,
        ])))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One replica of each kind",
                options: "replicas = 5",
                columns: &[],
                input: &[
                    "Mary Smith lived in Boston for 12 years, and I don't think that she is unhappy there.",
                ],
                output: &[
                    "Mary Smith lived in Boston for 36 years, and I don't think that she is unhappy there.",
                    "Mary Smith lived in Zhengzhou for 12 years, and I don't think that she is unhappy there.",
                    "Rhonda Dyer lived in Boston for 12 years, and I don't think that she is unhappy there.",
                    "Mary Smith lived in Boston for 12 years, and I do not think that she is unhappy there.",
                    "Mary Smith lived in Boston for 12 years, and I don't think that she's unhappy there.",
                ],
            },
            Example {
                title: "In place: each row gets one kind",
                options: "",
                columns: &[],
                input: &["We were in Paris on 7 days", "It's in Berlin, isn't it?"],
                output: &["We were in Paris on 5 days", "It is in Berlin, isn't it?"],
            },
            Example {
                title: "A text without names, numbers and contractions gives none",
                options: "replicas = 2",
                columns: &[],
                input: &["So much for the plot."],
                output: &[],
            },
        ]
    }
}
