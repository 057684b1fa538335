//! Translating texts into another language and back.

mod gates;
mod options;
mod pieces;
mod requests;
mod row;
#[cfg(test)]
mod tests;
mod worker;

pub use options::{Band, Decode, Gates, OnLoss, Pivot, Search};

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use gates::Judge;
use worker::{Leg, Setup, Way, Worker};

use crate::inference::{ModelError, ModelName, check_digest, is_folder, wrong_digest};
use crate::mt::{self, Translator, TranslatorFactory};
use crate::operator::{
    OnAnnotations, OnError, Resources, Site, TextHandling, TextNames, TextOptions, TextUse, Vary,
};
use crate::prelude::*;
use crate::text::Segmenter;

/// Rows in a batch, at most. Enough sentences to sort by length, and few enough that progress is
/// seen, and an interrupted run ends soon, at a hundred sentences a second.
const BATCH_ROWS: usize = 512;

/// Translates texts into another language and back (Sennrich et al., 2016; Edunov et al., 2018).
///
/// A text is cut into sentences, and what lies between them, line breaks and spaces included, stays
/// as it is, as do list marks, tags and links around sentences, and sentences without a letter.
/// Sentences too long for a model are cut at the end of a clause. All sentences of a batch are
/// translated together, the same one once.
///
/// By default the way there is drawn from the likeliest tokens, so that each variant goes through
/// other words, and the way back is searched by a beam, so that what people read is the best
/// wording of these. `decode` and `decode_back` take `strategy` (`"greedy"`, `"beam"` or
/// `"sample"`) and, for a beam, `beams` (4) and `length_penalty` (1); for draws, `temperature`
/// (0.9), `top_k` (20) and `top_p` (1); for each, `no_repeat_ngram` (0), `repetition_penalty` (1)
/// and `max_length_factor` (2).
///
/// `gates` turns down round trips of sentences whose `length` is out of proportion (`[0.5, 2.0]`,
/// with ten characters added to both), that have a loop (`repetition`) or other long `numbers`, and
/// texts that are `copied` but for case and punctuation, or whose `chrf` against the source is out
/// of `[0.3, 0.95]`; each takes `false` for no such gate. A sentence none of whose round trips
/// passes stays as it is. What is turned down is counted under `rejected`, by sentence or text.
/// Where too little is left, it is drawn again, twice at most; what is missing then is counted
/// under `shortfall`, or `unchanged` where rows change in place.
///
/// Models are `builtin:NAME`, a folder (relative to the pipeline file), or
/// `hf://owner/name[@revision]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BackTranslation {
    /// The model that translates into the other language.
    #[serde(default)]
    pub forward: Option<String>,
    /// The model that translates back.
    #[serde(default)]
    pub backward: Option<String>,
    /// Several languages to go through, in place of `forward` and `backward`: each is a table of
    /// `forward`, `backward` and, where needed, `lang`, `lang_back`, `variant`, `variant_back`,
    /// `sha256` and `sha256_back`.
    /// Replicas go through them in turn, rows that change in place through one that is drawn.
    #[serde(default)]
    pub via: Vec<Pivot>,
    /// The token that tells a multilingual `forward` its language, for example `">>fra<<"`.
    #[serde(default)]
    pub lang: Option<String>,
    /// The same for `backward`.
    #[serde(default)]
    pub lang_back: Option<String>,
    /// Which of the files of `forward` to take where it comes in several precisions, for example
    /// `"quantized"`.
    #[serde(default)]
    pub variant: Option<String>,
    /// The same for `backward`.
    #[serde(default)]
    pub variant_back: Option<String>,
    /// The SHA-256 of what `forward` holds, as `augment models fetch` prints it: another model is
    /// refused, wherever it comes from. Without it, any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The same for `backward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256_back: Option<String>,
    /// How to search on the way there.
    #[serde(default = "drawn")]
    pub decode: Decode,
    /// How to search on the way back.
    #[serde(default = "searched")]
    pub decode_back: Decode,
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. Without this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Regular expressions: what they match has to come back as it was. They add to what is always
    /// protected: URLs, e-mail addresses, numbers with their units, mentions, hash tags, code in
    /// back-ticks, XML and HTML tags, and template slots such as `{name}`.
    #[serde(default)]
    pub protect: Vec<String>,
    /// What becomes of a row with protected text that no round trip keeps: with `keep` its
    /// sentence stays as it is, `fail` fails the shard, `drop` counts the row and leaves it out,
    /// `route` sends it out of the port `errors` and notes the reason in `.augment/rejects.jsonl`.
    #[serde(default)]
    pub on_error: OnLoss,
    /// What is turned down.
    #[serde(default)]
    pub gates: Gates,
    /// Which of the texts of a row are edited, where its source names several: one of them, or a
    /// list. Without this option, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextNames>,
    /// Where a row has several texts: `together`, the default, edits all of them in every variant;
    /// `one` edits a single one, in variants the first, the second and so on in turn, in place one
    /// that is drawn.
    #[serde(default, skip_serializing_if = "Vary::is_together")]
    pub vary: Vary,
    /// What becomes of rows with annotations, which cannot be kept in step with a text that is
    /// made anew: `refuse`, the default, lets `on_error` decide, `drop` drops their annotations and
    /// counts them.
    #[serde(default, skip_serializing_if = "OnAnnotations::is_refuse")]
    pub on_annotations: OnAnnotations,
}

