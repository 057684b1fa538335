//! Texts with blanks, collected from all rows of a batch and filled in one call.

use std::collections::HashMap;
use std::ops::Range;

use crate::masked::{FillError, Filling, MaskedModel, Passage};
use crate::prelude::Context;

/// A text and its blanks.
type Asked = (String, Vec<Range<usize>>);

/// Texts with blanks: the same one goes through the model once.
#[derive(Debug, Default)]
pub(super) struct Requests {
    passages: Vec<Asked>,
    places: HashMap<Asked, usize>,
    asked: u64,
}

impl Requests {
    /// Asks what fits into the blanks of a text: where the answer will be.
    pub(super) fn ask(&mut self, passage: Asked) -> usize {
        self.asked += 1;
        let next = self.passages.len();
        let place = *self.places.entry(passage.clone()).or_insert(next);
        if place == next {
            self.passages.push(passage);
        }
        place
    }

    /// The answers to all that was asked.
    pub(super) fn fill(
        self,
        model: &mut dyn MaskedModel,
        limit: usize,
        context: &Context<'_>,
    ) -> Result<Vec<Filling>, FillError> {
        let passages: Vec<Passage<'_>> = self
            .passages
            .iter()
            .map(|(text, blanks)| Passage { text, blanks })
            .collect();
        let (fillings, cost) = model.fill(&passages, limit)?;
        let again = self.asked - passages.len() as u64;
        context.measure("sentences", cost.sequences);
        context.measure("tokens", cost.tokens);
        context.measure_share("padding", cost.places - cost.tokens, cost.places);
        context.measure_share("cache hits", again, self.asked);
        if fillings.len() == passages.len() {
            return Ok(fillings);
        }
        let (fillings, passages) = (fillings.len(), passages.len());
        Err(FillError(format!(
            "the model answered {fillings} of {passages} texts"
        )))
    }
}
