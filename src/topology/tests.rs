//! Topologies made of fakes: order, skew, failure, stopping.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the numbers of these tests are small"
)]

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};

use super::*;
use crate::batch::Origins;
use crate::operator::Context;

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]))
}

/// A source whose shards hold the numbers from 0, in batches of `rows`.
struct Numbers {
    batches: u64,
    rows: u64,
    in_flight: Arc<AtomicUsize>,
    most_in_flight: Arc<AtomicUsize>,
}

struct NumbersReader {
    next: u64,
    batches: u64,
    rows: u64,
    path: String,
    in_flight: Arc<AtomicUsize>,
    most_in_flight: Arc<AtomicUsize>,
}

impl ShardSource for Numbers {
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchReader>, String> {
        Ok(Box::new(NumbersReader {
            next: 0,
            batches: self.batches,
            rows: self.rows,
            path: shard.path.clone(),
            in_flight: self.in_flight.clone(),
            most_in_flight: self.most_in_flight.clone(),
        }))
    }
}

impl BatchReader for NumbersReader {
    fn next_batch(&mut self) -> Result<Option<(RecordBatch, Rows)>, String> {
        if self.next == self.batches {
            return Ok(None);
        }
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let first = self.next * self.rows;
        self.next += 1;
        let values: Vec<i64> = (first..first + self.rows).map(|n| n as i64).collect();
        let records = RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from(values))]);
        let origins = Origins::new(&self.path, first, self.rows as usize, None);
        Ok(Some((
            records.unwrap(),
            Rows::originals(Arc::new(origins), false),
        )))
    }
}

type Written = Arc<Mutex<BTreeMap<String, Vec<(i64, u32)>>>>;

/// A sink that remembers what was committed.
struct Memory {
    committed: Written,
    in_flight: Arc<AtomicUsize>,
}

struct MemoryWriter {
    rows: Vec<(i64, u32)>,
    in_flight: Arc<AtomicUsize>,
}

struct MemoryOutput(Vec<(i64, u32)>);

impl ShardSink for Memory {
    fn open(&self, _shard: &Shard) -> Result<Box<dyn BatchWriter>, String> {
        Ok(Box::new(MemoryWriter {
            rows: Vec::new(),
            in_flight: self.in_flight.clone(),
        }))
    }
}

impl BatchWriter for MemoryWriter {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let values = batch.records.column(0).as_primitive::<Int64Type>().values();
        self.rows.extend(
            values
                .iter()
                .copied()
                .zip(batch.rows.replica.iter().copied()),
        );
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String> {
        Ok(Box::new(MemoryOutput(self.rows)))
    }
}

impl Finished for MemoryOutput {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl Commit for Memory {
    fn commit(
        &self,
        shard: &Shard,
        outputs: Vec<(usize, Box<dyn Finished>)>,
    ) -> Result<(), String> {
        for (_, output) in outputs {
            let rows = output.into_any().downcast::<MemoryOutput>().unwrap().0;
            self.committed
                .lock()
                .unwrap()
                .insert(shard.path.clone(), rows);
        }
        Ok(())
    }
}

/// Passes `copies` of each row on, as replica `replica`, after waiting for `wait` per batch.
#[derive(Clone, Copy)]
struct Copies {
    copies: u32,
    replica: u32,
    wait: Duration,
    panic_at: Option<i64>,
}

impl Operator for Copies {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        std::thread::sleep(self.wait);
        let values = batch.records.column(0).as_primitive::<Int64Type>();
        for (row, value) in values.values().iter().enumerate() {
            context.at_row(batch.rows.number(row));
            assert!(Some(*value) != self.panic_at, "did not expect {value}");
        }
        let rows = batch.rows.len() as u32;
        let indices: Vec<u32> = (0..rows)
            .flat_map(|row| std::iter::repeat_n(row, self.copies as usize))
            .collect();
        let mut output = batch.take(&UInt32Array::from(indices))?;
        output.rows.replica.fill(self.replica);
        context.emit(output);
        Ok(())
    }
}

fn stage(id: &str, position: usize, inputs: Vec<Feed>, copies: Copies) -> Stage<'static> {
    Stage {
        inputs,
        steps: vec![Step {
            id: id.to_owned(),
            position,
            schemas: vec![schema()],
            has_main_output: true,
            build: Box::new(move || Ok(Box::new(copies))),
        }],
        in_order: false,
    }
}

fn main_of(stage: usize) -> Feed {
    Feed::Stage {
        stage,
        step: 0,
        port: 0,
    }
}

