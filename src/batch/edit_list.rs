//! Edits of a text, close together.

/// One edit that an operator made: the bytes `start..end` of the text it received became `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditRecord {
    /// First byte replaced, in the text that the operator received.
    pub start: u32,
    /// One past the last byte replaced.
    pub end: u32,
    /// The bytes replaced.
    pub old: String,
    /// What stands there now.
    pub new: String,
    /// Where `new` stood in the text that the operator received, if it was moved or copied.
    pub from: Option<u32>,
}

/// An [`EditRecord`] whose texts lie elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EditView<'a> {
    /// First byte replaced, in the text that the operator received.
    pub start: u32,
    /// One past the last byte replaced.
    pub end: u32,
    /// The bytes replaced.
    pub old: &'a str,
    /// What stands there now.
    pub new: &'a str,
    /// Where `new` stood in the text that the operator received, if it was moved or copied.
    pub from: Option<u32>,
}

/// The edits of an operator to one text, by ascending start.
///
/// A batch in flight may have a million of them: kept as [`EditRecord`]s, each with two strings of
/// its own, they take many times what the text does, and most of the time of the allocator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EditList {
    places: Vec<Place>,
    /// What was replaced and what stands there now, one edit after the other.
    texts: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: u32,
    end: u32,
    old_length: u32,
    new_length: u32,
    /// [`NOWHERE`] for none.
    from: u32,
}

/// No text is so long that something could stand here.
const NOWHERE: u32 = u32::MAX;

impl EditList {
    /// An empty list with room for so many edits, with so many bytes of old and new text.
    pub fn with_capacity(edits: usize, bytes: usize) -> Self {
        Self {
            places: Vec::with_capacity(edits),
            texts: String::with_capacity(bytes),
        }
    }

    /// Adds an edit.
    pub fn push(&mut self, edit: EditView<'_>) {
        // The framework refuses texts over 4 GiB.
        let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.places.push(Place {
            start: edit.start,
            end: edit.end,
            old_length: length(edit.old),
            new_length: length(edit.new),
            from: edit.from.unwrap_or(NOWHERE),
        });
        self.texts.push_str(edit.old);
        self.texts.push_str(edit.new);
    }

    /// How many edits there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no edit.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Bytes of what was replaced and of what stands there now.
    pub fn text_bytes(&self) -> usize {
        self.texts.len()
    }

    /// The edits, by ascending start.
    pub fn iter(&self) -> impl Iterator<Item = EditView<'_>> {
        let mut at = 0_usize;
        self.places.iter().map(move |place| {
            let mut next = |length: u32| {
                let start = at;
                at = at.saturating_add(length as usize);
                self.texts.get(start..at).unwrap_or_default()
            };
            let (old, new) = (next(place.old_length), next(place.new_length));
            EditView {
                start: place.start,
                end: place.end,
                old,
                new,
                from: Some(place.from).filter(|from| *from != NOWHERE),
            }
        })
    }

    /// The edits, each with texts of its own.
    pub fn to_records(&self) -> Vec<EditRecord> {
        self.iter()
            .map(|edit| EditRecord {
                start: edit.start,
                end: edit.end,
                old: edit.old.to_owned(),
                new: edit.new.to_owned(),
                from: edit.from,
            })
            .collect()
    }
}

impl From<&[EditRecord]> for EditList {
    fn from(records: &[EditRecord]) -> Self {
        let bytes = records.iter().map(|edit| edit.old.len() + edit.new.len());
        let mut list = Self::with_capacity(records.len(), bytes.sum());
        for edit in records {
            list.push(EditView {
                start: edit.start,
                end: edit.end,
                old: &edit.old,
                new: &edit.new,
                from: edit.from,
            });
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn edits_come_back_as_they_were(
            edits in prop::collection::vec(
                (any::<u32>(), any::<u32>(), ".{0,5}", ".{0,5}", prop::option::of(0..NOWHERE)),
                0..8,
            ),
        ) {
            let record = |(start, end, old, new, from)| EditRecord { start, end, old, new, from };
            let records: Vec<EditRecord> = edits.into_iter().map(record).collect();
            let list = EditList::from(records.as_slice());
            prop_assert_eq!(list.len(), records.len());
            prop_assert_eq!(list.is_empty(), records.is_empty());
            prop_assert_eq!(list.to_records(), records);
        }
    }
}
