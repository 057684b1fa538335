//! The preset of the EDA paper: its four operations, its rates, its numbers of replicas.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::random_deletion::{Deletion, Share};
use super::random_insertion::Insertion;
use super::random_swap::Swap;
use super::synonym_replacement::{Replacement, check_max_senses, default_max_senses};
use crate::operator::check_share;
use crate::prelude::*;

/// Makes replicas by the four operations of EDA, in equal shares, at the strength that the paper
/// recommends for the size of the data set.
///
/// The operations (Wei and Zou, 2019) are `synonym_replacement`, `random_insertion`,
/// `random_swap` and `random_deletion`: replica 1 is made by the first, replica 2 by the second,
/// and so on in turn; where an operation finds nothing to do, the next takes its place. With
/// `alpha` and `replicas` left out both are taken from the paper's table: 0.05 and 16 for up to
/// 500 rows, 0.05 and 8 for up to 2,000, 0.1 and 4 for more, where the rows of all shards count.
/// Unlike the reference implementation the originals are passed on untouched, by a sink that reads
/// the source too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Eda {
    /// Strength of all four operations, from 0 to 1: their `rate`. By default by the size of the
    /// data set.
    #[serde(default)]
    pub alpha: Option<f64>,
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

/// The paper's recommendation for a data set of so many rows: alpha, and replicas per row.
fn recommended(rows: u64) -> (f64, u32) {
    match rows {
        0..=500 => (0.05, 16),
        501..=2_000 => (0.05, 8),
        _ => (0.1, 4),
    }
}

impl TextOperatorConfig for Eda {
    const NAME: &'static str = "eda";

    fn validate(&self) -> Vec<Problem> {
        let alpha = self.alpha.and_then(|alpha| check_share("alpha", alpha));
        alpha
            .into_iter()
            .chain(check_max_senses(self.max_senses))
            .collect()
    }

    fn replicas(&self, source_rows: u64) -> Option<u32> {
        Some(recommended(source_rows).1)
    }

    fn resolved(&self, source_rows: u64) -> Option<Self> {
        Some(Self {
            alpha: self.alpha.or(Some(recommended(source_rows).0)),
            ..self.clone()
        })
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let alpha = self
            .alpha
            .unwrap_or_else(|| recommended(context.source_rows).0);
        // max(1, floor(alpha * words)), as in the paper and its implementation.
        let amount = Amount::new(alpha, 1, None).rounded_down();
        Ok(Box::new(Mix {
            operations: [
                Box::new(Replacement::new(amount, self.max_senses)),
                Box::new(Insertion::new(amount, self.max_senses)),
                Box::new(Swap::new(amount, false)),
                Box::new(Deletion::new(Share::Each(alpha))),
            ],
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Four replicas: one by each operation",
                options: "alpha = 0.1\nreplicas = 4",
                columns: &[],
                input: &["A sad comedy played out on the back roads of life."],
                output: &[
                    "A sad comedy played out on the rearwards roads of life.",
                    "A sad comedy played out on the rearwards back roads of life.",
                    "A sad comedy the out on played back roads of life.",
                    "A sad comedy played out on the backward roads of life.",
                ],
            },
            Example {
                title: "A small data set gets 16 gentle replicas by itself; here two are enough",
                options: "replicas = 2",
                columns: &[],
                input: &["The movie was a big success."],
                output: &[
                    "The picture was a big success.",
                    "The movie was a big success large.",
                ],
            },
            Example {
                title: "A text of one word without a synonym gives none, and a shortfall is counted",
                options: "replicas = 4",
                columns: &[],
                input: &["Zanzibar"],
                output: &[],
            },
        ]
    }
}

struct Mix {
    operations: [Box<dyn TextOperator>; 4],
}

impl TextOperator for Mix {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let count = self.operations.len();
        let first = match text.replica() {
            0 => random.below(count),
            replica => (replica as usize - 1) % count,
        };
        for turn in 0..count {
            if let Some(operation) = self.operations.get_mut((first + turn) % count) {
                let outcome = operation.rewrite(text, random, edits);
                if outcome == Outcome::Edited && !edits.is_empty() {
                    return outcome;
                }
            }
        }
        Outcome::Unchanged("no operation applies")
    }
}
