//! From a MarianMT folder as people have it to the fast layout.
//!
//! The fast layout is a folder with `augment-mt.json`, three graphs (`graphs.rs` says what they take
//! and give), one more where the vocabulary is large (`screen.rs`), and the tokenizer's files. Its encoder gives the keys and values of all cross
//! attention at once; its decoder is one graph without branches, with fused projections, and beams
//! are queries of the cross attention. It is made from `model.safetensors` or from an Optimum
//! export, verified against what it was made from, and only then given its name. Its weights can be
//! taken out of it again, for programs that do not know it.

mod builder;
mod choosing;
mod config;
mod export;
mod fast;
mod graphs;
mod marian;
mod onnx;
mod optimum;
mod quantise;
mod recast;
mod reference;
mod screen;
mod screen_trial;
mod session;
mod tables;
mod tensors;
#[cfg(test)]
mod tests;
mod verify;
mod wire;
mod write;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ort::environment::Environment;
use serde::{Deserialize, Serialize};

pub(in crate::mt) use choosing::{CHOSEN, COUNT};
pub use config::{Activation, Config};
pub use export::{Exported, export};
pub(in crate::mt) use graphs::MASK;
use marian::Marian;
use onnx::{Element, Graph};
pub(in crate::mt) use recast::recast;
pub(in crate::mt) use screen::{
    BIAS, ERRORS, LENGTHS, MEANS, PRODUCTS, ROUNDED, SCALES, STATE, TABLE, all_scores,
};
use tensors::Tensors;
use verify::{Judge, Original, Plain};

use crate::onnx::read_file;

/// The name of the manifest.
pub const MANIFEST: &str = "augment-mt.json";

/// The version of the layout, and that of folders that have a screen.
const FORMAT: u32 = 3;
const SCREENED: u32 = 4;

/// Bytes that stay in the cache of a processor from step to step: decoders of up to so many are small.
pub(in crate::mt) const CACHED: u64 = 16 << 20;

/// Files that are copied where they are there. The first three are needed.
const COPIED: [&str; 9] = [
    "source.spm",
    "target.spm",
    "vocab.json",
    "target_vocab.json",
    "config.json",
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
];

/// Makes one of the graphs.
type Make = fn(&Marian, Precision) -> Graph<'static>;

/// The graphs by the names of their files.
const GRAPHS: [(&str, Make); 3] = [
    ("encoder.onnx", Marian::encoder_graph),
    ("decoder.onnx", Marian::decoder_graph),
    ("compact.onnx", Marian::compact_graph),
];

/// One more, where scores are made by way of it.
const SCREEN: (&str, Make) = ("screen.onnx", Marian::screen_graph);

/// Where, below the folder of a model, graphs may lie.
const GRAPH_FOLDERS: [&str; 2] = ["", "onnx"];

/// The numbers that a model computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits, as trained.
    #[default]
    Fp32,
    /// Products of weights and activations in 8 bits, for processors.
    Int8,
    /// 16 bits, for GPUs.
    Fp16,
}

impl Precision {
    /// The elements of keys and values that go in and out of the graphs.
    fn states(self) -> Element {
        match self {
            Self::Fp32 | Self::Int8 => Element::F32,
            Self::Fp16 => Element::F16,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Fp32 => "fp32",
            Self::Int8 => "int8",
            Self::Fp16 => "fp16",
        })
    }
}

/// What a folder in the fast layout says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// Layers of the decoder.
    pub layers: usize,
    /// Attention heads of the decoder.
    pub heads: usize,
    /// Numbers of each head.
    pub head_size: usize,
    /// Numbers of each token.
    pub width: usize,
    /// Tokens of the target language.
    pub vocabulary: usize,
    /// The most tokens of a sentence or translation.
    pub positions: usize,
    /// The numbers that it computes with.
    pub precision: Precision,
}

/// How to optimise.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The numbers to compute with.
    pub precision: Precision,
    /// Token ids of real sentences, to verify with, beside made-up ones.
    pub samples: Vec<Vec<usize>>,
}

/// How well graphs agree with the model that they were made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Rows of logits that were compared.
    pub steps: usize,
    /// The greatest difference of a logit, in units of the spread (standard deviation) of logits.
    pub greatest: f32,
    /// The average difference of a logit, in the same units.
    pub mean: f32,
    /// The share of rows in which the same token is the likeliest.
    pub same_token: f32,
}

/// What was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it was made from: a file, or two.
    pub from: String,
    /// What the model looks like.
    pub manifest: Manifest,
    /// Bytes of the graphs together.
    pub bytes: u64,
    /// How well it agrees with what it was made from.
    pub agreement: Agreement,
}

