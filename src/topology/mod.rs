//! Threads and channels: moves batches from sources through stages to sinks.
//!
//! The topology knows nothing of pipeline files, of plans or of any particular operator: it sees
//! the traits [`ShardSource`], [`Operator`], [`ShardSink`] and [`Commit`].
//!
//! # How batches move
//!
//! Every stage (a chain of fused operators) and every sink has one bounded multi-consumer channel;
//! what is to be read comes through one more. A pool of workers serves them all: a worker takes
//! what is nearest to a sink, runs it, sends on what comes of it, and reads a new batch only when
//! nothing else is to do. So a batch mostly stays on the core that read it, and no core sleeps
//! while there is work.
//!
//! A batch needs a place in the window before it is read, and keeps it until the last thing made of
//! it is written. A channel has room for the whole window, so no send ever blocks, and a diamond
//! cannot deadlock however unlike its branches are: whatever a fan-in or a sink waits for is
//! already in flight.
//!
//! A stage whose operators keep something from batch to batch has operators for each shard instead
//! of each worker, and takes the batches of a shard in order, as sinks do: whichever worker comes by
//! does what is next.
//!
//! Publishing a shard means waiting for a device; threads that do nothing else see to it.
//!
//! # What can go wrong
//!
//! An error or a panic fails its shard, not the process. The shard's batches flow on, empty, so
//! that everything downstream still sees every sequence number; sinks drop what they wrote of it.

mod commits;
mod intake;
mod lanes;
mod merge;
mod readers;
mod stage;
mod stop;
#[cfg(test)]
mod tests;
mod wiring;
mod workers;
mod writing;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use crossbeam_channel::bounded;

use crate::batch::{Batch, Rows, Shard};
use crate::operator::{Operator, OperatorError};

pub use stop::Stop;

use commits::Commits;
use intake::Intake;
use lanes::Lanes;
use stage::Crew;
use wiring::Wiring;
use workers::Crews;

/// Opens shards for reading.
pub trait ShardSource: Sync {
    /// Opens `shard`.
    ///
    /// # Errors
    /// A message that names the file and the remedy.
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchReader>, String>;
}

/// Reads one shard.
pub trait BatchReader: Send {
    /// The next rows, or nothing at the end of the shard.
    ///
    /// # Errors
    /// A message that names the file, the place and the remedy.
    fn next_batch(&mut self) -> Result<Option<(RecordBatch, Rows)>, String>;

    /// How many places of the window a batch takes: more than one if it is much larger than the
    /// others.
    fn places(&self, _records: &RecordBatch) -> usize {
        1
    }
}

/// Opens outputs for writing.
pub trait ShardSink: Sync {
    /// Opens the output for `shard`.
    ///
    /// # Errors
    /// A message that names the file and the remedy.
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchWriter>, String>;
}

/// Writes what becomes of one shard in one sink. Dropping it unfinished leaves nothing behind.
pub trait BatchWriter: Send {
    /// Appends rows. Batches come in the order of the shard.
    ///
    /// # Errors
    /// A message that names the file and the remedy.
    fn write(&mut self, batch: &Batch) -> Result<(), String>;

    /// Completes the output without making it visible.
    ///
    /// # Errors
    /// A message that names the file and the remedy.
    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String>;
}

/// A complete output that is not visible yet. Dropping it leaves nothing behind.
pub trait Finished: Send {
    /// For the [`Commit`] that made the sink: its own type back.
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

/// Makes the outputs of a shard visible, all of them, and records that.
pub trait Commit: Sync {
    /// Called once for a shard that went through whole, with one output for each sink that its
    /// source reaches: the sink's position and what it finished.
    ///
    /// # Errors
    /// A message that names the file and the remedy.
    fn commit(&self, shard: &Shard, outputs: Vec<(usize, Box<dyn Finished>)>)
    -> Result<(), String>;
}

/// Where a consumer gets its batches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// A source, by its position.
    Source(usize),
    /// A port of an operator in a stage.
    Stage {
        /// Position of the stage.
        stage: usize,
        /// Position of the operator in the stage.
        step: usize,
        /// Position of the port.
        port: usize,
    },
}

/// Makes an operator for one worker.
pub type BuildOperator<'a> = Box<dyn Fn() -> Result<Box<dyn Operator>, OperatorError> + Sync + 'a>;

/// One operator of a stage.
pub struct Step<'a> {
    /// The operator's id, to name it in messages.
    pub id: String,
    /// Its position in the plan, under which it counts.
    pub position: usize,
    /// The schema of each port.
    pub schemas: Vec<SchemaRef>,
    /// Whether the first port is the main output, whose rows alone count as those that leave.
    pub has_main_output: bool,
    /// Makes the operator.
    pub build: BuildOperator<'a>,
}

/// A chain of operators that run one after another on the same thread: the main output of each is
/// the input of the next.
pub struct Stage<'a> {
    /// What the first operator reads, in the order of its `inputs`.
    pub inputs: Vec<Feed>,
    /// The operators; at least one.
    pub steps: Vec<Step<'a>>,
    /// Whether the operators keep something from batch to batch: each shard then has operators of
    /// its own, which see its batches in order.
    pub in_order: bool,
}

/// An end of the graph.
pub struct SinkNode<'a> {
    /// What it reads, in the order of its `inputs`.
    pub inputs: Vec<Feed>,
    /// Opens its outputs.
    pub sink: &'a dyn ShardSink,
}

/// A graph of sources, stages and sinks, ready to run. Stages come after what they read.
pub struct Topology<'a> {
    /// What can be read.
    pub sources: Vec<&'a dyn ShardSource>,
    /// What works on batches.
    pub stages: Vec<Stage<'a>>,
    /// Where rows end.
    pub sinks: Vec<SinkNode<'a>>,
    /// Publishes finished shards.
    pub commit: &'a dyn Commit,
    /// Hears of progress.
    pub observer: &'a dyn Observer,
}

