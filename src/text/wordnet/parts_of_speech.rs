//! The four parts of speech that WordNet knows, and sets of them.

/// A part of speech. WordNet has no others: pronouns, prepositions and so on are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartOfSpeech {
    /// `n`
    Noun = 0,
    /// `v`
    Verb = 1,
    /// `a`, and `s` for adjective satellites
    Adjective = 2,
    /// `r`
    Adverb = 3,
}

impl PartOfSpeech {
    /// All parts of speech, in WordNet's order.
    pub const ALL: [Self; 4] = [Self::Noun, Self::Verb, Self::Adjective, Self::Adverb];
}

/// A set of parts of speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PartsOfSpeech(u8);

impl PartsOfSpeech {
    /// Whether the part of speech is in the set.
    #[inline]
    pub fn contains(self, part_of_speech: PartOfSpeech) -> bool {
        self.0 & (1 << part_of_speech as u8) != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many parts of speech are in the set.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The parts of speech of the set, in WordNet's order.
    pub fn iter(self) -> impl Iterator<Item = PartOfSpeech> {
        PartOfSpeech::ALL
            .into_iter()
            .filter(move |&part| self.contains(part))
    }
}

impl FromIterator<PartOfSpeech> for PartsOfSpeech {
    fn from_iter<I: IntoIterator<Item = PartOfSpeech>>(parts: I) -> Self {
        Self(parts.into_iter().fold(0, |set, part| set | 1 << part as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set: PartsOfSpeech = [PartOfSpeech::Adverb, PartOfSpeech::Verb, PartOfSpeech::Verb]
            .into_iter()
            .collect();
        assert_eq!(
            set.iter().collect::<Vec<_>>(),
            [PartOfSpeech::Verb, PartOfSpeech::Adverb]
        );
        assert_eq!(set.count(), 2);
        assert!(!set.contains(PartOfSpeech::Noun));
        assert!(!set.is_empty() && PartsOfSpeech::default().is_empty());
    }
}
