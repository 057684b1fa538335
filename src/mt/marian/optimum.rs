//! The layouts that Optimum and transformers.js export: see [`Layout`](super::Layout).
//!
//! Their graphs choose no beams and take keys and values of the source once per row: both are done
//! here, by copying rows where they change places. Greedy search copies nothing until sentences
//! are finished.

use ort::value::{DynValue, Tensor, TensorElementType};

use super::ModelError;
use super::config::ModelConfig;
use super::files::{ModelFiles, listed};
use super::session::{self, Logits, empty, gather, places};
use crate::mt::decoding::{Rows, Scores, StepError, StepModel};
use crate::onnx::{Graph, GraphWeights, Input, SessionSource, failed, integers, side_by_side};

/// The decoders of a layout.
#[derive(Debug)]
pub(super) enum Decoders {
    Merged(Graph),
    Split { first: Graph, later: Graph },
    WithoutPast(Graph),
}

/// Places of a decoder's outputs.
#[derive(Debug, Default)]
struct Places {
    logits: usize,
    /// Keys and values of each layer's own past.
    own: Vec<usize>,
    /// Keys and values of the source, from the first step.
    source: Vec<usize>,
}

/// Graphs and state of a worker that translates with one of these layouts.
#[derive(Debug)]
pub(super) struct OptimumModel {
    encoder: Graph,
    hidden_place: usize,
    decoders: Decoders,
    first_places: Places,
    later_places: Places,
    config: ModelConfig,
    past_type: TensorElementType,
    own_names: Vec<String>,
    source_names: Vec<String>,
    longest: usize,
    /// Per sentence: 1 for its tokens, 0 for padding.
    mask: Vec<i64>,
    hidden: Option<DynValue>,
    /// Keys and values of the rows of the last step.
    own: Vec<DynValue>,
    /// What is there once per row, and the sentence of each row it is there for.
    per_row: Vec<DynValue>,
    sentence_of_row: Vec<u32>,
    row_mask: Option<DynValue>,
    /// Without a past: the tokens of each row.
    histories: Vec<Vec<i64>>,
    sentences: usize,
    logits: Logits,
}

impl OptimumModel {
    pub(super) fn load(
        files: &ModelFiles,
        encoder: &str,
        decoders: Decoders,
        config: &ModelConfig,
        source: &SessionSource,
        weights: &GraphWeights,
    ) -> Result<Self, ModelError> {
        let encoder = session::load(files, encoder, source, weights)?;
        let hidden_place = places(&encoder, files, &["last_hidden_state".to_owned()])?[0];
        let each = |stem: &str, side: &str| -> Vec<String> {
            (0..config.layers)
                .flat_map(|layer| {
                    ["key", "value"].map(|part| format!("{stem}.{layer}.{side}.{part}"))
                })
                .collect()
        };
        let logits = ["logits".to_owned()];
        let of_first = |graph: &Graph| -> Result<Places, ModelError> {
            Ok(Places {
                logits: places(graph, files, &logits)?[0],
                own: places(graph, files, &each("present", "decoder"))?,
                source: places(graph, files, &each("present", "encoder"))?,
            })
        };
        let (first_places, later_places, past_graph) = match &decoders {
            Decoders::Merged(graph) => (of_first(graph)?, of_first(graph)?, Some(graph)),
            Decoders::Split { first, later } => {
                let places = Places {
                    logits: places(later, files, &logits)?[0],
                    own: places(later, files, &each("present", "decoder"))?,
                    source: Vec::new(),
                };
                (of_first(first)?, places, Some(later))
            }
            Decoders::WithoutPast(graph) => {
                let places = Places {
                    logits: places(graph, files, &logits)?[0],
                    ..Places::default()
                };
                (places, Places::default(), None)
            }
        };
        let own_names = each("past_key_values", "decoder");
        let past_type = past_graph
            .zip(own_names.first())
            .and_then(|(graph, name)| graph.input_type(name))
            .unwrap_or(TensorElementType::Float32);
        let model = Self {
            encoder,
            hidden_place,
            first_places,
            later_places,
            config: config.clone(),
            past_type,
            source_names: each("past_key_values", "encoder"),
            own_names,
            decoders,
            longest: 0,
            mask: Vec::new(),
            hidden: None,
            own: Vec::new(),
            per_row: Vec::new(),
            sentence_of_row: Vec::new(),
            row_mask: None,
            histories: Vec::new(),
            sentences: 0,
            logits: Logits::default(),
        };
        model.check_inputs(files)?;
        Ok(model)
    }

