//! Runs the tests of a pipeline: rows from memory through the operators between two nodes, and what
//! comes of them against what was expected.

mod given;
mod judge;
mod snapshot;

pub use judge::{Difference, differences};
pub use snapshot::snapshot;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::error::ArrowError;

use super::collect::{Collector, PublishNothing};
use super::{RunError, asked_batch_rows, assemble, count};
use crate::batch::{Batch, Shard};
use crate::counters::Counts;
use crate::inference::ModelSettings;
use crate::operator::{Resources, Shared, TextValues, survey_batch};
use crate::plan::{Entry, Plan, PlannedTest, Producer, TestedOutput, literal};
use crate::topology::{Feed, RunOptions, ShardSource, Silent, SinkNode, Stage, Stop, Topology};
use given::Given;

/// What the source of the rows of a test is called.
const SOURCE: &str = "test";

/// Runs tests of one plan. What takes long (models, counts of words) is done once for all of them.
#[derive(Debug)]
pub struct TestBench<'p> {
    plan: &'p Plan,
    resources: Resources,
    is_counted: bool,
}

/// What came of a test.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The rows of each output, in the order of [`PlannedTest::outputs`].
    pub outputs: Vec<ObservedOutput>,
    /// What each operator on the way counted, by its id, in the order of the plan.
    pub operators: Vec<(String, Counts)>,
}

/// The rows that left by one output.
#[derive(Debug, Clone, Default)]
pub struct ObservedOutput {
    /// The values of each row, in the order of the columns, as they would be written.
    pub rows: Vec<Vec<String>>,
    /// The text of each row, and the text that was put in for it.
    pub texts: Vec<(Option<String>, Option<String>)>,
}

/// Why a test could not be run to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What went wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
}

impl From<RunError> for Broken {
    fn from(error: RunError) -> Self {
        Self {
            message: error.to_string(),
            help: error.help(),
        }
    }
}

impl From<ArrowError> for Broken {
    fn from(error: ArrowError) -> Self {
        Self {
            message: error.to_string(),
            help: String::new(),
        }
    }
}

impl<'p> TestBench<'p> {
    /// A bench for the tests of `plan`. `models` says how models run.
    pub fn new(plan: &'p Plan, models: &ModelSettings) -> Self {
        Self {
            plan,
            resources: Resources {
                base: plan.base.clone(),
                models: models.clone(),
                shared: Shared::default(),
            },
            is_counted: false,
        }
    }

    /// Whether the words or labels of all shards of the sources are going to be counted for `test`.
    pub fn has_to_count(&self, test: &PlannedTest) -> bool {
        let on_the_way = |position: &usize| self.plan.operators.get(*position);
        !self.is_counted
            && test.way.iter().filter_map(on_the_way).any(|operator| {
                operator.spec.counts_words() || operator.spec.counts_labels().is_some()
            })
    }

    /// Resources of its own for a test with operators that look at all rows before: they look at
    /// those of the test.
    fn surveyed(&self, test: &PlannedTest) -> Result<Option<Resources>, Broken> {
        let on_the_way = |position: &usize| self.plan.operators.get(*position);
        let operators = test.way.iter().filter_map(on_the_way);
        let mut operators = operators
            .filter(|operator| operator.spec.surveys())
            .peekable();
        if operators.peek().is_none() {
            return Ok(None);
        }
        let resources = Resources {
            shared: Shared::default(),
            base: self.resources.base.clone(),
            models: self.resources.models.clone(),
        };
        for operator in operators {
            let shard = (SOURCE, test.name.as_str());
            let (spec, id, column) = (&*operator.spec, &operator.id, &operator.text);
            survey_batch(spec, id, column, shard, &test.input, &resources)
                .map_err(RunError::from)?;
        }
        Ok(Some(resources))
    }

