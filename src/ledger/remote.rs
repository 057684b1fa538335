//! The record of what is finished, where the output folder is in a store.
//!
//! Nothing can be appended to an object, so that each line of the ledger is an object of its own:
//! `<root>/.augment/ledger/<hash of the shard's name>.jsonl` holds the header and the entry of one
//! shard, `header.jsonl` the header alone. All parts of a run that is split write there. An entry is
//! created only where none was when the run began: of two runs that commit one shard, the second is
//! refused, even should both believe that they hold the lock. What the objects say and what they are
//! called does not depend on when they were written.

mod lock;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::partial::Found;
use super::peek::read_lines;
use super::rejects::{RECORDS, RejectsFound};
use super::{Entry, Header, LedgerError, Mode, Part, Peek, line_of, parse};
use crate::digest::sha256;
use crate::store;

use lock::Locks;

/// The folder of the entries, below `.augment`.
pub(super) const FOLDER: &str = "ledger";

const HEADER: &str = "header.jsonl";

/// The record of a run in a store.
#[derive(Debug)]
pub(super) struct RemoteRecord {
    root: PathBuf,
    folder: PathBuf,
    fingerprint: String,
    locks: Locks,
    /// Sizes of all objects below the root when the run began, by their paths below it.
    stored: BTreeMap<String, u64>,
    /// The shards whose entries are there.
    known: BTreeSet<String>,
    is_begun: bool,
}

impl RemoteRecord {
    /// Locks the folder `root` and reads its record: what is finished, by the name of the shard.
    pub(super) fn open(
        root: &Path,
        fingerprint: &str,
        mode: Mode,
        part: Part,
    ) -> Result<(Self, BTreeMap<String, Entry>), LedgerError> {
        let above = root.join(super::FOLDER);
        let locks = Locks::take(root, &above, part)?;
        let folder = above.join(FOLDER);
        let stored = sizes(root)?;
        let objects = entry_objects(&folder, root, &stored);
        let mut record = Self {
            root: root.to_owned(),
            folder,
            fingerprint: fingerprint.to_owned(),
            locks,
            stored,
            known: BTreeSet::new(),
            is_begun: !objects.is_empty(),
        };
        let contents = store::read_all(&objects);
        let contents = contents.map_err(|error| LedgerError::io(&record.folder, error))?;
        if mode == Mode::Fresh {
            let entries = record.start_over(&objects, &contents, part)?;
            return Ok((record, entries));
        }
        let mut entries = BTreeMap::new();
        let mut foreign = Vec::new();
        for (object, bytes) in objects.iter().zip(contents) {
            let read = parse(object, &bytes, root, fingerprint, mode)?;
            for (shard, entry) in read.entries {
                record.known.insert(shard.clone());
                if !read.same_pipeline {
                    foreign.push(shard.clone());
                }
                entries.insert(shard, entry);
            }
        }
        // With `--force` entries of another pipeline count as this one's from now on.
        for entry in foreign.iter().filter_map(|shard| entries.get(shard)) {
            record.record(entry)?;
        }
        if mode == Mode::Force && record.is_begun {
            record.write_header()?;
        }
        Ok((record, entries))
    }

    /// Forgets what is finished, whatever the objects of the record hold; answers what that was.
    fn start_over(
        &mut self,
        objects: &[PathBuf],
        contents: &[Bytes],
        part: Part,
    ) -> Result<BTreeMap<String, Entry>, LedgerError> {
        self.write_header()?;
        let mut entries = BTreeMap::new();
        for (object, bytes) in objects.iter().zip(contents) {
            let mut found = Peek::default();
            read_lines(bytes, &mut found);
            let is_header = object.file_name().is_some_and(|name| name == HEADER);
            if found.known.is_empty() && !is_header {
                // It cannot be read, and would stand in the way of what is to be recorded there.
                store::remove(object).map_err(|error| LedgerError::io(object, error))?;
            }
            entries.extend(found.known);
        }
        self.known.extend(entries.keys().cloned());
        if part.is_some() {
            // Others may be at work, and have finished again what they found.
            return Ok(BTreeMap::new());
        }
        for entry in entries.values_mut() {
            entry.forgotten = true;
            self.record(entry)?;
        }
        Ok(entries)
    }

