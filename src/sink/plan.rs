//! What is the same for all files of a sink.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::Encoding;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use super::distinct::distinct_columns;
use super::lineage::LineageColumns;
use super::parquet::ParquetSinkConfig;
use crate::diagnostic::Problem;

/// What each file names as its writer. It changes only when the bytes of the output change: they
/// must not depend on the release that wrote them.
const CREATED_BY: &str = "augment 1";

/// Bytes in a page, roughly at most, before compression. A page stays in the second-level cache of a
/// core while it is encoded and compressed, and readers have to decode less to get at a row.
const PAGE_BYTES: usize = 256 << 10;

/// Bytes of pages that each open file keeps in memory, where nothing else is said. Most row groups
/// of texts are smaller.
pub(crate) const PAGES_HELD: usize = 32 << 20;

/// The columns of a sink's files, and how they are encoded.
#[derive(Debug, Clone)]
pub struct SinkPlan {
    /// The columns that reach the sink.
    pub schema: SchemaRef,
    /// The columns that the sink appends.
    pub lineage: LineageColumns,
    /// The ids of the operators, by their position in the plan.
    pub operator_ids: Vec<String>,
    /// Rows in a row group, at most.
    pub row_group_rows: usize,
    /// Encoded bytes in a row group, roughly at most.
    pub row_group_bytes: usize,
    /// Bytes of pages of the row group in progress that each open file keeps in memory: others wait
    /// in a file beside it. This changes nothing about the output.
    pub pages_held: usize,
    output_schema: SchemaRef,
    properties: WriterProperties,
}

impl SinkPlan {
    /// Plans a sink for rows of `schema`, of which `text` are the columns that operators rewrite.
    /// `key_value_metadata` is copied into every file.
    /// `with_errors` says that the sink reads an `errors` port, so that the reasons are written.
    ///
    /// # Errors
    /// When a lineage column has the name of a data column, or Parquet cannot hold a column.
    pub fn new(
        config: &ParquetSinkConfig,
        schema: SchemaRef,
        operator_ids: Vec<String>,
        text: &[String],
        key_value_metadata: &[(String, Option<String>)],
        with_errors: bool,
    ) -> Result<Self, Vec<Problem>> {
        let lineage = config.lineage.columns(with_errors);
        let output_schema = lineage.append_to(&schema)?;
        if let Err(error) = ArrowSchemaConverter::new().convert(&output_schema) {
            return Err(vec![Problem::new(
                "",
                format!("Parquet cannot hold these columns: {error}"),
                "drop or cast the column before the sink",
            )]);
        }
        let properties = properties(config, &lineage, text, key_value_metadata);
        Ok(Self {
            schema,
            lineage,
            operator_ids,
            row_group_rows: config.row_group_rows.max(1),
            row_group_bytes: config.row_group_bytes.max(1),
            pages_held: PAGES_HELD,
            output_schema,
            properties,
        })
    }

    /// The same, where rows may have several texts: each edit on record says of which it is.
    ///
    /// # Errors
    /// As for [`SinkPlan::new`].
    pub fn naming_texts(mut self) -> Result<Self, Vec<Problem>> {
        self.lineage.names_texts = true;
        self.output_schema = self.lineage.append_to(&self.schema)?;
        Ok(self)
    }

    /// The same, where each open file keeps so many bytes of pages in memory.
    #[must_use]
    pub fn holding(mut self, pages_held: usize) -> Self {
        self.pages_held = pages_held;
        self
    }

    /// The columns of the files: those that reach the sink, and the lineage.
    pub fn output_schema(&self) -> &SchemaRef {
        &self.output_schema
    }

    /// How the columns are encoded in a file of which `sample` are the first rows.
    pub(super) fn properties(&self, sample: &RecordBatch) -> WriterProperties {
        let mut builder = self.properties.clone().into_builder();
        for column in distinct_columns(sample) {
            builder = builder.set_column_dictionary_enabled(ColumnPath::from(vec![column]), false);
        }
        builder.build()
    }
}

fn properties(
    config: &ParquetSinkConfig,
    lineage: &LineageColumns,
    text: &[String],
    key_value_metadata: &[(String, Option<String>)],
) -> WriterProperties {
    let pairs: Vec<KeyValue> = key_value_metadata
        .iter()
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    let mut builder = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(config.compression.codec())
        .set_statistics_enabled(config.statistics.into())
        .set_data_page_size_limit(PAGE_BYTES)
        .set_key_value_metadata((!pairs.is_empty()).then_some(pairs))
        // The shard writer cuts the row groups itself, at places that depend on the rows alone.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None);
    for column in text {
        // Texts seldom repeat: a dictionary of them would be filled, outgrow its page and be left.
        let column = ColumnPath::from(vec![column.clone()]);
        builder = builder.set_column_dictionary_enabled(column, false);
    }
    if let Some(parent) = &lineage.parent {
        // Neighbouring identities share all but their last digits.
        let column = ColumnPath::from(vec![parent.clone()]);
        builder = builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BYTE_ARRAY);
    }
    builder.build()
}
