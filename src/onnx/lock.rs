//! One fetch at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::{Progress, Watch};

/// Keeps other processes from fetching `what` until the file that this gives is closed. Where one
/// is at it, it is waited for.
pub(crate) fn lock(path: &Path, what: &str, watch: &Watch) -> io::Result<File> {
    let file = File::create(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let notice = format!("another process is fetching {what}: waiting for it");
            watch(Progress::Notice(&notice));
            file.lock()?;
        }
        // Some network file systems have no locks: then each fetches for itself.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    Ok(file)
}
