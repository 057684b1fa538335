//! Random insertion, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::synonym_replacement::{check_max_senses, default_max_senses};
use crate::prelude::*;
use crate::text::thesaurus::Thesaurus;

/// How many words are tried before an insertion is given up, as in the reference implementation.
const TRIES: usize = 10;

/// Inserts synonyms of words of the text at random places.
///
/// This is "random insertion" of EDA (Wei and Zou, 2019): as often as `rate`, the paper's alpha,
/// comes to, a synonym of a word that is not a stop word goes to a random place. Unlike the reference
/// implementation it does skip stop words, draws among all synonyms rather than taking whichever a
/// hash table gives first, and can insert at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomInsertion {
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

impl TextOperatorConfig for RandomInsertion {
    const NAME: &'static str = "random_insertion";

    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Insertion::new(context.amount, self.max_senses)))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "A synonym of some word, at some place",
                options: "",
                columns: &[],
                input: &["A sad comedy played out on the back roads of life."],
                output: &["A sad comedy played out on the backwards back roads of life."],
            },
            Example {
                title: "A higher rate",
                options: "rate = 0.5",
                columns: &[],
                input: &["The film was big and the house small"],
                output: &["The film was big and the firm house small movie"],
            },
            Example {
                title: "Two variants of each row",
                options: "replicas = 2",
                columns: &[],
                input: &["a difficult exam"],
                output: &["a difficult hard exam", "a difficult test exam"],
            },
        ]
    }
}

/// The operator behind [`RandomInsertion`].
pub(super) struct Insertion {
    amount: Amount,
    thesaurus: Thesaurus,
    synonym: String,
}

impl Insertion {
    pub(super) fn new(amount: Amount, max_senses: usize) -> Self {
        Self {
            amount,
            thesaurus: Thesaurus::english(max_senses),
            synonym: String::new(),
        }
    }
}

impl TextOperator for Insertion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        for _ in 0..self.amount.of(words.len()) {
            self.synonym.clear();
            let found = (0..TRIES).any(|_| {
                let source = random.below(words.len());
                text.word_in_context(source).is_some_and(|(before, word)| {
                    !text.may_be_name(word)
                        && self
                            .thesaurus
                            .draw(text.word(word), before, random, &mut self.synonym)
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
