//! Text as operators see it: words, protected spans, lexicons.

mod alphabets;
pub mod article;
mod ascii;
mod case;
mod chrf;
mod classes;
pub mod contractions;
mod edit_distance;
mod eights;
mod graphemes;
pub mod inflection;
mod keyboard;
mod lower;
pub mod misspellings;
pub mod part_of_speech;
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

pub use alphabets::alphabet_of;
pub use article::takes_an;
pub use case::Case;
pub use chrf::Chrf;
pub use edit_distance::EditDistance;
pub use graphemes::Graphemes;
pub use keyboard::{Keyboard, Layout};
pub use lower::push_lower_case;
pub use segment::{Segmenter, Segments};
pub use sentences::{middle, sentences};
pub use stop_words::{StopWords, is_stop_word};
pub use word::Word;
pub use word_counts::{WordCount, WordCounter, WordCounts};
pub use words::{WordIter, Words};