    /// Makes the folder this run's own, unless it is already: none of the `targets` may exist that
    /// no entry knows.
    pub(super) fn claim<'a>(
        &mut self,
        targets: impl IntoIterator<Item = &'a Path>,
        entries: &BTreeMap<String, Entry>,
        mode: Mode,
    ) -> Result<(), LedgerError> {
        if self.is_begun {
            return Ok(());
        }
        let outputs = entries.values().flat_map(|entry| &entry.outputs);
        let ours: BTreeSet<&str> = outputs.map(|output| output.path.as_str()).collect();
        let mut existing = targets.into_iter().filter(|target| {
            let name = below(target, &self.root);
            name.is_some_and(|name| self.stored.contains_key(name) && !ours.contains(name))
        });
        if mode == Mode::Resume
            && let Some(first) = existing.next()
        {
            let first = first.to_owned();
            return Err(LedgerError::Foreign {
                first,
                more: existing.count(),
            });
        }
        self.write_header()
    }

    /// Whether the outputs of a shard were there when the run began, with the size that they were
    /// written with.
    pub(super) fn is_intact(&self, entry: &Entry) -> bool {
        is_intact(&self.stored, entry)
    }

    /// Records a finished shard.
    pub(super) fn record(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        self.locks.check(&self.root)?;
        let object = self.object_of(&entry.shard);
        let io_error = |error| LedgerError::io(&object, error);
        let bytes = line_of(&self.header()).and_then(|mut bytes| {
            bytes.extend(line_of(entry)?);
            Ok(bytes)
        });
        let bytes = bytes.map_err(io_error)?;
        if self.known.contains(&entry.shard) {
            store::write(&object, bytes).map_err(io_error)?;
        } else {
            store::create(&object, &bytes).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => LedgerError::Locked {
                    root: self.root.clone(),
                    holder: Some(format!(" (it has finished `{}`)", entry.shard)),
                },
                _ => io_error(error),
            })?;
            self.known.insert(entry.shard.clone());
        }
        Ok(())
    }

    /// Takes a shard out of the record.
    pub(super) fn forget(&mut self, shard: &str) -> Result<(), LedgerError> {
        let object = self.object_of(shard);
        store::remove(&object).map_err(|error| LedgerError::io(&object, error))?;
        self.known.remove(shard);
        Ok(())
    }

    /// Removes an output, by its path below the root.
    pub(super) fn remove(&self, output: &str) -> Result<(), LedgerError> {
        let object = self.root.join(output);
        store::remove(&object).map_err(|error| LedgerError::io(&object, error))
    }

    /// Removes what was there when the run began, by its path below the root.
    pub(super) fn remove_known(&self, name: &str) -> Result<(), LedgerError> {
        if self.stored.contains_key(name) {
            self.remove(name)
        } else {
            Ok(())
        }
    }

    /// Writes or removes the object `name` of `.augment`, and answers where it is.
    pub(super) fn leave(&self, name: &str, bytes: Vec<u8>) -> Result<Option<PathBuf>, LedgerError> {
        let object = self.root.join(super::FOLDER).join(name);
        let (left, is_there) = if bytes.is_empty() {
            (store::remove(&object), false)
        } else {
            (store::write(&object, bytes).map(drop), true)
        };
        left.map_err(|error| LedgerError::io(&object, error))?;
        Ok(is_there.then_some(object))
    }

    /// Removes what parts of runs have left in `.augment` under names that begin so.
    pub(super) fn clear(&self, beginning: &str) -> Result<(), LedgerError> {
        let folder = self.root.join(super::FOLDER);
        let listed = store::list(&folder).map_err(|error| LedgerError::io(&folder, error))?;
        for (object, _) in listed {
            if below(&object, &folder).is_some_and(|name| name.starts_with(beginning)) {
                store::remove(&object).map_err(|error| LedgerError::io(&object, error))?;
            }
        }
        Ok(())
    }

    fn object_of(&self, shard: &str) -> PathBuf {
        self.folder.join(format!("{}.jsonl", sha256(shard)))
    }

    fn header(&self) -> Header {
        Header {
            format: super::FORMAT,
            fingerprint: self.fingerprint.clone(),
        }
    }

    fn write_header(&mut self) -> Result<(), LedgerError> {
        let object = self.folder.join(HEADER);
        let written = line_of(&self.header()).and_then(|bytes| store::write(&object, bytes));
        written.map_err(|error| LedgerError::io(&object, error))?;
        self.is_begun = true;
        Ok(())
    }
}

