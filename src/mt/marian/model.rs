//! A loaded model, and the workers that translate with it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::ModelError;
use super::budget;
use super::config::ModelConfig;
use super::fast::FastModel;
use super::files::ModelFiles;
use super::layout::Layout;
use super::optimum::{Decoders, OptimumModel};
use super::session;
use super::translator::{Compute, MarianTranslator};
use crate::inference::Budget;
use crate::mt::decoding::{Rows, Scores, StepError, StepModel};
use crate::mt::optimise::{MANIFEST, Manifest, Precision, recast};
use crate::onnx::{ChosenDevice, GraphWeights, Owner, SessionSource};

/// Turns text into tokens and back, as the model was trained.
pub trait Tokenizer: Send + Sync {
    /// Appends the tokens of a sentence, the end of sentence included.
    fn encode(&self, text: &str, tokens: &mut Vec<u32>);

    /// The text of tokens; the special ones among them leave no trace.
    fn decode(&self, tokens: &[u32]) -> String;
}

/// How to load a model.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// Chooses among several graphs of a kind: `quantized` takes `*_quantized.onnx`.
    pub variant: Option<String>,
    /// How much is translated at once; nothing for what the model is fastest by.
    pub budget: Option<Budget>,
}

/// A MarianMT model: its configuration, its tokenizer, its weights, and where its graphs are. The
/// workers made of it share the weights.
pub struct MarianModel {
    pub(super) config: ModelConfig,
    pub(super) tokenizer: Arc<dyn Tokenizer>,
    pub(super) budget: Budget,
    layout: Layout,
    files: ModelFiles,
    sessions: SessionSource,
    /// Read when the first worker is made: a look at a model must do without the runtime.
    loaded: Mutex<Option<Arc<Loaded>>>,
    /// Where the device has threads of its own, what each of them runs.
    of_threads: Vec<Mutex<Option<Steps>>>,
}

/// The graphs that workers run, and their weights.
#[derive(Debug)]
struct Loaded {
    files: ModelFiles,
    weights: GraphWeights,
}

impl fmt::Debug for MarianModel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MarianModel")
            .field("config", &self.config)
            .field("layout", &self.layout)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

