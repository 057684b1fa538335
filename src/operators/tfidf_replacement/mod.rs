//! TF-IDF word replacement, after UDA.

mod draw;
mod file;
#[cfg(test)]
mod golden;
mod vocabulary;

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::digest::sha256;
use crate::operator::Site;
use crate::prelude::*;
use crate::random::hash_bytes;
use crate::text::{Case, push_lower_case};

use draw::WeightedPlaces;
use vocabulary::Vocabulary;

/// Replaces the words that tell least about a text by words drawn from all texts.
///
/// This is the "TF-IDF based word replacement" of UDA (Xie et al., 2020). A word tells much where
/// it is frequent in the text and stands in few others: t = (its share of the text's words) *
/// log(texts / texts with the word). A word is drawn for replacement with a likelihood proportional
/// to (the largest t of the text - its t), so that the words that carry the sense mostly stay, and
/// the most telling one always. The new word is drawn from the words of all texts, with a
/// likelihood proportional to (the largest T - its T), where T is the sum of t over all texts. It
/// takes the capitals of the old one.
///
/// What differs from the reference implementation: as many words are replaced as `rate` comes to,
/// drawn without repetition, where UDA replaces each by a chance that may come out above 1. New
/// words come from the `vocabulary` most frequent ones: T is small for common and for rare words
/// alike, most of a large vocabulary have nearly the same chance, and the rarest words of real data
/// are misspellings. A new word is never the old one. Words are counted in lower case, and those in
/// protected spans neither counted nor replaced; in UDA, `The` and `the` are two words. A text
/// whose words all tell as much stays as it is; in UDA too, for it divides by zero.
///
/// Without a file of `statistics` the words of all texts of the sources are counted before the run,
/// in all shards, whatever part of them is to be processed: a shard that cannot be read ends the
/// run. Each worker counts a shard at a time. Up to a million different words are kept in mind for
/// each of at most two shards per worker, and for all: about 70 MB each. Beyond that the rarest are
/// forgotten. Words of more than 64 bytes are not counted. The texts are those that the sources
/// hold, not what operators before this one make of them.
///
/// All rows depend on the counts. So names, sizes and footers of the sources' files are
/// part of what identifies a run: when a file is added or changed, the output folder has to be
/// started afresh (`--fresh`). With `statistics` it does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TfidfReplacement {
    /// A file with the counts of words, instead of a pass over the sources. Either Parquet with
    /// the columns `word`, `documents` (texts that have the word) and, if need be, `occurrences`
    /// (how often it occurs in all texts; without it, as often as there are texts that have it);
    /// or text with these three in each line, parted by tabs, without a line of names. Words are in
    /// lower case. One row, usually the first, has an empty word: its `documents` is the number of
    /// all texts.
    #[serde(default)]
    pub statistics: Option<PathBuf>,
    /// From how many of the most frequent words new ones are drawn, at most; at least 1. A few
    /// thousand give everyday words.
    #[serde(default = "default_vocabulary")]
    pub vocabulary: u32,
}

fn default_vocabulary() -> u32 {
    50_000
}

impl TfidfReplacement {
    /// An operator that replaces this share of the words. The words to draw from are made once for
    /// all workers.
    pub(super) fn replacing(
        &self,
        share: Share,
        context: &BuildContext<'_>,
    ) -> Result<Box<dyn TextOperator>, OperatorError> {
        let resources = context.resources;
        let other = |message: String| OperatorError::Other(message);
        let make = || {
            let counts = match &self.statistics {
                Some(path) => {
                    let path = resources.base.join(path);
                    let read = file::read(&path).and_then(|bytes| file::parse(bytes, &path));
                    Arc::new(read.map_err(|error| other(format!("{error}: {}", error.help())))?)
                }
                None => resources
                    .word_counts(context.id)
                    .ok_or_else(|| other(format!("no words were counted for `{}`", context.id)))?,
            };
            Ok::<_, OperatorError>(Vocabulary::new(&counts, self.vocabulary as usize))
        };
        let vocabulary = resources.shared.get_or_try_insert(context.id, make)?;
        Ok(Box::new(Replacement::new(share, vocabulary)))
    }
}

