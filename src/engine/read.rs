//! Sources as the topology sees them.

use std::sync::Arc;

use arrow::array::RecordBatch;

use super::RunSettings;
use crate::batch::{Origins, Rows, Shard};
use crate::columns::TextPath;
use crate::figures::size;
use crate::operator::RowTextReader;
use crate::plan::{Plan, PlannedSource};
use crate::source::{ReadOptions, ShardFile, ShardReader, ids, weight};
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
    most_row_bytes: Option<usize>,
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
        most_row_bytes: settings.most_row_bytes,
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
            batch_bytes: self.options.batch_bytes,
            most_row_bytes: self.most_row_bytes,
        }))
    }
}

struct Reader {
    reader: ShardReader,
    path: String,
    id: Option<usize>,
    texts: Option<KeptTexts>,
    keep_edits: bool,
    batch_bytes: usize,
    most_row_bytes: Option<usize>,
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
        self.check_size(first_row, &records)?;
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

    fn places(&self, records: &RecordBatch) -> usize {
        // Batches have about what they should, and large rows do not.
        let bytes = weight(records, 0..records.num_rows());
        bytes.saturating_add(self.batch_bytes / 2) / self.batch_bytes.max(1)
    }
}

impl Reader {
    /// Refuses a row for which there is no room.
    fn check_size(&self, first_row: u64, records: &RecordBatch) -> Result<(), String> {
        let rows = records.num_rows();
        let Some(most) = self.most_row_bytes else {
            return Ok(());
        };
        if weight(records, 0..rows) <= most {
            return Ok(());
        }
        let large = (0..rows).find(|row| weight(records, *row..row + 1) > most);
        large.map_or(Ok(()), |row| {
            let number = first_row + row as u64;
            let bytes = weight(records, row..row + 1) as u64;
            Err(format!(
                "row {number} of {} has {}, and there is room for rows of {}\n  help: allow \
                 more memory (`--memory 4GB`), or take such rows out before the run",
                self.path,
                size(bytes),
                size(most as u64)
            ))
        })
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
