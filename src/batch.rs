//! The unit that flows through a pipeline: a slice of one row group of one shard.
//!
//! A [`Batch`] carries the rows as Arrow arrays, and beside them, in [`Rows`], where each row comes
//! from. One batch into an operator gives exactly one batch per output port, possibly empty and
//! possibly longer. That single rule carries order, back-pressure, resume and shutdown: an empty
//! batch is still a sign that its rows have passed.

mod edit_list;

use std::any::Any;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::counters::ShardCounters;
use crate::random::{hash_bytes, mix};

pub use edit_list::{EditList, EditRecord, EditView};

/// One input file (or a part of one): the unit of commit and resume.
#[derive(Debug)]
pub struct Shard {
    /// Position among the shards of the run, in the order of sources and then of paths.
    pub index: usize,
    /// The id of the source node that reads the shard.
    pub source: String,
    /// The path relative to the root of the source, with `/` between its parts. Row identities
    /// are built from it, so it must not depend on the machine.
    pub path: String,
    /// What people and the ledger call it: the path, and which part of the file it is.
    pub name: String,
    /// What `{shard}` stands for in the path of a sink.
    pub stem: String,
    /// What the operators counted in this shard.
    pub counters: ShardCounters,
    failure: OnceLock<String>,
    abandoned: AtomicBool,
}

impl Shard {
    /// A shard for which nothing has been counted yet, in a plan of `operators` operators.
    pub fn new(index: usize, source: &str, path: &str, operators: usize) -> Self {
        Self {
            index,
            source: source.to_owned(),
            path: path.to_owned(),
            name: path.to_owned(),
            stem: path.strip_suffix(".parquet").unwrap_or(path).to_owned(),
            counters: ShardCounters::new(operators),
            failure: OnceLock::new(),
            abandoned: AtomicBool::new(false),
        }
    }

    /// The same shard under the names of a part of its file.
    #[must_use]
    pub fn named(self, name: String, stem: String) -> Self {
        Self { name, stem, ..self }
    }

    /// Marks the shard as failed. Its batches flow on, empty, so that nothing waits for them, and
    /// no sink publishes it. The first reason stays.
    pub fn fail(&self, reason: String) {
        let _first_reason_wins = self.failure.set(reason);
    }

    /// Why the shard failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Gives the shard up because the run is stopping: nothing is wrong with it, a later run reads
    /// it again.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// Whether the shard's rows lead nowhere any more, because it failed or was given up.
    pub fn is_lost(&self) -> bool {
        self.failure.get().is_some() || self.abandoned.load(Ordering::Relaxed)
    }
}

/// The source rows that a batch descends from. Shared by all batches derived from one source batch.
#[derive(Debug)]
pub struct Origins {
    /// Row number, in the shard and counted from 0, of the first source row.
    pub first_row: u64,
    /// A hash of the identity of each source row. Every random draw for a row is keyed by it.
    pub keys: Vec<u64>,
    /// The values of the pipeline's `id` column as text, if it names one.
    pub ids: Option<StringArray>,
    /// The text column as it was read; kept only if something compares with it. Where a row has
    /// several texts, all of them in one, each on a line of its own.
    pub text: Option<ArrayRef>,
    /// The columns with the texts as they were read, where a row has several texts and something
    /// shows them: one for each path to texts.
    pub roots: Vec<ArrayRef>,
    /// What the "rows" are, where they are texts of rows.
    pub units: Option<Units>,
}

/// Texts of rows that stand for rows: an operator that works on each text by itself gets them as a
/// batch of their own. The draws for each are keyed by row and text.
#[derive(Debug, Default)]
pub struct Units {
    /// The number, in the shard, of the row that each text is of.
    pub numbers: Vec<u64>,
    /// Which variant of its row each is to be in, from 1; 0 where rows are changed in place.
    pub variants: Vec<u32>,
    /// The bytes `start..end` of each text that no edit may touch.
    pub protected: Vec<Vec<[u32; 2]>>,
}

impl Origins {
    /// The origins of `rows` source rows. Without ids a row is identified by `<shard path>#<row>`.
    pub fn new(shard_path: &str, first_row: u64, rows: usize, ids: Option<StringArray>) -> Self {
        let path = hash_bytes(1, shard_path.as_bytes());
        let keys = (first_row..).take(rows).enumerate().map(|(index, row)| {
            let id = ids
                .as_ref()
                .filter(|ids| ids.is_valid(index))
                .map(|ids| ids.value(index));
            id.map_or_else(|| mix(path ^ mix(row)), |id| hash_bytes(0, id.as_bytes()))
        });
        let keys = keys.collect();
        Self {
            first_row,
            keys,
            ids,
            text: None,
            roots: Vec::new(),
            units: None,
        }
    }
}