/// How a run behaves. None of it changes the output.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// How many threads may compute at a time; at least 1.
    pub workers: usize,
    /// How many batches may be in flight; at least 1.
    pub window: usize,
    /// Whether other shards go on after one has failed.
    pub keep_going: bool,
}

/// What became of a shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShardOutcome {
    /// Every row of it is where it belongs.
    Committed,
    /// Nothing of it was published, for this reason.
    Failed(String),
    /// The run stopped before it was through; nothing of it was published.
    Abandoned,
}

/// Hears what happens during a run, from any thread.
pub trait Observer: Sync {
    /// Something in so many rows is going to be counted, before anything else is read: `words`, say.
    fn counting_started(&self, _what: &'static str, _rows: u64) {}
    /// So many rows are going to be surveyed, before anything else is read but after all is counted.
    fn survey_started(&self, _rows: u64) {}
    /// So many rows more have been counted or surveyed.
    fn rows_counted(&self, _rows: u64) {}
    /// All is counted, or surveyed.
    fn counting_finished(&self) {}
    /// The run is going to read a shard of `rows` rows. Called for all of them before the first.
    fn shard_expected(&self, _shard: &Shard, _rows: u64) {}
    /// A reader begins with a shard.
    fn shard_started(&self, _shard: &Arc<Shard>) {}
    /// A batch of `rows` rows has been read.
    fn rows_read(&self, _shard: &Shard, _rows: u64) {}
    /// A shard has reached its end.
    fn shard_finished(&self, _shard: &Arc<Shard>, _outcome: &ShardOutcome) {}
    /// The operator at `position` of the plan was busy for this long.
    fn operator_busy(&self, _position: usize, _time: Duration) {}
}

/// An observer that does not listen.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {}

impl Topology<'_> {
    /// Reads `shards` (each with the position of its source), and returns when every one of them
    /// is committed, has failed or was given up: what became of each, in the order given.
    ///
    /// # Errors
    /// When an operator cannot be built. Nothing has been read then.
    pub fn run(
        &self,
        shards: &[(usize, Arc<Shard>)],
        options: RunOptions,
        stop: &Stop,
    ) -> Result<Vec<ShardOutcome>, OperatorError> {
        // Where there is nothing to do, nothing is loaded for it.
        let workers = match shards {
            [] => 0,
            _ => options.workers.max(1),
        };
        let window = options.window.max(1);
        let readings = workers.min(shards.len());
        let intake = Intake::new(window, readings);
        let wiring = Wiring::new(self, window);
        let outcomes = Outcomes::new(shards.len());
        let sink_lanes: Vec<_> = self.sinks.iter().map(|_| Lanes::default()).collect();
        let stage_lanes: Vec<_> = self.stages.iter().map(|_| Lanes::default()).collect();
        let (finished, arrivals) = bounded(window * self.sinks.len().max(1));
        let commits = Commits::new(finished);
        let crews = (0..workers)
            .map(|_| self.crews())
            .collect::<Result<Vec<Crews>, _>>()?;

        let run = Run {
            topology: self,
            shards,
            stop,
            intake: &intake,
            wiring: &wiring,
            outcomes: &outcomes,
            sink_lanes: &sink_lanes,
            stage_lanes: &stage_lanes,
            commits: &commits,
            keep_going: options.keep_going,
        };
        let next = &AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..readings {
                let arrivals = arrivals.clone();
                scope.spawn(move || commits::work(run, &arrivals));
            }
            for _ in 0..readings {
                if let Some(shard) = readers::next_shard(run, next) {
                    intake.open(shard);
                }
            }
            for crews in crews {
                scope.spawn(move || workers::work(run, next, crews));
            }
            intake.wait_until_over();
            commits.close();
        });
        Ok(outcomes.into_vec())
    }

    /// The operators of one worker. Those of a stage that works in order are for a shard to come:
    /// that they can be made shows before anything is read.
    fn crews(&self) -> Result<Crews, OperatorError> {
        self.stages.iter().map(stage::crew).collect()
    }
}

/// What the threads of a run share.
#[derive(Clone, Copy)]
struct Run<'a> {
    topology: &'a Topology<'a>,
    shards: &'a [(usize, Arc<Shard>)],
    stop: &'a Stop,
    intake: &'a Intake,
    wiring: &'a Wiring,
    outcomes: &'a Outcomes,
    sink_lanes: &'a [Lanes<Box<dyn BatchWriter>>],
    /// Used by those stages alone that work in order.
    stage_lanes: &'a [Lanes<Crew>],
    commits: &'a Commits,
    keep_going: bool,
}

impl Run<'_> {
    /// Notes what became of a shard, and stops the run if it was not meant to survive that.
    fn finish(&self, shard: &Arc<Shard>, position: usize, outcome: ShardOutcome) {
        self.topology.observer.shard_finished(shard, &outcome);
        if matches!(outcome, ShardOutcome::Failed(_)) && !self.keep_going {
            self.stop.request_quietly();
        }
        self.outcomes.set(position, outcome);
    }
}

struct Outcomes(Mutex<Vec<ShardOutcome>>);

impl Outcomes {
    fn new(shards: usize) -> Self {
        Self(Mutex::new(vec![ShardOutcome::Abandoned; shards]))
    }

    fn set(&self, position: usize, outcome: ShardOutcome) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = all.get_mut(position) {
            *slot = outcome;
        }
    }

    fn into_vec(self) -> Vec<ShardOutcome> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to an atomic count and answers what it was before.
fn take_number(counter: &AtomicU64) -> usize {
    usize::try_from(counter.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX)
}
