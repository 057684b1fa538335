//! What words can be, and the words that can stand for them: all of a word end to end, so that little
//! memory is read for it.

use super::super::part_of_speech::{Familiarity, Tag};
use super::memo::Entry;

/// Words that can stand for another, with their weights.
pub(super) type Candidates = Vec<(String, u32)>;

/// What a word can be, and the words that can then stand for it, to be kept.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) tag: Tag,
    /// What speaks for this reading wherever the word stands.
    pub(super) evidence: i32,
    pub(super) candidates: Candidates,
    /// The same words as participles, of a word that is a past or a participle.
    pub(super) participles: Option<Candidates>,
}

/// A reading that was kept.
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
    const BYTES: usize = 10;

    pub(super) fn is_empty(self) -> bool {
        self.count == 0
    }

    /// One more than the largest number that [`Memory::pick`] makes sense for.
    #[inline]
    pub(super) fn weight(self) -> u32 {
        self.weight
    }

    fn write(self, into: &mut Vec<u8>) {
        into.extend(self.start.to_le_bytes());
        into.extend(self.count.to_le_bytes());
        into.extend(self.weight.to_le_bytes());
    }

    #[inline]
    fn read(bytes: [u8; Self::BYTES]) -> Self {
        let [s0, s1, s2, s3, c0, c1, w0, w1, w2, w3] = bytes;
        Self {
            start: u32::from_le_bytes([s0, s1, s2, s3]),
            count: u16::from_le_bytes([c0, c1]),
            weight: u32::from_le_bytes([w0, w1, w2, w3]),
        }
    }
}

impl Stored {
    /// The number of the tag, the evidence, both lists.
    const BYTES: usize = 1 + 4 + 2 * List::BYTES;

    fn write(&self, into: &mut Vec<u8>) {
        into.push(self.tag as u8);
        into.extend(self.evidence.to_le_bytes());
        self.list.write(into);
        self.participles.write(into);
    }

    #[inline]
    fn read(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (&[tag, e0, e1, e2, e3], lists) = bytes.split_first_chunk()?;
        let (list, participles) = lists.split_first_chunk()?;
        Some(Self {
            tag: *Tag::ALL.get(usize::from(tag))?,
            evidence: i32::from_le_bytes([e0, e1, e2, e3]),
            list: List::read(*list),
            participles: List::read(*participles.first_chunk()?),
        })
    }
}

/// Bytes that stand for a candidate before the texts: the weights of the list up to this one, in four,
/// and where its text ends, in two.
const HEAD: usize = 6;

/// Readings and candidates, end to end.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// For each word its readings, then their lists: for each the heads of its candidates, then their
    /// texts.
    words: Vec<u8>,
    /// The lists of the word being kept.
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

    /// The entry with these readings, as many as can be counted.
    pub(super) fn keep(&mut self, entry: Entry, found: &[Found]) -> Entry {
        let found = found.get(..Entry::MOST_READINGS).unwrap_or(found);
        let start = self.words.len();
        let first_list = start + found.len() * Stored::BYTES;
        self.lists.clear();
        for found in found {
            let list = self.list(first_list, &found.candidates);
            let participles = found.participles.as_ref();
            let stored = Stored {
                tag: found.tag,
                evidence: found.evidence,
                list,
                participles: participles.map_or(list, |found| self.list(first_list, found)),
            };
            stored.write(&mut self.words);
        }
        self.words.append(&mut self.lists);
        Entry {
            readings: u8::try_from(found.len()).unwrap_or_default(),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            ..entry
        }
    }

    /// Writes candidates with their weights to the lists, which will lie at `first_list`; those that would
    /// make the list too large are left out.
    fn list(&mut self, first_list: usize, candidates: &[(String, u32)]) -> List {
        let mut list = List {
            start: u32::try_from(first_list + self.lists.len()).unwrap_or(u32::MAX),
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

    /// The readings of a word.
    #[inline]
    pub(super) fn readings(&self, entry: Entry) -> impl ExactSizeIterator<Item = Stored> {
        let bytes = self.words.get(entry.start as usize..).unwrap_or_default();
        let (readings, _) = bytes.as_chunks::<{ Stored::BYTES }>();
        let readings = readings.get(..usize::from(entry.readings));
        // What was written can be read.
        let blank = Stored {
            tag: Tag::Noun,
            evidence: 0,
            list: List::read([0; List::BYTES]),
            participles: List::read([0; List::BYTES]),
        };
        let readings = readings.unwrap_or_default().iter();
        readings.map(move |reading| Stored::read(reading).unwrap_or(blank))
    }

    /// The candidate of a list on which `number` falls, if each gets as many numbers as it weighs.
    #[inline]
    pub(super) fn pick(&self, list: List, number: u32) -> Option<&str> {
        let bytes = self.words.get(list.start as usize..)?;
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

    /// Bytes of all words.
    pub(super) fn bytes(&self) -> usize {
        self.words.len()
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(of: &[(&str, u32)]) -> Candidates {
        of.iter()
            .map(|(text, weight)| ((*text).to_owned(), *weight))
            .collect()
    }

    #[test]
    fn words_with_several_readings_come_back_as_they_were_kept() {
        let word = |first: &str, second: &str| {
            let noun = Found {
                tag: Tag::Noun,
                evidence: -7,
                candidates: candidates(&[(first, 2), ("naïveté", 1)]),
                participles: None,
            };
            let past = Found {
                tag: Tag::PastOrParticiple,
                evidence: i32::MAX,
                candidates: Vec::new(),
                participles: Some(candidates(&[(second, 3)])),
            };
            [noun, past]
        };
        let mut memory = Memory::default();
        let kept = ["one", "two"].map(|name| {
            let entry = memory.keep(memory.entry(), &word(name, "taken"));
            (name, entry)
        });
        for (name, entry) in kept {
            let readings: Vec<Stored> = memory.readings(entry).collect();
            let tags: Vec<_> = readings.iter().map(|one| (one.tag, one.evidence)).collect();
            assert_eq!(tags, [(Tag::Noun, -7), (Tag::PastOrParticiple, i32::MAX)]);
            let [noun, past] = readings[..] else {
                panic!("{readings:?}");
            };
            assert_eq!(noun.list, noun.participles);
            assert_eq!(noun.list.weight(), 3);
            let drawn = |list, number| memory.pick(list, number);
            assert_eq!(drawn(noun.list, 1), Some(name));
            assert_eq!(drawn(noun.list, 2), Some("naïveté"));
            assert_eq!(drawn(noun.list, 3), None);
            assert!(past.list.is_empty());
            assert_eq!(drawn(past.participles, 2), Some("taken"));
        }
    }
}
