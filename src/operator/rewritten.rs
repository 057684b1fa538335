//! From the new texts of a batch to the batch that leaves: columns taken along, replicas numbered,
//! lineage recorded, refused rows routed.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;

use super::{Context, OperatorError, TextBuilder};
use crate::batch::{Batch, EditList, EditLog, EditRecord, OperatorSet, Refusal};

/// The rows that become of a batch in an operator that rewrites texts, in the order of the rows
/// that they are made of.
#[derive(Debug)]
pub struct RewrittenRows {
    /// The new texts.
    pub(super) texts: TextBuilder,
    /// For each new row, the row it is made of.
    pub(super) parents: Vec<u32>,
    /// The number of each new row's replica.
    pub(super) replica: Vec<u32>,
    /// Whether the operator changed the text.
    pub(super) altered: Vec<bool>,
    /// The edits that did it, if they are to be kept.
    pub(super) records: Option<Vec<EditList>>,
}

impl RewrittenRows {
    /// No row yet of what becomes of `batch`, with room for `rows` texts of `bytes` bytes in all.
    pub fn new(batch: &Batch, rows: usize, bytes: usize) -> Self {
        Self {
            texts: TextBuilder::with_capacity(rows, bytes),
            parents: Vec::with_capacity(rows),
            replica: Vec::with_capacity(rows),
            altered: Vec::with_capacity(rows),
            records: batch.rows.edits.is_some().then(Vec::new),
        }
    }

    /// Lets the row `parent` pass as it is, with this text and replica number.
    pub fn keep(&mut self, parent: u32, text: Option<&str>, replica: u32) {
        self.texts.push(text);
        self.finish_row(parent, replica, None);
    }

    /// Adds a row that is made of the row `parent` by `edits`.
    pub fn push(&mut self, parent: u32, text: &str, replica: u32, edits: &[EditRecord]) {
        self.texts.push(Some(text));
        self.finish_row(parent, replica, Some(edits.into()));
    }

    fn finish_row(&mut self, parent: u32, replica: u32, records: Option<EditList>) {
        self.parents.push(parent);
        self.replica.push(replica);
        self.altered.push(records.is_some());
        if let Some(all) = &mut self.records {
            all.push(records.unwrap_or_default());
        }
    }

    /// Sends the rows out of the main output, in place of `batch`, whose texts are in the column
    /// at `column`. `position` is that of the operator in the plan.
    ///
    /// # Errors
    /// When the new texts do not fit the type of the column.
    pub fn emit(
        self,
        batch: &Batch,
        column: usize,
        position: usize,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        let changed = self.altered.iter().filter(|altered| **altered).count();
        context.count_changed(changed as u64);
        let one_to_one = self.parents.len() == batch.rows.len()
            && self
                .parents
                .iter()
                .zip(0..)
                .all(|(parent, row)| *parent == row);
        if one_to_one && changed == 0 {
            context.emit(batch.clone());
            return Ok(());
        }
        let data_type = batch.records.schema_ref().field(column).data_type().clone();
        let texts = self.texts.finish(&data_type)?;
        let (mut columns, mut rows) = if one_to_one {
            (batch.records.columns().to_vec(), batch.rows.clone())
        } else {
            let parents = UInt32Array::from(self.parents);
            let mut columns = Vec::with_capacity(batch.records.num_columns());
            for (index, values) in batch.records.columns().iter().enumerate() {
                // The text column is about to be replaced: there is nothing to take.
                let same = if index == column {
                    Ok(Arc::clone(values))
                } else {
                    take(values, &parents, None)
                };
                columns.push(same?);
            }
            (columns, batch.rows.take(parents.values()))
        };
        if let Some(column) = columns.get_mut(column) {
            *column = texts;
        }
        let records = RecordBatch::try_new(batch.records.schema(), columns)?;
        rows.replica = self.replica;
        for (set, altered) in rows.changed.iter_mut().zip(&self.altered) {
            if *altered {
                *set = OperatorSet::with(*set, position);
            }
        }
        if let (Some(logs), Some(all)) = (&mut rows.edits, self.records) {
            for (log, edits) in logs.iter_mut().zip(all) {
                if !edits.is_empty() {
                    let previous = log.take();
                    *log = Some(Arc::new(EditLog {
                        previous,
                        operator: position,
                        text: None,
                        edits,
                    }));
                }
            }
        }
        context.emit(batch.replaced(records, rows));
        Ok(())
    }
}

/// Rows that an operator could not process, each with the reason.
#[derive(Debug, Default)]
pub struct RefusedRows {
    pub(super) rows: Vec<u32>,
    pub(super) reasons: Vec<Arc<str>>,
}

impl RefusedRows {
    /// Refuses the row at `row` of the batch.
    pub fn push(&mut self, row: u32, reason: String) {
        self.rows.push(row);
        self.reasons.push(reason.into());
    }

    /// Counts the rows, and sends them out of the port at `port` if one is given.
    ///
    /// # Errors
    /// When the rows cannot be taken out of the batch.
    pub fn emit(
        self,
        batch: &Batch,
        port: Option<usize>,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = UInt32Array::from(self.rows);
        context.count("error: the row was refused", rows.len() as u64);
        if let Some(port) = port {
            let mut routed = batch.take(&rows)?;
            let operator = context.position();
            let refused = |reason| Some(Refusal { operator, reason });
            routed.rows.errors = Some(self.reasons.into_iter().map(refused).collect());
            context.emit_to(port, routed);
        }
        Ok(())
    }
}

/// The number of variant `replica`, from 1, of `count` that are made of a row whose own number is
/// `incoming`: variants of replica r come after those of r - 1.
pub fn replica_number(incoming: u32, count: u32, replica: u32) -> u32 {
    (incoming.max(1) - 1)
        .saturating_mul(count)
        .saturating_add(replica)
}

/// The number of a row that is changed in place and came with the number `incoming`: an original
/// that was changed is one no longer.
pub fn number_in_place(incoming: u32) -> u32 {
    incoming.max(1)
}
