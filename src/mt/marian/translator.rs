//! A worker that translates.

use std::collections::HashMap;
use std::sync::Arc;

use super::config::ModelConfig;
use super::model::{MarianModel, Steps};
use crate::inference::{Budget, Size, form_batches};
use crate::mt::decoding::{Found, Source, StepModel, search, width};
use crate::mt::{Cost, Decoding, Hypothesis, Sentence, Strategy, TranslateError, Translator};
use crate::onnx::Owner;
use crate::random::Random;

/// A sentence as tokens.
#[derive(Debug, Clone)]
pub struct TokenSentence {
    /// Its tokens, the end of sentence included.
    pub tokens: Vec<u32>,
    /// How many different translations are wanted.
    pub wanted: usize,
    /// Where draws come from.
    pub random: Random,
}

/// Where the graphs of a worker run.
#[derive(Debug)]
pub(super) enum Compute {
    /// On its own thread, in sessions of its own.
    Own(Steps),
    /// On the threads that a GPU belongs to.
    Device(Arc<Owner>),
}

/// Translates with a MarianMT model: one for each worker.
#[derive(Debug)]
pub struct MarianTranslator {
    model: Arc<MarianModel>,
    compute: Compute,
}

impl MarianTranslator {
    pub(super) fn new(model: Arc<MarianModel>, compute: Compute) -> Self {
        Self { model, compute }
    }

    /// Translations as token ids: see [`Translator::translate`].
    ///
    /// # Errors
    /// When a sentence is too long, or the runtime fails.
    pub fn translate_tokens(
        &mut self,
        sentences: &[TokenSentence],
        decoding: &Decoding,
    ) -> Result<(Vec<Vec<Found>>, Cost), TranslateError> {
        let MarianModel { config, budget, .. } = &*self.model;
        let owner = match &mut self.compute {
            Compute::Own(steps) => {
                return translate_tokens(steps, config, *budget, sentences, decoding);
            }
            Compute::Device(owner) => owner,
        };
        let (model, sentences, decoding) = (Arc::clone(&self.model), sentences.to_vec(), *decoding);
        let answer = owner.run(move |thread| {
            let MarianModel { config, budget, .. } = &*model;
            model.on_thread(thread, |steps| {
                translate_tokens(steps, config, *budget, &sentences, &decoding)
            })
        });
        match answer.unwrap_or_else(|| Err(self.model.no_answer())) {
            Ok(Err(TranslateError::Runtime(reason))) => {
                Err(TranslateError::Runtime(with_remedy(reason)))
            }
            Ok(translated) => translated,
            Err(error) => Err(TranslateError::Runtime(with_remedy(error.to_string()))),
        }
    }
}

