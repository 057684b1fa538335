//! The bytes of a shard: a file, or an object in a store.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::store::{self, Object, ObjectReader};

/// A shard that is open.
#[derive(Debug)]
pub(super) enum InputFile {
    /// On a file system.
    Local(File),
    /// In a store, from where it is read by ranges.
    Remote(Object),
}

/// What tells versions of a shard apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) bytes: u64,
    pub(super) modified: SystemTime,
    pub(super) tag: Option<String>,
}

impl InputFile {
    /// Opens the file or object `path`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if store::is_remote(path) {
            Object::open(path).map(Self::Remote)
        } else {
            File::open(path).map(Self::Local)
        }
    }

    /// What the file looks like now, or the object did when it was opened.
    pub(super) fn version(&self) -> io::Result<Version> {
        match self {
            Self::Local(file) => {
                let status = file.metadata()?;
                Ok(Version {
                    bytes: status.len(),
                    // Where the file system does not know, the size alone tells versions apart.
                    modified: status.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                    tag: None,
                })
            }
            Self::Remote(object) => {
                let facts = object.facts().clone();
                Ok(Version {
                    bytes: facts.bytes,
                    modified: facts.modified,
                    tag: facts.mark.tag,
                })
            }
        }
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> io::Result<u64> {
        match self {
            Self::Local(file) => Ok(file.metadata()?.len()),
            Self::Remote(object) => Ok(object.facts().bytes),
        }
    }

    /// Up to `length` bytes from `start` on.
    pub(super) fn bytes_at(&self, start: u64, length: u64) -> io::Result<Bytes> {
        match self {
            Self::Local(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(start))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes)?;
                Ok(bytes.into())
            }
            Self::Remote(object) => {
                let length = length.min(object.facts().bytes.saturating_sub(start));
                object.read_exactly(start, usize::try_from(length).unwrap_or(usize::MAX))
            }
        }
    }

    /// Says how many columns are read in turn.
    pub(super) fn expect_columns(&self, columns: usize) {
        if let Self::Remote(object) = self {
            object.expect_streams(columns);
        }
    }

    /// Why a store did not give what was read last, if it did not: the decoder knows less.
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        match self {
            Self::Local(_) => None,
            Self::Remote(object) => object.take_failure(),
        }
    }
}

impl Length for InputFile {
    fn len(&self) -> u64 {
        self.size().unwrap_or_default()
    }
}

impl InputReader {
    /// Goes back by so many bytes, which were read before.
    pub(super) fn back(&mut self, bytes: u64) -> io::Result<()> {
        match self {
            Self::Local(file) => file.seek_relative(-i64::try_from(bytes).unwrap_or(i64::MAX)),
            Self::Remote(object) => {
                object.back(bytes);
                Ok(())
            }
        }
    }
}

impl ChunkReader for InputFile {
    type T = InputReader;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(match self {
            Self::Local(file) => InputReader::Local(file.get_read(start)?),
            Self::Remote(object) => InputReader::Remote(object.stream(start)),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Remote(object) => Ok(object.ahead(start, length)?),
        }
    }
}

/// A shard from some place on.
#[derive(Debug)]
pub(super) enum InputReader {
    Local(BufReader<File>),
    Remote(ObjectReader),
}

impl Read for InputReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(object) => object.read(buffer),
        }
    }
}
