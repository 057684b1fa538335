//! What can go wrong while an output file is written.

use std::io;
use std::path::{Path, PathBuf};

use crate::store;

/// Why an output file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The operating system refused to create, write, sync or rename a file.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Something that is not a folder stands where a folder must be.
    #[error("{} is not a folder, so {} cannot be written", obstacle.display(), path.display())]
    NotFolder {
        /// What stands in the way.
        obstacle: PathBuf,
        /// The file that was to be written.
        path: PathBuf,
    },
    /// A folder stands where a file must be.
    #[error("{} is a folder, so no file of that name can be written", path.display())]
    IsFolder {
        /// The folder.
        path: PathBuf,
    },
    /// An output would not lie below the folder of its sink.
    #[error("{} does not lie below {}", path.display(), root.display())]
    LeadsOut {
        /// The folder of the sink.
        root: PathBuf,
        /// Where the output would go.
        path: PathBuf,
    },
    /// A link stands where a folder must be, so that an output would go elsewhere.
    #[error("{} is a link, so nothing is written through it", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The rows could not be encoded.
    #[error("cannot encode rows for {}: {message}", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What the writer said.
        message: String,
    },
}

impl SinkError {
    /// Stable code of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "A420",
            Self::NotFolder { .. } => "A421",
            Self::IsFolder { .. } => "A422",
            Self::Encode { .. } => "A423",
            Self::LeadsOut { .. } => "A424",
            Self::Link { .. } => "A425",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Io { source, .. } => io_help(source).to_owned(),
            Self::NotFolder { obstacle, .. } => {
                format!("move {} away, or choose another `path`", obstacle.display())
            }
            Self::IsFolder { path } => {
                format!("move {} away, or choose another `path`", path.display())
            }
            Self::LeadsOut { .. } => {
                "rename the shard: outputs are called as shards are, and have to lie below the folder \
                 that the sink's `path` begins with"
                    .to_owned()
            }
            Self::Link { path } => format!(
                "put a folder in place of {}, or choose another `path`; the folder that `path` begins \
                 with may itself be a link",
                path.display()
            ),
            Self::Encode { .. } => {
                "Parquet cannot hold this column: drop or cast it before the run".to_owned()
            }
        }
    }

    /// The error for an operation on `path` that failed with `source`.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// The remedy for what the operating system refused while writing.
pub(crate) fn io_help(error: &io::Error) -> &'static str {
    if let Some(help) = store::help(error) {
        return help;
    }
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space and run again: finished shards are kept"
        }
        io::ErrorKind::PermissionDenied => {
            "make the folder writable for this user, or choose another `path`"
        }
        io::ErrorKind::ReadOnlyFilesystem => "choose a `path` on a file system that can be written",
        io::ErrorKind::InvalidFilename => "choose a shorter `path`, or shorter names of shards",
        io::ErrorKind::NotFound => "do not remove files from the output folder during a run",
        _ => "mend the file system and run again: finished shards are kept",
    }
}
