//! A look at what a pipeline does, without writing anything.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{RunError, RunSettings, asked_batch_rows, assemble, count, read};
use arrow::error::ArrowError;

use crate::batch::{Batch, Shard};
use crate::columns::TextPath;
use crate::inference::ModelSettings;
use crate::operator::{NamedTexts, Resources, Shared};
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
    count::words(plan, &resources, threads, &Silent, &stop)?;
    let collector = Collector(Arc::new(Collected {
        operators: plan
            .operators
            .iter()
            .map(|operator| operator.id.clone())
            .collect(),
        names: text_names(plan, &producers),
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

/// What the texts are called that leave the first of `producers`.
fn text_names(plan: &Plan, producers: &[Producer]) -> Vec<String> {
    let names = producers.first().and_then(|producer| match producer {
        Producer::Source(source) => {
            let texts = plan
                .sources
                .get(*source)
                .map(|source| &source.facts.texts)?;
            Some(
                texts
                    .paths
                    .iter()
                    .map(|path| path.name().to_owned())
                    .collect(),
            )
        }
        Producer::Operator { operator, .. } => plan
            .operators
            .get(*operator)
            .map(|node| node.text_names.clone()),
    });
    names.unwrap_or_default()
}

/// A sink that keeps the first rows and then asks the run to stop.
struct Collector(Arc<Collected>);

struct Collected {
    operators: Vec<String>,
    /// What the texts are called where they leave.
    names: Vec<String>,
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
        let texts = Compared::new(batch, &collected.names).map_err(|error| error.to_string())?;
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
            let origin = batch.rows.origin.get(row).copied().unwrap_or_default();
            let changed = batch.rows.changed.get(row).copied().unwrap_or_default();
            let names = changed
                .iter()
                .filter_map(|position| collected.operators.get(position));
            rows.push(PreviewRow {
                identity,
                replica: batch.rows.replica.get(row).copied().unwrap_or_default(),
                operators: names.cloned().collect(),
                texts: texts.of_row(origin as usize, row),
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
