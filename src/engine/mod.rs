//! From a plan to files: the one place where sources, operators, sinks, the ledger and the topology
//! meet.

mod assemble;
mod collect;
mod commit;
mod count;
mod memory;
mod outlook;
mod preview;
mod read;
mod rejects;
mod survey;
mod test;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::batch::Shard;
use crate::counters::Counts;
use crate::inference::ModelSettings;
use crate::ledger::{LedgerError, Mode, Reject};
use crate::operator::{OperatorError, Resources, Shared};
use crate::plan::{Plan, Producer};
use crate::sink::PAGES_HELD;
use crate::topology::{Observer, RunOptions, ShardOutcome, Stop};

pub use memory::{TooLittleMemory, within};
pub use outlook::{Outlook, outlook};
pub use preview::{PreviewRow, PreviewText, preview};
pub use test::{Broken, Difference, Observed, ObservedOutput, TestBench, differences, snapshot};

use commit::Publisher;
use read::PlannedShard;

/// Bytes in a batch, roughly at most, where an operator says how many rows it has.
const BATCH_BYTES: usize = 8 << 20;

/// The same where nothing is asked for: what is made of a batch of words takes several times as
/// much.
const USUAL_BATCH_BYTES: usize = 4 << 20;

/// Bytes of the largest row that is taken on where nothing is said about memory.
const MOST_ROW_BYTES: usize = 64 << 20;

/// How a run behaves. Nothing here but `limit` changes the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// How many threads compute at a time; at least 1.
    pub workers: usize,
    /// How many batches may be in flight; at least 1.
    pub window: usize,
    /// Rows in a batch, at most.
    pub batch_rows: usize,
    /// Bytes in a batch, roughly at most.
    pub batch_bytes: usize,
    /// Bytes of a row group in progress that each open output keeps in memory: the rest waits in a
    /// file beside it.
    pub pages_held: usize,
    /// Bytes of a row, at most: a shard with a larger one fails. Nothing for any size.
    pub most_row_bytes: Option<usize>,
    /// Whether other shards go on after one has failed.
    pub keep_going: bool,
    /// Whether finished shards are done again.
    pub fresh: bool,
    /// Whether finished shards of another pipeline are accepted.
    pub force: bool,
    /// Rows to read of each source, at most.
    pub limit: Option<u64>,
    /// Part `i` of `n` of the shards, counted from 1.
    pub shard: Option<(usize, usize)>,
    /// How models run.
    pub models: ModelSettings,
}

impl RunSettings {
    /// The settings of a run with so many workers and nothing else asked for.
    pub fn new(workers: usize) -> Self {
        Self {
            workers: workers.max(1),
            window: workers.max(1) * 3,
            batch_rows: 4_096,
            batch_bytes: USUAL_BATCH_BYTES,
            pages_held: PAGES_HELD,
            most_row_bytes: Some(MOST_ROW_BYTES),
            keep_going: false,
            fresh: false,
            force: false,
            limit: None,
            shard: None,
            models: ModelSettings::default(),
        }
    }

    /// The same settings with smaller batches where the operators of `plan` make many rows of one,
    /// so that what is in flight stays as large as it was meant to be, or take long over each.
    fn for_operators(&self, plan: &Plan) -> Self {
        /// Rows out per row in that the batch size is meant for.
        const USUAL: f64 = 4.0;
        let factor = (largest_expansion(plan) / USUAL).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rough figure, between 1 and what it was"
        )]
        let shrunk = |size: usize| ((size as f64 / factor) as usize).max(1);
        let asked = asked_batch_rows(plan);
        Self {
            batch_rows: asked.unwrap_or_else(|| shrunk(self.batch_rows)),
            // Where the output depends on batches, they must not depend on settings.
            batch_bytes: shrunk(asked.map_or(self.batch_bytes, |_| BATCH_BYTES)),
            ..self.clone()
        }
    }

    fn mode(&self) -> Mode {
        match (self.fresh, self.force) {
            (true, _) => Mode::Fresh,
            (false, true) => Mode::Force,
            (false, false) => Mode::Resume,
        }
    }
}