impl MarianModel {
    /// Looks at the files of a model and says whether they are one. Weights and graphs
    /// themselves are loaded by [`MarianModel::translator`].
    ///
    /// # Errors
    /// When a file is missing or wrong, or the model is of another architecture.
    pub fn load(
        files: ModelFiles,
        tokenizer: Arc<dyn Tokenizer>,
        sessions: SessionSource,
        options: &LoadOptions,
    ) -> Result<Arc<Self>, ModelError> {
        let config = ModelConfig::read(&files)?;
        let layout = Layout::find(&files, options.variant.as_deref(), &config)?;
        let threads = sessions.threads().get();
        let usual = || budget::usual(&files, &layout, precision_of(&files), &sessions);
        let budget = options.budget.unwrap_or_else(usual);
        Ok(Arc::new(Self {
            config,
            tokenizer,
            budget,
            layout,
            files,
            sessions,
            loaded: Mutex::default(),
            of_threads: (0..threads).map(|_| Mutex::default()).collect(),
        }))
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The graphs.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// A worker. On a CPU it has sessions of its own, and translates by itself; on a GPU it hands
    /// sentences to the threads that the device belongs to.
    ///
    /// # Errors
    /// When ONNX Runtime refuses a graph.
    pub fn translator(self: &Arc<Self>) -> Result<MarianTranslator, ModelError> {
        if !self.sessions.has_own_memory() {
            return self.own_translator();
        }
        let owner = Owner::of(self.sessions.device(), self.sessions.threads());
        let model = Arc::clone(self);
        // What is wrong with the graphs is to be told now.
        let tried = owner.run(move |thread| model.on_thread(thread, |_| ()));
        tried.unwrap_or_else(|| Err(self.no_answer()))?;
        let compute = Compute::Device(owner);
        Ok(MarianTranslator::new(Arc::clone(self), compute))
    }

    /// A worker with sessions of its own, whatever the device.
    ///
    /// # Errors
    /// When ONNX Runtime refuses a graph.
    pub fn own_translator(self: &Arc<Self>) -> Result<MarianTranslator, ModelError> {
        let compute = Compute::Own(self.steps()?);
        Ok(MarianTranslator::new(Arc::clone(self), compute))
    }

    /// Does something with the sessions of a thread that the device belongs to; they are made if
    /// it is the first time.
    pub(super) fn on_thread<T>(
        &self,
        thread: usize,
        work: impl FnOnce(&mut Steps) -> T,
    ) -> Result<T, ModelError> {
        let steps = self
            .of_threads
            .get(thread)
            .ok_or_else(|| self.no_answer())?;
        // After a panic, sessions are in no known state.
        let mut steps = steps.lock().unwrap_or_else(|poisoned| {
            steps.clear_poison();
            let mut steps = poisoned.into_inner();
            *steps = None;
            steps
        });
        let steps = match &mut *steps {
            Some(steps) => steps,
            none => none.insert(self.steps()?),
        };
        Ok(work(steps))
    }

    /// The threads of the device are not there.
    pub(super) fn no_answer(&self) -> ModelError {
        ModelError::Session {
            model: self.files.name().to_owned(),
            file: "its graphs".to_owned(),
            reason: format!(
                "nothing computes on {}: this is a bug",
                self.sessions.device()
            ),
        }
    }

    /// Whether the graphs have products in eight bits that the device would leave to the CPU: a worker
    /// then computes in 16 bits, with the weights that the eight bits stand for.
    pub fn is_recast(&self) -> bool {
        let is_fast = matches!(self.layout, Layout::Fast { .. });
        is_fast && self.sessions.has_own_memory() && precision_of(&self.files) == Precision::Int8
    }

    /// The files of the graphs as the device computes them: those of the fast layout are made anew
    /// for a device with a memory of its own.
    fn graphs(&self) -> Result<ModelFiles, ModelError> {
        let [encoder, decoder, compact] = match &self.layout {
            Layout::Fast {
                encoder,
                decoder,
                compact,
                ..
            } if self.sessions.has_own_memory() => [encoder, decoder, compact],
            _ => return Ok(self.files.clone()),
        };
        let screen = self.layout.screen();
        let precision = match precision_of(&self.files) {
            Precision::Fp32 => Precision::Fp32,
            Precision::Int8 | Precision::Fp16 => Precision::Fp16,
        };
        let read = |name: &str| self.files.require(name);
        let encoder_file = read(encoder)?;
        let decoder_files = [Some(&**decoder), screen].into_iter().flatten().map(read);
        let decoder_files = decoder_files.collect::<Result<Vec<_>, _>>()?;
        let decoder_files: Vec<&[u8]> = decoder_files.iter().map(|file| &**file).collect();
        let config = read("config.json")?;
        let config = String::from_utf8_lossy(&config);
        let graphs = recast(&encoder_file, &decoder_files, &config, precision);
        let graphs =
            graphs.map_err(|problems| self.files.refused(encoder, &problems.join("; ")))?;
        let names = [encoder, decoder, compact].into_iter().cloned();
        let graphs = names.zip(graphs.into_iter().map(Into::into));
        Ok(ModelFiles::memory(self.files.name(), graphs.collect()))
    }

    /// Graphs and weights, which the first caller reads.
    fn loaded(&self) -> Result<Arc<Loaded>, ModelError> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(Arc::clone(loaded));
        }
        let files = self.graphs()?;
        let mut weights = GraphWeights::default();
        for name in self.layout.graphs() {
            // Another device has copies of its own.
            if let Some(file) = files.graph(name)
                && self.sessions.device() == ChosenDevice::Cpu
            {
                let outcome = weights.read(name, &file);
                outcome.map_err(|error| files.unreadable(name, &error))?;
            }
        }
        Ok(Arc::clone(
            loaded.insert(Arc::new(Loaded { files, weights })),
        ))
    }

    pub(super) fn steps(&self) -> Result<Steps, ModelError> {
        let Loaded { files, weights } = &*self.loaded()?;
        let load = |name: &str| session::load(files, name, &self.sessions, weights);
        let (encoder, decoders) = match &self.layout {
            Layout::Fast {
                encoder,
                decoder,
                compact,
                screen,
            } => {
                let model = FastModel::load(
                    files,
                    [encoder, decoder, compact],
                    screen.as_deref(),
                    &self.config,
                    &self.sessions,
                    weights,
                )?;
                return Ok(Steps::Fast(Box::new(model)));
            }
            Layout::Merged { encoder, decoder } => (encoder, Decoders::Merged(load(decoder)?)),
            Layout::Split {
                encoder,
                first,
                decoder,
            } => {
                let (first, later) = (load(first)?, load(decoder)?);
                (encoder, Decoders::Split { first, later })
            }
            Layout::WithoutPast { encoder, decoder } => {
                (encoder, Decoders::WithoutPast(load(decoder)?))
            }
        };
        let model = OptimumModel::load(
            files,
            encoder,
            decoders,
            &self.config,
            &self.sessions,
            weights,
        )?;
        Ok(Steps::Optimum(Box::new(model)))
    }
}

/// What a model in the fast layout computes with, by its manifest.
fn precision_of(files: &ModelFiles) -> Precision {
    let manifest = files.read(MANIFEST).ok().flatten();
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
    manifest.map_or(Precision::Fp32, |manifest| manifest.precision)
}

/// The graphs of a worker.
#[derive(Debug)]
pub(super) enum Steps {
    Fast(Box<FastModel>),
    Optimum(Box<OptimumModel>),
}

impl StepModel for Steps {
    fn vocabulary(&self) -> usize {
        match self {
            Self::Fast(model) => model.vocabulary(),
            Self::Optimum(model) => model.vocabulary(),
        }
    }

    fn start(&mut self, sources: &[&[u32]]) -> Result<(), StepError> {
        match self {
            Self::Fast(model) => model.start(sources),
            Self::Optimum(model) => model.start(sources),
        }
    }

    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError> {
        match self {
            Self::Fast(model) => model.step(rows),
            Self::Optimum(model) => model.step(rows),
        }
    }

    fn keep(&mut self, sentences: &[u32]) -> Result<(), StepError> {
        match self {
            Self::Fast(model) => model.keep(sentences),
            Self::Optimum(model) => model.keep(sentences),
        }
    }
}
