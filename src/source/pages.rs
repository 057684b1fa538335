//! A file as the decoder of pages sees it: what a page claims is looked at before it is believed.
//!
//! The decoder takes the header of a page at its word. A header of 40 bytes could so ask for two
//! gigabytes, or for a text of as many as there are numbers, and a page of a few kilobytes could
//! decompress to more than any machine has.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};

use super::compact::malformed;
use super::header::{Header, Kind, read_header};
use super::input::{InputFile, InputReader};
use super::limits::{BATCH_BYTES, BATCH_BYTES_OF_COLUMN, HEADER_BYTES};

/// The pages of one file.
#[derive(Clone)]
pub(super) struct Pages {
    file: Arc<InputFile>,
    length: u64,
    known: Arc<Known>,
}

struct Known {
    /// Where the columns of row groups begin, and how they are compressed.
    chunks: BTreeMap<u64, Compression>,
    /// Bytes that may be decompressed for one batch.
    most: u64,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Headers of pages that were not read yet, by where the page begins.
    headers: BTreeMap<u64, Header>,
    /// Bytes decompressed for the current batch.
    bytes: u64,
    /// Why the file was refused.
    refused: Option<String>,
}

impl Pages {
    /// The pages of a file that has this footer.
    ///
    /// # Errors
    /// When the file cannot be looked at, or two columns share pages.
    pub(super) fn new(file: InputFile, metadata: &ParquetMetaData) -> io::Result<Self> {
        let length = file.size()?;
        let columns = metadata
            .row_groups()
            .iter()
            .flat_map(RowGroupMetaData::columns);
        let mut chunks = BTreeMap::new();
        let mut ends = BTreeMap::new();
        for column in columns {
            let start = start_of(column);
            let bytes = u64::try_from(column.compressed_size()).unwrap_or_default();
            let end = ends.entry(start).or_insert(start);
            *end = start.saturating_add(bytes).max(*end);
            // An empty column begins where the next does.
            if bytes > 0 && chunks.insert(start, column.compression()).is_some() {
                return Err(malformed("two columns have the same pages"));
            }
        }
        let starts = ends.keys().skip(1);
        if ends.values().zip(starts).any(|(end, next)| end > next) {
            return Err(malformed("two columns have the same pages"));
        }
        let leaves = metadata.file_metadata().schema_descr().num_columns() as u64;
        Ok(Self {
            file: Arc::new(file),
            length,
            known: Arc::new(Known {
                chunks,
                most: BATCH_BYTES.saturating_add(BATCH_BYTES_OF_COLUMN.saturating_mul(leaves)),
                seen: Mutex::default(),
            }),
        })
    }

    /// Says that what follows is for another batch.
    pub(super) fn next_batch(&self) {
        self.seen().bytes = 0;
    }

    /// Why the file was refused, if it was.
    pub(super) fn refusal(&self) -> Option<String> {
        self.seen().refused.take()
    }

    /// The file itself.
    pub(super) fn file(&self) -> &InputFile {
        &self.file
    }

    /// The header of the page at `start`.
    pub(super) fn header(&self, start: u64) -> io::Result<Header> {
        let mut from = self.file.get_read(start).map_err(io::Error::other)?;
        read_header(
            &mut from,
            self.length.saturating_sub(start).min(HEADER_BYTES),
        )
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.known
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse(&self, reason: String) -> io::Error {
        let error = io::Error::other(reason.clone());
        self.seen().refused.get_or_insert(reason);
        error
    }

    /// How the page at `start` is compressed, and whether it is the first of its column.
    fn place(&self, start: u64) -> (Compression, bool) {
        let before = self.known.chunks.range(..=start).next_back();
        before.map_or((Compression::UNCOMPRESSED, false), |(chunk, codec)| {
            (*codec, *chunk == start)
        })
    }

    /// Looks at the page whose header begins at `start`.
    fn admit(&self, start: u64, header: Header) -> io::Result<()> {
        let (_, is_first) = self.place(start);
        if let Some(reason) = header.excess() {
            return Err(self.refuse(reason));
        }
        if header.kind == Kind::Dictionary && !is_first {
            return Err(io::Error::other("a dictionary comes after the first page"));
        }
        let mut seen = self.seen();
        seen.bytes = seen.bytes.saturating_add(header.memory());
        if seen.bytes > self.known.most {
            drop(seen);
            let most = self.known.most >> 20;
            return Err(self.refuse(format!(
                "a row takes more than {most} MiB, or pages hold far more than they should"
            )));
        }
        seen.headers.insert(start + header.length, header);
        Ok(())
    }
}

/// Where the first page of a column begins.
pub(super) fn start_of(column: &parquet::file::metadata::ColumnChunkMetaData) -> u64 {
    let dictionary = column.dictionary_page_offset();
    let start = dictionary.unwrap_or_else(|| column.data_page_offset());
    u64::try_from(start).unwrap_or_default()
}

impl Length for Pages {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Pages {
    type T = Headers;

    fn get_read(&self, start: u64) -> Result<Headers, ParquetError> {
        Ok(Headers {
            from: self.file.get_read(start)?,
            start,
            looked: false,
            pages: self.clone(),
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            let message = "a page goes on after the end of the file";
            return Err(ParquetError::EOF(message.to_owned()));
        }
        let header = self.seen().headers.remove(&start);
        let bytes = self.file.get_bytes(start, length)?;
        let Some(header) = header else {
            let message = "a page has no header";
            return Err(ParquetError::General(message.to_owned()));
        };
        let (codec, _) = self.place(start);
        if let Err(reason) = header.check_bytes(&bytes, codec) {
            return Err(ParquetError::General(self.refuse(reason).to_string()));
        }
        Ok(bytes)
    }
}

/// Reads the header of a page, after a look at it.
pub(super) struct Headers {
    from: InputReader,
    start: u64,
    looked: bool,
    pages: Pages,
}

impl Read for Headers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Not before: of what the decoder does not read, it has the header already.
        if !self.looked {
            self.looked = true;
            let left = self.pages.length.saturating_sub(self.start);
            let header = read_header(&mut self.from, left.min(HEADER_BYTES))?;
            self.pages.admit(self.start, header)?;
            self.from.back(header.length)?;
        }
        self.from.read(buffer)
    }
}
