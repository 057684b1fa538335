//! Unfinished outputs that a killed run left behind.

use std::fs;
use std::io;
use std::path::Path;

use super::FOLDER;
use crate::sink::PARTIAL_SUFFIX;

/// Removes unfinished outputs in `folder` and below. Folders with a ledger of their own are left
/// to their own runs, hidden folders and links alone.
pub(super) fn remove_partials(folder: &Path, is_root: bool) -> io::Result<()> {
    if !is_root && folder.join(FOLDER).is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let kind = entry.file_type()?;
        if kind.is_dir() && !hidden {
            remove_partials(&entry.path(), false)?;
        } else if !kind.is_dir()
            && hidden
            && name.as_encoded_bytes().ends_with(PARTIAL_SUFFIX.as_bytes())
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
