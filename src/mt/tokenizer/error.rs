//! What can be wrong with the files of a tokenizer.

use std::io;
use std::path::PathBuf;

/// Why a tokenizer could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// Neither the files of sentencepiece nor a `tokenizer.json` are there.
    #[error(
        "{} has no {missing}, and no tokenizer.json in their place: a MarianMT folder has \
         source.spm, target.spm and vocab.json; copy them from where the model was published",
        folder.display()
    )]
    Missing {
        /// The folder that was looked into.
        folder: PathBuf,
        /// The files that it lacks, separated by commas.
        missing: String,
    },
    /// The operating system refused to read a file.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{file} cannot be used: {message}; fetch the model again if the file may be damaged")]
    Invalid {
        /// The name of the file, as `source.spm`.
        file: &'static str,
        /// What was expected, and what was found.
        message: String,
    },
}

impl TokenizerError {
    pub(super) fn invalid(file: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            file,
            message: message.into(),
        }
    }
}
