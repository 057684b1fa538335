//! The record of what is finished in an output folder.
//!
//! `<root>/.augment/ledger.jsonl` has one JSON object a line: first a header with the format and
//! the fingerprint of the run, then one [`Entry`] for each finished shard, written after all
//! outputs of the shard have their final names. A run that is killed between the two writes the
//! outputs again, with the same bytes. There are no times and no names of machines in the ledger:
//! when a run is complete, [`Ledger::seal`] sorts it, and the whole folder has the same bytes
//! whatever happened on the way.
//!
//! Rows that operators refused are on record in `<root>/.augment/rejects/`: one file for each shard
//! that has any, which is an output of it like any other.
//!
//! `<root>/.augment/lock` is locked while a run works on the folder.
//!
//! Where a run is split over processes or machines, part i of n has a ledger of its own,
//! `ledger-i-of-n.jsonl`, and a lock of its own. Each part knows what the others have finished, and
//! the next run of the whole takes their ledgers into its own.
//!
//! In a store, where nothing can be appended to, each line is an object: see `remote.rs`.

mod entry;
mod error;
mod lines;
mod lock;
mod partial;
mod peek;
mod rejects;
mod remote;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::failpoint;
use crate::sink::{create_anew, obstacle, sync_folder};
use crate::store;

pub use entry::{Entry, Input, OutputEntry};
pub use error::LedgerError;
pub use peek::{Damage, Flaw, FolderState, Peek, peek, survey, verify};
pub use rejects::{Reject, RejectedRow, RejectsFound};
pub(crate) use rejects::{check_record, record_of};

use entry::Header;
use lines::{append_line, line_of, parse};
use lock::Locks;
use partial::{remove_partials, remove_unfinished};
use remote::RemoteRecord;

/// The version of the ledger's format.
const FORMAT: u32 = 1;

/// The folder, below the root, that the ledger lies in.
pub(crate) const FOLDER: &str = ".augment";

/// What to do about a ledger that another pipeline, or none, has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Continue where a run of the same pipeline stopped; refuse anything else.
    #[default]
    Resume,
    /// Forget what is finished and do it again.
    Fresh,
    /// Continue, whatever pipeline the finished shards come from.
    Force,
}

/// Part `i` of `n` of a run that is split, counted from 1; nothing for the whole.
pub type Part = Option<(usize, usize)>;

/// The ledger of an output folder, and the lock on it. Dropping it frees the lock.
#[derive(Debug)]
pub struct Ledger {
    root: PathBuf,
    path: PathBuf,
    fingerprint: String,
    mode: Mode,
    part: Part,
    /// The locks of a folder; a record in a store has its own.
    _locks: Option<Locks>,
    /// The record, where the folder is in a store.
    remote: Option<RemoteRecord>,
    /// The ledger, open at its end; nothing before the first line is written.
    file: Option<File>,
    entries: BTreeMap<String, Entry>,
    /// What other parts of the run have finished.
    elsewhere: BTreeMap<String, Entry>,
}

