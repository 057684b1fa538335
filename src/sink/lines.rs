//! A file of lines, which appears at its final path only when it is complete, like any output.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::file::{HashingFile, Temporary};
use super::{Prepared, SinkError};

/// Writes lines to a hidden file beside its target. Dropping the writer removes the file.
#[derive(Debug)]
pub(crate) struct LineWriter {
    // The file is closed first: some systems cannot remove an open one.
    file: BufWriter<HashingFile>,
    temporary: Temporary,
    target: PathBuf,
    lines: u64,
}

impl LineWriter {
    /// Opens the hidden file for `target`, and makes the folders above it.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn create(target: PathBuf) -> Result<Self, SinkError> {
        let (temporary, file) = Temporary::create(&target)?;
        Ok(Self {
            file: BufWriter::new(HashingFile::new(file)),
            temporary,
            target,
            lines: 0,
        })
    }

    /// Adds a line, given with its line break.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn push(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.lines += 1;
        let written = self.file.write_all(line);
        written.map_err(|error| SinkError::io(self.temporary.path(), error))
    }

    /// Completes the file without making it visible.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(crate) fn finish(self) -> Result<Prepared, SinkError> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| SinkError::io(self.temporary.path(), error.into_error()))?;
        let (file, bytes, sha256) = file.into_parts();
        Ok(Prepared {
            file,
            temporary: self.temporary,
            target: self.target,
            rows: self.lines,
            bytes,
            sha256,
        })
    }
}
