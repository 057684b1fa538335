//! The keys of the rows that a shard has had so far, or of the last so many.

use std::collections::{HashSet, VecDeque};

use super::keys::Key;

/// Keys in the order in which they came. The oldest are forgotten.
#[derive(Debug)]
pub(super) struct Remembered<K> {
    known: HashSet<K>,
    /// The same keys, the oldest first.
    order: VecDeque<K>,
    /// How many of them each row brought, the oldest first.
    brought: VecDeque<u16>,
    /// Rows to remember.
    most: usize,
}

impl<K: Key> Remembered<K> {
    /// Remembers what `most` rows brought.
    pub(super) fn new(most: usize) -> Self {
        Self {
            known: HashSet::new(),
            order: VecDeque::new(),
            brought: VecDeque::new(),
            most,
        }
    }

    /// Whether one of a row's keys is remembered. All of them are from then on; a row that brings
    /// none that is new does not count.
    pub(super) fn meet(&mut self, keys: &[u128]) -> bool {
        let mut met = false;
        let mut brought = 0;
        for key in keys.iter().map(|key| K::of(*key)) {
            if self.known.insert(key) {
                self.order.push_back(key);
                brought += 1;
            } else {
                met = true;
            }
        }
        if brought > 0 {
            self.brought.push_back(brought);
        }
        met
    }

    /// Forgets the oldest rows if they are too many: how many.
    pub(super) fn forget(&mut self) -> u64 {
        let mut forgotten = 0;
        while self.brought.len() > self.most {
            let keys = self.brought.pop_front().unwrap_or_default();
            for _ in 0..keys {
                if let Some(key) = self.order.pop_front() {
                    self.known.remove(&key);
                }
            }
            forgotten += 1;
        }
        forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_make_room() {
        let mut remembered = Remembered::<u64>::new(2);
        let mut meet = |keys: &[u128]| (remembered.meet(keys), remembered.forget());
        assert_eq!(meet(&[1, 10]), (false, 0));
        assert_eq!(meet(&[2, 20]), (false, 0));
        // Nothing new: nobody has to go.
        assert_eq!(meet(&[1, 20]), (true, 0));
        // Shares a key with the second, and brings one.
        assert_eq!(meet(&[3, 20]), (true, 1));
        assert_eq!(meet(&[1, 30]), (false, 1));
        // 20 came with the second row and went with it.
        assert_eq!(meet(&[2, 20]), (false, 1));
        assert_eq!(meet(&[3, 30]), (true, 1));
        assert_eq!(remembered.known.len(), remembered.order.len());
    }
}
