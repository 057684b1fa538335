//! Text as operators see it: words, protected spans, lexicons.

mod segment;
mod word;

pub use segment::{Segmenter, Segments};
pub use word::Word;
