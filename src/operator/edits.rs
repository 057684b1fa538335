//! Edits of one text, as spans of the original: what is not named stays byte for byte.

use std::ops::Range;

use super::{Text, TextBuilder};
use crate::batch::EditRecord;

/// Where the new bytes of an edit come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A span of the text being edited.
    Text,
    /// A span of the list's own store of new text.
    Store,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    start: u32,
    end: u32,
    origin: Origin,
    new_start: u32,
    new_end: u32,
}

/// A list of edits of one text, in byte offsets of that text.
///
/// Edits may be added in any order. Those that overlap an earlier one, or that do not lie on
/// character boundaries, are refused: the methods answer whether the edit was taken. Several
/// insertions at one place are kept in the order in which they came. Memory is reused from text to
/// text.
#[derive(Debug, Default)]
pub struct Edits {
    edits: Vec<Edit>,
    store: String,
    unsorted: bool,
}

impl Edits {
    /// Forgets all edits.
    pub fn reset(&mut self) {
        self.edits.clear();
        self.store.clear();
        self.unsorted = false;
    }

    /// Whether there is no edit.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
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
        };
        self.unsorted |= self.edits.last().is_some_and(|last| last.end > edit.start);
        self.edits.push(edit);
    }

    /// Sorts the edits and drops those that cannot be applied: out of the text, overlapping an
    /// edit before them, cutting a character, or touching a protected span. Answers whether any
    /// remains.
    pub(super) fn settle(&mut self, text: &Text<'_>) -> bool {
        let protected = text.protected();
        let text = text.as_str();
        if self.unsorted {
            // Stable, so that insertions at one place keep their order; an insertion comes before
            // a replacement that starts at the same place.
            self.edits.sort_by_key(|edit| (edit.start, edit.end));
        }
        let mut end_of_last = 0;
        self.edits.retain(|edit| {
            let valid = edit.start >= end_of_last
                && edit.start <= edit.end
                && text.get(edit.start as usize..edit.end as usize).is_some()
                && (edit.origin == Origin::Store
                    || text
                        .get(edit.new_start as usize..edit.new_end as usize)
                        .is_some())
                && !protected
                    .iter()
                    .any(|span| edit.start < span.end && span.start < edit.end);
            if valid {
                end_of_last = edit.end;
            }
            valid
        });
        !self.edits.is_empty()
    }

    /// Where the new bytes of an edit of `text` are.
    #[inline]
    fn source<'a>(&'a self, edit: &Edit, text: &'a str) -> &'a str {
        match edit.origin {
            Origin::Text => text,
            Origin::Store => &self.store,
        }
    }

    fn new_text<'a>(&'a self, edit: &Edit, text: &'a str) -> &'a str {
        self.source(edit, text)
            .get(edit.new_start as usize..edit.new_end as usize)
            .unwrap_or_default()
    }

    /// Appends `text` with the edits applied to `into`. The edits must be settled.
    #[inline]
    pub(super) fn apply(&self, text: &str, into: &mut TextBuilder) {
        let mut copied = 0;
        for edit in &self.edits {
            into.append_span(text.as_bytes(), copied, edit.start as usize);
            let source = self.source(edit, text).as_bytes();
            into.append_span(source, edit.new_start as usize, edit.new_end as usize);
            copied = edit.end as usize;
        }
        into.append_span(text.as_bytes(), copied, text.len());
    }

    /// The edits as they are recorded in the lineage.
    pub(super) fn records(&self, text: &str) -> Vec<EditRecord> {
        self.edits
            .iter()
            .map(|edit| EditRecord {
                start: edit.start,
                end: edit.end,
                old: text
                    .get(edit.start as usize..edit.end as usize)
                    .unwrap_or_default()
                    .to_owned(),
                new: self.new_text(edit, text).to_owned(),
            })
            .collect()
    }
}
