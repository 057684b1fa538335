//! A BERT-like model, and the workers that fill blanks with it.

use std::sync::{Arc, Mutex, PoisonError};

use half::f16;
use ort::value::{DynValue, TensorElementType};

use super::config::ModelConfig;
use super::files::{FillMaskGraph, unusable};
use super::tokenizer::{Cutter, Masked};
use super::windows::{Window, windows};
use super::words::Words;
use super::{Choice, Cost, FillError, Filling, MaskedModel, Passage};
use crate::inference::{Budget, Candidate, ModelError, Normaliser, Selector, Size, form_batches};
use crate::models::ModelFolder;
use crate::onnx::{
    Graph, GraphError, GraphFile, GraphWeights, Input, SessionSource, failed, integers,
    side_by_side,
};

/// Bytes of logits that one batch may come to: graphs give a row of them for every token, wanted
/// or not.
const MOST_LOGITS: usize = 64 << 20;

/// Sequences in one batch, at most: speed is flat above.
const MOST_ROWS: usize = 32;

/// What describes a model: read without the runtime.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) config: ModelConfig,
    pub(super) cutter: Cutter,
    pub(super) words: Words,
    pub(super) graph: FillMaskGraph,
}

impl Parts {
    /// Reads what describes the model in `folder`.
    ///
    /// # Errors
    /// When a file is missing or wrong, or the model does something else.
    pub(super) fn read(folder: &ModelFolder) -> Result<Self, ModelError> {
        let bytes = folder
            .bytes("config.json")
            .map_err(|error| unusable(folder, format!("expected `config.json`: {error}")))?;
        let config = ModelConfig::read(&bytes)
            .map_err(|reason| unusable(folder, format!("`config.json`: {reason}")))?;
        let graph = FillMaskGraph::find(folder, &config)?;
        let (cutter, description) = Cutter::read(folder, &config)?;
        let words = Words::of(cutter.tokenizer(), &description, config.vocabulary)
            .map_err(|reason| unusable(folder, format!("`tokenizer.json`: {reason}")))?;
        Ok(Self {
            config,
            cutter,
            words,
            graph,
        })
    }
}

/// A masked language model: the workers made of it share its weights.
pub(super) struct BertModel {
    parts: Parts,
    folder: ModelFolder,
    sessions: SessionSource,
    /// Read when the first worker is made.
    weights: Mutex<Option<Arc<GraphWeights>>>,
}

impl BertModel {
    /// The model in `folder`, which `parts` describe.
    pub(super) fn new(folder: ModelFolder, parts: Parts, sessions: SessionSource) -> Self {
        Self {
            parts,
            folder,
            sessions,
            weights: Mutex::default(),
        }
    }

    /// A session of its graph.
    fn graph(&self) -> Result<Graph, ModelError> {
        let name = &self.parts.graph.file;
        let refused = |reason: String| {
            ModelError::new(
                format!("{}: cannot load `{name}`: {reason}", self.folder),
                "see `augment models doctor` for the state of the runtime",
            )
        };
        let file = self.folder.graph(name);
        let file = file.ok_or_else(|| refused("it has gone".to_owned()))?;
        let weights = self
            .weights(&file)
            .map_err(|error| refused(error.to_string()))?;
        Graph::load(&file, name, &self.sessions, &weights).map_err(refused)
    }

    /// The weights, which the first caller reads.
    fn weights(&self, file: &GraphFile<'_>) -> std::io::Result<Arc<GraphWeights>> {
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(weights) = &*weights {
            return Ok(Arc::clone(weights));
        }
        let mut read = GraphWeights::default();
        read.read(&self.parts.graph.file, file)?;
        Ok(Arc::clone(weights.insert(Arc::new(read))))
    }
}

/// Fills blanks. It has a session of its own: there is one for each thread.
pub(super) struct Worker {
    model: Arc<BertModel>,
    graph: Graph,
    logits: usize,
    selector: Selector,
    /// Logits of one token, and those of words among them.
    row: Vec<f32>,
    of_words: Vec<f32>,
}