/// What became of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardReport {
    /// The id of its source.
    pub source: String,
    /// Its path relative to the root of the source, and which part of the file it is.
    pub path: String,
    /// What became of it.
    pub outcome: ShardOutcome,
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The shards that the run took on, in the order of the plan.
    pub shards: Vec<ShardReport>,
    /// Shards that earlier runs had committed.
    pub already_committed: usize,
    /// What the operators counted in the shards that this run committed: ids and counts, in the
    /// order of the plan.
    pub operators: Vec<(String, Counts)>,
    /// Source rows of the shards that this run committed.
    pub rows_read: u64,
    /// Rows written by each sink for them: ids and numbers.
    pub rows_written: Vec<(String, u64)>,
    /// Rows that operators refused and put out by their port `errors`, in all shards that are
    /// committed.
    pub rows_refused: u64,
    /// The records of the shards that failed and of the rows that were refused: one in each folder
    /// that the sinks write to.
    pub rejects: Vec<PathBuf>,
    /// The folders that the sinks write to.
    pub outputs: Vec<PathBuf>,
    /// How long the run took.
    pub elapsed: Duration,
}

/// Why a run did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// An output folder cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Everything is committed, but a ledger could not be brought into order.
    #[error(transparent)]
    Seal(LedgerError),
    /// An operator cannot be made.
    #[error("an operator cannot start: {0}")]
    Operator(#[from] OperatorError),
    /// The words of the sources cannot be counted.
    #[error("the words for operator `{operator}` cannot be counted: {message}")]
    Words {
        /// The operator that needs them.
        operator: String,
        /// Which file is to blame, and why.
        message: String,
    },
    /// The rows of the sources cannot be surveyed.
    #[error("the rows for operator `{operator}` cannot be surveyed: {message}")]
    Survey {
        /// The operator that needs them.
        operator: String,
        /// Which file is to blame, and why.
        message: String,
    },
    /// The labels of the sources cannot be counted.
    #[error("the labels for operator `{operator}` cannot be counted: {message}")]
    Labels {
        /// The operator that needs them.
        operator: String,
        /// Which file is to blame, and why.
        message: String,
    },
    /// The columns of a sink cannot be written.
    #[error("sink `{sink}`: {message}")]
    Sink {
        /// Its id.
        sink: String,
        /// What is wrong.
        message: String,
        /// The remedy.
        help: String,
    },
    /// There is no such node to look at.
    #[error("there is no node `{name}` in this pipeline")]
    UnknownNode {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
}

impl RunError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Ledger(error) | Self::Seal(error) => error.help(),
            Self::Operator(OperatorError::Unusable { help, .. }) | Self::Sink { help, .. } => {
                help.clone()
            }
            Self::Operator(_) => "mend the cause and run again".to_owned(),
            Self::Words { operator, .. } => format!(
                "`{operator}` needs the words of every shard, whatever part of them is processed: \
                 mend the file or take it out of the source, or name a file with counts in the \
                 option `statistics`"
            ),
            Self::Survey { operator, .. } => format!(
                "`{operator}` needs the rows of every shard, whatever part of them is processed: \
                 mend the cause, or take the file out of the source"
            ),
            Self::Labels { operator, .. } => format!(
                "`{operator}` needs the labels of every shard, whatever part of them is processed: \
                 mend the file or take it out of the source"
            ),
            Self::UnknownNode { known, .. } => format!("the nodes are: {}", known.join(", ")),
        }
    }
}

/// Rows in a batch, where an operator of `plan` has to say; the fewest that one does.
fn asked_batch_rows(plan: &Plan) -> Option<usize> {
    let slow = plan
        .operators
        .iter()
        .filter_map(|node| node.spec.batch_rows());
    slow.min().map(|rows| rows.max(1))
}

/// The most rows that one source row is expected to become at any place of the plan.
fn largest_expansion(plan: &Plan) -> f64 {
    let mut expansions: Vec<f64> = Vec::with_capacity(plan.operators.len());
    for operator in &plan.operators {
        let incoming = operator.inputs.iter().map(|input| match input {
            Producer::Source(_) => 1.0,
            Producer::Operator { operator, .. } => {
                expansions.get(*operator).copied().unwrap_or(1.0)
            }
        });
        let incoming: f64 = incoming.sum();
        expansions.push(incoming * operator.spec.expansion(operator.source_rows));
    }
    expansions.into_iter().fold(1.0, f64::max)
}

