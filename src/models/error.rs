//! Why a model cannot be had.

use std::io;
use std::path::PathBuf;

/// Why a reference leads to no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The program has no such model.
    #[error("there is no built-in model `{name}`: there {}", there_are(known))]
    UnknownBuiltin {
        /// The name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// The folder is not there.
    #[error("the model folder `{}` does not exist", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
        /// The name, of those in the folder that it should be in, most like it.
        nearest: Option<String>,
    },
    /// A file stands where the folder should be.
    #[error("{} is a file, and a model is a folder", path.display())]
    NotFolder {
        /// The file.
        path: PathBuf,
    },
    /// The folder or repository has no weights that could be used.
    #[error(
        "{place} has no weights to use: expected {expected}, found {}",
        list(found)
    )]
    NoWeights {
        /// The folder or repository.
        place: String,
        /// What was looked for.
        expected: String,
        /// The files that are there.
        found: Vec<String>,
    },
    /// The folder or repository has no file of this name.
    #[error("{place} has no {name}: it has {}", list(found))]
    NoFile {
        /// The folder or repository.
        place: String,
        /// The file.
        name: String,
        /// The files that are there.
        found: Vec<String>,
    },
    /// The operating system refused to read a file.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The model was never fetched, and must not be now.
    #[error("{reference} is not in the cache {}, and fetching is forbidden by {by}", cache.display())]
    Offline {
        /// The reference.
        reference: String,
        /// The folder of the cache.
        cache: PathBuf,
        /// What forbids it.
        by: &'static str,
    },
    /// The hub does not know the repository or the revision, or keeps it to itself.
    #[error("{endpoint} has no {reference} for this user (it answers {status})")]
    NotThere {
        /// The reference.
        reference: String,
        /// The hub.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// Whether a token was sent.
        token: bool,
    },
    /// The hub cannot be reached, or a download broke off too often.
    #[error("{reference} cannot be fetched from {endpoint}: {reason}")]
    Fetch {
        /// The reference.
        reference: String,
        /// The hub.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
    /// What was fetched is not what the hub says it has.
    #[error("{name} of {reference} arrived damaged: {reason}")]
    Damaged {
        /// The reference.
        reference: String,
        /// The file.
        name: String,
        /// How that shows.
        reason: String,
    },
}

impl ModelError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::UnknownBuiltin {
                nearest: Some(name),
                ..
            } => format!("a similar model exists: `builtin:{name}`"),
            Self::UnknownBuiltin { .. } => {
                "name a folder or `hf://OWNER/NAME`; `augment models list` lists what is at hand"
                    .to_owned()
            }
            Self::NoFolder {
                nearest: Some(nearest),
                ..
            } => format!("a similar folder exists: `{nearest}`"),
            Self::NoFolder { .. } | Self::NotFolder { .. } => {
                "a path is relative to the folder of the pipeline file".to_owned()
            }
            Self::NoWeights { .. } => "export the model with `optimum-cli export onnx`, or choose \
                 a `variant` that is there"
                .to_owned(),
            Self::NoFile { .. } => "copy the file from where the model comes from".to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
                "look whether the file is what it should be".to_owned()
            }
            Self::Io { .. } => "make the file readable for this user".to_owned(),
            Self::Offline { reference, .. } => {
                format!("run `augment models fetch {reference}` once with a network")
            }
            Self::NotThere { token: false, .. } => "check the name; for a private or gated \
                 repository set HF_TOKEN to a token that may read it"
                .to_owned(),
            Self::NotThere { token: true, .. } => {
                "check the name, and that the token (HF_TOKEN) may read the repository: a gated \
                 one asks for its terms to be accepted on its page"
                    .to_owned()
            }
            Self::Fetch { .. } => {
                "check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT, and \
                 run again: what has arrived is kept"
                    .to_owned()
            }
            Self::Damaged { .. } => {
                "run again; if it stays so, the hub or a proxy on the way is at fault".to_owned()
            }
        }
    }
}

fn there_are(known: &[String]) -> String {
    if known.is_empty() {
        return "are none in this program".to_owned();
    }
    format!("are {}", known.join(", "))
}

/// The first few names.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