/// A window of a passage, as the model takes it.
struct Sequence {
    passage: usize,
    tokens: Vec<u32>,
    /// The blanks of the passage, and where their masks are.
    masks: Vec<(usize, usize)>,
}

impl Worker {
    /// A worker of `model`.
    ///
    /// # Errors
    /// When ONNX Runtime refuses the graph.
    pub(super) fn new(model: Arc<BertModel>) -> Result<Self, ModelError> {
        let graph = model.graph()?;
        let logits = graph
            .place("logits")
            .ok_or_else(|| unusable(&model.folder, "the graph gives no `logits`"))?;
        Ok(Self {
            model,
            graph,
            logits,
            selector: Selector::default(),
            row: Vec::new(),
            of_words: Vec::new(),
        })
    }

    /// How much goes through the model at once.
    fn budget(&self) -> Budget {
        let row = self.model.parts.config.vocabulary * size_of::<f32>();
        let tokens = MOST_LOGITS / row.max(1);
        Budget {
            sources: tokens,
            tokens,
            rows: MOST_ROWS,
        }
    }

    /// The windows of a masked text, as sequences.
    fn sequences(&self, passage: usize, masked: &Masked, into: &mut Vec<Sequence>) {
        let Parts { config, cutter, .. } = &self.model.parts;
        let room = config.positions - cutter.around();
        for Window { start, end, masks } in windows(masked, room) {
            let part = masked.tokens.get(start..end).unwrap_or_default();
            let (tokens, shift) = cutter.complete(part);
            let masks = masks.into_iter();
            into.push(Sequence {
                passage,
                tokens,
                masks: masks.map(|(blank, mask)| (blank, mask + shift)).collect(),
            });
        }
    }

    /// Runs sequences side by side: the logits of all tokens, and the length of the longest.
    fn run(&mut self, sequences: &[&Sequence]) -> Result<(DynValue, usize), GraphError> {
        let Parts { config, graph, .. } = &self.model.parts;
        let tokens: Vec<&[u32]> = sequences.iter().map(|one| &one.tokens[..]).collect();
        let (ids, mask, longest) = side_by_side(&tokens, config.padding)?;
        let shape = [tokens.len(), longest];
        let types = vec![0; mask.len()];
        let mut inputs: Vec<Input<'_>> = vec![
            ("input_ids".into(), ids.into()),
            ("attention_mask".into(), integers(&shape, mask)?.into()),
        ];
        if graph.takes_types {
            inputs.push(("token_type_ids".into(), integers(&shape, types)?.into()));
        }
        let logits = self.graph.run(inputs)?.take(self.logits)?;
        Ok((logits, longest))
    }

    /// The `limit` likeliest tokens for the first blank of a passage, words or not.
    #[cfg(test)]
    pub(super) fn likeliest(
        &mut self,
        passage: &Passage<'_>,
        limit: usize,
    ) -> Result<Vec<Choice>, GraphError> {
        let masked = self.model.parts.cutter.mask(passage.text, passage.blanks);
        let mut sequences = Vec::new();
        self.sequences(0, &masked.map_err(GraphError)?, &mut sequences);
        let (logits, _) = self.run(&[&sequences[0]])?;
        let normaliser = self.scan(&logits, sequences[0].masks[0].1)?;
        let best = self.selector.best(&self.row, limit).iter();
        Ok(best.map(|best| Choice::of(*best, normaliser)).collect())
    }

    /// Reads the logits of the token number `token` of a batch, and what normalises them.
    fn scan(&mut self, logits: &DynValue, token: usize) -> Result<Normaliser, GraphError> {
        let vocabulary = self.model.parts.config.vocabulary;
        read_row(logits, token, vocabulary, &mut self.row)?;
        self.selector.scan(&self.row).ok_or_else(|| {
            GraphError(
                "the model gave logits that are not numbers: its weights are damaged, or its half \
                 precision overflows (try another variant)"
                    .to_owned(),
            )
        })
    }

    /// The `limit` likeliest words at the token number `token` of a batch.
    fn choices(
        &mut self,
        logits: &DynValue,
        token: usize,
        limit: usize,
    ) -> Result<Vec<Choice>, GraphError> {
        let normaliser = self.scan(logits, token)?;
        self.model.parts.words.filter(&self.row, &mut self.of_words);
        self.selector.scan(&self.of_words);
        let best = self.selector.best(&self.of_words, limit).iter();
        Ok(best.map(|best| Choice::of(*best, normaliser)).collect())
    }
}