fn drawn() -> Decode {
    Decode::new(Search::Sample).filled()
}

fn searched() -> Decode {
    Decode::new(Search::Beam).filled()
}

/// A model of the pipeline, and the option that names it.
struct Named<'a> {
    option: String,
    model: ModelName<'a>,
    lang: Option<&'a str>,
    /// What the model has to hold, and the option that says so.
    pin: Option<(String, &'a str)>,
}

/// A model that is loaded once for all workers.
struct Loaded(Arc<dyn TranslatorFactory>);

/// The translators of one worker, one for each model.
#[derive(Default)]
struct Crew {
    models: Vec<(String, Option<String>)>,
    translators: Vec<Box<dyn Translator>>,
}

impl Crew {
    /// One direction, with the translator of its model, which is made if it is the first.
    fn leg(&mut self, name: &Named<'_>, context: &BuildContext<'_>) -> Result<Leg, OperatorError> {
        let reference = name.model.reference.to_owned();
        let model = (reference.clone(), name.model.variant.map(str::to_owned));
        let known = self.models.iter().position(|other| *other == model);
        let translator = if let Some(place) = known {
            place
        } else {
            let made = load(name.model, context.resources).map_err(|error| {
                let (id, option) = (context.id, &name.option);
                OperatorError::Unusable {
                    message: format!("`{id}`, `{option}`: {error}"),
                    help: error.help,
                }
            })?;
            self.models.push(model);
            self.translators.push(made);
            self.translators.len() - 1
        };
        Ok(Leg {
            translator,
            name: reference,
            lang: name.lang.map(str::to_owned),
        })
    }
}

/// A translator of a model, which is loaded unless another worker has done so.
fn load(model: ModelName<'_>, resources: &Resources) -> Result<Box<dyn Translator>, ModelError> {
    let loaded = resources.shared.get_or_try_insert(&shared_key(model), || {
        mt::open(model, &resources.base, &resources.models).map(Loaded)
    });
    loaded?.0.translator()
}

/// What the workers of a run know a model by.
fn shared_key(model: ModelName<'_>) -> String {
    format!("{}\n{}", model.reference, model.variant.unwrap_or_default())
}

impl BackTranslation {
    /// Has the translators of `factory` stand for `model` in the run that `resources` belong to,
    /// unless one was made for it already. A program that wraps this operator, to translate by other
    /// means or to see what is asked, calls this before it builds the operator; what `model` names
    /// must still be there, since plans are made of it.
    pub fn provide(
        resources: &Resources,
        model: ModelName<'_>,
        factory: &Arc<dyn TranslatorFactory>,
    ) {
        let kept = resources.shared.get_or_try_insert(&shared_key(model), || {
            Ok::<_, Infallible>(Loaded(Arc::clone(factory)))
        });
        drop(kept);
    }

