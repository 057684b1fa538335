//! The flag that asks a run to drain and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const RUNNING: u8 = 0;
const STOPPING: u8 = 1;
const INTERRUPTED: u8 = 2;

/// Asks a run to stop reading, let what is in flight through, and end. Clones are the same flag.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Stops the run because somebody asked for it.
    pub fn request(&self) {
        self.0.store(INTERRUPTED, Ordering::Relaxed);
    }

    /// Stops the run because of what happened in it.
    pub(super) fn request_quietly(&self) {
        let _already_stopping =
            self.0
                .compare_exchange(RUNNING, STOPPING, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the run is to end.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed) != RUNNING
    }

    /// Whether somebody asked for it.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed) == INTERRUPTED
    }
}
