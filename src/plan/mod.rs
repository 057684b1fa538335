//! From raw tables to a plan that can run: options, graph, schemas, stages, fingerprint.
//!
//! [`compile`] is pure: what it has to know about files it asks a [`Catalog`]. It reports every
//! problem it can find in one go, and stays silent about what would only echo another problem.

mod catalog;
mod counting;
mod cut;
mod draw;
mod estimate;
mod file_schema;
mod fingerprint;
mod fuse;
mod graph;
mod nodes;
mod order;
mod paths;
mod reach;
mod render;
mod schema;
mod test;
mod text;

pub use catalog::{Catalog, FileCatalog};
pub use counting::{Counting, LabelCounting};
pub use estimate::{RowEstimate, RowEstimates};
pub use file_schema::json_schema;
pub use test::{
    Entry, Expectation, ExpectedRow, ExpectedRows, PlannedTest, TestedOutput, inline_table, key,
    literal,
};

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use serde_json::Value;

use crate::columns::RowTexts;
use crate::config::{Document, RawPipeline};
use crate::diagnostic::{Diagnostic, Report, Severity};
use crate::operator::{Configured, Port, Registry, TextColumn};
use crate::sink::SinkLayout;
use crate::sink::parquet::ParquetSinkConfig;
use crate::source::SourceFacts;
use crate::source::parquet::ParquetSourceConfig;

/// A pipeline that can run: every name resolved, every schema known.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name of the pipeline file without folder and extension.
    pub name: String,
    /// Decides every random choice.
    pub seed: u64,
    /// Where rows come from, in the order of the file.
    pub sources: Vec<PlannedSource>,
    /// The folder that relative paths start at: that of the pipeline file.
    pub base: PathBuf,
    /// What works on them. Every operator comes after those it reads.
    pub operators: Vec<PlannedOperator>,
    /// Where they go, in the order of the file.
    pub sinks: Vec<PlannedSink>,
    /// The operators, by position, that run one after the other in one thread.
    pub stages: Vec<Vec<usize>>,
    /// A hash of everything but the data that the output bytes depend on: 64 hexadecimal digits.
    pub fingerprint: String,
}

/// A source of a plan.
#[derive(Debug, Clone)]
pub struct PlannedSource {
    /// The name of its table.
    pub id: String,
    /// Its options.
    pub config: ParquetSourceConfig,
    /// Its files.
    pub facts: SourceFacts,
}

/// An operator of a plan.
#[derive(Clone)]
pub struct PlannedOperator {
    /// The name of its table.
    pub id: String,
    /// Its options.
    pub spec: Arc<dyn Configured>,
    /// What it reads, in the order that decides ties when they are merged.
    pub inputs: Vec<Producer>,
    /// The same by the names that the pipeline file uses.
    pub input_names: Vec<String>,
    /// Its ways out, the main output first.
    pub ports: Vec<Port>,
    /// The columns that leave by each port.
    pub schemas: Vec<SchemaRef>,
    /// The columns that come in. A column is nullable if it is in one of the inputs.
    pub input_schema: SchemaRef,
    /// The column to rewrite, in `input_schema`.
    pub text: TextColumn,
    /// The texts of a row that it works on, where there are several, or nested ones, or annotations
    /// of them.
    pub texts: Option<RowTexts>,
    /// What all texts of a row are called behind it, in the order of the source.
    pub text_names: Vec<String>,
    /// Rows in all shards of the sources that reach it.
    pub source_rows: u64,
    /// The sources, by position, that reach it.
    pub sources: Vec<usize>,
    /// What the files hold that its options name, say a hash of a model; null if they name none.
    /// Where words or labels are counted or rows surveyed for the operator, also a digest of the
    /// sources' files.
    pub facts: Value,
    /// The number under which it counts and stands in the lineage. The operators inside of it have
    /// the numbers that follow.
    pub position: usize,
}

/// A sink of a plan.
#[derive(Debug, Clone)]
pub struct PlannedSink {
    /// The name of its table.
    pub id: String,
    /// Its options.
    pub config: ParquetSinkConfig,
    /// Where its files go.
    pub layout: SinkLayout,
    /// What it reads, in the order that decides ties when they are merged.
    pub inputs: Vec<Producer>,
    /// The columns that come in: those of the files, without lineage columns.
    pub schema: SchemaRef,
    /// The sources, by position, that reach it: it writes one file for each of their shards.
    pub sources: Vec<usize>,
    /// Whether it reads an `errors` port, whose rows carry the reason of their refusal.
    pub reads_errors: bool,
    /// Whether a row of it may have several texts, so that edits say of which they are.
    pub several_texts: bool,
}

