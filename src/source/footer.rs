//! The footer of a Parquet file: its schema and where its row groups are.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;

use super::SourceError;
use super::input::InputFile;
use super::limits::{check_footer, check_widths};
use crate::digest::sha256;

/// Stack of the thread that decodes a footer.
const STACK_BYTES: usize = 16 << 20;

/// The shortest Parquet file: two magic words and the length of the footer.
const SHORTEST: u64 = 12;

/// Reads the footer of the file at `path`.
///
/// # Errors
/// What the file is, if it is not a whole Parquet file.
pub(super) fn read(path: &Path, file: &InputFile) -> Result<ArrowReaderMetadata, SourceError> {
    check_magic(path, file)?;
    let truncated = |message: String| SourceError::Truncated {
        path: path.to_owned(),
        message,
    };
    let bytes = bytes(file).map_err(|source| SourceError::Io {
        path: path.to_owned(),
        source,
    })?;
    if check_footer(&bytes).map_err(truncated)? {
        return Err(SourceError::Encrypted {
            path: path.to_owned(),
        });
    }
    let unsupported = |message| SourceError::Unsupported {
        path: path.to_owned(),
        message,
    };
    let unread = |message| match file.take_failure() {
        Some(source) => SourceError::Io {
            path: path.to_owned(),
            source,
        },
        None => truncated(message),
    };
    apart(|| {
        let metadata =
            guarded(|| ParquetMetaDataReader::new().parse_and_finish(file)).map_err(unread)?;
        let metadata = Arc::new(metadata);
        let metadata =
            guarded(|| ArrowReaderMetadata::try_new(metadata, ArrowReaderOptions::new()))
                .map_err(unsupported)?;
        check_widths(metadata.schema()).map_err(unsupported)?;
        Ok(metadata)
    })
}

/// Runs the decoder on a thread of its own. A panic of the main thread is reported as a bug in augment;
/// one of the decoder is a damaged file.
fn apart<T: Send>(
    decode: impl FnOnce() -> Result<T, SourceError> + Send,
) -> Result<T, SourceError> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, decode) {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(error) => Err(SourceError::Io {
                path: PathBuf::new(),
                source: error,
            }),
        }
    })
}

/// The bytes of the footer of a Parquet file, as they stand in it.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn bytes(file: &InputFile) -> io::Result<Bytes> {
    let size = file.size()?;
    let tail = file.bytes_at(size.saturating_sub(8), 4)?;
    let length = tail.first_chunk().copied().map_or(0, u32::from_le_bytes);
    let length = u64::from(length);
    match size.checked_sub(length + 8) {
        Some(start) => file.bytes_at(start, length),
        // A length that the file does not have is for the decoder to name.
        None => Ok(tail),
    }
}

/// The SHA-256, in hexadecimal, of the footer of a Parquet file. It holds where all pages' columns lie,
/// how large they are, and as a rule their bounds.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn digest(file: &InputFile) -> io::Result<String> {
    Ok(sha256(bytes(file)?))
}

/// Runs a piece of the decoder. Damaged bytes should end in an error; should they make it panic
/// instead, that is an error too.
pub(super) fn guarded<T, E: Into<ParquetError>>(
    decode: impl FnOnce() -> Result<T, E>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(match error.into() {
            ParquetError::General(message)
            | ParquetError::EOF(message)
            | ParquetError::ArrowError(message) => message,
            ParquetError::External(error) => error.to_string(),
            other => other.to_string(),
        }),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("the decoder gave up")
            .to_owned()),
    }
}

/// Looks at both ends of a file, which tell more about what is wrong than the decoder would.
fn check_magic(path: &Path, file: &InputFile) -> Result<(), SourceError> {
    let io_error = |source| SourceError::Io {
        path: path.to_owned(),
        source,
    };
    let length = file.size().map_err(io_error)?;
    if length == 0 {
        return Err(SourceError::EmptyFile {
            path: path.to_owned(),
        });
    }
    let head = file.bytes_at(0, length.min(16)).map_err(io_error)?;
    if head.starts_with(b"PARE") {
        return Err(SourceError::Encrypted {
            path: path.to_owned(),
        });
    }
    if !head.starts_with(b"PAR1") {
        return Err(SourceError::NotParquet {
            path: path.to_owned(),
            remedy: remedy(&head),
        });
    }
    let tail = file
        .bytes_at(length.saturating_sub(4), 4)
        .map_err(io_error)?;
    if length < SHORTEST || tail != b"PAR1"[..] {
        return Err(SourceError::Truncated {
            path: path.to_owned(),
            message: "it does not end with a Parquet footer".to_owned(),
        });
    }
    Ok(())
}

/// What to do with a file that begins with `head`.
fn remedy(head: &[u8]) -> &'static str {
    if head.starts_with(b"version https://") {
        "it is a pointer of Git LFS: fetch the file itself with `git lfs pull`"
    } else if head.starts_with(b"ARROW1") {
        "it is an Arrow IPC (Feather) file: convert it to Parquet"
    } else if head.starts_with(&[0x1f, 0x8b]) {
        "it is compressed with gzip: decompress it, and convert it to Parquet if need be"
    } else if head.starts_with(b"{") || head.starts_with(b"[") {
        "it looks like JSON: convert it to Parquet, with DuckDB for example: \
         `COPY (FROM 'in.jsonl') TO 'in.parquet'`"
    } else {
        "convert it to Parquet, with DuckDB for example: `COPY (FROM 'in.csv') TO 'in.parquet'`; or \
         narrow `paths`, for example to `*.parquet`"
    }
}
