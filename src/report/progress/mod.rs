//! Progress of a run on stderr: bars, plain lines, or JSON for programs.
//!
//! # JSON
//!
//! One object a line, every second, with these fields; a number that is not known is left out.
//!
//! ```json
//! {"event": "progress", "elapsed_seconds": 2.0, "rows_read": 8192, "rows_total": 10072,
//!  "rows_per_second": 4090, "remaining_seconds": 0.5,
//!  "shards": {"total": 4, "running": 2, "committed": 1, "failed": 0},
//!  "sources": [{"id": "train", "rows_read": 8192, "rows_total": 10072}],
//!  "operators": [{"id": "swap", "rows_in": 8192, "rows_out": 8192, "changed": 8000,
//!                 "reasons": {"unchanged: too short": 192}, "busy_seconds": 0.4,
//!                 "measures": {"sentences": {"total": 9000, "per_second": 4500},
//!                              "padding": {"part": 120, "whole": 9000}}}]}
//! ```
//!
//! `measures` is there if the operator measures its work.
//!
//! Where the words of the sources are counted, or the rows surveyed, first, these come instead until
//! then, one at once:
//!
//! ```json
//! {"event": "counting", "elapsed_seconds": 1.0, "rows_counted": 4096, "rows_total": 10072}
//! ```
//!
//! At the end comes one `{"event": "finished", "report": {...}}`, with what `--report` writes.

mod drawing;
#[cfg(test)]
mod tests;

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use indicatif::{MultiProgress, ProgressDrawTarget};
use serde_json::{Value, json};

use drawing::Drawing;

use super::Palette;
use super::figures::{add_measures, measured, per_second, percent, remaining, time};
use crate::batch::Shard;
use crate::counters::Counts;
use crate::figures::{counted, grouped};
use crate::topology::{Observer, ShardOutcome};

/// Prints one line to stderr.
pub type Say<'a> = &'a (dyn Fn(&str) + Sync);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A bar for each source and a line for each operator, redrawn in place.
    Bars(Palette),
    /// A line every ten seconds.
    Plain,
    /// A JSON object a line, every second.
    Json,
    /// Nothing.
    Nothing,
}

impl Show {
    fn interval(self) -> Option<Duration> {
        match self {
            Self::Bars(_) => Some(Duration::from_millis(100)),
            Self::Plain => Some(Duration::from_secs(10)),
            Self::Json => Some(Duration::from_secs(1)),
            Self::Nothing => None,
        }
    }
}

/// What there is to read of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTotal {
    /// The id of the source.
    pub id: String,
    /// Rows in its shards.
    pub rows: u64,
    /// Number of its shards.
    pub shards: u64,
}

struct SourceState {
    total: SourceTotal,
    rows_read: AtomicU64,
    /// What this run has to read of it, once it is known: not what is committed already.
    expected: OnceLock<Expected>,
}

/// Rows and shards that a run is going to read.
#[derive(Default)]
struct Expected {
    rows: AtomicU64,
    shards: AtomicU64,
}

impl SourceState {
    fn rows(&self) -> u64 {
        self.expected.get().map_or(self.total.rows, |expected| {
            expected.rows.load(Ordering::Relaxed)
        })
    }

    fn shards(&self) -> u64 {
        let expected = self.expected.get();
        expected.map_or(self.total.shards, |expected| {
            expected.shards.load(Ordering::Relaxed)
        })
    }
}

struct OperatorState {
    id: String,
    busy_nanoseconds: AtomicU64,
}

/// The pass before the run, in which words or labels are counted, or rows surveyed.
#[derive(Default)]
struct CountingState {
    /// What is counted; nothing in a survey.
    what: Mutex<Option<&'static str>>,
    total: AtomicU64,
    counted: AtomicU64,
    under_way: AtomicBool,
    /// When the run proper began.
    finished: Mutex<Option<Instant>>,
}

