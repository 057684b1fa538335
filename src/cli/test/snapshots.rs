//! The files that keep what came of tests: in a folder beside the pipeline file, one for each test.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::plan::PlannedTest;

/// The snapshots of one pipeline.
pub(super) struct Snapshots {
    folder: PathBuf,
}

/// What is wrong with a snapshot.
#[derive(Debug)]
pub(super) enum SnapshotDifference {
    /// There is none.
    Missing { path: PathBuf },
    /// There is one, and it cannot be read.
    Unreadable { path: PathBuf, error: io::Error },
    /// Something else came of the test.
    Other {
        path: PathBuf,
        /// The lines of the file.
        expected: Vec<String>,
        /// The lines that it would have now.
        actual: Vec<String>,
    },
}

impl Snapshots {
    /// Those of the pipeline file at `pipeline`: `eda.snapshots` beside `eda.toml`.
    pub(super) fn of(pipeline: &Path) -> Self {
        Self {
            folder: pipeline.with_extension("snapshots"),
        }
    }

    fn path(&self, test: &PlannedTest) -> PathBuf {
        self.folder.join(format!("{}.toml", test.snapshot))
    }

    /// Compares what came of `test` with what is kept.
    pub(super) fn compare(&self, test: &PlannedTest, came: &str) -> Option<SnapshotDifference> {
        let path = self.path(test);
        let kept = match fs::read_to_string(&path) {
            Ok(kept) => kept,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Some(SnapshotDifference::Missing { path });
            }
            Err(error) => return Some(SnapshotDifference::Unreadable { path, error }),
        };
        // By lines: some version control systems write line ends as they like them.
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        let (expected, actual) = (lines(&kept), lines(came));
        (expected != actual).then_some(SnapshotDifference::Other {
            path,
            expected,
            actual,
        })
    }

    /// Keeps what came of `test`, and says whether that is something else than before.
    pub(super) fn keep(&self, test: &PlannedTest, came: &str) -> Result<bool, String> {
        if self.compare(test, came).is_none() {
            return Ok(false);
        }
        let path = self.path(test);
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&path, came));
        match written {
            Ok(()) => Ok(true),
            Err(error) => Err(format!(
                "cannot write the snapshot {}: {error}",
                path.display()
            )),
        }
    }

    /// The snapshots that belong to none of `tests`, by name.
    pub(super) fn unused(&self, tests: &[PlannedTest]) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut unused: Vec<PathBuf> = files
            .map(|file| file.path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .filter(|path| {
                let mut used = tests.iter().filter(|test| test.expect.snapshot);
                !used.any(|test| self.path(test) == *path)
            })
            .collect();
        unused.sort();
        unused
    }
}
