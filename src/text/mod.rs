//! Text as operators see it: words, protected spans, lexicons.

mod ascii;
mod protect;
mod segment;
#[cfg(test)]
mod tests;
mod word;

pub use segment::{Segmenter, Segments};
pub use word::Word;
