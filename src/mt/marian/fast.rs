//! The fast layout: see [`Layout::Fast`](super::Layout).

use ort::value::{DynValue, TensorElementType};

use super::ModelError;
use super::config::ModelConfig;
use super::files::ModelFiles;
use super::session::{self, Chosen, Logits, empty, places};
use crate::mt::decoding::{Rows, Scores, StepError, StepModel};
use crate::mt::optimise::{CHOSEN, COUNT, MASK};
use crate::mt::past::Past;
use crate::onnx::{Graph, GraphWeights, Input, SessionSource, integers, named, side_by_side};

/// Graphs and state of a worker that translates with the fast layout. On a CPU keys and values lie
/// where the decoder takes them, and a step is written beside the others. On a GPU everything but ids stays in its memory: keys and values never come to the
/// host, and of the logits only those of the likeliest tokens do, which the decoder chooses there.
#[derive(Debug)]
pub(super) struct FastModel {
    encoder: Graph,
    decoder: Graph,
    compact: Graph,
    config: ModelConfig,
    /// The mask and all keys and values of the sources, with the names under which the decoder
    /// takes them.
    source_names: Vec<String>,
    sources: Vec<DynValue>,
    /// Where the encoder and the compacting graph put out `sources`.
    of_encoder: Vec<usize>,
    of_compact: Vec<usize>,
    /// Keys and values of the rows of the last step, with the names under which the decoder takes
    /// them, and where it puts out those of the step.
    past: Kept,
    past_names: Vec<String>,
    of_decoder: Vec<usize>,
    logits_place: usize,
    logits: Logits,
    /// Where the decoder puts out the likeliest tokens, if it chooses them.
    of_choice: Option<[usize; 3]>,
    chosen: Chosen,
}

/// Keys and values of the steps before.
#[derive(Debug)]
enum Kept {
    /// By the host.
    Host(Past),
    /// By the decoder, where it computes: it takes what it gave at the last step.
    Graph(TensorElementType, Vec<DynValue>),
}

impl Kept {
    /// Nothing yet, as `decoder` wants it.
    fn of(decoder: &Graph, config: &ModelConfig) -> Result<Self, StepError> {
        let element = decoder.input_type("past_key.0");
        let element = element.unwrap_or(TensorElementType::Float32);
        if decoder.inputs().all(|name| name != MASK) {
            return Ok(Self::Graph(element, Vec::new()));
        }
        let sizes = [config.heads, config.head_size()];
        Ok(Self::Host(Past::new(element, 2 * config.layers, sizes)?))
    }

    /// Forgets everything, for a batch of so many sentences.
    fn start(&mut self, sentences: usize, config: &ModelConfig) -> Result<(), StepError> {
        match self {
            Self::Host(past) => past.start(sentences),
            Self::Graph(element, past) => {
                let nothing = [sentences, config.heads, 0, config.head_size()];
                let all = (0..2 * config.layers).map(|_| empty(*element, nothing));
                *past = all.collect::<Result<_, _>>()?;
            }
        }
        Ok(())
    }

    /// Goes on with these sentences only.
    fn keep(&mut self, sentences: &[u32]) {
        match self {
            Self::Host(past) => past.keep(sentences),
            // The next step's rows are those of sentences that are left.
            Self::Graph(..) => {}
        }
    }

    /// Sees to it that the next step finds its rows: gives the input that says how.
    fn follow(&mut self, parents: &[u32]) -> Result<Input<'static>, StepError> {
        Ok(match self {
            Self::Host(past) => {
                past.follow(parents);
                (MASK.into(), past.mask()?.into())
            }
            Self::Graph(..) => ("beam_index".into(), wide(parents)?.into()),
        })
    }

    /// The keys and values as the decoder takes them.
    fn inputs<'a>(&'a self, names: &'a [String]) -> Result<Vec<Input<'a>>, StepError> {
        Ok(match self {
            Self::Host(past) => {
                let names = names.iter().map(|name| name.as_str().into());
                names.zip(past.tensors()?).collect()
            }
            Self::Graph(_, past) => named(names, past).collect(),
        })
    }

    /// Takes in what the decoder gave.
    fn add(&mut self, given: Vec<DynValue>) -> Result<(), StepError> {
        match self {
            Self::Host(past) => past.add(&given)?,
            Self::Graph(_, past) => *past = given,
        }
        Ok(())
    }
}

