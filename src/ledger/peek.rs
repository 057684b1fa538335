//! A look at what is finished in a folder, without working on it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::{Entry, FOLDER, Header, Input, LedgerError, intact};

/// What the ledgers of an output folder say. Nothing is locked, and nothing changed.
#[derive(Debug, Default)]
pub struct Peek {
    entries: BTreeMap<String, Entry>,
    /// The fingerprint of the run that wrote to the folder; nothing if none has.
    pub fingerprint: Option<String>,
}

impl Peek {
    /// Whether a shard is finished: its input is the same, and its outputs are in `root` with the
    /// size that they were written with.
    pub fn is_committed(&self, root: &Path, shard: &str, input: &Input) -> bool {
        let entry = self.entries.get(shard);
        entry.is_some_and(|entry| entry.input == *input && intact(root, entry))
    }
}

/// Reads the ledgers in `root`, if there are any. Lines that cannot be read count for nothing: the
/// run will say what is wrong with them.
///
/// # Errors
/// When a ledger is there and the operating system refuses to read it.
pub fn peek(root: &Path) -> Result<Peek, LedgerError> {
    let folder = root.join(FOLDER);
    let mut found = Peek::default();
    let files = match fs::read_dir(&folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(LedgerError::io(&folder, error)),
    };
    for file in files {
        let path = file
            .map_err(|error| LedgerError::io(&folder, error))?
            .path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !(name.starts_with("ledger") && name.ends_with(".jsonl")) {
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| LedgerError::io(&path, error))?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        if let Some(header) = lines
            .next()
            .and_then(|line| serde_json::from_slice::<Header>(line).ok())
        {
            found.fingerprint = Some(header.fingerprint);
        }
        let entries = lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
        found
            .entries
            .extend(entries.map(|entry| (entry.shard.clone(), entry)));
    }
    Ok(found)
}