impl Translator for MarianTranslator {
    fn translate(
        &mut self,
        sentences: &[Sentence<'_>],
        decoding: &Decoding,
    ) -> Result<(Vec<Vec<Hypothesis>>, Cost), TranslateError> {
        let tokenizer = Arc::clone(&self.model.tokenizer);
        let as_tokens: Vec<TokenSentence> = sentences
            .iter()
            .map(|sentence| {
                let mut tokens = Vec::new();
                tokenizer.encode(sentence.text, &mut tokens);
                TokenSentence {
                    tokens,
                    wanted: sentence.wanted,
                    random: sentence.random.clone(),
                }
            })
            .collect();
        let (found, cost) = self.translate_tokens(&as_tokens, decoding)?;
        let hypotheses = found
            .into_iter()
            .map(|found| {
                let mut all: Vec<Hypothesis> = Vec::with_capacity(found.len());
                for found in found {
                    let text = tokenizer.decode(&found.tokens);
                    // Different tokens can be the same text.
                    if !all.iter().any(|other| other.text == text) {
                        all.push(Hypothesis {
                            text,
                            score: found.score,
                            tokens: found.tokens.len(),
                            complete: found.complete,
                        });
                    }
                }
                all
            })
            .collect();
        Ok((hypotheses, cost))
    }

    fn count_tokens(&self, text: &str) -> usize {
        let mut tokens = Vec::new();
        self.model.tokenizer.encode(text, &mut tokens);
        tokens.len()
    }

    fn positions(&self) -> usize {
        self.model.config.positions
    }
}

/// What the runtime says when the memory of a GPU is used up, by its allocator and by CUDA.
const OUT_OF_MEMORY: [&str; 2] = ["Failed to allocate memory", "out of memory"];

/// Why a GPU failed, and what helps if that is known.
fn with_remedy(reason: String) -> String {
    if OUT_OF_MEMORY.iter().any(|sign| reason.contains(sign)) {
        return format!(
            "{reason}\n  help: fewer `--gpu-threads` need less of the memory of the GPU, \
             `--device cpu` needs none"
        );
    }
    reason
}

/// Translates sentences in batches of like lengths, the same one once.
fn translate_tokens<M: StepModel>(
    model: &mut M,
    config: &ModelConfig,
    budget: Budget,
    sentences: &[TokenSentence],
    decoding: &Decoding,
) -> Result<(Vec<Vec<Found>>, Cost), TranslateError> {
    check_lengths(sentences, config.positions)?;
    let (unique, unique_of) = without_repetitions(sentences, decoding.strategy);
    let sizes: Vec<Size> = unique
        .iter()
        .map(|sentence| Size {
            tokens: sentence.tokens.len(),
            rows: width(decoding.strategy, sentence.wanted),
        })
        .collect();
    let mut cost = Cost {
        repeated: (sentences.len() - unique.len()) as u64,
        ..Cost::default()
    };
    let mut found: Vec<Vec<Found>> = vec![Vec::new(); unique.len()];
    for batch in form_batches(&sizes, budget) {
        let sources: Vec<Source<'_>> = batch
            .iter()
            .filter_map(|place| unique.get(*place))
            .map(|sentence| Source {
                tokens: &sentence.tokens,
                wanted: width(decoding.strategy, sentence.wanted),
                limit: limit(sentence.tokens.len(), decoding, config.positions),
                random: &sentence.random,
            })
            .collect();
        let results = search(model, &sources, decoding, &config.special)
            .map_err(|error| TranslateError::Runtime(error.to_string()))?;
        cost.add(cost_of(&sources, &results));
        for (place, result) in batch.iter().zip(results) {
            if let Some(found) = found.get_mut(*place) {
                *found = result;
            }
        }
    }
    let all = sentences
        .iter()
        .zip(unique_of)
        .map(|(sentence, place)| {
            let found = found.get(place).map(Vec::as_slice).unwrap_or_default();
            found.iter().take(sentence.wanted.max(1)).cloned().collect()
        })
        .collect();
    Ok((all, cost))
}

fn check_lengths(sentences: &[TokenSentence], positions: usize) -> Result<(), TranslateError> {
    for (sentence, TokenSentence { tokens, .. }) in sentences.iter().enumerate() {
        if tokens.len() > positions {
            return Err(TranslateError::TooLong {
                sentence,
                tokens: tokens.len(),
                positions,
            });
        }
    }
    Ok(())
}

/// The different sentences, and which of them each one is. Draws differ from sentence to sentence,
/// so that sampling has no repetitions.
fn without_repetitions(
    sentences: &[TokenSentence],
    strategy: Strategy,
) -> (Vec<&TokenSentence>, Vec<usize>) {
    if matches!(strategy, Strategy::Sample { .. }) {
        return (sentences.iter().collect(), (0..sentences.len()).collect());
    }
    let mut unique = Vec::new();
    let mut places: HashMap<&[u32], usize> = HashMap::with_capacity(sentences.len());
    let unique_of = sentences
        .iter()
        .map(|sentence| {
            *places.entry(&sentence.tokens).or_insert_with(|| {
                unique.push(sentence);
                unique.len() - 1
            })
        })
        .collect();
    (unique, unique_of)
}

/// The most tokens of a translation.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lengths are small; a negative factor is none"
)]
fn limit(source: usize, decoding: &Decoding, positions: usize) -> usize {
    let scaled = (f64::from(decoding.max_length_factor) * source as f64) as usize;
    scaled
        .saturating_add(decoding.max_length_extra)
        .clamp(1, positions.max(1))
}

fn cost_of(sources: &[Source<'_>], results: &[Vec<Found>]) -> Cost {
    let lengths = || sources.iter().map(|source| source.tokens.len());
    let kept = results.iter().flatten().map(|found| found.tokens.len());
    Cost {
        sentences: sources.len() as u64,
        source_tokens: lengths().sum::<usize>() as u64,
        source_places: (lengths().max().unwrap_or(0) * sources.len()) as u64,
        target_tokens: kept.sum::<usize>() as u64,
        repeated: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gpu_comes_with_a_remedy() {
        let reason = "BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer";
        let told = with_remedy(reason.to_owned());
        assert!(told.starts_with(reason) && told.contains("--gpu-threads"));
        assert_eq!(with_remedy("a bad node".to_owned()), "a bad node");
    }
}
