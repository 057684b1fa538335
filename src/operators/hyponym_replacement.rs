//! Replacement by more special words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word_replacement::{Replacement, check_max_senses, default_max_senses};
use crate::prelude::*;
use crate::text::thesaurus::{Relation, ThesaurusOptions};

/// Replaces words by more special ones from WordNet: "dog" by "puppy", "walked" by "strolled".
///
/// The sentence then says more than it did. Hyponyms that WordNet's corpora have often are the
/// likelier; single persons and places are never taken. All else is as in `synonym_replacement`:
/// part of speech by the words around, senses by frequency, inflection, capitals, articles, and
/// what is left alone. Adjectives and adverbs have no hyponyms in WordNet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HyponymReplacement {
    /// How many senses of a word, the most frequent first, hyponyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
    /// Whether hyponyms of several words are taken.
    #[serde(default)]
    pub multi_word: bool,
    /// Whether rude words are taken: slang, slurs, obscenities.
    #[serde(default)]
    pub offensive: bool,
    /// Whether archaic and dialect words are taken.
    #[serde(default)]
    pub archaic: bool,
}

impl TextOperatorConfig for HyponymReplacement {
    const NAME: &'static str = "hyponym_replacement";

    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let options = ThesaurusOptions {
            relation: Relation::Hyponym,
            max_senses: self.max_senses,
            multi_word: self.multi_word,
            offensive: self.offensive,
            archaic: self.archaic,
            ..ThesaurusOptions::default()
        };
        Ok(Box::new(Replacement::new(context.amount, options)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "One word in ten, but at least one",
                options: "",
                columns: &[],
                input: &["The dog ran across a street."],
                output: &["The cur ran across a street."],
            },
            Example {
                title: "Two variants, in the form of the words that they take the place of",
                options: "replicas = 2\nrate = 0.5\nmax_senses = 1",
                columns: &[],
                input: &["He walked home with two children."],
                output: &[
                    "He tramped home with two waifs.",
                    "He pranced home with two kindergartners.",
                ],
            },
            Example {
                title: "Adjectives, names and stop words have none",
                options: "rate = 1.0",
                columns: &[],
                input: &["She was happy in Paris."],
                output: &["She was happy in Paris."],
            },
        ]
    }
}
