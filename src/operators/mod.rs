//! The operators that ship with the crate, one file each.

mod aeda;
pub mod back_translation;
mod contraction;
mod dictionary_replacement;
mod eda;
mod filter;
mod inflection;
mod punctuation_insertion;
mod random_deletion;
mod random_insertion;
mod random_swap;
mod spelling_error;
mod synonym_replacement;
#[cfg(test)]
mod tests;
mod word_merge;
mod word_split;

pub use aeda::Aeda;
pub use back_translation::BackTranslation;
pub use contraction::{Contraction, ContractionMode};
pub use dictionary_replacement::{DictionaryReplacement, Replacements};
pub use eda::Eda;
pub use filter::Filter;
pub use inflection::{Inflection, InflectionForm};
pub use punctuation_insertion::PunctuationInsertion;
pub use random_deletion::RandomDeletion;
pub use random_insertion::RandomInsertion;
pub use random_swap::RandomSwap;
pub use spelling_error::{SpellingError, SpellingErrorKind};
pub use synonym_replacement::SynonymReplacement;
pub use word_merge::WordMerge;
pub use word_split::WordSplit;

use crate::operator::Registry;

impl Registry {
    /// All operators of this crate.
    pub fn builtin() -> Self {
        let mut registry = Self::empty();
        registry
            .register_text::<Aeda>()
            .register::<BackTranslation>()
            .register_text::<Contraction>()
            .register_text::<DictionaryReplacement>()
            .register_text::<Eda>()
            .register::<Filter>()
            .register_text::<Inflection>()
            .register_text::<PunctuationInsertion>()
            .register_text::<RandomDeletion>()
            .register_text::<RandomInsertion>()
            .register_text::<RandomSwap>()
            .register_text::<SpellingError>()
            .register_text::<SynonymReplacement>()
            .register_text::<WordMerge>()
            .register_text::<WordSplit>();
        registry
    }
}
