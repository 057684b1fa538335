//! Taking the weights out of the graphs of the fast layout: what `graphs.rs` put into them.
//!
//! Weights in eight bits come out as the numbers that the eight bits stand for, those in 16 bits
//! as they are.

use std::collections::BTreeMap;

use super::builder::COLUMNS;
use super::config::{Config, to_f32};
use super::onnx::{Element, Graph, Tensor};
use super::tensors::{Matrix, Tensors};

/// The constants of a graph, by their names.
struct Constants<'a>(BTreeMap<&'a str, &'a Tensor<'a>>);

/// Which numbers of a matrix in eight bits have a scale in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScaleAxis {
    /// Those of a row: a token's.
    Rows,
    /// Those of a column: what makes one output.
    Columns,
}

impl<'a> Constants<'a> {
    fn of(graphs: &[&'a Graph<'a>]) -> Self {
        let constants = graphs.iter().flat_map(|graph| &graph.constants);
        Self(constants.map(|one| (one.name.as_str(), one)).collect())
    }

    /// The floating-point numbers of that name.
    fn numbers(&self, name: &str) -> Option<Vec<f32>> {
        self.0.get(name)?.to_f32()
    }

    /// The matrix of that name, in whichever precision it is stored.
    fn matrix(&self, name: &str, axis: ScaleAxis) -> Option<Matrix> {
        if let Some(stored) = self.0.get(name) {
            let columns = columns(stored)?;
            let values = stored.to_f32()?;
            return Some(Matrix { columns, values });
        }
        let stored = self.0.get(format!("{name}.int8").as_str())?;
        let scales = self.numbers(&format!("{name}.scale"))?;
        let columns = columns(stored)?;
        if stored.element != Element::I8 || columns == 0 {
            return None;
        }
        let rows = stored.bytes.chunks(columns).enumerate();
        let values = rows.flat_map(|(row, bytes)| {
            let scales = &scales;
            bytes.iter().enumerate().map(move |(column, byte)| {
                let place = match axis {
                    ScaleAxis::Rows => row,
                    ScaleAxis::Columns => column,
                };
                // A scale that is not there is told of below, by how many there must be.
                let scale = scales.get(place).copied().unwrap_or(f32::NAN);
                f32::from(byte.cast_signed()) * scale
            })
        });
        let values: Vec<f32> = values.collect();
        let expected = match axis {
            ScaleAxis::Rows => stored.shape.first().copied(),
            ScaleAxis::Columns => Some(columns),
        };
        (Some(scales.len()) == expected).then_some(Matrix { columns, values })
    }
}

/// How many columns a constant with two dimensions has.
fn columns(tensor: &Tensor<'_>) -> Option<usize> {
    match tensor.shape.as_slice() {
        [_, columns] => Some(*columns),
        _ => None,
    }
}

/// The tensors of a model, by their names in `transformers`, from the graph of its encoder and from
/// those of its decoder, which may be two. What cannot be found is missing from them.
pub(super) fn take(encoder: &Graph<'_>, decoder: &[&Graph<'_>], config: &Config) -> Tensors {
    let mut tensors = Tensors::default();
    let (encoder, decoder) = (Constants::of(&[encoder]), Constants::of(decoder));
    let into = &mut tensors;
    if config.share_encoder_decoder_embeddings {
        table(&decoder, "target_embedding", "model.shared.weight", into);
    } else {
        let name = "model.encoder.embed_tokens.weight";
        table(&encoder, "source_embedding", name, into);
        let name = "model.decoder.embed_tokens.weight";
        table(&decoder, "target_embedding", name, into);
    }
    if !config.tie_word_embeddings {
        table(&decoder, "output", "lm_head.weight", into);
    }
    if let Some(bias) = decoder.numbers("logits_bias") {
        into.insert("final_logits_bias".to_owned(), vec![1, bias.len()], bias);
    }
    for (side, constants) in [("encoder", &encoder), ("decoder", &decoder)] {
        let name = format!("model.{side}.embed_positions.weight");
        table(constants, "positions", &name, into);
    }
    let (width, heads) = (config.width, config.encoder_attention_heads);
    let query_scale = |heads: usize| to_f32(width / heads.max(1)).sqrt();
    for layer in 0..config.encoder_layers {
        let layer = format!("model.encoder.layers.{layer}");
        let block = format!("{layer}.self_attn");
        linear(
            &encoder,
            &format!("{block}.q_proj"),
            query_scale(heads),
            into,
        );
        linear(&encoder, &format!("{block}.k_proj"), 1.0, into);
        linear(&encoder, &format!("{block}.v_proj"), 1.0, into);
        leave(&encoder, &block, into);
        feed_forward(&encoder, &layer, into);
    }
    let query_scale = query_scale(config.decoder_attention_heads);
    for layer in 0..config.decoder_layers {
        let layer = format!("model.decoder.layers.{layer}");
        let block = format!("{layer}.self_attn");
        merged(&decoder, &block, query_scale, into);
        leave(&decoder, &block, into);
        let block = format!("{layer}.encoder_attn");
        linear(&decoder, &format!("{block}.q_proj"), query_scale, into);
        // The encoder computes the keys and values of all cross attention.
        linear(&encoder, &format!("{block}.k_proj"), 1.0, into);
        linear(&encoder, &format!("{block}.v_proj"), 1.0, into);
        leave(&decoder, &block, into);
        feed_forward(&decoder, &layer, into);
    }
    tensors
}

