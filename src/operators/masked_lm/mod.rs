//! Replacing and inserting words by what a masked language model says fits.

mod choose;
mod draft;
mod places;
mod requests;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use choose::Taste;
use worker::{Setup, Worker};

use crate::inference::{ModelError, ModelName, check_digest, is_folder, wrong_digest};
use crate::masked::{self, MaskedModel, MaskedModelFactory};
use crate::operator::{
    Defaults, OnAnnotations, OnError, Resources, Site, StopWordList, StopWordOption, TextHandling,
    TextNames, TextOptions, TextUse, Vary, languages,
};
use crate::prelude::*;
use crate::text::Segmenter;

/// Rows in a batch, at most: enough texts to sort by length, and few enough that progress is seen.
/// The number is fixed because what a model says of a text may depend, in the last digits, on
/// which others it sees beside it.
const BATCH_ROWS: usize = 256;

/// Replaces words by others that fit the context, or inserts some, as a masked language model has
/// it.
///
/// A word is hidden from a model of the BERT kind, and another one is drawn from those that the
/// model thinks likely there (Kobayashi, 2018; Wu et al., 2019). nlpaug's
/// `ContextualWordEmbsAug` and TextAttack's `WordSwapMaskedLM` and `CLARE` work like this. What
/// fits need not mean the same: "a good film" may become "a bad film". Where labels depend on the
/// meaning, keep `rate` low, look at a preview, or take `synonym_replacement`.
///
/// With `mode = "replace"` words that hold a letter are replaced, except stop words and what may be
/// a name (a capital inside a sentence); the new word gets the capitals of the old one. With
/// `mode = "insert"` a word goes behind some word that space, punctuation or the end of the text
/// follows.
///
/// Words are hidden together rather than one by one: models of this kind are trained with 15 % of
/// the words hidden, and one run of the model is then enough for a text. Of neighbours, and above
/// 15 %, some wait for a further run, which sees the new words. Drawn are whole words only: no
/// pieces of words, numbers, marks or special tokens, no stop words, not the old word itself nor
/// those beside the blank, no rude word unless `offensive` allows it, and no English negation,
/// which would turn a label over. `top_k` counts what is left. nlpaug puts in pieces such as `##ly`
/// as well, and breaks words with them. "A" and "an" before a new word follow it where the text is
/// English: by its `language_column`, or, without one, by its function words.
///
/// The model is a folder (relative to the pipeline file) or `hf://owner/name[@revision]` with
/// `config.json`, `tokenizer.json` and a graph for "fill-mask", as Optimum exports it, or as the
/// repositories for transformers.js have it. An uncased model writes names in small letters: take a
/// cased one where names matter. Long texts are no problem: the model sees as much as it can take
/// around each word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MaskedLm {
    /// The model: a folder, or `hf://owner/name[@revision]`.
    pub model: String,
    /// Which of the files of the model to take where it comes in several precisions, for example
    /// `"quantized"`.
    #[serde(default)]
    pub variant: Option<String>,
    /// The SHA-256 of what the model holds, as `augment models fetch` prints it: another model is
    /// refused, wherever it comes from. Without it, any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether words are replaced, or new ones inserted.
    #[serde(default)]
    pub mode: Mode,
    /// Share of the eligible words to edit, from 0 to 1: edited are `max(min, round(rate *
    /// eligible))`, halves rounded up, but at most `max`; at 0 none. Eligible are the words that
    /// could be replaced, or behind which one could be inserted.
    #[serde(default = "default_rate")]
    pub rate: f64,
    /// Edits to make in a text, at least, if it has as many eligible words.
    #[serde(default = "default_min")]
    pub min: u32,
    /// Edits to make in a text, at most.
    #[serde(default)]
    pub max: Option<u32>,
    /// Words that are neither replaced nor put in, in whatever case: `"english"` for the function
    /// words of English, `"none"`, or a list of words. A word may be inserted behind them.
    #[serde(default = "default_stop_words")]
    pub stop_words: StopWordOption,
    /// From how many of the likeliest words one is drawn; at least 1.
    #[serde(default = "default_top_k")]
    pub top_k: usize,
    /// Draws from the likeliest of these only, as many as have this share of their probability
    /// together: above 0 and at most 1. Without it all of them count.
    #[serde(default)]
    pub top_p: Option<f64>,
    /// Divides the logarithms of probabilities: below 1 makes likely words likelier, above 1 less
    /// so.
    #[serde(default = "default_temperature")]
    pub temperature: f64,
    /// Words that the model gives a smaller probability than this are not drawn, whatever
    /// `top_k` says; a place without a likelier one stays as it is. The default is that of
    /// TextAttack.
    #[serde(default = "default_min_probability")]
    pub min_probability: f64,
    /// Whether rude words of English are drawn: slurs, obscenities, and others that are seldom
    /// wanted.
    #[serde(default)]
    pub offensive: bool,
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. What is missing after three draws is counted as a shortfall. Without this option
    /// each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Regular expressions: what they match is never edited. They add to what is always
    /// protected: URLs, e-mail addresses, numbers with their units, mentions, hash tags, code in
    /// back-ticks, XML and HTML tags, and template slots such as `{name}`.
    #[serde(default)]
    pub protect: Vec<String>,
    /// Languages, for example `["en", "de"]`: rows in others are left alone, and counted. What
    /// language a row is in stands in its column `language_column`; `en` stands for `en-GB` too.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The column with the language of each row, as a tag such as `en` or `pt-BR`.
    #[serde(default = "default_language_column")]
    pub language_column: String,
    /// What becomes of a row whose text the model's tokenizer cannot read: `fail` fails its shard,
    /// `drop` counts it and leaves it out, `route` sends it out of the port `errors` and notes the
    /// reason in `.augment/rejects.jsonl`.
    #[serde(default)]
    pub on_error: OnError,
    /// Which of the texts of a row are edited, where its source names several: one of them, or a
    /// list. Without this option, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextNames>,
    /// Where a row has several texts: `together`, the default, edits all of them in every variant;
    /// `one` edits a single one, in variants the first, the second and so on in turn, in place one
    /// that is drawn.
    #[serde(default, skip_serializing_if = "Vary::is_together")]
    pub vary: Vary,
}

