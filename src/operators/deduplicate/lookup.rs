//! Duplicates within the data set, known before the run.

use std::sync::Arc;

use super::duplicates::Duplicates;
use super::worker::part;
use crate::prelude::*;

/// Looks each row up by its shard and number.
pub(super) struct Lookup(Arc<Duplicates>);

impl Lookup {
    pub(super) fn new(duplicates: Arc<Duplicates>) -> Self {
        Self(duplicates)
    }
}

impl Operator for Lookup {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let (source, path) = (&batch.shard.source, &batch.shard.path);
        let Some(first) = self.0.first(source, path) else {
            let message = format!("shard {path} of `{source}` was not surveyed");
            return Err(OperatorError::Other(message));
        };
        let repeats: Vec<bool> = (0..batch.rows.len())
            .map(|row| self.0.contains(first + batch.rows.number(row)))
            .collect();
        part(batch, &repeats, context)
    }
}
