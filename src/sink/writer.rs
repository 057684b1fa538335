//! Writing one output file.

use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;

use super::chunks::Chunks;
use super::dictionaries::NarrowDictionaries;
use super::distinct::{SAMPLE_BYTES, SAMPLE_ROWS, bytes_of};
use super::file::{Growing, HashingFile, Temporary};
use super::lineage::LineageBuilder;
use super::pages::WaitingPages;
use super::{SinkError, SinkPlan};
use crate::batch::Batch;
use crate::source::rows_with;

/// Rows given to the encoder at once, at most. Pages and row groups end only between such chunks,
/// which lie at the same rows however the rows arrived.
const CHUNK_ROWS: usize = 1024;

/// Rows in the first chunk of a row group, from which the size of the rows to come is estimated.
const FIRST_CHUNK_ROWS: usize = 64;

/// Encoded bytes in a chunk, roughly at most.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes of values in a chunk, at which it ends wherever it is: what comes after small rows may be
/// large. A chunk of large rows becomes a page of each column, which the encoder has as values, as
/// bytes and compressed.
const CHUNK_WEIGHT: usize = 4 << 20;

/// Bytes of the values of rows that get their lineage at once, roughly.
const PART_WEIGHT: usize = 1 << 20;

/// Bytes collected for one write to the file.
const BUFFER_BYTES: usize = 1 << 18;

/// How the columns are encoded depends on the first rows, so there is no encoder before them.
enum Encoder {
    /// For more rows; with the bytes of those that wait.
    Waiting {
        file: BufWriter<HashingFile>,
        plan: Box<SinkPlan>,
        bytes: usize,
    },
    Open(Box<ArrowWriter<BufWriter<HashingFile>>>),
    /// It could not be opened.
    Failed,
}

/// Writes the rows of one shard to a hidden file beside its target. The bytes of the file depend
/// on the rows and the plan alone. Dropping the writer removes the file.
pub struct ShardWriter {
    // The writer is dropped first: some systems cannot remove an open file.
    output: Encoder,
    temporary: Temporary,
    target: PathBuf,
    schema: SchemaRef,
    lineage: LineageBuilder,
    chunks: Chunks,
    dictionaries: NarrowDictionaries,
    row_group_rows: usize,
    row_group_bytes: usize,
    /// Rows in the chunk to write next.
    next_chunk: usize,
    rows: u64,
}

impl ShardWriter {
    /// Starts a file that will stand at `target`. Folders are created as needed.
    ///
    /// # Errors
    /// When the file or its folder cannot be created.
    pub fn create(plan: &SinkPlan, target: PathBuf) -> Result<Self, SinkError> {
        let (temporary, file) = Temporary::create(&target)?;
        Ok(Self::writing_to(file, temporary, plan, target))
    }

    /// Writes to `file`, which lies where `temporary` says.
    pub(super) fn writing_to(
        file: Growing,
        temporary: Temporary,
        plan: &SinkPlan,
        target: PathBuf,
    ) -> Self {
        let buffered = BufWriter::with_capacity(BUFFER_BYTES, HashingFile::new(file));
        Self {
            output: Encoder::Waiting {
                file: buffered,
                plan: Box::new(plan.clone()),
                bytes: 0,
            },
            temporary,
            target,
            schema: Arc::clone(plan.output_schema()),
            lineage: LineageBuilder::new(plan.lineage.clone(), plan.operator_ids.clone()),
            chunks: Chunks::default(),
            dictionaries: NarrowDictionaries::new(plan.output_schema()),
            row_group_rows: plan.row_group_rows,
            row_group_bytes: plan.row_group_bytes,
            next_chunk: FIRST_CHUNK_ROWS.min(plan.row_group_rows),
            rows: 0,
        }
    }

    /// Appends the rows of `batch`.
    ///
    /// # Errors
    /// When the rows cannot be encoded, or the file cannot be written.
    pub fn write(&mut self, batch: &Batch) -> Result<(), SinkError> {
        if batch.rows.edits.is_none() {
            return self.write_part(batch);
        }
        // Edits as columns take more than the rows that they are of: not all at once.
        let mut start = 0;
        while start < batch.rows.len() {
            let left = batch.rows.len() - start;
            let rest = batch.records.slice(start, left);
            let rows = rows_with(&rest, PART_WEIGHT).unwrap_or(left);
            self.write_part(&batch.slice(start..start + rows))?;
            start += rows;
        }
        Ok(())
    }

    fn write_part(&mut self, batch: &Batch) -> Result<(), SinkError> {
        if batch.rows.is_empty() {
            return Ok(());
        }
        let records = self
            .with_lineage(batch)
            .map_err(|error| self.encode_error(&error))?;
        self.rows += records.num_rows() as u64;
        if let Encoder::Waiting { bytes, .. } = &mut self.output {
            *bytes = bytes.saturating_add(bytes_of(&records));
        }
        self.chunks.push(records);
        if let Encoder::Waiting { bytes, .. } = self.output
            && bytes <= SAMPLE_BYTES
            && self.chunks.rows() < SAMPLE_ROWS
        {
            return Ok(());
        }
        while let Some(rows) = self.chunks.complete(self.next_chunk, CHUNK_WEIGHT) {
            self.write_chunk(rows)?;
        }
        Ok(())
    }

