//! Words.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::RunError;
use super::super::read::explain;
use super::pass::{self, Tally};
use super::{Counters, Shards, files_of};
use crate::columns::{RowTexts, TextPath};
use crate::operator::{Resources, RowTextReader};
use crate::plan::{Plan, PlannedOperator, PlannedSource};
use crate::source::{ReadOptions, ShardFile, ShardReader};
use crate::text::{Segmenter, WordCounter};

/// Words to be counted in some shards, for some operators.
pub(super) struct Words<'a> {
    pub(super) shards: Shards<'a>,
    operators: Vec<usize>,
}

/// What `plan` asks for.
pub(super) fn of(plan: &Plan) -> Vec<Words<'_>> {
    let countings = plan.countings().into_iter();
    countings
        .map(|counting| Words {
            // Whole files, so that how they are cut into shards does not decide what is forgotten.
            shards: files_of(plan, counting.sources.iter().copied()),
            operators: counting.operators,
        })
        .collect()
}

impl Tally for WordCounter {
    fn merge(&mut self, other: &Self) -> Result<(), String> {
        WordCounter::merge(self, other);
        Ok(())
    }
}

impl Words<'_> {
    /// Counts, and hands the counts to the operators; answers whether that was finished.
    pub(super) fn run(
        &self,
        plan: &Plan,
        resources: &Resources,
        counters: Counters<'_>,
    ) -> Result<bool, RunError> {
        let operators = self.operators.iter();
        let operators: Vec<&PlannedOperator> = operators
            .filter_map(|operator| plan.operators.get(*operator))
            .collect();
        let counted = pass::run(&self.shards, counters, &|source, file| {
            count(source, file, counters)
        });
        let counted = counted.map_err(|message| RunError::Words {
            operator: operators
                .first()
                .map_or(String::new(), |first| first.id.clone()),
            message,
        })?;
        let Some(counts) = counted.map(|words: WordCounter| Arc::new(words.into_counts())) else {
            return Ok(false);
        };
        for name in operators.iter().flat_map(|operator| operator.names()) {
            resources.set_word_counts(&name, Arc::clone(&counts));
        }
        Ok(true)
    }
}

/// Counts the words of one shard; nothing if the run is to stop.
fn count(
    source: &PlannedSource,
    file: &ShardFile,
    counters: Counters<'_>,
) -> Result<Option<WordCounter>, String> {
    let named = |error: arrow::error::ArrowError| format!("{}: {error}", file.path.display());
    let options = ReadOptions::default();
    let reader = ShardReader::open(file, &source.facts, &options).map_err(explain)?;
    let paths = source.facts.texts.paths.iter();
    let columns: BTreeSet<usize> = paths.map(TextPath::column).collect();
    let columns: Vec<usize> = columns.into_iter().collect();
    let mut reader = reader.only(&columns).map_err(named)?;
    let texts = RowTexts::resolve(source.config.text.as_slice(), &[], reader.schema())
        .map_err(|_| format!("{}: its columns have changed", file.path.display()))?;
    let texts = RowTextReader::of(&texts, 0);
    let (mut counter, mut segmenter) = (WordCounter::new(), Segmenter::default());
    while let Some((_, batch)) = reader.next_batch().map_err(explain)? {
        if counters.stop.is_requested() {
            return Ok(None);
        }
        let texts = texts.read(&batch).map_err(named)?;
        let rows = batch.num_rows();
        for text in (0..rows).flat_map(|row| texts.of_row(row)) {
            counter.add(text, segmenter.segment(text).words);
        }
        counters.observer.rows_counted(rows as u64);
    }
    Ok(Some(counter))
}
