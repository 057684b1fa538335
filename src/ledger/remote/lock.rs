//! Who may work on an output folder in a store at a time.
//!
//! A lock is an object that exists while a run works. It is created only where there is none, and
//! renewed all the time. Whoever finds one watches it: one that is renewed belongs to a run that is
//! alive; one that is not for [`LEASE`], or whose process was on this machine and has ended, is taken
//! over, which the store lets only one do. No clock is compared with another.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::super::{LedgerError, Part};
use crate::store::{self, Mark};

/// A lock that is not renewed for so long is nobody's.
const LEASE: Duration = Duration::from_secs(45);

/// How often a lock is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// How often a lock of another is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The locks of a run. Dropping it frees them.
#[derive(Debug)]
pub(super) struct Locks {
    own: Lock,
}

impl Locks {
    /// Locks the folder `root` against other runs, and, for a part of a run, against the same part.
    /// A part and a whole each make their lock before they look for that of the other: it may be
    /// that both give way, but never that neither does.
    pub(super) fn take(root: &Path, folder: &Path, part: Part) -> Result<Self, LedgerError> {
        let whole = folder.join("lock");
        let Some((number, of)) = part else {
            let own = Lock::take(root, &whole)?;
            for other in locks_in(folder)?.iter().filter(|other| **other != whole) {
                await_end(root, other)?;
            }
            return Ok(Self { own });
        };
        let own = Lock::take(root, &folder.join(format!("lock-{number}-of-{of}")))?;
        await_end(root, &whole)?;
        Ok(Self { own })
    }

    /// Makes sure that the lock was not taken over while this run could not renew it.
    pub(super) fn check(&self, root: &Path) -> Result<(), LedgerError> {
        if self.own.shared.lost.load(Ordering::Relaxed) {
            return Err(LedgerError::Locked {
                root: root.to_owned(),
                holder: Some(" (it took over when this one could not reach the store)".to_owned()),
            });
        }
        Ok(())
    }
}

/// What a lock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    /// The machine, since it was started, and its container.
    machine: String,
    /// The number of the process.
    process: u32,
    /// What tells claims of one process apart.
    claim: u64,
    /// How often the lock was renewed.
    renewals: u64,
}

impl Claim {
    fn bytes(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Whether the process was on this machine and has ended.
    fn has_ended(&self) -> bool {
        let process = Path::new("/proc").join(self.process.to_string());
        !self.machine.is_empty() && self.machine == machine() && !process.exists()
    }
}

/// What this machine is called from its start to its end, where the system says so: in one container
/// there is no seeing the processes of another.
fn machine() -> String {
    let started = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let container = std::fs::read_link("/proc/self/ns/pid");
    match (started, container) {
        (Ok(started), Ok(container)) => format!("{} {}", started.trim(), container.display()),
        _ => String::new(),
    }
}

/// A lock that is renewed by a thread of its own.
#[derive(Debug)]
struct Lock {
    shared: Arc<Shared>,
    renewing: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    lost: AtomicBool,
    is_over: Mutex<bool>,
    ending: Condvar,
}

impl Lock {
    fn take(root: &Path, path: &Path) -> Result<Self, LedgerError> {
        let io_error = |error| LedgerError::io(path, error);
        let claim = Claim {
            machine: machine(),
            process: std::process::id(),
            claim: number(),
            renewals: 0,
        };
        let bytes = claim.bytes().map_err(io_error)?;
        let mark = loop {
            match store::create(path, &bytes) {
                Ok(mark) => break mark,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io_error(error)),
            }
            let Some(old) = abandoned(root, path)? else {
                continue;
            };
            match store::replace(path, &bytes, &old) {
                Ok(mark) => break mark,
                // Another was quicker: it is alive.
                Err(error)
                    if store::is_changed(&error) || error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io_error(error)),
            }
        };
        let shared = Arc::new(Shared {
            path: path.to_owned(),
            lost: AtomicBool::new(false),
            is_over: Mutex::new(false),
            ending: Condvar::new(),
        });
        let renewed = Arc::clone(&shared);
        let renewing = thread::Builder::new()
            .name("lock".to_owned())
            .spawn(move || renew(&renewed, claim, mark))
            .map_err(io_error)?;
        Ok(Self {
            shared,
            renewing: Some(renewing),
        })
    }
}