    /// All inputs must be known, or a step would fail with a message about names.
    fn check_inputs(&self, files: &ModelFiles) -> Result<(), ModelError> {
        let graphs = match &self.decoders {
            Decoders::Merged(graph) | Decoders::WithoutPast(graph) => vec![graph],
            Decoders::Split { first, later } => vec![first, later],
        };
        let mut expected: Vec<String> = [
            "input_ids",
            "encoder_attention_mask",
            "encoder_hidden_states",
            "use_cache_branch",
        ]
        .map(str::to_owned)
        .to_vec();
        expected.extend(self.own_names.iter().cloned());
        expected.extend(self.source_names.iter().cloned());
        for name in graphs.into_iter().flat_map(Graph::inputs) {
            if !expected.iter().any(|known| known == name) {
                return Err(ModelError::Layout {
                    model: files.name().to_owned(),
                    expected: format!("a decoder that takes {}", listed(&expected)),
                    found: format!("one that takes `{name}`"),
                });
            }
        }
        Ok(())
    }

    /// Brings what is there once per row into line with the rows of a step.
    fn spread(&mut self, rows: usize) -> Result<(), StepError> {
        let width = rows / self.sentences.max(1);
        let wanted: Vec<u32> = (0_u32..)
            .take(self.sentences)
            .flat_map(|sentence| std::iter::repeat_n(sentence, width))
            .collect();
        if wanted == self.sentence_of_row && self.row_mask.is_some() {
            return Ok(());
        }
        let places: Vec<u32> = wanted
            .iter()
            .map(|sentence| {
                let place = self.sentence_of_row.iter().position(|row| row == sentence);
                u32::try_from(place.unwrap_or_default()).unwrap_or_default()
            })
            .collect();
        for value in &mut self.per_row {
            *value = gather(value, &places)?;
        }
        let mask = wanted.iter().flat_map(|sentence| {
            let start = *sentence as usize * self.longest;
            self.mask.iter().skip(start).take(self.longest).copied()
        });
        self.row_mask = Some(integers(&[rows, self.longest], mask.collect())?);
        self.sentence_of_row = wanted;
        Ok(())
    }

    /// Puts the past into the order of the rows of a step.
    fn reorder(&mut self, parents: &[u32]) -> Result<(), StepError> {
        let rows = self.own.first().map_or(0, |value| {
            let size = value.shape().first().copied().unwrap_or_default();
            usize::try_from(size).unwrap_or_default()
        });
        if parents.len() == rows && parents.iter().copied().eq(0..) {
            return Ok(());
        }
        for value in &mut self.own {
            *value = gather(value, parents)?;
        }
        Ok(())
    }

    fn step_with_past(&mut self, rows: Rows<'_>) -> Result<DynValue, StepError> {
        let first = rows.position == 0;
        let count = rows.tokens.len();
        if !first {
            self.reorder(rows.parents)?;
        }
        self.spread(count)?;
        let ids = rows.tokens.iter().map(|token| i64::from(*token)).collect();
        let ids = integers(&[count, 1], ids)?;
        if first {
            let nothing = [count, self.config.heads, 0, self.config.head_size()];
            let make = |_| empty(self.past_type, nothing);
            self.own = (0..2 * self.config.layers)
                .map(make)
                .collect::<Result<_, _>>()?;
        }
        // At the first step keys and values of the source are not there yet.
        let sources = if first { &self.own } else { &self.per_row };
        let (graph, places) = match &mut self.decoders {
            Decoders::Split { first: graph, .. } if first => (graph, &self.first_places),
            Decoders::Split { later: graph, .. } => (graph, &self.later_places),
            Decoders::Merged(graph) | Decoders::WithoutPast(graph) => (graph, &self.first_places),
        };
        let values = Values {
            ids: &ids,
            mask: self.row_mask.as_ref(),
            hidden: self.hidden.as_ref(),
            use_cache: !first,
            own_names: &self.own_names,
            own: &self.own,
            source_names: &self.source_names,
            sources,
        };
        let names: Vec<String> = graph.inputs().map(str::to_owned).collect();
        let mut outputs = graph.run(values.inputs(&names)?)?;
        self.own = outputs.take_all(&places.own)?;
        if first {
            self.per_row = outputs.take_all(&self.first_places.source)?;
        }
        Ok(outputs.take(places.logits)?)
    }