    /// Runs `test`.
    ///
    /// # Errors
    /// When an operator cannot be made, or refuses the rows as a whole.
    pub fn run(&mut self, test: &PlannedTest) -> Result<Observed, Broken> {
        if self.has_to_count(test) {
            let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
            let stop = Stop::default();
            count::all(self.plan, &self.resources, threads, &Silent, &stop)?;
            self.is_counted = true;
        }
        let (plan, stop) = (self.plan, Stop::default());
        let resources = self.surveyed(test)?;
        let resources = resources.as_ref().unwrap_or(&self.resources);
        let given = Given::new(test, asked_batch_rows(plan))?;
        let collectors: Vec<Collector> = test
            .outputs
            .iter()
            .map(|_| Collector::new(usize::MAX, &stop))
            .collect();
        let topology = Topology {
            sources: vec![&given as &dyn ShardSource],
            stages: self.stages(test, resources),
            sinks: test
                .outputs
                .iter()
                .zip(&collectors)
                .map(|(output, sink)| SinkNode {
                    inputs: feeds_of(test, output),
                    sink,
                })
                .collect(),
            commit: &PublishNothing,
            observer: &Silent,
        };
        let ids = plan.part_names();
        let shard = Arc::new(Shard::new(0, SOURCE, &test.name, ids.len()));
        let options = RunOptions {
            workers: 1,
            window: 2,
            keep_going: false,
        };
        let ran = topology.run(&[(0, Arc::clone(&shard))], options, &stop);
        ran.map_err(RunError::from)?;
        if let Some(reason) = shard.failure() {
            return Err(Broken {
                message: reason.to_owned(),
                help: String::new(),
            });
        }
        let outputs = test.outputs.iter().zip(&collectors);
        let outputs: Result<Vec<ObservedOutput>, ArrowError> = outputs
            .map(|(output, collector)| observed(output, &collector.take(), &ids))
            .collect();
        let on_the_way = |position: &usize| plan.operators.get(*position);
        let counts = test.way.iter().filter_map(on_the_way).flat_map(|operator| {
            let positions = operator.position..;
            let counted = |position| shard.counters.operator(position).snapshot();
            let names = operator.names().into_iter().zip(positions);
            names.map(move |(name, position)| (name, counted(position)))
        });
        Ok(Observed {
            outputs: outputs?,
            operators: counts.collect(),
        })
    }

    /// The operators on the way of `test`, each a stage of its own.
    fn stages<'a>(&'a self, test: &'a PlannedTest, resources: &'a Resources) -> Vec<Stage<'a>> {
        let stage = |position: &usize| {
            let node = self.plan.operators.get(*position)?;
            let inputs = if test.entry == Entry::Operator(*position) {
                vec![Feed::Source(0)]
            } else {
                let inputs = node.inputs.iter();
                inputs.filter_map(|input| feed(test, *input)).collect()
            };
            let step = assemble::step(self.plan, resources, *position)?;
            Some(Stage {
                inputs,
                steps: vec![step],
                in_order: node.spec.in_order(),
            })
        };
        test.way.iter().filter_map(stage).collect()
    }
}

/// What feeds `output`: nothing in between where the rows go straight into what is looked at.
fn feeds_of(test: &PlannedTest, output: &TestedOutput) -> Vec<Feed> {
    if output.producers.is_empty() {
        return vec![Feed::Source(0)];
    }
    let producers = output.producers.iter();
    producers
        .filter_map(|producer| feed(test, *producer))
        .collect()
}

/// Where the rows of `producer` are found, if those of the test pass it.
fn feed(test: &PlannedTest, producer: Producer) -> Option<Feed> {
    match producer {
        Producer::Source(source) => {
            (test.entry == Entry::Source(source)).then_some(Feed::Source(0))
        }
        Producer::Operator { operator, port } => {
            let stage = test.way.iter().position(|position| *position == operator)?;
            let step = 0;
            Some(Feed::Stage { stage, step, port })
        }
    }
}

/// The rows of `batches`, which left by `output`.
fn observed(
    output: &TestedOutput,
    batches: &[Batch],
    ids: &[String],
) -> Result<ObservedOutput, ArrowError> {
    let mut observed = ObservedOutput::default();
    for batch in batches {
        let lineage = output.lineage.of(batch, ids.to_vec())?;
        let columns: Vec<&ArrayRef> = batch.records.columns().iter().chain(&lineage).collect();
        let after = texts(&batch.records, output.text)?;
        let before = batch.rows.origins.text.as_ref();
        let before = before.map(TextValues::new).transpose()?;
        for (row, origin) in batch.rows.origin.iter().enumerate() {
            let values = columns
                .iter()
                .map(|column| literal(column as &dyn Array, row));
            observed.rows.push(values.collect());
            let text = |texts: &Option<TextValues>, row: usize| {
                texts.as_ref()?.get(row).map(str::to_owned)
            };
            let pair = (text(&after, row), text(&before, *origin as usize));
            observed.texts.push(pair);
        }
    }
    Ok(observed)
}

fn texts(records: &RecordBatch, column: Option<usize>) -> Result<Option<TextValues>, ArrowError> {
    let column = column.and_then(|column| records.columns().get(column));
    column.map(TextValues::new).transpose()
}
