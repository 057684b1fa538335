//! A sink that writes nothing: it keeps the rows that arrive, to be looked at.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::{Batch, Shard};
use crate::topology::{BatchWriter, Commit, Finished, ShardSink, Stop};

/// Keeps batches until it has the rows that are wanted, and then asks the run to stop.
pub(super) struct Collector(Arc<Collected>);

struct Collected {
    wanted: usize,
    kept: Mutex<Kept>,
    stop: Stop,
}

#[derive(Default)]
struct Kept {
    rows: usize,
    batches: Vec<Batch>,
}

impl Collector {
    /// A collector of `wanted` rows, or a few more: batches are kept whole.
    pub(super) fn new(wanted: usize, stop: &Stop) -> Self {
        Self(Arc::new(Collected {
            wanted,
            kept: Mutex::default(),
            stop: stop.clone(),
        }))
    }

    /// What has arrived, in its order.
    pub(super) fn take(&self) -> Vec<Batch> {
        let kept = &self.0.kept;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut kept.batches)
    }
}

impl ShardSink for Collector {
    fn open(&self, _shard: &Shard) -> Result<Box<dyn BatchWriter>, String> {
        Ok(Box::new(CollectorWriter(Arc::clone(&self.0))))
    }
}

struct CollectorWriter(Arc<Collected>);

impl BatchWriter for CollectorWriter {
    fn write(&mut self, batch: &Batch) -> Result<(), String> {
        let collected = &self.0;
        let kept = &collected.kept;
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.rows < collected.wanted && !batch.rows.is_empty() {
            kept.rows += batch.rows.len();
            // What is kept must not keep its place in the window.
            kept.batches.push(Batch {
                ticket: None,
                ..batch.clone()
            });
        }
        if kept.rows >= collected.wanted {
            collected.stop.request();
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn Finished>, String> {
        Ok(Box::new(Nothing))
    }
}

/// What a collector finishes: it keeps the rows itself.
struct Nothing;

impl Finished for Nothing {
    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// The commit of a run that publishes nothing.
pub(super) struct PublishNothing;

impl Commit for PublishNothing {
    fn commit(
        &self,
        _shard: &Shard,
        _outputs: Vec<(usize, Box<dyn Finished>)>,
    ) -> Result<(), String> {
        Ok(())
    }
}