struct Ran {
    outcomes: Vec<ShardOutcome>,
    committed: BTreeMap<String, Vec<(i64, u32)>>,
    most_in_flight: usize,
}

/// Runs `stages` over `shards` shards of 20 batches of 3 rows; the sink reads `sink_inputs`.
fn run(
    stages: Vec<Stage<'static>>,
    sink_inputs: Vec<Feed>,
    shards: usize,
    options: RunOptions,
    stop: &Stop,
) -> Ran {
    let in_flight = Arc::new(AtomicUsize::new(0));
    let most_in_flight = Arc::new(AtomicUsize::new(0));
    let source = Numbers {
        batches: 20,
        rows: 3,
        in_flight: in_flight.clone(),
        most_in_flight: most_in_flight.clone(),
    };
    let committed = Written::default();
    let memory = Memory {
        committed: committed.clone(),
        in_flight,
    };
    let operators = stages.len();
    let topology = Topology {
        sources: vec![&source],
        stages,
        sinks: vec![SinkNode {
            inputs: sink_inputs,
            sink: &memory,
        }],
        commit: &memory,
        observer: &Silent,
    };
    let shards: Vec<(usize, Arc<Shard>)> = (0..shards)
        .map(|index| {
            (
                0,
                Arc::new(Shard::new(
                    index,
                    "numbers",
                    &format!("s{index}"),
                    operators,
                )),
            )
        })
        .collect();
    let outcomes = topology.run(&shards, options, stop).unwrap();
    drop(topology);
    let committed = committed.lock().unwrap().clone();
    Ran {
        outcomes,
        committed,
        most_in_flight: most_in_flight.load(Ordering::SeqCst),
    }
}

fn options(workers: usize, window: usize) -> RunOptions {
    RunOptions {
        workers,
        window,
        keep_going: true,
    }
}

const QUICK: Copies = Copies {
    copies: 1,
    replica: 1,
    wait: Duration::ZERO,
    panic_at: None,
};

/// Two branches that meet again, of which one takes a hundred times as long as the other.
fn diamond(slow: Duration) -> (Vec<Stage<'static>>, Vec<Feed>) {
    let fast = stage(
        "fast",
        0,
        vec![Feed::Source(0)],
        Copies {
            copies: 2,
            wait: slow / 100,
            ..QUICK
        },
    );
    let slow = stage(
        "slow",
        1,
        vec![Feed::Source(0)],
        Copies {
            replica: 2,
            wait: slow,
            ..QUICK
        },
    );
    let join = vec![main_of(1), Feed::Source(0), main_of(0)];
    (
        vec![
            fast,
            slow,
            stage(
                "join",
                2,
                join,
                Copies {
                    replica: 9,
                    ..QUICK
                },
            ),
        ],
        vec![main_of(2)],
    )
}

#[test]
fn a_skewed_diamond_neither_deadlocks_nor_reorders_whatever_the_window() {
    // The number of each row: once from `slow`, once from the source, twice from `fast`.
    let expected: Vec<(i64, u32)> = (0..60).flat_map(|n| vec![(n, 9); 4]).collect();
    for window in [1, 2, 7] {
        for workers in [1, 2, 8] {
            let (stages, sink) = diamond(Duration::from_millis(2));
            let ran = run(stages, sink, 3, options(workers, window), &Stop::default());
            assert_eq!(ran.outcomes, vec![ShardOutcome::Committed; 3]);
            assert!(ran.most_in_flight <= window, "{}", ran.most_in_flight);
            for shard in ["s0", "s1", "s2"] {
                assert_eq!(
                    ran.committed[shard], expected,
                    "window {window}, {workers} workers"
                );
            }
        }
    }
}

#[test]
fn fan_in_merges_by_row_then_by_input_then_by_replica() {
    let fast = stage(
        "fast",
        0,
        vec![Feed::Source(0)],
        Copies {
            copies: 2,
            replica: 1,
            ..QUICK
        },
    );
    let other = stage(
        "other",
        1,
        vec![Feed::Source(0)],
        Copies {
            replica: 5,
            ..QUICK
        },
    );
    let sink = vec![main_of(1), Feed::Source(0), main_of(0)];
    let ran = run(vec![fast, other], sink, 1, options(2, 4), &Stop::default());
    let expected: Vec<(i64, u32)> = (0..60)
        .flat_map(|n| [(n, 5), (n, 0), (n, 1), (n, 1)])
        .collect();
    assert_eq!(ran.committed["s0"], expected);
}

