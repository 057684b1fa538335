//! How many texts of a collection have each word, and how much of them the word makes up.
//!
//! Counts are integers, so that they add up to the same in any order: texts are counted shard by
//! shard on several threads, and merged.

use super::{Words, push_lower_case};
use crate::random::hash_bytes;

/// The longest word, in bytes of its small letters, that is counted: what is longer is no word that
/// anybody would look for in another text. It does count as a word of its text.
const LONGEST: usize = 64;

/// Different words that are kept in mind. Beyond them the rarest are forgotten.
const MOST_WORDS: usize = 1 << 20;

/// The share of a text that is all of it, in units of [`WordCount::share`].
const WHOLE: u64 = 1 << 32;

/// What is known of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordCount {
    /// The word in lower case.
    pub word: Box<str>,
    /// Texts that have it.
    pub documents: u64,
    /// The sum, over all texts, of the share of the text's words that are this one. The unit does
    /// not matter, as long as it is the same for all words.
    pub share: u64,
}

/// What is known of the words of a collection of texts.
///
/// ```
/// use augment::text::WordCounts;
/// let counts = WordCounts::of(["The cat saw the dog.", "A dog", ""]);
/// assert_eq!(counts.documents(), 3);
/// assert_eq!((&*counts.words()[0].word, counts.words()[0].documents), ("dog", 2));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordCounts {
    documents: u64,
    words: Vec<WordCount>,
}

impl WordCounts {
    /// Counts that come from elsewhere: of so many texts.
    pub fn new(documents: u64, mut words: Vec<WordCount>) -> Self {
        words.sort_unstable_by(|one, other| {
            let by_documents = other.documents.cmp(&one.documents);
            by_documents.then_with(|| one.word.cmp(&other.word))
        });
        Self { documents, words }
    }

    /// The words of `texts`, without those in what is always protected.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut counter, mut segmenter) = (WordCounter::new(), super::Segmenter::default());
        for text in texts {
            counter.add(text, segmenter.segment(text).words);
        }
        counter.into_counts()
    }

    /// How many texts there are.
    pub fn documents(&self) -> u64 {
        self.documents
    }

    /// The words, those first that most texts have, and else in the order of the alphabet.
    pub fn words(&self) -> &[WordCount] {
        &self.words
    }
}

/// A word that is being counted.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    documents: u64,
    share: u64,
    /// Where the word is in the store.
    start: u32,
    length: u32,
    /// How often it came up in the text that is being counted.
    here: u32,
}

/// Counts words.
///
/// Memory is bounded: beyond about a million different words those that fewest texts have are
/// forgotten, after a text or a merge, so that what is left depends on the texts and their order
/// alone.
#[derive(Debug)]
pub struct WordCounter {
    documents: u64,
    /// For each place that a hash stands for, one more than the number of an entry; 0 where there
    /// is none. The length is a power of two, twice that of the entries at least.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    /// The words one after the other.
    store: String,
    most: usize,
    lower: String,
    /// Entries of the words of the text that is being counted.
    here: Vec<u32>,
}

impl Default for WordCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl WordCounter {
    /// A counter that has seen nothing.
    pub fn new() -> Self {
        Self::with_most(MOST_WORDS)
    }

    /// The same, which forgets the rarest beyond `most` words.
    fn with_most(most: usize) -> Self {
        Self {
            documents: 0,
            slots: vec![0; 1 << 10],
            entries: Vec::new(),
            store: String::new(),
            most,
            lower: String::new(),
            here: Vec::new(),
        }
    }

    /// Counts a text, whose words are `words`.
    pub fn add(&mut self, text: &str, words: Words<'_>) {
        self.documents += 1;
        for word in words {
            self.lower.clear();
            push_lower_case(text.get(word.range()).unwrap_or_default(), &mut self.lower);
            if self.lower.len() > LONGEST {
                continue;
            }
            let lower = std::mem::take(&mut self.lower);
            let number = self.number_of(hash_bytes(0, lower.as_bytes()), &lower);
            self.lower = lower;
            if let Some(entry) = self.entry(number) {
                entry.here += 1;
                if entry.here == 1 {
                    self.here.push(number);
                }
            }
        }
        let length = words.len().max(1) as u64;
        let here = std::mem::take(&mut self.here);
        for number in &here {
            if let Some(entry) = self.entry(*number) {
                entry.documents += 1;
                let share = u64::from(entry.here) * WHOLE / length;
                // Full after four thousand million texts of this word alone.
                entry.share = entry.share.saturating_add(share);
                entry.here = 0;
            }
        }
        self.here = here;
        self.here.clear();
        self.forget_rare();
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Self) {
        self.documents += other.documents;
        for more in &other.entries {
            let number = self.number_of(more.hash, other.word(more));
            if let Some(entry) = self.entry(number) {
                entry.documents += more.documents;
                entry.share = entry.share.saturating_add(more.share);
            }
        }
        self.forget_rare();
    }

    /// What was counted.
    pub fn into_counts(self) -> WordCounts {
        let words = self.entries.iter().map(|entry| WordCount {
            word: self.word(entry).into(),
            documents: entry.documents,
            share: entry.share,
        });
        WordCounts::new(self.documents, words.collect())
    }

