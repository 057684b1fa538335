//! The fast layout: see [`Layout::Fast`](super::Layout).

use ort::value::{DynValue, TensorElementType};

use super::ModelError;
use super::config::ModelConfig;
use super::files::ModelFiles;
use super::screened::Screened;
use super::session::{self, Chosen, Logits, empty, places};
use crate::mt::decoding::{Rows, Scores, StepError, StepModel};
use crate::mt::optimise::{CHOSEN, COUNT, MASK, STATE};
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
    scores: Scoring,
    logits: Logits,
}

/// Who makes scores.
#[derive(Debug)]
enum Scoring {
    /// The decoder, for all tokens.
    Graph {
        /// Where it puts them out.
        place: usize,
    },
    /// The decoder, which chooses the likeliest tokens as well.
    Choosing {
        /// Where it puts the scores of all tokens out.
        place: usize,
        /// Where it puts out those that it chose.
        choice: [usize; 3],
        chosen: Chosen,
    },
    /// The host, out of states.
    Host {
        /// Where the decoder puts them out.
        place: usize,
        screened: Box<Screened>,
    },
}

impl Scoring {
    fn of(
        decoder: &Graph,
        files: &ModelFiles,
        screened: Option<Screened>,
    ) -> Result<Self, ModelError> {
        let place = |name: &str| Ok(places(decoder, files, &[name.to_owned()])?[0]);
        if let Some(screened) = screened {
            return Ok(Self::Host {
                place: place(STATE)?,
                screened: Box::new(screened),
            });
        }
        let place = place("logits")?;
        if decoder.inputs().all(|name| name != COUNT) {
            return Ok(Self::Graph { place });
        }
        let choice = places(decoder, files, &CHOSEN.map(str::to_owned))?;
        Ok(match choice.try_into() {
            Ok(choice) => Self::Choosing {
                place,
                choice,
                chosen: Chosen::default(),
            },
            Err(_) => Self::Graph { place },
        })
    }
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
        screen: Option<&str>,
        config: &ModelConfig,
        source: &SessionSource,
        weights: &GraphWeights,
    ) -> Result<Self, ModelError> {
        let load = |name: &str| session::load(files, name, source, weights);
        let decoder_name = decoder;
        // Graphs that were made anew for a device have no screen.
        let screen = screen.filter(|name| files.graph(name).is_some());
        let screened = screen.map(|name| Screened::load(files, decoder, name, source, weights));
        let screened = screened.transpose()?;
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
        Ok(Self {
            scores: Scoring::of(&decoder, files, screened)?,
            of_encoder: places(&encoder, files, &source_names)?,
            of_compact: places(&compact, files, &kept)?,
            of_decoder: places(&decoder, files, &given)?,
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
        if matches!(self.scores, Scoring::Choosing { .. }) {
            let count = i64::try_from(rows.enough.unwrap_or(1)).unwrap_or(i64::MAX);
            inputs.push((COUNT.into(), integers(&[1], vec![count])?.into()));
        }
        let logits = match (&mut self.scores, rows.enough) {
            (Scoring::Choosing { choice, chosen, .. }, Some(count)) => {
                let mut outputs = self.decoder.run_resident(inputs, &*choice)?;
                self.past.add(outputs.take_all(&self.of_decoder)?)?;
                return chosen.take(outputs.take_each(*choice)?, count);
            }
            (Scoring::Graph { place } | Scoring::Choosing { place, .. }, _) => {
                let mut outputs = self.decoder.run_resident(inputs, &[*place])?;
                self.past.add(outputs.take_all(&self.of_decoder)?)?;
                outputs.take(*place)?
            }
            (Scoring::Host { place, screened }, enough) => {
                let mut outputs = self.decoder.run_resident(inputs, &[*place])?;
                self.past.add(outputs.take_all(&self.of_decoder)?)?;
                let state = outputs.take(*place)?;
                if let Some(count) = enough {
                    return screened.likeliest(&state, count);
                }
                screened.all(&state)?
            }
        };
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
