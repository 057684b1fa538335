//! Rows that are changed in place: one in, one out.

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::interleave_record_batch;

use super::super::{Context, OperatorError, RowNote};
use super::branch::Verdict;
use super::worker::{Selection, Worker, to_u32};
use crate::batch::{Batch, Rows};

/// What is said of a row that was not drawn.
const NOT_DRAWN: Verdict = Verdict {
    reason: Some("not drawn"),
    drawn: true,
};

impl Worker {
    pub(super) fn change_in_place(
        &mut self,
        batch: Batch,
        context: &mut Context<'_>,
    ) -> Result<(), OperatorError> {
        let output = match (&self.selection, self.branches.as_mut_slice()) {
            (Selection::All, [only]) if !context.is_heard() => only.run(batch)?,
            _ => self.divide(&batch, context)?,
        };
        let positions = &self.positions;
        let changed = output.rows.changed.iter();
        let changed = changed.filter(|set| set.has_any(positions.clone()));
        context.count_changed(changed.count() as u64);
        context.emit(output);
        Ok(())
    }

    /// Sends each row through the branch that is drawn for it, and puts them together again.
    fn divide(&mut self, batch: &Batch, context: &mut Context<'_>) -> Result<Batch, OperatorError> {
        let rows = batch.rows.len();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); self.branches.len()];
        // Where each row of the output comes from: an output of a branch, and a row of it.
        let mut picks: Vec<Option<(usize, usize)>> = vec![None; rows];
        let mut verdicts = vec![NOT_DRAWN; rows];
        let mut passed = 0;
        for (row, pick) in picks.iter_mut().enumerate() {
            if let Some(branch) = self.branch_of(row, batch) {
                if let Some(members) = members.get_mut(branch) {
                    members.push(to_u32(row));
                }
            } else {
                *pick = Some((0, row));
                passed += 1;
            }
        }
        context.count("unchanged: not drawn", passed);
        let is_choice = self.branches.len() > 1 || matches!(self.selection, Selection::Share(_));
        let mut outputs = vec![batch.clone()];
        for (branch, members) in self.branches.iter_mut().zip(members) {
            if members.is_empty() {
                continue;
            }
            let followed = if members.len() == rows {
                branch.follow(batch)?
            } else {
                branch.follow(&batch.take(&UInt32Array::from(members.clone()))?)?
            };
            for (row, place) in followed.places.iter().enumerate() {
                let of = members.get(*place as usize);
                if let Some(pick) = of.and_then(|of| picks.get_mut(*of as usize)) {
                    *pick = Some((outputs.len(), row));
                }
            }
            for (of, said) in members.iter().zip(followed.verdicts) {
                if let Some(verdict) = verdicts.get_mut(*of as usize) {
                    *verdict = Verdict {
                        drawn: said.drawn || is_choice,
                        ..said
                    };
                }
            }
            outputs.push(followed.batch);
        }
        if context.is_heard() {
            for (row, verdict) in verdicts.iter().enumerate() {
                context.note(RowNote {
                    row,
                    unchanged: verdict.reason,
                    drawn: verdict.drawn,
                });
            }
        }
        let picks: Vec<(usize, usize)> = picks.into_iter().flatten().collect();
        assembled(batch, &outputs, &picks)
    }

    /// The branch for a row, if it is drawn at all.
    fn branch_of(&self, row: usize, batch: &Batch) -> Option<usize> {
        let incoming = batch.rows.replica.get(row).copied().unwrap_or_default();
        let mut random = self.key.row(batch.rows.key(row), incoming, 0);
        match self.selection {
            Selection::Share(probability) if !random.chance(probability) => None,
            _ if self.branches.len() == 1 => Some(0),
            _ => self.draw(0, &mut random),
        }
    }
}

/// Rows picked from `outputs`, which have the columns and the origins of `batch`.
pub(super) fn assembled(
    batch: &Batch,
    outputs: &[Batch],
    picks: &[(usize, usize)],
) -> Result<Batch, OperatorError> {
    let Some((first, _)) = picks.first() else {
        return Ok(batch.emptied(batch.records.schema()));
    };
    // Often, they are one of the outputs as it is.
    if let Some(only) = outputs.get(*first)
        && only.rows.len() == picks.len()
        && picks
            .iter()
            .enumerate()
            .all(|(row, pick)| *pick == (*first, row))
    {
        return Ok(only.clone());
    }
    let records: Vec<&RecordBatch> = outputs.iter().map(|output| &output.records).collect();
    let records = interleave_record_batch(&records, picks)?;
    let rows: Vec<&Rows> = outputs.iter().map(|output| &output.rows).collect();
    Ok(batch.replaced(records, Rows::interleave(&rows, picks)))
}
