//! What `config.json` says about a MarianMT model.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The function between the two layers of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x * sigmoid(x)`, also called SiLU.
    Swish,
    /// `max(x, 0)`.
    Relu,
    /// `x * Φ(x)`, with the exact error function.
    Gelu,
}

/// The shape of a MarianMT model, and what its numbers mean.
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the flags of config.json"
)]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Numbers for each token, inside the model.
    #[serde(rename = "d_model")]
    pub width: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Attention heads of each layer of the encoder.
    pub encoder_attention_heads: usize,
    /// Attention heads of each layer of the decoder.
    pub decoder_attention_heads: usize,
    /// Width between the two layers of a feed-forward block of the encoder.
    pub encoder_ffn_dim: usize,
    /// Width between the two layers of a feed-forward block of the decoder.
    pub decoder_ffn_dim: usize,
    /// Tokens of the source language, or of both.
    pub vocab_size: usize,
    /// Tokens of the target language.
    #[serde(skip)]
    pub target_vocabulary: usize,
    /// The function of the feed-forward blocks.
    #[serde(skip)]
    pub activation: Option<Activation>,
    /// Whether embeddings are multiplied with the square root of the width.
    pub scale_embedding: bool,
    /// The most tokens of a sentence, and of a translation.
    #[serde(rename = "max_position_embeddings")]
    pub positions: usize,
    /// The token that fills up rows, and that no translation holds.
    pub pad_token_id: usize,
    /// The token before the first one of a translation.
    pub decoder_start_token_id: usize,
    /// Whether source and target have one table of embeddings.
    #[serde(default = "yes")]
    pub share_encoder_decoder_embeddings: bool,
    /// Whether the last layer is the table of the target's embeddings.
    #[serde(default = "yes")]
    pub tie_word_embeddings: bool,
    /// Whether positions are sines and cosines that need not be in the file.
    #[serde(default = "yes")]
    pub static_position_embeddings: bool,
}

fn yes() -> bool {
    true
}

/// Keys that must be there: no value of theirs is the usual one.
const NEEDED: [&str; 13] = [
    "d_model",
    "encoder_layers",
    "decoder_layers",
    "encoder_attention_heads",
    "decoder_attention_heads",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
    "vocab_size",
    "scale_embedding",
    "max_position_embeddings",
    "pad_token_id",
    "decoder_start_token_id",
    "activation_function",
];

/// Variants of the architecture that the fast layout does not have: a key that must not be `true`,
/// and what it would mean.
const REFUSED: [(&str, &str); 3] = [
    ("normalize_before", "normalisation before each block"),
    ("normalize_embedding", "normalised embeddings"),
    (
        "add_final_layer_norm",
        "a normalisation after the last layer",
    ),
];