#[test]
fn no_more_batches_are_in_flight_than_the_window_has_places() {
    for window in [1, 2, 5] {
        let slow = Copies {
            wait: Duration::from_millis(1),
            ..QUICK
        };
        let stages = vec![stage("slow", 0, vec![Feed::Source(0)], slow)];
        let ran = run(
            stages,
            vec![main_of(0)],
            3,
            options(4, window),
            &Stop::default(),
        );
        assert_eq!(ran.outcomes, vec![ShardOutcome::Committed; 3]);
        assert!(
            ran.most_in_flight <= window,
            "{} in a window of {window}",
            ran.most_in_flight
        );
    }
}

#[test]
fn a_panic_fails_its_shard_names_the_row_and_leaves_the_others_alone() {
    let source = stage("first", 0, vec![Feed::Source(0)], QUICK);
    let fragile = Copies {
        panic_at: Some(34),
        ..QUICK
    };
    let mut stages = vec![source, stage("fragile", 1, vec![main_of(0)], fragile)];
    // Only the first worker to meet row 34 panics: its replacement is sound.
    let panicked = Arc::new(AtomicUsize::new(0));
    let count = panicked.clone();
    stages[1].steps[0].build = Box::new(move || {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(Box::new(if first { fragile } else { QUICK }))
    });
    let ran = run(stages, vec![main_of(1)], 4, options(1, 3), &Stop::default());
    let failed: Vec<&ShardOutcome> = ran
        .outcomes
        .iter()
        .filter(|o| **o != ShardOutcome::Committed)
        .collect();
    let [ShardOutcome::Failed(reason)] = failed[..] else {
        panic!("{:?}", ran.outcomes)
    };
    assert!(
        reason.contains("`fragile` panicked at row 34: did not expect 34"),
        "{reason}"
    );
    assert_eq!(ran.committed.len(), 3);
}

#[test]
fn without_keep_going_a_failure_stops_the_run() {
    let fragile = Copies {
        panic_at: Some(0),
        ..QUICK
    };
    let stages = vec![stage("fragile", 0, vec![Feed::Source(0)], fragile)];
    let options = RunOptions {
        workers: 1,
        window: 1,
        keep_going: false,
    };
    let stop = Stop::default();
    let ran = run(stages, vec![main_of(0)], 50, options, &stop);
    assert!(matches!(ran.outcomes[0], ShardOutcome::Failed(_)));
    assert_eq!(ran.outcomes[49], ShardOutcome::Abandoned);
    assert!(stop.is_requested() && !stop.is_interrupted());
}

#[test]
fn a_stopped_run_drains_and_commits_nothing_half_read() {
    let stop = Arc::new(Stop::default());
    let asked = stop.clone();
    let slow = Copies {
        wait: Duration::from_millis(1),
        ..QUICK
    };
    let mut stages = vec![stage("slow", 0, vec![Feed::Source(0)], slow)];
    let seen = AtomicUsize::new(0);
    stages[0].steps[0].build = Box::new(move || {
        seen.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(StopAt {
            rows: 75,
            stop: asked.clone(),
        }))
    });
    let ran = run(stages, vec![main_of(0)], 9, options(1, 2), &stop);
    assert!(stop.is_interrupted());
    assert!(ran.outcomes.contains(&ShardOutcome::Committed));
    assert!(ran.outcomes.contains(&ShardOutcome::Abandoned));
    for rows in ran.committed.values() {
        assert_eq!(rows.len(), 60);
    }
}

/// Asks the run to stop once it has seen so many rows.
struct StopAt {
    rows: usize,
    stop: Arc<Stop>,
}

impl Operator for StopAt {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        self.rows = self.rows.saturating_sub(batch.rows.len());
        if self.rows == 0 {
            self.stop.request();
        }
        context.emit(batch);
        Ok(())
    }
}

/// Numbers the rows of a shard from 1: the number is their replica. Expects to see them in order.
struct Running {
    shard: Option<usize>,
    seen: u32,
    panic_at: Option<i64>,
}

impl Operator for Running {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let shard = *self.shard.get_or_insert(batch.shard.index);
        assert_eq!(shard, batch.shard.index, "an operator for each shard");
        let values = batch.records.column(0).as_primitive::<Int64Type>();
        let mut output = batch.clone();
        for (row, value) in values.values().iter().enumerate() {
            context.at_row(batch.rows.number(row));
            assert!(Some(*value) != self.panic_at, "did not expect {value}");
            self.seen += 1;
            output.rows.replica[row] = self.seen;
        }
        context.emit(output);
        Ok(())
    }
}

