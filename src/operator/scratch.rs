//! Folders for what does not fit into memory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

/// A folder that is removed, with all that is in it, when this is dropped.
#[derive(Debug)]
pub struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// Makes the folder `path`, empty: what a run that was killed left there is removed.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Makes a folder in that of the system for temporary files.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn temporary() -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("augment-{}-{number}", process::id());
        Self::create(env::temp_dir().join(name))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // Nothing depends on it: the next run that needs the place removes it.
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_folder_begins_empty_and_goes_with_all_that_is_in_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("deep/scratch");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("left"), "over").unwrap();
        let scratch = ScratchFolder::create(path.clone()).unwrap();
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
        fs::write(path.join("new"), "data").unwrap();
        drop(scratch);
        assert!(!path.exists());
    }
}
