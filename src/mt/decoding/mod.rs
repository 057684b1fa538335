//! The search for translations, without a model: greedy search, beam search, sampling.
//!
//! A [`StepModel`] gives logits; [`search()`] makes translations of them, as token ids.
//! [`form_batches`] says which sentences go together.

mod batches;
mod beams;
mod chains;
mod kernel;
mod model;
mod rules;
mod search;
mod select;

#[cfg(test)]
mod tests;

pub use batches::{Budget, Size, form_batches};
pub use model::{Rows, StepError, StepModel};
pub use rules::SpecialTokens;
pub use search::{Found, Source, search, width};
pub use select::{Candidate, Selector};
