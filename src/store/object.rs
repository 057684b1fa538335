//! An object that is read by ranges, ahead of who reads it.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use object_store::{GetOptions, GetRange, ObjectStore};
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use super::Facts;
use super::client::{Place, place};
use super::held::{AHEAD, BLOCK, blocks_for};
use super::requests::facts_of;
use super::runtime::{explain, persistently, runtime, wait};
use crate::digest::hexadecimal;

/// Bytes at the end of an object that are read together: the footer as a rule.
const TAIL: u64 = 64 << 10;

/// An object as it was when it was opened: should it change, reading fails. Clones share what has
/// been read.
#[derive(Clone)]
pub(crate) struct Object(Arc<Inner>);

struct Inner {
    place: Place,
    facts: Facts,
    tail: OnceLock<Bytes>,
    blocks: Mutex<Blocks>,
    failure: Mutex<Option<io::Error>>,
}

/// The blocks that were read last, or are on their way; those that were asked for last are at the
/// end.
struct Blocks {
    kept: VecDeque<(u64, Block)>,
    capacity: usize,
}

enum Block {
    Coming(JoinHandle<object_store::Result<Bytes>>),
    Here(Bytes),
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Self::Coming(task) = self {
            task.abort();
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("Object")
            .field(&self.0.place.key)
            .finish()
    }
}

impl Object {
    /// Looks at the object `path`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let facts = facts_of(path)?;
        Ok(Self(Arc::new(Inner {
            place: place(path)?,
            facts,
            tail: OnceLock::new(),
            blocks: Mutex::new(Blocks {
                kept: VecDeque::new(),
                capacity: blocks_for(1),
            }),
            failure: Mutex::new(None),
        })))
    }

    /// What the store told of it when it was opened.
    pub(crate) fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// Says how many places of the object are read in turn, so that what is read ahead for one is
    /// not lost to another.
    pub(crate) fn expect_streams(&self, streams: usize) {
        self.blocks().capacity = blocks_for(streams);
    }

    /// Why reading failed, in the words of the store, if it did.
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    /// Bytes of the object, in a request of their own unless they are near the end.
    pub(crate) fn read_exactly(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let end = self.end_of(start, length)?;
        let tail = self.0.facts.bytes.saturating_sub(TAIL);
        if start < tail {
            return self.noting(wait(|| self.0.clone().request(start, end)));
        }
        let bytes = if let Some(bytes) = self.0.tail.get() {
            bytes.clone()
        } else {
            let inner = &self.0;
            let read = wait(|| inner.clone().request(tail, inner.facts.bytes));
            let bytes = self.noting(read)?;
            inner.tail.get_or_init(|| bytes).clone()
        };
        slice(&bytes, start - tail, end - tail)
    }

    /// Bytes of the object from blocks that are read ahead.
    pub(crate) fn ahead(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let end = self.end_of(start, length)?;
        if start >= self.0.facts.bytes.saturating_sub(TAIL) {
            return self.read_exactly(start, length);
        }
        let mut whole = BytesMut::new();
        let mut at = start;
        loop {
            let index = at / BLOCK;
            let block = self.block(index)?;
            let until = end.min((index + 1) * BLOCK);
            let piece = slice(&block, at - index * BLOCK, until - index * BLOCK)?;
            if at == start && until == end {
                return Ok(piece);
            }
            whole.extend_from_slice(&piece);
            at = until;
            if at >= end {
                return Ok(whole.freeze());
            }
        }
    }

    /// The object from `start` on.
    pub(crate) fn stream(&self, start: u64) -> ObjectReader {
        ObjectReader {
            object: self.clone(),
            at: start,
        }
    }

    fn end_of(&self, start: u64, length: usize) -> io::Result<u64> {
        let end = start.saturating_add(length as u64);
        if end > self.0.facts.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(end)
    }

    fn blocks(&self) -> std::sync::MutexGuard<'_, Blocks> {
        self.0.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A block, and those behind it set on their way.
    fn block(&self, index: u64) -> io::Result<Bytes> {
        let last = self.0.facts.bytes.saturating_sub(1) / BLOCK;
        let mut blocks = self.blocks();
        for ahead in index..=last.min(index + AHEAD) {
            if !blocks.kept.iter().any(|(kept, _)| *kept == ahead) {
                let task = self.request_block(ahead)?;
                blocks.kept.push_back((ahead, Block::Coming(task)));
            }
        }
        let place = blocks.kept.iter().position(|(kept, _)| *kept == index);
        let found = place.and_then(|place| blocks.kept.remove(place));
        let Some((_, mut block)) = found else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let bytes = match &mut block {
            Block::Here(bytes) => bytes.clone(),
            Block::Coming(task) => {
                let read = runtime()?.block_on(task).map_err(io::Error::other);
                self.noting(read.and_then(|read| read.map_err(explain)))?
            }
        };
        blocks.kept.push_back((index, Block::Here(bytes.clone())));
        while blocks.kept.len() > blocks.capacity {
            drop(blocks.kept.pop_front());
        }
        Ok(bytes)
    }

    fn request_block(&self, index: u64) -> io::Result<JoinHandle<object_store::Result<Bytes>>> {
        let inner = Arc::clone(&self.0);
        let (start, end) = (index * BLOCK, ((index + 1) * BLOCK).min(inner.facts.bytes));
        Ok(runtime()?.spawn(persistently(move || Arc::clone(&inner).request(start, end))))
    }

    /// The decoder wraps errors in words of its own, so that they are kept for who can name them.
    fn noting<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            let text = error.to_string();
            let mut failure = self
                .0
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *failure = Some(error);
            io::Error::other(text)
        })
    }
}

impl Inner {
    async fn request(self: Arc<Self>, start: u64, end: u64) -> object_store::Result<Bytes> {
        // A weak tag does not stand for the bytes.
        let tag = self
            .facts
            .mark
            .tag
            .clone()
            .filter(|tag| !tag.starts_with("W/"));
        let options = GetOptions {
            range: Some(GetRange::Bounded(start..end)),
            if_match: tag,
            ..GetOptions::default()
        };
        let found = self
            .place
            .client
            .objects
            .get_opts(&self.place.key, options)
            .await?;
        found.bytes().await
    }
}

fn slice(bytes: &Bytes, start: u64, end: u64) -> io::Result<Bytes> {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    match range {
        Some((start, end)) if start <= end && end <= bytes.len() => Ok(bytes.slice(start..end)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Reads an object from some place on.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    object: Object,
    at: u64,
}

impl ObjectReader {
    /// Goes back by so many bytes.
    pub(crate) fn back(&mut self, bytes: u64) {
        self.at = self.at.saturating_sub(bytes);
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.object.facts().bytes.saturating_sub(self.at);
        // Never over the end of a block, so that nothing is copied twice.
        let block = BLOCK - self.at % BLOCK;
        let most = usize::try_from(left.min(block)).unwrap_or(usize::MAX);
        let length = buffer.len().min(most);
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.object.ahead(self.at, length)?;
        if let Some(buffer) = buffer.get_mut(..length) {
            buffer.copy_from_slice(&bytes);
        }
        self.at += length as u64;
        Ok(length)
    }
}

/// The SHA-256 of the object `path`, in hexadecimal, read piece by piece.
pub(crate) fn digest_of(path: &Path) -> io::Result<String> {
    let mut stream = Object::open(path)?.stream(0);
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&digest.finalize())),
            length => digest.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}