impl TextOperatorConfig for TfidfReplacement {
    const NAME: &'static str = "tfidf_replacement";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.vocabulary == 0 {
            problems.push(Problem::new(
                "vocabulary",
                "`vocabulary` must be at least 1",
                "leave it out to draw from the 50,000 most frequent words",
            ));
        }
        if self
            .statistics
            .as_ref()
            .is_some_and(|path| path.as_os_str().is_empty())
        {
            problems.push(Problem::new(
                "statistics",
                "`statistics` is empty",
                "name a file, or leave it out to have the words of the sources counted",
            ));
        }
        problems
    }

    fn counts_words(&self) -> bool {
        self.statistics.is_none()
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        let Some(path) = &self.statistics else {
            return Ok(Value::Null);
        };
        let problem = |error: file::FileError| {
            vec![Problem::new("statistics", error.to_string(), error.help())]
        };
        let bytes = file::read(&site.base.join(path)).map_err(problem)?;
        let digest = sha256(&bytes);
        file::parse(bytes, &site.base.join(path)).map_err(problem)?;
        Ok(json!({ "statistics": digest }))
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        self.replacing(Share::Exactly(context.amount), context)
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Common words go; here, the four texts are all that is counted",
                options: "rate = 0.2",
                columns: &[],
                input: &[
                    "The plot was thin, but the camera loved the desert.",
                    "The music is loud and cheap, and the ending drags.",
                    "Never trust the poster: this film had no dragon at all.",
                    "An honest story, told with WARMTH and a little mischief.",
                ],
                output: &[
                    "This plot was thin, but is camera loved the desert.",
                    "Is music is loud and cheap, and ending ending drags.",
                    "Never trust cheap poster: this film had no dragon at all.",
                    "An honest story, told with WARMTH is a little mischief.",
                ],
            },
            Example {
                title: "New words from the five most frequent ones only",
                options: "rate = 0.2\nvocabulary = 5",
                columns: &[],
                input: &[
                    "It is slow, it is long, and it is a film of its time.",
                    "It is a film of cats and a film of dogs.",
                    "Is it a musical? It is: a LOUD one!",
                ],
                output: &[
                    "It is slow, a is long, and a is and film of its time.",
                    "It it a film of cats is a film of dogs.",
                    "Is it is musical? A is: a LOUD one!",
                ],
            },
            Example {
                title: "Two variants of each row, and none where no word tells less than another",
                options: "replicas = 2",
                columns: &[],
                input: &["A GOOD FILM", "A good cast", "Superb!"],
                output: &[
                    "Good GOOD FILM",
                    "A FILM FILM",
                    "A film cast",
                    "A cast cast",
                ],
            },
        ]
    }
}

/// Draws that may give the old word before its place is left alone.
const ATTEMPTS: usize = 8;

/// Which words are replaced.
pub(super) enum Share {
    /// So many.
    Exactly(Amount),
    /// Each with this probability in the mean over the words of a text, as in UDA.
    Each(f64),
}

/// The operator behind [`TfidfReplacement`].
struct Replacement {
    share: Share,
    vocabulary: Arc<Vocabulary>,
    /// The words of the text, by their hash, with their places.
    words: Vec<(u64, u32)>,
    /// For each place, the hash of its word and how much it tells.
    places: Vec<(u64, u64)>,
    drawn: WeightedPlaces,
    lower: String,
}

impl Replacement {
    fn new(share: Share, vocabulary: Arc<Vocabulary>) -> Self {
        Self {
            share,
            vocabulary,
            words: Vec::new(),
            places: Vec::new(),
            drawn: WeightedPlaces::default(),
            lower: String::new(),
        }
    }

