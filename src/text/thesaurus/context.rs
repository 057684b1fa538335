//! What the word before says about a word.

/// What kind of word stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing that tells.
    Other,
    /// A determiner: what follows is not a verb.
    Determiner,
    /// `to` or a modal verb: what follows is a verb if it can be one.
    VerbMarker,
    /// A form of *be*, *have* or *get*: a past form that follows is a participle.
    Auxiliary,
}

/// The longest word in the lists, in bytes.
const LONGEST: usize = 7;

const DETERMINERS: &[&str] = &[
    "a", "an", "another", "any", "each", "every", "her", "his", "its", "my", "no", "our", "some",
    "that", "the", "their", "these", "this", "those", "very", "whose", "your",
];

const VERB_MARKERS: &[&str] = &[
    "can", "cannot", "could", "did", "do", "does", "don't", "may", "might", "must", "shall",
    "should", "to", "will", "won't", "would",
];

const AUXILIARIES: &[&str] = &[
    "am", "are", "be", "been", "being", "get", "got", "had", "has", "have", "having", "is", "was",
    "we've", "were",
];

const KNOWN: usize = DETERMINERS.len() + VERB_MARKERS.len() + AUXILIARIES.len();

/// All listed words, packed into numbers and sorted by them: a few comparisons find one.
static TABLE: [(u64, Before); KNOWN] = table();

const fn table() -> [(u64, Before); KNOWN] {
    let mut table = [(0, Before::Other); KNOWN];
    let mut filled = 0;
    let lists = [
        (DETERMINERS, Before::Determiner),
        (VERB_MARKERS, Before::VerbMarker),
        (AUXILIARIES, Before::Auxiliary),
    ];
    let mut list = 0;
    while list < lists.len() {
        let (words, kind) = lists[list];
        let mut word = 0;
        while word < words.len() {
            // Insertion sort: this runs when the crate is compiled.
            let entry = (pack(words[word].as_bytes()), kind);
            let mut place = filled;
            while place > 0 && table[place - 1].0 > entry.0 {
                table[place] = table[place - 1];
                place -= 1;
            }
            table[place] = entry;
            filled += 1;
            word += 1;
        }
        list += 1;
    }
    table
}

/// Up to seven bytes as a number, ASCII letters in lower case.
const fn pack(word: &[u8]) -> u64 {
    let mut packed = 0;
    let mut position = 0;
    while position < word.len() {
        packed = packed << 8 | word[position].to_ascii_lowercase() as u64;
        position += 1;
    }
    packed
}

impl Before {
    /// What `word` says about the one that follows it.
    #[inline]
    pub(super) fn of(word: Option<&str>) -> Self {
        let Some(word) = word.filter(|word| word.len() <= LONGEST) else {
            return Self::Other;
        };
        let packed = pack(word.as_bytes());
        let place = TABLE.binary_search_by_key(&packed, |(word, _)| *word);
        place
            .ok()
            .and_then(|place| TABLE.get(place))
            .map_or(Self::Other, |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_word_is_found_and_others_are_not() {
        assert!(TABLE.is_sorted_by_key(|(word, _)| *word));
        let lists = [
            (DETERMINERS, Before::Determiner),
            (VERB_MARKERS, Before::VerbMarker),
            (AUXILIARIES, Before::Auxiliary),
        ];
        for (words, kind) in lists {
            for word in words {
                assert!(word.len() <= LONGEST);
                assert_eq!(Before::of(Some(word)), kind, "{word}");
                assert_eq!(Before::of(Some(&word.to_uppercase())), kind, "{word}");
            }
        }
        for word in ["", "house", "then", "wherever", "ä"] {
            assert_eq!(Before::of(Some(word)), Before::Other, "{word}");
        }
        assert_eq!(Before::of(None), Before::Other);
    }
}