/// What is done with words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Words give way to others.
    #[default]
    Replace,
    /// Words are added.
    Insert,
}

fn default_rate() -> f64 {
    0.1
}

fn default_min() -> u32 {
    1
}

fn default_stop_words() -> StopWordOption {
    StopWordOption::Named(StopWordList::English)
}

fn default_language_column() -> String {
    "language".to_owned()
}

fn default_top_k() -> usize {
    50
}

fn default_temperature() -> f64 {
    1.0
}

fn default_min_probability() -> f64 {
    5e-4
}

/// A model that is loaded once for all workers.
struct Loaded(Arc<dyn MaskedModelFactory>);

/// A model for one worker, of one that is loaded unless another worker has done so.
fn load(name: ModelName<'_>, resources: &Resources) -> Result<Box<dyn MaskedModel>, ModelError> {
    let key = format!("{}\n{}", name.reference, name.variant.unwrap_or_default());
    let loaded = resources.shared.get_or_try_insert(&key, || {
        masked::open(name, &resources.base, &resources.models).map(Loaded)
    });
    loaded?.0.model()
}

impl MaskedLm {
    fn name(&self) -> ModelName<'_> {
        ModelName {
            reference: &self.model,
            variant: self.variant.as_deref(),
        }
    }

    /// The options that all operators share.
    fn common(&self) -> TextOptions {
        TextOptions {
            rate: Some(self.rate),
            min: Some(self.min),
            max: self.max,
            stop_words: Some(self.stop_words.clone()),
            replicas: self.replicas,
            protect: self.protect.clone(),
            languages: self.languages.clone(),
            language_column: self.language_column.clone(),
            on_error: self.on_error,
            text: self.text.clone(),
            vary: self.vary,
        }
    }

    /// What is wrong with how words are drawn.
    fn check_draws(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.top_k == 0 {
            problems.push(Problem::new(
                "top_k",
                "`top_k` must be at least 1",
                "1 takes the likeliest word, 50 is the default",
            ));
        }
        if let Some(top_p) = self.top_p
            && !(top_p > 0.0 && top_p <= 1.0)
        {
            problems.push(Problem::new(
                "top_p",
                format!("`top_p` is {top_p}, and must be above 0 and at most 1"),
                "leave it out to draw from all of the `top_k` words",
            ));
        }
        if !(self.temperature > 0.0 && self.temperature.is_finite()) {
            problems.push(Problem::new(
                "temperature",
                format!("`temperature` is {}, and must be above 0", self.temperature),
                "set `top_k = 1` for the likeliest word",
            ));
        }
        if !(0.0..1.0).contains(&self.min_probability) {
            problems.push(Problem::new(
                "min_probability",
                format!(
                    "`min_probability` is {}, and must be at least 0 and below 1",
                    self.min_probability
                ),
                "0 allows every word, 0.0005 is the default",
            ));
        }
        problems
    }
}

