//! The operators that ship with the crate, one file each.

mod aeda;
pub mod back_translation;
mod concatenate;
mod crop;
mod eda;
mod entity_swap;
mod filter;
mod neighbours;
mod punctuation_insertion;
mod random_deletion;
mod random_insertion;
mod random_swap;
mod sentence_deletion;
mod sentence_shuffle;
mod synonym_replacement;
mod template;
#[cfg(test)]
mod tests;

pub use aeda::Aeda;
pub use back_translation::BackTranslation;
pub use concatenate::{Concatenate, PairOrder};
pub use crop::{Crop, CropFrom, CropUnit, Keep};
pub use eda::Eda;
pub use entity_swap::{EntityKind, EntitySwap};
pub use filter::Filter;
pub use punctuation_insertion::PunctuationInsertion;
pub use random_deletion::RandomDeletion;
pub use random_insertion::RandomInsertion;
pub use random_swap::RandomSwap;
pub use sentence_deletion::SentenceDeletion;
pub use sentence_shuffle::SentenceShuffle;
pub use synonym_replacement::SynonymReplacement;
pub use template::{ShotsFrom, Template};

use crate::operator::Registry;

impl Registry {
    /// All operators of this crate.
    pub fn builtin() -> Self {
        let mut registry = Self::empty();
        registry
            .register_text::<Aeda>()
            .register::<BackTranslation>()
            .register::<Concatenate>()
            .register_text::<Crop>()
            .register_text::<Eda>()
            .register_text::<EntitySwap>()
            .register::<Filter>()
            .register_text::<PunctuationInsertion>()
            .register_text::<RandomDeletion>()
            .register_text::<RandomInsertion>()
            .register_text::<RandomSwap>()
            .register_text::<SentenceDeletion>()
            .register_text::<SentenceShuffle>()
            .register_text::<SynonymReplacement>()
            .register::<Template>();
        registry
    }
}
