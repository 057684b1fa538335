//! The union of several inputs, of some of them only a share.

use std::collections::BTreeMap;

use arrow::array::UInt32Array;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::random::{OperatorKey, hash_bytes, mix};
use crate::table::nearest;

/// Brings several inputs together, with a weight for each.
///
/// A weight is the share of an input's rows that goes on; inputs that are not named go on whole. To
/// mix 10,000 reviews and 40,000 news articles one to one, let `news` have the weight 0.25. To have
/// more of an input than it has rows, make variants of it.
///
/// Whether a row goes on is drawn from the seed, the operator's id, the name of the input and the
/// identity of the source row: it is the same rows in every run, a larger weight keeps all that a
/// smaller one keeps, and variants of one row that come by one input go on or stay together. The
/// shares hold on average. Rows come in the order of their source, then of `inputs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mix {
    /// The share of the rows, from 0 to 1, of each input, by its name in `inputs`: `{ train = 1.0,
    /// variants = 0.5 }`. The name of a port stands in quotes: `{ "bt.errors" = 0.1 }`.
    pub weights: BTreeMap<String, f64>,
}

impl OperatorConfig for Mix {
    const NAME: &'static str = "mix";

    fn reads_text(&self) -> bool {
        false
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (input, weight) in &self.weights {
            if !(0.0..=1.0).contains(weight) {
                let help = if *weight > 1.0 {
                    "give a number from 0 to 1; for more rows than there are, make variants of \
                     them by `replicas`"
                } else {
                    "give a number from 0 to 1"
                };
                problems.push(Problem::new(
                    &format!("weights.{input}"),
                    format!("{weight} is no share of the rows of `{input}`"),
                    help,
                ));
            }
        }
        problems
    }

    fn check_inputs(&self, inputs: &[String]) -> Vec<Problem> {
        let unknown = self.weights.keys().filter(|name| !inputs.contains(name));
        let problem = |name: &String| {
            let names = inputs.iter().map(String::as_str);
            let help = match nearest(name, names) {
                Some(near) => format!("a similar one is read: `{near}`"),
                None => format!("it reads: {}", inputs.join(", ")),
            };
            let message = format!("`{name}` is not among the inputs");
            Problem::new(&format!("weights.{name}"), message, help)
        };
        unknown.map(problem).collect()
    }

    fn yields_of_inputs(&self, inputs: &[String]) -> Vec<Yield> {
        let weight = |input| self.weights.get(input).copied().unwrap_or(1.0);
        inputs
            .iter()
            .map(|input| Yield::about(weight(input)))
            .collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let share = |name: &String| Share {
            weight: self.weights.get(name).copied().unwrap_or(1.0),
            salt: hash_bytes(0, name.as_bytes()),
        };
        Ok(Box::new(Mixer {
            shares: context.inputs.iter().map(share).collect(),
            key: context.key(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Inputs that are not named go on whole; an example has one, `demo`",
                options: "weights = {}",
                columns: &[],
                input: &["one", "two", "three"],
                output: &["one", "two", "three"],
            },
            Example {
                title: "Half of an input, about",
                options: "weights = { demo = 0.5 }",
                columns: &[],
                input: &["one", "two", "three", "four", "five", "six"],
                output: &["one", "two", "six"],
            },
            Example {
                title: "Nothing of it",
                options: "weights = { demo = 0.0 }",
                columns: &[],
                input: &["one", "two", "three"],
                output: &[],
            },
        ]
    }
}

/// What goes on of one input.
struct Share {
    weight: f64,
    /// Tells the draws for this input from those for the others.
    salt: u64,
}

struct Mixer {
    shares: Vec<Share>,
    key: OperatorKey,
}

impl Operator for Mixer {
    fn admit(
        &mut self,
        input: usize,
        batch: Batch,
        context: &mut Context<'_>,
    ) -> Result<Batch, OperatorError> {
        let Some(share) = self.shares.get(input).filter(|share| share.weight < 1.0) else {
            return Ok(batch);
        };
        let goes_on = |row: &u32| {
            let key = mix(batch.rows.key(*row as usize) ^ share.salt);
            self.key.row(key, 0, 0).chance(share.weight)
        };
        let rows: Vec<u32> = (0..).take(batch.rows.len()).filter(goes_on).collect();
        context.count("filtered: weight", (batch.rows.len() - rows.len()) as u64);
        Ok(batch.take(&UInt32Array::from(rows))?)
    }

    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        context.emit(batch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix_of(weights: &[(&str, f64)]) -> Mix {
        let weight = |(name, weight): &(&str, f64)| ((*name).to_owned(), *weight);
        Mix {
            weights: weights.iter().map(weight).collect(),
        }
    }

    #[test]
    fn weights_are_shares_of_inputs_that_exist() {
        let config = mix_of(&[("a", 0.5), ("b", 1.5), ("c", -0.1)]);
        let options: Vec<_> = config.validate().into_iter().map(|p| p.option).collect();
        assert_eq!(options, ["weights.b", "weights.c"]);
        let inputs = ["train".to_owned(), "bt.errors".to_owned()];
        let problems = mix_of(&[("tarin", 0.5), ("bt.errors", 0.1)]).check_inputs(&inputs);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].help, "a similar one is read: `train`");
    }
}
