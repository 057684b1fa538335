//! Places between two steps of a commit at which a test lets the program die.
//!
//! In debug builds, `AUGMENT_FAILPOINT=file-synced:3` aborts the process the third time that it
//! reaches the place `file-synced`, as a loss of power would: nothing is cleaned up. Builds without
//! debug assertions have no such places.

use std::io::{self, Write};

/// Aborts here, if this is the place to.
#[cfg(debug_assertions)]
pub(crate) fn reached(place: &str) {
    if due::is(place) {
        std::process::abort();
    }
}

/// Would abort here in a debug build.
#[cfg(not(debug_assertions))]
#[inline]
pub(crate) fn reached(_place: &str) {}

/// Writes half of `line` and aborts, if this is the place to.
///
/// # Errors
/// When the half cannot be written.
#[cfg(debug_assertions)]
pub(crate) fn torn(place: &str, line: &[u8], file: &mut impl Write) -> io::Result<()> {
    if due::is(place) {
        file.write_all(line.get(..line.len() / 2).unwrap_or_default())?;
        file.flush()?;
        std::process::abort();
    }
    Ok(())
}

/// Would write half of a line and abort in a debug build.
#[cfg(not(debug_assertions))]
#[inline]
#[expect(clippy::unnecessary_wraps, reason = "it can fail in debug builds")]
pub(crate) fn torn(_place: &str, _line: &[u8], _file: &mut impl Write) -> io::Result<()> {
    Ok(())
}

#[cfg(debug_assertions)]
mod due {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Where to abort, and how often to pass before.
    struct Due {
        place: String,
        left: AtomicU64,
    }

    /// Whether it is time to abort at `place`.
    pub(super) fn is(place: &str) -> bool {
        static DUE: OnceLock<Option<Due>> = OnceLock::new();
        let due = DUE.get_or_init(|| parse(&std::env::var("AUGMENT_FAILPOINT").ok()?));
        due.as_ref()
            .is_some_and(|due| due.place == place && due.left.fetch_sub(1, Ordering::Relaxed) == 1)
    }

    fn parse(text: &str) -> Option<Due> {
        let (place, visit) = text.split_once(':').unwrap_or((text, "1"));
        Some(Due {
            place: place.to_owned(),
            left: AtomicU64::new(visit.parse().ok()?),
        })
    }
}
