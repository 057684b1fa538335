//! Masked language models: words that fit into blanks of a text.
//!
//! A [`MaskedModel`] is what the operator sees: it takes texts with blanks and says which words
//! are likely there. What stands behind it is a BERT-like model on ONNX Runtime, or [`fake`], which
//! needs neither model nor runtime. Where blanks are, and which word is drawn, is not its business.

#[cfg(feature = "onnx")]
mod config;
pub mod fake;
#[cfg(feature = "onnx")]
mod files;
#[cfg(feature = "onnx")]
mod load;
#[cfg(feature = "onnx")]
mod model;
mod open;
#[cfg(all(test, feature = "onnx"))]
mod tests;
#[cfg(feature = "onnx")]
mod tokenizer;
#[cfg(feature = "onnx")]
mod windows;
#[cfg(feature = "onnx")]
mod words;

pub use open::{MaskedModelFactory, inspect, open};

use std::ops::Range;

/// A text with blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Passage<'a> {
    /// The text.
    pub text: &'a str,
    /// The bytes that are blank, in order and without overlap. An empty span is a place for one
    /// more word.
    pub blanks: &'a [Range<usize>],
}

/// A word that fits into a blank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The token that the word is: see [`MaskedModel::word`].
    pub token: u32,
    /// The natural logarithm of its probability among all tokens of the model, words or not.
    pub log_probability: f32,
}

/// The choices for each blank of a passage, the likeliest first: none where a blank does not lie
/// between tokens of the model. Or why the text cannot be read.
pub type Filling = Result<Vec<Vec<Choice>>, String>;

/// What it cost to fill blanks, for progress and reports. Figures add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Sequences that went through the model: passages, or windows of long ones.
    pub sequences: u64,
    /// Their tokens, without padding.
    pub tokens: u64,
    /// Places in the batches, padding included.
    pub places: u64,
}

/// The runtime or the model failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FillError(pub String);

/// Says which words fit into blanks.
///
/// All blanks of a passage are blank at once. The output depends on the passages of the call, in
/// their order, on `limit` and on the model, and on nothing else. An implementation forms its own
/// batches inside one call, sorted by length and bounded in tokens; of a text that is longer than
/// the model takes it looks at a window around each blank.
///
/// ```
/// use augment::masked::fake::FakeModel;
/// use augment::masked::{MaskedModel, Passage};
///
/// let mut model = FakeModel::default();
/// let passage = Passage { text: "one two three", blanks: &[4..7] };
/// let (fillings, cost) = model.fill(&[passage], 2)?;
/// let choices = &fillings[0].as_ref().unwrap()[0];
/// assert_eq!(choices.len(), 2);
/// assert!(choices[0].log_probability > choices[1].log_probability);
/// assert!(model.word(choices[0].token).chars().all(char::is_alphabetic));
/// assert_eq!(cost.sequences, 1);
/// # Ok::<(), augment::masked::FillError>(())
/// ```
pub trait MaskedModel: Send {
    /// The `limit` likeliest whole words for each blank of each passage.
    ///
    /// # Errors
    /// When the runtime fails.
    fn fill(
        &mut self,
        passages: &[Passage<'_>],
        limit: usize,
    ) -> Result<(Vec<Filling>, Cost), FillError>;

    /// The word that a token is: letters, with apostrophes and hyphens inside; nothing for one
    /// that is no whole word.
    fn word(&self, token: u32) -> &str;
}
