//! Why a folder cannot be worked on, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::sink::io_help;

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
    /// A link stands where a file or folder of the ledger must be.
    #[error("{} is a link, so nothing is written through it", path.display())]
    Link {
        /// The link.
        path: PathBuf,
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
            Self::Link { .. } => "A436",
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
            Self::Link { path } => format!(
                "remove {}, or choose another `path` for the sink; the folder that `path` begins with \
                 may itself be a link",
                path.display()
            ),
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

    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
