//! A masked language model without a model, for tests of what stands around one.

use super::{Choice, Cost, FillError, Filling, MaskedModel, Passage};

/// What the fake model says of every blank, the likeliest first.
const WORDS: [&str; 8] = [
    "good", "new", "old", "great", "small", "long", "little", "own",
];

/// Knows a few words, which fit everywhere: each is half as likely as the one before it.
#[derive(Debug, Clone)]
pub struct FakeModel {
    words: Vec<&'static str>,
    /// A text that has this in it cannot be read.
    unreadable: Option<&'static str>,
    /// With a text that has this in it the runtime fails.
    fatal: Option<&'static str>,
}

impl Default for FakeModel {
    fn default() -> Self {
        Self {
            words: WORDS.to_vec(),
            unreadable: None,
            fatal: None,
        }
    }
}

impl FakeModel {
    /// A model that does one thing wrong, by its name, for tests of what is to notice it.
    #[cfg(test)]
    pub(super) fn quirky(name: &str) -> Option<Self> {
        let usual = Self::default();
        Some(match name {
            "unreadable" => Self {
                unreadable: Some("bad"),
                ..usual
            },
            "fails" => Self {
                fatal: Some("bad"),
                ..usual
            },
            "one" => Self {
                words: vec!["good"],
                ..usual
            },
            "denies" => Self {
                words: vec!["not", "never", "no"],
                ..usual
            },
            "swears" => Self {
                words: vec!["shit", "Bitches", "big"],
                ..usual
            },
            "nothing" => Self {
                words: Vec::new(),
                ..usual
            },
            _ => return None,
        })
    }
}

impl MaskedModel for FakeModel {
    fn fill(
        &mut self,
        passages: &[Passage<'_>],
        limit: usize,
    ) -> Result<(Vec<Filling>, Cost), FillError> {
        let mut cost = Cost::default();
        let mut fillings = Vec::with_capacity(passages.len());
        for passage in passages {
            if self.fatal.is_some_and(|part| passage.text.contains(part)) {
                return Err(FillError("out of memory".to_owned()));
            }
            let tokens = passage.text.split_whitespace().count() as u64 + 2;
            cost.sequences += 1;
            cost.tokens += tokens;
            cost.places += tokens;
            let mut chance = 1.0_f32;
            let choices: Vec<Choice> = (0..)
                .zip(&self.words)
                .take(limit)
                .map(|(token, _)| {
                    chance /= 2.0;
                    Choice {
                        token,
                        log_probability: chance.ln(),
                    }
                })
                .collect();
            let unreadable = self
                .unreadable
                .is_some_and(|part| passage.text.contains(part));
            fillings.push(if unreadable {
                Err("it has something bad in it".to_owned())
            } else {
                Ok(vec![choices; passage.blanks.len()])
            });
        }
        Ok((fillings, cost))
    }

    fn word(&self, token: u32) -> &str {
        self.words.get(token as usize).copied().unwrap_or_default()
    }
}
