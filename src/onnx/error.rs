//! Why there is no runtime.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Place;
use super::pinned::{OLDEST_MINOR, VERSION};

/// Something that was tried, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What was tried: a place, or a way to fetch the library.
    pub what: String,
    /// What came of it.
    pub outcome: String,
}

impl Attempt {
    /// An attempt and its outcome.
    pub(super) fn new(what: impl Into<String>, outcome: impl Into<String>) -> Self {
        let (what, outcome) = (what.into(), outcome.into());
        Self { what, outcome }
    }

    /// An attempt with a library that was found.
    pub(super) fn with(place: Place, library: &Path, outcome: impl Into<String>) -> Self {
        Self::new(format!("{place}: {}", library.display()), outcome)
    }

    /// Whether this was the attempt with a library that was found.
    pub fn was_with(&self, place: Place, library: &Path) -> bool {
        self.what == Self::with(place, library, "").what
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.outcome)
    }
}

/// Why ONNX Runtime cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// There is no usable library, and none could be fetched.
    #[error(
        "no usable library of ONNX Runtime (1.{OLDEST_MINOR} or later) was found, in this order:{}",
        lines(tried)
    )]
    NotFound {
        /// Every place and every way to fetch it, in the order of trial.
        tried: Vec<Attempt>,
        /// Whether fetching was forbidden.
        offline: bool,
        /// Whether there is something to fetch for this platform.
        published: bool,
    },
    /// The library that was asked for by path cannot be used.
    #[error("the ONNX Runtime library {}, named by {place}, cannot be used: {reason}", path.display())]
    Named {
        /// The path.
        path: PathBuf,
        /// What named it.
        place: Place,
        /// Why not.
        reason: String,
    },
    /// Another library is loaded already.
    #[error(
        "ONNX Runtime is loaded from {} and cannot be loaded from {}, too",
        loaded.display(), asked.display()
    )]
    AlreadyLoaded {
        /// The library in use.
        loaded: PathBuf,
        /// The library asked for.
        asked: PathBuf,
    },
    /// The library is there, but does not start.
    #[error("the ONNX Runtime library {} does not start: {reason}", path.display())]
    Start {
        /// The library.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
    /// A device was asked for that cannot be used.
    #[error("the device {device} cannot be used: {reason}")]
    Device {
        /// The device.
        device: String,
        /// Why not.
        reason: String,
    },
    /// ONNX Runtime refused something.
    #[error("ONNX Runtime failed to {doing}: {reason}")]
    Refused {
        /// What it was to do.
        doing: &'static str,
        /// What it said.
        reason: String,
    },
}

impl RuntimeError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotFound {
                offline: true,
                published: true,
                ..
            } => format!(
                "run once without `--offline` to fetch version {VERSION}, or \
                 `pip install onnxruntime=={VERSION}` into the active Python environment, or name a \
                 library with `--ort-lib` or ORT_DYLIB_PATH"
            ),
            Self::NotFound {
                published: true, ..
            } => format!(
                "`pip install onnxruntime=={VERSION}` into the active Python environment, or name \
                 a library with `--ort-lib` or ORT_DYLIB_PATH, or set AUGMENT_ORT_URL to a folder \
                 on the web that has the wheel; `augment models doctor` shows the places"
            ),
            Self::NotFound { .. } => format!(
                "no ready-made library is published for this platform: install or build ONNX \
                 Runtime 1.{OLDEST_MINOR} or later, and name its library with `--ort-lib` or \
                 ORT_DYLIB_PATH"
            ),
            Self::Named { .. } => format!(
                "name the shared library of ONNX Runtime 1.{OLDEST_MINOR} or later, or none, so \
                 that it is looked for"
            ),
            Self::AlreadyLoaded { .. } => {
                "a process can use one library only: name it in the first place".to_owned()
            }
            Self::Start { .. } => "name another library with `--ort-lib` or ORT_DYLIB_PATH, or \
                 install the `onnxruntime` package afresh"
                .to_owned(),
            Self::Device { .. } => "use `--device cpu`, or `pip install \
                 \"onnxruntime-gpu[cuda,cudnn]\"` into the active Python environment and name no \
                 other library; `augment models doctor` shows what the library in use can do"
                .to_owned(),
            Self::Refused { .. } => {
                "`augment models doctor` shows which library is in use".to_owned()
            }
        }
    }
}

fn lines(tried: &[Attempt]) -> String {
    let lines: Vec<String> = tried
        .iter()
        .map(|attempt| format!("\n  {attempt}"))
        .collect();
    lines.concat()
}
