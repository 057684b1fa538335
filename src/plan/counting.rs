//! Operators for which the words of their sources are counted before the run.
//!
//! What they make of a row depends on all rows. So a digest of the sources' files stands with what
//! identifies the run: it is taken without counting.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::nodes::source_problem;
use super::{Catalog, Plan, PlannedOperator};
use crate::config::RawPipeline;
use crate::diagnostic::Diagnostic;

/// The words of some sources, to be counted for some operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// Positions of the sources, in the order of their ids.
    pub sources: Vec<usize>,
    /// Positions of the operators.
    pub operators: Vec<usize>,
}

impl Plan {
    /// What has to be counted before the run, each set of sources once.
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

    /// The sources that reach `operator`, in the order of their ids: the order of the tables in a
    /// pipeline file makes no difference.
    pub(super) fn sorted_sources(&self, operator: &PlannedOperator) -> Vec<usize> {
        let mut sources = operator.sources.clone();
        sources.sort_by_key(|source| self.sources.get(*source).map(|source| &source.id));
        sources
    }
}

/// Notes the state of the data with each operator whose output depends on all of it.
pub(super) fn note(
    plan: &mut Plan,
    raw: &RawPipeline<'_>,
    catalog: &dyn Catalog,
    problems: &mut Vec<Diagnostic>,
) {
    let mut digests: BTreeMap<usize, String> = BTreeMap::new();
    for counting in plan.countings() {
        for source in &counting.sources {
            let (Some(planned), false) = (plan.sources.get(*source), digests.contains_key(source))
            else {
                continue;
            };
            match (catalog.digest(&planned.facts), raw.sources.get(*source)) {
                (Ok(digest), _) => drop(digests.insert(*source, digest)),
                (Err(error), Some(node)) => problems.push(source_problem(node, &error)),
                (Err(_), None) => {}
            }
        }
        let states: Map<String, Value> = counting
            .sources
            .iter()
            .filter_map(|source| {
                let id = &plan.sources.get(*source)?.id;
                Some((id.clone(), json!(digests.get(source)?)))
            })
            .collect();
        for operator in counting.operators {
            if let Some(operator) = plan.operators.get_mut(operator) {
                operator.facts = json!({ "options": operator.facts, "sources": states });
            }
        }
    }
}
