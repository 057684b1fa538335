//! A look at what is finished in a folder, without working on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::partial::{self, Found};
use super::rejects::{self, RejectsFound};
use super::{Entry, FOLDER, Header, Input, LedgerError, intact, lock, remote};
use crate::digest::{digest_of_file, hexadecimal};
use crate::store;

/// What the ledgers of an output folder say. Nothing is locked, and nothing changed.
#[derive(Debug, Default)]
pub struct Peek {
    /// The finished shards, by name.
    pub entries: BTreeMap<String, Entry>,
    /// All recorded shards, by name, also those that a run that starts over has forgotten.
    pub(super) known: BTreeMap<String, Entry>,
    /// The fingerprint of the run that wrote to the folder; nothing if none has.
    pub fingerprint: Option<String>,
    /// How many ledgers there are: one, or one for each part of a run that is split.
    pub ledgers: usize,
    /// Lines that could not be read, the last of which a killed run may have left half-written.
    pub unreadable: usize,
    /// The sizes of all files in a store, by their paths below its folder; nothing elsewhere.
    pub(super) stored: Option<BTreeMap<String, u64>>,
}

impl Peek {
    /// Whether a shard is finished: its input is the same, and its outputs are in `root` with the
    /// size that they were written with.
    pub fn is_committed(&self, root: &Path, shard: &str, input: &Input) -> bool {
        let entry = self.entries.get(shard);
        entry.is_some_and(|entry| {
            entry.input == *input
                && match &self.stored {
                    Some(stored) => remote::is_intact(stored, entry),
                    None => intact(root, entry),
                }
        })
    }
}

/// Reads the ledgers in `root`, if there are any. Lines that cannot be read are only counted: a run
/// will say what is wrong with them.
///
/// # Errors
/// When a ledger is there and the operating system refuses to read it.
pub fn peek(root: &Path) -> Result<Peek, LedgerError> {
    if store::is_remote(root) {
        return remote::peek(root);
    }
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
        if name.starts_with("ledger") && name.ends_with(".jsonl") {
            let bytes = fs::read(&path).map_err(|error| LedgerError::io(&path, error))?;
            found.ledgers += 1;
            read_lines(&bytes, &mut found);
        }
    }
    Ok(found)
}

pub(super) fn read_lines(bytes: &[u8], found: &mut Peek) {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    match lines.next().map(serde_json::from_slice::<Header>) {
        Some(Ok(header)) => found.fingerprint = Some(header.fingerprint),
        Some(Err(_)) => found.unreadable += 1,
        // A part that has just begun has not written its header yet.
        None => {}
    }
    for line in lines {
        match serde_json::from_slice::<Entry>(line) {
            Ok(entry) => {
                if !entry.forgotten {
                    found.entries.insert(entry.shard.clone(), entry.clone());
                }
                found.known.insert(entry.shard.clone(), entry);
            }
            Err(_) => found.unreadable += 1,
        }
    }
}

/// The state of an output folder.
#[derive(Debug)]
pub struct FolderState {
    /// What its ledgers say.
    pub ledger: Peek,
    /// What the last run could not do.
    pub rejects: RejectsFound,
    /// Who works on it now, as far as is known; nothing if nobody does.
    pub holder: Option<String>,
    /// Outputs that are recorded and are not there, or have another size.
    pub damaged: Vec<Damage>,
    /// Unfinished outputs. The next run removes them.
    pub partials: Vec<PathBuf>,
    /// Files that no ledger knows.
    pub unknown: Vec<PathBuf>,
}

/// An output that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The shard that it was made of: the id of the source and the relative path.
    pub shard: String,
    /// Its path relative to the output folder.
    pub path: String,
    /// What is wrong with it.
    pub flaw: Flaw,
}

/// What is wrong with an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is not there, or is no file.
    Missing,
    /// It has so many bytes, and had so many.
    Size {
        /// Bytes now.
        found: u64,
        /// Bytes when it was written.
        written: u64,
    },
    /// Its bytes are others.
    Content,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// Looks at an output folder: its ledgers, its lock, its files.
///
/// # Errors
/// When the folder or a ledger cannot be read.
pub fn survey(root: &Path) -> Result<FolderState, LedgerError> {
    let ledger = peek(root)?;
    let Found { partials, visible } = match &ledger.stored {
        Some(stored) => remote::found(root, stored),
        None => partial::find(root).map_err(|error| LedgerError::io(root, error))?,
    };
    let outputs = || ledger.known.values().flat_map(|entry| &entry.outputs);
    let known: BTreeSet<PathBuf> = outputs().map(|output| root.join(&output.path)).collect();
    let damaged = damages(root, &ledger, |_, _| None);
    Ok(FolderState {
        rejects: match &ledger.stored {
            Some(stored) => remote::rejects(root, stored)?,
            None => rejects::find(root)?,
        },
        holder: if store::is_remote(root) {
            remote::holder(root)
        } else {
            lock::holder(&root.join(FOLDER))
        },
        damaged,
        partials,
        unknown: visible
            .into_iter()
            .filter(|path| !known.contains(path))
            .collect(),
        ledger,
    })
}

/// Compares every recorded output with the check sum that it was written with. `watch` is told the
/// size of each file when it is through.
pub fn verify(root: &Path, ledger: &Peek, watch: &mut dyn FnMut(u64)) -> Vec<Damage> {
    damages(root, ledger, |path, output| {
        let read = if store::is_remote(path) {
            store::digest_of(path)
        } else {
            digest_of_file(path).map(|digest| hexadecimal(&digest))
        };
        watch(output.bytes);
        match read {
            Ok(digest) if digest == output.sha256 => None,
            Ok(_) => Some(Flaw::Content),
            Err(error) => Some(Flaw::Unreadable(error.to_string())),
        }
    })
}

/// What is wrong with the outputs; `look_closer` is asked about those that are there and have their
/// size.
fn damages(
    root: &Path,
    ledger: &Peek,
    mut look_closer: impl FnMut(&Path, &super::OutputEntry) -> Option<Flaw>,
) -> Vec<Damage> {
    let mut damages = Vec::new();
    for entry in ledger.entries.values() {
        for output in &entry.outputs {
            let path = root.join(&output.path);
            if let Some(stored) = &ledger.stored {
                let flaw = match stored.get(&output.path) {
                    None => Some(Flaw::Missing),
                    Some(size) if *size == output.bytes => look_closer(&path, output),
                    Some(size) => Some(Flaw::Size {
                        found: *size,
                        written: output.bytes,
                    }),
                };
                damages.extend(flaw.map(|flaw| Damage {
                    shard: entry.shard.clone(),
                    path: output.path.clone(),
                    flaw,
                }));
                continue;
            }
            let flaw = match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() && metadata.len() == output.bytes => {
                    look_closer(&path, output)
                }
                Ok(metadata) if metadata.is_file() => Some(Flaw::Size {
                    found: metadata.len(),
                    written: output.bytes,
                }),
                Ok(_) => Some(Flaw::Missing),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Flaw::Missing),
                Err(error) => Some(Flaw::Unreadable(error.to_string())),
            };
            damages.extend(flaw.map(|flaw| Damage {
                shard: entry.shard.clone(),
                path: output.path.clone(),
                flaw,
            }));
        }
    }
    damages
}