impl OperatorConfig for MaskedLm {
    const NAME: &'static str = "masked_lm";

    const VERSION: u32 = 2;

    fn ports(&self) -> Vec<Port> {
        match self.on_error {
            OnError::Route => vec![
                Port::main(),
                Port {
                    name: "errors".to_owned(),
                    optional: false,
                },
            ],
            OnError::Fail | OnError::Drop => vec![Port::main()],
        }
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.model.trim().is_empty() {
            problems.push(Problem::new(
                "model",
                "`model` names no model",
                "give a folder with a fill-mask model, or `hf://owner/name`",
            ));
        }
        let wrong = self.sha256.as_deref().and_then(wrong_digest);
        problems.extend(wrong.map(|error| Problem::new("sha256", error.message, error.help)));
        problems.extend(self.check_draws());
        problems.extend(self.common().validate(Defaults::NONE));
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        match languages::problem(&self.common(), input) {
            Some(problem) => Err(vec![problem]),
            None => Ok(vec![SchemaRef::clone(input); self.ports().len()]),
        }
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::Each,
            text: self.text.clone(),
            replicas: self.replicas,
            vary: self.vary,
            on_error: Some(self.on_error),
            on_annotations: OnAnnotations::default(),
        }
    }

    fn in_place(&self) -> Option<Self> {
        Some(Self {
            replicas: None,
            ..self.clone()
        })
    }

    fn expansion(&self, _source_rows: u64) -> f64 {
        f64::from(self.replicas.unwrap_or(1))
    }

    fn resolved(&self, _source_rows: u64) -> Option<Self> {
        // What the model holds is among the facts: where it lies is nobody's business.
        if !is_folder(&self.model) && self.sha256.is_none() {
            return None;
        }
        let mut resolved = self.clone();
        resolved.sha256 = None;
        if is_folder(&self.model) {
            "folder".clone_into(&mut resolved.model);
        }
        Some(resolved)
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        let problem = |option: &'static str| {
            move |error: ModelError| vec![Problem::new(option, error.message, error.help)]
        };
        let hash = masked::inspect(self.name(), site.base, site.models);
        let hash = hash.map_err(problem("model"))?;
        if let Some(wanted) = &self.sha256 {
            check_digest(&self.model, &hash, wanted).map_err(problem("sha256"))?;
        }
        Ok(json!({ "model": hash }))
    }

    fn rewrites_in_place(&self) -> bool {
        self.replicas.is_none()
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(BATCH_ROWS)
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let model =
            load(self.name(), context.resources).map_err(|error| OperatorError::Unusable {
                message: format!("`{}`, `model`: {error}", context.id),
                help: error.help,
            })?;
        let segmenter = Segmenter::new(&self.protect)
            .map_err(|error| OperatorError::Other(error.to_string()))?;
        Ok(Box::new(Worker {
            setup: Setup {
                mode: self.mode,
                amount: self.common().amount(),
                stop_words: self.stop_words.stop_words(),
                taste: Taste::new(
                    self.top_k,
                    self.top_p.unwrap_or(1.0),
                    self.temperature,
                    self.min_probability,
                    self.stop_words.stop_words(),
                    self.offensive,
                ),
                common: self.common(),
                key: context.key(),
                position: context.position,
                column: context.text.index,
                name: self.model.clone(),
            },
            model,
            segmenter,
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "A word in ten, but at least one; the model `fake:` is one for tests, to \
                        which a few words fit everywhere",
                options: "model = \"fake:\"",
                columns: &[],
                input: &["It was boring, slow, and cheap."],
                output: &["It was boring, slow, and good."],
            },
            Example {
                title: "New words behind others, in two variants",
                options: "model = \"fake:\"\nmode = \"insert\"\nreplicas = 2",
                columns: &[],
                input: &["It was cheap and fast."],
                output: &["It was old cheap and fast.", "It was cheap old and fast."],
            },
            Example {
                title: "Capitals are kept; names, stop words and numbers are left alone",
                options: "model = \"fake:\"\nrate = 1.0",
                columns: &[],
                input: &["Boring, SLOW, and made in Paris in 1995", "It was he."],
                output: &["Small, GOOD, and great in Paris in 1995", "It was he."],
            },
        ]
    }
}
