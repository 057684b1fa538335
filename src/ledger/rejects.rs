//! What could not be done: `<root>/.augment/rejects.jsonl`, one JSON object a line.
//!
//! Each run writes it anew, in the order of the shards: a line for each shard that the run could not
//! process, and one for each row that an operator refused in a finished shard. The latter lie in a
//! file for each shard, below `<root>/.augment/rejects/`, which is published with the outputs of the
//! shard and stands in its ledger line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Entry, FOLDER, Ledger, LedgerError, OutputEntry, create_anew, line_of};
use crate::sink::{SinkError, check_inside};
use crate::store;

/// The folder, in that of the ledger, with the refused rows of each shard.
pub(super) const RECORDS: &str = "rejects";

/// A shard that failed, or a row that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The id of its source.
    pub source: String,
    /// Its path relative to the root of the source, and which part of the file it is.
    pub shard: String,
    /// Which row, where it is about one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub row: Option<RejectedRow>,
    /// Why it failed, and what to do about it.
    pub reason: String,
}

/// A row that an operator refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its number, or that of the row that it is made of, in the file, from 0.
    pub row: u64,
    /// The identity of that row: what `aug_parent` says in the outputs.
    pub parent: String,
    /// 0 for an original, 1 and up for its variants.
    pub replica: u32,
    /// The operator that refused it.
    pub operator: String,
}

impl Reject {
    /// The line that it is in a record.
    ///
    /// # Errors
    /// When it cannot be said in JSON, which should not happen.
    pub(crate) fn line(&self) -> io::Result<Vec<u8>> {
        line_of(self)
    }
}

/// Where, below the output folder `root`, the refused rows of a shard are on record.
pub(crate) fn record_of(root: &Path, source: &str, shard: &str) -> PathBuf {
    root.join(relative_record(&format!("{source}/{shard}")))
}

/// Checks that the record `target` lies in the ledger's folder of `root`, whatever links there are.
///
/// # Errors
/// When a write to `target` would go elsewhere.
pub(crate) fn check_record(root: &Path, target: &Path) -> Result<(), SinkError> {
    check_inside(&root.join(FOLDER), target)
}

fn relative_record(shard: &str) -> String {
    format!("{FOLDER}/{RECORDS}/{shard}.jsonl")
}

impl OutputEntry {
    /// Whether it is a record of refused rows, and no output that people asked for.
    pub fn is_record(&self) -> bool {
        let below = self.path.strip_prefix(FOLDER);
        below.is_some_and(|below| below.starts_with('/'))
    }
}

impl Entry {
    /// The record of its refused rows, if there are any.
    pub fn record(&self) -> Option<&OutputEntry> {
        self.outputs.iter().find(|output| output.is_record())
    }
}