    fn step_without_past(&mut self, rows: Rows<'_>) -> Result<DynValue, StepError> {
        let count = rows.tokens.len();
        let histories = rows.tokens.iter().zip(rows.parents).map(|(token, parent)| {
            let mut history = if rows.position == 0 {
                Vec::new()
            } else {
                let parent = self.histories.get(*parent as usize);
                parent.cloned().unwrap_or_default()
            };
            history.push(i64::from(*token));
            history
        });
        self.histories = histories.collect();
        if let Some(hidden) = self.hidden.take() {
            self.per_row = vec![hidden];
        }
        self.spread(count)?;
        let ids = integers(&[count, rows.position + 1], self.histories.concat())?;
        let Decoders::WithoutPast(graph) = &mut self.decoders else {
            return Err(StepError::Runtime("the model has a past".to_owned()));
        };
        let values = Values {
            ids: &ids,
            mask: self.row_mask.as_ref(),
            hidden: self.per_row.first(),
            use_cache: false,
            own_names: &[],
            own: &[],
            source_names: &[],
            sources: &[],
        };
        let names: Vec<String> = graph.inputs().map(str::to_owned).collect();
        let mut outputs = graph.run(values.inputs(&names)?)?;
        Ok(outputs.take(self.first_places.logits)?)
    }
}

/// What a decoder may ask for.
struct Values<'a> {
    ids: &'a DynValue,
    mask: Option<&'a DynValue>,
    hidden: Option<&'a DynValue>,
    use_cache: bool,
    own_names: &'a [String],
    own: &'a [DynValue],
    source_names: &'a [String],
    sources: &'a [DynValue],
}

impl<'a> Values<'a> {
    fn inputs(&self, names: &'a [String]) -> Result<Vec<Input<'a>>, StepError> {
        let past = |names: &[String], values: &'a [DynValue], name: &String| {
            let place = names.iter().position(|own| own == name);
            place.and_then(|place| values.get(place))
        };
        names
            .iter()
            .map(|name| {
                let value = match name.as_str() {
                    "input_ids" => Some(self.ids),
                    "encoder_attention_mask" => self.mask,
                    "encoder_hidden_states" => self.hidden,
                    "use_cache_branch" => {
                        let flag = Tensor::from_array(([1], vec![self.use_cache]));
                        let flag = flag.map_err(failed)?;
                        return Ok((name.as_str().into(), flag.into()));
                    }
                    _ => past(self.own_names, self.own, name)
                        .or_else(|| past(self.source_names, self.sources, name)),
                };
                let value = value
                    .ok_or_else(|| StepError::Runtime(format!("nothing to give for `{name}`")))?;
                Ok((name.as_str().into(), value.into()))
            })
            .collect()
    }
}

impl StepModel for OptimumModel {
    fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    fn start(&mut self, sources: &[&[u32]]) -> Result<(), StepError> {
        let (ids, mask, longest) = side_by_side(sources, self.config.padding)?;
        let mask_value = integers(&[sources.len(), longest], mask.clone())?;
        let mut outputs = self.encoder.run(vec![
            ("input_ids".into(), ids.into()),
            ("attention_mask".into(), mask_value.into()),
        ])?;
        self.hidden = Some(outputs.take(self.hidden_place)?);
        self.mask = mask;
        self.longest = longest;
        self.sentences = sources.len();
        self.sentence_of_row = (0..).take(sources.len()).collect();
        self.row_mask = None;
        self.own.clear();
        self.per_row.clear();
        self.histories.clear();
        Ok(())
    }

    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError> {
        let logits = match self.decoders {
            Decoders::WithoutPast(_) => self.step_without_past(rows)?,
            Decoders::Merged(_) | Decoders::Split { .. } => self.step_with_past(rows)?,
        };
        let logits = self.logits.take(logits, self.config.vocabulary)?;
        Ok(Scores::All(logits))
    }

    fn keep(&mut self, sentences: &[u32]) -> Result<(), StepError> {
        let mut mask = Vec::with_capacity(sentences.len() * self.longest);
        for sentence in sentences {
            let start = *sentence as usize * self.longest;
            mask.extend(self.mask.iter().skip(start).take(self.longest));
        }
        self.mask = mask;
        // Without keys and values of the source, the hidden states are still to be looked at.
        if let Some(hidden) = &self.hidden {
            self.hidden = Some(gather(hidden, sentences)?);
        }
        if self.per_row.is_empty() {
            self.sentence_of_row = (0..).take(sentences.len()).collect();
        } else {
            for row in &mut self.sentence_of_row {
                let place = sentences.iter().position(|sentence| sentence == row);
                *row = place
                    .and_then(|place| u32::try_from(place).ok())
                    .unwrap_or(u32::MAX);
            }
        }
        self.row_mask = None;
        self.sentences = sentences.len();
        Ok(())
    }
}
