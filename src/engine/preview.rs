//! A look at what a pipeline does, without writing anything.

use std::num::NonZeroUsize;
use std::thread;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;

use super::collect::{Collector, PublishNothing};
use super::{RunError, RunSettings, asked_batch_rows, assemble, count, read, survey};
use crate::batch::Batch;
use crate::inference::ModelSettings;
use crate::operator::{OperatorError, Resources, ScratchFolder, Shared, TextValues};
use crate::plan::{Plan, Producer};
use crate::topology::{RunOptions, ShardSource, Silent, SinkNode, Stop, Topology};

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
/// Where an operator wants the words of its sources counted or its rows surveyed, that is done first,
/// on all cores.
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
    let folder = ScratchFolder::temporary;
    survey::rows(plan, &resources, threads, &folder, &Silent, &stop)?;
    let collector = Collector::new(rows, &stop);
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
        commit: &PublishNothing,
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
        return Err(OperatorError::Other(reason.to_owned()).into());
    }
    let column = producers
        .first()
        .and_then(|producer| plan.text_of(*producer));
    let mut preview = Vec::with_capacity(rows);
    for batch in collector.take() {
        preview.extend(shown(plan, &batch, column).map_err(OperatorError::from)?);
    }
    preview.truncate(rows);
    Ok(preview)
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

/// The rows of a batch whose texts are in the column at `column`, if there still is one.
fn shown(plan: &Plan, batch: &Batch, column: Option<usize>) -> Result<Vec<PreviewRow>, ArrowError> {
    let texts = |column: Option<&ArrayRef>| column.map(TextValues::new).transpose();
    let after = texts(column.and_then(|column| batch.records.columns().get(column)))?;
    let before = texts(batch.rows.origins.text.as_ref())?;
    let text = |values: &Option<TextValues>, row: usize| {
        let text = values.as_ref().and_then(|values| values.get(row));
        text.map(str::to_owned)
    };
    let names = plan.part_names();
    let mut rows = Vec::with_capacity(batch.rows.len());
    for (row, origin) in batch.rows.origin.iter().enumerate() {
        let mut identity = String::new();
        batch.rows.identity(row, &batch.shard.path, &mut identity);
        let changed = batch.rows.changed.get(row).copied().unwrap_or_default();
        let operators = changed
            .iter()
            .filter_map(|position| names.get(position).cloned());
        rows.push(PreviewRow {
            identity,
            replica: batch.rows.replica.get(row).copied().unwrap_or_default(),
            operators: operators.collect(),
            before: text(&before, *origin as usize),
            after: text(&after, row),
        });
    }
    Ok(rows)
}
