//! Fetches from the hub what the cache lacks.
//!
//! `hf-hub` does the transfers and knows the cache. It checks neither sizes nor digests, gives up
//! a file that another process is fetching after five seconds, and its own retries may append to a
//! file from the wrong place: so it is told not to retry, and checks and patience are here.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use hf_hub::api::sync::{ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde::Deserialize;

use super::cache::{Repository, is_commit};
use crate::digest::{digest_of_file, hexadecimal};

use crate::models::select::select;
use crate::models::{ModelError, ModelFolder, ModelOrigin, ResolveSettings};
use crate::onnx::{Progress, Watch, explain_http, lock};

/// How often a transfer of one file may break off without having brought a single byte.
const ATTEMPTS: u32 = 4;

/// How long to wait for another program that is fetching the same file, in seconds.
const PATIENCE: u32 = 3600;

/// What the hub says about a repository.
#[derive(Debug, Deserialize)]
struct Listing {
    /// The commit.
    sha: String,
    siblings: Vec<Entry>,
}

/// A file of a repository.
#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(rename = "rfilename")]
    name: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob: Option<String>,
    lfs: Option<Large>,
}

/// What is known of a large file.
#[derive(Debug, Deserialize)]
struct Large {
    sha256: String,
}

impl Entry {
    /// The name of the file's blob in the cache.
    fn digest(&self) -> Option<&str> {
        let large = self.lfs.as_ref().map(|large| large.sha256.as_str());
        large
            .or(self.blob.as_deref())
            .filter(|digest| is_commit(digest))
    }

    /// Why the file at `path` is not this one.
    fn mismatch(&self, path: &Path) -> io::Result<Option<String>> {
        let size = fs::metadata(path)?.len();
        if let Some(expected) = self.size.filter(|expected| *expected != size) {
            return Ok(Some(format!("it has {size} bytes instead of {expected}")));
        }
        if let Some(large) = &self.lfs {
            let found = hexadecimal(&digest_of_file(path)?);
            if found != large.sha256 {
                return Ok(Some(format!(
                    "its SHA-256 is {found} instead of {}",
                    large.sha256
                )));
            }
        }
        Ok(None)
    }
}

/// A fetch from one repository.
struct Fetch<'a> {
    files: &'a Repository,
    reference: &'a str,
    settings: &'a ResolveSettings,
    /// Bytes that are there so far, of all files.
    received: Cell<u64>,
}

/// The files of a revision, all of them in the cache.
pub(super) fn fetch(
    files: &Repository,
    repository: &str,
    revision: &str,
    reference: &str,
    settings: &ResolveSettings,
) -> Result<ModelFolder, ModelError> {
    let fetch = Fetch {
        files,
        reference,
        settings,
        received: Cell::new(0),
    };
    let api = ApiBuilder::from_cache(Cache::new(settings.hub.cache.clone().unwrap_or_default()))
        .with_endpoint(settings.hub.endpoint.clone())
        .with_token(settings.hub.token.clone())
        .with_progress(false)
        .build()
        .map_err(|error| fetch.failed(&error))?;
    let repo = |revision: &str| {
        let (name, revision) = (repository.to_owned(), revision.to_owned());
        Repo::with_revision(name, RepoType::Model, revision)
    };
    let listing = fetch.list(&api.repo(repo(revision)))?;
    let names: Vec<String> = listing
        .siblings
        .iter()
        .map(|file| file.name.clone())
        .collect();
    let wanted = select(&names, settings.weights, settings.variant.as_deref());
    let wanted = wanted.map_err(|expected| ModelError::NoWeights {
        place: reference.to_owned(),
        expected,
        found: names,
    })?;
    let entries: Vec<&Entry> = wanted
        .iter()
        .filter_map(|name| listing.siblings.iter().find(|entry| entry.name == *name))
        .collect();
    // The commit, so that all files are of one state whatever happens to the branch.
    let commit = listing.sha;
    let snapshot = files.snapshot(&commit);
    fetch.all(&api.repo(repo(&commit)), &entries, &snapshot)?;
    // Last, so that what a branch leads to is complete.
    let cache = Cache::new(settings.hub.cache.clone().unwrap_or_default());
    cache
        .repo(repo(revision))
        .create_ref(&commit)
        .map_err(|error| fetch.failed(&ApiError::IoError(error)))?;
    let origin = ModelOrigin::Hub {
        repository: repository.to_owned(),
        commit,
        path: snapshot.clone(),
    };
    Ok(ModelFolder::on_disk(origin, &snapshot, wanted))
}

