//! What a run would take and what it would still have to do, told beforehand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::commit::{fingerprint_of, input_of, name_of};
use super::{RunError, RunSettings, largest_expansion, read};
use crate::ledger::{Peek, peek};
use crate::plan::{Plan, PlannedSink, PlannedSource};
use crate::store;

/// The program itself, with its tables.
const PROGRAM: f64 = 64e6;
/// Bytes that decoding keeps for each column of an open shard: about a page, and its dictionary.
const COLUMN: f64 = 1.5e6;
/// Bytes that encoding keeps for each column: a page as values, encoded and compressed.
const ENCODED_COLUMN: f64 = 0.7e6;
/// What a batch takes while it is worked on, for each of its bytes: words, edits, and what the
/// allocator keeps of all that for later.
const WORKED_ON: f64 = 4.0;
/// Columns of lineage, at most.
const LINEAGE: f64 = 4.0;
/// Bytes of rows that wait to be encoded.
const CHUNK: f64 = 4e6;

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
    let reckoned = reckon(plan, settings);
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
    Ok(Outlook {
        shards: shards.len(),
        shards_left: left.len(),
        rows_left: left.iter().map(|shard| shard.rows).sum(),
        foreign: ledgers
            .iter()
            .filter(|(_, peek)| is_foreign(peek))
            .map(|(root, _)| (*root).clone())
            .collect(),
        memory: reckoned.total(),
        in_flight: whole(reckoned.in_flight),
        writing: whole(reckoned.writing),
    })
}

/// What a run takes at its peak, without its models, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reckoned {
    in_flight: f64,
    writing: f64,
    reading: f64,
}

impl Reckoned {
    /// All of it, and the program.
    pub(super) fn total(self) -> u64 {
        whole(PROGRAM + self.in_flight + self.writing + self.reading)
    }
}

/// Reckons what a run with `settings` takes.
pub(super) fn reckon(plan: &Plan, settings: &RunSettings) -> Reckoned {
    let settings = &settings.for_operators(plan);
    let shards: usize = plan
        .sources
        .iter()
        .map(|source| source.facts.shards.len())
        .sum();
    let open = number(settings.workers.min(shards).max(1));
    let writing: f64 = plan
        .sinks
        .iter()
        .map(|sink| output(plan, sink, settings.pages_held))
        .sum();
    let reading = plan.sources.iter().map(|source| {
        let columns = source.facts.schema.fields().len();
        let ahead = if store::is_remote(&source.facts.root) {
            number(store::bytes_read_ahead(columns))
        } else {
            0.0
        };
        number(columns) * COLUMN + ahead
    });
    Reckoned {
        in_flight: in_flight(plan, settings),
        writing: writing * open,
        reading: reading.fold(0.0, f64::max) * open,
    }
}

/// Bytes of the batches in flight: as they are read, and as large as they become on the way.
fn in_flight(plan: &Plan, settings: &RunSettings) -> f64 {
    let widest = plan.sources.iter().map(decoded_row).fold(0.0, f64::max);
    let batch = (number(settings.batch_rows) * widest).min(number(settings.batch_bytes));
    batch * (1.0 + largest_expansion(plan)) * number(settings.window) * WORKED_ON
}

/// Bytes of an output that is being written: the chunk to encode next, what its columns hold, and
/// the pages of the row group, as many as are kept in memory.
fn output(plan: &Plan, sink: &PlannedSink, pages_held: usize) -> f64 {
    let columns = number(sink.schema.fields().len()) + LINEAGE;
    let upload = if store::is_remote(&sink.layout.root) {
        number(store::bytes_in_upload())
    } else {
        0.0
    };
    CHUNK + columns * ENCODED_COLUMN + row_group(plan, sink).min(number(pages_held)) + upload
}

/// Bytes of a row group of a sink.
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
