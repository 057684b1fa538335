//! A MarianMT model as numbers: what every graph, and the reference, is made from.

use std::sync::Arc;

use super::CACHED;
use super::config::{Config, to_f32};
use super::tensors::{Matrix, Tensors};

/// A matrix product and a bias. The matrix has a row for each number that comes out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    /// Its name in `transformers`, without the end.
    pub(super) name: String,
    pub(super) weight: Matrix,
    pub(super) bias: Vec<f32>,
}

/// The scale and the shift of a layer normalisation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Norm {
    pub(super) name: String,
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

/// The projections of an attention block, and the normalisation after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attention {
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) norm: Norm,
}

/// The two layers of a feed-forward block, and the normalisation after it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FeedForward {
    pub(super) first: Linear,
    pub(super) second: Linear,
    pub(super) norm: Norm,
}

/// A layer of the encoder.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EncoderLayer {
    pub(super) attention: Attention,
    pub(super) feed_forward: FeedForward,
}

/// A layer of the decoder.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DecoderLayer {
    pub(super) attention: Attention,
    pub(super) cross: Attention,
    pub(super) feed_forward: FeedForward,
}

/// A whole model.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Marian {
    pub(super) config: Config,
    pub(super) source_embedding: Arc<Matrix>,
    pub(super) target_embedding: Arc<Matrix>,
    /// A row for each token; the same as `target_embedding` where they are tied.
    pub(super) output: Arc<Matrix>,
    pub(super) output_bias: Vec<f32>,
    pub(super) source_positions: Matrix,
    pub(super) target_positions: Matrix,
    /// Whether both tables of positions are the computed ones.
    pub(super) computed_positions: bool,
    pub(super) encoder: Vec<EncoderLayer>,
    pub(super) decoder: Vec<DecoderLayer>,
    /// Bytes of a table that is small: see [`CACHED`].
    pub(super) cached: u64,
}

impl Marian {
    /// Takes a model out of `tensors`.
    ///
    /// # Errors
    /// Everything that is missing or has another shape than `config` says.
    pub(super) fn take(config: Config, mut tensors: Tensors) -> Result<Self, Vec<String>> {
        let from = &mut tensors;
        let (width, target) = (config.width, config.target_vocabulary);
        let shared = "model.shared.weight";
        let (source_name, target_name) = (
            "model.encoder.embed_tokens.weight",
            "model.decoder.embed_tokens.weight",
        );
        let (source_embedding, target_embedding) = if config.share_encoder_decoder_embeddings {
            let names = [shared, source_name, target_name];
            let table = Arc::new(from.take_matrix(&names, config.vocab_size, width));
            (Arc::clone(&table), table)
        } else {
            let source = from.take_matrix(&[source_name], config.vocab_size, width);
            let table = from.take_matrix(&[target_name], target, width);
            (Arc::new(source), Arc::new(table))
        };
        let output = if config.tie_word_embeddings {
            Arc::clone(&target_embedding)
        } else {
            Arc::new(from.take_matrix(&["lm_head.weight"], target, width))
        };
        // A bias that was never trained is zero, and some files leave it out.
        let output_bias = if from.has("final_logits_bias") {
            from.take("final_logits_bias", &[1, target])
        } else {
            vec![0.0; target]
        };
        let source_positions = positions(from, "model.encoder.embed_positions.weight", &config);
        let target_positions = positions(from, "model.decoder.embed_positions.weight", &config);
        let computed = sinusoids(config.positions, width);
        let computed_positions =
            is_close(&source_positions, &computed) && is_close(&target_positions, &computed);
        let encoder = (0..config.encoder_layers)
            .map(|layer| {
                let name = format!("model.encoder.layers.{layer}");
                EncoderLayer {
                    attention: attention(from, &name, "self_attn", width),
                    feed_forward: feed_forward(from, &name, width, config.encoder_ffn_dim),
                }
            })
            .collect();
        let decoder = (0..config.decoder_layers)
            .map(|layer| {
                let name = format!("model.decoder.layers.{layer}");
                DecoderLayer {
                    attention: attention(from, &name, "self_attn", width),
                    cross: attention(from, &name, "encoder_attn", width),
                    feed_forward: feed_forward(from, &name, width, config.decoder_ffn_dim),
                }
            })
            .collect();
        if !tensors.problems.is_empty() {
            let mut problems = std::mem::take(&mut tensors.problems);
            problems.push(format!("of no use is: {}", tensors.left_over()));
            return Err(problems);
        }
        Ok(Self {
            config,
            source_embedding,
            target_embedding,
            output,
            output_bias,
            source_positions,
            target_positions,
            computed_positions,
            encoder,
            decoder,
            cached: CACHED,
        })
    }
}

