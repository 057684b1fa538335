//! The options of a Parquet sink.

use std::fmt;
use std::str::FromStr;

use parquet::basic::{BrotliLevel, Compression as Codec, GzipLevel, ZstdLevel};
use parquet::file::properties::EnabledStatistics;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::template_problems;
use super::lineage::Lineage;
use crate::diagnostic::Problem;

/// Writes Parquet files, one for each shard of the sources that reach the sink.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParquetSinkConfig {
    /// Where the files go, relative to the pipeline file. `{shard}` stands for the name of the
    /// input file without `.parquet`, with the folders it lies in below the source; `{source}` for
    /// the id of its source. Example: `out/{shard}.parquet`. A path in a store begins with
    /// `s3://bucket/`, `gs://bucket/` or `az://container/`: an object is there when it is complete.
    pub path: String,
    /// The codec, with a level after a colon where it has one: `zstd` (1 to 22), `gzip` (0 to 9),
    /// `brotli` (0 to 11), `snappy`, `lz4`, `none`. `zstd` alone means `zstd:1`: as quick as
    /// snappy, and a third smaller on text.
    #[serde(default)]
    pub compression: Compression,
    /// Rows in a row group, at most.
    #[serde(default = "default_row_group_rows")]
    pub row_group_rows: usize,
    /// Encoded bytes in a row group, roughly at most. A row group is held in memory until it is
    /// complete.
    #[serde(default = "default_row_group_bytes")]
    pub row_group_bytes: usize,
    /// Minimum, maximum and null count of the columns: `none`, one for each `chunk` of a row
    /// group, or one for each `page` as well.
    #[serde(default)]
    pub statistics: Statistics,
    /// Columns that say where each row comes from: `true` appends `aug_parent` (the identity of
    /// the source row, equal for an original and all its variants), `aug_replica` (0 for an
    /// original) and `aug_operators` (the operators that changed it); `"edits"` also appends
    /// `aug_edits`, the edits themselves, which suffice to replay them; `false` appends nothing. A
    /// table chooses other names: `{ parent = "group", edits = true }`.
    #[serde(default)]
    pub lineage: Lineage,
}

fn default_row_group_rows() -> usize {
    131_072
}

fn default_row_group_bytes() -> usize {
    128 << 20
}

impl ParquetSinkConfig {
    /// A sink that writes to `path`, with defaults for everything else.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            compression: Compression::default(),
            row_group_rows: default_row_group_rows(),
            row_group_bytes: default_row_group_bytes(),
            statistics: Statistics::default(),
            lineage: Lineage::default(),
        }
    }

    /// Looks for problems that need no data.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = template_problems(&self.path);
        for (option, value) in [
            ("row_group_rows", self.row_group_rows),
            ("row_group_bytes", self.row_group_bytes),
        ] {
            if value == 0 {
                problems.push(Problem::new(
                    option,
                    format!("`{option}` must be at least 1"),
                    "leave it out for the default",
                ));
            }
        }
        problems.extend(self.lineage.validate());
        problems
    }
}

/// Which statistics a sink writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// None.
    None,
    /// For each column of each row group: enough for readers to skip row groups.
    #[default]
    Chunk,
    /// For each page as well.
    Page,
}

impl From<Statistics> for EnabledStatistics {
    fn from(statistics: Statistics) -> Self {
        match statistics {
            Statistics::None => Self::None,
            Statistics::Chunk => Self::Chunk,
            Statistics::Page => Self::Page,
        }
    }
}

/// A compression codec with its level, written as `zstd`, `zstd:3`, `snappy`...
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Compression(Codec);

impl Compression {
    /// The codec as the `parquet` crate names it.
    pub fn codec(self) -> Codec {
        self.0
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self(Codec::ZSTD(ZstdLevel::default()))
    }
}

