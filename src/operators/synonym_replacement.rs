//! Synonym replacement, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::prelude::*;
use crate::text::thesaurus::Thesaurus;

/// Replaces words by synonyms from WordNet, which is embedded.
///
/// This is "synonym replacement" of EDA (Wei and Zou, 2019): as many words as `rate`, the paper's
/// alpha, comes to, drawn among those that are not stop words and have a synonym. Unlike the reference
/// implementation it replaces the word that was drawn, not every occurrence of it; takes synonyms
/// of the part of speech that the word before allows and in which the word is most frequent, from
/// its most frequent senses; puts them in the form of the word, plural for plural and past for
/// past; keeps capitals; and does not depend on the order of a hash table. Names, multi-word synonyms and
/// words with capitals inside a sentence are left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SynonymReplacement {
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
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

    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Replacement::new(context.amount, self.max_senses)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                columns: &[],
                input: &["The movie was a big success, and the actors looked happy."],
                output: &["The movie was a big success, and the thespians looked happy."],
            },
            Example {
                title: "Capitals are kept, names and stop words left alone",
                options: "rate = 1.0\nmax_senses = 1",
                columns: &[],
                input: &["Movie fans in Paris BUY this quickly"],
                output: &["Picture fans in Paris PURCHASE this apace"],
            },
            Example {
                title: "Two variants of each row, and none where no word has a synonym",
                options: "replicas = 2",
                columns: &[],
                input: &["a difficult exam", "He was with them."],
                output: &["a hard exam", "a difficult test"],
            },
        ]
    }
}

/// The operator behind [`SynonymReplacement`].
pub(super) struct Replacement {
    amount: Amount,
    thesaurus: Thesaurus,
    places: Places,
}

impl Replacement {
    pub(super) fn new(amount: Amount, max_senses: usize) -> Self {
        Self {
            amount,
            thesaurus: Thesaurus::english(max_senses),
            places: Places::default(),
        }
    }
}

impl TextOperator for Replacement {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        let mut wanted = self.amount.of(words.len());
        self.places.reset(words.len());
        // Words are drawn one by one and looked up only then: most texts need but a few.
        while wanted > 0 {
            let Some(place) = self.places.draw(random) else {
                break;
            };
            let Some((before, word)) = text.word_in_context(place) else {
                break;
            };
            if text.may_be_name(word) {
                continue;
            }
            let mut found = false;
            edits.replace_if(word.range(), |new| {
                found = self
                    .thesaurus
                    .draw_like(text.word(word), before, random, new);
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
