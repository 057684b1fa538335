//! Steps at work, one after the other on the same rows.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, UInt32Type};

use super::super::{Context, Operator, OperatorError, RowNote};
use crate::batch::Batch;

/// A step of one worker thread.
pub(super) struct StepWorker {
    pub(super) id: String,
    pub(super) position: usize,
    pub(super) operator: Box<dyn Operator>,
}

/// Steps that run one after the other.
pub(super) struct Branch {
    pub(super) weight: f64,
    pub(super) steps: Vec<StepWorker>,
}

/// What became of some rows.
pub(super) struct Passed {
    /// The rows that came out.
    pub(super) batch: Batch,
    /// For each of them, which of those that went in it was.
    pub(super) places: Vec<u32>,
    /// What the steps said of each row that went in.
    pub(super) verdicts: Vec<Verdict>,
}

/// What steps said of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    /// Why the last that did not change it did not, if one said so.
    pub(super) reason: Option<&'static str>,
    /// Whether another draw could give something else.
    pub(super) drawn: bool,
}

impl StepWorker {
    /// What comes of `batch`, and, if it is to listen, what the operator says of its rows.
    fn run(&mut self, batch: Batch, listen: bool) -> Result<(Batch, Vec<RowNote>), OperatorError> {
        if batch.rows.is_empty() {
            return Ok((batch, Vec::new()));
        }
        let shard = Arc::clone(&batch.shard);
        let counters = shard.counters.operator(self.position);
        let rows_in = batch.rows.len() as u64;
        counters.rows_in.fetch_add(rows_in, Ordering::Relaxed);
        let blank = batch.emptied(batch.records.schema());
        let mut context = Context::new(&shard, self.position, 1);
        if listen {
            context.listen();
        }
        self.operator
            .process(batch, &mut context)
            .map_err(|error| in_step(error, &self.id))?;
        let notes = context.take_notes();
        let output = context.into_outputs().pop().flatten().unwrap_or(blank);
        let rows_out = output.rows.len() as u64;
        counters.rows_out.fetch_add(rows_out, Ordering::Relaxed);
        Ok((output, notes))
    }
}

/// The same error, with the step that it happened in.
pub(super) fn in_step(error: OperatorError, id: &str) -> OperatorError {
    let named = |message: String| {
        // The innermost step says it all.
        if message.starts_with("step `") {
            message
        } else {
            format!("step `{id}`: {message}")
        }
    };
    match error {
        OperatorError::Row { row, message } => OperatorError::Row {
            row,
            message: named(message),
        },
        OperatorError::Unusable { message, help } => OperatorError::Unusable {
            message: named(message),
            help,
        },
        other => OperatorError::Other(named(other.to_string())),
    }
}

impl Branch {
    /// What comes of `batch`.
    pub(super) fn run(&mut self, mut batch: Batch) -> Result<Batch, OperatorError> {
        for step in &mut self.steps {
            (batch, _) = step.run(batch, false)?;
        }
        Ok(batch)
    }

    /// The same, and which row became what. Steps may drop rows: each carries its place with it, in
    /// a column of its own.
    pub(super) fn follow(&mut self, batch: &Batch) -> Result<Passed, OperatorError> {
        let verdict = Verdict {
            reason: None,
            drawn: false,
        };
        let mut verdicts = vec![verdict; batch.rows.len()];
        let schema = batch.records.schema();
        let mut batch = numbered(batch)?;
        for step in &mut self.steps {
            let places = places(&batch);
            let (output, notes) = step.run(batch, true)?;
            let mut silent = vec![true; places.len()];
            for note in notes {
                if let Some(silent) = silent.get_mut(note.row) {
                    *silent = false;
                }
                let place = places.get(note.row);
                if let Some(verdict) = place.and_then(|place| verdicts.get_mut(*place as usize)) {
                    verdict.reason = note.unchanged.or(verdict.reason);
                    verdict.drawn |= note.drawn;
                }
            }
            // Of a row of which nothing is said, anything may come in another draw.
            for (place, _) in places.iter().zip(&silent).filter(|(_, silent)| **silent) {
                if let Some(verdict) = verdicts.get_mut(*place as usize) {
                    verdict.drawn = true;
                }
            }
            batch = output;
        }
        let places = places(&batch);
        let mut columns = batch.records.columns().to_vec();
        columns.pop();
        let records = RecordBatch::try_new(schema, columns)?;
        Ok(Passed {
            batch: batch.replaced(records, batch.rows.clone()),
            places,
            verdicts,
        })
    }
}

/// The batch with one more column, at the end: the places of its rows.
fn numbered(batch: &Batch) -> Result<Batch, OperatorError> {
    let schema = batch.records.schema();
    let mut fields = schema.fields().to_vec();
    fields.push(Arc::new(Field::new("", DataType::UInt32, false)));
    let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
    let mut columns = batch.records.columns().to_vec();
    let places = (0..u32::MAX).take(batch.rows.len());
    columns.push(Arc::new(UInt32Array::from_iter_values(places)));
    let records = RecordBatch::try_new(Arc::new(schema), columns)?;
    Ok(batch.replaced(records, batch.rows.clone()))
}

/// What the last column of a batch says.
fn places(batch: &Batch) -> Vec<u32> {
    let column = batch.records.columns().last();
    let places = column.and_then(|column| column.as_primitive_opt::<UInt32Type>());
    places.map_or_else(Vec::new, |places| places.values().to_vec())
}