/// The set of operators that changed a row, by their position in the plan (at most 128).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct OperatorSet(u128);

impl OperatorSet {
    /// How many operators a set, and so a pipeline, can tell apart.
    pub const CAPACITY: usize = 128;

    /// This set and `operator`.
    #[must_use]
    pub fn with(self, operator: usize) -> Self {
        debug_assert!(operator < Self::CAPACITY);
        Self(self.0 | 1 << (operator % Self::CAPACITY))
    }

    /// Whether nothing changed the row.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one of `operators` is in the set.
    pub fn has_any(self, operators: Range<usize>) -> bool {
        let below = |end: usize| {
            let end = u32::try_from(end).unwrap_or(u32::MAX);
            1_u128.checked_shl(end).map_or(u128::MAX, |bit| bit - 1)
        };
        self.0 & below(operators.end) & !below(operators.start) != 0
    }

    /// The positions in the set, ascending: the order in which the operators ran.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::CAPACITY).filter(move |position| self.0 >> position & 1 == 1)
    }
}

/// The edits of one operator to one row, and those before them.
#[derive(Debug)]
pub struct EditLog {
    /// The edits of the operators before, if there were any.
    pub previous: Option<Arc<EditLog>>,
    /// Position of the operator in the plan.
    pub operator: usize,
    /// Which text it edited, for example `messages[0].content`, where a row may have several.
    pub text: Option<Arc<str>>,
    /// Its edits, by ascending start.
    pub edits: EditList,
}

/// Why an operator could not process a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Position of the operator in the plan.
    pub operator: usize,
    /// What it said.
    pub reason: Arc<str>,
}

/// Where each row of a batch comes from, and what was done to it.
///
/// All vectors have one entry a row. `origin` ascends: rows stay in the order of their source.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The source rows that `origin` points into.
    pub origins: Arc<Origins>,
    /// Index of the row's source row in `origins`.
    pub origin: Vec<u32>,
    /// 0 for an original, 1 and up for its variants.
    pub replica: Vec<u32>,
    /// The operators that changed the row.
    pub changed: Vec<OperatorSet>,
    /// The edits behind `changed`, kept only if a sink asks for them.
    pub edits: Option<Vec<Option<Arc<EditLog>>>>,
    /// Why the row could not be processed; set on the rows that leave by an `errors` port.
    pub errors: Option<Vec<Option<Refusal>>>,
}

