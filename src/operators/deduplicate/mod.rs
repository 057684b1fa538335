//! Dropping rows that say again what an earlier row has said.

mod duplicates;
mod keys;
mod lookup;
mod minhash;
mod normalise;
mod partitions;
mod remembered;
mod survey;
#[cfg(test)]
mod tests;
mod worker;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operator::{Survey, SurveySite};
use crate::prelude::*;

use duplicates::Duplicates;
use keys::{Compared, problems_of_columns};
use lookup::Lookup;
use survey::DuplicateSurvey;
use worker::InShard;

/// The most bands, and the most rows in each, that may be asked for.
const MOST_BANDS: usize = 256;
/// The most words in an n-gram that may be asked for.
const MOST_WORDS: usize = 100;

/// Drops rows that repeat an earlier row; they leave by the port `duplicates`.
///
/// The first of several equal rows stays, and so does every row before the first that it equals.
/// Variants of a row that operators made are rows like others, in their order. A row in which all
/// that is compared is null equals no other. What leaves is counted as `filtered: duplicate`.
///
/// In the mode `exact` rows are equal if they agree in all columns of `by`, as told by a hash of 128
/// bits: among a billion rows the odds that two different ones are taken for equal are below 1 in
/// 10^20. With `normalise` texts are compared in lower case, without punctuation (Unicode's class P)
/// and with single spaces.
///
/// In the mode `near` texts are equal if their MinHash signatures (Broder, 1997) agree in a whole
/// band. The signature is taken over the set of n-grams of words, in lower case and without
/// punctuation; a text with fewer words has one n-gram of all of them, and one without a word equals
/// those that are the same, byte for byte. Two texts whose sets have the Jaccard similarity s (shared
/// n-grams by all n-grams of both) share a band with the probability 1 - (1 - s^rows)^bands. The
/// defaults are those of datatrove, with which FineWeb was made (Penedo et al., 2024): n-grams of 5
/// words and 14 bands of 8 rows. They find 5 % of the pairs at s = 0.5, 56 % at 0.7, 77 % at 0.75,
/// 92 % at 0.8 and 99.96 % at 0.9; half of the pairs at s = 0.685. With 9 bands of 13 rows half are
/// found at s = 0.82, with 32 bands of 4 at 0.38. A row goes that shares a band with any earlier row,
/// whether that one stayed or not. Tools that keep one row of each connected component, as datatrove
/// does, would also drop a row that is tied to an earlier one by a later one alone. Columns in `by`
/// other than the text have to agree as well, exactly.
///
/// With `scope = "shard"` rows are compared with those before them in the same shard, as they
/// stream by. No more than `remember` different rows are remembered, for each shard that is read at
/// a time, which are as many as there are workers: a million rows take some 55 MB in the mode
/// `exact`, and 20 MB for each band, 290 MB with the defaults, in the mode `near`. Beyond that the
/// oldest are forgotten, first in, first out: how many is shown as the measure `forgotten`.
///
/// With `scope = "dataset"` rows are compared with all rows of all shards, in the order of `inputs`,
/// and then of the shards' paths: where a row is in two sources, it stays in the one that is named
/// first. For this every source is read once before the run, whatever part of the shards the run
/// works on, and what rows are compared by is written to a folder beside the ledger of the first
/// sink: 24 bytes for each row in the mode `exact`, and 16 for each band of each row in the mode
/// `near`. It is looked through piece by piece, in less than 300 MB, and removed; what stays in
/// memory is one bit for each row. The operator has to read sources and nothing else, because what
/// other operators make of a row is not known before. A row that is dropped, and the rest of the
/// output, depends on all rows then, so that other data needs `--fresh`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deduplicate {
    /// The columns in which rows have to agree. Without it, the text alone.
    #[serde(default)]
    pub by: Vec<String>,
    /// `exact` for equal values, `near` for texts that share most of their n-grams of words.
    #[serde(default)]
    pub mode: DuplicateMode,
    /// In the mode `exact`: whether texts are compared in lower case, without punctuation and with
    /// single spaces.
    #[serde(default)]
    pub normalise: bool,
    /// In the mode `near`: words in an n-gram.
    #[serde(default = "default_ngram")]
    pub ngram: usize,
    /// In the mode `near`: bands of the signature. More of them find more pairs.
    #[serde(default = "default_bands")]
    pub bands: usize,
    /// In the mode `near`: values in a band. More of them ask for more similarity.
    #[serde(default = "default_rows")]
    pub rows: usize,
    /// `shard` to compare rows within their shard, `dataset` to compare them with all rows.
    #[serde(default)]
    pub scope: DuplicateScope,
    /// With `scope = "shard"`: the most different rows to remember of a shard.
    #[serde(default = "default_remember")]
    pub remember: usize,
}

fn default_ngram() -> usize {
    5
}

fn default_bands() -> usize {
    14
}

fn default_rows() -> usize {
    8
}

fn default_remember() -> usize {
    1_000_000
}

