//! Who may work on an output folder at a time: one run, or the parts of one run that is split over
//! machines.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::{LedgerError, Part, refuse_link};

/// The locks of a run. Dropping it frees them.
#[derive(Debug)]
pub(super) struct Locks {
    /// The lock that is this run's alone: its holder is written into it.
    own: File,
    /// The lock of the folder, shared by the parts of a run.
    _shared: Option<File>,
}

impl Locks {
    /// Locks `folder`, the `.augment` of the output folder `root`, against other runs, and, for a
    /// part of a run, against the same part.
    pub(super) fn take(root: &Path, folder: &Path, part: Part) -> Result<Self, LedgerError> {
        let whole = folder.join("lock");
        match part {
            None => Ok(Self {
                own: exclusive(root, &whole)?,
                _shared: None,
            }),
            Some((number, of)) => {
                let shared = open(&whole)?;
                match shared.try_lock_shared() {
                    Ok(()) => {}
                    Err(error) => refuse(root, &whole, error)?,
                }
                let own = exclusive(root, &folder.join(format!("lock-{number}-of-{of}")))?;
                Ok(Self {
                    own,
                    _shared: Some(shared),
                })
            }
        }
    }
}

impl Drop for Locks {
    fn drop(&mut self) {
        // The name of the holder is not part of the output.
        drop(self.own.set_len(0));
    }
}

/// Who holds a lock in `folder`, the `.augment` of an output folder, as far as is known; nothing if
/// nobody does.
pub(super) fn holder(folder: &Path) -> Option<String> {
    let files = fs::read_dir(folder).ok()?;
    let mut locks: Vec<_> = files
        .filter_map(|file| Some(file.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            name.starts_with(b"lock")
        })
        .collect();
    // The lock of a part names its holder; that of the whole, which parts share, does not.
    locks.sort();
    locks.reverse();
    locks.into_iter().find_map(|path| {
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                Some(if holder.is_empty() {
                    "another process".to_owned()
                } else {
                    holder
                })
            }
            _ => None,
        }
    })
}

/// Locks the file at `path` for this process alone and writes into it who holds the lock.
fn exclusive(root: &Path, path: &Path) -> Result<File, LedgerError> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(error) => refuse(root, path, error)?,
    }
    let io_error = |error| LedgerError::io(path, error);
    file.set_len(0).map_err(io_error)?;
    file.write_all(format!("process {}", std::process::id()).as_bytes())
        .map_err(io_error)?;
    Ok(file)
}

fn open(path: &Path) -> Result<File, LedgerError> {
    refuse_link(path)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| LedgerError::io(path, error))?;
    // A link may have come in between: nothing was written yet.
    refuse_link(path)?;
    Ok(file)
}

/// Why a lock could not be had; nothing on file systems that have no locks.
fn refuse(root: &Path, path: &Path, error: TryLockError) -> Result<(), LedgerError> {
    match error {
        TryLockError::WouldBlock => {
            // Where a locked file cannot be read, the holder is not known.
            let holder = fs::read_to_string(path)
                .ok()
                .filter(|holder| !holder.is_empty());
            let holder = holder.map(|holder| format!(" ({})", holder.trim()));
            Err(LedgerError::Locked {
                root: root.to_owned(),
                holder,
            })
        }
        // Some network file systems have no locks.
        TryLockError::Error(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        TryLockError::Error(error) => Err(LedgerError::io(path, error)),
    }
}
