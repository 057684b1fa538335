//! Edits of one text, as spans of the original: what is not named stays byte for byte.

use std::ops::Range;

use super::text_column::STEP;
use super::{Text, TextBuilder};
use crate::batch::{EditList, EditView};
use crate::text::Word;

/// Where the new bytes of an edit come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A span of the text being edited.
    Text,
    /// A span of the list's own store of new text.
    Store,
}

/// What follows the new texts while they are copied.
const AFTER_STORE: &str = match str::from_utf8(&[b' '; STEP]) {
    Ok(spaces) => spaces,
    Err(_) => "",
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    start: u32,
    end: u32,
    origin: Origin,
    new_start: u32,
    new_end: u32,
    /// How many edits were added before it.
    number: u32,
}

impl Edit {
    /// What edits are sorted by: where they start, where they end, and which came first. One number is
    /// compared without a branch, three in turn are not.
    fn order(&self) -> u128 {
        u128::from(self.start) << 64 | u128::from(self.end) << 32 | u128::from(self.number)
    }

    /// Whether it can be applied where the edits before it end at `end_of_last`.
    #[inline]
    fn fits(&self, end_of_last: u32, text: &Text<'_>) -> bool {
        let is_in_text = |start: u32, end: u32| {
            let span = start as usize..end as usize;
            text.as_str().get(span).is_some()
        };
        let is_off = |span: &Word| self.end <= span.start || span.end <= self.start;
        self.start >= end_of_last
            && is_in_text(self.start, self.end)
            && (self.origin == Origin::Store || is_in_text(self.new_start, self.new_end))
            && text.protected().iter().all(is_off)
    }
}

/// A list of edits of one text, in byte offsets of that text.
///
/// Edits may be added in any order. Those that overlap an earlier one, or that do not lie on
/// character boundaries, are left out when the edits are applied. Several insertions at one place
/// are kept in the order in which they came. Memory is reused from text to text.
///
/// No edit may touch a protected span. [`Edits::rearrange`] alone may move one, together with what
/// stands around it: its text is still in the output, as it was.
#[derive(Debug, Default)]
pub struct Edits {
    edits: Vec<Edit>,
    /// The parts that change places. They stand or fall together: one of them alone would double a
    /// part, and lose another.
    moves: Vec<Edit>,
    /// Which parts an order has named.
    named: Vec<bool>,
    store: String,
    unsorted: bool,
}

impl Edits {
    /// Forgets all edits.
    pub fn reset(&mut self) {
        self.edits.clear();
        self.moves.clear();
        self.store.clear();
        self.unsorted = false;
    }

