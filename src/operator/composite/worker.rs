//! A composite operator at work: which rows go through which of its steps.

use std::ops::Range;

use super::super::{Context, Operator, OperatorError, RowTextReader};
use super::branch::Branch;
use crate::batch::Batch;
use crate::random::{OperatorKey, Random};

/// Which rows the steps get, and what becomes of the rows.
pub enum Selection {
    /// All, in place.
    All,
    /// Each with this probability, in place; the others pass as they are.
    Share(f64),
    /// All: so many variants are made of each.
    Replicas(u32),
    /// All: as many variants are made of each as is said for it.
    Quotas(Box<dyn Quotas>),
}

/// Says how many variants are made of each row.
pub trait Quotas: Send {
    /// The numbers for the rows of `batch`. Rows of which none are wanted are to be counted.
    ///
    /// # Errors
    /// When the batch lacks what is needed to tell.
    fn of(&self, batch: &Batch, context: &Context<'_>) -> Result<Vec<Wanted>, OperatorError>;
}

/// How many variants of a row are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Of this one.
    pub variants: u32,
    /// Of any row of the same origin, at most: variants of its own replicas are numbered by it.
    pub most: u32,
}

/// A composite operator of one worker thread.
pub(super) struct Worker {
    pub(super) branches: Vec<Branch>,
    pub(super) selection: Selection,
    pub(super) key: OperatorKey,
    pub(super) texts: RowTextReader,
    /// The positions of the steps, and of what is inside of them, in the plan.
    pub(super) positions: Range<usize>,
}

/// Branches, by position, that are not to be drawn any more.
pub(super) type Exhausted = u128;

impl Operator for Worker {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let wanted = match &self.selection {
            Selection::All | Selection::Share(_) => return self.change_in_place(batch, context),
            Selection::Replicas(count) => {
                let wanted = Wanted {
                    variants: *count,
                    most: *count,
                };
                vec![wanted; batch.rows.len()]
            }
            Selection::Quotas(quotas) => quotas.of(&batch, context)?,
        };
        self.make_variants(&batch, &wanted, context)
    }
}

impl Worker {
    /// Draws one of the branches that are left, by weight; nothing if none is.
    pub(super) fn draw(&self, exhausted: Exhausted, random: &mut Random) -> Option<usize> {
        let open = |branch: &usize| exhausted.checked_shr(to_u32(*branch)).unwrap_or(1) & 1 == 0;
        let weight = |branch: usize| {
            self.branches
                .get(branch)
                .map_or(0.0, |branch| branch.weight)
        };
        let total: f64 = (0..self.branches.len()).filter(open).map(weight).sum();
        let mut left = random.unit() * total;
        let mut last = None;
        for branch in (0..self.branches.len()).filter(open) {
            last = Some(branch);
            left -= weight(branch);
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

/// Rows of a batch, replicas and branches are numbered in 32 bits.
pub(super) fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