impl FastModel {
    pub(super) fn load(
        files: &ModelFiles,
        [encoder, decoder, compact]: [&str; 3],
        config: &ModelConfig,
        source: &SessionSource,
        weights: &GraphWeights,
    ) -> Result<Self, ModelError> {
        let load = |name: &str| session::load(files, name, source, weights);
        let decoder_name = decoder;
        let (encoder, decoder, compact) = (load(encoder)?, load(decoder)?, load(compact)?);
        let layers = 0..config.layers;
        let named = |stem: &'static str| layers.clone().map(move |layer| format!("{stem}.{layer}"));
        let mut source_names = vec!["mask_bias".to_owned()];
        source_names.extend(named("cross_key"));
        source_names.extend(named("cross_value"));
        let past_names: Vec<String> = named("past_key").chain(named("past_value")).collect();
        let past =
            Kept::of(&decoder, config).map_err(|error| files.refused(decoder_name, &error))?;
        let given: Vec<String> = match past {
            Kept::Host(_) => named("new_key").chain(named("new_value")).collect(),
            Kept::Graph(..) => named("present_key").chain(named("present_value")).collect(),
        };
        let kept: Vec<String> = source_names
            .iter()
            .map(|name| format!("kept_{name}"))
            .collect();
        let logits = ["logits".to_owned()];
        let choice = CHOSEN.map(str::to_owned);
        let chooses = decoder.inputs().any(|name| name == COUNT);
        let of_choice = chooses.then(|| places(&decoder, files, &choice));
        let of_choice = of_choice.transpose()?.and_then(|all| all.try_into().ok());
        Ok(Self {
            of_choice,
            chosen: Chosen::default(),
            of_encoder: places(&encoder, files, &source_names)?,
            of_compact: places(&compact, files, &kept)?,
            of_decoder: places(&decoder, files, &given)?,
            logits_place: places(&decoder, files, &logits)?[0],
            encoder,
            decoder,
            compact,
            config: config.clone(),
            source_names,
            sources: Vec::new(),
            past_names,
            past,
            logits: Logits::default(),
        })
    }
}

/// One number for each row.
fn wide(values: &[u32]) -> Result<DynValue, StepError> {
    let numbers = values.iter().map(|value| i64::from(*value)).collect();
    Ok(integers(&[values.len()], numbers)?)
}

impl StepModel for FastModel {
    fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    fn start(&mut self, sources: &[&[u32]]) -> Result<(), StepError> {
        let (ids, mask, longest) = side_by_side(sources, self.config.padding)?;
        let mask = integers(&[sources.len(), longest], mask)?;
        let inputs = vec![
            ("input_ids".into(), ids.into()),
            ("attention_mask".into(), mask.into()),
        ];
        let mut outputs = self.encoder.run_resident(inputs, &[])?;
        self.sources = outputs.take_all(&self.of_encoder)?;
        self.past.start(sources.len(), &self.config)
    }

    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError> {
        let position = i64::try_from(rows.position).unwrap_or(i64::MAX);
        let position = integers(&[1], vec![position])?;
        let mut inputs: Vec<Input<'_>> = vec![
            ("input_ids".into(), wide(rows.tokens)?.into()),
            ("position".into(), position.into()),
            self.past.follow(rows.parents)?,
        ];
        inputs.extend(named(&self.source_names, &self.sources));
        inputs.extend(self.past.inputs(&self.past_names)?);
        if self.of_choice.is_some() {
            let count = i64::try_from(rows.enough.unwrap_or(1)).unwrap_or(i64::MAX);
            inputs.push((COUNT.into(), integers(&[1], vec![count])?.into()));
        }
        if let (Some(choice), Some(count)) = (self.of_choice, rows.enough) {
            let mut outputs = self.decoder.run_resident(inputs, &choice)?;
            self.past.add(outputs.take_all(&self.of_decoder)?)?;
            return self.chosen.take(outputs.take_each(choice)?, count);
        }
        let mut outputs = self.decoder.run_resident(inputs, &[self.logits_place])?;
        self.past.add(outputs.take_all(&self.of_decoder)?)?;
        let logits = outputs.take(self.logits_place)?;
        let logits = self.logits.take(logits, self.config.vocabulary)?;
        Ok(Scores::All(logits))
    }

    fn keep(&mut self, sentences: &[u32]) -> Result<(), StepError> {
        let index = sentences.iter().map(|place| i64::from(*place)).collect();
        let index = integers(&[sentences.len()], index)?;
        let mut inputs: Vec<Input<'_>> = vec![("sentence_index".into(), index.into())];
        inputs.extend(named(&self.source_names, &self.sources));
        let mut outputs = self.compact.run_resident(inputs, &[])?;
        self.sources = outputs.take_all(&self.of_compact)?;
        self.past.keep(sentences);
        Ok(())
    }
}
