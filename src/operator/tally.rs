//! What a batch counts on its way.

/// Counts under reasons, kept out of the shared counters until the batch is done. Reasons are few.
#[derive(Default)]
pub(super) struct Tally(Vec<(&'static str, &'static str, u64)>);

impl Tally {
    /// Counts `count` more of a kind and a reason.
    #[inline]
    pub(super) fn add(&mut self, kind: &'static str, reason: &'static str, count: u64) {
        match self
            .0
            .iter_mut()
            .find(|(k, r, _)| *k == kind && *r == reason)
        {
            Some((_, _, total)) => *total += count,
            None => self.0.push((kind, reason, count)),
        }
    }

    /// Kinds, reasons and how many there were, in the order in which they first came.
    pub(super) fn counts(&self) -> &[(&'static str, &'static str, u64)] {
        &self.0
    }
}
