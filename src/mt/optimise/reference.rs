//! The MarianMT model by the book: one sentence at a time, nothing remembered, no library.
//!
//! Slow, and meant to be: what the graphs compute is held against it.

use super::config::{Activation, to_f32};
use super::marian::{Attention, FeedForward, Linear, Marian, Norm};
use super::tensors::Matrix;

/// What is added to the variance: the default of PyTorch, which MarianMT keeps.
pub(super) const EPSILON: f32 = 1e-5;

/// Numbers for each token of a sequence.
type States = Vec<Vec<f32>>;

impl Marian {
    /// The encoder's last states for a sentence of token ids.
    pub(super) fn encode(&self, ids: &[usize]) -> States {
        let mut states = self.embed(&self.source_embedding, &self.source_positions, ids);
        for layer in &self.encoder {
            let heads = self.config.encoder_attention_heads;
            states = attend(&layer.attention, heads, &states, &states, false);
            states = self.feed_forward(&layer.feed_forward, &states);
        }
        states
    }

    /// The logits of the token after `ids`, given the encoder's states.
    pub(super) fn decode(&self, encoded: &States, ids: &[usize]) -> Vec<f32> {
        let mut states = self.embed(&self.target_embedding, &self.target_positions, ids);
        for layer in &self.decoder {
            let heads = self.config.decoder_attention_heads;
            states = attend(&layer.attention, heads, &states, &states, true);
            states = attend(&layer.cross, heads, &states, encoded, false);
            states = self.feed_forward(&layer.feed_forward, &states);
        }
        let state = states.last().map_or(&[][..], Vec::as_slice);
        let logits = (0..self.output.rows()).map(|token| dot(self.output.row(token), state));
        let biased = logits.zip(&self.output_bias);
        biased.map(|(logit, bias)| logit + bias).collect()
    }

    fn embed(&self, table: &Matrix, positions: &Matrix, ids: &[usize]) -> States {
        let scale = self.config.embedding_scale();
        ids.iter()
            .enumerate()
            .map(|(position, id)| {
                let place = positions.row(position);
                let token = table.row(*id).iter();
                token.zip(place).map(|(t, p)| t * scale + p).collect()
            })
            .collect()
    }

    fn feed_forward(&self, block: &FeedForward, states: &States) -> States {
        states
            .iter()
            .map(|state| {
                let inner: Vec<f32> = linear(&block.first, state)
                    .into_iter()
                    .map(|value| self.activate(value))
                    .collect();
                add_and_normalise(&block.norm, state, &linear(&block.second, &inner))
            })
            .collect()
    }

    fn activate(&self, value: f32) -> f32 {
        match self.config.activation {
            Some(Activation::Swish) | None => value / (1.0 + (-value).exp()),
            Some(Activation::Relu) => value.max(0.0),
            Some(Activation::Gelu) => {
                value * 0.5 * (1.0 + error_function(value / std::f32::consts::SQRT_2))
            }
        }
    }
}

/// Attention of `states` to `others`, each to those up to its own place if `causal`.
fn attend(
    block: &Attention,
    heads: usize,
    states: &States,
    others: &States,
    causal: bool,
) -> States {
    let project = |layer: &Linear, of: &States| -> States {
        of.iter().map(|state| linear(layer, state)).collect()
    };
    let (queries, keys, values) = (
        project(&block.query, states),
        project(&block.key, others),
        project(&block.value, others),
    );
    let size = block.query.bias.len() / heads;
    let scale = 1.0 / to_f32(size).sqrt();
    queries
        .iter()
        .zip(states)
        .enumerate()
        .map(|(place, (query, state))| {
            let seen = if causal { place + 1 } else { others.len() };
            let mut mixed = Vec::with_capacity(query.len());
            for head in 0..heads {
                let part = head * size..(head + 1) * size;
                let slice = |whole: &[f32]| whole.get(part.clone()).unwrap_or_default().to_vec();
                let own = slice(query);
                let scores: Vec<f32> = keys
                    .iter()
                    .take(seen)
                    .map(|key| dot(&own, &slice(key)) * scale)
                    .collect();
                let mut sum = vec![0.0; size];
                for (weight, value) in softmax(&scores).into_iter().zip(&values) {
                    for (total, value) in sum.iter_mut().zip(slice(value)) {
                        *total += weight * value;
                    }
                }
                mixed.extend(sum);
            }
            add_and_normalise(&block.norm, state, &linear(&block.output, &mixed))
        })
        .collect()
}

fn linear(layer: &Linear, state: &[f32]) -> Vec<f32> {
    layer
        .bias
        .iter()
        .enumerate()
        .map(|(output, bias)| dot(layer.weight.row(output), state) + bias)
        .collect()
}

fn add_and_normalise(norm: &Norm, state: &[f32], change: &[f32]) -> Vec<f32> {
    let sum: Vec<f32> = state.iter().zip(change).map(|(s, c)| s + c).collect();
    let count = to_f32(sum.len());
    let mean = sum.iter().sum::<f32>() / count;
    let variance = sum.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / count;
    let deviation = (variance + EPSILON).sqrt();
    sum.iter()
        .zip(norm.scale.iter().zip(&norm.shift))
        .map(|(value, (scale, shift))| (value - mean) / deviation * scale + shift)
        .collect()
}

/// The scalar product, as eight sums so that it need not wait for each addition.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, one_rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (one, other) in ones.iter().zip(others) {
        for (sum, (one, other)) in sums.iter_mut().zip(one.iter().zip(other)) {
            *sum += one * other;
        }
    }
    let rest: f32 = one_rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let greatest = scores.iter().copied().fold(f32::MIN, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| (s - greatest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// Abramowitz and Stegun 7.1.26, which is right to 1.5e-7.
fn error_function(value: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.327_591_1 * value.abs());
    let terms = [
        1.061_405_4,
        -1.453_152_1,
        1.421_413_7,
        -0.284_496_72,
        0.254_829_6,
    ];
    let polynomial = terms.iter().fold(0.0, |sum, term| sum * t + term);
    (1.0 - polynomial * t * (-value * value).exp()).copysign(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_at_known_places() {
        for (at, expected) in [
            (0.0, 0.0),
            (0.5, 0.520_499_9),
            (-1.0, -0.842_700_8),
            (3.0, 0.999_977_9),
        ] {
            assert!((error_function(at) - expected).abs() < 1e-6, "erf({at})");
        }
    }

    #[test]
    fn odd_lengths_have_a_scalar_product() {
        let numbers: Vec<f32> = (1..=11_u8).map(f32::from).collect();
        assert!((dot(&numbers, &numbers) - 506.0).abs() < 1e-3);
    }

    #[test]
    fn a_distribution_adds_up() {
        let weights = softmax(&[1000.0, 1000.0, 0.0]);
        assert!((weights[0] - 0.5).abs() < 1e-6 && weights[2] < 1e-6);
    }
}