    /// Weighs the words of `text`: in `drawn`, a place is the likelier the less its word tells.
    fn weigh(&mut self, text: &Text<'_>) {
        self.words.clear();
        for (place, word) in (0..).zip(text.words()) {
            self.lower.clear();
            push_lower_case(text.word(word), &mut self.lower);
            let hash = hash_bytes(0, self.lower.as_bytes());
            self.words.push((hash, place));
        }
        self.places.clear();
        self.places.resize(self.words.len(), (0, 0));
        self.words.sort_unstable();
        let mut most = 0;
        // The same words stand together. That all shares have the same length of the text below
        // the line makes no difference to which is larger.
        for same in self.words.chunk_by(|one, other| one.0 == other.0) {
            let hash = same.first().map(|(hash, _)| *hash).unwrap_or_default();
            let telling = same.len() as u64 * u64::from(self.vocabulary.weight(hash));
            most = most.max(telling);
            for (_, place) in same {
                if let Some(place) = self.places.get_mut(*place as usize) {
                    *place = (hash, telling);
                }
            }
        }
        // Only in a text of millions of words could the sum be too large.
        let digits = |number: u64| number.checked_ilog2().map_or(0, |log| log + 1);
        let shift = (digits(most) + digits(self.places.len() as u64)).saturating_sub(63);
        let weights = self
            .places
            .iter()
            .map(|(_, telling)| (most - telling) >> shift);
        self.drawn.reset(weights);
    }

    /// Replaces `wanted` words: why there were fewer, if there were none.
    fn replace_so_many(
        &mut self,
        mut wanted: usize,
        text: &Text<'_>,
        random: &mut Random,
        edits: &mut Edits,
    ) -> &'static str {
        let mut reason = "all words tell as much";
        while wanted > 0 {
            let Some(place) = self.drawn.draw(random) else {
                break;
            };
            wanted -= usize::from(self.replace(text, place, random, edits));
            reason = "no other word drawn";
        }
        reason
    }

    /// Replaces each word with a chance of its own, of which `probability` is the mean.
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^52 words")]
    fn replace_each(
        &self,
        probability: f64,
        text: &Text<'_>,
        random: &mut Random,
        edits: &mut Edits,
    ) -> &'static str {
        let words = self.places.len();
        for place in 0..words {
            let share = self.drawn.share(place);
            if random.chance(probability * words as f64 * share) {
                self.replace(text, place, random, edits);
            }
        }
        "no word drawn"
    }

    /// Puts another word in the place of the word at `place`, if one is drawn.
    fn replace(
        &self,
        text: &Text<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let known = self.places.get(place);
        let (Some(word), Some(&(hash, _))) = (text.words().get(place), known) else {
            return false;
        };
        for _ in 0..ATTEMPTS {
            let new = self.vocabulary.draw(random);
            if hash_bytes(0, new.as_bytes()) != hash {
                edits.replace_if(word.range(), |into| {
                    Case::of(text.word(word)).append(new, into);
                    true
                });
                return true;
            }
        }
        false
    }
}

impl TextOperator for Replacement {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let words = text.words();
        if words.is_empty() {
            return Outcome::Unchanged("no word");
        }
        if self.vocabulary.is_empty() {
            return Outcome::Unchanged("no word to put in");
        }
        let reason = match self.share {
            Share::Exactly(amount) => {
                let wanted = amount.of(words.len());
                if wanted == 0 {
                    return Outcome::Edited;
                }
                self.weigh(text);
                self.replace_so_many(wanted, text, random, edits)
            }
            Share::Each(probability) => {
                self.weigh(text);
                self.replace_each(probability, text, random, edits)
            }
        };
        if edits.is_empty() {
            Outcome::Unchanged(reason)
        } else {
            Outcome::Edited
        }
    }
}

#[cfg(test)]
mod tests;
