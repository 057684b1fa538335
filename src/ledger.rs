//! The record of what is finished in an output folder.
//!
//! `<root>/.augment/ledger.jsonl` has one JSON object a line: first a header with the format and
//! the fingerprint of the run, then one [`Entry`] for each finished shard, written after all
//! outputs of the shard have their final names. A run that is killed between the two writes the
//! outputs again, with the same bytes. There are no times and no names of machines in the ledger:
//! when a run is complete, [`Ledger::seal`] sorts it, and the whole folder has the same bytes
//! whatever happened on the way.
//!
//! `<root>/.augment/lock` is locked while a run works on the folder.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::counters::Counts;
use crate::sink::{PARTIAL_SUFFIX, io_help, obstacle, sync_folder};

/// The version of the ledger's format.
const FORMAT: u32 = 1;

/// The folder, below the root, that the ledger lies in.
const FOLDER: &str = ".augment";

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

/// What a shard's file looked like when it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Rows in it.
    pub rows: u64,
}

impl Input {
    /// The fingerprint of an input file.
    pub fn new(bytes: u64, modified: SystemTime, rows: u64) -> Self {
        let nanoseconds =
            |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        let modified_ns = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => nanoseconds(after),
            Err(before) => -nanoseconds(before.duration()),
        };
        Self {
            bytes,
            modified_ns,
            rows,
        }
    }
}

/// A finished output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputEntry {
    /// Its path relative to the root, with `/` between its parts.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A finished shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The id of the source and the relative path of the shard: `train/part-0.parquet`.
    pub shard: String,
    /// What its file looked like.
    pub input: Input,
    /// What was written for it.
    pub outputs: Vec<OutputEntry>,
    /// What the operators counted, by their ids.
    pub counts: BTreeMap<String, Counts>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    fingerprint: String,
}

/// Why a folder cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Something that is not a folder stands where the output folder must be.
    #[error("{} is not a folder", path.display())]
    NotFolder {
        /// What stands in the way.
        path: PathBuf,
    },
    /// The operating system refused to read or write a file.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Another run works on the folder.
    #[error("another run is writing to {}{}", root.display(), holder.as_deref().unwrap_or_default())]
    Locked {
        /// The output folder.
        root: PathBuf,
        /// Who it is, as far as is known, in brackets.
        holder: Option<String>,
    },
    /// The folder holds the output of another pipeline, seed or version.
    #[error("{} holds the output of another pipeline", root.display())]
    OtherPipeline {
        /// The output folder.
        root: PathBuf,
        /// The fingerprint in the ledger.
        found: String,
        /// The fingerprint of this run.
        expected: String,
    },
    /// The ledger cannot be read.
    #[error("line {line} of {} cannot be read: {message}", path.display())]
    Corrupt {
        /// The ledger.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// Files that augment did not write stand where outputs would go.
    #[error("{} exists and was not written by augment{}", first.display(), others(*more))]
    Foreign {
        /// The first such file.
        first: PathBuf,
        /// How many more there are.
        more: usize,
    },
}

fn others(more: usize) -> String {
    match more {
        0 => String::new(),
        more => format!(" (nor were {more} more)"),
    }
}