/// Which shards are where. Locked when a shard starts or ends, and to show progress.
#[derive(Default)]
struct Shards {
    running: Vec<Arc<Shard>>,
    /// What the operators counted in shards that have ended, in the order of the plan.
    finished: Vec<Counts>,
    committed: u64,
    failed: u64,
}

/// Watches a run and shows how it goes.
pub struct Progress<'a> {
    show: Show,
    say: Say<'a>,
    verbose: bool,
    started: Instant,
    counting: CountingState,
    sources: Vec<SourceState>,
    operators: Vec<OperatorState>,
    shards: Mutex<Shards>,
    bars: MultiProgress,
}

impl<'a> Progress<'a> {
    /// Progress of a run that reads `sources` and has the operators with these ids, in the order
    /// of the plan. Lines go to `say`; if `verbose` there is one for every shard that ends.
    pub fn new(
        show: Show,
        verbose: bool,
        sources: Vec<SourceTotal>,
        operators: Vec<String>,
        say: Say<'a>,
    ) -> Self {
        let sources = sources
            .into_iter()
            .map(|total| SourceState {
                total,
                rows_read: AtomicU64::new(0),
                expected: OnceLock::new(),
            })
            .collect();
        let operators = operators
            .into_iter()
            .map(|id| OperatorState {
                id,
                busy_nanoseconds: AtomicU64::new(0),
            })
            .collect();
        let target = match show {
            Show::Bars(_) => ProgressDrawTarget::stderr(),
            Show::Plain | Show::Json | Show::Nothing => ProgressDrawTarget::hidden(),
        };
        Self {
            show,
            say,
            verbose,
            started: Instant::now(),
            counting: CountingState::default(),
            sources,
            operators,
            shards: Mutex::default(),
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Does `work`, and shows progress meanwhile. Bars are gone when it returns.
    pub fn watch<T>(&self, work: impl FnOnce() -> T) -> T {
        let Some(interval) = self.show.interval() else {
            return work();
        };
        let (running, ended) = bounded::<()>(0);
        thread::scope(|scope| {
            scope.spawn(|| self.report_every(interval, &ended));
            // Dropped when the work is done, or has panicked: the reporter ends.
            let _running = running;
            work()
        })
    }

    /// Prints a line between the bars.
    pub fn say(&self, text: &str) {
        self.bars.suspend(|| (self.say)(text));
    }

    /// The paths of the shards that have started and not ended.
    pub fn running(&self) -> Vec<String> {
        self.shards()
            .running
            .iter()
            .map(|shard| shard.name.clone())
            .collect()
    }

    fn report_every(&self, interval: Duration, ended: &Receiver<()>) {
        let mut drawing = match self.show {
            Show::Bars(palette) => Some(Drawing::new(self, palette)),
            Show::Plain | Show::Json | Show::Nothing => None,
        };
        while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            match (&mut drawing, self.show) {
                (Some(drawing), _) => drawing.update(self),
                (None, Show::Json) => (self.say)(&self.event().to_string()),
                (None, _) => (self.say)(&self.any_line()),
            }
        }
        // With nothing drawn there is nothing to clear, and a terminal that has gone cannot be.
        let _ = self.bars.clear();
    }

    fn shards(&self) -> MutexGuard<'_, Shards> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What each operator has counted so far.
    fn counts(&self) -> Vec<Counts> {
        let shards = self.shards();
        let mut counts = shards.finished.clone();
        for shard in &shards.running {
            add_counts(&mut counts, &shard.counters.snapshot());
        }
        counts.resize(self.operators.len(), Counts::default());
        counts
    }

    fn rows_read(&self) -> u64 {
        self.sources
            .iter()
            .map(|source| source.rows_read.load(Ordering::Relaxed))
            .sum()
    }

    fn rows_total(&self) -> u64 {
        self.sources.iter().map(SourceState::rows).sum()
    }

    fn shards_total(&self) -> u64 {
        self.sources.iter().map(SourceState::shards).sum()
    }

    /// How long the run has been reading: the rate does not suffer from what came before.
    fn reading_for(&self) -> Duration {
        let finished = self.counting.finished.lock();
        let finished = *finished.unwrap_or_else(PoisonError::into_inner);
        finished.unwrap_or(self.started).elapsed()
    }

    /// Rows that are counted or surveyed, and all there are, while that goes on.
    fn counting(&self) -> Option<(u64, u64)> {
        let state = &self.counting;
        state.under_way.load(Ordering::Relaxed).then(|| {
            let counted = state.counted.load(Ordering::Relaxed);
            (counted, state.total.load(Ordering::Relaxed))
        })
    }

    /// One line on that.
    fn counting_line(&self, counted_rows: u64, total: u64) -> String {
        let what = self.counting.what.lock();
        let what = what.unwrap_or_else(PoisonError::into_inner);
        format!(
            "{} {} of {} ({} %)",
            what.map_or_else(
                || "looked at".to_owned(),
                |what| format!("{what} counted in")
            ),
            grouped(counted_rows),
            counted(total, "row"),
            percent(counted_rows, total),
        )
    }

    fn begin_counting(&self, rows: u64, what: Option<&'static str>) {
        *self
            .counting
            .what
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = what;
        self.counting.total.store(rows, Ordering::Relaxed);
        self.counting.counted.store(0, Ordering::Relaxed);
        self.counting.under_way.store(true, Ordering::Relaxed);
        let rows = counted(rows, "row");
        match self.show {
            Show::Json => (self.say)(&self.event().to_string()),
            Show::Plain => (self.say)(&match what {
                Some(what) => format!("counting the {what} of {rows} first"),
                None => format!("looking at {rows} first"),
            }),
            Show::Bars(_) | Show::Nothing => {}
        }
    }

    /// One line on what is going on.
    fn any_line(&self) -> String {
        match self.counting() {
            Some((counted, total)) => self.counting_line(counted, total),
            None => self.line(),
        }
    }

    /// What is going on, for programs.
    fn event(&self) -> Value {
        match self.counting() {
            Some((counted, total)) => json!({
                "event": "counting",
                "elapsed_seconds": self.started.elapsed().as_secs_f64(),
                "rows_counted": counted,
                "rows_total": total,
            }),
            None => self.json(),
        }
    }

    /// What the operators measured of their work, each with the id of the operator.
    fn measures(&self) -> String {
        let elapsed = self.reading_for();
        let mut text = String::new();
        for (operator, counts) in self.operators.iter().zip(self.counts()) {
            let measures = counts.measures.iter();
            let measures: Vec<String> = measures
                .map(|(name, measure)| measured(name, *measure, elapsed))
                .collect();
            if !measures.is_empty() {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "; {}: {}", operator.id, measures.join(", "));
            }
        }
        text
    }

