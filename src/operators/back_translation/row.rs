//! One row on its way: its pieces, what they became, and the texts made of them.

use crate::batch::EditRecord;

use super::options::OnLoss;
use super::pieces::Piece;

/// A text made of a row.
#[derive(Debug)]
pub(super) struct Variant {
    /// Which of the variants asked for it is, from 1; 0 where the row is changed in place.
    pub(super) replica: u32,
    pub(super) text: String,
    pub(super) edits: Vec<EditRecord>,
}

/// A piece and the round trips of it that passed, for each pivot.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) piece: Piece,
    pub(super) round_trips: Vec<Vec<String>>,
    /// Protected text that a round trip lost.
    pub(super) lost: Option<String>,
}

/// A row of a batch.
#[derive(Debug)]
pub(super) struct Row<'t> {
    /// Its place in the batch.
    pub(super) index: u32,
    /// Its number in the shard.
    pub(super) number: u64,
    /// The key of its identity.
    pub(super) key: u64,
    /// The number of the replica that came in.
    pub(super) incoming: u32,
    /// Its text; nothing where it is null.
    pub(super) text: Option<&'t str>,
    pub(super) pieces: Vec<Translated>,
    /// Variants to make by each pivot.
    pub(super) wanted: Vec<usize>,
    /// Variants made by each pivot.
    pub(super) made: Vec<usize>,
    /// Combinations of round trips that were tried, for each pivot.
    pub(super) tried: Vec<usize>,
    pub(super) variants: Vec<Variant>,
    /// Why there are no more variants.
    pub(super) reason: &'static str,
}

impl Row<'_> {
    /// Variants that the pivot still has to make.
    pub(super) fn missing(&self, pivot: usize) -> usize {
        if self.pieces.is_empty() {
            return 0;
        }
        let count = |counts: &[usize]| counts.get(pivot).copied().unwrap_or_default();
        count(&self.wanted).saturating_sub(count(&self.made))
    }

    /// Whether every variant is made that can be.
    pub(super) fn is_complete(&self) -> bool {
        (0..self.wanted.len()).all(|pivot| self.missing(pivot) == 0)
    }

    /// Protected text that no round trip of its piece by any pivot kept.
    pub(super) fn lost(&self) -> Option<&str> {
        self.pieces
            .iter()
            .filter(|piece| piece.round_trips.iter().all(Vec::is_empty))
            .find_map(|piece| piece.lost.as_deref())
    }

    /// Whether, by this pivot, a piece has no round trip without which the row must not go on.
    pub(super) fn is_blocked(&self, pivot: usize, on_loss: OnLoss) -> bool {
        on_loss != OnLoss::Keep
            && self.pieces.iter().any(|piece| {
                let passed = piece.round_trips.get(pivot);
                piece.lost.is_some() && passed.is_none_or(Vec::is_empty)
            })
    }

    /// How many combinations of round trips there are by `pivot`.
    pub(super) fn combinations(&self, pivot: usize) -> usize {
        let passed = |piece: &Translated| piece.round_trips.get(pivot).map_or(0, Vec::len);
        self.pieces.iter().map(passed).max().unwrap_or_default()
    }

    /// The text of combination number `number` by `pivot`, and the edits that make it. A piece
    /// without a round trip stays as it is; so does every byte between pieces.
    pub(super) fn compose(&self, pivot: usize, number: usize) -> (String, Vec<EditRecord>) {
        let text = self.text.unwrap_or_default();
        let mut made = String::with_capacity(text.len() + text.len() / 4);
        let mut edits = Vec::new();
        let mut done = 0;
        for translated in &self.pieces {
            let span = translated.piece.span.clone();
            let old = text.get(span.clone()).unwrap_or_default();
            let passed = translated.round_trips.get(pivot);
            let passed = passed.map_or(&[][..], Vec::as_slice);
            let new = passed
                .get(number.checked_rem(passed.len()).unwrap_or_default())
                .map_or(old, String::as_str);
            made.push_str(text.get(done..span.start).unwrap_or_default());
            made.push_str(new);
            done = span.end;
            if new != old {
                edits.push(EditRecord {
                    start: offset(span.start),
                    end: offset(span.end),
                    old: old.to_owned(),
                    new: new.to_owned(),
                    from: None,
                });
            }
        }
        made.push_str(text.get(done..).unwrap_or_default());
        (made, edits)
    }
}

/// Texts are under 4 GiB.
fn offset(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