impl LedgerError {
    /// Stable code of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFolder { .. } => "A430",
            Self::Io { .. } => "A431",
            Self::Locked { .. } => "A432",
            Self::OtherPipeline { .. } => "A433",
            Self::Corrupt { .. } => "A434",
            Self::Foreign { .. } => "A435",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotFolder { path } => {
                format!(
                    "move {} away, or choose another `path` for the sink",
                    path.display()
                )
            }
            Self::Io { source, .. } => io_help(source).to_owned(),
            Self::Locked { .. } => {
                "wait until it has ended, or choose another `path` for the sink".to_owned()
            }
            Self::OtherPipeline { .. } => {
                "choose another `path` for the sink; --fresh starts over and replaces the files, \
                 --force keeps what is finished as if this pipeline had written it"
                    .to_owned()
            }
            Self::Corrupt { .. } => "--fresh forgets what is finished and does it again".to_owned(),
            Self::Foreign { .. } => {
                "choose another `path` for the sink; --fresh or --force replaces the files"
                    .to_owned()
            }
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// The ledger of an output folder, and the lock on it. Dropping it frees the lock.
#[derive(Debug)]
pub struct Ledger {
    root: PathBuf,
    path: PathBuf,
    fingerprint: String,
    mode: Mode,
    lock: File,
    /// The ledger, open at its end; nothing before the first line is written.
    file: Option<File>,
    entries: BTreeMap<String, Entry>,
}

impl Ledger {
    /// Locks the output folder `root`, which is created if need be, reads its ledger, and removes
    /// unfinished outputs of runs that were killed. With [`Mode::Fresh`] the ledger is emptied;
    /// otherwise nothing is written to it before [`Ledger::claim`].
    ///
    /// # Errors
    /// When the folder cannot be written, is in use, or holds the output of another pipeline.
    pub fn open(root: &Path, fingerprint: &str, mode: Mode) -> Result<Self, LedgerError> {
        let folder = root.join(FOLDER);
        fs::create_dir_all(&folder).map_err(|error| match obstacle(&folder) {
            Some(path) => LedgerError::NotFolder { path },
            None => LedgerError::io(&folder, error),
        })?;
        let lock = lock(root, &folder.join("lock"))?;
        let path = folder.join("ledger.jsonl");
        let mut ledger = Self {
            root: root.to_owned(),
            path,
            fingerprint: fingerprint.to_owned(),
            mode,
            lock,
            file: None,
            entries: BTreeMap::new(),
        };
        if mode == Mode::Fresh {
            ledger.rewrite([])?;
        } else {
            ledger.load()?;
        }
        remove_partials(root, true).map_err(|error| LedgerError::io(root, error))?;
        Ok(ledger)
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
        if self.file.is_some() {
            return Ok(());
        }
        if self.mode == Mode::Resume {
            let mut existing = targets.into_iter().filter(|target| target.exists());
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
            .filter(|entry| entry.input == *input)?;
        let intact = |output: &OutputEntry| {
            fs::metadata(self.root.join(&output.path))
                .is_ok_and(|metadata| metadata.is_file() && metadata.len() == output.bytes)
        };
        entry.outputs.iter().all(intact).then_some(entry)
    }

    /// Records a finished shard, and waits until the record is on its device.
    ///
    /// # Errors
    /// When the ledger cannot be written. The shard then counts as not finished.
    pub fn append(&mut self, entry: Entry) -> Result<(), LedgerError> {
        if self.file.is_none() {
            self.rewrite([])?;
        }
        if let Some(file) = &mut self.file {
            append_line(file, &entry).map_err(|error| LedgerError::io(&self.path, error))?;
        }
        self.entries.insert(entry.shard.clone(), entry);
        Ok(())
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
        self.rewrite(shards)
    }

    /// All entries, by the name of the shard.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
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
        let io_error = |error| LedgerError::io(&self.path, error);
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error(error)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_error)?;
        let complete = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut lines = bytes
            .get(..complete)
            .unwrap_or_default()
            .split_inclusive(|&b| b == b'\n');