    /// One line on how far the run is.
    fn line(&self) -> String {
        let measures = self.measures();
        let (read, total, elapsed) = (self.rows_read(), self.rows_total(), self.reading_for());
        let left = remaining(read, total, elapsed)
            .map_or_else(String::new, |left| format!(", about {} left", time(left)));
        let shards = self.shards();
        format!(
            "{} of {} read ({} %), {} rows/s{left}; {} of {} committed{}{measures}",
            grouped(read),
            counted(total, "row"),
            percent(read, total),
            grouped(per_second(read, elapsed)),
            grouped(shards.committed),
            counted(self.shards_total(), "shard"),
            match shards.failed {
                0 => String::new(),
                failed => format!(", {} failed", grouped(failed)),
            },
        )
    }

    /// The same for programs. See the [module documentation](self).
    fn json(&self) -> Value {
        let (read, total, elapsed) = (self.rows_read(), self.rows_total(), self.reading_for());
        let sources: Vec<Value> = self
            .sources
            .iter()
            .map(|source| {
                let rows_read = source.rows_read.load(Ordering::Relaxed);
                let (id, rows) = (&source.total.id, source.rows());
                json!({ "id": id, "rows_read": rows_read, "rows_total": rows })
            })
            .collect();
        let operators: Vec<Value> = self
            .operators
            .iter()
            .zip(self.counts())
            .map(|(operator, counts)| {
                let busy = Duration::from_nanos(operator.busy_nanoseconds.load(Ordering::Relaxed));
                let mut object = json!({
                    "id": operator.id,
                    "rows_in": counts.rows_in,
                    "rows_out": counts.rows_out,
                    "changed": counts.changed,
                    "reasons": counts.reasons,
                    "busy_seconds": busy.as_secs_f64(),
                });
                add_measures(&mut object, &counts, elapsed);
                object
            })
            .collect();
        let shards = self.shards();
        let mut object = json!({
            "event": "progress",
            "elapsed_seconds": self.started.elapsed().as_secs_f64(),
            "rows_read": read,
            "rows_total": total,
            "rows_per_second": per_second(read, elapsed),
            "shards": {
                "total": self.shards_total(),
                "running": shards.running.len(),
                "committed": shards.committed,
                "failed": shards.failed,
            },
            "sources": sources,
            "operators": operators,
        });
        if let (Some(left), Some(object)) =
            (remaining(read, total, elapsed), object.as_object_mut())
        {
            object.insert("remaining_seconds".to_owned(), json!(left.as_secs_f64()));
        }
        object
    }
}