/// The last projection of an attention block, and its normalisation.
fn leave(from: &Constants<'_>, block: &str, tensors: &mut Tensors) {
    linear(from, &format!("{block}.out_proj"), 1.0, tensors);
    norm(from, &format!("{block}_layer_norm"), tensors);
}

fn feed_forward(from: &Constants<'_>, layer: &str, tensors: &mut Tensors) {
    linear(from, &format!("{layer}.fc1"), 1.0, tensors);
    linear(from, &format!("{layer}.fc2"), 1.0, tensors);
    norm(from, &format!("{layer}.final_layer_norm"), tensors);
}

fn norm(from: &Constants<'_>, name: &str, tensors: &mut Tensors) {
    for part in ["weight", "bias"] {
        let name = format!("{name}.{part}");
        if let Some(values) = from.numbers(&name) {
            tensors.insert(name, vec![values.len()], values);
        }
    }
}

/// A table with a row for each token or position, or with a column for each.
fn table(from: &Constants<'_>, name: &str, to: &str, tensors: &mut Tensors) {
    let columns = || from.matrix(&format!("{name}{COLUMNS}"), ScaleAxis::Columns);
    let rows = from.matrix(name, ScaleAxis::Rows);
    if let Some(matrix) = rows.or_else(|| Some(columns()?.transposed())) {
        insert(to.to_owned(), matrix, tensors);
    }
}

/// A product and its bias; what comes out of both is multiplied with `scale`.
fn linear(from: &Constants<'_>, name: &str, scale: f32, tensors: &mut Tensors) {
    let matrix = from.matrix(name, ScaleAxis::Columns);
    let bias = from.numbers(&format!("{name}.bias"));
    if let (Some(matrix), Some(bias)) = (matrix, bias) {
        put(name, matrix.transposed(), &bias, scale, tensors);
    }
}

/// Query, key and value, which the decoder computes as one product.
fn merged(from: &Constants<'_>, block: &str, query_scale: f32, tensors: &mut Tensors) {
    let name = format!("{block}.q_proj");
    let matrix = from.matrix(&name, ScaleAxis::Columns);
    let bias = from.numbers(&format!("{name}.bias"));
    let (Some(matrix), Some(bias)) = (matrix, bias) else {
        return;
    };
    let matrix = matrix.transposed();
    let third = matrix.rows() / 3;
    let parts = [("q_proj", query_scale), ("k_proj", 1.0), ("v_proj", 1.0)];
    let weights = matrix.values.chunks((third * matrix.columns).max(1));
    let biases = bias.chunks(third.max(1));
    for (((part, scale), weight), bias) in parts.into_iter().zip(weights).zip(biases) {
        let weight = Matrix {
            columns: matrix.columns,
            values: weight.to_vec(),
        };
        put(&format!("{block}.{part}"), weight, bias, scale, tensors);
    }
}

fn put(name: &str, mut weight: Matrix, bias: &[f32], scale: f32, tensors: &mut Tensors) {
    weight.values.iter_mut().for_each(|value| *value *= scale);
    insert(format!("{name}.weight"), weight, tensors);
    let bias: Vec<f32> = bias.iter().map(|value| value * scale).collect();
    tensors.insert(format!("{name}.bias"), vec![bias.len()], bias);
}

fn insert(name: String, matrix: Matrix, tensors: &mut Tensors) {
    let shape = vec![matrix.rows(), matrix.columns];
    tensors.insert(name, shape, matrix.values);
}
