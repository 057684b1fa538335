//! The operators that ship with the crate, one file each.

mod aeda;
mod antonym_replacement;
pub mod back_translation;
mod eda;
mod filter;
mod hypernym_replacement;
mod hyponym_replacement;
mod punctuation_insertion;
mod random_deletion;
mod random_insertion;
mod random_swap;
mod synonym_replacement;
#[cfg(test)]
mod tests;
mod word_replacement;

pub use aeda::Aeda;
pub use antonym_replacement::AntonymReplacement;
pub use back_translation::BackTranslation;
pub use eda::Eda;
pub use filter::Filter;
pub use hypernym_replacement::HypernymReplacement;
pub use hyponym_replacement::HyponymReplacement;
pub use punctuation_insertion::PunctuationInsertion;
pub use random_deletion::RandomDeletion;
pub use random_insertion::RandomInsertion;
pub use random_swap::RandomSwap;
pub use synonym_replacement::SynonymReplacement;

use crate::operator::Registry;

impl Registry {
    /// All operators of this crate.
    pub fn builtin() -> Self {
        let mut registry = Self::empty();
        registry
            .register_text::<Aeda>()
            .register_text::<AntonymReplacement>()
            .register::<BackTranslation>()
            .register_text::<Eda>()
            .register::<Filter>()
            .register_text::<HypernymReplacement>()
            .register_text::<HyponymReplacement>()
            .register_text::<PunctuationInsertion>()
            .register_text::<RandomDeletion>()
            .register_text::<RandomInsertion>()
            .register_text::<RandomSwap>()
            .register_text::<SynonymReplacement>();
        registry
    }
}
