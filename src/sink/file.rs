//! The hidden file, or the object, that an output grows in until it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::SinkError;
use crate::digest::hexadecimal;
use crate::failpoint;
use crate::store::{self, Upload};

/// How the name of an unfinished output ends.
pub(crate) const PARTIAL_SUFFIX: &str = ".augment-partial";

/// Where the output for `target` grows: beside it, so that renaming does not copy.
pub(crate) fn partial_path(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(PARTIAL_SUFFIX);
    target.with_file_name(name)
}

/// What the bytes of an output go to.
#[derive(Debug)]
pub(super) enum Growing {
    /// A hidden file.
    Local(File),
    /// An object that nobody sees yet.
    Remote(Box<Upload>),
}

impl Growing {
    /// Waits until the bytes are where a loss of power cannot reach them.
    pub(super) fn sync(&self) -> io::Result<()> {
        match self {
            Self::Local(file) => file.sync_all(),
            Self::Remote(upload) => upload.settle(),
        }
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.write(bytes),
            Self::Remote(upload) => upload.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Local(file) => file.flush(),
            Self::Remote(upload) => upload.flush(),
        }
    }
}

/// Counts and hashes what is written to it.
#[derive(Debug)]
pub(super) struct HashingFile {
    file: Growing,
    hash: Sha256,
    bytes: u64,
}

impl HashingFile {
    pub(super) fn new(file: Growing) -> Self {
        Self {
            file,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    /// The file, its size, and the hexadecimal SHA-256 of what is in it.
    pub(super) fn into_parts(self) -> (Growing, u64, String) {
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

/// The path of an unfinished output: for an object the one that it will have. Dropping it removes the
/// file.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Creates the file for `target`, and the folders above it.
    pub(super) fn create(target: &Path) -> Result<(Self, Growing), SinkError> {
        if store::is_remote(target) {
            let upload = Upload::begin(target).map_err(|error| SinkError::io(target, error))?;
            let path = target.to_owned();
            return Ok((Self { path, kept: true }, Growing::Remote(Box::new(upload))));
        }
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
        Ok((Self { path, kept: false }, Growing::Local(file)))
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

/// Creates a file, to be written and read, in place of what may be called so. A link of that name is replaced, not followed.
pub(crate) fn create_anew(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    let create = || options.open(path);
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
