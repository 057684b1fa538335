//! Where a part of a text is after the text was edited.

use std::ops::Range;

use crate::batch::EditRecord;

/// The edits of a text, in order, ready to be asked where something is after them.
pub(super) struct Remap<'e> {
    edits: &'e [EditRecord],
    /// For each edit how much longer the text before it has become, and at the end the whole text.
    shifts: Vec<isize>,
}

impl<'e> Remap<'e> {
    /// `edits` are sorted and do not overlap.
    pub(super) fn new(edits: &'e [EditRecord]) -> Self {
        let mut shifts = Vec::with_capacity(edits.len() + 1);
        let mut shift = 0;
        shifts.push(shift);
        for edit in edits {
            let old = (edit.end - edit.start) as usize;
            shift += edit.new.len().cast_signed() - old.cast_signed();
            shifts.push(shift);
        }
        Self { edits, shifts }
    }

    /// Where `span` of the old text is in the new one; nothing if an edit cut or deleted it.
    ///
    /// What was moved as a whole is where it was moved to. A span that only edits inside of it
    /// touched is where their outcome is. What was inserted at a border stays outside.
    pub(super) fn of(&self, span: &Range<usize>) -> Option<Range<usize>> {
        // The edits that touch the span; none of them where `last` is before `first`.
        let first = self
            .edits
            .partition_point(|edit| edit.end as usize <= span.start);
        let last = self
            .edits
            .partition_point(|edit| (edit.start as usize) < span.end);
        let touching = self.edits.get(first..last).unwrap_or_default();
        if touching.is_empty() {
            return Some(self.shifted(span.start, first)?..self.shifted(span.end, first)?);
        }
        if let [edit] = touching
            && (edit.start as usize) <= span.start
            && span.end <= edit.end as usize
            && let Some(moved) = self.moved(span)
        {
            return Some(moved);
        }
        let is_inside =
            |edit: &EditRecord| span.start <= edit.start as usize && edit.end as usize <= span.end;
        if !touching.iter().all(is_inside) {
            return None;
        }
        let new = self.shifted(span.start, first)?..self.shifted(span.end, last)?;
        (!new.is_empty()).then_some(new)
    }

    /// Where what stood at `span` was moved to.
    fn moved(&self, span: &Range<usize>) -> Option<Range<usize>> {
        self.edits.iter().enumerate().find_map(|(number, edit)| {
            let from = edit.from? as usize;
            if span.start < from || from + edit.new.len() < span.end {
                return None;
            }
            let start = self.shifted(edit.start as usize, number)? + (span.start - from);
            Some(start..start + span.len())
        })
    }

    /// Where the byte at `position` is after the first `edits` edits.
    fn shifted(&self, position: usize, edits: usize) -> Option<usize> {
        position.checked_add_signed(*self.shifts.get(edits)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, new: &str, from: Option<u32>) -> EditRecord {
        EditRecord {
            start,
            end,
            old: String::new(),
            new: new.to_owned(),
            from,
        }
    }

    fn remap(edits: &[EditRecord], span: Range<usize>) -> Option<Range<usize>> {
        Remap::new(edits).of(&span)
    }

    #[test]
    fn spans_follow_what_happens_around_and_inside_of_them() {
        // "one two three"
        let before = [edit(0, 3, "eleven", None)];
        assert_eq!(remap(&before, 4..7), Some(7..10));
        let at_borders = [edit(4, 4, "+", None), edit(7, 7, "-", None)];
        assert_eq!(remap(&at_borders, 4..7), Some(5..8));
        let inside = [edit(5, 6, "www", None)];
        assert_eq!(remap(&inside, 4..7), Some(4..9));
        assert_eq!(remap(&[edit(4, 7, "zwei", None)], 4..7), Some(4..8));
        assert_eq!(remap(&[edit(4, 7, "", None)], 4..7), None);
        assert_eq!(remap(&[edit(3, 5, "", None)], 4..7), None);
        assert_eq!(remap(&[edit(6, 8, "x", None)], 4..7), None);
        assert_eq!(remap(&[edit(0, 13, "x", None)], 4..7), None);
        assert_eq!(remap(&[edit(4, 4, "+", None)], 4..4), Some(5..5));
        assert_eq!(remap(&[edit(3, 5, "", None)], 4..4), None);
    }

    #[test]
    fn spans_move_with_their_part() {
        // "one two three" becomes "three two one".
        let swapped = [edit(0, 3, "three", Some(8)), edit(8, 13, "one", Some(0))];
        assert_eq!(remap(&swapped, 0..3), Some(10..13));
        assert_eq!(remap(&swapped, 1..2), Some(11..12));
        assert_eq!(remap(&swapped, 8..13), Some(0..5));
        assert_eq!(remap(&swapped, 4..7), Some(6..9));
        assert_eq!(remap(&swapped, 0..7), Some(0..9));
        assert_eq!(remap(&swapped, 2..7), None);
    }
}