/// The shards that failed, and why.
fn rejected(shards: &[PlannedShard], outcomes: &[ShardOutcome]) -> Vec<Reject> {
    let failed = shards.iter().zip(outcomes);
    let failed = failed.filter_map(|(planned, outcome)| match outcome {
        ShardOutcome::Failed(reason) => Some(Reject {
            source: planned.shard.source.clone(),
            shard: planned.shard.name.clone(),
            row: None,
            reason: reason.clone(),
        }),
        ShardOutcome::Committed | ShardOutcome::Abandoned => None,
    });
    failed.collect()
}

/// Runs `plan`: reads every shard that is not committed yet and publishes what becomes of it.
///
/// # Errors
/// When the run could not start. What goes wrong later is in the report, shard by shard.
pub fn run(
    plan: &Plan,
    settings: &RunSettings,
    observer: &dyn Observer,
    stop: &Stop,
) -> Result<RunReport, RunError> {
    let started = Instant::now();
    let settings = &settings.for_operators(plan);
    let selected = read::select(plan, settings);
    let sinks = write::sinks(plan, settings.pages_held)?;
    let publisher = Publisher::open(plan, settings, &selected)?;
    survey::remove_leftovers(plan, settings);
    let (done, todo): (Vec<PlannedShard>, Vec<PlannedShard>) = selected
        .into_iter()
        .partition(|shard| publisher.is_committed(shard));
    let sources = read::sources(plan, settings, &todo);
    let resources = Resources {
        base: plan.base.clone(),
        models: settings.models.clone(),
        shared: Shared::default(),
    };
    let known = todo.is_empty() || {
        let folder = || survey::folder_beside_output(plan, settings);
        let workers = settings.workers;
        count::all(plan, &resources, workers, observer, stop)?
            && survey::rows(plan, &resources, workers, &folder, observer, stop)?
    };
    let refused = rejects::sinks(plan);
    let topology = assemble::topology(
        plan, &resources, &sources, &sinks, &refused, &publisher, observer,
    );

    let shards: Vec<(usize, Arc<Shard>)> = todo
        .iter()
        .map(|shard| (shard.source, Arc::clone(&shard.shard)))
        .collect();
    publisher.expect(&todo);
    for planned in &todo {
        observer.shard_expected(&planned.shard, planned.rows);
    }
    let options = RunOptions {
        workers: settings.workers,
        window: settings.window,
        keep_going: settings.keep_going,
    };
    let outcomes = if known {
        topology.run(&shards, options, stop)?
    } else {
        vec![ShardOutcome::Abandoned; shards.len()]
    };
    if outcomes
        .iter()
        .all(|outcome| *outcome == ShardOutcome::Committed)
    {
        publisher.seal()?;
    }
    let rejects = publisher.reject(&rejected(&todo, &outcomes));

    let names = plan.part_names();
    let mut counts = vec![Counts::default(); names.len()];
    let mut rows_read = 0;
    for (shard, outcome) in todo.iter().zip(&outcomes) {
        if *outcome == ShardOutcome::Committed {
            rows_read += shard.rows;
            for (total, counted) in counts.iter_mut().zip(shard.shard.counters.snapshot()) {
                total.add(&counted);
            }
        }
    }
    Ok(RunReport {
        shards: todo
            .iter()
            .zip(outcomes)
            .map(|(shard, outcome)| ShardReport {
                source: shard.shard.source.clone(),
                path: shard.shard.name.clone(),
                outcome,
            })
            .collect(),
        already_committed: done.len(),
        operators: names.into_iter().zip(counts).collect(),
        rows_read,
        rows_written: plan
            .sinks
            .iter()
            .map(|sink| sink.id.clone())
            .zip(publisher.rows())
            .collect(),
        rows_refused: publisher.rows_refused(),
        rejects,
        outputs: rejects::roots(plan),
        elapsed: started.elapsed(),
    })
}