impl Rows {
    /// The rows of a source batch: every row its own origin, nothing changed.
    pub fn originals(origins: Arc<Origins>, keep_edits: bool) -> Self {
        let rows = origins.keys.len();
        Self {
            origin: (0..u32::try_from(rows).unwrap_or(u32::MAX)).collect(),
            replica: vec![0; rows],
            changed: vec![OperatorSet::default(); rows],
            edits: keep_edits.then(|| vec![None; rows]),
            errors: None,
            origins,
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty()
    }

    /// The same origins with no row.
    #[must_use]
    pub fn none(&self) -> Self {
        Self {
            origins: Arc::clone(&self.origins),
            origin: Vec::new(),
            replica: Vec::new(),
            changed: Vec::new(),
            edits: self.edits.as_ref().map(|_| Vec::new()),
            errors: None,
        }
    }

    /// The rows at `indices`, in that order. Indices out of range are left out.
    #[must_use]
    pub fn take(&self, indices: &[u32]) -> Self {
        fn pick<T: Clone>(values: &[T], indices: &[u32]) -> Vec<T> {
            indices
                .iter()
                .filter_map(|&index| values.get(index as usize).cloned())
                .collect()
        }
        Self {
            origins: Arc::clone(&self.origins),
            origin: pick(&self.origin, indices),
            replica: pick(&self.replica, indices),
            changed: pick(&self.changed, indices),
            edits: self.edits.as_ref().map(|edits| pick(edits, indices)),
            errors: self.errors.as_ref().map(|errors| pick(errors, indices)),
        }
    }

    /// Rows picked from `parts`, which must share their origins: `(part, row)` for each.
    #[must_use]
    pub fn interleave(parts: &[&Self], picks: &[(usize, usize)]) -> Self {
        fn pick<T: Clone>(parts: &[&[T]], picks: &[(usize, usize)]) -> Vec<T> {
            picks
                .iter()
                .filter_map(|&(part, row)| parts.get(part).and_then(|part| part.get(row)).cloned())
                .collect()
        }
        /// A column that some parts lack: their rows have none of it.
        fn pick_optional<T: Clone>(
            parts: &[Option<&Vec<Option<T>>>],
            picks: &[(usize, usize)],
        ) -> Option<Vec<Option<T>>> {
            parts.iter().any(Option::is_some).then(|| {
                picks
                    .iter()
                    .map(|&(part, row)| parts.get(part)?.and_then(|part| part.get(row)?.clone()))
                    .collect()
            })
        }
        let columns = |column: fn(&Self) -> &[u32]| -> Vec<u32> {
            pick(
                &parts.iter().map(|part| column(part)).collect::<Vec<_>>(),
                picks,
            )
        };
        Self {
            origins: parts.first().map_or_else(
                || Arc::new(Origins::new("", 0, 0, None)),
                |part| Arc::clone(&part.origins),
            ),
            origin: columns(|part| &part.origin),
            replica: columns(|part| &part.replica),
            changed: pick(
                &parts.iter().map(|p| &p.changed[..]).collect::<Vec<_>>(),
                picks,
            ),
            edits: pick_optional(
                &parts.iter().map(|p| p.edits.as_ref()).collect::<Vec<_>>(),
                picks,
            ),
            errors: pick_optional(
                &parts.iter().map(|p| p.errors.as_ref()).collect::<Vec<_>>(),
                picks,
            ),
        }
    }

    /// The key of the identity of the source row of `row`.
    pub fn key(&self, row: usize) -> u64 {
        self.origin
            .get(row)
            .and_then(|&origin| self.origins.keys.get(origin as usize))
            .copied()
            .unwrap_or_default()
    }

    /// The number, in its shard, of the source row of `row`.
    pub fn number(&self, row: usize) -> u64 {
        let origin = self.origin.get(row).copied().unwrap_or_default();
        match &self.origins.units {
            None => self.origins.first_row + u64::from(origin),
            Some(units) => {
                let number = units.numbers.get(origin as usize);
                number.copied().unwrap_or_default()
            }
        }
    }

    /// Where the row stands for a text: which variant of its row that is to be in, and the bytes
    /// of it that no edit may touch.
    pub fn unit(&self, row: usize) -> Option<(u32, &[[u32; 2]])> {
        let units = self.origins.units.as_ref()?;
        let origin = self.origin.get(row).copied()? as usize;
        let protected = units.protected.get(origin)?;
        Some((units.variants.get(origin).copied()?, protected))
    }

    /// The identity of the source row of `row`: its id, or `<shard path>#<row number>`.
    pub fn identity(&self, row: usize, shard_path: &str, into: &mut String) {
        use std::fmt::Write;
        let origin = self.origin.get(row).copied().unwrap_or_default() as usize;
        match &self.origins.ids {
            Some(ids) if origin < ids.len() && ids.is_valid(origin) => {
                into.push_str(ids.value(origin));
            }
            // Writing to a `String` cannot fail.
            _ => drop(write!(into, "{shard_path}#{}", self.number(row))),
        }
    }
}

/// Keeps a place in the window of batches in flight; dropping the last clone frees it.
pub type Ticket = Arc<dyn Any + Send + Sync>;

/// Rows on their way through a pipeline. See the [module documentation](self).
#[derive(Debug, Clone)]
pub struct Batch {
    /// The rows, with the columns of the edge that the batch travels on.
    pub records: RecordBatch,
    /// Where the rows come from; as long as `records`.
    pub rows: Rows,
    /// The shard that the rows were read from.
    pub shard: Arc<Shard>,
    /// Position of the batch in its shard, from 0.
    pub seq: u64,
    /// Whether the shard ends with this batch. The last batch of a shard is always empty.
    pub last: bool,
    /// The batch's place in the window.
    pub ticket: Option<Ticket>,
}

impl Batch {
    /// Other rows in place of these: the same shard, seq and ticket.
    #[must_use]
    pub fn replaced(&self, records: RecordBatch, rows: Rows) -> Self {
        debug_assert_eq!(records.num_rows(), rows.len());
        Self {
            records,
            rows,
            shard: Arc::clone(&self.shard),
            seq: self.seq,
            last: self.last,
            ticket: self.ticket.clone(),
        }
    }

    /// The rows at `rows`, which must not go beyond the last.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let indices: Vec<u32> = rows
            .clone()
            .filter_map(|row| u32::try_from(row).ok())
            .collect();
        let records = self.records.slice(rows.start, rows.len());
        self.replaced(records, self.rows.take(&indices))
    }

    /// No rows in place of these.
    #[must_use]
    pub fn emptied(&self, schema: SchemaRef) -> Self {
        self.replaced(RecordBatch::new_empty(schema), self.rows.none())
    }

    /// The rows at `indices`, in that order.
    ///
    /// # Errors
    /// When an index is out of range, or the result is too large for its offset type.
    pub fn take(&self, indices: &UInt32Array) -> Result<Self, ArrowError> {
        let records = take_record_batch(&self.records, indices)?;
        Ok(self.replaced(records, self.rows.take(indices.values())))
    }
}