/// When rows are equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateMode {
    /// If all that is compared is.
    #[default]
    Exact,
    /// If the texts share most of their n-grams.
    Near,
}

/// What rows are compared with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateScope {
    /// The rows before them in their shard.
    #[default]
    Shard,
    /// All rows before them.
    Dataset,
}

impl Default for Deduplicate {
    fn default() -> Self {
        Self {
            by: Vec::new(),
            mode: DuplicateMode::default(),
            normalise: false,
            ngram: default_ngram(),
            bands: default_bands(),
            rows: default_rows(),
            scope: DuplicateScope::default(),
            remember: default_remember(),
        }
    }
}

impl OperatorConfig for Deduplicate {
    const NAME: &'static str = "deduplicate";

    fn ports(&self) -> Vec<Port> {
        vec![Port::main(), Port::side("duplicates")]
    }

    fn reads_text(&self) -> bool {
        self.mode == DuplicateMode::Near || self.by.is_empty()
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (option, value, most) in [
            ("ngram", self.ngram, MOST_WORDS),
            ("bands", self.bands, MOST_BANDS),
            ("rows", self.rows, MOST_BANDS),
            ("remember", self.remember, usize::MAX),
        ] {
            if value == 0 || value > most {
                let help = match most {
                    usize::MAX => "give a number of rows, from 1 on".to_owned(),
                    most => format!("give a number from 1 to {most}"),
                };
                problems.push(Problem::new(option, format!("`{option}` is {value}"), help));
            }
        }
        let twice = (self.by.iter().enumerate())
            .find(|(place, name)| self.by.iter().take(*place).any(|other| other == *name));
        if let Some((_, name)) = twice {
            let message = format!("`by` names `{name}` twice");
            problems.push(Problem::new("by", message, "name it once"));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let problems = problems_of_columns(&self.by, input);
        if problems.is_empty() {
            Ok(vec![SchemaRef::clone(input); self.ports().len()])
        } else {
            Err(problems)
        }
    }

    fn in_order(&self) -> bool {
        self.scope == DuplicateScope::Shard
    }

    fn surveys(&self) -> bool {
        self.scope == DuplicateScope::Dataset
    }

    fn survey(&self, site: &SurveySite<'_>) -> Result<Option<Box<dyn Survey>>, OperatorError> {
        let compared = Compared::new(self, site.schema, site.text)?;
        Ok(Some(match self.mode {
            DuplicateMode::Exact => Box::new(DuplicateSurvey::<u128>::new(compared, site)),
            DuplicateMode::Near => Box::new(DuplicateSurvey::<u64>::new(compared, site)),
        }))
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::Reads,
            ..TextHandling::default()
        }
    }

    fn yields(&self, _source_rows: u64) -> Vec<Yield> {
        vec![Yield::up_to(1.0); OperatorConfig::ports(self).len()]
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(match (self.scope, self.mode) {
            (DuplicateScope::Dataset, _) => {
                let found = context.resources.surveyed::<Duplicates>(context.id);
                let missing = || OperatorError::Other("its sources were not surveyed".to_owned());
                Box::new(Lookup::new(found.ok_or_else(missing)?))
            }
            (DuplicateScope::Shard, DuplicateMode::Exact) => {
                Box::new(InShard::<u128>::new(self, context.text))
            }
            (DuplicateScope::Shard, DuplicateMode::Near) => {
                Box::new(InShard::<u64>::new(self, context.text))
            }
        })
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The first of equal texts stays",
                options: "",
                columns: &[],
                input: &["one", "two", "one", "One", "two"],
                output: &["one", "two", "One"],
            },
            Example {
                title: "Whatever the case, the spaces and the punctuation",
                options: "normalise = true",
                columns: &[],
                input: &[
                    "Hello, world!",
                    "hello  world",
                    "Hello... WORLD",
                    "Hello you",
                ],
                output: &["Hello, world!", "Hello you"],
            },
            Example {
                title: "Texts that share most of their pairs of words, by 32 bands of 4 rows: half \
                        are found at a similarity of 0.38",
                options: "mode = \"near\"\nngram = 2\nbands = 32\nrows = 4",
                columns: &[],
                input: &[
                    "The film was far too long, but the music and the actors were wonderful.",
                    "The film was far too long but the music and the actors were great!",
                    "A long film about wonderful actors and the music that they were making.",
                ],
                output: &[
                    "The film was far too long, but the music and the actors were wonderful.",
                    "A long film about wonderful actors and the music that they were making.",
                ],
            },
            Example {
                title: "One row for each address, whatever its text",
                options: "by = [\"url\"]",
                columns: &[("url", &["a.org/1", "a.org/2", "a.org/1"])],
                input: &["first visit", "first visit", "second visit"],
                output: &["first visit", "first visit"],
            },
            Example {
                title: "Within the whole data set, which is read once before the run",
                options: "scope = \"dataset\"",
                columns: &[],
                input: &["one", "two", "one"],
                output: &["one", "two"],
            },
        ]
    }
}
