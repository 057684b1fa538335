//! The hidden file that an output grows in until it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::SinkError;
use crate::digest::hexadecimal;
use crate::failpoint;

/// How the name of an unfinished output ends.
pub(crate) const PARTIAL_SUFFIX: &str = ".augment-partial";

/// Where the output for `target` grows: beside it, so that renaming does not copy.
pub(crate) fn partial_path(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(PARTIAL_SUFFIX);
    target.with_file_name(name)
}

/// Counts and hashes what is written to it.
#[derive(Debug)]
pub(super) struct HashingFile {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl HashingFile {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// The file, its size, and the hexadecimal SHA-256 of what is in it.
    pub(super) fn into_parts(self) -> (File, u64, String) {
        (self.file, self.bytes, hexadecimal(&self.hash.finalize()))
    }
}

impl Write for HashingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The path of an unfinished output. Dropping it removes the file.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Creates the file for `target`, and the folders above it.
    pub(super) fn create(target: &Path) -> Result<(Self, File), SinkError> {
        if target.is_dir() {
            return Err(SinkError::IsFolder {
                path: target.to_owned(),
            });
        }
        let path = partial_path(target);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| match obstacle(folder) {
                Some(obstacle) => SinkError::NotFolder {
                    obstacle,
                    path: target.to_owned(),
                },
                None => SinkError::io(folder, error),
            })?;
        }
        let file = create_anew(&path).map_err(|error| SinkError::io(&path, error))?;
        failpoint::reached("file-created");
        Ok((Self { path, kept: false }, file))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its final name.
    pub(super) fn rename(mut self, target: &Path) -> Result<(), SinkError> {
        if target.is_dir() {
            return Err(SinkError::IsFolder {
                path: target.to_owned(),
            });
        }
        fs::rename(&self.path, target).map_err(|error| SinkError::io(target, error))?;
        self.kept = true;
        failpoint::reached("file-renamed");
        match target.parent() {
            Some(folder) => sync_folder(folder).map_err(|error| SinkError::io(folder, error)),
            None => Ok(()),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // If it cannot be removed now, the next run removes it.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Creates a file in place of what may be called so. A link of that name is replaced, not followed.
pub(crate) fn create_anew(path: &Path) -> io::Result<File> {
    let create = || OpenOptions::new().write(true).create_new(true).open(path);
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()
        }
        created => created,
    }
}

/// The first thing on the way to `folder` that exists and is not a folder.
pub(crate) fn obstacle(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|above| above.exists() && !above.is_dir())
        .map(Path::to_owned)
}

/// Waits until the names in `folder` are on its device, where the system can say so.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        result => result,
    }
}
