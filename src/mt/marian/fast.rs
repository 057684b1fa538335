//! The fast layout: see [`Layout::Fast`](super::Layout).

use ort::value::{DynValue, TensorElementType};

use super::ModelError;
use super::config::ModelConfig;
use super::files::ModelFiles;
use super::session::{self, Chosen, Logits, empty, places};
use crate::mt::decoding::{Rows, Scores, StepError, StepModel};
use crate::mt::optimise::{CHOSEN, COUNT};
use crate::onnx::{Graph, GraphWeights, Input, SessionSource, integers, named, side_by_side};

/// Graphs and state of a worker that translates with the fast layout. On a GPU everything but ids
/// stays in its memory: keys and values never come to the host, and of the logits only those of
/// the likeliest tokens do, which the decoder chooses there.
#[derive(Debug)]
pub(super) struct FastModel {
    encoder: Graph,
    decoder: Graph,
    compact: Graph,
    config: ModelConfig,
    past_type: TensorElementType,
    /// The mask and all keys and values of the sources, with the names under which the decoder
    /// takes them.
    source_names: Vec<String>,
    sources: Vec<DynValue>,
    /// Where the encoder and the compacting graph put out `sources`.
    of_encoder: Vec<usize>,
    of_compact: Vec<usize>,
    /// Keys and values of the rows of the last step.
    past_names: Vec<String>,
    past: Vec<DynValue>,
    of_decoder: Vec<usize>,
    logits_place: usize,
    logits: Logits,
    /// Where the decoder puts out the likeliest tokens, if it chooses them.
    of_choice: Option<[usize; 3]>,
    chosen: Chosen,
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
        let (encoder, decoder, compact) = (load(encoder)?, load(decoder)?, load(compact)?);
        let layers = 0..config.layers;
        let named = |stem: &'static str| layers.clone().map(move |layer| format!("{stem}.{layer}"));
        let mut source_names = vec!["mask_bias".to_owned()];
        source_names.extend(named("cross_key"));
        source_names.extend(named("cross_value"));
        let past_names: Vec<String> = named("past_key").chain(named("past_value")).collect();
        let presents: Vec<String> = named("present_key").chain(named("present_value")).collect();
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
            of_decoder: places(&decoder, files, &presents)?,
            logits_place: places(&decoder, files, &logits)?[0],
            past_type: decoder
                .input_type("past_key.0")
                .unwrap_or(TensorElementType::Float32),
            encoder,
            decoder,
            compact,
            config: config.clone(),
            source_names,
            sources: Vec::new(),
            past_names,
            past: Vec::new(),
            logits: Logits::default(),
        })
    }
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
        let nothing = [sources.len(), self.config.heads, 0, self.config.head_size()];
        self.past = (0..2 * self.config.layers)
            .map(|_| empty(self.past_type, nothing))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    fn step(&mut self, rows: Rows<'_>) -> Result<Scores<'_>, StepError> {
        let count = [rows.tokens.len()];
        let wide = |values: &[u32]| values.iter().map(|value| i64::from(*value)).collect();
        let position = i64::try_from(rows.position).unwrap_or(i64::MAX);
        let tokens = integers(&count, wide(rows.tokens))?;
        let parents = integers(&count, wide(rows.parents))?;
        let position = integers(&[1], vec![position])?;
        let mut inputs: Vec<Input<'_>> = vec![
            ("input_ids".into(), tokens.into()),
            ("position".into(), position.into()),
            ("beam_index".into(), parents.into()),
        ];
        inputs.extend(named(&self.source_names, &self.sources));
        inputs.extend(named(&self.past_names, &self.past));
        if self.of_choice.is_some() {
            let count = i64::try_from(rows.enough.unwrap_or(1)).unwrap_or(i64::MAX);
            inputs.push((COUNT.into(), integers(&[1], vec![count])?.into()));
        }
        if let (Some(choice), Some(count)) = (self.of_choice, rows.enough) {
            let mut outputs = self.decoder.run_resident(inputs, &choice)?;
            self.past = outputs.take_all(&self.of_decoder)?;
            return self.chosen.take(outputs.take_each(choice)?, count);
        }
        let mut outputs = self.decoder.run_resident(inputs, &[self.logits_place])?;
        self.past = outputs.take_all(&self.of_decoder)?;
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
        Ok(())
    }
}