impl Ledger {
    /// Locks the output folder `root`, which is created if need be, reads its ledger, and removes
    /// unfinished outputs of runs that were killed. With [`Mode::Fresh`] all shards are marked as
    /// forgotten; otherwise nothing is written to it before [`Ledger::claim`].
    ///
    /// # Errors
    /// When the folder cannot be written, is in use, or holds the output of another pipeline.
    pub fn open(
        root: &Path,
        fingerprint: &str,
        mode: Mode,
        part: Part,
    ) -> Result<Self, LedgerError> {
        if store::is_remote(root) {
            return Self::open_remote(root, fingerprint, mode, part);
        }
        let folder = root.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| match obstacle(&folder) {
            Some(path) => LedgerError::NotFolder { path },
            None => LedgerError::io(&folder, error),
        })?;
        refuse_link(&folder)?;
        let locks = Locks::take(root, &folder, part)?;
        let path = match part {
            None => folder.join("ledger.jsonl"),
            Some((number, of)) => folder.join(format!("ledger-{number}-of-{of}.jsonl")),
        };
        let mut ledger = Self {
            root: root.to_owned(),
            path,
            fingerprint: fingerprint.to_owned(),
            mode,
            part,
            _locks: Some(locks),
            remote: None,
            file: None,
            entries: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
        };
        match (mode, part) {
            (Mode::Fresh, None) => {
                ledger.entries = peek(root)?.known;
                for entry in ledger.entries.values_mut() {
                    entry.forgotten = true;
                }
                ledger.rewrite([])?;
                ledger.remove_others()?;
            }
            (Mode::Fresh, Some(_)) => ledger.rewrite([])?,
            (Mode::Resume | Mode::Force, _) => {
                ledger.load()?;
                ledger.load_others()?;
            }
        }
        // Another part may be writing what looks unfinished here.
        if part.is_none() {
            remove_partials(root).map_err(|error| LedgerError::io(root, error))?;
            remove_unfinished(&folder).map_err(|error| LedgerError::io(&folder, error))?;
        }
        Ok(ledger)
    }

    /// The same for a folder in a store.
    fn open_remote(
        root: &Path,
        fingerprint: &str,
        mode: Mode,
        part: Part,
    ) -> Result<Self, LedgerError> {
        let (remote, entries) = RemoteRecord::open(root, fingerprint, mode, part)?;
        Ok(Self {
            root: root.to_owned(),
            path: root.join(FOLDER).join(remote::FOLDER),
            fingerprint: fingerprint.to_owned(),
            mode,
            part,
            _locks: None,
            remote: Some(remote),
            file: None,
            entries,
            elsewhere: BTreeMap::new(),
        })
    }

    /// Makes the folder this run's own. To be called before the first output is published, with
    /// all files that the run may write.
    ///
    /// # Errors
    /// When there is no ledger yet and one of the files exists: it would be overwritten. When the
    /// ledger cannot be written.
    pub fn claim<'a>(
        &mut self,
        targets: impl IntoIterator<Item = &'a Path>,
    ) -> Result<(), LedgerError> {
        if let Some(remote) = &mut self.remote {
            return remote.claim(targets, &self.entries, self.mode);
        }
        if self.file.is_some() {
            return Ok(());
        }
        if self.mode == Mode::Resume {
            let known: BTreeSet<PathBuf> = self
                .elsewhere
                .values()
                .flat_map(|entry| &entry.outputs)
                .map(|output| self.root.join(&output.path))
                .collect();
            let mut existing = targets.into_iter().filter(|target| {
                // A link to nothing is something, too.
                fs::symlink_metadata(target).is_ok() && !known.contains(*target)
            });
            if let Some(first) = existing.next() {
                let first = first.to_owned();
                return Err(LedgerError::Foreign {
                    first,
                    more: existing.count(),
                });
            }
        }
        self.rewrite([])
    }

    /// The entry of a shard, if it is finished: its input is the same, and its outputs are there
    /// with the size that they were written with.
    pub fn committed(&self, shard: &str, input: &Input) -> Option<&Entry> {
        let entry = self
            .entries
            .get(shard)
            .or_else(|| self.elsewhere.get(shard))
            .filter(|entry| entry.input == *input && !entry.forgotten)?;
        let is_intact = match &self.remote {
            Some(remote) => remote.is_intact(entry),
            None => intact(&self.root, entry),
        };
        is_intact.then_some(entry)
    }

    /// Records a finished shard, and waits until the record is on its device.
    ///
    /// # Errors
    /// When the ledger cannot be written. The shard then counts as not finished.
    pub fn append(&mut self, entry: Entry) -> Result<(), LedgerError> {
        if self.file.is_none() && self.remote.is_none() {
            self.rewrite([])?;
        }
        self.remove_old_record(&entry)?;
        if let Some(remote) = &mut self.remote {
            remote.record(&entry)?;
        }
        if let Some(file) = &mut self.file {
            append_line(file, &entry).map_err(|error| LedgerError::io(&self.path, error))?;
            failpoint::reached("ledger-line-synced");
        }
        self.entries.insert(entry.shard.clone(), entry);
        Ok(())
    }

    /// Takes out what was made of files that are cut into other shards now, with its outputs: the
    /// rows are in those of the new shards. To be called when all of `shards` are finished, with the
    /// `files` that they are of. A part of a run leaves this to the whole.
    ///
    /// # Errors
    /// When an output cannot be removed. The next run tries again.
    pub fn supersede(
        &mut self,
        shards: &BTreeSet<String>,
        files: &BTreeSet<String>,
    ) -> Result<(), LedgerError> {
        if self.part.is_some() {
            return Ok(());
        }
        for (shard, entry) in std::mem::take(&mut self.elsewhere) {
            self.entries.entry(shard).or_insert(entry);
        }
        let before: Vec<String> = self.entries.keys().cloned().collect();
        let is_old = |entry: &Entry| !shards.contains(&entry.shard) && files.contains(entry.file());
        let (old, mut kept): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|(_, entry)| is_old(entry));
        // What was made of files that are no longer there is left to whoever took them away.
        kept.retain(|_, entry| !entry.forgotten);
        let outputs = kept.values().flat_map(|entry| &entry.outputs);
        let in_use: BTreeSet<&str> = outputs.map(|output| output.path.as_str()).collect();
        let outputs = old.values().flat_map(|entry| &entry.outputs);
        let mut removed = outputs
            .filter(|output| !in_use.contains(output.path.as_str()))
            .try_for_each(|output| self.remove_output(&output.path));
        if let Some(remote) = &mut self.remote {
            // There is no writing all lines anew: those of the old shards go one by one.
            let mut gone = before.iter().filter(|shard| !kept.contains_key(*shard));
            removed = removed.and_then(|()| gone.try_for_each(|shard| remote.forget(shard)));
        }
        self.entries = kept;
        if !old.is_empty() {
            failpoint::reached("superseded-removed");
        }
        removed
    }

    fn remove_output(&self, output: &str) -> Result<(), LedgerError> {
        if let Some(remote) = &self.remote {
            return remote.remove(output);
        }
        let path = self.root.join(output);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(LedgerError::io(&path, error))
            }
            _ => Ok(()),
        }
    }

    /// Writes the ledger anew, with the entries in the order of `shards` and those of other shards
    /// after them, by name.
    ///
    /// # Errors
    /// When the ledger cannot be written; the old one stays.
    pub fn seal<'a>(
        &mut self,
        shards: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), LedgerError> {
        if self.remote.is_some() {
            // What each object says and what it is called does not tell when it was written.
            return Ok(());
        }
        if self.part.is_some() {
            return self.rewrite(shards);
        }
        for (shard, entry) in std::mem::take(&mut self.elsewhere) {
            self.entries.entry(shard).or_insert(entry);
        }
        self.rewrite(shards)?;
        self.remove_others()
    }

    /// Takes shards out of the ledger, so that the next run does them again.
    ///
    /// # Errors
    /// When the ledger cannot be written; the old one stays.
    pub fn forget<'a>(
        &mut self,
        shards: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), LedgerError> {
        for (shard, entry) in std::mem::take(&mut self.elsewhere) {
            self.entries.entry(shard).or_insert(entry);
        }
        for shard in shards {
            self.entries.remove(shard);
            if let Some(remote) = &mut self.remote {
                remote.forget(shard)?;
            }
        }
        if self.remote.is_some() {
            return Ok(());
        }
        self.rewrite([])?;
        self.remove_others()
    }

    /// All entries, by the name of the shard.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| !entry.forgotten)
    }

    /// The output folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `target` as an output names it: relative to the root, with `/` between its parts.
    pub fn relative(&self, target: &Path) -> String {
        let below = target.strip_prefix(&self.root).unwrap_or(target);
        let parts: Vec<_> = below
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        parts.join("/")
    }

    /// Reads the ledger, if there is one. A last line that was cut off is removed.
    fn load(&mut self) -> Result<(), LedgerError> {
        refuse_link(&self.path)?;
        let io_error = |error| LedgerError::io(&self.path, error);
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(error)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_error)?;
        let read = parse(&self.path, &bytes, &self.root, &self.fingerprint, self.mode)?;
        self.entries = read.entries;
        if !read.same_pipeline {
            return self.rewrite([]);
        }
        let io_error = |error| LedgerError::io(&self.path, error);
        file.set_len(read.length).map_err(io_error)?;
        file.seek(SeekFrom::End(0)).map_err(io_error)?;
        self.file = Some(file);
        Ok(())
    }

    /// Reads what other parts of the run, or the whole of it, have finished.
    fn load_others(&mut self) -> Result<(), LedgerError> {
        for path in self.others()? {
            let bytes = fs::read(&path).map_err(|error| LedgerError::io(&path, error))?;
            // A part that has just begun has not written its header yet.
            if !bytes.is_empty() {
                let read = parse(&path, &bytes, &self.root, &self.fingerprint, self.mode)?;
                self.elsewhere.extend(read.entries);
            }
        }
        Ok(())
    }

    fn remove_others(&self) -> Result<(), LedgerError> {
        for path in self.others()? {
            fs::remove_file(&path).map_err(|error| LedgerError::io(&path, error))?;
        }
        Ok(())
    }

    /// The other ledgers of the folder, in the order of their names.
    fn others(&self) -> Result<Vec<PathBuf>, LedgerError> {
        let folder = self.root.join(FOLDER);
        let io_error = |error| LedgerError::io(&folder, error);
        let mut others = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io_error)? {
            let path = entry.map_err(io_error)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("ledger") && name.ends_with(".jsonl") && path != self.path {
                others.push(path);
            }
        }
        others.sort();
        Ok(others)
    }

    /// Replaces the ledger in one step.
    fn rewrite<'a>(&mut self, first: impl IntoIterator<Item = &'a str>) -> Result<(), LedgerError> {
        let mut rest: BTreeMap<&str, &Entry> = self
            .entries
            .iter()
            .map(|(shard, entry)| (shard.as_str(), entry))
            .collect();
        let mut sorted: Vec<&Entry> = first
            .into_iter()
            .filter_map(|shard| rest.remove(shard))
            .collect();
        sorted.extend(rest.into_values());
        let temporary = self.path.with_extension("jsonl.new");
        let write = || -> io::Result<File> {
            let header = Header {
                format: FORMAT,
                fingerprint: self.fingerprint.clone(),
            };
            let mut bytes = line_of(&header)?;
            for entry in sorted {
                bytes.extend(line_of(entry)?);
            }
            let mut file = create_anew(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            failpoint::reached("ledger-rewritten");
            fs::rename(&temporary, &self.path)?;
            failpoint::reached("ledger-renamed");
            if let Some(folder) = self.path.parent() {
                sync_folder(folder)?;
            }
            Ok(file)
        };
        match write() {
            Ok(file) => {
                self.file = Some(file);
                Ok(())
            }
            Err(error) => {
                drop(fs::remove_file(&temporary));
                Err(LedgerError::io(&self.path, error))
            }
        }
    }
}

/// Refuses a link where a file or folder of the ledger must be: what is written must stay in the folder.
fn refuse_link(path: &Path) -> Result<(), LedgerError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        let path = path.to_owned();
        return Err(LedgerError::Link { path });
    }
    Ok(())
}

/// Whether the outputs of a shard are in `root`, with the size that they were written with.
fn intact(root: &Path, entry: &Entry) -> bool {
    let is_there = |output: &OutputEntry| {
        fs::metadata(root.join(&output.path))
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == output.bytes)
    };
    entry.outputs.iter().all(is_there)
}
