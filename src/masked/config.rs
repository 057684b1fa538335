//! What `config.json` says about a model.

use serde_json::{Map, Value};

/// The kinds of models whose first positions are spent: positions are counted from the number of
/// the padding token on.
const COUNT_FROM_PADDING: [&str; 7] = [
    "camembert",
    "data2vec-text",
    "ibert",
    "mpnet",
    "roberta",
    "xlm-roberta",
    "xlm-roberta-xl",
];

/// The numbers that describe a masked language model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ModelConfig {
    /// Which kind of model it is, for messages: `bert`, `roberta`.
    pub(super) kind: String,
    /// Tokens that it knows: the length of a row of logits.
    pub(super) vocabulary: usize,
    /// Tokens that a sequence may have, those at its ends included.
    pub(super) positions: usize,
    /// What fills sequences up to the length of the longest.
    pub(super) padding: u32,
}

impl ModelConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// A line that says what is wrong.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let fields: Map<String, Value> =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let kind = fields.get("model_type").and_then(Value::as_str);
        let kind = kind.unwrap_or("unknown").to_owned();
        // A padding token that is not named is not needed: the mask says what is padding.
        let padding = match fields.get("pad_token_id") {
            None | Some(Value::Null) => 0,
            Some(value) => {
                let token = value.as_u64().and_then(|token| u32::try_from(token).ok());
                token.ok_or_else(|| wrong("pad_token_id", value))?
            }
        };
        let all = size(&fields, "max_position_embeddings")?;
        let spent = if COUNT_FROM_PADDING.contains(&kind.as_str()) {
            padding as usize + 1
        } else {
            0
        };
        Ok(Self {
            vocabulary: size(&fields, "vocab_size")?,
            positions: all.saturating_sub(spent),
            padding,
            kind,
        })
    }
}

fn size(fields: &Map<String, Value>, field: &str) -> Result<usize, String> {
    let value = fields.get(field).unwrap_or(&Value::Null);
    let number = value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok());
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| wrong(field, value))
}

fn wrong(field: &str, found: &Value) -> String {
    format!("`{field}` is {found}, expected a whole number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read() {
        let bert = br#"{"model_type": "bert", "vocab_size": 30522, "max_position_embeddings": 512,
            "pad_token_id": 0}"#;
        let expected = ModelConfig {
            kind: "bert".to_owned(),
            vocabulary: 30_522,
            positions: 512,
            padding: 0,
        };
        assert_eq!(ModelConfig::read(bert).unwrap(), expected);
        let roberta = br#"{"model_type": "roberta", "vocab_size": 50265,
            "max_position_embeddings": 514, "pad_token_id": 1}"#;
        assert_eq!(ModelConfig::read(roberta).unwrap().positions, 512);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| ModelConfig::read(text.as_bytes()).unwrap_err();
        assert!(error(r#"{"vocab_size": 5}"#).contains("`max_position_embeddings` is null"));
        let text = r#"{"vocab_size": "5", "max_position_embeddings": 4}"#;
        assert_eq!(
            error(text),
            "`vocab_size` is \"5\", expected a whole number"
        );
        assert!(error("[1]").contains("expected a map"), "{}", error("[1]"));
    }
}