    /// The models there and back, for each language to go through.
    fn ways(&self) -> Vec<[Named<'_>; 2]> {
        fn named<'a>(
            option: String,
            reference: &'a str,
            variant: Option<&'a String>,
            lang: Option<&'a String>,
            sha256: Option<&'a String>,
        ) -> Named<'a> {
            // Beside the option that names the model, under the name that belongs to it.
            let (place, pin) = match option.strip_suffix("forward") {
                Some(place) => (place, "sha256"),
                None => (option.trim_end_matches("backward"), "sha256_back"),
            };
            Named {
                pin: sha256.map(|digest| (format!("{place}{pin}"), digest.as_str())),
                option,
                model: ModelName {
                    reference,
                    variant: variant.map(String::as_str),
                },
                lang: lang.map(String::as_str),
            }
        }
        let mut ways = Vec::new();
        if let (Some(forward), Some(backward)) = (&self.forward, &self.backward) {
            let (variant, lang) = (self.variant.as_ref(), self.lang.as_ref());
            let (variant_back, lang_back) = (self.variant_back.as_ref(), self.lang_back.as_ref());
            let (pin, pin_back) = (self.sha256.as_ref(), self.sha256_back.as_ref());
            ways.push([
                named("forward".to_owned(), forward, variant, lang, pin),
                named(
                    "backward".to_owned(),
                    backward,
                    variant_back,
                    lang_back,
                    pin_back,
                ),
            ]);
        }
        for (place, pivot) in self.via.iter().enumerate() {
            let (variant, lang) = (pivot.variant.as_ref(), pivot.lang.as_ref());
            let (variant_back, lang_back) = (pivot.variant_back.as_ref(), pivot.lang_back.as_ref());
            let (pin, pin_back) = (pivot.sha256.as_ref(), pivot.sha256_back.as_ref());
            let (there, back) = (
                format!("via.{place}.forward"),
                format!("via.{place}.backward"),
            );
            ways.push([
                named(there, &pivot.forward, variant, lang, pin),
                named(back, &pivot.backward, variant_back, lang_back, pin_back),
            ]);
        }
        ways
    }

    /// What is wrong with the choice of models.
    fn check_models(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let single = [
            ("forward", self.forward.is_some()),
            ("backward", self.backward.is_some()),
            ("lang", self.lang.is_some()),
            ("lang_back", self.lang_back.is_some()),
            ("variant", self.variant.is_some()),
            ("variant_back", self.variant_back.is_some()),
            ("sha256", self.sha256.is_some()),
            ("sha256_back", self.sha256_back.is_some()),
        ];
        if self.via.is_empty() {
            for (option, _) in single.iter().take(2).filter(|(_, is_given)| !is_given) {
                problems.push(Problem::new(
                    "",
                    format!("the option `{option}` is missing"),
                    format!(
                        "add `{option} = ...`: `builtin:NAME`, a folder with a model, or \
                         `hf://owner/name`; or list pairs of models in `via`"
                    ),
                ));
            }
        } else {
            for (option, _) in single.iter().filter(|(_, is_given)| *is_given) {
                problems.push(Problem::new(
                    option,
                    format!("`{option}` and `via` are both given"),
                    format!("move `{option}` into an entry of `via`"),
                ));
            }
        }
        for name in self.ways().iter().flatten() {
            if name.model.reference.trim().is_empty() {
                problems.push(Problem::new(
                    &name.option,
                    format!("`{}` names no model", name.option),
                    "give `builtin:NAME`, a folder with a model, or `hf://owner/name`",
                ));
            }
            if let Some((option, digest)) = &name.pin
                && let Some(error) = wrong_digest(digest)
            {
                problems.push(Problem::new(option, error.message, error.help));
            }
        }
        problems
    }

    /// What is wrong with a number of replicas that no search can give.
    fn check_number(&self) -> Option<Problem> {
        if self.decode.samples() || self.decode_back.samples() {
            return None;
        }
        let pivots = self.via.len().max(1);
        let each = self.decode.hypotheses() * self.decode_back.hypotheses();
        let replicas = self.replicas.unwrap_or_default() as usize;
        (replicas > each.saturating_mul(pivots)).then(|| {
            Problem::new(
                "replicas",
                format!(
                    "`replicas` is {replicas}, and without draws these searches give at most {}",
                    each * pivots
                ),
                "set `decode = { strategy = \"sample\" }`, or ask for fewer",
            )
        })
    }
}

impl OperatorConfig for BackTranslation {
    const NAME: &'static str = "back_translation";

    fn ports(&self) -> Vec<Port> {
        match self.on_error {
            OnLoss::Route => vec![
                Port::main(),
                Port {
                    name: "errors".to_owned(),
                    optional: false,
                },
            ],
            OnLoss::Keep | OnLoss::Fail | OnLoss::Drop => vec![Port::main()],
        }
    }

