//! What a run would take and what it would still have to do, told beforehand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::commit::{fingerprint_of, input_of, name_of};
use super::{RunError, RunSettings, largest_expansion, read};
use crate::ledger::{Peek, peek};
use crate::plan::{Plan, PlannedSink, PlannedSource};

/// The program itself, with its tables.
const PROGRAM: f64 = 64e6;
/// Bytes that decoding keeps for each column of an open shard: about a page, and its dictionary.
const COLUMN: f64 = 1.5e6;

/// What is known of a run before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Shards that the run may read.
    pub shards: usize,
    /// Those of them that are not finished.
    pub shards_left: usize,
    /// Rows of the shards that are not finished.
    pub rows_left: u64,
    /// Output folders that hold the output of another pipeline, seed or version.
    pub foreign: Vec<PathBuf>,
    /// Bytes of memory that the run takes at its peak, roughly, without its models.
    pub memory: u64,
    /// Bytes of it for batches in flight.
    pub in_flight: u64,
    /// Bytes of it for row groups that are being written.
    pub writing: u64,
}

/// Looks at the output folders of `plan`, and reckons what a run with `settings` would take.
///
/// # Errors
/// When a ledger cannot be read.
pub fn outlook(plan: &Plan, settings: &RunSettings) -> Result<Outlook, RunError> {
    let settings = &settings.for_operators(plan);
    let shards = read::select(plan, settings);
    let fingerprint = fingerprint_of(plan, settings);
    let mut ledgers: BTreeMap<&PathBuf, Peek> = BTreeMap::new();
    for sink in &plan.sinks {
        let root = &sink.layout.root;
        if !ledgers.contains_key(root) {
            ledgers.insert(root, peek(root)?);
        }
    }
    let is_foreign = |peek: &Peek| peek.fingerprint.as_ref().is_some_and(|f| *f != fingerprint);
    let left: Vec<_> = shards
        .iter()
        .filter(|shard| {
            let sinks = plan
                .sinks
                .iter()
                .filter(|sink| sink.sources.contains(&shard.source));
            !sinks.into_iter().all(|sink| {
                let root = &sink.layout.root;
                ledgers.get(root).is_some_and(|peek| {
                    let (name, input) = (name_of(&shard.shard), input_of(shard));
                    !is_foreign(peek) && peek.is_committed(root, &name, &input)
                })
            })
        })
        .collect();
    let open = settings.workers.min(shards.len()).max(1);
    let in_flight = in_flight(plan, settings);
    let writing: f64 = plan
        .sinks
        .iter()
        .map(|sink| row_group(plan, sink))
        .sum::<f64>()
        * number(open);
    let reading = plan
        .sources
        .iter()
        .map(|source| number(source.facts.schema.fields().len()) * COLUMN);
    let reading = reading.fold(0.0, f64::max) * number(open);
    Ok(Outlook {
        shards: shards.len(),
        shards_left: left.len(),
        rows_left: left.iter().map(|shard| shard.rows).sum(),
        foreign: ledgers
            .iter()
            .filter(|(_, peek)| is_foreign(peek))
            .map(|(root, _)| (*root).clone())
            .collect(),
        memory: whole(PROGRAM + in_flight + writing + reading),
        in_flight: whole(in_flight),
        writing: whole(writing),
    })
}

/// Bytes of the batches in flight: as they are read, and as large as they become on the way.
fn in_flight(plan: &Plan, settings: &RunSettings) -> f64 {
    let widest = plan.sources.iter().map(decoded_row).fold(0.0, f64::max);
    let batch = (number(settings.batch_rows) * widest).min(number(settings.batch_bytes));
    batch * (1.0 + largest_expansion(plan)) * number(settings.window)
}

/// Bytes of a row group of a sink, which is held until it is complete.
fn row_group(plan: &Plan, sink: &PlannedSink) -> f64 {
    let sources = sink
        .sources
        .iter()
        .filter_map(|source| plan.sources.get(*source));
    let encoded = sources.map(encoded_row).fold(0.0, f64::max);
    let largest = sink
        .sources
        .iter()
        .filter_map(|source| plan.sources.get(*source));
    let rows = largest
        .flat_map(|source| &source.facts.shards)
        .map(|shard| shard.rows)
        .max();
    #[expect(clippy::cast_precision_loss, reason = "a rough figure")]
    let rows = rows.unwrap_or_default() as f64 * largest_expansion(plan);
    let rows = rows.min(number(sink.config.row_group_rows));
    (rows * encoded).min(number(sink.config.row_group_bytes))
}

#[expect(clippy::cast_precision_loss, reason = "a rough figure")]
fn decoded_row(source: &PlannedSource) -> f64 {
    let bytes: u64 = source
        .facts
        .shards
        .iter()
        .map(|shard| shard.decoded_bytes)
        .sum();
    bytes as f64 / source.facts.rows.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a rough figure")]
fn encoded_row(source: &PlannedSource) -> f64 {
    let bytes: u64 = source.facts.files.iter().map(|file| file.bytes).sum();
    bytes as f64 / source.facts.rows.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "a rough figure")]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rough figure, and none is negative"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