impl Fetch<'_> {
    /// Asks the hub what there is.
    fn list(&self, repo: &ApiRepo) -> Result<Listing, ModelError> {
        let response = repo
            .info_request()
            .query("blobs", "true")
            .call()
            .map_err(|error| self.failed(&ApiError::from(Box::new(error))))?;
        let listing: Listing = response
            .into_json()
            .map_err(|error| self.fails(format!("its list of files makes no sense: {error}")))?;
        if !is_commit(&listing.sha) {
            return Err(self.fails(format!("`{}` is no commit", listing.sha)));
        }
        Ok(listing)
    }

    /// Fetches the files that the snapshot lacks.
    fn all(&self, repo: &ApiRepo, entries: &[&Entry], snapshot: &Path) -> Result<(), ModelError> {
        let is_missing = |entry: &&&Entry| {
            let metadata = fs::metadata(snapshot.join(&entry.name));
            let size = metadata.map(|metadata| metadata.len()).ok();
            size.is_none() || entry.size.is_some() && size != entry.size
        };
        if !entries.iter().any(|entry| is_missing(&entry)) {
            return Ok(());
        }
        let locks = self.files.locks();
        let _lock = fs::create_dir_all(locks)
            .and_then(|()| lock(&locks.join("augment.lock"), self.reference, self.watch()))
            .map_err(|error| self.failed(&ApiError::IoError(error)))?;
        // Another process may have brought them while this one waited.
        let missing: Vec<&&Entry> = entries.iter().filter(is_missing).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let sizes: Option<Vec<u64>> = missing.iter().map(|entry| entry.size).collect();
        self.watch()(Progress::Started {
            what: self.reference,
            bytes: sizes.map(|sizes| sizes.iter().sum()),
        });
        for entry in missing {
            self.one(repo, entry, &snapshot.join(&entry.name))?;
        }
        self.watch()(Progress::Finished {
            what: self.reference,
        });
        Ok(())
    }

    /// Fetches one file to `path`, and checks it.
    fn one(&self, repo: &ApiRepo, entry: &Entry, path: &Path) -> Result<(), ModelError> {
        let before = self.received.get();
        // A link to a blob that is gone, or a file that was damaged later.
        let io = |error| self.failed(&ApiError::IoError(error));
        remove(path).map_err(io)?;
        let mut from_scratch = false;
        loop {
            self.transfer(repo, entry, path, before)?;
            let Some(reason) = entry.mismatch(path).map_err(io)? else {
                return Ok(());
            };
            if let Ok(blob) = path.canonicalize() {
                remove(&blob).map_err(io)?;
            }
            remove(path).map_err(io)?;
            // What an earlier run had left may be at fault: once more without it.
            if from_scratch {
                return Err(ModelError::Damaged {
                    reference: self.reference.to_owned(),
                    name: entry.name.clone(),
                    reason,
                });
            }
            from_scratch = true;
        }
    }

    /// Transfers one file to `path`, going on where an earlier attempt broke off.
    fn transfer(
        &self,
        repo: &ApiRepo,
        entry: &Entry,
        path: &Path,
        before: u64,
    ) -> Result<(), ModelError> {
        let (mut idle, mut waited, mut furthest) = (0, 0, 0);
        loop {
            let meter = Meter {
                watch: self.watch(),
                received: &self.received,
                before,
            };
            self.received.set(before);
            let Err(error) = repo.download_with_progress(&entry.name, meter) else {
                return Ok(());
            };
            match &error {
                // Another program is at it, and may be done any moment.
                ApiError::LockAcquisition(_) if waited < PATIENCE => {
                    if waited == 0 {
                        let notice = format!(
                            "another program is fetching {} of {}: waiting for it",
                            entry.name, self.reference
                        );
                        self.watch()(Progress::Notice(&notice));
                    }
                    // hf-hub has waited for five seconds.
                    waited += 5;
                    if path.is_file() {
                        return Ok(());
                    }
                }
                _ if is_final(&error) => return Err(self.failed(&error)),
                _ => {
                    // A part that is complete, or too long, cannot be gone on with.
                    if is_bad_part(&error)
                        && let Some(digest) = entry.digest()
                    {
                        let part = self.files.blob(digest).with_extension("part");
                        remove(&part).map_err(|error| self.failed(&ApiError::IoError(error)))?;
                    }
                    // As long as each attempt brings something, go on.
                    let reached = self.received.get();
                    idle = if reached > furthest { 1 } else { idle + 1 };
                    furthest = furthest.max(reached);
                    if idle >= ATTEMPTS {
                        return Err(self.failed(&error));
                    }
                    thread::sleep(Duration::from_millis(250 << idle));
                }
            }
        }
    }

    fn watch(&self) -> &Watch {
        &self.settings.progress
    }

    fn fails(&self, reason: String) -> ModelError {
        ModelError::Fetch {
            reference: self.reference.to_owned(),
            endpoint: self.settings.hub.endpoint.clone(),
            reason,
        }
    }

    /// What an error of `hf-hub` means.
    fn failed(&self, error: &ApiError) -> ModelError {
        match error {
            ApiError::RequestError(request) => match request.as_ref() {
                ureq::Error::Status(status @ (401 | 403 | 404), _) => ModelError::NotThere {
                    reference: self.reference.to_owned(),
                    endpoint: self.settings.hub.endpoint.clone(),
                    status: *status,
                    token: self.settings.hub.token.is_some(),
                },
                other => self.fails(explain_http(other)),
            },
            ApiError::IoError(error) if is_of_cache(error) => {
                let cache = self.settings.hub.cache.clone().unwrap_or_default();
                self.fails(format!(
                    "the cache {} cannot be written: {error}; HF_HOME names another",
                    cache.display()
                ))
            }
            other => self.fails(other.to_string()),
        }
    }
}

