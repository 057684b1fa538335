//! What there is to know about a source before a row of it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use parquet::arrow::ARROW_SCHEMA_META_KEY;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

use super::cut::cut;
use super::input::{InputFile, Version};
use super::parquet::ParquetSourceConfig;
use super::paths::{Expansion, expand};
use super::{ShardFile, SourceError, SourceFacts, footer};
use crate::columns::{PathError, RowTexts, SpanColumn, SpanNames, TextPath, is_text};
use crate::table::nearest;

/// Finds the files of a source, relative to the folder `base`, and reads their footers.
///
/// # Errors
/// Everything that is wrong with the files and their columns.
pub fn discover(
    config: &ParquetSourceConfig,
    base: &Path,
) -> Result<SourceFacts, Vec<SourceError>> {
    find(config, base, false)
}

/// Like [`discover`], but a file that cannot be read is no problem as long as another can: it is a
/// shard without rows, and whoever [opens](super::ShardReader::open) it hears what is wrong with it.
/// What the files have in common is then that of the others.
///
/// # Errors
/// Everything else that is wrong with the files and their columns.
pub fn discover_readable(
    config: &ParquetSourceConfig,
    base: &Path,
) -> Result<SourceFacts, Vec<SourceError>> {
    find(config, base, true)
}

fn find(
    config: &ParquetSourceConfig,
    base: &Path,
    tolerant: bool,
) -> Result<SourceFacts, Vec<SourceError>> {
    let Expansion {
        root,
        files,
        mut problems,
    } = expand(&config.paths, base);
    let mut found: Vec<ShardFile> = Vec::with_capacity(files.len());
    let mut shards = Vec::new();
    let mut unreadable = Vec::new();
    let mut first: Option<(PathBuf, ArrowReaderMetadata)> = None;
    for (relative, path) in files {
        let (file, metadata) = match look_at(relative.clone(), &path) {
            Ok(found) => found,
            Err(problem) => {
                unreadable.push(problem);
                let file = without_rows(relative, path);
                shards.push(file.clone());
                found.push(file);
                continue;
            }
        };
        match &first {
            Some((first, common)) => {
                if let Some((column, difference)) = difference(common.schema(), metadata.schema()) {
                    let first = first.clone();
                    problems.push(SourceError::SchemaMismatch {
                        path,
                        first,
                        column,
                        difference,
                    });
                }
            }
            None => first = Some((path, metadata.clone())),
        }
        shards.extend(cut(&file, metadata.metadata(), config.shard));
        found.push(file);
    }
    if !tolerant || first.is_none() {
        problems.append(&mut unreadable);
    }
    let Some((first, metadata)) = first else {
        return Err(problems);
    };
    let schema = metadata.schema();
    let texts = row_texts(config, schema, &first).map_err(|found| problems.extend(found));
    let id = match &config.id {
        None => Ok(None),
        Some(id) => id_column(id, schema, &first)
            .map(Some)
            .map_err(|problem| problems.push(problem)),
    };
    match (texts, id) {
        (Ok(texts), Ok(id)) if problems.is_empty() => Ok(SourceFacts {
            root,
            rows: found
                .iter()
                .map(|file| file.rows)
                .fold(0, u64::saturating_add),
            files: found,
            shards,
            schema: Arc::clone(schema),
            key_value_metadata: key_values(&metadata),
            text: texts.paths.first().map_or(0, TextPath::column),
            texts,
            id,
        }),
        _ => Err(problems),
    }
}

/// What stands for a file that cannot be read. Its size and time tell when that has changed.
fn without_rows(relative: String, path: PathBuf) -> ShardFile {
    let version = InputFile::open(&path).and_then(|file| file.version());
    let Version {
        bytes,
        modified,
        tag,
    } = version.unwrap_or(Version {
        bytes: 0,
        modified: SystemTime::UNIX_EPOCH,
        tag: None,
    });
    ShardFile {
        path,
        relative,
        rows: 0,
        row_groups: 0,
        bytes,
        decoded_bytes: 0,
        file_bytes: bytes,
        modified,
        tag,
        footer: String::new(),
        range: None,
    }
}

