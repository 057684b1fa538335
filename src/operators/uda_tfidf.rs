//! The preset of UDA: TF-IDF word replacement with its chances.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::TfidfReplacement;
use super::tfidf_replacement::Share;
use crate::operator::{Site, check_share};
use crate::prelude::*;

/// Replaces the words that tell least about a text, each with the chance that UDA gives it.
///
/// UDA (Xie et al., 2020) replaces a word with the probability p * words * w, where w is its share
/// in how little the words of the text tell: p is the mean over the words of a text, and the words
/// that tell least may come out above 1, which is certain. One augmented text is made of each,
/// unless `replicas` says otherwise. `tfidf_replacement` has the same words with the options that
/// all operators share; what it says of counting words, of the new words and of data that changes
/// is true here, too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UdaTfidf {
    /// Mean probability that a word is replaced, from 0 to 1: `token_prob` of the reference
    /// implementation, the number in its `tf_idf-0.3`.
    #[serde(default = "default_p")]
    pub p: f64,
    /// A file with the counts of words, instead of a pass over the sources: see
    /// `tfidf_replacement`.
    #[serde(default)]
    pub statistics: Option<PathBuf>,
}

fn default_p() -> f64 {
    0.3
}

impl UdaTfidf {
    fn words(&self) -> TfidfReplacement {
        TfidfReplacement {
            statistics: self.statistics.clone(),
            vocabulary: 1_000_000,
        }
    }
}

impl TextOperatorConfig for UdaTfidf {
    const NAME: &'static str = "uda_tfidf";

    fn validate(&self) -> Vec<Problem> {
        let mut problems = self.words().validate();
        problems.extend(check_share("p", self.p));
        problems
    }

    fn replicas(&self, _source_rows: u64) -> Option<u32> {
        Some(1)
    }

    fn counts_words(&self) -> bool {
        self.words().counts_words()
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        self.words().inspect(site)
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        self.words().replacing(Share::Each(self.p), context)
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Common words go; here, the four texts are all that is counted",
                options: "",
                columns: &[],
                input: &[
                    "The plot was thin, but the camera loved the desert.",
                    "The music is loud and cheap, and the ending drags.",
                    "Never trust the poster: this film had no dragon at all.",
                    "An honest story, told with WARMTH and a little mischief.",
                ],
                output: &[
                    "Cheap plot was thin, but with camera loved poster desert.",
                    "Trust music is loud and cheap, and never ending drags.",
                    "Never trust thin poster: this film had no dragon at all.",
                    "An honest story, told with WARMTH told a little mischief.",
                ],
            },
            Example {
                title: "Hardly any word, and two variants",
                options: "p = 0.05\nreplicas = 2",
                columns: &[],
                input: &["the cat and the dog", "the cat and a mouse", "no cat"],
                output: &[
                    "the cat dog the dog",
                    "the a and the dog",
                    "the cat cat a mouse",
                    "the cat the a mouse",
                    "no dog",
                ],
            },
            Example {
                title: "Nothing where no word tells less than another",
                options: "",
                columns: &[],
                input: &["Superb!"],
                output: &[],
            },
        ]
    }
}
