//! Sources as the topology sees them.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::RunSettings;
use crate::batch::{Origins, Rows, Shard};
use crate::columns::TextPath;
use crate::operator::RowTextReader;
use crate::plan::{Plan, PlannedSource};
use crate::source::{ReadOptions, ShardFile, ShardReader, ids};
use crate::topology::{BatchReader, ShardSource};

/// A shard that a run may read.
#[derive(Debug)]
pub(super) struct PlannedShard {
    /// Position of its source in the plan.
    pub(super) source: usize,
    /// Its file.
    pub(super) file: ShardFile,
    /// Rows to read of it.
    pub(super) rows: u64,
    /// What flows with its batches.
    pub(super) shard: Arc<Shard>,
}

/// The shards that the settings select, in the order of the plan.
pub(super) fn select(plan: &Plan, settings: &RunSettings) -> Vec<PlannedShard> {
    let mut selected = Vec::new();
    let positions = plan.part_names().len();
    let mut index = 0;
    for (position, source) in plan.sources.iter().enumerate() {
        let mut left = settings.limit.unwrap_or(u64::MAX);
        for file in &source.facts.shards {
            let rows = file.rows.min(left);
            if settings.limit.is_some() && left == 0 {
                break;
            }
            left -= rows;
            let mine = settings
                .shard
                .is_none_or(|(part, parts)| index % parts == part - 1);
            if mine {
                let shard = Shard::new(index, &source.id, &file.relative, positions)
                    .named(file.name(), file.stem());
                selected.push(PlannedShard {
                    source: position,
                    file: file.clone(),
                    rows,
                    shard: Arc::new(shard),
                });
            }
            index += 1;
        }
    }
    selected
}

/// Opens the shards of one source.
pub(super) struct Source<'a> {
    planned: &'a PlannedSource,
    shards: Vec<(usize, &'a PlannedShard)>,
    options: ReadOptions,
    keep_edits: bool,
    keep_text: bool,
}

/// The sources of `plan`, for reading `shards`.
pub(super) fn sources<'a>(
    plan: &'a Plan,
    settings: &RunSettings,
    shards: &'a [PlannedShard],
) -> Vec<Source<'a>> {
    let keep_edits = plan
        .sinks
        .iter()
        .any(|sink| sink.config.lineage.keeps_edits());
    let source = |(position, planned): (usize, &'a PlannedSource)| Source {
        planned,
        shards: shards
            .iter()
            .filter(|shard| shard.source == position)
            .map(|shard| (shard.shard.index, shard))
            .collect(),
        options: ReadOptions {
            batch_rows: settings.batch_rows,
            batch_bytes: settings.batch_bytes,
            limit: None,
        },
        keep_edits,
        keep_text: plan
            .operators
            .iter()
            .any(|node| node.spec.compares() && node.sources.contains(&position)),
    };
    plan.sources.iter().enumerate().map(source).collect()
}

impl Source<'_> {
    /// Keeps the text of each row as it was read, to compare with.
    pub(super) fn keeping_text(self) -> Self {
        Self {
            keep_text: true,
            ..self
        }
    }
}

impl ShardSource for Source<'_> {
    fn open(&self, shard: &Shard) -> Result<Box<dyn BatchReader>, String> {
        let found = self.shards.iter().find(|(index, _)| *index == shard.index);
        let Some((_, planned)) = found else {
            return Err(format!(
                "{} is not among the shards of this run",
                shard.name
            ));
        };
        let facts = &self.planned.facts;
        let options = ReadOptions {
            limit: Some(planned.rows),
            ..self.options
        };
        let reader = ShardReader::open(&planned.file, facts, &options).map_err(explain)?;
        Ok(Box::new(Reader {
            reader,
            path: shard.path.clone(),
            id: facts.id,
            texts: self.keep_text.then(|| KeptTexts {
                reader: RowTextReader::of(&facts.texts, facts.text),
                roots: facts.texts.paths.iter().map(TextPath::column).collect(),
            }),
            keep_edits: self.keep_edits,
        }))
    }
}

struct Reader {
    reader: ShardReader,
    path: String,
    id: Option<usize>,
    texts: Option<KeptTexts>,
    keep_edits: bool,
}

/// What is kept of the texts as they were read.
struct KeptTexts {
    reader: RowTextReader,
    /// The columns that they are in.
    roots: Vec<usize>,
}

impl BatchReader for Reader {
    fn next_batch(&mut self) -> Result<Option<(RecordBatch, Rows)>, String> {
        let Some((first_row, records)) = self.reader.next_batch().map_err(explain)? else {
            return Ok(None);
        };
        let ids = self.id.map(|column| ids(&records, column)).transpose();
        let ids = ids.map_err(|error| format!("{}: the id column: {error}", self.path))?;
        let mut origins = Origins::new(&self.path, first_row, records.num_rows(), ids);
        if let Some(kept) = &self.texts {
            let text = kept.reader.joined(&records);
            origins.text = Some(text.map_err(|error| format!("{}: {error}", self.path))?);
            let root = |column: &usize| Arc::clone(records.column(*column));
            origins.roots = kept.roots.iter().map(root).collect();
        }
        Ok(Some((
            records,
            Rows::originals(Arc::new(origins), self.keep_edits),
        )))
    }
}

/// What went wrong, and what to do about it.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn explain(error: crate::source::SourceError) -> String {
    match error.help() {
        help if help.is_empty() => error.to_string(),
        help => format!("{error}\n  help: {help}"),
    }
}
