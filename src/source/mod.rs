//! Input: Parquet files, on a file system or in a store, found, checked and read batch by batch.

mod digest;
mod discover;
mod error;
mod footer;
mod input;
mod listing;
pub mod parquet;
mod paths;
mod reader;
#[cfg(test)]
mod tests;

pub use digest::digest;
pub use discover::{discover, row_texts};
pub use error::SourceError;
pub(crate) use paths::clean_path;
pub use reader::{ShardReader, ids};

use std::path::PathBuf;
use std::time::SystemTime;

use arrow::datatypes::SchemaRef;

use crate::columns::RowTexts;

/// One file of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its path relative to the root of the source, with `/` between its parts.
    pub relative: String,
    /// Rows in the file.
    pub rows: u64,
    /// Row groups in the file.
    pub row_groups: usize,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Bytes of its columns when decompressed, as the footer has it.
    pub decoded_bytes: u64,
    /// When the file was last written.
    pub modified: SystemTime,
    /// What changes whenever the bytes do, where a store has such a thing.
    pub tag: Option<String>,
}

impl ShardFile {
    /// The relative path without `.parquet`: what `{shard}` stands for in the path of a sink.
    pub fn stem(&self) -> &str {
        self.relative
            .strip_suffix(".parquet")
            .unwrap_or(&self.relative)
    }
}

/// What the files of a source have in common.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// The folder that all shards lie in or below.
    pub root: PathBuf,
    /// The files, in the order of their relative paths.
    pub shards: Vec<ShardFile>,
    /// The columns of every shard; field metadata is that of the first.
    pub schema: SchemaRef,
    /// Rows in all shards.
    pub rows: u64,
    /// Key-value metadata of the first shard's file, without the Arrow schema.
    pub key_value_metadata: Vec<(String, Option<String>)>,
    /// Position in the schema of the column of the first text.
    pub text: usize,
    /// The texts of a row and their annotations.
    pub texts: RowTexts,
    /// Position of the id column in the schema.
    pub id: Option<usize>,
}

/// How a shard is cut into batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Rows in a batch, at most.
    pub batch_rows: usize,
    /// Bytes in a batch, roughly at most; a batch has at least one row.
    pub batch_bytes: usize,
    /// Rows to read of the shard, at most.
    pub limit: Option<u64>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            batch_rows: 4096,
            batch_bytes: 8 << 20,
            limit: None,
        }
    }
}