    /// Whether there is no edit.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.moves.is_empty()
    }

    /// How many edits there are.
    pub fn len(&self) -> usize {
        self.edits.len()
    }

    /// Deletes `span`.
    #[inline]
    pub fn delete(&mut self, span: Range<usize>) {
        self.push(span, Origin::Text, 0, 0);
    }

    /// Puts `new` in place of `span`.
    #[inline]
    pub fn replace(&mut self, span: Range<usize>, new: &str) {
        let start = self.store.len();
        self.store.push_str(new);
        self.push(span, Origin::Store, start, self.store.len());
    }

    /// Puts `new` before the byte at `position`.
    #[inline]
    pub fn insert(&mut self, position: usize, new: &str) {
        self.replace(position..position, new);
    }

    /// Puts what stands at `source` in place of `span`, as the text was before any edit.
    #[inline]
    pub fn copy(&mut self, span: Range<usize>, source: Range<usize>) {
        self.push(span, Origin::Text, source.start, source.end);
    }

    /// Puts in place of `span` what `write` appends to the string it is given, unless `write`
    /// answers false. The string holds the text of other edits: it must only be appended to.
    #[inline]
    pub fn replace_if(&mut self, span: Range<usize>, write: impl FnOnce(&mut String) -> bool) {
        let start = self.store.len();
        if write(&mut self.store) {
            self.push(span, Origin::Store, start, self.store.len());
        } else {
            self.store.truncate(start);
        }
    }

    /// Puts the parts of the text in another order: where `parts[i]` stands comes `parts[order[i]]`,
    /// whole, with the protected spans in it. What lies between the parts stays where it is.
    ///
    /// Nothing moves unless the parts are in the order of the text and do not overlap, `order` has
    /// each of them once, and no border of a part cuts a protected span: so no protected span is
    /// lost, doubled or altered. Another edit that touches a part that moves is refused. A text is
    /// rearranged once: a second call takes the place of the first.
    pub fn rearrange(&mut self, parts: &[Word], order: &[u32]) {
        self.moves.clear();
        let sorted = parts.is_sorted_by(|one, next| one.end <= next.start);
        self.named.clear();
        self.named.resize(parts.len(), false);
        let mut is_new = |part: &u32| {
            let named = self.named.get_mut(*part as usize);
            named.is_some_and(|named| !std::mem::replace(named, true))
        };
        if !sorted || order.len() != parts.len() || !order.iter().all(&mut is_new) {
            return;
        }
        for (place, part) in parts.iter().zip(order) {
            let Some(part) = parts.get(*part as usize).filter(|part| *part != place) else {
                continue;
            };
            self.moves.push(Edit {
                start: place.start,
                end: place.end,
                origin: Origin::Text,
                new_start: part.start,
                new_end: part.end,
                number: 0,
            });
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the framework refuses texts over 4 GiB"
    )]
    fn push(&mut self, span: Range<usize>, origin: Origin, new_start: usize, new_end: usize) {
        let edit = Edit {
            start: span.start as u32,
            end: span.end as u32,
            origin,
            new_start: new_start as u32,
            new_end: new_end as u32,
            number: self.edits.len() as u32,
        };
        self.unsorted |= self.edits.last().is_some_and(|last| last.end > edit.start);
        self.edits.push(edit);
    }

    /// Appends `text` with the edits applied to the row of `into` that is open, which must be empty. Edits
    /// that cannot be applied are dropped. Answers whether any was applied; if none, nothing is appended.
    #[inline]
    pub(super) fn apply(&mut self, text: &Text<'_>, into: &mut TextBuilder) -> bool {
        if self.unsorted {
            // Insertions at one place keep their order; an insertion comes before a replacement
            // that starts at the same place. A stable sort would need memory of its own.
            self.edits.sort_unstable_by_key(Edit::order);
            self.unsorted = false;
        }
        if !self.store.is_empty() {
            // So that the last of the new texts is copied in one step, too. No edit names it.
            self.store.push_str(AFTER_STORE);
        }
        // Nearly always all of them can be applied: so they are not looked at beforehand.
        if !self.moves.is_empty() || !self.append(text, false, into) {
            into.discard_row();
            self.settle(text);
            if !self.edits.is_empty() {
                self.append(text, true, into);
            }
        }
        !self.edits.is_empty()
    }

    /// Appends `text` with the edits applied, which are sorted; stops, and answers so, at one that cannot be,
    /// unless they are settled.
    #[inline]
    fn append(&self, text: &Text<'_>, is_settled: bool, into: &mut TextBuilder) -> bool {
        let (column, store) = (text.in_its_column(), self.store.as_bytes());
        let mut copied = 0;
        for edit in &self.edits {
            if !is_settled && !edit.fits(copied, text) {
                return false;
            }
            into.append_span(column, copied as usize, edit.start as usize);
            let source = match edit.origin {
                Origin::Text => column,
                Origin::Store => store,
            };
            into.append_span(source, edit.new_start as usize, edit.new_end as usize);
            copied = edit.end;
        }
        into.append_span(column, copied as usize, text.as_str().len());
        !self.edits.is_empty()
    }

    /// Drops the edits, which are sorted, that cannot be applied: out of the text, overlapping an edit
    /// before them, cutting a character, or touching a protected span.
    #[cold]
    fn settle(&mut self, text: &Text<'_>) {
        let mut end_of_last = 0;
        self.edits.retain(|edit| {
            let fits = edit.fits(end_of_last, text);
            if fits {
                end_of_last = edit.end;
            }
            fits
        });
        if !self.moves.is_empty() {
            self.settle_moves(text.as_str(), text.protected());
        }
    }

    /// Adds the moves to the edits, which are settled, if all can be made.
    fn settle_moves(&mut self, text: &str, protected: &[Word]) {
        let cuts = |border| {
            let after = protected.partition_point(|span| span.end <= border);
            protected.get(after).is_some_and(|span| span.start < border)
        };
        let is_whole = |part: &Edit| {
            let in_text = text.get(part.start as usize..part.end as usize).is_some();
            in_text && !cuts(part.start) && !cuts(part.end)
        };
        if !self.moves.iter().all(is_whole) {
            return;
        }
        let moves = &self.moves;
        self.edits.retain(|edit| {
            let after = moves.partition_point(|part| part.end <= edit.start);
            // An insertion between two parts lies in neither.
            moves.get(after).is_none_or(|part| edit.end <= part.start)
        });
        self.edits.append(&mut self.moves);
        self.edits.sort_unstable_by_key(Edit::order);
    }

    fn new_text<'a>(&'a self, edit: &Edit, text: &'a str) -> &'a str {
        let source = match edit.origin {
            Origin::Text => text,
            Origin::Store => &self.store,
        };
        source
            .get(edit.new_start as usize..edit.new_end as usize)
            .unwrap_or_default()
    }

    /// `text` with the edits applied.
    #[cfg(test)]
    pub(crate) fn applied_to(&mut self, text: &Text<'_>) -> String {
        let mut into = TextBuilder::with_capacity(1, 0);
        if !self.apply(text, &mut into) {
            return text.as_str().to_owned();
        }
        String::from_utf8_lossy(into.open_row()).into_owned()
    }

    /// The edits as they are recorded in the lineage.
    pub(super) fn records(&self, text: &str) -> EditList {
        let views = || self.edits.iter().map(|edit| self.view(edit, text));
        let bytes = views().map(|edit| edit.old.len() + edit.new.len()).sum();
        let mut list = EditList::with_capacity(self.edits.len(), bytes);
        views().for_each(|edit| list.push(edit));
        list
    }

    fn view<'a>(&'a self, edit: &Edit, text: &'a str) -> EditView<'a> {
        let old = text.get(edit.start as usize..edit.end as usize);
        EditView {
            start: edit.start,
            end: edit.end,
            old: old.unwrap_or_default(),
            new: self.new_text(edit, text),
            from: (edit.origin == Origin::Text && edit.new_start < edit.new_end)
                .then_some(edit.new_start),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Segmenter;

    /// `text` with the edits that `list` asks for applied, where `{...}` and the like are protected.
    fn edited(text: &str, list: impl FnOnce(&mut Edits)) -> String {
        let mut segmenter = Segmenter::new(&[]).unwrap();
        let segments = segmenter.segment(text);
        let view = Text::new(text, segments.words, segments.protected, 0);
        let mut edits = Edits::default();
        list(&mut edits);
        edits.applied_to(&view)
    }

    fn words(spans: &[(usize, usize)]) -> Vec<Word> {
        let word = |(start, end): &(usize, usize)| Word::new(*start, *end);
        spans.iter().map(word).collect()
    }

    #[test]
    fn parts_change_places_and_what_lies_between_stays() {
        let parts = words(&[(0, 1), (3, 5), (6, 8)]);
        let moved = |order: &[u32]| edited("a, {} cc.", |edits| edits.rearrange(&parts, order));
        assert_eq!(moved(&[2, 0, 1]), "cc, a {}.");
        assert_eq!(moved(&[0, 1, 2]), "a, {} cc.");
    }

    #[test]
    fn a_protected_span_moves_with_its_part() {
        let text = "See {name}. Then go.";
        let parts = words(&[(0, 11), (12, 20)]);
        let moved = edited(text, |edits| edits.rearrange(&parts, &[1, 0]));
        assert_eq!(moved, "Then go. See {name}.");
    }

    #[test]
    fn nothing_moves_if_a_part_would_be_lost_doubled_or_cut() {
        let text = "See {name}. Then go.";
        let whole = [(0, 11), (12, 20)];
        for (parts, order) in [
            (&whole[..], &[0, 0][..]),
            (&whole, &[1]),
            (&whole, &[1, 2]),
            (&[(0, 6), (12, 20)], &[1, 0]),
            (&[(12, 20), (0, 11)], &[1, 0]),
            (&[(0, 13), (12, 20)], &[1, 0]),
            (&[(0, 11), (12, 99)], &[1, 0]),
        ] {
            let moved = edited(text, |edits| edits.rearrange(&words(parts), order));
            assert_eq!(moved, text, "{parts:?} {order:?}");
        }
    }

    #[test]
    fn other_edits_keep_out_of_what_moves() {
        let parts = words(&[(0, 3), (4, 7)]);
        let moved = edited("one two three", |edits| {
            edits.rearrange(&parts, &[1, 0]);
            edits.replace(1..2, "X");
            edits.insert(7, "!");
            edits.delete(7..13);
            edits.insert(4, "and ");
        });
        assert_eq!(moved, "two and one!");
    }

    proptest! {
        #[test]
        fn every_protected_span_is_still_there(
            pieces in prop::collection::vec("[a-z]{1,3}|\\{x\\}|`a b`|12 kg|é", 1..9),
            borders in prop::collection::vec(0..40_usize, 0..8),
            keys in prop::collection::vec(any::<u32>(), 4),
        ) {
            let text = pieces.join(" ");
            let mut borders = borders;
            borders.sort_unstable();
            let pairs = borders.as_chunks::<2>().0.iter();
            let parts: Vec<Word> = pairs.map(|[start, end]| Word::new(*start, *end)).collect();
            let mut order: Vec<u32> = (0..).take(parts.len()).collect();
            order.sort_by_key(|place| keys[*place as usize]);
            let moved = edited(&text, |edits| edits.rearrange(&parts, &order));
            for protected in ["{x}", "`a b`", "12 kg"] {
                let count = |text: &str| text.matches(protected).count();
                prop_assert!(count(&moved) >= count(&text), "{} {}", text, moved);
            }
            prop_assert_eq!(moved.len(), text.len());
        }
    }
}