fn look_at(relative: String, path: &Path) -> Result<(ShardFile, ArrowReaderMetadata), SourceError> {
    let io_error = |source| SourceError::Io {
        path: path.to_owned(),
        source,
    };
    let file = InputFile::open(path).map_err(io_error)?;
    let Version {
        bytes,
        modified,
        tag,
    } = file.version().map_err(io_error)?;
    let metadata = footer::read(path, &file)?;
    let shard = ShardFile {
        path: path.to_owned(),
        relative,
        rows: rows_of(&metadata),
        row_groups: metadata.metadata().num_row_groups(),
        bytes,
        file_bytes: bytes,
        decoded_bytes: decoded_bytes_of(&metadata),
        modified,
        tag,
        footer: footer::digest(&file).map_err(io_error)?,
        range: None,
    };
    Ok((shard, metadata))
}

/// Rows in all row groups; a footer that promises fewer than none has none.
fn rows_of(metadata: &ArrowReaderMetadata) -> u64 {
    let groups = metadata.metadata().row_groups();
    groups
        .iter()
        .map(|group| u64::try_from(group.num_rows()).unwrap_or_default())
        .fold(0, u64::saturating_add)
}

/// Decompressed bytes of all row groups; a footer that promises fewer than none has none.
fn decoded_bytes_of(metadata: &ArrowReaderMetadata) -> u64 {
    let groups = metadata.metadata().row_groups();
    let bytes = |bytes: i64| u64::try_from(bytes).unwrap_or_default();
    groups.iter().fold(0, |sum: u64, group| {
        sum.saturating_add(bytes(group.total_byte_size()))
    })
}

fn key_values(metadata: &ArrowReaderMetadata) -> Vec<(String, Option<String>)> {
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    pairs
        .into_iter()
        .flatten()
        .filter(|pair| pair.key != ARROW_SCHEMA_META_KEY)
        .map(|pair| (pair.key.clone(), pair.value.clone()))
        .collect()
}

fn position_of(
    option: &'static str,
    column: &str,
    schema: &Schema,
    path: &Path,
) -> Result<usize, SourceError> {
    schema
        .column_with_name(column)
        .map(|(position, _)| position)
        .ok_or_else(|| {
            let columns = || schema.fields().iter().map(|field| field.name().as_str());
            SourceError::MissingColumn {
                path: path.to_owned(),
                option,
                column: column.to_owned(),
                nearest: nearest(column, columns()).map(str::to_owned),
                columns: columns().map(str::to_owned).collect(),
            }
        })
}

/// Finds the texts of a row and their annotations, which `config` names, among the columns of the
/// file `path`.
///
/// # Errors
/// Everything that is not there, or of the wrong type.
pub fn row_texts(
    config: &ParquetSourceConfig,
    schema: &Schema,
    path: &Path,
) -> Result<RowTexts, Vec<SourceError>> {
    let names = config.text.as_slice();
    let texts = RowTexts::resolve(names, &[], schema).map_err(|errors| {
        errors
            .into_iter()
            .map(|(item, error)| {
                let error = text_error(error, schema, path);
                at_item(names.len() > 1, item, error)
            })
            .collect::<Vec<_>>()
    })?;
    let (mut spans, mut problems) = (Vec::new(), Vec::new());
    let is_list = config.spans.as_ref().is_some_and(SpanNames::is_list);
    for (item, table) in config.span_tables().iter().enumerate() {
        match SpanColumn::resolve(table, &texts.paths, schema) {
            Ok(span) => spans.push(span),
            Err((message, help)) => {
                let path = path.to_owned();
                let error = SourceError::Spans {
                    path,
                    message,
                    help,
                };
                problems.push(at_item(is_list, item, error));
            }
        }
    }
    if problems.is_empty() {
        Ok(RowTexts { spans, ..texts })
    } else {
        Err(problems)
    }
}

/// An error that is about one entry of a list, if it is a list.
fn at_item(is_list: bool, item: usize, error: SourceError) -> SourceError {
    if is_list {
        let error = Box::new(error);
        SourceError::Item { item, error }
    } else {
        error
    }
}