    /// Writes what is left and the footer, and waits until the file is on its device. It has its
    /// final name only after [`Prepared::publish`].
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<Prepared, SinkError> {
        while self.chunks.rows() > 0 {
            let rows = self.chunks.complete(self.next_chunk, CHUNK_WEIGHT);
            self.write_chunk(rows.unwrap_or(self.next_chunk))?;
        }
        // A shard without a row has a file all the same.
        self.encoder()?;
        let Self {
            output,
            temporary,
            target,
            rows,
            ..
        } = self;
        let Encoder::Open(writer) = output else {
            return Err(SinkError::Encode {
                path: target,
                message: "the file was not opened".to_owned(),
            });
        };
        let buffered = writer
            .into_inner()
            .map_err(|error| write_error(&temporary, &target, error))?;
        let (file, bytes, sha256) = buffered
            .into_inner()
            .map_err(|error| SinkError::io(temporary.path(), error.into_error()))
            .map(HashingFile::into_parts)?;
        Ok(Prepared {
            file,
            temporary,
            target,
            rows,
            bytes,
            sha256,
        })
    }

    fn with_lineage(&mut self, batch: &Batch) -> Result<RecordBatch, ArrowError> {
        let mut columns = batch.records.columns().to_vec();
        columns.extend(self.lineage.build(batch)?);
        let options = RecordBatchOptions::new().with_row_count(Some(batch.records.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }

    /// The encoder, which is opened for the rows that wait if it is not open yet.
    fn encoder(&mut self) -> Result<&mut ArrowWriter<BufWriter<HashingFile>>, SinkError> {
        if matches!(self.output, Encoder::Waiting { .. }) {
            let sample = self
                .chunks
                .peek(SAMPLE_ROWS)
                .map_err(|error| self.encode_error(&error))?
                .unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&self.schema)));
            if let Encoder::Waiting { file, plan, .. } =
                std::mem::replace(&mut self.output, Encoder::Failed)
            {
                let properties = plan.properties(&sample);
                let pages = WaitingPages::new(&self.target, plan.pages_held);
                let options = ArrowWriterOptions::new()
                    .with_properties(properties)
                    .with_page_store_factory(Arc::new(pages));
                let schema = Arc::clone(&self.schema);
                let writer = ArrowWriter::try_new_with_options(file, schema, options)
                    .map_err(|error| write_error(&self.temporary, &self.target, error))?;
                self.output = Encoder::Open(Box::new(writer));
            }
        }
        match &mut self.output {
            Encoder::Open(writer) => Ok(writer),
            _ => Err(SinkError::Encode {
                path: self.target.clone(),
                message: "the file could not be opened".to_owned(),
            }),
        }
    }

    /// Writes a chunk of so many rows, or of all if there are fewer.
    fn write_chunk(&mut self, rows: usize) -> Result<(), SinkError> {
        self.encoder()?;
        let chunk = self
            .chunks
            .take(rows)
            .map_err(|error| self.encode_error(&error))?;
        let Some(mut rest) = chunk else {
            return Ok(());
        };
        while let Some(end) = self
            .dictionaries
            .add(&rest)
            .map_err(|error| self.encode_error(&error))?
        {
            self.encode(&rest.slice(0, end))?;
            self.end_row_group()?;
            rest = rest.slice(end, rest.num_rows() - end);
        }
        self.encode(&rest)?;
        let writer = self.encoder()?;
        let (rows, bytes) = (writer.in_progress_rows(), writer.in_progress_size());
        if rows >= self.row_group_rows || bytes >= self.row_group_bytes {
            return self.end_row_group();
        }
        // Chunks end at multiples of their greatest size, as do most batches, so that these need
        // not be joined.
        let row_bytes = bytes.div_ceil(rows.max(1)).max(1);
        self.next_chunk = (CHUNK_BYTES / row_bytes)
            .clamp(1, CHUNK_ROWS - rows % CHUNK_ROWS)
            .min(self.row_group_rows - rows);
        Ok(())
    }

    fn encode(&mut self, rows: &RecordBatch) -> Result<(), SinkError> {
        let written = self.encoder()?.write(rows);
        written.map_err(|error| write_error(&self.temporary, &self.target, error))
    }

    fn end_row_group(&mut self) -> Result<(), SinkError> {
        let flushed = self.encoder()?.flush();
        flushed.map_err(|error| write_error(&self.temporary, &self.target, error))?;
        self.dictionaries.clear();
        self.next_chunk = FIRST_CHUNK_ROWS.min(self.row_group_rows);
        Ok(())
    }

    fn encode_error(&self, error: &ArrowError) -> SinkError {
        SinkError::Encode {
            path: self.target.clone(),
            message: error.to_string(),
        }
    }
}

/// Tells apart what the operating system refused and what the encoder refused.
fn write_error(temporary: &Temporary, target: &Path, error: ParquetError) -> SinkError {
    let message = error.to_string();
    if let ParquetError::External(source) = error
        && let Ok(source) = source.downcast::<std::io::Error>()
    {
        return SinkError::io(temporary.path(), *source);
    }
    SinkError::Encode {
        path: target.to_owned(),
        message,
    }
}

/// A complete output file that does not have its final name yet. Dropping it removes the file.
#[derive(Debug)]
pub struct Prepared {
    pub(super) file: Growing,
    pub(super) temporary: Temporary,
    pub(super) target: PathBuf,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Prepared {
    /// Where the file lies for now.
    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Where the file is to lie.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Waits until the file is on its device.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn sync(&self) -> Result<(), SinkError> {
        self.file
            .sync()
            .map_err(|error| SinkError::io(self.temporary.path(), error))
    }

    /// Gives the file its final name, in place of what may have that name, and waits until the
    /// file and its name are on their device.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn publish(self) -> Result<Output, SinkError> {
        self.sync()?;
        match self.file {
            Growing::Local(_) => self.temporary.rename(&self.target)?,
            Growing::Remote(upload) => upload
                .complete(&self.sha256)
                .map_err(|error| SinkError::io(&self.target, error))?,
        }
        Ok(Output {
            path: self.target,
            rows: self.rows,
            bytes: self.bytes,
            sha256: self.sha256,
        })
    }
}

/// A complete output file at its final path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Where it lies.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}