/// Renews a lock until the run is over or the lock is lost.
fn renew(shared: &Shared, mut claim: Claim, mut mark: Mark) {
    let mut is_over = shared
        .is_over
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    while !*is_over {
        let waited = shared.ending.wait_timeout(is_over, RENEWAL);
        is_over = waited.unwrap_or_else(PoisonError::into_inner).0;
        if *is_over {
            return;
        }
        drop(is_over);
        claim.renewals += 1;
        let renewed = claim
            .bytes()
            .and_then(|bytes| store::replace(&shared.path, &bytes, &mark));
        match renewed {
            Ok(new) => mark = new,
            Err(error) if store::is_changed(&error) || error.kind() == io::ErrorKind::NotFound => {
                shared.lost.store(true, Ordering::Relaxed);
                return;
            }
            // The next renewal may come in time.
            Err(_) => {}
        }
        is_over = shared
            .is_over
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        *self
            .shared
            .is_over
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.ending.notify_all();
        if let Some(renewing) = self.renewing.take() {
            drop(renewing.join());
        }
        if !self.shared.lost.load(Ordering::Relaxed) {
            // If it cannot be removed now, it will be found to be nobody's.
            drop(store::remove(&self.shared.path));
        }
    }
}

/// A number that this process has not used for a lock.
fn number() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// Watches the lock of another: its mark if it is nobody's any more, nothing if it is gone.
fn abandoned(root: &Path, path: &Path) -> Result<Option<Mark>, LedgerError> {
    let begun = Instant::now();
    let mut first = None;
    loop {
        let (bytes, facts) = match store::read(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(LedgerError::io(path, error)),
        };
        let claim: Option<Claim> = serde_json::from_slice(&bytes).ok();
        if claim.as_ref().is_some_and(Claim::has_ended) || begun.elapsed() > LEASE {
            return Ok(Some(facts.mark));
        }
        let is_here = claim
            .as_ref()
            .is_some_and(|claim| claim.machine == machine());
        if (is_here && !machine().is_empty())
            || first.get_or_insert_with(|| bytes.clone()) != &bytes
        {
            return Err(LedgerError::Locked {
                root: root.to_owned(),
                holder: claim.map(|claim| format!(" (process {})", claim.process)),
            });
        }
        thread::sleep(LOOK);
    }
}

/// Waits until nobody holds a lock of others: it is gone, or was abandoned, and then is removed.
fn await_end(root: &Path, path: &Path) -> Result<(), LedgerError> {
    if abandoned(root, path)?.is_some() {
        store::remove(path).map_err(|error| LedgerError::io(path, error))?;
    }
    Ok(())
}

fn locks_in(folder: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let listed = store::list(folder).map_err(|error| LedgerError::io(folder, error))?;
    let objects = listed.into_iter().map(|(object, _)| object);
    let is_lock = |object: &PathBuf| {
        let name = object.file_name().and_then(|name| name.to_str());
        object.parent() == Some(folder) && name.is_some_and(|name| name.starts_with("lock"))
    };
    Ok(objects.filter(is_lock).collect())
}

/// Who holds a lock in `folder`, as far as is known.
pub(super) fn holder(folder: &Path) -> Option<String> {
    let locks = locks_in(folder).ok()?;
    locks.into_iter().find_map(|lock| {
        let (bytes, _) = store::read(&lock).ok()?;
        let claim: Claim = serde_json::from_slice(&bytes).ok()?;
        (!claim.has_ended()).then(|| format!("process {}", claim.process))
    })
}
