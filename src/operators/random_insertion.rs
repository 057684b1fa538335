//! Random insertion, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate;
use super::synonym_replacement::{check_max_senses, default_max_senses};
use crate::prelude::*;
use crate::text::thesaurus::{Thesaurus, ThesaurusOptions};

/// How many words are tried before an insertion is given up, as in the reference implementation.
const TRIES: usize = 10;

/// Inserts synonyms of words of the text at random places.
///
/// This is "random insertion" of EDA (Wei and Zou, 2019): `max(1, rate * words)` times, rounded
/// down, a synonym of a word that is not a stop word goes to a random place. Unlike the reference
/// implementation it does skip stop words, draws among all synonyms rather than taking whichever a
/// hash table gives first, and can insert at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomInsertion {
    /// Insertions per word of the text, from 0 to 1. The paper's alpha.
    #[serde(default = "default_rate")]
    pub rate: f64,
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

fn default_rate() -> f64 {
    0.1
}

impl TextOperatorConfig for RandomInsertion {
    const NAME: &'static str = "random_insertion";

    fn validate(&self) -> Vec<Problem> {
        rate::check("rate", self.rate)
            .into_iter()
            .chain(check_max_senses(self.max_senses))
            .collect()
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Insertion::new(self.rate, self.max_senses)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "A synonym of some word, at some place",
                options: "",
                input: &["A sad comedy played out on the back roads of life."],
                output: &["A sad comedy played routes out on the back roads of life."],
            },
            Example {
                title: "A higher rate",
                options: "rate = 0.5",
                input: &["The film was big and the house small"],
                output: &["large The celluloid film was big firm and the house large small"],
            },
            Example {
                title: "Two variants of each row",
                options: "replicas = 2",
                input: &["a difficult exam"],
                output: &[
                    "a difficult exam unmanageable",
                    "a difficult unmanageable exam",
                ],
            },
        ]
    }
}

/// The operator behind [`RandomInsertion`].
pub(super) struct Insertion {
    rate: f64,
    thesaurus: Thesaurus,
    synonym: String,
}

impl Insertion {
    pub(super) fn new(rate: f64, max_senses: usize) -> Self {
        Self {
            rate,
            thesaurus: Thesaurus::new(ThesaurusOptions { max_senses, ..ThesaurusOptions::default() }),
            synonym: String::new(),
        }
    }
}

impl TextOperator for Insertion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        for _ in 0..rate::words_at(self.rate, words.len()) {
            self.synonym.clear();
            let found = (0..TRIES).any(|_| {
                let source = random.below(words.len());
                words.get(source).is_some_and(|word| {
                    !text.may_be_name(word)
                        && self
                            .thesaurus
                            .draw(text.as_str(), word.range(), random, &mut self.synonym)
                })
            });
            if !found {
                continue;
            }
            // Before any word, or after the last.
            let place = random.below(words.len() + 1);
            if let Some(word) = words.get(place) {
                self.synonym.push(' ');
                edits.insert(word.range().start, &self.synonym);
            } else if let Some(last) = words.last() {
                self.synonym.insert(0, ' ');
                edits.insert(last.range().end, &self.synonym);
            }
        }
        if edits.is_empty() {
            Outcome::Unchanged("no word with a synonym")
        } else {
            Outcome::Edited
        }
    }
}
