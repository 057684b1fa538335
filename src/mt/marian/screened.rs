//! Scores of a decoder that leaves them to the host: see [`Screen`].

use std::sync::Arc;

use ort::value::{DynValue, Tensor};

use super::ModelError;
use super::files::ModelFiles;
use super::session;
use crate::inference::{Norms, Rounded, Screen, Table};
use crate::mt::decoding::{Scores, StepError};
use crate::mt::optimise::{
    BIAS, ERRORS, LENGTHS, MEANS, PRODUCTS, ROUNDED, SCALES, STATE, TABLE, all_scores,
};
use crate::onnx::{Graph, GraphError, GraphFile, GraphWeights, SessionSource, failed};

/// The name of the graph that gives the scores of all tokens, which is in no file.
const ALL: &str = "the scores of all tokens";

/// What makes scores of states.
#[derive(Debug)]
pub(super) struct Screened {
    products: Graph,
    products_place: usize,
    all: Graph,
    of_tokens: Tokens,
    screen: Screen,
    logits: Vec<f32>,
    tokens: Vec<u32>,
    log_probabilities: Vec<f32>,
}

/// What there is for each token, most of it the same for all workers.
#[derive(Debug)]
struct Tokens {
    table: Arc<DynValue>,
    bias: Arc<DynValue>,
    scales: Arc<DynValue>,
    means: [Arc<DynValue>; 2],
    norms: Vec<Norms>,
    greatest: Norms,
}

impl Tokens {
    fn table(&self) -> Result<Table<'_>, GraphError> {
        Ok(Table {
            rows: floats(&self.table)?,
            bias: floats(&self.bias)?,
            scales: floats(&self.scales)?,
            mean: floats(&self.means[0])?,
            mean_error: floats(&self.means[1])?,
            norms: &self.norms,
            greatest: self.greatest,
        })
    }
}

impl Screened {
    pub(super) fn load(
        files: &ModelFiles,
        decoder: &str,
        screen: &str,
        source: &SessionSource,
        weights: &GraphWeights,
    ) -> Result<Self, ModelError> {
        let products = session::load(files, screen, source, weights)?;
        let places = session::places(&products, files, &[PRODUCTS.to_owned()])?;
        let refused = |reason: String| files.refused(screen, &reason);
        let all = all_scores().map_err(|error| refused(error.to_string()))?;
        let all = Graph::load(&GraphFile::Bytes(all.into()), ALL, source, weights);
        let constant = |graph: &str, name: &str| {
            let found = weights.get(graph, name);
            found.ok_or_else(|| files.refused(graph, &format!("it has no numbers `{name}`")))
        };
        let (lengths, errors) = (constant(screen, LENGTHS)?, constant(screen, ERRORS)?);
        let floats = |value: &DynValue| Ok(floats(value)?.to_vec());
        let failed = |error: GraphError| refused(error.0);
        let lengths: Vec<f32> = floats(&lengths).map_err(failed)?;
        let errors: Vec<f32> = floats(&errors).map_err(failed)?;
        let norms: Vec<Norms> = lengths
            .into_iter()
            .zip(errors)
            .map(|(length, error)| Norms { length, error })
            .collect();
        let of_tokens = Tokens {
            table: constant(decoder, TABLE)?,
            bias: constant(screen, BIAS)?,
            scales: constant(screen, SCALES)?,
            means: [constant(screen, MEANS[0])?, constant(screen, MEANS[1])?],
            greatest: Norms::greatest(&norms),
            norms,
        };
        if !of_tokens.table().map_err(failed)?.fits() {
            return Err(refused(
                "what it has for tokens does not fit the table of the decoder".to_owned(),
            ));
        }
        Ok(Self {
            products_place: places[0],
            products,
            all: all.map_err(refused)?,
            of_tokens,
            screen: Screen::default(),
            logits: Vec::new(),
            tokens: Vec::new(),
            log_probabilities: Vec::new(),
        })
    }

    /// The `count` likeliest tokens of each row of `state`.
    pub(super) fn likeliest(
        &mut self,
        state: &DynValue,
        count: usize,
    ) -> Result<Scores<'_>, StepError> {
        let states = floats(state)?;
        let table = self.of_tokens.table()?;
        let (width, tokens) = (table.mean.len().max(1), table.bias.len().max(1));
        let mut bytes = Vec::with_capacity(states.len());
        let rows = states.chunks(width);
        let rounded = rows.map(|row| Rounded::new(row, &table, &mut bytes));
        let rounded: Vec<Rounded> = rounded.collect();
        let bytes = Tensor::from_array(([rounded.len(), width], bytes));
        let bytes = bytes.map_err(failed)?.into_dyn();
        let mut outputs = self.products.run(vec![(ROUNDED.into(), bytes.into())])?;
        let products = outputs.take(self.products_place)?;
        let (_, products) = products.try_extract_tensor::<i32>().map_err(failed)?;

        self.logits.clear();
        self.tokens.clear();
        self.log_probabilities.clear();
        let rows = states.chunks(width).zip(&rounded);
        for ((state, rounded), products) in rows.zip(products.chunks(tokens)) {
            let screen = &mut self.screen;
            if let Some((found, first)) = screen.likeliest(&table, state, rounded, products, count)
            {
                self.logits.extend(found.iter().map(|one| one.logit));
                self.tokens.extend(found.iter().map(|one| one.token));
                self.log_probabilities.push(first);
            } else {
                // The search tells of it.
                self.logits.extend(std::iter::repeat_n(f32::NAN, count));
                self.tokens.extend(std::iter::repeat_n(0, count));
                self.log_probabilities.push(f32::NAN);
            }
        }
        Ok(Scores::Likeliest {
            logits: &mut self.logits,
            tokens: &self.tokens,
            log_probabilities: &self.log_probabilities,
        })
    }

    /// The scores of all tokens for each row of `state`.
    pub(super) fn all(&mut self, state: &DynValue) -> Result<DynValue, StepError> {
        let inputs = vec![
            (STATE.into(), state.into()),
            (TABLE.into(), (&*self.of_tokens.table).into()),
            (BIAS.into(), (&*self.of_tokens.bias).into()),
        ];
        Ok(self.all.run(inputs)?.take(0)?)
    }
}

fn floats(value: &DynValue) -> Result<&[f32], GraphError> {
    let (_, numbers) = value.try_extract_tensor::<f32>().map_err(failed)?;
    Ok(numbers)
}
