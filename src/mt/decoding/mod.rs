//! The search for translations, without a model: greedy search, beam search, sampling.
//!
//! A [`StepModel`] gives logits, of all tokens or of the likeliest; [`search()`] makes translations
//! of them, as token ids.
//! [`form_batches`](crate::inference::form_batches) says which sentences go together.

mod beams;
mod chains;
mod model;
mod rules;
mod search;
mod shown;

#[cfg(test)]
mod tests;

pub use model::{Rows, Scores, StepError, StepModel};
pub use rules::SpecialTokens;
pub use search::{Found, Source, search, width};
