//! Drawing the examples of a row.

use super::ShotsFrom;
use crate::operators::neighbours::Groups;
use crate::prelude::*;

/// Draws examples; keeps its memory from row to row.
#[derive(Default)]
pub(super) struct Shots {
    places: Places,
    /// Groups in random order.
    order: Vec<u32>,
    /// How many rows of each group are wanted, and how many there are to draw.
    shares: Vec<(usize, usize)>,
    /// The rows drawn.
    drawn: Vec<u32>,
}

impl Shots {
    /// Draws `count` rows of `groups` for `row`; nothing where there are not so many, with the
    /// reason.
    pub(super) fn draw(
        &mut self,
        count: usize,
        from: ShotsFrom,
        groups: &Groups,
        (row, rows): (usize, &Rows),
        random: &mut Random,
    ) -> Result<&[u32], &'static str> {
        self.drawn.clear();
        match from {
            ShotsFrom::AnyLabel => self.draw_of(0, count, groups, (row, rows), random),
            ShotsFrom::SameLabel => {
                let group = groups.of(row).ok_or("null label")?;
                self.draw_of(group, count, groups, (row, rows), random);
            }
            ShotsFrom::Balanced => {
                self.share(count, groups, (row, rows), random);
                for group in 0..groups.len() {
                    let (wanted, _) = self.shares.get(group).copied().unwrap_or_default();
                    self.draw_of(group, wanted, groups, (row, rows), random);
                }
                // Or else the labels would always come in the same order.
                random.partial_shuffle(&mut self.drawn, count);
            }
        }
        if self.drawn.len() == count {
            Ok(&self.drawn)
        } else {
            Err("too few rows for the shots")
        }
    }

    fn draw_of(
        &mut self,
        group: usize,
        count: usize,
        groups: &Groups,
        (row, rows): (usize, &Rows),
        random: &mut Random,
    ) {
        if count == 0 {
            return;
        }
        self.places.reset(groups.members(group).len());
        for _ in 0..count {
            let other = groups.draw_other(group, row, rows, &mut self.places, random);
            let Some(other) = other else {
                return;
            };
            self.drawn.push(other);
        }
    }

    /// Says in `shares` how many rows of each group are wanted, so that all come to `count`: as
    /// many of each, as far as there are; which groups have one more is drawn.
    fn share(
        &mut self,
        count: usize,
        groups: &Groups,
        (row, rows): (usize, &Rows),
        random: &mut Random,
    ) {
        let sizes = (0..groups.len()).map(|group| (0, groups.members(group).len()));
        self.shares.clear();
        self.shares.extend(sizes);
        // The variants of a source row stand side by side.
        let own = rows.origin.get(row).copied().unwrap_or_default();
        let first = rows.origin.partition_point(|origin| *origin < own);
        let past = rows.origin.partition_point(|origin| *origin <= own);
        for variant in first..past {
            let Some(group) = groups.of(variant) else {
                continue;
            };
            let is_member = u32::try_from(variant)
                .is_ok_and(|variant| groups.members(group).binary_search(&variant).is_ok());
            if let Some((_, left)) = self.shares.get_mut(group).filter(|_| is_member) {
                *left -= 1;
            }
        }
        self.order.clear();
        self.order.extend((0..u32::MAX).take(groups.len()));
        random.partial_shuffle(&mut self.order, groups.len());
        let mut missing = count;
        while missing > 0 {
            let before = missing;
            for group in &self.order {
                let share = self.shares.get_mut(*group as usize);
                if let Some((wanted, _)) = share.filter(|(wanted, left)| wanted < left)
                    && missing > 0
                {
                    *wanted += 1;
                    missing -= 1;
                }
            }
            if missing == before {
                return;
            }
        }
    }
}