/// Waits a little or long, whatever comes.
struct Jitter;

impl Operator for Jitter {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let place = batch.seq << 8 | batch.shard.index as u64;
        std::thread::sleep(Duration::from_micros(crate::random::mix(place) % 1500));
        context.emit(batch);
        Ok(())
    }
}

fn built(
    id: &str,
    position: usize,
    inputs: Vec<Feed>,
    build: BuildOperator<'static>,
) -> Stage<'static> {
    let mut stage = stage(id, position, inputs, QUICK);
    stage.steps[0].build = build;
    stage
}

fn running(id: &str, position: usize, inputs: Vec<Feed>, panic_at: Option<i64>) -> Stage<'static> {
    let build = move || -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Running {
            shard: None,
            seen: 0,
            panic_at,
        }))
    };
    Stage {
        in_order: true,
        ..built(id, position, inputs, Box::new(build))
    }
}

#[test]
fn a_stage_in_order_sees_each_shard_from_its_first_row_to_its_last() {
    let jitter = |position| {
        let inputs = vec![Feed::Source(0)];
        built(
            "jitter",
            position,
            inputs,
            Box::new(|| Ok(Box::new(Jitter))),
        )
    };
    for window in [1, 2, 7] {
        for workers in [1, 2, 8] {
            // One branch is in order behind one that delays batches at random, the other is not; and
            // what they join in is in order again.
            let stages = vec![
                jitter(0),
                jitter(1),
                running("branch", 2, vec![main_of(0)], None),
                running("join", 3, vec![main_of(1), main_of(2)], None),
            ];
            let sink = vec![main_of(2), main_of(3)];
            let ran = run(stages, sink, 5, options(workers, window), &Stop::default());
            assert_eq!(ran.outcomes, vec![ShardOutcome::Committed; 5]);
            let expected: Vec<(i64, u32)> = (0..60_u32)
                .flat_map(|n| [n + 1, 2 * n + 1, 2 * n + 2].map(|number| (n.into(), number)))
                .collect();
            for (shard, rows) in &ran.committed {
                assert_eq!(
                    rows, &expected,
                    "{shard}: window {window}, {workers} workers"
                );
            }
            assert!(ran.most_in_flight <= window);
        }
    }
}

#[test]
fn a_panic_in_order_fails_its_shard_and_names_the_row() {
    let build: BuildOperator<'static> = {
        let shards = AtomicUsize::new(0);
        // The first is made for nothing but to see whether it can be, once for each worker.
        Box::new(move || {
            let second = shards.fetch_add(1, Ordering::SeqCst) == 2;
            Ok(Box::new(Running {
                shard: None,
                seen: 0,
                panic_at: second.then_some(34),
            }))
        })
    };
    let fragile = Stage {
        in_order: true,
        ..built("fragile", 0, vec![Feed::Source(0)], build)
    };
    let ran = run(
        vec![fragile],
        vec![main_of(0)],
        4,
        options(1, 3),
        &Stop::default(),
    );
    let failed = |outcome: &&ShardOutcome| **outcome != ShardOutcome::Committed;
    let failed: Vec<&ShardOutcome> = ran.outcomes.iter().filter(failed).collect();
    let [ShardOutcome::Failed(reason)] = failed[..] else {
        panic!("{:?}", ran.outcomes)
    };
    let expected = "`fragile` panicked at row 34: did not expect 34";
    assert!(reason.contains(expected), "{reason}");
    assert_eq!(ran.committed.len(), 3);
    for rows in ran.committed.values() {
        assert_eq!(rows.len(), 60);
    }
}

#[test]
fn an_operator_that_cannot_be_made_for_a_shard_fails_it_alone() {
    let made = AtomicUsize::new(0);
    let mut stage = running("late", 0, vec![Feed::Source(0)], None);
    stage.steps[0].build = Box::new(move || match made.fetch_add(1, Ordering::SeqCst) {
        3 => Err(OperatorError::Other("no memory".to_owned())),
        _ => Ok(Box::new(Jitter)),
    });
    let ran = run(
        vec![stage],
        vec![main_of(0)],
        4,
        options(1, 2),
        &Stop::default(),
    );
    let reason = "operator `late` cannot start: no memory".to_owned();
    let failed = ran
        .outcomes
        .iter()
        .filter(|outcome| **outcome == ShardOutcome::Failed(reason.clone()));
    assert_eq!(failed.count(), 1, "{:?}", ran.outcomes);
    assert_eq!(ran.committed.len(), 3);
}