    fn validate(&self) -> Vec<Problem> {
        let common = TextOptions {
            replicas: self.replicas,
            protect: self.protect.clone(),
            ..TextOptions::default()
        };
        let mut problems = self.check_models();
        problems.extend(self.decode.validate("decode"));
        problems.extend(self.decode_back.validate("decode_back"));
        problems.extend(common.validate(Defaults::NONE));
        problems.extend(self.check_number());
        problems.extend(self.gates.validate());
        problems
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::EachFreely,
            text: self.text.clone(),
            replicas: self.replicas,
            vary: self.vary,
            on_error: match self.on_error {
                OnLoss::Keep => None,
                OnLoss::Fail => Some(OnError::Fail),
                OnLoss::Drop => Some(OnError::Drop),
                OnLoss::Route => Some(OnError::Route),
            },
            on_annotations: self.on_annotations,
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
        let mut filled = self.clone();
        filled.decode = self.decode.filled();
        filled.decode_back = self.decode_back.filled();
        // What models hold is among the facts: where they lie, and what was expected, is nobody's
        // business.
        filled.sha256 = None;
        filled.sha256_back = None;
        for pivot in &mut filled.via {
            pivot.sha256 = None;
            pivot.sha256_back = None;
        }
        let models = filled.forward.iter_mut().chain(filled.backward.iter_mut());
        let pivots = filled.via.iter_mut();
        let pivots = pivots.flat_map(|pivot| [&mut pivot.forward, &mut pivot.backward]);
        for model in models.chain(pivots) {
            if is_folder(model) {
                "folder".clone_into(model);
            }
        }
        Some(filled)
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        let mut known: BTreeMap<(&str, Option<&str>), Option<String>> = BTreeMap::new();
        let mut problems = Vec::new();
        let mut facts = Vec::new();
        for name in self.ways().iter().flatten() {
            let model = (name.model.reference, name.model.variant);
            let fact = &*known.entry(model).or_insert_with(|| {
                mt::inspect(name.model, site.base, site.models)
                    .map_err(|error| {
                        problems.push(Problem::new(&name.option, error.message, error.help));
                    })
                    .ok()
            });
            if let (Some(found), Some((option, wanted))) = (fact, &name.pin)
                && let Err(error) = check_digest(name.model.reference, found, wanted)
            {
                problems.push(Problem::new(option, error.message, error.help));
            }
            facts.push(fact.clone());
        }
        if problems.is_empty() {
            Ok(json!({ "models": facts }))
        } else {
            Err(problems)
        }
    }

    fn rewrites_in_place(&self) -> bool {
        self.replicas.is_none()
    }

    fn batch_rows(&self) -> Option<usize> {
        Some(BATCH_ROWS)
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        let mut crew = Crew::default();
        let mut ways = Vec::new();
        for [forward, backward] in &self.ways() {
            ways.push(Way {
                forward: crew.leg(forward, context)?,
                backward: crew.leg(backward, context)?,
            });
        }
        let segmenter = || {
            Segmenter::new(&self.protect).map_err(|error| OperatorError::Other(error.to_string()))
        };
        Ok(Box::new(Worker {
            setup: Setup {
                decode: self.decode.clone(),
                decode_back: self.decode_back.clone(),
                replicas: self.replicas,
                on_loss: self.on_error,
                key: context.key(),
                position: context.position,
                column: context.text.index,
            },
            ways,
            translators: crew.translators,
            segmenter: segmenter()?,
            judge: Judge::new(self.gates.clone(), segmenter()?),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Two variants of each text; the model `fake:` is one for tests, which \
                        spells words backwards and adds a number for each draw",
                options: "forward = \"fake:\"\nbackward = \"fake:\"\nreplicas = 2",
                columns: &[],
                input: &["one two", "three four"],
                output: &["one two 88", "one two 08", "three four 48", "three four 87"],
            },
            Example {
                title: "What lies between sentences stays, and what is no sentence is not translated",
                options: "forward = \"fake:\"\nbackward = \"fake:\"",
                columns: &[],
                input: &["- Good.<br />  Bad.\n\n42"],
                output: &["- Good. 88<br />  Bad. 59\n\n42"],
            },
            Example {
                title: "Without draws this model gives the text back, which is no variant",
                options: "forward = \"fake:\"\nbackward = \"fake:\"\n\
                          decode = { strategy = \"greedy\" }\n\
                          decode_back = { strategy = \"greedy\" }\nreplicas = 1",
                columns: &[],
                input: &["one two"],
                output: &[],
            },
            Example {
                title: "Through two languages in turn",
                options: "replicas = 2\n\
                          via = [\n\
                          \x20 { forward = \"fake:\", backward = \"fake:\", lang = \">>fra<<\" },\n\
                          \x20 { forward = \"fake:\", backward = \"fake:\", lang = \">>deu<<\" },\n]",
                columns: &[],
                input: &["one two"],
                output: &["one two 88", "one two 52"],
            },
        ]
    }
}