impl Choice {
    fn of(candidate: Candidate, normaliser: Normaliser) -> Self {
        Self {
            token: candidate.token,
            log_probability: normaliser.log_probability(candidate.logit),
        }
    }
}

/// Copies row number `row` of logits of shape [batch, length, vocabulary] into `into`.
fn read_row(
    logits: &DynValue,
    row: usize,
    vocabulary: usize,
    into: &mut Vec<f32>,
) -> Result<(), GraphError> {
    let span = row * vocabulary..(row + 1) * vocabulary;
    into.clear();
    if logits.dtype().tensor_type() == Some(TensorElementType::Float16) {
        let (_, all) = logits.try_extract_tensor::<f16>().map_err(failed)?;
        let row = all.get(span).unwrap_or_default();
        into.extend(row.iter().map(|logit| logit.to_f32()));
    } else {
        let (_, all) = logits.try_extract_tensor::<f32>().map_err(failed)?;
        into.extend_from_slice(all.get(span).unwrap_or_default());
    }
    if into.len() == vocabulary {
        Ok(())
    } else {
        let shape = logits.shape().to_vec();
        Err(GraphError(format!(
            "the model gave logits of the shape {shape:?}, and has {vocabulary} tokens"
        )))
    }
}

impl MaskedModel for Worker {
    fn fill(
        &mut self,
        passages: &[Passage<'_>],
        limit: usize,
    ) -> Result<(Vec<Filling>, Cost), FillError> {
        let failed = |error: GraphError| FillError(error.0);
        let mut fillings: Vec<Filling> = Vec::with_capacity(passages.len());
        let mut sequences = Vec::with_capacity(passages.len());
        for (place, passage) in passages.iter().enumerate() {
            let masked = self.model.parts.cutter.mask(passage.text, passage.blanks);
            fillings.push(masked.map(|masked| {
                self.sequences(place, &masked, &mut sequences);
                vec![Vec::new(); passage.blanks.len()]
            }));
        }
        let sizes: Vec<Size> = sequences
            .iter()
            .map(|sequence| Size {
                tokens: sequence.tokens.len(),
                rows: 1,
            })
            .collect();
        let mut cost = Cost::default();
        for batch in form_batches(&sizes, self.budget()) {
            let batch: Vec<&Sequence> = batch
                .iter()
                .filter_map(|place| sequences.get(*place))
                .collect();
            let (logits, longest) = self.run(&batch).map_err(failed)?;
            cost.sequences += batch.len() as u64;
            cost.places += (batch.len() * longest) as u64;
            for (row, sequence) in batch.into_iter().enumerate() {
                cost.tokens += sequence.tokens.len() as u64;
                for (blank, mask) in &sequence.masks {
                    let choices = self
                        .choices(&logits, row * longest + mask, limit)
                        .map_err(failed)?;
                    if let Some(Ok(blanks)) = fillings.get_mut(sequence.passage)
                        && let Some(blank) = blanks.get_mut(*blank)
                    {
                        *blank = choices;
                    }
                }
            }
        }
        Ok((fillings, cost))
    }

    fn word(&self, token: u32) -> &str {
        self.model.parts.words.get(token)
    }
}
