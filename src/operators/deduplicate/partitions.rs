//! Keys on disk, equal ones in the same file, so that each file can be looked through by itself.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::duplicates::Duplicates;
use super::keys::Key;
use crate::prelude::*;

/// How much memory and how many files are used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Keys held at a time, by all threads together.
    pub(super) held: usize,
    /// Keys that a file is meant to have, if there are not too many.
    pub(super) in_file: u64,
    /// Files, at most.
    pub(super) files: u64,
    /// Bytes that wait to be written, in all files together.
    pub(super) waiting: usize,
}

impl Limits {
    /// A key takes 33 bytes in a table at most half of which is unused, and half as many while it
    /// grows: some 200 MB. Another 64 MB wait to be written.
    pub(super) const USUAL: Self = Self {
        held: 2 << 20,
        in_file: 1 << 16,
        files: 4096,
        waiting: 64 << 20,
    };
}

/// Keys, each with the row that has it.
pub(super) struct Partitions<K> {
    limits: Limits,
    files: Vec<Partition>,
    /// The most keys that were held at a time by one thread.
    most_held: AtomicUsize,
    key: PhantomData<K>,
}

struct Partition {
    path: PathBuf,
    /// What waits to be written. Files are opened to write a piece and closed again, because there
    /// may be more of them than a process may have open.
    waiting: Mutex<Vec<u8>>,
}

/// More different keys were found than may be held.
struct Full;

impl<K: Key> Partitions<K> {
    /// Bytes of a key and its row.
    const RECORD: usize = K::BYTES + 8;

    /// Files in `folder` for about so many keys.
    pub(super) fn new(folder: &Path, keys: u64, limits: Limits) -> Self {
        let files = keys
            .div_ceil(limits.in_file.max(1))
            .clamp(1, limits.files.max(1));
        let partition = |number: u64| Partition {
            path: folder.join(format!("keys-{number:04}")),
            waiting: Mutex::default(),
        };
        Self {
            limits,
            files: (0..files).map(partition).collect(),
            most_held: AtomicUsize::new(0),
            key: PhantomData,
        }
    }

    /// Adds keys with their rows.
    pub(super) fn add(&self, keys: impl Iterator<Item = (K, u64)>) -> Result<(), OperatorError> {
        let mut parts: Vec<Vec<u8>> = vec![Vec::new(); self.files.len()];
        for (key, row) in keys {
            // The upper half decides on the file; the lower is left for when it has to be cut.
            let file = ((key.low() >> 32) * self.files.len() as u64) >> 32;
            let part = usize::try_from(file)
                .ok()
                .and_then(|file| parts.get_mut(file));
            if let Some(part) = part {
                key.write(part);
                part.extend_from_slice(&row.to_le_bytes());
            }
        }
        let most = (self.limits.waiting / self.files.len()).max(Self::RECORD);
        for (file, part) in self.files.iter().zip(parts) {
            if part.is_empty() {
                continue;
            }
            let mut waiting = file.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.extend_from_slice(&part);
            if waiting.len() >= most {
                file.write(&mut waiting)?;
            }
        }
        Ok(())
    }

    /// Marks every row that has a key in common with one before it; answers whether that was
    /// finished.
    pub(super) fn resolve(
        &self,
        duplicates: &Duplicates,
        threads: usize,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool, OperatorError> {
        for file in &self.files {
            let mut waiting = file.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            file.write(&mut waiting)?;
        }
        // No more threads than have room for a file each, with some to spare.
        let largest = self.files.iter().map(|file| file.keys(Self::RECORD)).max();
        let room = largest.unwrap_or_default().saturating_mul(5) / 4;
        let threads = threads.clamp(1, (self.limits.held / room.max(1)).max(1));
        let held = (self.limits.held / threads).max(1);
        let next = AtomicUsize::new(0);
        let failure = Mutex::new(None);
        thread::scope(|scope| {
            for _ in 0..threads.min(self.files.len()) {
                scope.spawn(|| {
                    while let Some(file) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if stopped() {
                            return;
                        }
                        if let Err(error) = self.resolve_file(file, held, duplicates) {
                            let mut failure =
                                failure.lock().unwrap_or_else(PoisonError::into_inner);
                            failure.get_or_insert(error);
                            return;
                        }
                    }
                });
            }
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(!stopped()),
        }
    }

    /// Looks through a file, in so many goes as it takes to hold no more than `held` keys.
    fn resolve_file(
        &self,
        file: &Partition,
        held: usize,
        duplicates: &Duplicates,
    ) -> Result<(), OperatorError> {
        let mut goes = 1;
        // What was marked stays right, however often it is done.
        while (0..goes)
            .map(|go| self.resolve_part(file, go, goes, held, duplicates))
            .collect::<Result<Result<Vec<()>, Full>, OperatorError>>()?
            .is_err()
        {
            goes *= 2;
        }
        Ok(())
    }

    /// Looks at the keys of a file whose turn it is in this go.
    fn resolve_part(
        &self,
        file: &Partition,
        go: u64,
        goes: u64,
        held: usize,
        duplicates: &Duplicates,
    ) -> Result<Result<(), Full>, OperatorError> {
        let Some(mut reader) = file.open()? else {
            return Ok(Ok(()));
        };
        let mut first_rows: HashMap<K, u64> = HashMap::new();
        let mut record = vec![0; Self::RECORD];
        while file.read(&mut reader, &mut record)? {
            let (key, row) = record.split_at(K::BYTES);
            let (key, row) = (K::read(key), <u64 as Key>::read(row));
            // The lowest 32 bits: the others decided on the file.
            if (key.low() & 0xffff_ffff) % goes != go {
                continue;
            }
            if let Some(first) = first_rows.get_mut(&key) {
                duplicates.mark(row.max(*first));
                *first = row.min(*first);
            } else if first_rows.len() < held {
                first_rows.insert(key, row);
            } else {
                return Ok(Err(Full));
            }
        }
        self.most_held
            .fetch_max(first_rows.len(), Ordering::Relaxed);
        Ok(Ok(()))
    }

    /// The most keys that were held at a time by one thread, and the number of files.
    #[cfg(test)]
    pub(super) fn figures(&self) -> (usize, usize) {
        (self.most_held.load(Ordering::Relaxed), self.files.len())
    }
}

impl Partition {
    /// Writes what waits.
    fn write(&self, waiting: &mut Vec<u8>) -> Result<(), OperatorError> {
        if waiting.is_empty() {
            return Ok(());
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path);
        file.and_then(|mut file| file.write_all(waiting))
            .map_err(|error| self.failed("written", &error))?;
        waiting.clear();
        Ok(())
    }

    /// The file, if anything was written to it.
    fn open(&self) -> Result<Option<BufReader<File>>, OperatorError> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(BufReader::with_capacity(1 << 16, file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Reads the next record, if there is one.
    fn read(&self, reader: &mut impl Read, record: &mut [u8]) -> Result<bool, OperatorError> {
        match reader.read_exact(record) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// How many records were written.
    fn keys(&self, record: usize) -> usize {
        let bytes = fs::metadata(&self.path).map_or(0, |status| status.len());
        usize::try_from(bytes).unwrap_or(usize::MAX) / record
    }

    fn failed(&self, done: &str, error: &std::io::Error) -> OperatorError {
        let message = format!(
            "{} cannot be {done}: {error}; there has to be room for what rows are compared by, or \
             `scope = \"shard\"` needs none",
            self.path.display()
        );
        OperatorError::Other(message)
    }
}