/// Why a model was not optimised or exported. Nothing has been written then.
#[derive(Debug, thiserror::Error)]
pub enum OptimiseError {
    /// The folder does not hold what it must.
    #[error("{} is not a model that can be optimised:{}", folder.display(), listed(problems))]
    Model {
        /// The folder.
        folder: PathBuf,
        /// What was expected and found.
        problems: Vec<String>,
    },
    /// The model is not in the fast layout, or is damaged.
    #[error("{model} cannot be exported:{}", listed(problems))]
    Export {
        /// The model, as it was named.
        model: String,
        /// What was expected and found.
        problems: Vec<String>,
    },
    /// Something is in the place of the output.
    #[error("{} exists; remove it first, or name another folder", .0.display())]
    Exists(PathBuf),
    /// The operating system refused to read or write a file.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// ONNX Runtime cannot run what was made.
    #[error("the result cannot be verified, and was not kept: {0}")]
    Runtime(String),
    /// What was made says something else than what it was made from.
    #[error("the result is not good enough, and was not kept: {0}")]
    Disagrees(String),
}

fn listed(problems: &[String]) -> String {
    let lines = problems
        .iter()
        .flat_map(|problem| ["\n  - ", problem.as_str()]);
    lines.collect()
}

/// Makes the folder `output` in the fast layout from the MarianMT model in the folder `input`, and
/// verifies it with the runtime of `environment`.
///
/// # Errors
/// When `input` is no such model, `output` exists, the runtime cannot run the graphs, or they do not
/// agree with the model. `output` does not exist then.
pub fn optimise(
    environment: &Environment,
    input: &Path,
    output: &Path,
    options: &Options,
) -> Result<Report, OptimiseError> {
    optimise_with(environment, input, output, options, CACHED)
}

/// The same, where tables of more than `cached` bytes are large.
pub(in crate::mt) fn optimise_with(
    environment: &Environment,
    input: &Path,
    output: &Path,
    options: &Options,
    cached: u64,
) -> Result<Report, OptimiseError> {
    if output.exists() {
        return Err(OptimiseError::Exists(output.to_owned()));
    }
    let source = Source::find(input)?;
    let mut model = source.read()?;
    model.cached = cached;
    let partial = Partial::new(output)?;
    let manifest = model.manifest(options.precision);
    let bytes = write(&model, options.precision, input, &partial.path)?;
    let mut judge: Box<dyn Judge + '_> = match &source.weights {
        Weights::Safetensors(_) => Box::new(Plain::new(&model)),
        Weights::Graphs { encoder, decoder } => {
            let original = Original::load(environment, encoder, decoder);
            let original = original.map_err(OptimiseError::Runtime)?;
            Box::new(original)
        }
    };
    let agreement = verify::compare(
        environment,
        &partial.path,
        &model,
        &options.samples,
        judge.as_mut(),
    )
    .map_err(OptimiseError::Runtime)?;
    let verdict = options.precision.accepts(&agreement);
    verdict.map_err(OptimiseError::Disagrees)?;
    partial.publish(output)?;
    Ok(Report {
        from: source.describe(),
        manifest,
        bytes,
        agreement,
    })
}

/// A folder that is being filled, and goes away if it is not finished.
#[derive(Debug)]
struct Partial {
    path: PathBuf,
}

impl Partial {
    fn new(output: &Path) -> Result<Self, OptimiseError> {
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        let name = format!(".{name}.partial-{}", std::process::id());
        let path = output.with_file_name(name);
        fs::create_dir_all(&path).map_err(|source| io_error(&path, source))?;
        Ok(Self { path })
    }

