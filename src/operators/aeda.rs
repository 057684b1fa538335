//! The preset of the AEDA paper.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::punctuation_insertion::{Insertion, Marks};
use crate::operator::check_share;
use crate::prelude::*;

/// Makes replicas by inserting punctuation, with the numbers of AEDA.
///
/// AEDA (Karimi, Rossi and Prati, 2021) draws the number of marks from 1 to
/// `floor(ratio * words + 1)`, puts each before another word, and makes 1, 2, 4 or 8 replicas; here
/// there are 4 unless `replicas` says otherwise. The originals are passed on by a sink that reads
/// the source too. `punctuation_insertion` is the same operation with the options that all operators
/// share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Aeda {
    /// Upper bound of the marks per word, from 0 to 1.
    #[serde(default = "default_ratio")]
    pub ratio: f64,
}

fn default_ratio() -> f64 {
    0.3
}

impl TextOperatorConfig for Aeda {
    const NAME: &'static str = "aeda";

    fn validate(&self) -> Vec<Problem> {
        check_share("ratio", self.ratio).into_iter().collect()
    }

    fn replicas(&self, _source_rows: u64) -> Option<u32> {
        Some(4)
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Insertion::of_the_paper(Marks::UpTo(self.ratio))))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The paper's example",
                options: "replicas = 2",
                columns: &[],
                input: &["a sad , superior human comedy played out on the back roads of life ."],
                output: &[
                    "a sad , superior ; human comedy played out on : the back roads of life .",
                    "a : sad , superior human comedy played out on , the back roads of . life .",
                ],
            },
            Example {
                title: "Four replicas of each row, unless told otherwise",
                options: "",
                columns: &[],
                input: &["Not a word is lost"],
                output: &[
                    "Not ? a word is lost",
                    "Not a word ? is : lost",
                    "Not a word , is , lost",
                    "Not a ? word . is lost",
                ],
            },
            Example {
                title: "A text without a word gives none, and a shortfall is counted",
                options: "",
                columns: &[],
                input: &["?!"],
                output: &[],
            },
        ]
    }
}