        let corrupt = |line: usize, error: serde_json::Error| LedgerError::Corrupt {
            path: self.path.clone(),
            line,
            message: error.to_string(),
        };
        let header: Header = serde_json::from_slice(lines.next().unwrap_or_default())
            .map_err(|error| corrupt(1, error))?;
        if (header.format, &header.fingerprint) != (FORMAT, &self.fingerprint)
            && self.mode != Mode::Force
        {
            return Err(LedgerError::OtherPipeline {
                root: self.root.clone(),
                found: header.fingerprint,
                expected: self.fingerprint.clone(),
            });
        }
        let mut entries = BTreeMap::new();
        for (position, line) in lines.enumerate() {
            let entry: Entry =
                serde_json::from_slice(line).map_err(|error| corrupt(position + 2, error))?;
            entries.insert(entry.shard.clone(), entry);
        }
        self.entries = entries;
        if header.fingerprint != self.fingerprint || header.format != FORMAT {
            return self.rewrite([]);
        }
        let io_error = |error| LedgerError::io(&self.path, error);
        file.set_len(complete as u64).map_err(io_error)?;
        file.seek(SeekFrom::End(0)).map_err(io_error)?;
        self.file = Some(file);
        Ok(())
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
            let mut file = File::create(&temporary)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
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

impl Drop for Ledger {
    fn drop(&mut self) {
        // The name of the holder is not part of the output.
        drop(self.lock.set_len(0));
    }
}

/// Adds a line to the file, or leaves it as it was.
fn append_line(file: &mut File, entry: &Entry) -> io::Result<()> {
    let end = file.stream_position()?;
    let line = line_of(entry)?;
    file.write_all(&line)
        .and_then(|()| file.sync_data())
        .inspect_err(|_| {
            // Should this fail as well, the next run removes the rest of the line.
            drop(
                file.set_len(end)
                    .and_then(|()| file.seek(SeekFrom::Start(end))),
            );
        })
}

fn line_of(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Locks the file at `path` and writes into it who holds the lock.
fn lock(root: &Path, path: &Path) -> Result<File, LedgerError> {
    let io_error = |error| LedgerError::io(path, error);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            // Where a locked file cannot be read, the holder is not known.
            let holder = fs::read_to_string(path)
                .ok()
                .filter(|holder| !holder.is_empty());
            let holder = holder.map(|holder| format!(" ({})", holder.trim()));
            return Err(LedgerError::Locked {
                root: root.to_owned(),
                holder,
            });
        }
        // Some network file systems have no locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(io_error(error)),
    }
    file.set_len(0).map_err(io_error)?;
    file.write_all(format!("process {}", std::process::id()).as_bytes())
        .map_err(io_error)?;
    Ok(file)
}

/// Removes unfinished outputs in `folder` and below. Folders with a ledger of their own are left
/// to their own runs, hidden folders and links alone.
fn remove_partials(folder: &Path, is_root: bool) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(root: &Path, shard: &str) -> Entry {
        let path = format!("{shard}.out");
        fs::create_dir_all(root.join(&path).parent().unwrap()).unwrap();
        fs::write(root.join(&path), shard).unwrap();
        Entry {
            shard: shard.to_owned(),
            input: Input {
                bytes: 10,
                modified_ns: 1_700_000_000_123_456_789,
                rows: 3,
            },
            outputs: vec![OutputEntry {
                path,
                rows: 3,
                bytes: shard.len() as u64,
                sha256: "00".to_owned(),
            }],
            counts: BTreeMap::from([(
                "deletion".to_owned(),
                Counts {
                    rows_in: 3,
                    ..Counts::default()
                },
            )]),
        }
    }

    fn open(root: &Path) -> Result<Ledger, LedgerError> {
        Ledger::open(root, "print", Mode::Resume)
    }

    fn bytes(root: &Path) -> Vec<u8> {
        fs::read(root.join(".augment/ledger.jsonl")).unwrap()
    }

    #[test]
    fn finished_shards_are_found_again() {
        let root = tempfile::tempdir().unwrap();
        let root = &root.path().join("deep/out");
        let first = entry(root, "train/a");
        let mut ledger = open(root).unwrap();
        assert_eq!(ledger.committed("train/a", &first.input), None);
        ledger.append(first.clone()).unwrap();
        drop(ledger);

        let ledger = open(root).unwrap();
        assert_eq!(ledger.committed("train/a", &first.input), Some(&first));
        assert_eq!(ledger.committed("train/b", &first.input), None);
        let touched = Input {
            modified_ns: 1,
            ..first.input.clone()
        };
        assert_eq!(ledger.committed("train/a", &touched), None);
        fs::write(root.join("train/a.out"), "cut").unwrap();
        assert_eq!(ledger.committed("train/a", &first.input), None);
        fs::remove_file(root.join("train/a.out")).unwrap();
        assert_eq!(ledger.committed("train/a", &first.input), None);
    }

