//! Sentences collected from all rows of a batch, and translated in one call.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::mt::{Decoding, Hypothesis, Sentence, TranslateError, Translator};
use crate::prelude::{Context, Random};

/// Sentences to translate in one direction. One that is asked for again is translated once, unless
/// it is drawn: draws are the row's own.
#[derive(Debug, Default)]
pub(super) struct Requests<'t> {
    sentences: Vec<Asked<'t>>,
    places: HashMap<Cow<'t, str>, usize>,
    asked: u64,
}

#[derive(Debug)]
struct Asked<'t> {
    text: Cow<'t, str>,
    wanted: usize,
    draw: Option<Random>,
}

impl<'t> Requests<'t> {
    /// Asks for `wanted` translations of `text`, drawn by `draw` if it is given: where the answer
    /// will be.
    pub(super) fn ask(&mut self, text: Cow<'t, str>, wanted: usize, draw: Option<Random>) -> usize {
        self.asked += 1;
        let place = self.sentences.len();
        if draw.is_none() {
            if let Some(&place) = self.places.get(&text) {
                if let Some(before) = self.sentences.get_mut(place) {
                    before.wanted = before.wanted.max(wanted);
                }
                return place;
            }
            self.places.insert(text.clone(), place);
        }
        self.sentences.push(Asked { text, wanted, draw });
        place
    }

    /// The answers to all that was asked.
    pub(super) fn translate(
        self,
        translator: &mut dyn Translator,
        decoding: &Decoding,
        context: &Context<'_>,
    ) -> Result<Vec<Vec<Hypothesis>>, TranslateError> {
        if self.sentences.is_empty() {
            return Ok(Vec::new());
        }
        let sentences: Vec<Sentence<'_>> = self
            .sentences
            .iter()
            .map(|asked| Sentence {
                text: &asked.text,
                wanted: asked.wanted,
                random: asked.draw.clone().unwrap_or_else(|| Random::from_key(0)),
            })
            .collect();
        let (answers, cost) = translator.translate(&sentences, decoding)?;
        let padding = cost.source_places.saturating_sub(cost.source_tokens);
        let again = self.asked - self.sentences.len() as u64 + cost.repeated;
        context.measure("sentences", cost.sentences);
        context.measure("tokens", cost.source_tokens + cost.target_tokens);
        context.measure_share("padding", padding, cost.source_places);
        context.measure_share("cache hits", again, self.asked);
        if answers.len() != sentences.len() {
            let (answers, sentences) = (answers.len(), sentences.len());
            return Err(TranslateError::Runtime(format!(
                "the translator answered {answers} of {sentences} sentences"
            )));
        }
        Ok(answers)
    }
}
