//! Reading a shard batch by batch.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;

use super::discover::difference;
use super::footer::{self, guarded};
use super::input::{InputFile, Version};
use super::pages::Pages;
use super::pieces::Units;
use super::{ReadOptions, ShardFile, SourceError, SourceFacts, limits, longest};
use crate::store;

/// Reads the rows of one shard in order. Pages are read and decoded one at a time: memory does not
/// grow with the row groups of the file. No batch crosses a row group. Checksums of pages are
/// verified where the file has them.
pub struct ShardReader {
    path: PathBuf,
    pages: Pages,
    /// What the file was like as it was opened. Nothing once that was looked at.
    state: Option<Version>,
    metadata: ArrowReaderMetadata,
    schema: SchemaRef,
    /// The columns that are read.
    projection: ProjectionMask,
    options: ReadOptions,
    /// The row group to open next.
    next_group: usize,
    /// The row group after the last one of the shard.
    end_group: usize,
    current: Option<RowGroup>,
    /// Number of the next row in the file.
    row: u64,
    /// Rows still to read.
    left: u64,
}

/// A row group that is being read.
struct RowGroup {
    index: usize,
    reader: ParquetRecordBatchReader,
    /// Number, in the file, of the row after the last one to come.
    end: u64,
    batch_rows: u64,
    units: Units,
    /// Batches that are decoded already.
    ready: VecDeque<RecordBatch>,
}

impl ShardReader {
    /// Opens a shard that [`discover`](super::discover()) found.
    ///
    /// # Errors
    /// When the file cannot be read any more, or is not the one that was found.
    pub fn open(
        shard: &ShardFile,
        facts: &SourceFacts,
        options: &ReadOptions,
    ) -> Result<Self, SourceError> {
        let path = shard.path.clone();
        let io_error = |source| SourceError::Io {
            path: path.clone(),
            source,
        };
        let file = InputFile::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => SourceError::Vanished { path: path.clone() },
            _ => io_error(source),
        })?;
        let version = file.version().map_err(io_error)?;
        let found = Version {
            bytes: shard.file_bytes,
            modified: shard.modified,
            tag: shard.tag.clone(),
        };
        if version != found {
            return Err(SourceError::Changed { path });
        }
        let metadata = footer::read(&path, &file)?;
        if footer::digest(&file).map_err(io_error)? != shard.footer
            || difference(&facts.schema, metadata.schema()).is_some()
        {
            return Err(SourceError::Changed { path });
        }
        let pages =
            Pages::new(file, metadata.metadata()).map_err(|error| SourceError::Truncated {
                path: path.clone(),
                message: error.to_string(),
            })?;
        let all = 0..metadata.metadata().num_row_groups();
        let (groups, row) = match &shard.range {
            None => (all, 0),
            Some(range) => (range.groups.clone(), range.first_row),
        };
        Ok(Self {
            path,
            pages,
            state: Some(version),
            metadata,
            schema: Arc::clone(&facts.schema),
            projection: ProjectionMask::all(),
            options: *options,
            next_group: groups.start,
            end_group: groups.end,
            current: None,
            row,
            left: options
                .limit
                .map_or(shard.rows, |limit| limit.min(shard.rows)),
        })
    }

    /// The same reader for some columns alone, by their ascending positions: batches have no other,
    /// and nothing else is read.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn only(mut self, columns: &[usize]) -> Result<Self, ArrowError> {
        self.schema = Arc::new(self.schema.project(columns)?);
        let all = self.metadata.parquet_schema();
        self.projection = ProjectionMask::roots(all, columns.iter().copied());
        Ok(self)
    }

    /// The columns that are read.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next batch and the number of its first row in the file; nothing at the end. After an
    /// error nothing follows.
    ///
    /// # Errors
    /// When the rows cannot be read or decoded.
    pub fn next_batch(&mut self) -> Result<Option<(u64, RecordBatch)>, SourceError> {
        match self.advance() {
            Ok(Some(batch)) => {
                let first = self.row;
                let rows = batch.num_rows() as u64;
                self.row += rows;
                self.left = self.left.saturating_sub(rows);
                Ok(Some((first, batch)))
            }
            Ok(None) if self.left == 0 && self.has_changed() => Err(self.changed()),
            Ok(None) => Ok(None),
            Err(message) => {
                self.left = 0;
                if let Some(source) = self.pages.file().take_failure() {
                    return Err(self.unread(source));
                }
                if self.has_changed() {
                    return Err(self.changed());
                }
                let refusal = self.pages.refusal();
                let group = self.current.take();
                let row_group = group
                    .as_ref()
                    .map_or(self.next_group.saturating_sub(1), |group| group.index);
                let end = group.map_or(self.row, |group| {
                    group.end.min(self.row.saturating_add(group.batch_rows))
                });
                let rows = self.row..end.max(self.row.saturating_add(1));
                let path = self.path.clone();
                Err(match refusal {
                    Some(message) => SourceError::TooLarge {
                        path,
                        row_group,
                        rows,
                        message,
                    },
                    None => SourceError::Damaged {
                        path,
                        row_group,
                        rows,
                        message,
                    },
                })
            }
        }
    }

    /// Whether the file is not as it was when it was opened.
    fn has_changed(&mut self) -> bool {
        let Some(state) = self.state.take() else {
            return false;
        };
        let version = self.pages.file().version();
        version.is_ok_and(|version| version != state)
    }

    /// The error where a store did not give what was asked for.
    fn unread(&self, source: io::Error) -> SourceError {
        if store::is_changed(&source) {
            return self.changed();
        }
        let path = self.path.clone();
        SourceError::Io { path, source }
    }

    fn changed(&self) -> SourceError {
        let path = self.path.clone();
        SourceError::Changed { path }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, String> {
        while self.left > 0 {
            let Some(group) = &mut self.current else {
                if !self.open_group()? {
                    return Err("the row groups hold fewer rows than the footer says".to_owned());
                }
                continue;
            };
            if group.ready.is_empty() {
                let (reader, pages) = (&mut group.reader, &self.pages);
                group.ready = group.units.batches(|| {
                    pages.next_batch();
                    guarded(|| reader.next().transpose().map_err(ParquetError::from))
                })?;
            }
            match group.ready.pop_front() {
                Some(batch) => return self.with_schema(&batch).map(Some),
                None if self.row < group.end => {
                    return Err(format!("{} rows are missing", group.end - self.row));
                }
                None => self.current = None,
            }
        }
        Ok(None)
    }

    /// Opens the next row group; answers whether there is one.
    fn open_group(&mut self) -> Result<bool, String> {
        let index = self.next_group;
        let metadata = Arc::clone(self.metadata.metadata());
        let group = metadata.row_groups().get(index);
        let Some(group) = group.filter(|_| index < self.end_group) else {
            return Ok(false);
        };
        self.next_group += 1;
        let rows = u64::try_from(group.num_rows())
            .unwrap_or_default()
            .min(self.left);
        let columns = (0..group.num_columns()).filter(|leaf| self.projection.leaf_included(*leaf));
        self.pages.file().expect_columns(columns.count());
        if rows == 0 {
            return Ok(true);
        }
        let bytes = decoded_bytes(group, &self.projection);
        let batch_rows = batch_rows(group, bytes, &self.options, &self.schema)
            .min(longest::batch_rows(&self.pages, group, &self.projection)?);
        let units = Units::new(&self.schema, bytes, batch_rows, self.options.batch_bytes);
        let pages = self.pages.clone();
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(pages, self.metadata.clone())
                .with_row_groups(vec![index])
                .with_projection(self.projection.clone())
                .with_limit(usize::try_from(rows).unwrap_or(usize::MAX))
                .with_batch_size(units.rows);
        let reader = guarded(|| builder.build())?;
        let end = self.row.saturating_add(rows);
        self.current = Some(RowGroup {
            index,
            reader,
            end,
            batch_rows: batch_rows as u64,
            units,
            ready: VecDeque::new(),
        });
        Ok(true)
    }

    /// The batch with the schema of the source, which may differ in metadata from that of the file.
    fn with_schema(&self, batch: &RecordBatch) -> Result<RecordBatch, String> {
        let columns: Result<Vec<ArrayRef>, ArrowError> = self
            .schema
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, column)| {
                if column.data_type() == field.data_type() {
                    Ok(Arc::clone(column))
                } else {
                    // Only the metadata of nested fields differs: no value is touched.
                    cast(column, field.data_type())
                }
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        columns
            .and_then(|columns| {
                RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            })
            .map_err(|error| error.to_string())
    }
}