impl Config {
    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Every problem that was found, each a sentence: what was expected and what is there.
    pub fn read(text: &str) -> Result<Self, Vec<String>> {
        let keys: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| vec![format!("it is not a JSON object: {error}")])?;
        let mut problems = Vec::new();
        let architecture = keys.get("model_type").and_then(Value::as_str);
        if architecture != Some("marian") {
            let found = architecture.unwrap_or("nothing");
            problems.push(format!(
                "`model_type` must be `marian`, and it says {found}: only MarianMT models can be optimised"
            ));
            return Err(problems);
        }
        for key in NEEDED {
            if keys.get(key).is_none_or(Value::is_null) {
                problems.push(format!("`{key}` is missing"));
            }
        }
        for (key, meaning) in REFUSED {
            if keys.get(key) == Some(&Value::Bool(true)) {
                problems.push(format!(
                    "`{key}` is true, and models with {meaning} are not supported"
                ));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let object = Value::Object(keys.clone());
        let mut config: Self = serde_json::from_value(object)
            .map_err(|error| vec![format!("a value is of the wrong kind: {error}")])?;
        config.target_vocabulary = keys
            .get("decoder_vocab_size")
            .and_then(Value::as_u64)
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(config.vocab_size);
        config.activation = match keys.get("activation_function").and_then(Value::as_str) {
            Some("swish" | "silu") => Some(Activation::Swish),
            Some("relu") => Some(Activation::Relu),
            Some("gelu") => Some(Activation::Gelu),
            _ => None,
        };
        if config.activation.is_none() {
            let found = keys.get("activation_function").unwrap_or(&Value::Null);
            problems.push(format!(
                "`activation_function` must be one of swish, silu, relu, gelu, and it is {found}"
            ));
        }
        config.check(&mut problems);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }

    fn check(&self, problems: &mut Vec<String>) {
        let counts = [
            ("encoder_layers", self.encoder_layers, 256),
            ("decoder_layers", self.decoder_layers, 256),
            ("d_model", self.width, 16_384),
            ("encoder_ffn_dim", self.encoder_ffn_dim, 131_072),
            ("decoder_ffn_dim", self.decoder_ffn_dim, 131_072),
            ("max_position_embeddings", self.positions, 16_384),
            ("vocab_size", self.vocab_size, 1 << 24),
            ("decoder_vocab_size", self.target_vocabulary, 1 << 24),
        ];
        for (key, count, most) in counts {
            if count == 0 || count > most {
                problems.push(format!("`{key}` is {count}, not between 1 and {most}"));
            }
        }
        let heads = [
            ("encoder_attention_heads", self.encoder_attention_heads),
            ("decoder_attention_heads", self.decoder_attention_heads),
        ];
        for (key, count) in heads {
            if count == 0 || !self.width.is_multiple_of(count) {
                problems.push(format!(
                    "`{key}` is {count}, which does not divide `d_model`, {}",
                    self.width
                ));
            }
        }
        for (key, id) in [
            ("pad_token_id", self.pad_token_id),
            ("decoder_start_token_id", self.decoder_start_token_id),
        ] {
            if id >= self.target_vocabulary {
                problems.push(format!(
                    "`{key}` is {id}, and the target's vocabulary has {} tokens",
                    self.target_vocabulary
                ));
            }
        }
        if self.share_encoder_decoder_embeddings && self.vocab_size != self.target_vocabulary {
            problems.push(format!(
                "embeddings are shared, but `vocab_size` is {} and `decoder_vocab_size` {}",
                self.vocab_size, self.target_vocabulary
            ));
        }
    }

    /// What embeddings are multiplied with.
    pub fn embedding_scale(&self) -> f32 {
        if self.scale_embedding {
            to_f32(self.width).sqrt()
        } else {
            1.0
        }
    }
}

/// A count as a floating-point number.
#[expect(
    clippy::cast_precision_loss,
    reason = "no count needs more than 24 bits exactly"
)]
pub(super) fn to_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, Value)]) -> Result<Config, Vec<String>> {
        let mut keys = serde_json::json!({
            "model_type": "marian", "d_model": 16, "encoder_layers": 2, "decoder_layers": 1,
            "encoder_attention_heads": 2, "decoder_attention_heads": 4, "encoder_ffn_dim": 32,
            "decoder_ffn_dim": 24, "vocab_size": 11, "scale_embedding": true,
            "max_position_embeddings": 20, "pad_token_id": 10, "decoder_start_token_id": 10,
            "activation_function": "silu"
        });
        for (key, value) in changes {
            keys[*key] = value.clone();
        }
        Config::read(&keys.to_string())
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let config = with(&[]).unwrap();
        assert_eq!(config.target_vocabulary, 11);
        assert_eq!(config.activation, Some(Activation::Swish));
        assert!(config.share_encoder_decoder_embeddings && config.tie_word_embeddings);
        assert!((config.embedding_scale() - 4.0).abs() < 1e-6);
    }

    #[test]
    fn another_architecture_is_refused_first() {
        let problems = with(&[("model_type", "bart".into())]).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("bart"), "{problems:?}");
        assert!(Config::read("[1]").is_err());
        assert!(Config::read("").is_err());
    }

    #[test]
    fn every_problem_is_reported() {
        let problems = with(&[
            ("normalize_before", true.into()),
            ("d_model", Value::Null),
            ("pad_token_id", Value::Null),
        ])
        .unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        let problems = with(&[
            ("encoder_attention_heads", 3.into()),
            ("activation_function", "tanh".into()),
            ("pad_token_id", 11.into()),
            ("decoder_vocab_size", 12.into()),
        ])
        .unwrap_err();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(with(&[("d_model", "wide".into())]).is_err());
        let problems = with(&[("max_position_embeddings", 1_000_000_000.into())]).unwrap_err();
        assert!(problems[0].contains("16384"), "{problems:?}");
    }
}
