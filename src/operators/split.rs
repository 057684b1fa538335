//! Cutting a data set into parts, say for training, validation and testing.

use std::collections::BTreeMap;

use arrow::array::UInt32Array;
use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::groups::{self, GroupKeys};
use crate::prelude::*;
use crate::random::OperatorKey;
use crate::table::is_id;

/// How far the shares may be from 1 in all.
const TOLERANCE: f64 = 1e-9;

/// Deals rows out to several parts, such as training, validation and test data.
///
/// Each part is an output: `parts.train`, `parts.valid`. Where a row goes is drawn from the seed,
/// the operator's id and the identity of the source row (`aug_parent`), and from nothing else. So an
/// original and its variants are always in the same part, wherever in the pipeline the operator
/// stands, and no row changes its part because others come or go. With `by`, all rows with the same
/// value of a column go to the same part, for data in which several rows are of one document, user
/// or question.
///
/// The shares hold on average: of 10,000 rows, a part of 0.1 gets about 1,000, give or take 30.
///
/// Two splits with the same id, seed and shares agree; give them different ids if they shall not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// The parts, and the share of the rows that each gets: `{ train = 0.8, valid = 0.1, test = 0.1
    /// }`. The shares are 1 in all.
    pub shares: BTreeMap<String, f64>,
    /// The column whose values are kept together. A row without a value goes by its own identity.
    #[serde(default)]
    pub by: Option<String>,
}

impl OperatorConfig for Split {
    const NAME: &'static str = "split";

    fn ports(&self) -> Vec<Port> {
        self.shares.keys().map(|name| Port::named(name)).collect()
    }

