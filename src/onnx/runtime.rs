//! The loaded library.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::LoadDynamicError;
use ort::environment::Environment;

use super::error::Attempt;
use super::fetch::Fetch;
use super::pinned::{OLDEST_MINOR, Pinned};
use super::place::version_of;
use super::{Place, RuntimeError, Surroundings, Watch, cache, pinned, providers, silent};
use crate::foreign::heap::give_back_large_blocks;

/// How to come by the library.
#[derive(Clone)]
pub struct RuntimeOptions {
    /// The library, if a person has named one with `--ort-lib`.
    pub library: Option<PathBuf>,
    /// Forbids fetching it.
    pub offline: bool,
    /// Is told about the progress of fetching it.
    pub progress: Watch,
    /// Where to look for it.
    pub surroundings: Surroundings,
}

impl Default for RuntimeOptions {
    /// Looks for the library, and fetches it quietly where there is none.
    fn default() -> Self {
        Self {
            library: None,
            offline: false,
            progress: silent(),
            surroundings: Surroundings::of_process(),
        }
    }
}

impl fmt::Debug for RuntimeOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RuntimeOptions")
            .field("library", &self.library)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

/// ONNX Runtime, loaded: there is at most one in a process.
#[derive(Debug)]
pub struct Runtime {
    environment: Environment,
    path: PathBuf,
    place: Place,
    version: String,
    providers: Vec<&'static str>,
    skipped: Vec<Attempt>,
    surroundings: Surroundings,
}

static LOADED: OnceLock<Runtime> = OnceLock::new();
static LOADING: Mutex<()> = Mutex::new(());

impl Runtime {
    /// Loads the library that the options lead to, in the order of [`Place::ALL`]; where there is
    /// none, fetches it. Calls after the first give what is loaded.
    ///
    /// A library that is too old, or does not load, is passed over, except one that was named: by
    /// `library` or by `ORT_DYLIB_PATH`.
    ///
    /// # Errors
    /// When there is no usable library: the error lists what was tried. Also when another library
    /// is named than the one that is loaded.
    pub fn load(options: &RuntimeOptions) -> Result<&'static Self, RuntimeError> {
        let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = LOADED.get() {
            return runtime.is_what(options);
        }
        let runtime = Self::find(options)?;
        Ok(LOADED.get_or_init(|| runtime))
    }

    /// This, if it is what the options ask for.
    fn is_what(&'static self, options: &RuntimeOptions) -> Result<&'static Self, RuntimeError> {
        let finding = Place::Flag.look(options.library.as_deref(), &options.surroundings);
        match finding.libraries.first() {
            Some(asked) if real(asked) != real(&self.path) => Err(RuntimeError::AlreadyLoaded {
                loaded: self.path.clone(),
                asked: asked.clone(),
            }),
            _ => Ok(self),
        }
    }

    fn find(options: &RuntimeOptions) -> Result<Self, RuntimeError> {
        let mut tried = Vec::new();
        for place in Place::ALL {
            let finding = place.look(options.library.as_deref(), &options.surroundings);
            if finding.libraries.is_empty() {
                tried.push(Attempt::new(place.to_string(), finding.note));
            }
            for path in finding.libraries {
                match open(&path) {
                    Ok(environment) => {
                        return Ok(Self::new(environment, path, place, tried, options));
                    }
                    Err(Refusal::Start(reason)) => {
                        return Err(RuntimeError::Start { path, reason });
                    }
                    Err(Refusal::Library(reason)) if place.is_explicit() => {
                        return Err(RuntimeError::Named {
                            path,
                            place,
                            reason,
                        });
                    }
                    Err(Refusal::Library(reason)) => {
                        tried.push(Attempt::with(place, &path, reason));
                    }
                }
            }
        }
        let pinned = pinned::for_this_platform();
        match fetch(pinned, options) {
            Ok(path) => match open(&path) {
                Ok(environment) => Ok(Self::new(environment, path, Place::Cache, tried, options)),
                Err(Refusal::Start(reason) | Refusal::Library(reason)) => {
                    Err(RuntimeError::Start { path, reason })
                }
            },
            Err(attempts) => {
                tried.extend(attempts);
                Err(RuntimeError::NotFound {
                    tried,
                    offline: options.offline,
                    published: pinned.is_some(),
                })
            }
        }
    }

    fn new(
        environment: Environment,
        path: PathBuf,
        place: Place,
        skipped: Vec<Attempt>,
        options: &RuntimeOptions,
    ) -> Self {
        Self {
            environment,
            version: version(&path),
            path,
            place,
            providers: providers::available(),
            skipped,
            surroundings: options.surroundings.clone(),
        }
    }

    /// What sessions are made in.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The library; a bare name where the loader found it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it was found: [`Place::Cache`], too, when it was fetched just now.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Its version: `1.31.1`, or `1.31` where the last number is not known.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The execution providers that it was built with, by ONNX Runtime's names.
    pub fn providers(&self) -> &[&'static str] {
        &self.providers
    }

    /// What was tried before it was found.
    pub fn skipped(&self) -> &[Attempt] {
        &self.skipped
    }

    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }
}

