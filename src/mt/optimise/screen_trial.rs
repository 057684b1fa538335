//! Holding a screen against the table that it is made of.

use std::path::Path;

use ort::environment::Environment;

use super::onnx::Graph;
use super::screen::{BIAS, ERRORS, LENGTHS, MEANS, PRODUCTS, ROUNDED, SCALES, STATE, TABLE};
use super::session::{Runner, Values, floats, numbers, small};
use crate::inference::{Norms, Rounded, Table};
use crate::onnx::read_file;

/// A screen, and the table as its files have it.
#[derive(Debug)]
pub(super) struct ScreenTrial {
    screen: Runner,
    rows: Vec<f32>,
    bias: Vec<f32>,
    scales: Vec<f32>,
    mean: Vec<f32>,
    mean_error: Vec<f32>,
    norms: Vec<Norms>,
}

impl ScreenTrial {
    pub(super) fn load(environment: &Environment, folder: &Path) -> Result<Self, String> {
        let path = folder.join("screen.onnx");
        let screen = Runner::load(environment, &path)?;
        let read = |path: &Path| read_file(path).map_err(|error| error.to_string());
        let (decoder, of_tokens) = (read(&folder.join("decoder.onnx"))?, read(&path)?);
        let parse = |file| Graph::read(file).map_err(|error| error.to_string());
        let (decoder, of_tokens) = (parse(&decoder)?, parse(&of_tokens)?);
        let constant = |graph: &Graph<'_>, name: &str| {
            let mut constants = graph.constants.iter();
            let found = constants.find(|constant| constant.name == name);
            found
                .and_then(super::onnx::Tensor::to_f32)
                .ok_or_else(|| format!("the graph has no numbers `{name}`"))
        };
        let lengths = constant(&of_tokens, LENGTHS)?;
        let errors = constant(&of_tokens, ERRORS)?;
        let norms = lengths.into_iter().zip(errors);
        Ok(Self {
            rows: constant(&decoder, TABLE)?,
            bias: constant(&of_tokens, BIAS)?,
            scales: constant(&of_tokens, SCALES)?,
            mean: constant(&of_tokens, MEANS[0])?,
            mean_error: constant(&of_tokens, MEANS[1])?,
            norms: norms
                .map(|(length, error)| Norms { length, error })
                .collect(),
            screen,
        })
    }

    /// The logits of all tokens, row after row, from the states in `values`.
    ///
    /// # Errors
    /// When the runtime fails, or eight bits say of a token what they cannot say of it.
    pub(super) fn logits(&mut self, values: &Values) -> Result<Vec<f32>, String> {
        let states = floats(values, STATE)?;
        let table = Table {
            rows: &self.rows,
            bias: &self.bias,
            scales: &self.scales,
            mean: &self.mean,
            mean_error: &self.mean_error,
            norms: &self.norms,
            greatest: Norms::greatest(&self.norms),
        };
        let tokens = table.bias.len();
        let width = self.rows.len().checked_div(tokens).unwrap_or_default();
        let mut bytes = Vec::with_capacity(states.len());
        let rounded: Vec<Rounded> = states
            .chunks(width.max(1))
            .map(|state| Rounded::new(state, &table, &mut bytes))
            .collect();
        let mut products = Values::new();
        let shape = [rounded.len(), width];
        products.insert(ROUNDED.to_owned(), small(&shape, bytes)?);
        self.screen.run(&mut products, str::to_owned)?;
        let products = numbers::<i32>(&products, PRODUCTS)?;
        let mut logits = Vec::with_capacity(products.len());
        let rows = states.chunks(width.max(1)).zip(&rounded);
        for ((state, rounded), products) in rows.zip(products.chunks(tokens.max(1))) {
            for (token, product) in products.iter().enumerate() {
                let logit = table.score(state, token);
                let screened = rounded.score(&table, token, *product);
                // What is no number is told of where logits are compared.
                let fails = |[score, bound]: [f32; 2]| (score - logit).abs() > bound;
                if screened.is_none_or(fails) {
                    return Err(format!(
                        "the screen says {screened:?} of token {token}, whose logit is {logit}"
                    ));
                }
                logits.push(logit);
            }
        }
        Ok(logits)
    }
}
