//! Synonym replacement, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rate;
use crate::prelude::*;
use crate::text::thesaurus::{Thesaurus, ThesaurusOptions};

/// Replaces words by synonyms from WordNet, which is embedded.
///
/// This is "synonym replacement" of EDA (Wei and Zou, 2019): `max(1, rate * words)` words, rounded
/// down, drawn among those that are not stop words and have a synonym. Unlike the reference
/// implementation it replaces the word that was drawn, not every occurrence of it; takes synonyms
/// of the part of speech that the word before allows and in which the word is most frequent, from
/// its most frequent senses; puts them in the form of the word, plural for plural and past for
/// past; keeps capitals; and does not depend on the order of a hash table. Names, multi-word synonyms and
/// words with capitals inside a sentence are left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SynonymReplacement {
    /// Share of words to replace, from 0 to 1. The paper's alpha.
    #[serde(default = "default_rate")]
    pub rate: f64,
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

fn default_rate() -> f64 {
    0.1
}

pub(super) fn default_max_senses() -> usize {
    2
}

/// The problem with `max_senses = 0`, if it is.
pub(super) fn check_max_senses(max_senses: usize) -> Option<Problem> {
    (max_senses == 0).then(|| {
        Problem::new(
            "max_senses",
            "`max_senses` must be at least 1",
            "1 takes synonyms of the most frequent sense only",
        )
    })
}

impl TextOperatorConfig for SynonymReplacement {
    const NAME: &'static str = "synonym_replacement";

    fn validate(&self) -> Vec<Problem> {
        rate::check("rate", self.rate)
            .into_iter()
            .chain(check_max_senses(self.max_senses))
            .collect()
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Replacement::new(self.rate, self.max_senses)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                input: &["The movie was a big success, and the actors looked happy."],
                output: &["The movie was a big success, and the actors appeared happy."],
            },
            Example {
                title: "Capitals are kept, names and stop words left alone",
                options: "rate = 1.0\nmax_senses = 1",
                input: &["Movie fans in Paris BUY this quickly"],
                output: &["Picture fans in Paris PURCHASE this apace"],
            },
            Example {
                title: "Two variants of each row, and none where no word has a synonym",
                options: "replicas = 2",
                input: &["a difficult exam", "He was with them."],
                output: &["a difficult test", "a unmanageable exam"],
            },
        ]
    }
}

/// The operator behind [`SynonymReplacement`].
pub(super) struct Replacement {
    rate: f64,
    thesaurus: Thesaurus,
    order: Vec<u32>,
}

impl Replacement {
    pub(super) fn new(rate: f64, max_senses: usize) -> Self {
        Self {
            rate,
            thesaurus: Thesaurus::new(ThesaurusOptions { max_senses, ..ThesaurusOptions::default() }),
            order: Vec::new(),
        }
    }
}

impl TextOperator for Replacement {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let mut wanted = rate::words_at(self.rate, words.len());
        self.order.clear();
        self.order.extend((0..).take(words.len()));
        // Words are drawn one by one and looked up only then: most texts need but a few.
        for drawn in 0..words.len() {
            if wanted == 0 {
                break;
            }
            let other = drawn + random.below(words.len() - drawn);
            self.order.swap(drawn, other);
            let place = self.order.get(drawn).map_or(0, |place| *place as usize);
            let Some(word) = words.get(place) else {
                break;
            };
            if text.may_be_name(word) {
                continue;
            }
            let mut found = false;
            edits.replace_if(word.range(), |new| {
                found = self
                    .thesaurus
                    .draw_like(text.as_str(), word.range(), random, new);
                found
            });
            wanted -= usize::from(found);
        }
        if edits.is_empty() {
            Outcome::Unchanged("no word with a synonym")
        } else {
            Outcome::Edited
        }
    }
}
