//! What `config.json` and `generation_config.json` say about a model.

use serde_json::{Map, Value};

use super::ModelError;
use super::files::ModelFiles;
use crate::mt::decoding::SpecialTokens;

/// The numbers that describe a MarianMT model. Nothing is assumed where the files say it: in the
/// tc-big family, for one, the end of sentence is token 43311.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelConfig {
    /// Layers of the decoder.
    pub layers: usize,
    /// Attention heads of the decoder.
    pub heads: usize,
    /// Width of a layer.
    pub width: usize,
    /// Tokens of the target vocabulary.
    pub vocabulary: usize,
    /// Tokens that a sentence may have, the end of sentence included.
    pub positions: usize,
    /// What fills sentences up to the length of the longest one.
    pub padding: u32,
    /// The tokens that the search has to know.
    pub special: SpecialTokens,
}

impl ModelConfig {
    /// Reads the configuration of a model. What `generation_config.json` says about tokens goes
    /// before what `config.json` says, as in `transformers`.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, lacks a number, or is one of another architecture.
    pub fn read(files: &ModelFiles) -> Result<Self, ModelError> {
        let config = object(files, "config.json", &files.require("config.json")?)?;
        if config.get("model_type").and_then(Value::as_str) != Some("marian") {
            return Err(ModelError::Architecture {
                model: files.name().to_owned(),
                found: config
                    .get("model_type")
                    .map_or_else(|| "nothing".to_owned(), Value::to_string),
            });
        }
        let generation = match files.read("generation_config.json")? {
            Some(bytes) => object(files, "generation_config.json", &bytes)?,
            None => Map::new(),
        };
        let fields = Fields {
            files,
            config: &config,
            generation: &generation,
        };
        fields.model()
    }

    /// Width of an attention head.
    pub fn head_size(&self) -> usize {
        self.width / self.heads.max(1)
    }
}

fn object(files: &ModelFiles, name: &str, bytes: &[u8]) -> Result<Map<String, Value>, ModelError> {
    serde_json::from_slice(bytes).map_err(|error| files.unreadable(name, &error))
}

struct Fields<'a> {
    files: &'a ModelFiles,
    config: &'a Map<String, Value>,
    generation: &'a Map<String, Value>,
}

impl Fields<'_> {
    fn model(&self) -> Result<ModelConfig, ModelError> {
        let padding = self.required_token("pad_token_id")?;
        let mut bad = self.bad_words()?;
        // Padding is never meant, whatever the files say.
        if !bad.iter().any(|words| *words == [padding]) {
            bad.push(vec![padding]);
        }
        let vocabulary = match self.config.get("decoder_vocab_size") {
            Some(value) if !value.is_null() => self.number(value, "decoder_vocab_size")?,
            _ => self.size("vocab_size")?,
        };
        Ok(ModelConfig {
            layers: self.size("decoder_layers")?,
            heads: self.size("decoder_attention_heads")?,
            width: self.size("d_model")?,
            vocabulary,
            positions: self.size("max_position_embeddings")?,
            padding,
            special: SpecialTokens {
                start: match self.token("decoder_start_token_id")? {
                    Some(start) => start,
                    None => padding,
                },
                end: self.required_token("eos_token_id")?,
                forced_end: self.token("forced_eos_token_id")?,
                bad,
            },
        })
    }

    fn wrong(&self, field: &str, found: &Value) -> ModelError {
        let reason = format!("`{field}` is {found}, expected a whole number");
        self.files.unreadable("config.json", &reason)
    }

    fn number(&self, value: &Value, field: &str) -> Result<usize, ModelError> {
        value
            .as_u64()
            .and_then(|number| usize::try_from(number).ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| self.wrong(field, value))
    }

    fn size(&self, field: &str) -> Result<usize, ModelError> {
        self.number(self.config.get(field).unwrap_or(&Value::Null), field)
    }

    /// A token id; in a list of one as well.
    fn token(&self, field: &str) -> Result<Option<u32>, ModelError> {
        let value = [self.generation, self.config]
            .into_iter()
            .filter_map(|fields| fields.get(field))
            .find(|value| !value.is_null());
        let Some(value) = value else {
            return Ok(None);
        };
        let single = match value.as_array().map(Vec::as_slice) {
            Some([one]) => one,
            _ => value,
        };
        match token_id(single) {
            Some(token) => Ok(Some(token)),
            None => Err(self.wrong(field, value)),
        }
    }

    fn required_token(&self, field: &str) -> Result<u32, ModelError> {
        match self.token(field)? {
            Some(token) => Ok(token),
            None => Err(self.wrong(field, &Value::Null)),
        }
    }

    fn bad_words(&self) -> Result<Vec<Vec<u32>>, ModelError> {
        let value = [self.generation, self.config]
            .into_iter()
            .filter_map(|fields| fields.get("bad_words_ids"))
            .find(|value| !value.is_null());
        let Some(value) = value else {
            return Ok(Vec::new());
        };
        let words = |words: &Value| -> Option<Vec<u32>> {
            words.as_array()?.iter().map(token_id).collect()
        };
        let all: Option<Vec<Vec<u32>>> = value
            .as_array()
            .and_then(|all| all.iter().map(words).collect());
        all.ok_or_else(|| self.wrong("bad_words_ids", value))
    }
}

fn token_id(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(config: &str, generation: Option<&str>) -> ModelFiles {
        let mut files = vec![("config.json".to_owned(), config.as_bytes().to_vec().into())];
        if let Some(generation) = generation {
            let name = "generation_config.json".to_owned();
            files.push((name, generation.as_bytes().to_vec().into()));
        }
        ModelFiles::memory("test", files)
    }

    const CONFIG: &str = r#"{"model_type": "marian", "decoder_layers": 6, "d_model": 512,
        "decoder_attention_heads": 8, "vocab_size": 100, "decoder_vocab_size": null,
        "max_position_embeddings": 512, "pad_token_id": 99, "eos_token_id": 0,
        "bad_words_ids": [[99]], "forced_eos_token_id": 0}"#;

    #[test]
    fn a_configuration_is_read() {
        let config = ModelConfig::read(&files(CONFIG, None)).unwrap();
        assert_eq!((config.layers, config.head_size()), (6, 64));
        assert_eq!((config.vocabulary, config.positions), (100, 512));
        assert_eq!(
            config.special,
            SpecialTokens {
                start: 99,
                end: 0,
                forced_end: Some(0),
                bad: vec![vec![99]],
            }
        );
    }

    #[test]
    fn the_generation_configuration_goes_first() {
        let generation = r#"{"eos_token_id": [7], "decoder_start_token_id": 3,
            "bad_words_ids": [[1, 2]], "forced_eos_token_id": null}"#;
        let config = ModelConfig::read(&files(CONFIG, Some(generation))).unwrap();
        assert_eq!((config.special.end, config.special.start), (7, 3));
        assert_eq!(config.special.bad, [vec![1, 2], vec![99]]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |config: &str| ModelConfig::read(&files(config, None)).unwrap_err();
        let other = error(&CONFIG.replace("marian", "t5")).to_string();
        assert!(other.contains("model_type = \"t5\""), "{other}");
        let lacking = error(&CONFIG.replace("d_model", "x")).to_string();
        assert!(lacking.contains("`d_model` is null"), "{lacking}");
        let several = error(&CONFIG.replace("\"eos_token_id\": 0", "\"eos_token_id\": [1, 2]"));
        assert!(several.to_string().contains("`eos_token_id` is [1,2]"));
        let missing = ModelConfig::read(&ModelFiles::memory("test", Vec::new())).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "test: no file `config.json`; the model has no files"
        );
    }
}
