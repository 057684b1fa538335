//! The English WordNet 3.1, embedded and ready for lookups from any thread.
//!
//! [`WordNet::english`] decodes the embedded blob on first use; from then on everything is
//! read-only, lock-free and free of allocation. Lemmas are lower-case and hold spaces where
//! WordNet's files hold underscores; lookups take either. Senses come in WordNet's order, the most
//! frequent first, and agree with NLTK's reader over the same data.
//!
//! ```
//! use augment::text::wordnet::{PartOfSpeech, WordNet};
//!
//! let wordnet = WordNet::english();
//! let buy = wordnet.morphy("bought", PartOfSpeech::Verb).first().unwrap();
//! assert_eq!(wordnet.text(buy), "buy");
//! let synonym = wordnet.synonyms(buy, PartOfSpeech::Verb, 1).next().unwrap();
//! assert_eq!(wordnet.spelling(synonym.member), "purchase");
//! ```
//!
//! Data: WordNet 3.1, Princeton University 2011, with the exception lists of WordNet 3.0; see
//! `resources/wordnet/`.

mod embedded;
pub mod format;
mod morphy;
mod parts_of_speech;
mod relations;
mod senses;
pub mod tables;
mod text_index;
mod validation;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod small;

pub use embedded::LICENSE;
pub use format::FormatError;
pub use morphy::BaseForms;
pub use parts_of_speech::{PartOfSpeech, PartsOfSpeech};
pub use senses::{Member, Sense, Synonym, Synonyms};

use tables::{Lists, Tables};
use text_index::TextIndex;

/// A lemma: a lower-case word or phrase of the index. Valid for the WordNet it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LemmaId(pub(super) u32);

/// A synset: a set of words with one meaning. Valid for the WordNet it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SynsetId(u32);

/// A WordNet in memory. Read-only, so any number of threads may share it.
#[derive(Debug)]
pub struct WordNet {
    tables: Tables,
    lemma_index: TextIndex,
    exception_indexes: [TextIndex; 4],
    /// Per lemma the parts of speech it has senses of.
    parts_of_speech: Vec<PartsOfSpeech>,
    hyponyms: Lists,
}

impl WordNet {
    /// The embedded English WordNet 3.1. The first call decodes it, which takes some 20 ms.
    pub fn english() -> &'static Self {
        embedded::english()
    }

    /// Whether this process has decoded the embedded WordNet. One that never asked for it has not,
    /// and spends neither the time nor the memory.
    pub fn is_loaded() -> bool {
        embedded::is_loaded()
    }

    /// Reads a blob in the layout that [`mod@format`] describes.
    ///
    /// # Errors
    /// When the blob is damaged.
    pub fn from_blob(blob: &[u8]) -> Result<Self, FormatError> {
        Self::new(format::decode(blob)?)
    }

    /// Builds the indexes over `tables`.
    ///
    /// # Errors
    /// When a number refers to nothing, or an order or limit that lookups rely on does not hold.
    pub fn new(tables: Tables) -> Result<Self, FormatError> {
        let synset_count = validation::validate(&tables)?;
        let lemma_index = TextIndex::new(&tables.texts, tables.lemma_count);
        let exception_indexes = tables
            .exceptions
            .each_ref()
            .map(|part| TextIndex::new(&part.forms, part.forms.count()));
        let hyponyms = tables.hypernyms.reversed(synset_count);
        let mut wordnet = Self {
            tables,
            lemma_index,
            exception_indexes,
            parts_of_speech: Vec::new(),
            hyponyms,
        };
        wordnet.parts_of_speech = wordnet
            .lemmas()
            .map(|lemma| wordnet.parts_of_speech_of_senses(lemma))
            .collect();
        Ok(wordnet)
    }

    /// The lemma of exactly this form, which must be lower-case; words of a phrase are parted by
    /// one space or underscore. Inflected forms are found by [`WordNet::morphy`].
    #[inline]
    pub fn lemma(&self, form: &str) -> Option<LemmaId> {
        self.lemma_of_bytes(form.as_bytes())
    }

    #[inline]
    fn lemma_of_bytes(&self, form: &[u8]) -> Option<LemmaId> {
        self.lemma_index.find(&self.tables.texts, form).map(LemmaId)
    }

    /// The lemma's text: lower-case, words parted by spaces.
    #[inline]
    pub fn text(&self, lemma: LemmaId) -> &str {
        self.tables.texts.get(lemma.0)
    }

    /// All lemmas, in the order of their texts' bytes.
    pub fn lemmas(&self) -> impl ExactSizeIterator<Item = LemmaId> + use<> {
        (0..self.tables.lemma_count).map(LemmaId)
    }

    /// The parts of speech that the lemma has senses of.
    #[inline]
    pub fn parts_of_speech(&self, lemma: LemmaId) -> PartsOfSpeech {
        self.parts_of_speech
            .get(lemma.0 as usize)
            .copied()
            .unwrap_or_default()
    }

    fn parts_of_speech_of_senses(&self, lemma: LemmaId) -> PartsOfSpeech {
        let synsets = self.tables.senses.get(lemma.0).iter();
        synsets
            .map(|&synset| self.part_of_speech(SynsetId(synset)))
            .collect()
    }

    /// The irregular forms of a part of speech, sorted, each with the lemmas it may come from.
    pub fn irregular_forms(
        &self,
        part_of_speech: PartOfSpeech,
    ) -> impl Iterator<Item = (&str, impl Iterator<Item = LemmaId>)> {
        let exceptions = &self.tables.exceptions[part_of_speech as usize];
        exceptions.forms.iter().zip(0..).map(|(form, number)| {
            (
                form,
                exceptions.bases.get(number).iter().copied().map(LemmaId),
            )
        })
    }
}