fn linear(from: &mut Tensors, name: &str, inputs: usize, outputs: usize) -> Linear {
    let weight = format!("{name}.weight");
    Linear {
        weight: from.take_matrix(&[&weight], outputs, inputs),
        bias: from.take(&format!("{name}.bias"), &[outputs]),
        name: name.to_owned(),
    }
}

fn norm(from: &mut Tensors, name: &str, width: usize) -> Norm {
    Norm {
        scale: from.take(&format!("{name}.weight"), &[width]),
        shift: from.take(&format!("{name}.bias"), &[width]),
        name: name.to_owned(),
    }
}

fn attention(from: &mut Tensors, layer: &str, block: &str, width: usize) -> Attention {
    let mut projection =
        |part: &str| linear(from, &format!("{layer}.{block}.{part}_proj"), width, width);
    let (query, key, value) = (projection("q"), projection("k"), projection("v"));
    let output = projection("out");
    Attention {
        query,
        key,
        value,
        output,
        norm: norm(from, &format!("{layer}.{block}_layer_norm"), width),
    }
}

fn feed_forward(from: &mut Tensors, layer: &str, width: usize, inner: usize) -> FeedForward {
    FeedForward {
        first: linear(from, &format!("{layer}.fc1"), width, inner),
        second: linear(from, &format!("{layer}.fc2"), inner, width),
        norm: norm(from, &format!("{layer}.final_layer_norm"), width),
    }
}

fn positions(from: &mut Tensors, name: &str, config: &Config) -> Matrix {
    if from.has(name) || !config.static_position_embeddings {
        from.take_matrix(&[name], config.positions, config.width)
    } else {
        sinusoids(config.positions, config.width)
    }
}

/// The positions of MarianMT: sines of falling frequency in the first half of a row, cosines of
/// the same in the second.
fn sinusoids(positions: usize, width: usize) -> Matrix {
    let frequencies = frequencies(width);
    let sines = width.div_ceil(2);
    let mut values = Vec::with_capacity(positions * width);
    for position in 0..positions {
        let angles = frequencies
            .iter()
            .map(|frequency| f64::from(to_f32(position)) * frequency);
        values.extend(angles.clone().take(sines).map(|angle| narrow(angle.sin())));
        let cosines = angles.take(width - sines);
        values.extend(cosines.map(|angle| narrow(angle.cos())));
    }
    Matrix {
        columns: width,
        values,
    }
}

/// The frequency of each pair of a sine and a cosine.
pub(super) fn frequencies(width: usize) -> Vec<f64> {
    (0..width.div_ceil(2))
        .map(|pair| {
            let exponent = f64::from(to_f32(2 * pair)) / f64::from(to_f32(width));
            10000_f64.powf(-exponent)
        })
        .collect()
}

/// The nearest number with single precision.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is what is wanted"
)]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}

fn is_close(one: &Matrix, other: &Matrix) -> bool {
    one.values.len() == other.values.len()
        && one
            .values
            .iter()
            .zip(&other.values)
            .all(|(one, other)| (one - other).abs() < 1e-5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_sines_then_cosines() {
        let table = sinusoids(3, 4);
        let expected = [2.0_f32.sin(), 0.02_f32.sin(), 2.0_f32.cos(), 0.02_f32.cos()];
        for (found, expected) in table.row(2).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{:?}", table.row(2));
        }
        assert_eq!(table.row(0), [0.0, 0.0, 1.0, 1.0]);
    }
}
