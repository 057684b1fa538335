//! Keeping a share of the rows.

use arrow::array::UInt32Array;
use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::groups::{self, GroupKeys};
use crate::prelude::*;
use crate::random::OperatorKey;

/// Keeps a share of the rows; the others leave by the port `rejected`.
///
/// Which rows are kept is drawn from the seed, the operator's id and the identity of the source row,
/// so it is the same rows in every run, and a larger share keeps all that a smaller one keeps. The
/// share holds on average: of 10,000 rows, 0.1 keeps about 1,000, give or take 30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// The share of the rows to keep, from 0 to 1.
    pub share: f64,
    /// Whether an original and its variants are kept or left out as one. With `false` each is drawn
    /// on its own, say to keep some of the variants of every row.
    #[serde(default = "together")]
    pub together: bool,
    /// The column whose values are kept or left out as a whole, say of a document. A row without a
    /// value goes by its own identity.
    #[serde(default)]
    pub by: Option<String>,
}

fn together() -> bool {
    true
}

impl OperatorConfig for Sample {
    const NAME: &'static str = "sample";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("rejected")]
    }

    fn reads_text(&self) -> bool {
        false
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(0.0..=1.0).contains(&self.share) {
            problems.push(Problem::new(
                "share",
                format!("{} is no share of the rows", self.share),
                "give a number from 0 to 1",
            ));
        }
        if self.by.is_some() && !self.together {
            problems.push(Problem::new(
                "together",
                "rows cannot be kept together by a column and drawn one by one",
                "take out `by` or `together = false`",
            ));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        match groups::check(self.by.as_deref(), input) {
            Some(problem) => Err(vec![problem]),
            None => Ok(vec![SchemaRef::clone(input); self.ports().len()]),
        }
    }

    fn yields(&self, _source_rows: u64) -> Vec<Yield> {
        vec![Yield::about(self.share), Yield::about(1.0 - self.share)]
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Sampler {
            share: self.share,
            together: self.together,
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
                title: "Half of the rows, about",
                options: "share = 0.5",
                columns: &[],
                input: TEXTS,
                output: &["two", "three", "four", "five", "six", "nine"],
            },
            Example {
                title: "Whole documents",
                options: "share = 0.4\nby = \"document\"",
                columns: &[(
                    "document",
                    &["a", "a", "b", "b", "c", "c", "d", "d", "e", "e"],
                )],
                input: TEXTS,
                output: &["one", "two", "seven", "eight", "nine", "ten"],
            },
            Example {
                title: "All of them",
                options: "share = 1.0",
                columns: &[],
                input: TEXTS,
                output: TEXTS,
            },
        ]
    }
}

struct Sampler {
    share: f64,
    together: bool,
    by: Option<String>,
    key: OperatorKey,
}

impl Operator for Sampler {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let keys = GroupKeys::new(&batch, self.by.as_deref())?;
        let (mut kept, mut rejected) = (Vec::new(), Vec::new());
        for (row, index) in (0..batch.rows.len()).zip(0_u32..) {
            let replica = if self.together {
                0
            } else {
                batch.rows.replica.get(row).copied().unwrap_or_default()
            };
            if self.key.row(keys.key(row), replica, 0).chance(self.share) {
                kept.push(index);
            } else {
                rejected.push(index);
            }
        }
        if rejected.is_empty() {
            context.emit(batch);
            return Ok(());
        }
        context.count("filtered: not sampled", rejected.len() as u64);
        context.emit_to(1, batch.take(&UInt32Array::from(rejected))?);
        context.emit(batch.take(&UInt32Array::from(kept))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::structural_trial::{Rows as Trial, run};
    use super::*;

    fn sample(share: f64) -> Sample {
        Sample {
            share,
            together: true,
            by: None,
        }
    }

    #[test]
    fn every_row_leaves_by_one_port() {
        let ports = run(&sample(0.3), &Trial::numbered(1_000));
        assert_eq!(ports[0].rows() + ports[1].rows(), 1_000);
        assert!((240..=360).contains(&ports[0].rows()));
        assert!(ports[0].parents().is_disjoint(&ports[1].parents()));
    }

    #[test]
    fn a_larger_share_keeps_what_a_smaller_one_keeps() {
        let kept = |share| run(&sample(share), &Trial::numbered(500))[0].parents();
        let (few, many) = (kept(0.2), kept(0.6));
        assert!(few.is_subset(&many) && few.len() < many.len());
        assert_eq!(kept(0.0).len(), 0);
        assert_eq!(kept(1.0).len(), 500);
    }

    #[test]
    fn variants_go_with_their_original_unless_told_otherwise() {
        let trial = Trial::numbered(300).with_replicas(3);
        let together = run(&sample(0.5), &trial);
        assert_eq!(together[0].rows(), 4 * together[0].parents().len());
        let apart = Sample {
            together: false,
            ..sample(0.5)
        };
        let apart = run(&apart, &trial);
        assert!(apart[0].rows() < 4 * apart[0].parents().len());
    }

    #[test]
    fn values_are_kept_whole() {
        let config = Sample {
            by: Some("group".to_owned()),
            ..sample(0.5)
        };
        let ports = run(&config, &Trial::numbered(400));
        assert!(ports[0].groups().is_disjoint(&ports[1].groups()));
        assert!(!ports[0].groups().is_empty());
    }

    #[test]
    fn a_share_out_of_range_is_refused() {
        for share in [-0.1, 1.1, f64::NAN] {
            assert_eq!(sample(share).validate()[0].option, "share");
        }
        assert_eq!(sample(0.5).validate(), []);
    }
}
