//! Random insertion, after EDA.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::word_replacement::{
    SharedThesaurus, check_max_senses, default_max_senses, shared, with,
};
use crate::prelude::*;
use crate::text::article;
use crate::text::thesaurus::{Thesaurus, ThesaurusOptions};

/// How many words are tried before an insertion is given up, as in the reference implementation.
const TRIES: usize = 10;

/// Inserts synonyms of words of the text at random places.
///
/// This is "random insertion" of EDA (Wei and Zou, 2019): as often as `rate`, the paper's alpha,
/// comes to, a synonym of a word that is not a stop word goes to a random place. Unlike the
/// reference implementation it does skip stop words; knows which part of speech the word is and
/// takes synonyms of its frequent senses, in its form, rather than whichever a hash table gives
/// first; turns "a" into "an" and back where something is inserted after it; and can insert at the
/// end. Rude and archaic words, names and phrases are never inserted. See `synonym_replacement`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RandomInsertion {
    /// How many senses of a word, the most frequent first, synonyms may come from; at least 1.
    #[serde(default = "default_max_senses")]
    pub max_senses: usize,
}

impl TextOperatorConfig for RandomInsertion {
    const NAME: &'static str = "random_insertion";

    const VERSION: u32 = 3;
    const DEFAULTS: Defaults = Defaults::rate(0.1).without_stop_words();

    fn validate(&self) -> Vec<Problem> {
        check_max_senses(self.max_senses).into_iter().collect()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let thesaurus = Thesaurus::new(ThesaurusOptions {
            max_senses: self.max_senses,
            ..ThesaurusOptions::default()
        });
        Ok(Box::new(Insertion::new(context.amount, shared(thesaurus))))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "A synonym of some word, at some place",
                options: "",
                columns: &[],
                input: &["A sad comedy played out on the back roads of life."],
                output: &["A sad comedy played out on the back roads of clowning life."],
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
    thesaurus: SharedThesaurus,
    synonym: String,
    /// Where something was inserted.
    taken: Vec<usize>,
}

impl Insertion {
    pub(super) fn new(amount: Amount, thesaurus: SharedThesaurus) -> Self {
        Self {
            amount,
            thesaurus,
            synonym: String::new(),
            taken: Vec::new(),
        }
    }
}

/// Draws a synonym of some word of the text.
fn draw(
    thesaurus: &mut Thesaurus,
    text: &Text<'_>,
    random: &mut Random,
    synonym: &mut String,
) -> bool {
    let words = text.words();
    synonym.clear();
    (0..TRIES).any(|_| {
        let source = words.get(random.below(words.len()));
        source.is_some_and(|word| {
            !text.may_be_name(word) && thesaurus.draw(text.as_str(), word.range(), random, synonym)
        })
    })
}

/// Corrects the article before a word, if the synonym that comes before it does not go with it.
fn correct_article(text: &Text<'_>, word: Word, synonym: &str, edits: &mut Edits) {
    let correction = article::correction(text.as_str(), word.range().start, synonym);
    if let Some((span, article)) = correction {
        edits.replace(span, article);
    }
}

impl TextOperator for Insertion {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let Self {
            amount,
            thesaurus,
            synonym,
            taken,
        } = self;
        let words = text.words();
        taken.clear();
        with(thesaurus, |thesaurus| {
            for _ in 0..amount.of(words.len()) {
                if !draw(thesaurus, text, random, synonym) {
                    continue;
                }
                // Before any word, or after the last.
                if let Some(word) = words.get(random.below(words.len() + 1)) {
                    // Of several insertions at one place the first stands next to the article.
                    if !taken.contains(&word.range().start) {
                        taken.push(word.range().start);
                        correct_article(text, word, synonym, edits);
                    }
                    synonym.push(' ');
                    edits.insert(word.range().start, synonym);
                } else if let Some(last) = words.last() {
                    synonym.insert(0, ' ');
                    edits.insert(last.range().end, synonym);
                }
            }
        });
        if edits.is_empty() {
            Outcome::Unchanged("no word with a synonym")
        } else {
            Outcome::Edited
        }
    }
}
