//! What words can be, and the words that can stand for them: end to end in little memory.

use super::super::part_of_speech::{Familiarity, Tag};
use super::memo::Entry;

/// What a word can be, and the words that can then stand for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) tag: Tag,
    /// What speaks for this reading wherever the word stands.
    pub(super) evidence: i32,
    pub(super) list: List,
    /// The same words as participles, of a word that is a past or a participle.
    pub(super) participles: List,
}

/// A list of candidates in the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    start: u32,
    count: u16,
    /// The sum of all weights.
    weight: u32,
}

impl List {
    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// One more than the largest number that [`Memory::pick`] makes sense for.
    #[inline]
    pub(super) fn weight(self) -> u32 {
        self.weight
    }
}

/// Bytes that stand for a candidate before the texts: the weights of the list up to this one, in four,
/// and where its text ends, in two.
const HEAD: usize = 6;

/// Readings and candidates, end to end.
#[derive(Debug, Default)]
pub(super) struct Memory {
    readings: Vec<Stored>,
    /// For each list the heads of its candidates, then their texts: what is read together lies together.
    lists: Vec<u8>,
    blank: Familiarity,
}

impl Memory {
    /// An entry of which nothing is known.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            familiarity: self.blank,
            is_name: false,
            readings: 0,
            start: 0,
        }
    }

    /// Keeps candidates with their weights; those that would make the list too large are left out.
    pub(super) fn list(&mut self, candidates: &[(String, u32)]) -> List {
        let start = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        let mut list = List {
            start,
            count: 0,
            weight: 0,
        };
        let mut texts = String::new();
        for (candidate, weight) in candidates {
            let end = u16::try_from(texts.len() + candidate.len());
            let (Ok(end), Some(count), Some(up_to)) = (
                end,
                list.count.checked_add(1),
                list.weight.checked_add(*weight),
            ) else {
                continue;
            };
            texts.push_str(candidate);
            self.lists.extend(up_to.to_le_bytes());
            self.lists.extend(end.to_le_bytes());
            list.count = count;
            list.weight = up_to;
        }
        self.lists.extend(texts.as_bytes());
        list
    }

    /// The entry with these readings.
    pub(super) fn keep(&mut self, entry: Entry, readings: &[Stored]) -> Entry {
        let start = u32::try_from(self.readings.len()).unwrap_or(u32::MAX);
        self.readings.extend_from_slice(readings);
        Entry {
            readings: u8::try_from(readings.len()).unwrap_or(u8::MAX),
            start,
            ..entry
        }
    }

    /// The readings of a word.
    #[inline]
    pub(super) fn readings(&self, entry: Entry) -> &[Stored] {
        let start = entry.start as usize;
        self.readings
            .get(start..start + usize::from(entry.readings))
            .unwrap_or_default()
    }

    /// The candidate of a list on which `number` falls, if each gets as many numbers as it weighs.
    #[inline]
    pub(super) fn pick(&self, list: List, number: u32) -> Option<&str> {
        let bytes = self.lists.get(list.start as usize..)?;
        let (heads, texts) = bytes.split_at_checked(usize::from(list.count) * HEAD)?;
        let mut start = 0;
        for [a, b, c, d, low, high] in heads.as_chunks::<HEAD>().0 {
            let end = usize::from(u16::from_le_bytes([*low, *high]));
            if number < u32::from_le_bytes([*a, *b, *c, *d]) {
                return std::str::from_utf8(texts.get(start..end)?).ok();
            }
            start = end;
        }
        None
    }

    /// Bytes of the lists.
    pub(super) fn bytes(&self) -> usize {
        self.lists.len()
    }

    pub(super) fn clear(&mut self) {
        self.readings.clear();
        self.lists.clear();
    }
}
