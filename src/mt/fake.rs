//! A translator without a model, for tests of what stands around one.

use std::fmt::Write;

use super::{Cost, Decoding, Hypothesis, Sentence, Strategy, TranslateError, Translator};

/// Spells the words of a sentence backwards, so that translating twice gives the sentence again.
/// Further translations, and draws, add a word that says which they are. A language token such as
/// `>>fra<<` at the start is taken off.
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
                .skip_while(|word| word.starts_with(">>") && word.ends_with("<<"))
                .map(|word| word.chars().rev().collect())
                .collect();
            let mut random = sentence.random.clone();
            let hypothesis = |number: usize, draw: Option<usize>| {
                let mut text = backwards.join(" ");
                // Writing to a `String` cannot fail.
                if let Some(number) = draw.or((number > 0).then_some(number)) {
                    let _ = write!(text, " {number}");
                }
                Hypothesis {
                    tokens: text.split_whitespace().count() + 1,
                    text,
                    score: 0.0,
                    complete: true,
                }
            };
            let mut found: Vec<Hypothesis> = Vec::with_capacity(sentence.wanted);
            for number in 0..sentence.wanted.max(1) {
                let sampled = matches!(decoding.strategy, Strategy::Sample { .. });
                let made = hypothesis(number, sampled.then(|| random.below(100)));
                if !found.contains(&made) {
                    found.push(made);
                }
            }
            cost.add(Cost {
                sentences: 1,
                source_tokens: tokens as u64,
                source_places: tokens as u64,
                target_tokens: found.iter().map(|one| one.tokens as u64).sum(),
                repeated: 0,
            });
            all.push(found);
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

/// Translators that do one thing wrong, for tests of what is to notice it.
#[cfg(test)]
pub(super) mod quirky {
    use std::sync::Arc;

    use super::super::TranslatorFactory;
    use super::*;
    use crate::inference::ModelError;

    /// What becomes of a sentence; nothing where the translator gives up.
    type Quirk = fn(&str) -> Option<String>;

    #[derive(Clone)]
    struct Quirky {
        quirk: Quirk,
        fake: FakeTranslator,
        complete: bool,
    }

    /// The factory of the translator that is called so.
    pub(crate) fn factory(name: &str) -> Option<Arc<dyn TranslatorFactory>> {
        let quirk: Quirk = match name {
            "identity" | "incomplete" => |text| Some(text.to_owned()),
            "panics" => |text| {
                assert!(!text.contains("panic"), "asked to");
                Some(text.to_owned())
            },
            "fails" => |text| (!text.contains("fail")).then(|| text.to_owned()),
            "loses" => |text| Some(text.replace("https://example.com", "the page")),
            "renumbers" => |text| Some(text.replace("1984", "1948")),
            "loops" => |text| Some(format!("{text} and so on and so on and so on and so on")),
            "swells" => |text| Some(format!("{text} {}", "of many unasked for words ".repeat(9))),
            "shouts" => |text| Some(text.to_uppercase()),
            "dreams" => |_| Some("something else entirely".to_owned()),
            "drops" => |text| Some(text.replace("big ", "")),
            _ => return None,
        };
        Some(Arc::new(Quirky {
            quirk,
            fake: FakeTranslator::default(),
            complete: name != "incomplete",
        }))
    }

    impl TranslatorFactory for Quirky {
        fn translator(&self) -> Result<Box<dyn Translator>, ModelError> {
            Ok(Box::new(self.clone()))
        }
    }

    impl Translator for Quirky {
        fn translate(
            &mut self,
            sentences: &[Sentence<'_>],
            _decoding: &Decoding,
        ) -> Result<(Vec<Vec<Hypothesis>>, Cost), TranslateError> {
            let mut all = Vec::new();
            for sentence in sentences {
                let text = (self.quirk)(sentence.text)
                    .ok_or_else(|| TranslateError::Runtime("out of memory".to_owned()))?;
                all.push(vec![Hypothesis {
                    tokens: self.count_tokens(&text),
                    text,
                    score: 0.0,
                    complete: self.complete,
                }]);
            }
            Ok((all, Cost::default()))
        }

        fn count_tokens(&self, text: &str) -> usize {
            self.fake.count_tokens(text)
        }

        fn positions(&self) -> usize {
            self.fake.positions
        }
    }
}