/// What an operator or a sink reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Producer {
    /// The source at this position.
    Source(usize),
    /// An output of an operator.
    Operator {
        /// Position of the operator.
        operator: usize,
        /// Position of the port among its ports.
        port: usize,
    },
}

impl fmt::Debug for PlannedOperator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PlannedOperator")
            .field("id", &self.id)
            .field("type", &self.spec.name())
            .field("options", &self.spec.canonical(self.source_rows))
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}

impl PlannedOperator {
    /// Its id, and those of the operators inside of it: `noise`, `noise/random_swap`.
    pub fn names(&self) -> Vec<String> {
        let parts = self.spec.parts().into_iter();
        let parts = parts.map(|part| format!("{}/{part}", self.id));
        std::iter::once(self.id.clone()).chain(parts).collect()
    }
}

impl Plan {
    /// The ids of the operators and of those inside of them, by the position under which they count
    /// and stand in the lineage.
    pub fn part_names(&self) -> Vec<String> {
        let operators = self.operators.iter();
        operators.flat_map(PlannedOperator::names).collect()
    }

    /// What a pipeline file calls `producer`: `train`, `bt` or `bt.errors`.
    pub fn name_of(&self, producer: Producer) -> String {
        match producer {
            Producer::Source(source) => self
                .sources
                .get(source)
                .map_or(String::new(), |source| source.id.clone()),
            Producer::Operator { operator, port } => self
                .operators
                .get(operator)
                .map_or(String::new(), |operator| {
                    name_of_port(&operator.id, &operator.ports, port)
                }),
        }
    }
}

/// What a pipeline file calls the port at `port` of the operator `id`.
fn name_of_port(id: &str, ports: &[Port], port: usize) -> String {
    match ports.get(port) {
        Some(named) if !named.name.is_empty() => format!("{id}.{}", named.name),
        _ => id.to_owned(),
    }
}

/// Makes a plan of `raw`, and lists what is doubtful about it.
///
/// # Errors
/// Everything that is wrong or doubtful, those problems included that `raw` came with.
pub fn compile(
    raw: &RawPipeline<'_>,
    registry: &Registry,
    catalog: &dyn Catalog,
) -> Result<(Plan, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut problems = raw.problems.clone();
    let mut nodes = nodes::read(raw, registry, catalog, &mut problems);
    let wiring = graph::wire(raw, &nodes, &mut problems);
    let order = order::sort(raw, &wiring, &mut problems);
    let reach = reach::follow(raw, &nodes, &wiring, &order, &mut problems);
    let schemas = schema::flow(raw, &nodes, &wiring, &order, &mut problems);
    cut::keep_whole(raw, &mut nodes, &reach, &mut problems);
    paths::check(raw, &nodes, &reach, catalog, &mut problems);
    drop_echoes(&mut problems);
    if problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Err(problems);
    }
    let assembled = assemble(raw, nodes, &wiring, &order, &reach, schemas);
    // Without an error every part is there; a gap is a defect of a check, not of the pipeline.
    let Some(mut plan) = assembled else {
        let message = "the pipeline could not be planned, and no check can say why";
        problems.push(Diagnostic::error("A299", message).help("please report this as a bug"));
        return Err(problems);
    };
    counting::check_inputs(&plan, raw, &mut problems);
    counting::note(&mut plan, raw, catalog, &mut problems);
    if problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Err(problems);
    }
    plan.stages = fuse::stages(&plan);
    plan.fingerprint = fingerprint::of(&plan);
    Ok((plan, problems))
}

/// Takes out what is only said of a value because a variable in it could not be replaced.
fn drop_echoes(problems: &mut Vec<Diagnostic>) {
    let is_variable = |problem: &Diagnostic| matches!(problem.code, "A109" | "A110");
    let variables: Vec<Range<usize>> = problems
        .iter()
        .filter(|problem| is_variable(problem))
        .filter_map(|problem| problem.span.clone())
        .collect();
    problems.retain(|problem| {
        is_variable(problem)
            || problem.span.as_ref().is_none_or(|span| {
                !variables
                    .iter()
                    .any(|part| span.start <= part.start && part.end <= span.end)
            })
    });
}

