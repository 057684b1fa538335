//! How many threads may compute at a time.

use crossbeam_channel::{Receiver, Sender, bounded};

/// A counting semaphore: as many permits as there are workers.
pub(super) struct Permits {
    free: Receiver<()>,
    give_back: Sender<()>,
}

/// Leave to compute; given back when dropped.
pub(super) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(super) fn new(count: usize) -> Self {
        let (give_back, free) = bounded(count);
        for _ in 0..count {
            // There is room for `count`, and both ends are held here.
            let _ = give_back.send(());
        }
        Self { free, give_back }
    }

    /// Waits for a permit. The holder must not wait for anything else.
    pub(super) fn acquire(&self) -> Permit<'_> {
        // Cannot fail: this value holds the other end.
        let _ = self.free.recv();
        Permit(self)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.0.give_back.send(());
    }
}