/// Why a library was not opened.
enum Refusal {
    /// It cannot be loaded, or is too old: another may do.
    Library(String),
    /// It was loaded, and no other can be in this process any more, but does not start.
    Start(String),
}

/// Loads the library at `path`.
fn open(path: &Path) -> Result<Environment, Refusal> {
    let builder = ort::init_from(path).map_err(|error| Refusal::Library(explain(&error, path)))?;
    // Elsewhere, and where the program brings its own allocator, there is nothing to be set.
    let _ = give_back_large_blocks();
    builder
        .with_name("augment")
        .with_telemetry(false)
        .build()
        .map_err(|error| Refusal::Start(error.to_string()))
}

/// Why the library at `path` did not load, without its path.
fn explain(error: &LoadDynamicError, path: &Path) -> String {
    match error {
        LoadDynamicError::Dlopen { error, .. } => {
            let reason = match error.source() {
                Some(source) => source.to_string(),
                None => error.to_string(),
            };
            let prefix = format!("{}: ", path.display());
            let reason = reason.strip_prefix(&prefix).unwrap_or(&reason);
            format!("does not load: {reason}")
        }
        LoadDynamicError::MissingApi { .. } => "is no library of ONNX Runtime".to_owned(),
        LoadDynamicError::InvalidVersionString => "does not tell its version".to_owned(),
        LoadDynamicError::BadVersion { version_str, .. } => {
            format!("is version {version_str}, and 1.{OLDEST_MINOR} or later is needed")
        }
    }
}

/// Fetches the library, if that is allowed and possible.
fn fetch(pinned: Option<&Pinned>, options: &RuntimeOptions) -> Result<PathBuf, Vec<Attempt>> {
    let refused = |outcome: &str| Err(vec![Attempt::new("fetch", outcome)]);
    let Some(pinned) = pinned else {
        return refused("nothing is published for this platform");
    };
    if options.offline {
        return refused("forbidden by `--offline`");
    }
    let Some(folder) = cache::library_folder(&options.surroundings) else {
        return refused("there is no cache folder to put it: set AUGMENT_CACHE");
    };
    let fetch = Fetch {
        pinned,
        folder: &folder,
        surroundings: &options.surroundings,
        watch: &options.progress,
    };
    fetch.run()
}

/// The version of the library at `path`, which is loaded. It tells its minor number only; the
/// rest stands in the name of its file.
fn version(path: &Path) -> String {
    let minor = ort::util::probe(path).unwrap_or(OLDEST_MINOR);
    let file = real(path);
    let numbers = file.file_name().and_then(OsStr::to_str).map(version_of);
    match numbers.unwrap_or_default().as_slice() {
        [1, second, third] if *second == minor => format!("1.{minor}.{third}"),
        _ => format!("1.{minor}"),
    }
}

/// The path without links, where it leads to a file.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