/// Sizes of all objects below `root`, by their paths below it.
fn sizes(root: &Path) -> Result<BTreeMap<String, u64>, LedgerError> {
    let listed = store::list(root).map_err(|error| LedgerError::io(root, error))?;
    let sizes = listed.into_iter().filter_map(|(object, facts)| {
        let name = below(&object, root)?.to_owned();
        Some((name, facts.bytes))
    });
    Ok(sizes.collect())
}

fn below<'a>(object: &'a Path, root: &Path) -> Option<&'a str> {
    object.strip_prefix(root).ok()?.to_str()
}

/// The objects of the record, the header first among them if it is there.
fn entry_objects(folder: &Path, root: &Path, stored: &BTreeMap<String, u64>) -> Vec<PathBuf> {
    let folder = below(folder, root).unwrap_or_default();
    let inside = |name: &&String| {
        let name = name
            .strip_prefix(folder)
            .and_then(|name| name.strip_prefix('/'));
        name.is_some_and(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|end| end == "jsonl")
                && !name.contains('/')
        })
    };
    stored
        .keys()
        .filter(inside)
        .map(|name| root.join(name))
        .collect()
}

/// Whether the outputs of a shard are among the objects `stored`, with the size that they were
/// written with.
pub(super) fn is_intact(stored: &BTreeMap<String, u64>, entry: &Entry) -> bool {
    let mut outputs = entry.outputs.iter();
    outputs.all(|output| stored.get(&output.path) == Some(&output.bytes))
}

/// What the record in `root` says.
pub(super) fn peek(root: &Path) -> Result<Peek, LedgerError> {
    let folder = root.join(super::FOLDER).join(FOLDER);
    let stored = sizes(root)?;
    let objects = entry_objects(&folder, root, &stored);
    let contents = store::read_all(&objects).map_err(|error| LedgerError::io(&folder, error))?;
    let mut found = Peek {
        ledgers: usize::from(!objects.is_empty()),
        ..Peek::default()
    };
    for bytes in contents {
        read_lines(&bytes, &mut found);
    }
    found.stored = Some(stored);
    Ok(found)
}

/// The objects that are outputs, or look like it. Unfinished ones cannot be seen.
pub(super) fn found(root: &Path, stored: &BTreeMap<String, u64>) -> Found {
    let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.'));
    let visible = stored.keys().filter(|name| !is_hidden(name));
    Found {
        partials: Vec::new(),
        visible: visible.map(|name| root.join(name)).collect(),
    }
}

/// What the records of rejects in `root` say.
pub(super) fn rejects(
    root: &Path,
    stored: &BTreeMap<String, u64>,
) -> Result<RejectsFound, LedgerError> {
    let is_record = |name: &&String| {
        let below = name.strip_prefix(super::FOLDER);
        let below = below.and_then(|name| name.strip_prefix('/'));
        below.is_some_and(|name| name.starts_with(RECORDS) && !name.contains('/'))
    };
    let mut found = RejectsFound::default();
    for name in stored.keys().filter(is_record) {
        let object = root.join(name);
        let (bytes, _) = store::read(&object).map_err(|error| LedgerError::io(&object, error))?;
        let lines = bytes.split(|byte| *byte == b'\n');
        for line in lines.filter(|line| !line.is_empty()) {
            found.count(line);
        }
        found.files.push(PathBuf::from(name));
    }
    Ok(found)
}

/// Who works on `root`, as far as is known: a lock that is there may be that of a run that crashed.
pub(super) fn holder(root: &Path) -> Option<String> {
    lock::holder(&root.join(super::FOLDER))
}
