//! Operators for which the words or the labels of their sources are counted, or the rows surveyed,
//! before the run.
//!
//! What they make of a row depends on all rows. So a digest of the sources' files stands with what
//! identifies the run: it is taken without counting.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::nodes::source_problem;
use super::{Catalog, Plan, PlannedOperator, Producer};
use crate::config::RawPipeline;
use crate::diagnostic::Diagnostic;
use crate::operator::Configured;

/// The words of some sources, to be counted for some operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// Positions of the sources, in the order of their ids.
    pub sources: Vec<usize>,
    /// Positions of the operators.
    pub operators: Vec<usize>,
}

/// The labels of some sources, to be counted for one operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCounting {
    /// Positions of the sources, in the order of their ids.
    pub sources: Vec<usize>,
    /// Position of the operator.
    pub operator: usize,
}

impl Plan {
    /// The labels that have to be counted before the run.
    pub fn label_countings(&self) -> Vec<LabelCounting> {
        let operators = self.operators.iter().enumerate();
        let counting = |(position, operator): (usize, &PlannedOperator)| {
            operator.spec.counts_labels()?;
            Some(LabelCounting {
                sources: self.sorted_sources(operator),
                operator: position,
            })
        };
        operators.filter_map(counting).collect()
    }

    /// The words that have to be counted before the run, each set of sources once.
    pub fn countings(&self) -> Vec<Counting> {
        let mut countings: Vec<Counting> = Vec::new();
        for (position, operator) in self.operators.iter().enumerate() {
            if !operator.spec.counts_words() {
                continue;
            }
            let sources = self.sorted_sources(operator);
            match countings.iter_mut().find(|known| known.sources == sources) {
                Some(known) => known.operators.push(position),
                None => countings.push(Counting {
                    sources,
                    operators: vec![position],
                }),
            }
        }
        countings
    }

    /// The operators that have to see all rows of their sources before the run.
    pub fn surveys(&self) -> impl Iterator<Item = &PlannedOperator> {
        self.operators
            .iter()
            .filter(|operator| operator.spec.surveys())
    }

    /// The sources that reach `operator`, in the order of their ids: the order of the tables in a
    /// pipeline file makes no difference.
    pub(super) fn sorted_sources(&self, operator: &PlannedOperator) -> Vec<usize> {
        let mut sources = operator.sources.clone();
        sources.sort_by_key(|source| self.sources.get(*source).map(|source| &source.id));
        sources
    }
}

/// Whether what an operator makes of a row depends on all rows of its sources.
fn depends_on_all_rows(operator: &dyn Configured) -> bool {
    operator.counts_words() || operator.counts_labels().is_some() || operator.surveys()
}

/// Checks that what is to be counted can be, and notes the state of the data with each operator whose
/// output depends on all of it.
pub(super) fn note(
    plan: &mut Plan,
    raw: &RawPipeline<'_>,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) {
    let mut digests: BTreeMap<usize, String> = BTreeMap::new();
    for position in 0..plan.operators.len() {
        let Some(operator) = plan.operators.get(position) else {
            continue;
        };
        if !depends_on_all_rows(&*operator.spec) {
            continue;
        }
        if let Some(column) = operator.spec.counts_labels() {
            problems.extend(label_problem(plan, raw, operator, column));
        }
        let sources = plan.sorted_sources(operator);
        for source in &sources {
            let (Some(planned), false) = (plan.sources.get(*source), digests.contains_key(source))
            else {
                continue;
            };
            match (catalog.digest(&planned.facts), raw.sources.get(*source)) {
                (Ok(digest), _) => drop(digests.insert(*source, digest)),
                (Err(error), Some(node)) => {
                    let id = &operator.id;
                    let help = format!("nothing is left out: `{id}` needs all rows of the source");
                    problems.push(source_problem(node, &error).help(help));
                }
                (Err(_), None) => {}
            }
        }
        let states: Map<String, Value> = sources
            .iter()
            .filter_map(|source| {
                let id = &plan.sources.get(*source)?.id;
                Some((id.clone(), json!(digests.get(source)?)))
            })
            .collect();
        if let Some(operator) = plan.operators.get_mut(position) {
            operator.facts = json!({ "options": operator.facts, "sources": states });
        }
    }
}

/// Sees to it that operators for which rows are surveyed read sources and nothing else: what other
/// operators make of a row is not known before the run.
pub(super) fn check_inputs(plan: &Plan, raw: &RawPipeline<'_>, problems: &mut Vec<Diagnostic>) {
    for operator in plan.surveys() {
        let Some(node) = raw.operators.iter().find(|node| node.id == operator.id) else {
            continue;
        };
        let other = |input: &&Producer| matches!(input, Producer::Operator { .. });
        let Some(input) = operator.inputs.iter().find(other) else {
            continue;
        };
        let name = plan.name_of(*input);
        let written = node
            .inputs
            .iter()
            .find(|written| *written.get_ref() == name);
        let place = written.map_or_else(|| node.place_of("inputs"), toml::Spanned::span);
        let message = format!(
            "operator `{}` looks at all rows before the run, but reads `{name}`, which is made in it",
            operator.id
        );
        let problem = Diagnostic::error("A216", message)
            .at(place)
            .label("not a source")
            .help(format!(
                "let `{}` read the sources, and the operators that come before it now read `{}`",
                operator.id, operator.id
            ))
            .help("or let it look at one shard at a time: `scope = \"shard\"`");
        problems.push(problem);
    }
}

/// What keeps the labels of an operator's sources from being counted.
fn label_problem(
    plan: &Plan,
    raw: &RawPipeline<'_>,
    operator: &PlannedOperator,
    column: &str,
) -> Option<Diagnostic> {
    let node = raw.operators.iter().find(|node| node.id == operator.id)?;
    let name = operator.spec.name();
    if cfg!(not(feature = "polars")) {
        let message = format!(
            "`{name}` counts labels, which this program cannot: it was built without the feature \
             `polars`"
        );
        let problem = Diagnostic::error("A105", message).at(node.place_of("column"));
        return Some(problem.help("build it with default features, or with `--features polars`"));
    }
    let sources = operator.sources.iter();
    let mut sources = sources.filter_map(|source| plan.sources.get(*source));
    let lacking = sources.find(|source| source.facts.schema.column_with_name(column).is_none())?;
    let fields = lacking.facts.schema.fields().iter();
    let known: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    let message = format!("source `{}` has no column `{column}`", lacking.id);
    let problem = Diagnostic::error("A314", message)
        .at(node.place_of("column"))
        .label("counted in the sources");
    Some(problem.help(format!(
        "`{name}` needs a column that comes from the sources: {} has {}",
        lacking.id,
        known.join(", ")
    )))
}