/// A compression that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompressionError {
    /// No codec has this name.
    #[error(
        "unknown compression `{0}`: expected one of zstd, zstd:N, snappy, lz4, gzip, gzip:N, \
         brotli, brotli:N, none"
    )]
    Codec(String),
    /// The codec has no such level.
    #[error("`{level}` is not a level of {codec}: {levels}")]
    Level {
        /// The codec.
        codec: String,
        /// What was given.
        level: String,
        /// What may be given.
        levels: &'static str,
    },
}

impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (codec, level) = match text.split_once(':') {
            Some((codec, level)) => (codec, Some(level)),
            None => (text, None),
        };
        let refused = |levels: &'static str| CompressionError::Level {
            codec: codec.to_owned(),
            level: level.unwrap_or_default().to_owned(),
            levels,
        };
        let without_level = |codec: Codec| match level {
            None => Ok(Self(codec)),
            Some(_) => Err(refused("it has none")),
        };
        match codec {
            "none" => without_level(Codec::UNCOMPRESSED),
            "snappy" => without_level(Codec::SNAPPY),
            "lz4" => without_level(Codec::LZ4_RAW),
            "zstd" => level
                .map_or(Ok(1), str::parse)
                .ok()
                .and_then(|level| ZstdLevel::try_new(level).ok())
                .map(|level| Self(Codec::ZSTD(level)))
                .ok_or_else(|| refused("they are 1 to 22")),
            "gzip" => level
                .map_or(Ok(6), str::parse)
                .ok()
                .and_then(|level| GzipLevel::try_new(level).ok())
                .map(|level| Self(Codec::GZIP(level)))
                .ok_or_else(|| refused("they are 0 to 9")),
            "brotli" => level
                .map_or(Ok(1), str::parse)
                .ok()
                .and_then(|level| BrotliLevel::try_new(level).ok())
                .map(|level| Self(Codec::BROTLI(level)))
                .ok_or_else(|| refused("they are 0 to 11")),
            _ => Err(CompressionError::Codec(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Compression {
    type Error = CompressionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Codec::SNAPPY => formatter.write_str("snappy"),
            Codec::LZ4_RAW | Codec::LZ4 => formatter.write_str("lz4"),
            Codec::ZSTD(level) => write!(formatter, "zstd:{}", level.compression_level()),
            Codec::GZIP(level) => write!(formatter, "gzip:{}", level.compression_level()),
            Codec::BROTLI(level) => write!(formatter, "brotli:{}", level.compression_level()),
            Codec::UNCOMPRESSED | Codec::LZO => formatter.write_str("none"),
        }
    }
}

impl From<Compression> for String {
    fn from(compression: Compression) -> Self {
        compression.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_reads_what_it_writes() {
        for text in [
            "none",
            "snappy",
            "lz4",
            "zstd:1",
            "zstd:22",
            "gzip:0",
            "brotli:11",
        ] {
            assert_eq!(text.parse::<Compression>().unwrap().to_string(), text);
        }
        assert_eq!(
            "zstd".parse::<Compression>().unwrap(),
            Compression::default()
        );
    }

    #[test]
    fn compression_says_what_may_be_given() {
        for (text, expected) in [
            ("zstd:23", "1 to 22"),
            ("zstd:x", "1 to 22"),
            ("gzip:10", "0 to 9"),
            ("snappy:1", "it has none"),
            ("lzma", "expected one of zstd"),
        ] {
            let message = text.parse::<Compression>().unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn defaults_fill_in() {
        let config: ParquetSinkConfig = toml::from_str("path = 'out/{shard}.parquet'").unwrap();
        assert_eq!(config, ParquetSinkConfig::new("out/{shard}.parquet"));
        assert_eq!(config.validate(), []);
    }

    #[test]
    fn finds_all_problems_at_once() {
        let config: ParquetSinkConfig =
            toml::from_str("path = 'out.parquet'\nrow_group_rows = 0\nrow_group_bytes = 0")
                .unwrap();
        let options: Vec<_> = config
            .validate()
            .into_iter()
            .map(|problem| problem.option)
            .collect();
        assert_eq!(options, ["path", "row_group_rows", "row_group_bytes"]);
    }
}
