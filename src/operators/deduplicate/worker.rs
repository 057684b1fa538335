//! Duplicates within a shard, as it streams by.

use arrow::array::{ArrayRef, UInt32Array};

use super::Deduplicate;
use super::keys::{Compared, Key};
use super::remembered::Remembered;
use crate::operator::TextColumn;
use crate::prelude::*;

/// Sees the batches of one shard in order.
pub(super) struct InShard<K> {
    config: Deduplicate,
    text: TextColumn,
    /// Known from the first batch on, which has the columns.
    compared: Option<Compared>,
    remembered: Remembered<K>,
}

impl<K: Key> InShard<K> {
    pub(super) fn new(config: &Deduplicate, text: &TextColumn) -> Self {
        Self {
            config: config.clone(),
            text: text.clone(),
            compared: None,
            remembered: Remembered::new(config.remember),
        }
    }
}

impl<K: Key> Operator for InShard<K> {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let compared = match &mut self.compared {
            Some(compared) => compared,
            none => none.insert(Compared::new(
                &self.config,
                &batch.records.schema(),
                &self.text,
            )?),
        };
        let columns: Vec<ArrayRef> = compared
            .positions()
            .iter()
            .filter_map(|position| batch.records.columns().get(*position).cloned())
            .collect();
        let keys = compared.keys(&columns)?;
        let mut repeats = Vec::with_capacity(batch.rows.len());
        let mut forgotten = 0;
        for (row, keys) in keys.iter().enumerate() {
            context.at_row(batch.rows.number(row));
            repeats.push(self.remembered.meet(keys));
            forgotten += self.remembered.forget();
        }
        if forgotten > 0 {
            context.measure("forgotten", forgotten);
        }
        part(batch, &repeats, context)
    }
}

/// Sends on a batch, in which `repeats` says of each row whether it repeats an earlier one.
pub(super) fn part(
    batch: Batch,
    repeats: &[bool],
    context: &mut Context<'_>,
) -> Result<(), OperatorError> {
    let rows = |wanted: bool| -> UInt32Array {
        let rows = repeats.iter().zip(0_u32..);
        rows.filter(|(repeats, _)| **repeats == wanted)
            .map(|(_, row)| row)
            .collect()
    };
    let duplicates = rows(true);
    if duplicates.is_empty() {
        context.emit(batch);
        return Ok(());
    }
    context.count("filtered: duplicate", duplicates.len() as u64);
    context.emit_to(1, batch.take(&duplicates)?);
    context.emit(batch.take(&rows(false))?);
    Ok(())
}
