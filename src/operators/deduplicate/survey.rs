//! Duplicates within the data set: a pass over all rows, which spills keys, and one over the keys.

use std::sync::Arc;

use arrow::array::ArrayRef;

use super::duplicates::Duplicates;
use super::keys::{Compared, Key};
use super::partitions::{Limits, Partitions};
use crate::operator::{Survey, SurveySite, Surveyed, SurveyedShard};
use crate::prelude::*;

/// Notes the keys of all rows.
pub(super) struct DuplicateSurvey<K> {
    compared: Compared,
    shards: Vec<SurveyedShard>,
    /// The number of the first row of each shard.
    firsts: Vec<u64>,
    partitions: Partitions<K>,
}

impl<K: Key> DuplicateSurvey<K> {
    pub(super) fn new(compared: Compared, site: &SurveySite<'_>) -> Self {
        Self::within(compared, site, Limits::USUAL)
    }

    pub(super) fn within(compared: Compared, site: &SurveySite<'_>, limits: Limits) -> Self {
        let mut rows = 0;
        let first = |shard: &SurveyedShard| {
            let first = rows;
            rows += shard.rows;
            first
        };
        let firsts = site.shards.iter().map(first).collect();
        let keys = rows.saturating_mul(compared.keys_per_row() as u64);
        Self {
            compared,
            shards: site.shards.to_vec(),
            firsts,
            partitions: Partitions::new(site.folder, keys, limits),
        }
    }

    /// The most keys that were held at a time by one thread, and the number of files.
    #[cfg(test)]
    pub(super) fn figures(&self) -> (usize, usize) {
        self.partitions.figures()
    }
}

impl<K: Key> Survey for DuplicateSurvey<K> {
    fn columns(&self) -> &[usize] {
        self.compared.positions()
    }

    fn note(
        &self,
        shard: usize,
        first_row: u64,
        columns: &[ArrayRef],
    ) -> Result<(), OperatorError> {
        let first = self.firsts.get(shard).copied().unwrap_or_default() + first_row;
        let keys = self.compared.keys(columns)?;
        let rows = keys.iter().zip(first..);
        let all = rows.flat_map(|(keys, row)| keys.iter().map(move |key| (K::of(*key), row)));
        self.partitions.add(all)
    }

    fn finish(
        &self,
        threads: usize,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Surveyed>, OperatorError> {
        let duplicates = Duplicates::none(&self.shards);
        let finished = self.partitions.resolve(&duplicates, threads, stopped)?;
        Ok(finished.then(|| Arc::new(duplicates) as Surveyed))
    }
}
