//! From edited texts to the batch that leaves.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take;

use super::super::{Context, OperatorError};
use super::marks::Marks;
use super::units::Units;
use crate::batch::{Batch, EditLog, EditRecord, OperatorSet};
use crate::columns::RowTexts;

/// A text that was edited.
#[derive(Debug)]
pub(super) struct Edited {
    /// Which of the texts of its row it is.
    pub(super) unit: usize,
    /// What became of it.
    pub(super) text: String,
    /// The edits that did it.
    pub(super) edits: Vec<EditRecord>,
}

/// A row that leaves.
#[derive(Debug)]
pub(super) struct MadeRow {
    /// The row that it is made of.
    pub(super) parent: u32,
    /// The number of its replica.
    pub(super) replica: u32,
    /// Its texts that differ from those of its parent, in order.
    pub(super) edited: Vec<Edited>,
}

/// What all rows of a batch have in common.
pub(super) struct Site<'a> {
    pub(super) batch: &'a Batch,
    pub(super) texts: &'a RowTexts,
    pub(super) units: &'a Units,
    pub(super) marks: &'a Marks,
    /// Position of the operator in the plan.
    pub(super) position: usize,
    /// Whether edits do not tell where annotated text has gone.
    pub(super) freely: bool,
}

impl Site<'_> {
    /// Sends rows out of the main output, in place of the batch.
    pub(super) fn emit(
        &self,
        made: &[MadeRow],
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        let batch = self.batch;
        let changed = made.iter().filter(|made| !made.edited.is_empty()).count();
        context.count_changed(changed as u64);
        let one_to_one = made.len() == batch.rows.len()
            && made.iter().zip(0..).all(|(made, row)| made.parent == row);
        if one_to_one && changed == 0 {
            context.emit(batch.clone());
            return Ok(());
        }
        let parents: Vec<u32> = made.iter().map(|made| made.parent).collect();
        let records = self.records(made, &parents, one_to_one, context)?;
        let mut rows = if one_to_one {
            batch.rows.clone()
        } else {
            batch.rows.take(&parents)
        };
        rows.replica = made.iter().map(|made| made.replica).collect();
        for (set, made) in rows.changed.iter_mut().zip(made) {
            if !made.edited.is_empty() {
                *set = OperatorSet::with(*set, self.position);
            }
        }
        if let Some(logs) = &mut rows.edits {
            for (log, made) in logs.iter_mut().zip(made) {
                self.record(log, made);
            }
        }
        context.emit(batch.replaced(records, rows));
        Ok(())
    }

    fn records(
        &self,
        made: &[MadeRow],
        parents: &[u32],
        one_to_one: bool,
        context: &Context<'_>,
    ) -> Result<RecordBatch, OperatorError> {
        let records = &self.batch.records;
        let mut columns = records.columns().to_vec();
        let mut taken = None;
        if !one_to_one {
            let indices = UInt32Array::from(parents.to_vec());
            for column in &mut columns {
                *column = take(column, &indices, None)?;
            }
            let records = RecordBatch::try_new(records.schema(), columns.clone())?;
            taken = Some(Units::of(&records, &self.texts.paths)?);
        }
        // The texts of a row that was taken are in the order of those that it is made of.
        let units = taken.as_ref().unwrap_or(self.units);
        let new: Vec<_> = made
            .iter()
            .enumerate()
            .flat_map(|(row, made)| made.edited.iter().map(move |edited| (row, edited)))
            .filter_map(|(row, edited)| {
                Some((*units.of_row(row).get(edited.unit)?, edited.text.as_str()))
            })
            .collect();
        let mut columns = units.replaced(columns, &self.texts.paths, &new)?;
        let edited: Vec<&[Edited]> = made.iter().map(|made| made.edited.as_slice()).collect();
        let dropped = self
            .marks
            .write(&mut columns, parents, &edited, self.units, self.freely)?;
        context.count("dropped: annotation cut", dropped);
        Ok(RecordBatch::try_new(records.schema(), columns)?)
    }

    /// Puts the edits of a row on record, those of each text by themselves.
    fn record(&self, log: &mut Option<Arc<EditLog>>, made: &MadeRow) {
        let units = self.units.of_row(made.parent as usize);
        for edited in made.edited.iter().filter(|edited| !edited.edits.is_empty()) {
            let place = units.get(edited.unit).and_then(|unit| {
                let path = self.texts.paths.get(unit.path)?;
                Some(path.place(self.units.items(*unit)))
            });
            *log = Some(Arc::new(EditLog {
                previous: log.take(),
                operator: self.position,
                text: place.filter(|_| self.texts.several).map(Arc::from),
                edits: edited.edits.as_slice().into(),
            }));
        }
    }
}