/// Rows in a batch of a row group of so many bytes, so that neither bound is passed.
fn batch_rows(
    group: &RowGroupMetaData,
    bytes: usize,
    options: &ReadOptions,
    schema: &Schema,
) -> usize {
    let rows = usize::try_from(group.num_rows()).unwrap_or_default().max(1);
    let width = usize::try_from(limits::row_width(schema)).unwrap_or(usize::MAX);
    let row_bytes = bytes.div_ceil(rows).max(width).max(1);
    (options.batch_bytes / row_bytes)
        .min(options.batch_rows)
        .max(1)
}

/// Bytes of the columns of a row group that are read, decoded.
fn decoded_bytes(group: &RowGroupMetaData, projection: &ProjectionMask) -> usize {
    group
        .columns()
        .iter()
        .enumerate()
        .filter(|(leaf, _)| projection.leaf_included(*leaf))
        .map(|(_, column)| {
            // A dictionary makes pages smaller than what they decode to.
            let decoded = column.unencoded_byte_array_data_bytes().unwrap_or_default();
            let size = column.uncompressed_size().max(decoded);
            usize::try_from(size).unwrap_or_default()
        })
        .fold(0, usize::saturating_add)
}

/// The values of an id column as text.
///
/// # Errors
/// When the column does not exist or has no text form.
pub fn ids(batch: &RecordBatch, column: usize) -> Result<StringArray, ArrowError> {
    let Some(array) = batch.columns().get(column) else {
        return Err(ArrowError::SchemaError(format!(
            "there is no column {column}"
        )));
    };
    // Not safe, so that a value without a text form is an error and not a null.
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    Ok(cast_with_options(array, &DataType::Utf8, &options)?
        .as_string::<i32>()
        .clone())
}