/// Whether trying again cannot help.
fn is_final(error: &ApiError) -> bool {
    match error {
        ApiError::RequestError(request) => {
            matches!(
                request.as_ref(),
                ureq::Error::Status(400..=407 | 409..=415, _)
            )
        }
        ApiError::IoError(error) => is_of_cache(error),
        ApiError::MissingHeader(_) | ApiError::InvalidHeader(_) | ApiError::LockAcquisition(_) => {
            true
        }
        _ => false,
    }
}

/// Whether what is there of a file cannot be gone on with.
fn is_bad_part(error: &ApiError) -> bool {
    match error {
        ApiError::InvalidResume => true,
        ApiError::RequestError(request) => {
            matches!(request.as_ref(), ureq::Error::Status(416, _))
        }
        _ => false,
    }
}

/// Whether an error is about files, and not about a connection.
fn is_of_cache(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::StorageFull
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotFound
    )
}

/// Removes a file or link, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Counts the bytes of one file on top of those before it.
struct Meter<'a> {
    watch: &'a Watch,
    received: &'a Cell<u64>,
    before: u64,
}

impl hf_hub::api::Progress for Meter<'_> {
    /// A transfer begins, from the start of the file until told otherwise.
    fn init(&mut self, _: usize, _: &str) {
        self.received.set(self.before);
    }

    fn update(&mut self, bytes: usize) {
        self.received.set(self.received.get() + bytes as u64);
        (self.watch)(Progress::Received(self.received.get()));
    }

    fn finish(&mut self) {}
}
