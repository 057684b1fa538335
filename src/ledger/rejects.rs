//! What the last run could not do: `<root>/.augment/rejects.jsonl`, one JSON object a line.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{FOLDER, Ledger, LedgerError, create_anew, line_of};

/// A shard that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The id of its source.
    pub source: String,
    /// Its path relative to the root of the source.
    pub shard: String,
    /// Why it failed, and what to do about it.
    pub reason: String,
}

impl Ledger {
    /// Leaves a record of the shards that failed in this run, in place of that of the run before, and
    /// answers where it is. Where nothing failed there is none.
    ///
    /// # Errors
    /// When the record cannot be written or removed.
    pub fn reject(&self, rejects: &[Reject]) -> Result<Option<PathBuf>, LedgerError> {
        let name = match self.part {
            None => "rejects.jsonl".to_owned(),
            Some((number, of)) => format!("rejects-{number}-of-{of}.jsonl"),
        };
        if let Some(remote) = &self.remote {
            if self.part.is_none() {
                remote.clear("rejects-")?;
            }
            let lines: io::Result<Vec<Vec<u8>>> = rejects.iter().map(line_of).collect();
            let lines = lines.map_err(|error| LedgerError::io(&self.root, error))?;
            return remote.leave(&name, lines.concat());
        }
        let path = self.root.join(FOLDER).join(name);
        let io_error = |error| LedgerError::io(&path, error);
        if self.part.is_none() {
            self.remove_rejects_of_parts()?;
        }
        if rejects.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(error)),
                _ => Ok(None),
            };
        }
        let temporary = path.with_extension("jsonl.new");
        let write = || -> io::Result<()> {
            let mut file = create_anew(&temporary)?;
            for reject in rejects {
                file.write_all(&line_of(reject)?)?;
            }
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        if let Err(error) = write() {
            drop(fs::remove_file(&temporary));
            // What the run before left would be taken for this one's.
            drop(fs::remove_file(&path));
            return Err(io_error(error));
        }
        Ok(Some(path))
    }

    fn remove_rejects_of_parts(&self) -> Result<(), LedgerError> {
        let folder = self.root.join(FOLDER);
        let io_error = |error| LedgerError::io(&folder, error);
        for entry in fs::read_dir(&folder).map_err(io_error)? {
            let path = entry.map_err(io_error)?.path();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if name.starts_with(b"rejects-") {
                fs::remove_file(&path).map_err(|error| LedgerError::io(&path, error))?;
            }
        }
        Ok(())
    }
}
