//! Labels, grouped by polars batch by batch.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};

use super::super::RunError;
use super::super::read::explain;
use super::pass::{self, Tally};
use super::{Counters, Shards, shards_of};
use crate::batch::Origins;
use crate::operator::{LabelCounts, Resources, label_texts};
use crate::plan::{Plan, PlannedOperator, PlannedSource};
use crate::random::OperatorKey;
use crate::source::{ReadOptions, ShardFile, ShardReader, ids};
use crate::sql;

/// Labels to be counted in some shards, for one operator.
pub(super) struct Labels<'a> {
    pub(super) shards: Shards<'a>,
    operator: &'a PlannedOperator,
    column: &'a str,
}

/// What `plan` asks for.
pub(super) fn of(plan: &Plan) -> Vec<Labels<'_>> {
    let countings = plan.label_countings().into_iter();
    countings
        .filter_map(|counting| {
            let operator = plan.operators.get(counting.operator)?;
            Some(Labels {
                shards: shards_of(plan, counting.sources.into_iter()),
                operator,
                column: operator.spec.counts_labels()?,
            })
        })
        .collect()
}

impl Tally for LabelCounts {
    fn merge(&mut self, other: &Self) -> Result<(), String> {
        LabelCounts::merge(self, other);
        check(self)
    }
}

/// Refuses labels that are too many to be any.
fn check(counts: &LabelCounts) -> Result<(), String> {
    let most = LabelCounts::MOST;
    if counts.len() > most {
        return Err(format!(
            "there are more than {most} labels: name a column with fewer"
        ));
    }
    Ok(())
}

impl Labels<'_> {
    /// Counts, and hands the counts to the operator; answers whether that was finished.
    pub(super) fn run(
        &self,
        plan: &Plan,
        resources: &Resources,
        counters: Counters<'_>,
    ) -> Result<bool, RunError> {
        let key = OperatorKey::new(plan.seed, &self.operator.id);
        let counted = pass::run(&self.shards, counters, &|source, file| {
            self.count(source, file, key, counters)
        });
        let counted = counted.map_err(|message| RunError::Labels {
            operator: self.operator.id.clone(),
            message,
        })?;
        let Some(counts) = counted else {
            return Ok(false);
        };
        resources.set_label_counts(&self.operator.id, Arc::new(counts));
        Ok(true)
    }

    /// Counts the labels of one shard; nothing if the run is to stop.
    fn count(
        &self,
        source: &PlannedSource,
        file: &ShardFile,
        key: OperatorKey,
        counters: Counters<'_>,
    ) -> Result<Option<LabelCounts>, String> {
        let named = |error: arrow::error::ArrowError| format!("{}: {error}", file.path.display());
        let Some((label, _)) = source.facts.schema.column_with_name(self.column) else {
            return Err(format!(
                "{}: no column `{}`",
                file.path.display(),
                self.column
            ));
        };
        let mut columns = vec![label];
        columns.extend(source.facts.id.filter(|id| *id != label));
        columns.sort_unstable();
        let place = |column: usize| columns.iter().position(|other| *other == column);
        let id = source.facts.id.and_then(place);
        let reader = ShardReader::open(file, &source.facts, &ReadOptions::default());
        let mut reader = reader.map_err(explain)?.only(&columns).map_err(named)?;
        let mut counts = LabelCounts::default();
        while let Some((first_row, batch)) = reader.next_batch().map_err(explain)? {
            if counters.stop.is_requested() {
                return Ok(None);
            }
            let column = place(label).and_then(|place| batch.columns().get(place));
            let Some(column) = column else { continue };
            let ids = id.map(|id| ids(&batch, id)).transpose().map_err(named)?;
            let rows = Origins::new(&file.relative, first_row, batch.num_rows(), ids);
            let bin = |row: &u64| LabelCounts::bin(LabelCounts::place(key, *row));
            let bins = UInt32Array::from_iter_values(rows.keys.iter().map(bin));
            let labels: ArrayRef = Arc::new(label_texts(column).map_err(named)?);
            let groups = sql::count_groups(&labels, &bins)
                .map_err(|error| format!("{}: {error}", file.path.display()))?;
            for group in &groups {
                counts.add(group.label.as_deref(), group.bin, group.rows);
            }
            check(&counts).map_err(|error| format!("{}: {error}", file.path.display()))?;
            counters.observer.rows_counted(batch.num_rows() as u64);
        }
        Ok(Some(counts))
    }
}
