//! Which rows of a data set repeat an earlier one: a bit for each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::operator::SurveyedShard;

/// The rows of some shards, numbered through.
#[derive(Debug)]
pub(super) struct Duplicates {
    /// The number of the first row of each shard, by source and path.
    firsts: BTreeMap<(String, String), u64>,
    bits: Vec<AtomicU64>,
}

impl Duplicates {
    /// No row is a duplicate yet.
    pub(super) fn none(shards: &[SurveyedShard]) -> Self {
        let mut rows = 0;
        let mut firsts = BTreeMap::new();
        for shard in shards {
            firsts.insert((shard.source.clone(), shard.path.clone()), rows);
            rows += shard.rows;
        }
        let words = usize::try_from(rows.div_ceil(64)).unwrap_or(usize::MAX);
        Self {
            firsts,
            bits: std::iter::repeat_with(AtomicU64::default)
                .take(words)
                .collect(),
        }
    }

    /// The number of the first row of a shard.
    pub(super) fn first(&self, source: &str, path: &str) -> Option<u64> {
        let key = (source.to_owned(), path.to_owned());
        self.firsts.get(&key).copied()
    }

    /// Marks a row. Any thread may do so.
    pub(super) fn mark(&self, row: u64) {
        if let Some(bits) = self.word(row) {
            bits.fetch_or(1 << (row % 64), Ordering::Relaxed);
        }
    }

    /// Whether a row is marked.
    pub(super) fn contains(&self, row: u64) -> bool {
        self.word(row)
            .is_some_and(|bits| bits.load(Ordering::Relaxed) >> (row % 64) & 1 == 1)
    }

    fn word(&self, row: u64) -> Option<&AtomicU64> {
        self.bits.get(usize::try_from(row / 64).ok()?)
    }
}
