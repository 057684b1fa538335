//! The preset of the EDA paper: its four operations, its rates, its numbers of replicas.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::preset::OneOf;
use super::random_deletion::{Deletion, Share};
use super::random_insertion::Insertion;
use super::random_swap::Swap;
use super::word_replacement::{Replacement, check_max_senses, default_max_senses, shared};
use crate::operator::check_share;
use crate::prelude::*;
use crate::text::thesaurus::{Thesaurus, ThesaurusOptions};

/// Makes replicas by the four operations of EDA, in equal shares, at the strength that the paper
/// recommends for the size of the data set.
///
/// The operations (Wei and Zou, 2019) are `synonym_replacement`, `random_insertion`,
/// `random_swap` and `random_deletion`: replica 1 is made by the first, replica 2 by the second,
/// and so on in turn; where an operation finds nothing to do, the next takes its place. With
/// `alpha = "auto"`, the default, and `replicas` left out both are taken from the paper's table:
/// 0.05 and 16 for up to 500 rows, 0.05 and 8 for up to 2,000, 0.1 and 4 for more, where the rows
/// of all shards count. Unlike the reference implementation the originals are passed on untouched,
/// by a sink that reads the source too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Eda {
    /// Strength of all four operations, from 0 to 1; `"auto"` takes it, and with it the number of
    /// replicas where there is no `replicas`, from the paper's table.
    #[serde(default)]
    pub alpha: Alpha,
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

/// How strong the operations are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "AlphaOption", into = "AlphaOption")]
#[schemars(with = "AlphaOption")]
pub enum Alpha {
    /// As the paper recommends for the number of rows.
    #[default]
    Auto,
    /// As told.
    Fixed(f64),
}

/// How an [`Alpha`] is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or \"auto\"")]
enum AlphaOption {
    Fixed(f64),
    Named(AlphaName),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AlphaName {
    Auto,
}

impl From<AlphaOption> for Alpha {
    fn from(option: AlphaOption) -> Self {
        match option {
            AlphaOption::Fixed(alpha) => Self::Fixed(alpha),
            AlphaOption::Named(AlphaName::Auto) => Self::Auto,
        }
    }
}

impl From<Alpha> for AlphaOption {
    fn from(alpha: Alpha) -> Self {
        match alpha {
            Alpha::Fixed(alpha) => Self::Fixed(alpha),
            Alpha::Auto => Self::Named(AlphaName::Auto),
        }
    }
}

impl Alpha {
    /// The strength for a data set of so many rows.
    fn for_rows(self, rows: u64) -> f64 {
        match self {
            Self::Auto => recommended(rows).0,
            Self::Fixed(alpha) => alpha,
        }
    }
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

    const VERSION: u32 = 2;

    fn validate(&self) -> Vec<Problem> {
        let alpha = match self.alpha {
            Alpha::Fixed(alpha) => check_share("alpha", alpha),
            Alpha::Auto => None,
        };
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
            alpha: Alpha::Fixed(self.alpha.for_rows(source_rows)),
            ..self.clone()
        })
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let alpha = self.alpha.for_rows(context.source_rows);
        // max(1, floor(alpha * words)), as in the paper and its implementation.
        let amount = Amount::new(alpha, 1, None).rounded_down();
        let synonyms = shared(Thesaurus::new(ThesaurusOptions {
            max_senses: self.max_senses,
            ..ThesaurusOptions::default()
        }));
        let reason = "no word with a synonym";
        Ok(Box::new(OneOf(vec![
            Box::new(Replacement::by(amount, Arc::clone(&synonyms), reason)),
            Box::new(Insertion::new(amount, synonyms)),
            Box::new(Swap::new(amount, false)),
            Box::new(Deletion::new(Share::Each(alpha))),
        ])))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Four replicas: one by each operation",
                options: "alpha = 0.1\nreplicas = 4",
                columns: &[],
                input: &["A sad comedy played out on the back roads of life."],
                output: &[
                    "A sad clowning played out on the back roads of life.",
                    "A clowning sad comedy played out on the back roads of life.",
                    "A sad comedy the out on played back roads of life.",
                    "A sad comedy played out on the back routes of life.",
                ],
            },
            Example {
                title: "A small data set gets 16 gentle replicas by itself; here two are enough",
                options: "alpha = \"auto\"\nreplicas = 2",
                columns: &[],
                input: &["The movie was a big success."],
                output: &[
                    "The film was a big success.",
                    "film The movie was a big success.",
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