impl Ledger {
    /// Removes the record that an earlier run has left of a shard which has none any more.
    pub(super) fn remove_old_record(&self, entry: &Entry) -> Result<(), LedgerError> {
        let path = self.root.join(relative_record(&entry.shard));
        if entry.record().is_some() || check_record(&self.root, &path).is_err() {
            return Ok(());
        }
        if let Some(remote) = &self.remote {
            return remote.remove_known(&relative_record(&entry.shard));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(LedgerError::io(&path, error))
            }
            // As a rule there is no such file, nor a folder for it.
            _ => Ok(()),
        }
    }

    /// Rows that operators refused in finished shards, by the names of the shards.
    pub fn refused(&self) -> BTreeMap<&str, u64> {
        let rows = |entry: &&Entry| entry.record().map_or(0, |record| record.rows);
        let all = self.on_record().into_iter();
        let refused = all.map(|entry| (entry.shard.as_str(), rows(&entry)));
        refused.filter(|(_, rows)| *rows > 0).collect()
    }

    /// The entries that this run's record is made of: all of them, or, for a part of a run, its own.
    fn on_record(&self) -> Vec<&Entry> {
        let elsewhere = self.elsewhere.values();
        let elsewhere = elsewhere
            .filter(|entry| self.part.is_none() && !self.entries.contains_key(&entry.shard));
        self.entries().chain(elsewhere).collect()
    }

    /// Leaves a record of the shards that failed in this run and of all rows that were refused, in
    /// place of that of the run before, and answers where it is. `shards` are all shards in the order
    /// of the plan. Where nothing failed there is none.
    ///
    /// # Errors
    /// When the record cannot be written or removed.
    pub fn reject(
        &self,
        rejects: &[Reject],
        shards: &[String],
    ) -> Result<Option<PathBuf>, LedgerError> {
        let name = match self.part {
            None => "rejects.jsonl".to_owned(),
            Some((number, of)) => format!("rejects-{number}-of-{of}.jsonl"),
        };
        if let Some(remote) = &self.remote {
            if self.part.is_none() {
                remote.clear("rejects-")?;
            }
            let mut lines = Vec::new();
            self.write_rejects(&mut lines, rejects, shards)
                .map_err(|error| LedgerError::io(&self.root, error))?;
            return remote.leave(&name, lines);
        }
        let path = self.root.join(FOLDER).join(name);
        let io_error = |error| LedgerError::io(&path, error);
        if self.part.is_none() {
            self.remove_rejects_of_parts()?;
        }
        if rejects.is_empty() && self.refused().is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(error)),
                _ => Ok(None),
            };
        }
        let temporary = path.with_extension("jsonl.new");
        let write = || -> io::Result<()> {
            let mut file = create_anew(&temporary)?;
            self.write_rejects(&mut file, rejects, shards)?;
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

    /// Writes what is rejected in the order of `shards`, and then that of others, by name.
    fn write_rejects(
        &self,
        file: &mut dyn Write,
        rejects: &[Reject],
        shards: &[String],
    ) -> io::Result<()> {
        let failed = rejects.iter().map(|reject| (reject.name(), reject));
        let mut failed: BTreeMap<String, &Reject> = failed.collect();
        let records = self.on_record().into_iter();
        let mut records: BTreeMap<&str, PathBuf> = records
            .filter_map(|entry| Some((entry.shard.as_str(), self.root.join(&entry.record()?.path))))
            .collect();
        let others: BTreeSet<String> = failed
            .keys()
            .cloned()
            .chain(records.keys().map(|shard| (*shard).to_owned()))
            .collect();
        for shard in shards.iter().chain(&others) {
            let record = records.remove(shard.as_str());
            if let Some(reject) = failed.remove(shard) {
                // What an earlier run made of the shard is out of date.
                file.write_all(&reject.line()?)?;
            } else if let Some(record) = record {
                copy(&record, file)?;
            }
        }
        Ok(())
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

/// Writes what the file or object `from` holds.
fn copy(from: &Path, to: &mut dyn Write) -> io::Result<()> {
    if store::is_remote(from) {
        return to.write_all(&store::read(from)?.0);
    }
    io::copy(&mut File::open(from)?, to).map(drop)
}

impl Reject {
    /// The name of its shard in the ledger.
    fn name(&self) -> String {
        format!("{}/{}", self.source, self.shard)
    }
}

/// What the records of an output folder say that runs could not do.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RejectsFound {
    /// The records, relative to the folder: one, or one for each part of a run that is split.
    pub files: Vec<PathBuf>,
    /// Shards that failed.
    pub shards: u64,
    /// Rows that were refused.
    pub rows: u64,
    /// Lines that cannot be read.
    pub unreadable: u64,
}

impl RejectsFound {
    /// Counts a line of a record.
    pub(super) fn count(&mut self, line: &[u8]) {
        match serde_json::from_slice::<Reject>(line) {
            Ok(Reject { row: None, .. }) => self.shards += 1,
            Ok(_) => self.rows += 1,
            Err(_) => self.unreadable += 1,
        }
    }
}

/// Reads the records in the output folder `root`.
pub(super) fn find(root: &Path) -> Result<RejectsFound, LedgerError> {
    let folder = root.join(FOLDER);
    let io_error = |error| LedgerError::io(&folder, error);
    let mut found = RejectsFound::default();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries.map_err(io_error)?,
    };
    for entry in entries {
        let path = entry.map_err(io_error)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(RECORDS) || !name.ends_with(".jsonl") {
            continue;
        }
        let io_error = |error| LedgerError::io(&path, error);
        for line in BufReader::new(File::open(&path).map_err(io_error)?).split(b'\n') {
            found.count(&line.map_err(io_error)?);
        }
        found.files.push(Path::new(FOLDER).join(name.as_ref()));
    }
    found.files.sort();
    Ok(found)
}
