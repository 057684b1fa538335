//! From a wheel to a library in the cache, complete and checked.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::pinned::Pinned;
use crate::digest::hexadecimal;

/// Takes the library out of the zip archive at `wheel` and puts it at `target`.
pub(super) fn from_wheel(wheel: &Path, pinned: &Pinned, target: &Path) -> Result<(), String> {
    let damaged = |reason: String| format!("the wheel is damaged: {reason}");
    let file = File::open(wheel).map_err(|error| damaged(error.to_string()))?;
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let member = archive.by_name(pinned.library);
    let member = member.map_err(|error| damaged(format!("{}: {error}", pinned.library)))?;
    place(member, pinned, target)
}

/// Puts the library at `library` at `target`.
pub(super) fn from_file(library: &Path, pinned: &Pinned, target: &Path) -> Result<(), String> {
    let file = File::open(library)
        .map_err(|error| format!("{} was not unpacked: {error}", pinned.library))?;
    place(file, pinned, target)
}

/// Copies the library to a temporary name beside `target`, and renames it if it is the right one.
fn place(library: impl Read, pinned: &Pinned, target: &Path) -> Result<(), String> {
    let temporary =
        target.with_file_name(format!(".{}.{}", pinned.file_name(), std::process::id()));
    let placed = copy(library, pinned, &temporary).and_then(|()| {
        match fs::rename(&temporary, target) {
            // Where a library in use cannot be replaced, another process has put it there.
            Err(_) if target.is_file() => Ok(()),
            renamed => renamed.map_err(|error| format!("{}: {error}", target.display())),
        }
    });
    drop(fs::remove_file(&temporary));
    placed
}

/// Writes the library to `path`, and fails unless it is what is pinned.
fn copy(library: impl Read, pinned: &Pinned, path: &Path) -> Result<(), String> {
    let unwritable = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    let mut file = File::create(path).map_err(unwritable)?;
    let mut digest = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    // One byte too many is enough to know that it is another file.
    let mut library = library.take(pinned.bytes.saturating_add(1));
    loop {
        let length = match library.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("the wheel is damaged: {error}")),
        };
        let read = buffer.get(..length).unwrap_or_default();
        digest.update(read);
        file.write_all(read).map_err(unwritable)?;
        bytes += read.len() as u64;
    }
    file.sync_all().map_err(unwritable)?;
    let found = hexadecimal(&digest.finalize());
    if found == pinned.sha256 {
        return Ok(());
    }
    let size = if bytes > pinned.bytes {
        "more".to_owned()
    } else {
        bytes.to_string()
    };
    Err(format!(
        "{} is not the published one: its SHA-256 is {found} over {size} bytes, and should be {} \
         over {}",
        pinned.library, pinned.sha256, pinned.bytes
    ))
}
