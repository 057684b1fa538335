//! The operators that ship with the crate, one file each.

mod aeda;
#[cfg(test)]
mod annotations;
mod antonym_replacement;
mod article;
pub mod back_translation;
pub mod balance;
mod case;
mod chain;
mod characters;
mod checklist;
mod choose;
#[cfg(test)]
mod composites;
mod concatenate;
mod contraction;
mod crop;
mod deduplicate;
mod diacritics;
mod dictionary_replacement;
mod drawn;
mod eda;
mod entity_swap;
mod filter;
mod groups;
mod homoglyph;
mod hypernym_replacement;
mod hyponym_replacement;
mod inflection;
mod keyboard_typo;
mod language;
mod leet;
pub mod masked_lm;
mod measures;
mod mix;
mod neighbours;
mod nlpaug_default;
mod ocr_error;
mod preset;
mod punctuation_insertion;
mod random_char;
mod random_deletion;
mod random_insertion;
mod random_swap;
mod rename;
mod route;
mod sample;
mod select;
mod sentence_deletion;
mod sentence_shuffle;
mod sometimes;
mod spelling_error;
mod split;
mod sql_option;
#[cfg(test)]
mod structural_trial;
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
mod with_columns;
mod word_merge;
mod word_replacement;
mod word_split;

pub use aeda::Aeda;
pub use antonym_replacement::AntonymReplacement;
pub use back_translation::BackTranslation;
pub use balance::Balance;
pub use case::{CaseChange, CaseMode};
pub use chain::Chain;
pub use characters::CharacterOptions;
pub use checklist::Checklist;
pub use choose::Choose;
pub use concatenate::{Concatenate, PairOrder};
pub use contraction::{Contraction, ContractionMode};
pub use crop::{Crop, CropFrom, CropUnit, Keep};
pub use deduplicate::{Deduplicate, DuplicateMode, DuplicateScope};
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
pub use language::{Language, OnUnknown};
pub use leet::{Leet, Strength};
pub use masked_lm::MaskedLm;
pub use mix::Mix;
pub use nlpaug_default::NlpaugDefault;
pub use ocr_error::OcrError;
pub use punctuation_insertion::PunctuationInsertion;
pub use random_char::{CharacterChange, RandomChar};
pub use random_deletion::RandomDeletion;
pub use random_insertion::RandomInsertion;
pub use random_swap::RandomSwap;
pub use rename::Rename;
pub use route::{Otherwise, Route};
pub use sample::Sample;
pub use select::Select;
pub use sentence_deletion::SentenceDeletion;
pub use sentence_shuffle::SentenceShuffle;
pub use sometimes::Sometimes;
pub use spelling_error::{SpellingError, SpellingErrorKind};
pub use split::Split;
pub use sql_option::NamedSql;
pub use synonym_replacement::SynonymReplacement;
pub use template::{ShotsFrom, Template};
pub use tfidf_replacement::TfidfReplacement;
pub use typos::Typos;
pub use uda_tfidf::UdaTfidf;
pub use whitespace::{SpaceChange, Whitespace};
pub use with_columns::WithColumns;
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
            .register_composite::<Balance>()
            .register_text::<CaseChange>()
            .register_composite::<Chain>()
            .register_text::<Checklist>()
            .register_composite::<Choose>()
            .register::<Concatenate>()
            .register_text::<Contraction>()
            .register_text::<Crop>()
            .register::<Deduplicate>()
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
            .register::<Language>()
            .register_text::<Leet>()
            .register::<MaskedLm>()
            .register::<Mix>()
            .register_text::<NlpaugDefault>()
            .register_text::<OcrError>()
            .register_text::<PunctuationInsertion>()
            .register_text::<RandomChar>()
            .register_text::<RandomDeletion>()
            .register_text::<RandomInsertion>()
            .register_text::<RandomSwap>()
            .register::<Rename>()
            .register::<Route>()
            .register::<Sample>()
            .register::<Select>()
            .register_text::<SentenceDeletion>()
            .register_text::<SentenceShuffle>()
            .register_composite::<Sometimes>()
            .register_text::<SpellingError>()
            .register::<Split>()
            .register_text::<SynonymReplacement>()
            .register::<Template>()
            .register_text::<TfidfReplacement>()
            .register_text::<Typos>()
            .register_text::<UdaTfidf>()
            .register_text::<Whitespace>()
            .register::<WithColumns>()
            .register_text::<WordMerge>()
            .register_text::<WordSplit>();
        registry
    }
}
