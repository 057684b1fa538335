//! Replacement by opposite words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word_replacement::{Replacement, check_max_senses, default_max_senses};
use crate::prelude::*;
use crate::text::thesaurus::{Relation, ThesaurusOptions};

/// Replaces words by their opposites from WordNet: "good" by "bad", "bought" by "sold".
///
/// Beware: labels may flip. A sentence about a good film becomes one about a bad film. Use it to
/// make contrast sets, or where the label does not depend on the meaning. An adjective without an
/// opposite of its own takes that of the adjective it is a kind of: "huge" is a kind of "large",
/// and becomes "small". All else is as in `synonym_replacement`: part of speech by the words
/// around, senses by frequency, inflection, capitals, articles, and what is left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AntonymReplacement {
    /// How many senses of a word, the most frequent first, antonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
    /// Whether antonyms of several words are taken.
    #[serde(default)]
    pub multi_word: bool,
    /// Whether rude words are taken: slang, slurs, obscenities.
    #[serde(default)]
    pub offensive: bool,
    /// Whether archaic and dialect words are taken.
    #[serde(default)]
    pub archaic: bool,
}

impl TextOperatorConfig for AntonymReplacement {
    const NAME: &'static str = "antonym_replacement";

    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let options = ThesaurusOptions {
            relation: Relation::Antonym,
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
                input: &["It was a good film, and the actors looked happy."],
                output: &["It was a bad film, and the actors looked happy."],
            },
            Example {
                title: "Opposites of adjectives, verbs and adverbs, and articles that follow them",
                options: "rate = 1.0",
                columns: &[],
                input: &["A huge man quickly opened an old box and bought a little time."],
                output: &["A small woman slowly closed a young box and sold a big time."],
            },
            Example {
                title: "Most nouns have none",
                options: "rate = 1.0",
                columns: &[],
                input: &["The table in Paris"],
                output: &["The table in Paris"],
            },
        ]
    }
}
