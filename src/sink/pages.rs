//! Pages of the row group in progress, beyond what may stay in memory, wait in a file.
//!
//! A row group is written column by column, and rows come row by row: its pages have to wait until
//! it is complete. Where they wait changes nothing about the output.

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::arrow::arrow_writer::{PageKey, PageStore, PageStoreArgs, PageStoreFactory};
use parquet::errors::{ParquetError, Result};

use super::file::{create_anew, partial_path};
use crate::store;

/// Headers of pages, which are smaller than this, stay in memory: a read for each would take longer
/// than it saves memory.
const SMALL: usize = 1 << 10;

/// Where the pages of one output file wait.
#[derive(Clone)]
pub(super) struct WaitingPages(Arc<Mutex<Room>>);

/// The room for pages, in memory and in the file.
struct Room {
    /// Bytes of pages in memory, at most.
    most_held: usize,
    held: usize,
    path: PathBuf,
    /// It is made when it is first needed.
    file: Option<Unlinked>,
    /// Bytes of pages in the file.
    waiting: u64,
    /// Where the next page goes.
    end: u64,
}

impl WaitingPages {
    /// Room for the pages of the file that will stand at `target`: so many bytes in memory.
    pub(super) fn new(target: &Path, most_held: usize) -> Self {
        Self(Arc::new(Mutex::new(Room {
            most_held,
            held: 0,
            path: path_for(target),
            file: None,
            waiting: 0,
            end: 0,
        })))
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WaitingPages {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WaitingPages")
    }
}

impl PageStoreFactory for WaitingPages {
    fn create(&self, _column: &PageStoreArgs<'_>) -> Result<Box<dyn PageStore>> {
        Ok(Box::new(ColumnPages {
            all: self.clone(),
            pages: Vec::new(),
        }))
    }
}

impl Room {
    fn put(&mut self, page: Bytes) -> io::Result<Page> {
        let length = page.len();
        if length < SMALL || self.held.saturating_add(length) <= self.most_held {
            self.held = self.held.saturating_add(length);
            return Ok(Page::Held(page));
        }
        let start = self.end;
        let file = self.file()?;
        file.seek(SeekFrom::Start(start))?;
        file.write_all(&page)?;
        self.end += length as u64;
        self.waiting += length as u64;
        Ok(Page::Waiting { start, length })
    }

    fn take(&mut self, page: Page) -> io::Result<Bytes> {
        let (start, length) = match page {
            Page::Held(bytes) => {
                self.held = self.held.saturating_sub(bytes.len());
                return Ok(bytes);
            }
            Page::Waiting { start, length } => (start, length),
        };
        let file = self.file()?;
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes)?;
        self.forget(length);
        Ok(Bytes::from(bytes))
    }

    /// A page in the file is not needed any more. When none is, its space is used again.
    fn forget(&mut self, length: usize) {
        self.waiting = self.waiting.saturating_sub(length as u64);
        if self.waiting == 0 {
            self.end = 0;
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => Unlinked::create(&self.path)?,
        };
        Ok(&mut self.file.insert(file).file)
    }
}

/// Where pages of `target` wait: beside it, or, where that is in a store, among the temporary files.
fn path_for(target: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    if store::is_remote(target) {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        return env::temp_dir().join(format!("augment-{}-{number}.pages", process::id()));
    }
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".pages");
    partial_path(&target.with_file_name(name))
}

/// A page.
enum Page {
    Held(Bytes),
    Waiting { start: u64, length: usize },
}

/// The pages of one column of the row group in progress.
struct ColumnPages {
    all: WaitingPages,
    pages: Vec<Option<Page>>,
}

impl PageStore for ColumnPages {
    fn put(&mut self, page: Bytes) -> Result<PageKey> {
        let page = self.all.room().put(page)?;
        let key = PageKey::new(self.pages.len() as u64);
        self.pages.push(Some(page));
        Ok(key)
    }

    fn take(&mut self, key: PageKey) -> Result<Bytes> {
        let place = usize::try_from(key.get()).unwrap_or(usize::MAX);
        let page = self.pages.get_mut(place).and_then(Option::take);
        let page =
            page.ok_or_else(|| ParquetError::General(format!("there is no page {place}")))?;
        Ok(self.all.room().take(page)?)
    }

    fn memory_size(&self) -> usize {
        let held = |page: &Option<Page>| match page {
            Some(Page::Held(bytes)) => bytes.len(),
            _ => 0,
        };
        self.pages.iter().map(held).sum()
    }
}

impl Drop for ColumnPages {
    fn drop(&mut self) {
        let mut room = self.all.room();
        for page in self.pages.drain(..).flatten() {
            match page {
                Page::Held(bytes) => room.held = room.held.saturating_sub(bytes.len()),
                Page::Waiting { length, .. } => room.forget(length),
            }
        }
    }
}

/// A file without a name, where the system can do that: it goes with the process. Elsewhere it is
/// removed in the end, and has a name by which the next run knows it for a leftover.
struct Unlinked {
    file: File,
    left: Option<PathBuf>,
}

impl Unlinked {
    fn create(path: &Path) -> io::Result<Self> {
        let file = create_anew(path)?;
        let left = fs::remove_file(path).err().map(|_| path.to_owned());
        Ok(Self { file, left })
    }
}

impl Drop for Unlinked {
    fn drop(&mut self) {
        if let Some(path) = &self.left {
            // If it cannot be removed while it is open, the next run removes it.
            drop(fs::remove_file(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(all: &WaitingPages) -> ColumnPages {
        ColumnPages {
            all: all.clone(),
            pages: Vec::new(),
        }
    }

    #[test]
    fn pages_come_back_from_memory_and_from_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let all = WaitingPages::new(&folder.path().join("a.parquet"), 3_000);
        for _ in 0..2 {
            let (mut one, mut other) = (column(&all), column(&all));
            let page = |byte: u8| Bytes::from(vec![byte; 2_000]);
            let first = one.put(page(1)).unwrap();
            let header = other.put(Bytes::from_static(b"header")).unwrap();
            let second = other.put(page(2)).unwrap();
            let third = one.put(page(3)).unwrap();
            assert_eq!((one.memory_size(), other.memory_size()), (2_000, 6));
            let used = |room: &Room| (room.held, room.waiting);
            assert_eq!(used(&all.room()), (2_006, 4_000));
            // The file has no name.
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
            assert_eq!(one.take(third).unwrap(), page(3));
            assert_eq!(other.take(second).unwrap(), page(2));
            assert_eq!(other.take(header).unwrap(), "header");
            assert_eq!(one.take(first).unwrap(), page(1));
            assert!(one.take(first).is_err());
            let room = all.room();
            assert_eq!((room.held, room.waiting, room.end), (0, 0, 0));
        }
    }

    #[test]
    fn pages_of_an_output_in_a_store_wait_on_this_machine() {
        let target = Path::new("s3://bucket/a.parquet");
        let (one, other) = (path_for(target), path_for(target));
        assert_ne!(one, other);
        assert_eq!(one.parent(), other.parent());
        assert_eq!(one.parent(), Some(env::temp_dir().as_path()));
    }

    #[test]
    fn pages_that_are_not_wanted_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let all = WaitingPages::new(&folder.path().join("a.parquet"), 3_000);
        let mut column = column(&all);
        for _ in 0..3 {
            column.put(Bytes::from(vec![0; 2_000])).unwrap();
        }
        drop(column);
        let room = all.room();
        assert_eq!((room.held, room.waiting, room.end), (0, 0, 0));
    }
}
