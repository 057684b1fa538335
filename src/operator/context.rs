//! What an operator is given: facts when it is built, counters and outputs when it runs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Amount, Resources};
use crate::batch::{Batch, Shard};
use crate::columns::RowTexts;
use crate::counters::{Measure, OperatorCounters};
use crate::random::OperatorKey;

/// A column that operators rewrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextColumn {
    /// Its name in the schema.
    pub name: String,
    /// Its position in the schema.
    pub index: usize,
}

impl TextColumn {
    /// What stands for a text column that does not reach an operator, for one that has no use for
    /// it: its position is that of no column.
    pub fn absent(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            index: usize::MAX,
        }
    }
}

/// What is known about an operator's place in the plan when it is built.
#[derive(Debug, Clone, Copy)]
pub struct BuildContext<'a> {
    /// The id of the operator's table in the pipeline file.
    pub id: &'a str,
    /// What it reads, by the names that the pipeline file uses, in the order in which rows of one
    /// source row are merged.
    pub inputs: &'a [String],
    /// Its position in the plan, as used by [`OperatorSet`](crate::batch::OperatorSet).
    pub position: usize,
    /// The seed of the run.
    pub seed: u64,
    /// The column to rewrite.
    pub text: &'a TextColumn,
    /// The texts of a row, where there are several, or nested ones, or annotations of them.
    pub texts: Option<&'a RowTexts>,
    /// Rows in all shards of the sources that reach the operator, whatever part of them this run
    /// reads.
    pub source_rows: u64,
    /// How much a row-level operator edits, by its options `rate`, `min` and `max`.
    pub amount: Amount,
    /// What the operators of the run have in common.
    pub resources: &'a Resources,
}

impl BuildContext<'_> {
    /// The key from which the operator's random draws are derived.
    pub fn key(&self) -> OperatorKey {
        OperatorKey::new(self.seed, self.id)
    }
}

thread_local! {
    /// The row that the operator on this thread is at: named when the operator panics.
    static CURRENT_ROW: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The row, by its number in the shard, that the operator running on this thread said it was at.
pub(crate) fn current_row() -> Option<u64> {
    CURRENT_ROW.get()
}

/// What an operator says of one row that it changes in place, for whoever may have it drawn again.
/// An operator that says nothing is taken to have drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowNote {
    /// The place of the row in the batch that came in.
    pub row: usize,
    /// Why it stays as it is, if it does.
    pub unchanged: Option<&'static str>,
    /// Whether another draw could give something else.
    pub drawn: bool,
}

/// What an operator reaches while it processes one batch: its counters and its output ports.
#[derive(Debug)]
pub struct Context<'a> {
    counters: &'a OperatorCounters,
    /// The operator's position in the plan.
    position: usize,
    outputs: Vec<Option<Batch>>,
    /// What is said of single rows, if anybody listens.
    notes: Option<Vec<RowNote>>,
}

impl<'a> Context<'a> {
    /// A context for the operator at `position` of the plan, which has `ports` ports.
    pub fn new(shard: &'a Arc<Shard>, position: usize, ports: usize) -> Self {
        CURRENT_ROW.set(None);
        Self {
            counters: shard.counters.operator(position),
            position,
            outputs: std::iter::repeat_with(|| None).take(ports).collect(),
            notes: None,
        }
    }

    /// A context with outputs of its own, which counts where this one does.
    pub(super) fn beside(&self, ports: usize) -> Context<'a> {
        Context {
            counters: self.counters,
            position: self.position,
            outputs: std::iter::repeat_with(|| None).take(ports).collect(),
            notes: None,
        }
    }

    /// A context for an operator that works on texts of rows, whose counts are not those of rows:
    /// it counts in `counters`, and what it says of single texts is kept.
    pub(super) fn of_texts(counters: &'a OperatorCounters, ports: usize) -> Self {
        Self {
            counters,
            // No row leaves by such a context, so nobody asks.
            position: usize::MAX,
            outputs: std::iter::repeat_with(|| None).take(ports).collect(),
            notes: Some(Vec::new()),
        }
    }

    /// The operator's position in the plan.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// Passes on what another context measured.
    pub(super) fn pass_on(&self, name: &str, measure: Measure) {
        self.counters.measure(name, measure.amount, measure.whole);
    }

    /// Keeps what the operator says of single rows from now on.
    pub(super) fn listen(&mut self) {
        self.notes.get_or_insert_default();
    }

    /// Whether anybody wants to hear of single rows.
    pub fn is_heard(&self) -> bool {
        self.notes.is_some()
    }

    /// Says something of one row.
    pub fn note(&mut self, note: RowNote) {
        if let Some(notes) = &mut self.notes {
            notes.push(note);
        }
    }

    /// What was said of single rows.
    pub(super) fn take_notes(&mut self) -> Vec<RowNote> {
        self.notes.take().unwrap_or_default()
    }

    /// Sends `batch` out of the main output. A second call for the same port replaces the first.
    pub fn emit(&mut self, batch: Batch) {
        self.emit_to(0, batch);
    }

    /// Sends `batch` out of the port at `port`, in the order of
    /// [`OperatorConfig::ports`](super::OperatorConfig::ports). A port that does not exist drops it.
    pub fn emit_to(&mut self, port: usize, batch: Batch) {
        if let Some(output) = self.outputs.get_mut(port) {
            *output = Some(batch);
        }
    }

    /// Counts rows under a reason: `<kind>: <detail>`, where the kind is `unchanged`, `filtered`,
    /// `rejected`, `shortfall` or `error`; or annotations, where it is `dropped`.
    pub fn count(&self, reason: &str, rows: u64) {
        self.counters.count(reason, rows);
    }

    /// Adds to a measure of the work done, such as `sentences`, of which people want to know how
    /// many there were and how many a second. Unlike counts, measures may depend on how a run goes
    /// about its work: they are shown, and not kept.
    pub fn measure(&self, name: &str, amount: u64) {
        self.counters.measure(name, amount, None);
    }

    /// Adds to a measure that is a share of something, such as `padding`.
    pub fn measure_share(&self, name: &str, part: u64, whole: u64) {
        self.counters.measure(name, part, Some(whole));
    }

    /// Counts rows whose text was changed.
    pub fn count_changed(&self, rows: u64) {
        self.counters.changed.fetch_add(rows, Ordering::Relaxed);
    }

    /// Says which row, by its number in the shard, is being worked on: it is named should the
    /// operator panic.
    #[inline]
    pub fn at_row(&self, row: u64) {
        CURRENT_ROW.set(Some(row));
    }

    /// The batches emitted, by port.
    pub fn into_outputs(self) -> Vec<Option<Batch>> {
        self.outputs
    }
}