/// Reads and compiles `document`: the plan, if there is no error, and the report on it either way.
/// `seed` replaces that of the file; `environment` gives the values of `${VARIABLE}`.
pub fn check(
    document: &Document,
    seed: Option<u64>,
    environment: &dyn Fn(&str) -> Option<String>,
    registry: &Registry,
    catalog: &dyn Catalog,
) -> (Option<Plan>, Report) {
    let raw = document.parse(seed, environment);
    let (plan, problems) = match compile(&raw, registry, catalog) {
        Ok((plan, warnings)) => (Some(plan), warnings),
        Err(problems) => (None, problems),
    };
    (plan, Report::new(document.texts().clone(), problems))
}

/// Like [`check`], with the tests of the pipeline: they are there if there is a plan, and no error in
/// them.
pub fn check_tests(
    document: &Document,
    seed: Option<u64>,
    environment: &dyn Fn(&str) -> Option<String>,
    registry: &Registry,
    catalog: &dyn Catalog,
) -> (Option<(Plan, Vec<PlannedTest>)>, Report) {
    let raw = document.parse(seed, environment);
    let (plan, problems) = match compile(&raw, registry, catalog) {
        Ok((plan, mut problems)) => {
            let warnings = problems.len();
            let tests = test::read(&raw, &plan, &mut problems);
            let sound = problems.len() == warnings;
            (sound.then_some((plan, tests)), problems)
        }
        Err(problems) => (None, problems),
    };
    (plan, Report::new(document.texts().clone(), problems))
}

/// Puts the parts together, the operators in the order in which they run.
fn assemble(
    raw: &RawPipeline<'_>,
    nodes: nodes::Nodes,
    wiring: &graph::Wiring,
    order: &[usize],
    reach: &reach::Reach,
    mut schemas: schema::Schemas,
) -> Option<Plan> {
    let mut position = vec![0; order.len()];
    for (place, &operator) in order.iter().enumerate() {
        *position.get_mut(operator)? = place;
    }
    let producers = |inputs: &[graph::Input]| -> Option<Vec<Producer>> {
        let placed = |input: &graph::Input| match input.producer {
            Producer::Operator { operator, port } => Some(Producer::Operator {
                operator: *position.get(operator)?,
                port,
            }),
            source @ Producer::Source(_) => Some(source),
        };
        inputs.iter().map(placed).collect()
    };
    let mut sources = Vec::new();
    for (node, read) in raw.sources.iter().zip(nodes.sources) {
        let (config, facts) = (read.config?, read.facts?);
        sources.push(PlannedSource {
            id: node.id.clone(),
            config,
            facts,
        });
    }
    let mut operators: Vec<PlannedOperator> = Vec::new();
    let mut next_position = 0;
    for &operator in order {
        let spec = nodes.operators.get(operator)?.clone()?;
        let flow = schemas.operators.get_mut(operator)?.take()?;
        let sources_here = reach.operators.get(operator)?;
        operators.push(PlannedOperator {
            id: raw.operators.get(operator)?.id.clone(),
            inputs: producers(wiring.operators.get(operator)?)?,
            input_names: flow.input_names,
            ports: spec.ports(),
            spec,
            schemas: flow.outputs,
            input_schema: flow.input,
            text: flow.text,
            texts: flow.texts,
            text_names: flow.after.names,
            source_rows: sources_here
                .iter()
                .filter_map(|source| sources.get(*source))
                .map(|source| source.facts.rows)
                .sum(),
            sources: sources_here.iter().copied().collect(),
            facts: nodes.facts.get(operator).cloned().unwrap_or_default(),
            position: next_position,
        });
        next_position += operators.last().map_or(0, |added| added.names().len());
    }
    let mut sinks = Vec::new();
    for (index, (node, config)) in raw.sinks.iter().zip(nodes.sinks).enumerate() {
        let config = config?;
        let inputs = wiring.sinks.get(index)?;
        sinks.push(PlannedSink {
            id: node.id.clone(),
            layout: SinkLayout::new(&config, raw.document.base()),
            config,
            inputs: producers(inputs)?,
            schema: schemas.sinks.get_mut(index)?.take()?,
            sources: reach.sinks.get(index)?.iter().copied().collect(),
            reads_errors: inputs.iter().any(|input| input.errors),
            several_texts: schemas.several.get(index).copied().unwrap_or_default(),
        });
    }
    Some(Plan {
        name: raw.document.name().to_owned(),
        seed: raw.seed,
        base: raw.document.base().to_owned(),
        sources,
        operators,
        sinks,
        stages: Vec::new(),
        fingerprint: String::new(),
    })
}
