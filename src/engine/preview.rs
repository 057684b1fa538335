//! A look at what a pipeline does, without writing anything.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{RunError, RunSettings, asked_batch_rows, assemble, count, read};
use crate::batch::{Batch, Shard};
use crate::inference::ModelSettings;
use crate::operator::{Resources, Shared, TextValues};
use crate::plan::{Plan, Producer};
use crate::topology::{
    BatchWriter, Commit, Finished, RunOptions, ShardSink, ShardSource, Silent, SinkNode, Stop,
    Topology,
};

/// Rows in a batch: few, so that a preview of a large data set is quick.
const BATCH_ROWS: usize = 256;

/// One row as it went into a pipeline and as it left a node of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRow {
    /// The identity of the source row.
    pub identity: String,
    /// 0 for an original, 1 and up for its variants.
    pub replica: u32,
    /// The ids of the operators that changed it.
    pub operators: Vec<String>,
    /// The text as it was read.
    pub before: Option<String>,
    /// The text as it left the node.
    pub after: Option<String>,
}

/// The first `rows` rows that leave the node `at`: the id of a source or an operator, an
/// operator's port as `id.port`, or a sink, whose input is shown. `models` says how models run.
/// Where an operator wants the words of its sources counted, that is done first, on all cores.
///
/// # Errors
/// When there is no such node, an operator cannot be made, or a shard cannot be read.
pub fn preview(
    plan: &Plan,
    at: &str,
    rows: usize,
    models: &ModelSettings,
) -> Result<Vec<PreviewRow>, RunError> {
    let resources = Resources {
        base: plan.base.clone(),
        models: models.clone(),
        shared: Shared::default(),
    };
    let producers = producers_of(plan, at)?;
    let mixes_rows = plan.operators.iter().any(|node| node.spec.mixes_rows());
    let settings = RunSettings {
        batch_rows: match asked_batch_rows(plan) {
            None => BATCH_ROWS,
            Some(rows) if mixes_rows => rows,
            // No more than is shown, where rows take long.
            Some(most) => most.min(rows.max(1)),
        },
        ..RunSettings::new(1).for_operators(plan)
    };
    let shards = read::select(plan, &settings);
    let sources: Vec<read::Source<'_>> = read::sources(plan, &settings, &shards)
        .into_iter()
        .map(read::Source::keeping_text)
        .collect();
    let stop = Stop::default();
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    count::all(plan, &resources, threads, &Silent, &stop)?;
    let collector = Collector(Arc::new(Collected {
        operators: plan.part_names(),
        column: text_column(plan, &producers),
        wanted: rows,
        rows: Mutex::default(),
        stop: stop.clone(),
    }));
    let topology = Topology {
        sources: sources
            .iter()
            .map(|source| source as &dyn ShardSource)
            .collect(),
        stages: assemble::stages(plan, &resources),
        sinks: vec![SinkNode {
            inputs: producers
                .iter()
                .map(|producer| assemble::feed(plan, *producer))
                .collect(),
            sink: &collector,
        }],
        commit: &collector,
        observer: &Silent,
    };
    let shards: Vec<_> = shards
        .iter()
        .map(|shard| (shard.source, shard.shard.clone()))
        .collect();
    let options = RunOptions {
        workers: 1,
        window: 2,
        keep_going: false,
    };
    topology.run(&shards, options, &stop)?;
    if let Some(reason) = shards.iter().find_map(|(_, shard)| shard.failure()) {
        return Err(RunError::Operator(crate::operator::OperatorError::Other(
            reason.to_owned(),
        )));
    }
    let mut rows = collector
        .0
        .rows
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *rows))
}

/// What `at` names.
fn producers_of(plan: &Plan, at: &str) -> Result<Vec<Producer>, RunError> {
    let all = || {
        let sources = (0..plan.sources.len()).map(Producer::Source);
        let operators = plan
            .operators
            .iter()
            .enumerate()
            .flat_map(|(operator, node)| {
                (0..node.ports.len()).map(move |port| Producer::Operator { operator, port })
            });
        sources.chain(operators)
    };
    if let Some(sink) = plan.sinks.iter().find(|sink| sink.id == at) {
        return Ok(sink.inputs.clone());
    }
    all()
        .find(|producer| plan.name_of(*producer) == at)
        .map(|found| vec![found])
        .ok_or_else(|| {
            let sinks = plan.sinks.iter().map(|sink| sink.id.clone());
            let known = all()
                .map(|producer| plan.name_of(producer))
                .chain(sinks)
                .collect();
            RunError::UnknownNode {
                name: at.to_owned(),
                known,
            }
        })
}

fn text_column(plan: &Plan, producers: &[Producer]) -> usize {
    let column = producers.first().and_then(|producer| match producer {
        Producer::Source(source) => plan.sources.get(*source).map(|source| source.facts.text),
        Producer::Operator { operator, .. } => {
            plan.operators.get(*operator).map(|node| node.text.index)
        }
    });
    column.unwrap_or_default()
}

/// A sink that keeps the first rows and then asks the run to stop.
struct Collector(Arc<Collected>);

struct Collected {
    operators: Vec<String>,
    column: usize,
    wanted: usize,
    rows: Mutex<Vec<PreviewRow>>,
    stop: Stop,
}

impl ShardSink for Collector {
    fn open(&self, _shard: &Shard) -> Result<Box<dyn BatchWriter>, String> {
        Ok(Box::new(CollectorWriter(Arc::clone(&self.0))))
    }
}

struct CollectorWriter(Arc<Collected>);

impl BatchWriter for CollectorWriter {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let collected = &self.0;
        let after = TextValues::new(batch.records.column(collected.column));
        let after = after.map_err(|error| error.to_string())?;
        let before = batch
            .rows
            .origins
            .text
            .as_ref()
            .map(TextValues::new)
            .transpose();
        let before = before.map_err(|error| error.to_string())?;
        let mut rows = collected
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for row in 0..batch.rows.len() {
            if rows.len() == collected.wanted {
                break;
            }
            let mut identity = String::new();
            batch.rows.identity(row, &batch.shard.path, &mut identity);
            let origin = batch
                .rows
                .origin
                .get(row)
                .map_or(usize::MAX, |origin| *origin as usize);
            let changed = batch.rows.changed.get(row).copied().unwrap_or_default();
            let names = changed
                .iter()
                .filter_map(|position| collected.operators.get(position));
            rows.push(PreviewRow {
                identity,
                replica: batch.rows.replica.get(row).copied().unwrap_or_default(),
                operators: names.cloned().collect(),
                before: before
                    .as_ref()
                    .and_then(|before| before.get(origin))
                    .map(str::to_owned),
                after: after.get(row).map(str::to_owned),
            });
        }
        if rows.len() == collected.wanted {
            collected.stop.request();
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String> {
        Ok(Box::new(Nothing))
    }
}

/// What the collector finishes: it keeps the rows itself.
struct Nothing;

impl Finished for Nothing {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Commit for Collector {
    fn commit(
        &self,
        _shard: &Shard,
        _outputs: Vec<(usize, Box<dyn Finished>)>,
    ) -> Result<(), String> {
        Ok(())
    }
}
