//! How many rows there will be where, before anything has been read.

use super::{Plan, PlannedOperator, Producer};
use crate::operator::Yield;

/// A number of rows that is not known exactly: at least so many, and at most so many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowEstimate {
    /// The fewest rows.
    pub least: f64,
    /// The most rows.
    pub most: f64,
}

impl RowEstimate {
    fn exactly(rows: f64) -> Self {
        Self {
            least: rows,
            most: rows,
        }
    }

    fn times(self, yielded: Yield) -> Self {
        Self {
            least: self.least * yielded.least,
            most: self.most * yielded.most,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            least: self.least + other.least,
            most: self.most + other.most,
        }
    }
}

/// The rows that leave the sources and the ports of all operators of a plan.
#[derive(Debug, Clone)]
pub struct RowEstimates {
    sources: Vec<RowEstimate>,
    /// By operator and port.
    ports: Vec<Vec<RowEstimate>>,
    /// By operator.
    entering: Vec<RowEstimate>,
}

impl RowEstimates {
    /// Follows the rows of the sources through `plan`. What operators turn away for the text's sake
    /// is not known beforehand: variants that cannot be made are not taken into account.
    pub fn new(plan: &Plan) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "an estimate is not exact")]
        let rows = |source: &super::PlannedSource| RowEstimate::exactly(source.facts.rows as f64);
        let mut estimates = Self {
            sources: plan.sources.iter().map(rows).collect(),
            ports: Vec::with_capacity(plan.operators.len()),
            entering: Vec::with_capacity(plan.operators.len()),
        };
        for operator in &plan.operators {
            let entering = estimates.entering(operator);
            let yields = operator.spec.yields(operator.source_rows);
            let ports = yields.into_iter().map(|yielded| entering.times(yielded));
            estimates.ports.push(ports.collect());
            estimates.entering.push(entering);
        }
        estimates
    }

    fn entering(&self, operator: &PlannedOperator) -> RowEstimate {
        let admitted = operator.spec.yields_of_inputs(&operator.input_names);
        let inputs = operator.inputs.iter().enumerate();
        inputs.fold(RowEstimate::default(), |sum, (position, input)| {
            let admitted = admitted.get(position).copied();
            let rows = self.of(*input).times(admitted.unwrap_or(Yield::about(1.0)));
            sum.plus(rows)
        })
    }

    /// Rows that leave by `producer`.
    pub fn of(&self, producer: Producer) -> RowEstimate {
        let found = match producer {
            Producer::Source(source) => self.sources.get(source),
            Producer::Operator { operator, port } => {
                let ports = self.ports.get(operator);
                ports.and_then(|ports| ports.get(port))
            }
        };
        found.copied().unwrap_or_default()
    }

    /// Rows that go into the operator at `position`.
    pub fn into_operator(&self, position: usize) -> RowEstimate {
        self.entering.get(position).copied().unwrap_or_default()
    }

    /// Rows that `inputs` bring together.
    pub fn of_all(&self, inputs: &[Producer]) -> RowEstimate {
        let rows = inputs.iter().map(|input| self.of(*input));
        rows.fold(RowEstimate::default(), RowEstimate::plus)
    }
}