impl Observer for Progress<'_> {
    fn counting_started(&self, what: &'static str, rows: u64) {
        self.begin_counting(rows, Some(what));
    }

    fn survey_started(&self, rows: u64) {
        self.begin_counting(rows, None);
    }

    fn rows_counted(&self, rows: u64) {
        self.counting.counted.fetch_add(rows, Ordering::Relaxed);
    }

    fn counting_finished(&self) {
        let finished = self.counting.finished.lock();
        *finished.unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.counting.under_way.store(false, Ordering::Relaxed);
    }

    fn shard_expected(&self, shard: &Shard, rows: u64) {
        // A source that no shard is expected of has nothing left to read either.
        for source in &self.sources {
            let expected = source.expected.get_or_init(Expected::default);
            if source.total.id == shard.source {
                expected.rows.fetch_add(rows, Ordering::Relaxed);
                expected.shards.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn shard_started(&self, shard: &Arc<Shard>) {
        self.shards().running.push(Arc::clone(shard));
    }

    fn rows_read(&self, shard: &Shard, rows: u64) {
        if let Some(source) = self
            .sources
            .iter()
            .find(|source| source.total.id == shard.source)
        {
            source.rows_read.fetch_add(rows, Ordering::Relaxed);
        }
    }

    fn shard_finished(&self, shard: &Arc<Shard>, outcome: &ShardOutcome) {
        let mut shards = self.shards();
        shards
            .running
            .retain(|running| running.index != shard.index);
        add_counts(&mut shards.finished, &shard.counters.snapshot());
        match outcome {
            ShardOutcome::Committed => shards.committed += 1,
            ShardOutcome::Failed(_) => shards.failed += 1,
            ShardOutcome::Abandoned => {}
        }
        drop(shards);
        if self.verbose && self.show != Show::Json {
            self.say(&match outcome {
                ShardOutcome::Committed => format!("committed {}", shard.name),
                ShardOutcome::Failed(reason) => format!("failed {}: {reason}", shard.name),
                ShardOutcome::Abandoned => format!("given up {}", shard.name),
            });
        }
    }

    fn operator_busy(&self, position: usize, time: Duration) {
        if let Some(operator) = self.operators.get(position) {
            let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            operator
                .busy_nanoseconds
                .fetch_add(nanoseconds, Ordering::Relaxed);
        }
    }
}

fn add_counts(totals: &mut Vec<Counts>, more: &[Counts]) {
    totals.resize(totals.len().max(more.len()), Counts::default());
    for (total, counts) in totals.iter_mut().zip(more) {
        total.add(counts);
    }
}
