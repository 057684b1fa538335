//! The files of an output folder: outputs, and unfinished ones that a killed run left behind.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::FOLDER;
use super::rejects::RECORDS;
use crate::sink::PARTIAL_SUFFIX;

/// What lies in an output folder and below, without folders that have a ledger of their own, hidden
/// folders and links.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Unfinished outputs.
    pub(super) partials: Vec<PathBuf>,
    /// Files that are not hidden.
    pub(super) visible: Vec<PathBuf>,
}

/// Looks for the files of the output folder `root`.
pub(super) fn find(root: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    find_below(root, true, &mut found)?;
    let records = root.join(FOLDER).join(RECORDS);
    if fs::symlink_metadata(&records).is_ok_and(|records| records.is_dir()) {
        let mut hidden = Found::default();
        find_below(&records, true, &mut hidden)?;
        found.partials.append(&mut hidden.partials);
    }
    found.partials.sort();
    found.visible.sort();
    Ok(found)
}

fn find_below(folder: &Path, is_root: bool, found: &mut Found) -> io::Result<()> {
    if !is_root && folder.join(FOLDER).is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let kind = entry.file_type()?;
        if kind.is_dir() && !hidden {
            find_below(&entry.path(), false, found)?;
        } else if !kind.is_dir() && !hidden {
            found.visible.push(entry.path());
        } else if !kind.is_dir() && name.as_encoded_bytes().ends_with(PARTIAL_SUFFIX.as_bytes()) {
            found.partials.push(entry.path());
        }
    }
    Ok(())
}

/// Removes the unfinished outputs of the output folder `root`.
pub(super) fn remove_partials(root: &Path) -> io::Result<()> {
    find(root)?.partials.iter().try_for_each(fs::remove_file)
}

/// Removes ledgers and records in `folder` that were being written anew when their run was killed.
pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with("ledger") || name.starts_with(RECORDS);
        if is_ours && name.ends_with(".jsonl.new") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
