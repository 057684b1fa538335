//! Which keys and values of the past are whose.

/// Which slots the rows see, and where they write.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Rows of each sentence.
    pub(super) width: usize,
    /// The slots of the tokens before each row, the first token first.
    pub(super) seen: Vec<Vec<u32>>,
    /// Lines that were, whose memory is used again.
    spare: Vec<Vec<u32>>,
    /// The slot for each row's own token.
    pub(super) next: Vec<u32>,
    taken: Vec<bool>,
}

impl Lines {
    /// So many sentences, each of which is one row so far, with nothing before it.
    pub(super) fn start(&mut self, sentences: usize) {
        self.seen.resize_with(sentences, Vec::new);
        self.seen.iter_mut().for_each(Vec::clear);
        self.next.clear();
        self.width = 1;
    }

    /// Each row goes on from one of the last step. Gives the number of slots that there must be: the lowest
    /// that no row of the sentence sees are written to.
    pub(super) fn follow(&mut self, parents: &[u32], sentences: usize) -> usize {
        self.width = parents.len() / sentences.max(1);
        self.spare.resize_with(parents.len(), Vec::new);
        for (line, parent) in self.spare.iter_mut().zip(parents) {
            line.clear();
            line.extend_from_slice(self.seen.get(*parent as usize).map_or(&[], Vec::as_slice));
        }
        std::mem::swap(&mut self.seen, &mut self.spare);
        self.next.clear();
        let mut needed = 0;
        for rows in self.seen.chunks(self.width.max(1)) {
            self.taken.clear();
            for slot in rows.iter().flatten() {
                let slot = *slot as usize;
                if slot >= self.taken.len() {
                    self.taken.resize(slot + 1, false);
                }
                self.taken[slot] = true;
            }
            needed = needed.max(self.taken.len());
            let mut free = (0..).filter(|slot| self.taken.get(*slot) != Some(&true));
            for _ in rows {
                let slot = free.next().unwrap_or_default();
                needed = needed.max(slot + 1);
                self.next.push(u32::try_from(slot).unwrap_or(u32::MAX));
            }
        }
        needed
    }

    /// What was written is seen from now on.
    pub(super) fn add(&mut self) {
        for (line, slot) in self.seen.iter_mut().zip(&self.next) {
            line.push(*slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slot_that_nobody_goes_on_from_is_used_again() {
        let mut lines = Lines::default();
        lines.start(1);
        // Two beams go on from the sentence, and both next ones from the second.
        assert_eq!(lines.follow(&[0, 0], 1), 2);
        assert_eq!(lines.next, [0, 1]);
        lines.add();
        assert_eq!(lines.follow(&[1, 1], 1), 3);
        assert_eq!(lines.seen, [[1], [1]]);
        assert_eq!(lines.next, [0, 2]);
        lines.add();
        assert_eq!(lines.follow(&[1, 0], 1), 5);
        assert_eq!(lines.seen, [[1, 2], [1, 0]]);
        assert_eq!(lines.next, [3, 4]);
    }

    proptest! {
        /// What is written to slots is what rows see, in the order in which it was written, whatever
        /// beams go on from, and whichever sentences are dropped.
        #[test]
        fn rows_see_their_own_past(
            sentences in 1_usize..4,
            beams in 1_usize..4,
            choices in prop::collection::vec(any::<u32>(), 1..120),
            dropped in prop::option::of(1_usize..8),
        ) {
            let mut choices = choices.into_iter().cycle();
            let mut lines = Lines::default();
            lines.start(sentences);
            // For each sentence what its slots hold, and for each row what it has seen.
            let mut held = vec![Vec::<usize>::new(); sentences];
            let mut told = vec![Vec::<usize>::new(); sentences];
            let mut width = 1;
            for step in 0..9 {
                // The sentences that are left, by their places before.
                let all: Vec<usize> = (0..held.len()).collect();
                let left = &all[usize::from(dropped == Some(step) && all.len() > 1)..];
                let parents: Vec<u32> = left
                    .iter()
                    .flat_map(|sentence| std::iter::repeat_n(*sentence, beams))
                    .map(|sentence| {
                        let beam = choices.next().unwrap_or_default() as usize % width;
                        u32::try_from(sentence * width + beam).unwrap()
                    })
                    .collect();
                held = left.iter().map(|sentence| held[*sentence].clone()).collect();
                told = parents.iter().map(|parent| told[*parent as usize].clone()).collect();
                width = beams;

                let slots = lines.follow(&parents, left.len());
                for (row, line) in lines.seen.iter().enumerate() {
                    let held = &held[row / width];
                    let seen: Vec<usize> = line.iter().map(|slot| held[*slot as usize]).collect();
                    prop_assert_eq!(&seen, &told[row]);
                }
                for (row, slot) in lines.next.iter().enumerate() {
                    prop_assert!((*slot as usize) < slots);
                    let held = &mut held[row / width];
                    held.resize(slots.max(held.len()), usize::MAX);
                    held[*slot as usize] = step * 100 + row;
                    told[row].push(step * 100 + row);
                }
                lines.add();
                prop_assert!(slots <= (step + 1) * beams);
            }
        }
    }
}
