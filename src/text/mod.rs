//! Text as operators see it: words, protected spans, lexicons.

mod ascii;
mod case;
mod chrf;
mod classes;
pub mod inflection;
mod lower;
mod protect;
mod segment;
mod sentences;
mod stop_words;
#[cfg(test)]
mod tests;
pub mod thesaurus;
mod word;
mod word_counts;
pub mod wordnet;
mod words;

pub use case::Case;
pub use chrf::Chrf;
pub use lower::push_lower_case;
pub use segment::{Segmenter, Segments};
pub use sentences::{middle, sentences};
pub use stop_words::{StopWords, is_stop_word};
pub use word::Word;
pub use word_counts::{WordCount, WordCounter, WordCounts};
pub use words::{WordIter, Words};