/// What is wrong with a path to a text. Of a plain column more can be said.
fn text_error(error: PathError, schema: &Schema, path: &Path) -> SourceError {
    match error {
        PathError::NoColumn { column } => {
            let missing = position_of("text", &column, schema, path).err();
            missing.unwrap_or_else(|| SourceError::Path {
                path: path.to_owned(),
                error: PathError::NoColumn { column },
            })
        }
        PathError::NotText {
            path: column,
            data_type,
        } if schema.column_with_name(&column).is_some()
            && !matches!(data_type, DataType::Struct(_)) =>
        {
            SourceError::NotText {
                path: path.to_owned(),
                column,
                data_type: data_type.to_string(),
                binary: matches!(
                    data_type,
                    DataType::Binary
                        | DataType::LargeBinary
                        | DataType::BinaryView
                        | DataType::FixedSizeBinary(_)
                ),
            }
        }
        error => SourceError::Path {
            path: path.to_owned(),
            error,
        },
    }
}

fn id_column(column: &str, schema: &Schema, path: &Path) -> Result<usize, SourceError> {
    let position = position_of("id", column, schema, path)?;
    let data_type = schema.field(position).data_type();
    if has_text_form(data_type) {
        return Ok(position);
    }
    Err(SourceError::NotIdentity {
        path: path.to_owned(),
        column: column.to_owned(),
        data_type: data_type.to_string(),
    })
}

fn has_text_form(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean => true,
        DataType::Dictionary(_, values) => has_text_form(values),
        other => {
            is_text(other)
                || (other.is_primitive()
                    && !matches!(other, DataType::Interval(_))
                    && can_cast_types(other, &DataType::Utf8))
        }
    }
}

/// The first column in which a schema differs from that of the first shard, and how. Metadata may
/// differ.
pub(super) fn difference(first: &Schema, other: &Schema) -> Option<(String, String)> {
    for (position, expected) in first.fields().iter().enumerate() {
        let column = expected.name().clone();
        let Some(found) = other.fields().get(position) else {
            return Some((column, "it is missing".to_owned()));
        };
        if found.name() != expected.name() {
            let difference = match other.column_with_name(expected.name()) {
                Some((elsewhere, _)) => format!(
                    "it is column {} instead of column {}",
                    elsewhere + 1,
                    position + 1
                ),
                None => format!("in its place is `{}`", found.name()),
            };
            return Some((column, difference));
        }
        if without_metadata(found.data_type()) != without_metadata(expected.data_type()) {
            let difference = format!(
                "it is {} instead of {}",
                found.data_type(),
                expected.data_type()
            );
            return Some((column, difference));
        }
        if found.is_nullable() != expected.is_nullable() {
            let difference = if found.is_nullable() {
                "it may hold nulls, and may not in the first"
            } else {
                "it may not hold nulls, and may in the first"
            };
            return Some((column, difference.to_owned()));
        }
    }
    let extra = other.fields().get(first.fields().len())?;
    Some((
        extra.name().clone(),
        "the first has no such column".to_owned(),
    ))
}

/// The type without the metadata of the fields in it.
fn without_metadata(data_type: &DataType) -> DataType {
    fn bare(field: &Arc<Field>) -> Arc<Field> {
        let data_type = without_metadata(field.data_type());
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
    }
    match data_type {
        DataType::List(item) => DataType::List(bare(item)),
        DataType::LargeList(item) => DataType::LargeList(bare(item)),
        DataType::ListView(item) => DataType::ListView(bare(item)),
        DataType::LargeListView(item) => DataType::LargeListView(bare(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(bare(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(bare).collect::<Fields>()),
        DataType::Map(entries, sorted) => DataType::Map(bare(entries), *sorted),
        DataType::RunEndEncoded(ends, values) => DataType::RunEndEncoded(bare(ends), bare(values)),
        DataType::Dictionary(keys, values) => {
            DataType::Dictionary(keys.clone(), Box::new(without_metadata(values)))
        }
        other => other.clone(),
    }
}
