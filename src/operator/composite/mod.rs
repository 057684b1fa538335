//! Operators that hold operators.
//!
//! The steps inside of one are operators like any other, read from tables inside of its own table by
//! the same [`Registry`](super::Registry). Each rewrites rows in place; the operator around them
//! decides which rows they get, how often, and what is kept of it. Every step has an id of its own,
//! `<node>/<type>`, from which its draws are derived, and a position of its own in the plan, under
//! which it counts and stands in the lineage.

mod branch;
mod in_place;
mod reading;
mod tables;
mod variants;
mod worker;

pub(super) use reading::check_keys;
pub use tables::{AlternativeTable, StepTable};
pub use worker::{Quotas, Selection, Wanted};

use std::ops::Range;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::registry::Reading;
use super::{
    Amount, BuildContext, Configured, Example, Operator, OperatorError, Port, RowTextReader, Site,
    TextHandling, TextUse,
};
use crate::columns::RowTexts;
use crate::diagnostic::{Diagnostic, Problem};
use reading::{Alternative, Step};

/// How the tables of steps stand in the table of the operator that holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A list `steps`: all of them, one after the other.
    Steps,
    /// One `step`, or a list `steps`.
    StepOrSteps,
    /// A list `alternatives`, each with a `weight`, and either the options of one step or `steps`.
    Alternatives,
}

/// The options of an operator that holds operators. The fields for the tables of its steps are of
/// type [`StepTable`] or [`AlternativeTable`]: they are there for the documentation, and to be left
/// out of the serialised form. What is in the tables is read apart, see [`CompositeConfig::LAYOUT`].
pub trait CompositeConfig:
    Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The `type` that selects the operator.
    const NAME: &'static str;

    /// Increased when the same options, steps and input give another output.
    const VERSION: u32 = 1;

    /// Where the tables of the steps are.
    const LAYOUT: Layout;

    /// Looks for problems that need no data.
    fn validate(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// All problems that the operator itself has with the columns that arrive.
    fn check(&self, _input: &SchemaRef) -> Vec<Problem> {
        Vec::new()
    }

    /// Variants to make of each row, if it is the same number for all; nothing where rows are
    /// changed in place.
    fn replicas(&self) -> Option<u32> {
        None
    }

    /// Rows out per row in, for estimates, where the sources have so many rows.
    fn expansion(&self, _source_rows: u64) -> f64 {
        f64::from(self.replicas().unwrap_or(1))
    }

    /// Whether the steps get parts of a batch. Operators that draw from the other rows of their
    /// batch cannot be steps then.
    fn divides_batches(&self) -> bool {
        true
    }

    /// The column whose labels have to be counted before the operator is built: it then finds the
    /// counts in [`Resources::label_counts`](super::Resources::label_counts).
    fn counts_labels(&self) -> Option<&str> {
        None
    }

    /// Which rows the steps get, and what becomes of the rows.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn selection(&self, context: &BuildContext<'_>) -> Result<Selection, OperatorError>;

    /// Runnable examples: they are the operator's documentation and its tests.
    fn examples() -> Vec<Example> {
        Vec::new()
    }
}

/// A composite operator as the engine sees it: its own options and its steps.
pub(super) struct CompositeNode<C> {
    config: C,
    alternatives: Vec<Alternative>,
}

impl<C: CompositeConfig> CompositeNode<C> {
    /// Reads the steps in `table`, of which `config` has been made if it could be: what is wrong with
    /// the steps is said either way.
    pub(super) fn read(
        config: Option<C>,
        table: &DeTable<'_>,
        span: &Range<usize>,
        reading: Reading<'_>,
    ) -> Result<Option<Self>, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        let alternatives = reading::Reader {
            composite: C::NAME,
            divides: config.as_ref().is_some_and(C::divides_batches),
            reading,
            problems: &mut problems,
        }
        .read(C::LAYOUT, table, span);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(config.map(|config| Self {
            config,
            alternatives,
        }))
    }

    /// All steps, in the order of the file.
    fn steps(&self) -> impl Iterator<Item = &Step> {
        let steps = self.alternatives.iter();
        steps.flat_map(|alternative| &alternative.steps)
    }
}