    fn reads_text(&self) -> bool {
        false
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.shares.is_empty() {
            problems.push(Problem::new(
                "shares",
                "there is no part to deal rows out to",
                "write for example `shares = { train = 0.9, test = 0.1 }`",
            ));
        }
        for (name, share) in &self.shares {
            let option = format!("shares.{name}");
            if !is_id(name) {
                problems.push(Problem::new(
                    &option,
                    format!("`{name}` cannot name a part"),
                    "use small letters, digits and `_`, a letter first",
                ));
            }
            if !(*share > 0.0 && *share <= 1.0) {
                problems.push(Problem::new(
                    &option,
                    format!("{share} is no share of the rows"),
                    "give a number above 0 and up to 1",
                ));
            }
        }
        let total: f64 = self.shares.values().sum();
        if problems.is_empty() && (total - 1.0).abs() > TOLERANCE {
            let rest = 1.0 - total;
            let help = if rest > 0.0 {
                format!("let one of them have {rest:.3} more, or name a part for the rest")
            } else {
                format!("let one of them have {:.3} less", -rest)
            };
            let message = format!("the shares are {total:.3} in all, and should be 1");
            problems.push(Problem::new("shares", message, help));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        match groups::check(self.by.as_deref(), input) {
            Some(problem) => Err(vec![problem]),
            None => Ok(vec![SchemaRef::clone(input); self.shares.len()]),
        }
    }

    fn yields(&self, _source_rows: u64) -> Vec<Yield> {
        self.shares
            .values()
            .map(|share| Yield::about(*share))
            .collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let mut end = 0.0;
        let ends = self.shares.values().map(|share| {
            end += share;
            end
        });
        Ok(Box::new(Dealer {
            ends: ends.collect(),
            by: self.by.clone(),
            key: context.key(),
        }))
    }

    fn examples() -> Vec<Example> {
        const TEXTS: &[&str] = &[
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        ];
        vec![
            Example {
                title: "What leaves by the first part, in the order of their names: here `test`",
                options: "shares = { train = 0.8, test = 0.2 }",
                columns: &[],
                input: TEXTS,
                output: &["four", "five", "nine"],
            },
            Example {
                title: "Rows of one document stay together",
                options: "shares = { test = 0.5, train = 0.5 }\nby = \"document\"",
                columns: &[(
                    "document",
                    &["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"],
                )],
                input: TEXTS,
                output: &["one", "two", "five", "six", "seven", "eight", "nine", "ten"],
            },
            Example {
                title: "One part gets everything",
                options: "shares = { all = 1.0 }",
                columns: &[],
                input: TEXTS,
                output: TEXTS,
            },
        ]
    }
}

struct Dealer {
    /// Where the share of each part ends between 0 and 1.
    ends: Vec<f64>,
    by: Option<String>,
    key: OperatorKey,
}

impl Operator for Dealer {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let keys = GroupKeys::new(&batch, self.by.as_deref())?;
        let mut parts = vec![Vec::new(); self.ends.len()];
        for (row, index) in (0..batch.rows.len()).zip(0_u32..) {
            let drawn = self.key.row(keys.key(row), 0, 0).unit();
            // The sum of the shares may be a little less than 1: what is beyond is the last part's.
            let part = self.ends.partition_point(|end| *end <= drawn);
            let part = part.min(self.ends.len().saturating_sub(1));
            if let Some(rows) = parts.get_mut(part) {
                rows.push(index);
            }
        }
        for (port, rows) in parts.into_iter().enumerate() {
            let part = if rows.len() == batch.rows.len() {
                batch.clone()
            } else {
                batch.take(&UInt32Array::from(rows))?
            };
            context.emit_to(port, part);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::structural_trial::{Rows as Trial, run};
    use super::*;

    fn split(shares: &[(&str, f64)], by: Option<&str>) -> Split {
        Split {
            shares: shares
                .iter()
                .map(|(name, share)| ((*name).to_owned(), *share))
                .collect(),
            by: by.map(str::to_owned),
        }
    }

    #[test]
    fn the_shares_must_be_one_in_all() {
        let problem = |shares: &[(&str, f64)]| {
            let problems = split(shares, None).validate();
            problems
                .into_iter()
                .map(|problem| problem.help)
                .collect::<Vec<_>>()
        };
        assert_eq!(problem(&[("a", 0.8), ("b", 0.2)]), [""; 0]);
        assert_eq!(problem(&[("a", 0.1), ("b", 0.2), ("c", 0.7)]), [""; 0]);
        assert_eq!(
            problem(&[("a", 0.8), ("b", 0.1)]),
            ["let one of them have 0.100 more, or name a part for the rest"]
        );
        assert_eq!(
            problem(&[("a", 0.8), ("b", 0.4)]),
            ["let one of them have 0.200 less"]
        );
        assert_eq!(problem(&[]).len(), 1);
        assert_eq!(problem(&[("A b", 0.5), ("b", f64::NAN)]).len(), 2);
    }

    #[test]
    fn an_original_and_its_variants_never_part() {
        let config = split(&[("train", 0.7), ("test", 0.3)], None);
        let trial = Trial::numbered(2_000).with_replicas(3);
        let ports = run(&config, &trial);
        let parents = |port: usize| ports[port].parents();
        let (test, train) = (parents(0), parents(1));
        assert!(test.iter().all(|row| !train.contains(row)));
        assert_eq!(test.len() + train.len(), 2_000);
        assert_eq!(ports[0].rows() + ports[1].rows(), 8_000);
        assert!((540..=660).contains(&test.len()), "{}", test.len());
    }

    #[test]
    fn rows_of_one_value_never_part() {
        let config = split(&[("a", 0.5), ("b", 0.5)], Some("group"));
        let trial = Trial::numbered(600);
        let ports = run(&config, &trial);
        let (a, b) = (ports[0].groups(), ports[1].groups());
        assert!(a.iter().all(|group| !b.contains(group)));
        assert_eq!(a.len() + b.len(), trial.groups().len());
    }

    #[test]
    fn a_row_keeps_its_part_in_any_company() {
        let config = split(&[("a", 0.5), ("b", 0.5)], None);
        let all = run(&config, &Trial::numbered(100))[0].parents();
        let few = run(&config, &Trial::numbered(40))[0].parents();
        let expected: Vec<u64> = all.into_iter().filter(|row| *row < 40).collect();
        assert_eq!(few.into_iter().collect::<Vec<_>>(), expected);
    }
}
