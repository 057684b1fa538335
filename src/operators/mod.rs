//! The operators that ship with the crate, one file each.

mod aeda;
#[cfg(test)]
mod annotations;
mod antonym_replacement;
mod article;
pub mod back_translation;
mod case;
mod characters;
mod checklist;
mod concatenate;
mod contraction;
mod crop;
mod diacritics;
mod dictionary_replacement;
mod drawn;
mod eda;
mod entity_swap;
mod filter;
mod homoglyph;
mod hypernym_replacement;
mod hyponym_replacement;
mod inflection;
mod keyboard_typo;
mod leet;
pub mod masked_lm;
mod neighbours;
mod nlpaug_default;
mod ocr_error;
mod preset;
mod punctuation_insertion;
mod random_char;
mod random_deletion;
mod random_insertion;
mod random_swap;
mod sentence_deletion;
mod sentence_shuffle;
mod spelling_error;
mod synonym_replacement;
mod template;
#[cfg(test)]
mod tests;
mod tfidf_replacement;
#[cfg(test)]
mod trial;
mod typos;
mod uda_tfidf;
mod whitespace;
mod word_merge;
mod word_replacement;
mod word_split;

pub use aeda::Aeda;
pub use antonym_replacement::AntonymReplacement;
pub use back_translation::BackTranslation;
pub use case::{CaseChange, CaseMode};
pub use characters::CharacterOptions;
pub use checklist::Checklist;
pub use concatenate::{Concatenate, PairOrder};
pub use contraction::{Contraction, ContractionMode};
pub use crop::{Crop, CropFrom, CropUnit, Keep};
pub use diacritics::{Diacritics, DiacriticsMode};
pub use dictionary_replacement::{DictionaryReplacement, Replacements};
pub use eda::Eda;
pub use entity_swap::{EntityKind, EntitySwap};
pub use filter::Filter;
pub use homoglyph::Homoglyph;
pub use hypernym_replacement::HypernymReplacement;
pub use hyponym_replacement::HyponymReplacement;
pub use inflection::{Inflection, InflectionForm};
pub use keyboard_typo::{KeyboardLayout, KeyboardTypo, Typo};
pub use leet::{Leet, Strength};
pub use masked_lm::MaskedLm;
pub use nlpaug_default::NlpaugDefault;
pub use ocr_error::OcrError;
pub use punctuation_insertion::PunctuationInsertion;
pub use random_char::{CharacterChange, RandomChar};
pub use random_deletion::RandomDeletion;
pub use random_insertion::RandomInsertion;
pub use random_swap::RandomSwap;
pub use sentence_deletion::SentenceDeletion;
pub use sentence_shuffle::SentenceShuffle;
pub use spelling_error::{SpellingError, SpellingErrorKind};
pub use synonym_replacement::SynonymReplacement;
pub use template::{ShotsFrom, Template};
pub use tfidf_replacement::TfidfReplacement;
pub use typos::Typos;
pub use uda_tfidf::UdaTfidf;
pub use whitespace::{SpaceChange, Whitespace};
pub use word_merge::WordMerge;
pub use word_split::WordSplit;

use crate::operator::Registry;

impl Registry {
    /// All operators of this crate.
    pub fn builtin() -> Self {
        let mut registry = Self::empty();
        registry
            .register_text::<Aeda>()
            .register_text::<AntonymReplacement>()
            .register::<BackTranslation>()
            .register_text::<CaseChange>()
            .register_text::<Checklist>()
            .register::<Concatenate>()
            .register_text::<Contraction>()
            .register_text::<Crop>()
            .register_text::<Diacritics>()
            .register_text::<DictionaryReplacement>()
            .register_text::<Eda>()
            .register_text::<EntitySwap>()
            .register::<Filter>()
            .register_text::<Homoglyph>()
            .register_text::<HypernymReplacement>()
            .register_text::<HyponymReplacement>()
            .register_text::<Inflection>()
            .register_text::<KeyboardTypo>()
            .register_text::<Leet>()
            .register::<MaskedLm>()
            .register_text::<NlpaugDefault>()
            .register_text::<OcrError>()
            .register_text::<PunctuationInsertion>()
            .register_text::<RandomChar>()
            .register_text::<RandomDeletion>()
            .register_text::<RandomInsertion>()
            .register_text::<RandomSwap>()
            .register_text::<SentenceDeletion>()
            .register_text::<SentenceShuffle>()
            .register_text::<SpellingError>()
            .register_text::<SynonymReplacement>()
            .register::<Template>()
            .register_text::<TfidfReplacement>()
            .register_text::<Typos>()
            .register_text::<UdaTfidf>()
            .register_text::<Whitespace>()
            .register_text::<WordMerge>()
            .register_text::<WordSplit>();
        registry
    }
}
