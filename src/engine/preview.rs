//! A look at what a pipeline does, without writing anything.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use arrow::error::ArrowError;

use super::collect::{Collector, PublishNothing};
use super::{RunError, RunSettings, asked_batch_rows, assemble, count, read, survey};
use crate::batch::Batch;
use crate::columns::TextPath;
use crate::inference::ModelSettings;
use crate::operator::{NamedTexts, OperatorError, Resources, ScratchFolder, Shared};
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
    /// The texts of the row.
    pub texts: Vec<PreviewText>,
}

/// A text as it went into a pipeline and as it left a node of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewText {
    /// Where it stands in the row, for example `messages[0].content`; empty where the row has one.
    pub place: String,
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
        stages: assemble::stages(plan, &resources, &vec![true; plan.operators.len()]),
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
    let texts = producers
        .first()
        .map_or_else(Vec::new, |producer| plan.text_names_of(*producer));
    let mut preview = Vec::with_capacity(rows);
    for batch in collector.take() {
        preview.extend(shown(plan, &batch, &texts).map_err(OperatorError::from)?);
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

/// The rows of a batch, and its texts, which are called `texts` where they leave.
fn shown(plan: &Plan, batch: &Batch, texts: &[String]) -> Result<Vec<PreviewRow>, ArrowError> {
    let texts = Compared::new(batch, texts)?;
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
            texts: texts.of_row(*origin as usize, row),
        });
    }
    Ok(rows)
}

/// The texts of a batch as they were read, and as they are.
struct Compared {
    before: NamedTexts,
    after: NamedTexts,
    is_plain: bool,
}

impl Compared {
    fn new(batch: &Batch, names: &[String]) -> Result<Self, ArrowError> {
        let schema = batch.records.schema();
        let (mut roots, mut columns, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for (name, root) in names.iter().zip(&batch.rows.origins.roots) {
            // A text that was left out on the way is not shown.
            if let Ok(path) = TextPath::resolve(name, &schema) {
                roots.push(Arc::clone(root));
                columns.push(Arc::clone(batch.records.column(path.column())));
                paths.push(path);
            }
        }
        let origins = batch.rows.origins.keys.len();
        Ok(Self {
            before: NamedTexts::new(&roots, &paths, origins)?,
            after: NamedTexts::new(&columns, &paths, batch.rows.len())?,
            is_plain: matches!((names, &paths[..]), ([_], [only]) if only.is_plain()),
        })
    }

    fn of_row(&self, origin: usize, row: usize) -> Vec<PreviewText> {
        let read = self.before.of_row(origin);
        let mut texts: Vec<PreviewText> = read
            .map(|(place, text)| PreviewText {
                place,
                before: Some(text.to_owned()),
                after: None,
            })
            .collect();
        for (place, text) in self.after.of_row(row) {
            let after = Some(text.to_owned());
            match texts.iter_mut().find(|known| known.place == place) {
                Some(known) => known.after = after,
                None => texts.push(PreviewText {
                    place,
                    before: None,
                    after,
                }),
            }
        }
        if self.is_plain {
            if texts.is_empty() {
                texts.push(PreviewText {
                    place: String::new(),
                    before: None,
                    after: None,
                });
            }
            for text in &mut texts {
                text.place.clear();
            }
        }
        texts
    }
}