    fn word(&self, entry: &Entry) -> &str {
        let start = entry.start as usize;
        let span = start..start + entry.length as usize;
        self.store.get(span).unwrap_or_default()
    }

    #[inline]
    fn entry(&mut self, number: u32) -> Option<&mut Entry> {
        self.entries.get_mut(number as usize)
    }

    /// The number of the entry of `word`, which is made if there is none.
    #[inline]
    fn number_of(&mut self, hash: u64, word: &str) -> u32 {
        let mut slot = self.first_slot(hash);
        loop {
            let Some(number) = self.slots.get(slot).and_then(|slot| slot.checked_sub(1)) else {
                return self.insert(slot, hash, word);
            };
            let known = self.entries.get(number as usize);
            if known.is_some_and(|known| known.hash == hash && self.word(known) == word) {
                return number;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the mask keeps what fits the slots"
    )]
    fn first_slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    #[cold]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a text is under 4 GiB, and so are its words and those kept in mind"
    )]
    fn insert(&mut self, slot: usize, hash: u64, word: &str) -> u32 {
        let number = self.entries.len() as u32;
        self.entries.push(Entry {
            hash,
            documents: 0,
            share: 0,
            start: self.store.len() as u32,
            length: word.len() as u32,
            here: 0,
        });
        self.store.push_str(word);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = number + 1;
        }
        if self.entries.len() * 2 > self.slots.len() {
            self.fill_slots(self.slots.len() * 2);
        }
        number
    }

    /// Gives each entry a slot among so many.
    fn fill_slots(&mut self, slots: usize) {
        self.slots.clear();
        self.slots.resize(slots, 0);
        for (number, entry) in (1..).zip(&self.entries) {
            let mut slot = self.first_slot(entry.hash);
            while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & (slots - 1);
            }
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = number;
            }
        }
    }

    /// Forgets the words that fewest texts have, if there are too many, until there is room again.
    fn forget_rare(&mut self) {
        if self.entries.len() <= self.most {
            return;
        }
        let mut rarest = 0;
        while self.entries.len() > self.most / 4 * 3 {
            rarest += 1;
            self.entries.retain(|entry| entry.documents > rarest);
        }
        let mut store = String::new();
        for place in 0..self.entries.len() {
            let start = store.len();
            if let Some(entry) = self.entries.get(place) {
                store.push_str(self.word(entry));
            }
            if let Some(entry) = self.entries.get_mut(place) {
                entry.start = u32::try_from(start).unwrap_or(u32::MAX);
            }
        }
        self.store = store;
        self.fill_slots(self.slots.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::Segmenter;

    fn count(texts: &[String], most: usize) -> WordCounter {
        let (mut counter, mut segmenter) = (WordCounter::with_most(most), Segmenter::default());
        for text in texts {
            counter.add(text, segmenter.segment(text).words);
        }
        counter
    }

    #[test]
    fn words_are_counted_once_for_each_text_and_by_their_share_of_it() {
        let counts = WordCounts::of([
            "Das Haus, das HAUS und die Straße",
            "",
            "STRASSE https://example.com/haus",
        ]);
        assert_eq!(counts.documents(), 3);
        let found: Vec<(&str, u64, u64)> = counts
            .words()
            .iter()
            .map(|count| (&*count.word, count.documents, count.share))
            .collect();
        // Words in a protected span are none.
        let (seventh, sevenths) = (WHOLE / 7, 2 * WHOLE / 7);
        let expected = [
            ("das", 1, sevenths),
            ("die", 1, seventh),
            ("haus", 1, sevenths),
            ("strasse", 1, WHOLE),
            ("straße", 1, seventh),
            ("und", 1, seventh),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_word_without_end_is_part_of_its_text_but_not_counted() {
        let counts = WordCounts::of([format!("a {}", "x".repeat(65)).as_str()]);
        let [only] = counts.words() else {
            panic!("{counts:?}");
        };
        assert_eq!((&*only.word, only.share), ("a", WHOLE / 2));
    }

    #[test]
    fn the_rarest_are_forgotten_first() {
        let texts: Vec<String> = (0..200)
            .map(|n| format!("often w{n} seldom{}", n % 4))
            .collect();
        let counts = count(&texts, 40).into_counts();
        assert!(counts.words().len() <= 40);
        let first: Vec<(&str, u64)> = counts.words()[..5]
            .iter()
            .map(|count| (&*count.word, count.documents))
            .collect();
        let seldom = ["seldom0", "seldom1", "seldom2", "seldom3"].map(|word| (word, 50));
        assert_eq!(first[0], ("often", 200));
        assert_eq!(first[1..], seldom);
    }

    proptest! {
        #[test]
        fn parts_add_up_in_any_order(
            texts in prop::collection::vec("([a-c]{1,2} ){0,6}", 0..30),
            cut in 0_usize..30,
        ) {
            let cut = cut.min(texts.len());
            let (mut one, mut two) = (count(&texts[..cut], 99), count(&texts[cut..], 99));
            let whole = count(&texts, 99).into_counts();
            let first = count(&texts[..cut], 99);
            one.merge(&two);
            two.merge(&first);
            prop_assert_eq!(one.into_counts(), whole.clone());
            prop_assert_eq!(two.into_counts(), whole);
        }
    }
}
