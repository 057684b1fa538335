//! What the ledger says of a shard.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::counters::Counts;

/// What a shard's file looked like when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Rows that were read of it.
    pub rows: u64,
    /// The SHA-256 of the file's footer, in hexadecimal: a file that was written anew has another,
    /// even where size and time are the same.
    #[serde(default)]
    pub footer: String,
    /// The first row group of the shard and the one after its last; nothing for a whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_groups: Option<(usize, usize)>,
    /// What changes whenever its bytes do, where a store has such a thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Input {
    /// The fingerprint of a whole input file.
    pub fn new(bytes: u64, modified: SystemTime, rows: u64, footer: &str) -> Self {
        let nanoseconds =
            |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        let modified_ns = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => nanoseconds(after),
            Err(before) => -nanoseconds(before.duration()),
        };
        Self {
            bytes,
            modified_ns,
            rows,
            footer: footer.to_owned(),
            row_groups: None,
            tag: None,
        }
    }

    /// The fingerprint of a range of row groups of the same file.
    #[must_use]
    pub fn part(self, row_groups: Range<usize>) -> Self {
        Self {
            row_groups: Some((row_groups.start, row_groups.end)),
            ..self
        }
    }

    /// The same fingerprint with the tag that a store gave the bytes.
    #[must_use]
    pub fn tagged(self, tag: Option<String>) -> Self {
        Self { tag, ..self }
    }
}

/// A finished output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputEntry {
    /// Its path relative to the root, with `/` between its parts.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A finished shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The id of the source and the name of the shard: `train/part-0.parquet`, or, for a part of a
    /// file, `train/part-0.parquet/00003-of-00012`.
    pub shard: String,
    /// What its file looked like.
    pub input: Input,
    /// What was written for it.
    pub outputs: Vec<OutputEntry>,
    /// What the operators counted, by their ids.
    pub counts: BTreeMap<String, Counts>,
    /// Whether a run that starts over has forgotten the shard: it is to be done again, and its outputs
    /// are known only so that they can go if other shards take its place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub forgotten: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "it is what serde hands over"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Entry {
    /// The id of the source and the relative path of the shard's file.
    pub(super) fn file(&self) -> &str {
        match self.shard.rsplit_once('/') {
            Some((file, _)) if self.input.row_groups.is_some() => file,
            _ => &self.shard,
        }
    }
}

/// The first line of a ledger.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) fingerprint: String,
}
