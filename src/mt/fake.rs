//! A translator without a model, for tests of what stands around one.

use super::{Cost, Decoding, Hypothesis, Sentence, Strategy, TranslateError, Translator};

/// Spells the words of a sentence backwards, so that translating twice gives the sentence again.
/// Further translations, and draws, add a word that says which they are.
#[derive(Debug, Clone)]
pub struct FakeTranslator {
    /// What [`Translator::positions`] answers.
    pub positions: usize,
}

impl Default for FakeTranslator {
    fn default() -> Self {
        Self { positions: 512 }
    }
}

impl Translator for FakeTranslator {
    fn translate(
        &mut self,
        sentences: &[Sentence<'_>],
        decoding: &Decoding,
    ) -> Result<(Vec<Vec<Hypothesis>>, Cost), TranslateError> {
        let mut cost = Cost::default();
        let mut all = Vec::with_capacity(sentences.len());
        for (position, sentence) in sentences.iter().enumerate() {
            let tokens = self.count_tokens(sentence.text);
            if tokens > self.positions {
                return Err(TranslateError::TooLong {
                    sentence: position,
                    tokens,
                    positions: self.positions,
                });
            }
            let backwards: Vec<String> = sentence
                .text
                .split_whitespace()
                .map(|word| word.chars().rev().collect())
                .collect();
            let mut random = sentence.random.clone();
            let hypothesis = |number: usize, draw: Option<usize>| {
                let mut text = backwards.join(" ");
                match draw {
                    Some(draw) => text.push_str(&format!(" {draw}")),
                    None if number > 0 => text.push_str(&format!(" {number}")),
                    None => {}
                }
                Hypothesis {
                    tokens: text.split_whitespace().count() + 1,
                    text,
                    score: 0.0,
                    complete: true,
                }
            };
            let mut hypotheses: Vec<Hypothesis> = (0..sentence.wanted.max(1))
                .map(|number| {
                    let sampled = matches!(decoding.strategy, Strategy::Sample { .. });
                    hypothesis(number, sampled.then(|| random.below(100)))
                })
                .collect();
            hypotheses.dedup();
            cost.add(Cost {
                sentences: 1,
                source_tokens: tokens as u64,
                source_places: tokens as u64,
                target_tokens: hypotheses.iter().map(|found| found.tokens as u64).sum(),
                repeated: 0,
            });
            all.push(hypotheses);
        }
        Ok((all, cost))
    }

    fn count_tokens(&self, text: &str) -> usize {
        text.split_whitespace().count() + 1
    }

    fn positions(&self) -> usize {
        self.positions
    }
}