impl<C: CompositeConfig> Configured for CompositeNode<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn version(&self) -> u32 {
        C::VERSION
    }

    fn ports(&self) -> Vec<Port> {
        vec![Port::main()]
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let mut problems = self.config.check(input);
        for step in self.steps() {
            match step.configured.schemas(input) {
                Err(found) => problems.extend(found.into_iter().map(|problem| step.own(problem))),
                Ok(outputs) if outputs.first() != Some(input) => {
                    let name = step.configured.name();
                    problems.push(Problem::new(
                        &step.path,
                        format!("`{name}` changes the columns, which a step cannot"),
                        "give it a table of its own among the operators",
                    ));
                }
                Ok(_) => {}
            }
        }
        if problems.is_empty() {
            Ok(vec![SchemaRef::clone(input)])
        } else {
            Err(problems)
        }
    }

    fn expansion(&self, source_rows: u64) -> f64 {
        self.config.expansion(source_rows)
    }

    fn canonical(&self, source_rows: u64) -> Value {
        let step = |step: &Step| {
            json!({
                "type": step.configured.name(),
                "version": step.configured.version(),
                "options": step.configured.canonical(source_rows),
            })
        };
        let alternative = |alternative: &Alternative| {
            json!({
                "weight": alternative.weight,
                "steps": alternative.steps.iter().map(step).collect::<Vec<_>>(),
            })
        };
        json!({
            "own": serde_json::to_value(&self.config).unwrap_or(Value::Null),
            "alternatives": self.alternatives.iter().map(alternative).collect::<Vec<_>>(),
        })
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        let mut facts = Map::new();
        let mut problems = Vec::new();
        for step in self.steps() {
            match step.configured.inspect(site) {
                Ok(Value::Null) => {}
                Ok(fact) => drop(facts.insert(step.name.clone(), fact)),
                Err(found) => problems.extend(found.into_iter().map(|problem| step.own(problem))),
            }
        }
        match (problems.is_empty(), facts.is_empty()) {
            (false, _) => Err(problems),
            (true, true) => Ok(Value::Null),
            (true, false) => Ok(Value::Object(facts)),
        }
    }

    fn batch_rows(&self) -> Option<usize> {
        self.steps()
            .filter_map(|step| step.configured.batch_rows())
            .min()
    }

    fn counts_words(&self) -> bool {
        self.steps().any(|step| step.configured.counts_words())
    }

    fn counts_labels(&self) -> Option<&str> {
        self.config.counts_labels()
    }

    fn mixes_rows(&self) -> bool {
        self.steps().any(|step| step.configured.mixes_rows())
    }

    fn rewrites_in_place(&self) -> bool {
        self.config.replicas().is_none() && self.config.counts_labels().is_none()
    }

    fn handling(&self) -> TextHandling {
        // Each step adapts itself to the texts of a row.
        TextHandling {
            uses: TextUse::ReadsAll,
            ..TextHandling::default()
        }
    }

    fn check_texts(&self, texts: &RowTexts) -> Vec<Problem> {
        let steps = self.steps();
        steps
            .flat_map(|step| {
                let found = step.configured.check_texts(texts).into_iter();
                found.map(|problem| step.own(problem))
            })
            .collect()
    }

    fn parts(&self) -> Vec<String> {
        self.steps().flat_map(Step::parts).collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let selection = self.config.selection(context)?;
        let mut position = context.position + 1;
        let mut branches = Vec::with_capacity(self.alternatives.len());
        for alternative in &self.alternatives {
            let mut steps = Vec::with_capacity(alternative.steps.len());
            for step in &alternative.steps {
                let id = format!("{}/{}", context.id, step.name);
                let operator = step.configured.build(&BuildContext {
                    id: &id,
                    position,
                    amount: Amount::NONE,
                    ..*context
                });
                steps.push(branch::StepWorker {
                    operator: operator.map_err(|error| branch::in_step(error, &id))?,
                    id,
                    position,
                });
                position += step.parts().len();
            }
            branches.push(branch::Branch {
                weight: alternative.weight,
                steps,
            });
        }
        Ok(Box::new(worker::Worker {
            branches,
            selection,
            key: context.key(),
            texts: RowTextReader::new(context),
            positions: context.position + 1..position,
        }))
    }
}
