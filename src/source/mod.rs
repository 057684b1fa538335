//! Input: Parquet files, on a file system or in a store, found, checked and read batch by batch.

mod compact;
mod cut;
mod digest;
mod discover;
mod error;
mod footer;
mod header;
mod input;
mod limits;
mod listing;
mod longest;
mod pages;
pub mod parquet;
mod paths;
mod pieces;
mod reader;
#[cfg(test)]
mod tests;
mod weight;

pub use cut::{RowGroupRange, ShardUnit};
pub use digest::digest;
pub use discover::{discover, discover_readable, row_texts};
pub use error::SourceError;
pub(crate) use paths::clean_path;
pub use reader::{ShardReader, ids};
pub(crate) use weight::{rows_with, weight};

use std::path::PathBuf;
use std::time::SystemTime;

use arrow::datatypes::SchemaRef;

use crate::columns::RowTexts;

/// One file of a source, or a range of its row groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its path relative to the root of the source, with `/` between its parts.
    pub relative: String,
    /// Rows in it.
    pub rows: u64,
    /// Row groups in it.
    pub row_groups: usize,
    /// Its size in bytes: of a range, that of its columns.
    pub bytes: u64,
    /// Bytes of its columns when decompressed, as the footer has it.
    pub decoded_bytes: u64,
    /// Size of the whole file in bytes.
    pub file_bytes: u64,
    /// When the file was last written.
    pub modified: SystemTime,
    /// The SHA-256, in hexadecimal, of the footer of the file, which tells more than size and time.
    pub footer: String,
    /// Which of the file's row groups; nothing for the whole file.
    pub range: Option<RowGroupRange>,
    /// What changes whenever the bytes do, where a store has such a thing.
    pub tag: Option<String>,
}

impl ShardFile {
    /// What people and the ledger call it: the relative path, and the number of the range, as
    /// `big.parquet/00003-of-00012`. No other file has such a name, because a file is not a folder.
    pub fn name(&self) -> String {
        match &self.range {
            None => self.relative.clone(),
            Some(range) => format!("{}/{:05}-of-{:05}", self.relative, range.number, range.of),
        }
    }

    /// What `{shard}` stands for in the path of a sink: the relative path without `.parquet`, and the
    /// number of the range, as `big-00003-of-00012`.
    pub fn stem(&self) -> String {
        let stem = self.relative.strip_suffix(".parquet");
        let stem = stem.unwrap_or(&self.relative);
        match &self.range {
            None => stem.to_owned(),
            Some(range) => format!("{stem}-{:05}-of-{:05}", range.number, range.of),
        }
    }
}

/// What the files of a source have in common.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// The folder that all shards lie in or below.
    pub root: PathBuf,
    /// The files, in the order of their relative paths.
    pub files: Vec<ShardFile>,
    /// The same files, each whole or cut into ranges of row groups: what is read, written and
    /// committed alone.
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