    #[test]
    fn a_torn_last_line_is_forgotten() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (a, b) = (entry(root, "a"), entry(root, "b"));
        let mut ledger = open(root).unwrap();
        ledger.append(a.clone()).unwrap();
        let kept = bytes(root);
        ledger.append(b.clone()).unwrap();
        drop(ledger);
        let whole = bytes(root);
        for length in kept.len()..whole.len() {
            fs::write(root.join(".augment/ledger.jsonl"), &whole[..length]).unwrap();
            let mut ledger = open(root).unwrap();
            assert!(ledger.committed("a", &a.input).is_some());
            assert!(ledger.committed("b", &b.input).is_none());
            ledger.append(b.clone()).unwrap();
            drop(ledger);
            assert_eq!(bytes(root), whole);
        }
    }

    #[test]
    fn a_damaged_line_is_named() {
        let root = tempfile::tempdir().unwrap();
        let mut ledger = open(root.path()).unwrap();
        ledger.append(entry(root.path(), "a")).unwrap();
        ledger.append(entry(root.path(), "b")).unwrap();
        drop(ledger);
        let text = String::from_utf8(bytes(root.path())).unwrap();
        let damaged = text.replacen("\"rows\":3", "\"rows\":?", 1);
        fs::write(root.path().join(".augment/ledger.jsonl"), damaged).unwrap();
        let error = open(root.path()).unwrap_err();
        assert_eq!(error.code(), "A434");
        assert!(error.to_string().contains("line 2 of"), "{error}");
        assert!(error.help().contains("--fresh"));
        assert_eq!(
            Ledger::open(root.path(), "print", Mode::Fresh)
                .unwrap()
                .entries()
                .count(),
            0
        );
    }

    #[test]
    fn sealing_forgets_the_order_of_commits() {
        let sealed = |order: [&str; 3]| {
            let root = tempfile::tempdir().unwrap();
            let mut ledger = open(root.path()).unwrap();
            for shard in order {
                ledger.append(entry(root.path(), shard)).unwrap();
            }
            ledger.seal(["c", "a"]).unwrap();
            // The ledger goes on after it is sealed.
            ledger.append(entry(root.path(), "d")).unwrap();
            ledger.seal(["c", "a"]).unwrap();
            drop(ledger);
            assert_eq!(open(root.path()).unwrap().entries().count(), 4);
            assert_eq!(
                fs::read(root.path().join(".augment/lock")).unwrap().len(),
                0
            );
            bytes(root.path())
        };
        let one = sealed(["a", "b", "c"]);
        assert_eq!(one, sealed(["c", "b", "a"]));
        let shards: Vec<_> = one
            .split_inclusive(|&byte| byte == b'\n')
            .skip(1)
            .map(|line| serde_json::from_slice::<Entry>(line).unwrap().shard)
            .collect();
        assert_eq!(shards, ["c", "a", "b", "d"]);
    }

    #[test]
    fn another_pipeline_is_refused_unless_forced() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let a = entry(root, "a");
        let mut ledger = open(root).unwrap();
        ledger.append(a.clone()).unwrap();
        drop(ledger);
        let error = Ledger::open(root, "other", Mode::Resume).unwrap_err();
        assert_eq!(error.code(), "A433");
        assert!(error.help().contains("--fresh") && error.help().contains("--force"));

        let ledger = Ledger::open(root, "other", Mode::Force).unwrap();
        assert!(ledger.committed("a", &a.input).is_some());
        drop(ledger);
        assert!(Ledger::open(root, "other", Mode::Resume).is_ok());
        let ledger = Ledger::open(root, "third", Mode::Fresh).unwrap();
        assert!(ledger.committed("a", &a.input).is_none());
        drop(ledger);
        assert!(Ledger::open(root, "third", Mode::Resume).is_ok());
    }

    #[test]
    fn foreign_files_are_not_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let targets = [root.path().join("a.parquet"), root.path().join("b.parquet")];
        let all = || targets.iter().map(PathBuf::as_path);
        fs::write(&targets[1], "mine").unwrap();
        let error = open(root.path()).unwrap().claim(all()).unwrap_err();
        assert!(matches!(&error, LedgerError::Foreign { first, more: 0 } if *first == targets[1]));
        // Asking again does not make it right.
        assert!(open(root.path()).unwrap().claim(all()).is_err());
        Ledger::open(root.path(), "print", Mode::Force)
            .unwrap()
            .claim(all())
            .unwrap();
        // From now on the folder is ours: a file without an entry is from a run that was killed.
        open(root.path()).unwrap().claim(all()).unwrap();
    }

    #[test]
    fn two_runs_do_not_share_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let ledger = open(root.path()).unwrap();
        let error = open(root.path()).unwrap_err();
        assert_eq!(error.code(), "A432");
        if cfg!(unix) {
            let holder = format!("(process {})", std::process::id());
            assert!(error.to_string().ends_with(&holder), "{error}");
        }
        drop(ledger);
        assert!(open(root.path()).is_ok());
    }

    #[test]
    fn unfinished_outputs_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let partial = |folder: &str| {
            let path = root.path().join(folder).join(".a.parquet.augment-partial");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        let stale = [partial("."), partial("sub/sub")];
        fs::create_dir_all(root.path().join("other/.augment")).unwrap();
        let kept = [partial("other"), partial(".git")];
        drop(open(root.path()).unwrap());
        assert!(stale.iter().all(|path| !path.exists()));
        assert!(kept.iter().all(|path| path.exists()));
    }

    #[test]
    fn a_root_that_is_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        fs::write(&file, "").unwrap();
        for root in [file.clone(), file.join("sub")] {
            let error = open(&root).unwrap_err();
            assert!(
                matches!(&error, LedgerError::NotFolder { path } if *path == file),
                "{error}"
            );
            assert!(error.help().contains("move"));
        }
    }
}