    fn publish(&self, output: &Path) -> Result<(), OptimiseError> {
        fs::rename(&self.path, output).map_err(|source| io_error(output, source))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After it was published there is nothing left to remove.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn io_error(path: &Path, source: io::Error) -> OptimiseError {
    OptimiseError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Where the weights of a model are.
#[derive(Debug)]
enum Weights {
    Safetensors(PathBuf),
    Graphs { encoder: PathBuf, decoder: PathBuf },
}

/// A model that is to be optimised.
#[derive(Debug)]
struct Source {
    folder: PathBuf,
    config: Config,
    weights: Weights,
}

impl Source {
    /// Looks what a folder holds.
    fn find(folder: &Path) -> Result<Self, OptimiseError> {
        let refuse = |problems| OptimiseError::Model {
            folder: folder.to_owned(),
            problems,
        };
        if !folder.is_dir() {
            return Err(refuse(vec!["it is not a folder".to_owned()]));
        }
        let mut problems: Vec<String> = COPIED
            .iter()
            .filter(|name| matches!(**name, "source.spm" | "target.spm" | "vocab.json"))
            .filter(|name| !folder.join(name).is_file())
            .map(|name| format!("`{name}` is missing"))
            .collect();
        let weights = find_weights(folder);
        if weights.is_none() && folder.join(MANIFEST).is_file() {
            problems.push(
                "it is in the fast layout already; `augment models export` makes a folder of it \
                 that can be optimised in another precision"
                    .to_owned(),
            );
        } else if weights.is_none() {
            let found = file_names(folder);
            problems.push(format!(
                "it has neither `model.safetensors` nor `encoder_model.onnx` with \
                 `decoder_model.onnx` or `decoder_model_merged.onnx`; what is there: {found}"
            ));
        }
        let path = folder.join("config.json");
        let config = match fs::read_to_string(&path) {
            Ok(text) => Config::read(&text)
                .map_err(|found| found.iter().map(|p| format!("config.json: {p}")).collect()),
            Err(error) => Err(vec![format!("`config.json` cannot be read: {error}")]),
        };
        match (config, weights) {
            (Ok(config), Some(weights)) if problems.is_empty() => Ok(Self {
                folder: folder.to_owned(),
                config,
                weights,
            }),
            (config, _) => {
                problems.extend(config.err().unwrap_or_default());
                Err(refuse(problems))
            }
        }
    }

    /// The model itself.
    fn read(&self) -> Result<Marian, OptimiseError> {
        let refuse = |problems| OptimiseError::Model {
            folder: self.folder.clone(),
            problems,
        };
        let bytes = |path: &Path| read_file(path).map_err(|source| io_error(path, source));
        let tensors = match &self.weights {
            Weights::Safetensors(path) => Tensors::from_safetensors(&bytes(path)?)
                .map_err(|problem| refuse(vec![format!("{}: {problem}", path.display())]))?,
            Weights::Graphs { encoder, decoder } => {
                let (encoder_bytes, decoder_bytes) = (bytes(encoder)?, bytes(decoder)?);
                let parse = |path: &Path, error: wire::WireError| {
                    let problem = format!("{} is not an ONNX file: {error}", path.display());
                    refuse(vec![problem])
                };
                let encoder = Graph::read(&encoder_bytes).map_err(|error| parse(encoder, error))?;
                let decoder = Graph::read(&decoder_bytes).map_err(|error| parse(decoder, error))?;
                optimum::take(&encoder, &decoder, &self.config)
            }
        };
        Marian::take(self.config.clone(), tensors).map_err(refuse)
    }

    fn describe(&self) -> String {
        match &self.weights {
            Weights::Safetensors(path) => path.display().to_string(),
            Weights::Graphs { encoder, decoder } => {
                format!("{} and {}", encoder.display(), decoder.display())
            }
        }
    }
}

fn find_weights(folder: &Path) -> Option<Weights> {
    let safetensors = folder.join("model.safetensors");
    if safetensors.is_file() {
        return Some(Weights::Safetensors(safetensors));
    }
    GRAPH_FOLDERS.iter().find_map(|below| {
        let below = folder.join(below);
        let encoder = below.join("encoder_model.onnx");
        let decoders = ["decoder_model.onnx", "decoder_model_merged.onnx"];
        let decoder = decoders.map(|name| below.join(name));
        let decoder = decoder.into_iter().find(|path| path.is_file())?;
        encoder
            .is_file()
            .then_some(Weights::Graphs { encoder, decoder })
    })
}

/// The names of the files in a folder, for a message.
fn file_names(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .take(20)
        .collect();
    names.sort();
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}

impl Marian {
    fn manifest(&self, precision: Precision) -> Manifest {
        let heads = self.config.decoder_attention_heads;
        Manifest {
            format: if self.is_screened(precision) {
                SCREENED
            } else {
                FORMAT
            },
            layers: self.decoder.len(),
            heads,
            head_size: self.config.width / heads,
            width: self.config.width,
            vocabulary: self.config.target_vocabulary,
            positions: self.config.positions,
            precision,
        }
    }
}

/// Writes graphs, manifest and the files that go along into `folder`; gives the graphs' bytes.
fn write(
    model: &Marian,
    precision: Precision,
    input: &Path,
    folder: &Path,
) -> Result<u64, OptimiseError> {
    let mut bytes = 0;
    let screen = model.is_screened(precision).then_some(SCREEN);
    for (name, make) in GRAPHS.into_iter().chain(screen) {
        let path = folder.join(name);
        let written = File::create(&path).and_then(|file| {
            let mut to = BufWriter::new(file);
            make(model, precision).write(&mut to)?;
            to.flush()?;
            let file = to.get_ref();
            file.sync_all()?;
            file.metadata()
        });
        bytes += written.map_err(|source| io_error(&path, source))?.len();
    }
    for name in COPIED {
        let from = input.join(name);
        if from.is_file() {
            let text = fs::read(&from).map_err(|source| io_error(&from, source))?;
            let to = folder.join(name);
            fs::write(&to, text).map_err(|source| io_error(&to, source))?;
        }
    }
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(&model.manifest(precision))
        .map_err(|error| io_error(&path, error.into()))?;
    fs::write(&path, text + "\n").map_err(|source| io_error(&path, source))?;
    Ok(bytes)
}
