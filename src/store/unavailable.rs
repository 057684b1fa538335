//! What stands in for stores in a build without them.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::error::{Kind, StoreError};
use super::{Facts, Mark};

fn refusal() -> io::Error {
    let message = "this build has no object stores".to_owned();
    let kind = Kind::Settings;
    StoreError { kind, message }.into()
}

/// An object, of which this build has none.
#[derive(Debug, Clone)]
pub(crate) struct Object(Infallible);

impl Object {
    pub(crate) fn open(_path: &Path) -> io::Result<Self> {
        Err(refusal())
    }

    pub(crate) fn facts(&self) -> &Facts {
        match self.0 {}
    }

    pub(crate) fn read_exactly(&self, _start: u64, _length: usize) -> io::Result<Bytes> {
        match self.0 {}
    }

    pub(crate) fn stream(&self, _start: u64) -> ObjectReader {
        match self.0 {}
    }

    pub(crate) fn ahead(&self, _start: u64, _length: usize) -> io::Result<Bytes> {
        match self.0 {}
    }

    pub(crate) fn expect_streams(&self, _streams: usize) {
        match self.0 {}
    }

    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        match self.0 {}
    }
}

/// A stream of an object, of which this build has none.
#[derive(Debug)]
pub(crate) struct ObjectReader(Infallible);

impl ObjectReader {
    pub(crate) fn back(&mut self, _bytes: u64) {
        match self.0 {}
    }
}

impl Read for ObjectReader {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

/// An object that grows, of which this build has none.
#[derive(Debug)]
pub(crate) struct Upload(Infallible);

impl Upload {
    pub(crate) fn begin(_path: &Path) -> io::Result<Self> {
        Err(refusal())
    }

    pub(crate) fn settle(&self) -> io::Result<()> {
        match self.0 {}
    }

    pub(crate) fn complete(self, _sha256: &str) -> io::Result<()> {
        match self.0 {}
    }
}

impl Write for Upload {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

pub(crate) fn facts_of(_path: &Path) -> io::Result<Facts> {
    Err(refusal())
}

pub(crate) fn list(_path: &Path) -> io::Result<Vec<(PathBuf, Facts)>> {
    Err(refusal())
}

pub(crate) fn read(_path: &Path) -> io::Result<(Bytes, Facts)> {
    Err(refusal())
}

pub(crate) fn read_all(_paths: &[PathBuf]) -> io::Result<Vec<Bytes>> {
    Err(refusal())
}

pub(crate) fn write(_path: &Path, _bytes: Vec<u8>) -> io::Result<Mark> {
    Err(refusal())
}

pub(crate) fn create(_path: &Path, _bytes: &[u8]) -> io::Result<Mark> {
    Err(refusal())
}

pub(crate) fn replace(_path: &Path, _bytes: &[u8], _mark: &Mark) -> io::Result<Mark> {
    Err(refusal())
}

pub(crate) fn remove(_path: &Path) -> io::Result<()> {
    Err(refusal())
}

pub(crate) fn digest_of(_path: &Path) -> io::Result<String> {
    Err(refusal())
}
