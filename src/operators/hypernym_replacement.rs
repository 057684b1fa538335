//! Replacement by more general words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word_replacement::{Replacement, check_max_senses, default_max_senses};
use crate::prelude::*;
use crate::text::thesaurus::{Relation, ThesaurusOptions};

/// Replaces words by more general ones from WordNet: "car" by "vehicle", "walked" by "moved".
///
/// Mostly true sentences stay true, and say less. Nouns and verbs have hypernyms, adjectives and
/// adverbs have none in WordNet. All else is as in `synonym_replacement`: part of speech by the
/// words around, senses by frequency, inflection, capitals, articles, and what is left alone. Nouns
/// at the top of WordNet, such as "object" and "abstraction", are never taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HypernymReplacement {
    /// How many senses of a word, the most frequent first, hypernyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
    /// Whether hypernyms of several words are taken.
    #[serde(default)]
    pub multi_word: bool,
    /// Whether rude words are taken: slang, slurs, obscenities.
    #[serde(default)]
    pub offensive: bool,
    /// Whether archaic and dialect words are taken.
    #[serde(default)]
    pub archaic: bool,
}

impl TextOperatorConfig for HypernymReplacement {
    const NAME: &'static str = "hypernym_replacement";

    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let options = ThesaurusOptions {
            relation: Relation::Hypernym,
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
                input: &["The poodle ran to an oak."],
                output: &["The poodle hurried to an oak."],
            },
            Example {
                title: "Several words, in the form of those that they take the place of",
                options: "rate = 1.0\nmax_senses = 1",
                columns: &[],
                input: &["Two violins and an old piano were bought."],
                output: &["Two strings and an old piano were acquired."],
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
