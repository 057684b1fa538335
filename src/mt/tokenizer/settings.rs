//! What `tokenizer_config.json` and the files beside it say about special tokens.
//!
//! As `PreTrainedTokenizerBase._from_pretrained` of transformers: where the configuration lists
//! `added_tokens_decoder`, that is all; otherwise `special_tokens_map.json`, `added_tokens.json`
//! and the added tokens of `tokenizer.json` are read as well.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::TokenizerError;

/// Options that name one special token, in the order in which they are added.
const ROLES: [&str; 7] = [
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
];

/// The option with more special tokens.
const MORE: &str = "additional_special_tokens";

/// A token that is looked for in the text itself, before it is cut into pieces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct AddedToken {
    pub(super) content: String,
    /// White space before it goes.
    #[serde(default)]
    pub(super) lstrip: bool,
    /// White space behind it goes.
    #[serde(default)]
    pub(super) rstrip: bool,
    /// It counts between spaces only.
    #[serde(default)]
    pub(super) single_word: bool,
    /// Its id, where the files state one.
    #[serde(default)]
    pub(super) id: Option<u32>,
}

impl AddedToken {
    fn plain(content: &str) -> Self {
        Self {
            content: content.to_owned(),
            lstrip: false,
            rstrip: false,
            single_word: false,
            id: None,
        }
    }
}

/// How a tokenizer is set up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The token for what the vocabulary lacks.
    pub(super) unknown: String,
    /// The token at the end of each sentence.
    pub(super) end_of_sentence: String,
    /// The token that fills up batches.
    pub(super) padding: String,
    /// All special tokens: they are left out of decoded texts.
    pub(super) special: Vec<String>,
    /// What is looked for in texts; special tokens are among them.
    pub(super) added: Vec<AddedToken>,
    /// Whether source and target have vocabularies of their own.
    pub(super) separate_vocabularies: bool,
    /// Whether special tokens that are written out in a text are text.
    pub(super) split_special_tokens: bool,
    /// Whether spaces before punctuation are removed from decoded texts.
    pub(super) clean_up_spaces: bool,
}

/// The files, where they are there.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SettingsFiles<'a> {
    pub(super) tokenizer_config: Option<&'a [u8]>,
    pub(super) special_tokens_map: Option<&'a [u8]>,
    pub(super) added_tokens: Option<&'a [u8]>,
    pub(super) tokenizer: Option<&'a [u8]>,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// When a file is no JSON, or says something in another form than expected.
    pub(super) fn read(files: &SettingsFiles<'_>) -> Result<Self, TokenizerError> {
        let mut options = object("tokenizer_config.json", files.tokenizer_config)?;
        let mut added = Vec::new();
        if let Some(listed) = options.remove("added_tokens_decoder") {
            added = listed_tokens(listed)
                .map_err(|message| TokenizerError::invalid("tokenizer_config.json", message))?;
        } else {
            let map = object("special_tokens_map.json", files.special_tokens_map)?;
            for (role, value) in map {
                join(&mut options, role, value);
            }
            for (content, id) in object("added_tokens.json", files.added_tokens)? {
                let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
                let id = id.ok_or_else(|| {
                    let message = format!("the id of `{content}` is no small number");
                    TokenizerError::invalid("added_tokens.json", message)
                })?;
                added.push(AddedToken {
                    id: Some(id),
                    ..AddedToken::plain(&content)
                });
            }
            added.extend(tokens_of_tokenizer(files.tokenizer)?);
        }
        Self::from_options(&options, added)
            .map_err(|message| TokenizerError::invalid("tokenizer_config.json", message))
    }

    fn from_options(
        options: &Map<String, Value>,
        mut added: Vec<AddedToken>,
    ) -> Result<Self, String> {
        let role = |name: &str, default: &str| match options.get(name) {
            None => Ok(AddedToken::plain(default)),
            Some(value) => token(name, value),
        };
        let flag = |name: &str| options.get(name).and_then(Value::as_bool).unwrap_or(false);
        let end_of_sentence = role("eos_token", "</s>")?;
        let unknown = role("unk_token", "<unk>")?;
        let padding = role("pad_token", "<pad>")?;
        let mut special: Vec<AddedToken> = Vec::new();
        for name in ROLES {
            match name {
                "eos_token" => special.push(end_of_sentence.clone()),
                "unk_token" => special.push(unknown.clone()),
                "pad_token" => special.push(padding.clone()),
                _ => {
                    let value = options.get(name).filter(|value| !value.is_null());
                    special.extend(value.map(|value| token(name, value)).transpose()?);
                }
            }
        }
        if let Some(Value::Array(more)) = options.get(MORE) {
            for value in more {
                special.push(token(MORE, value)?);
            }
        }
        let contents = special.iter().map(|token| token.content.clone());
        let contents: Vec<String> = contents.collect();
        let mut known: BTreeSet<String> = added.iter().map(|token| token.content.clone()).collect();
        for token in special {
            if !token.content.is_empty() && known.insert(token.content.clone()) {
                added.push(AddedToken { id: None, ..token });
            }
        }
        Ok(Self {
            unknown: unknown.content,
            end_of_sentence: end_of_sentence.content,
            padding: padding.content,
            special: contents,
            added,
            separate_vocabularies: flag("separate_vocabs"),
            split_special_tokens: flag("split_special_tokens"),
            clean_up_spaces: flag("clean_up_tokenization_spaces"),
        })
    }
}

/// Puts an option of `special_tokens_map.json` among the others: it wins, and lists are joined.
fn join(options: &mut Map<String, Value>, role: String, value: Value) {
    match (options.get_mut(&role), value) {
        (Some(Value::Array(known)), Value::Array(more)) if role == MORE => {
            for token in more {
                if !known.contains(&token) {
                    known.push(token);
                }
            }
        }
        (_, value) => {
            options.insert(role, value);
        }
    }
}

fn object(file: &'static str, json: Option<&[u8]>) -> Result<Map<String, Value>, TokenizerError> {
    match json {
        None => Ok(Map::new()),
        Some(json) => serde_json::from_slice(json).map_err(|error| {
            TokenizerError::invalid(file, format!("it is no JSON object: {error}"))
        }),
    }
}

/// A token that is written as a string, or as an object with its `content`.
fn token(name: &str, value: &Value) -> Result<AddedToken, String> {
    match value {
        Value::String(content) => Ok(AddedToken::plain(content)),
        Value::Object(_) => {
            AddedToken::deserialize(value).map_err(|error| format!("`{name}` is no token: {error}"))
        }
        other => Err(format!("`{name}` is {other} and should be a string")),
    }
}

/// The object `added_tokens_decoder`: tokens by their ids.
fn listed_tokens(listed: Value) -> Result<Vec<AddedToken>, String> {
    let Value::Object(listed) = listed else {
        return Err("`added_tokens_decoder` is no object".to_owned());
    };
    let mut tokens = Vec::with_capacity(listed.len());
    for (id, value) in listed {
        let number = id.parse();
        let number = number.map_err(|_| format!("`{id}` in `added_tokens_decoder` is no id"))?;
        let token = token("added_tokens_decoder", &value)?;
        if !token.content.is_empty() {
            tokens.push(AddedToken {
                id: Some(number),
                ..token
            });
        }
    }
    Ok(tokens)
}

/// The list `added_tokens` of `tokenizer.json`.
fn tokens_of_tokenizer(json: Option<&[u8]>) -> Result<Vec<AddedToken>, TokenizerError> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        added_tokens: Vec<AddedToken>,
    }
    let Some(json) = json else {
        return Ok(Vec::new());
    };
    let file: File = serde_json::from_slice(json)
        .map_err(|error| TokenizerError::invalid("tokenizer.json", error.to_string()))?;
    let named = |token: &AddedToken| !token.content.is_empty();
    Ok(file.added_tokens.into_iter().filter(named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &SettingsFiles<'_>) -> Settings {
        Settings::read(files).unwrap()
    }

    fn contents(settings: &Settings) -> Vec<&str> {
        let added = settings.added.iter();
        added.map(|token| token.content.as_str()).collect()
    }

    #[test]
    fn without_files_the_defaults_of_marian_hold() {
        let settings = read(&SettingsFiles::default());
        assert_eq!(settings.special, ["</s>", "<unk>", "<pad>"]);
        assert_eq!(contents(&settings), ["</s>", "<unk>", "<pad>"]);
        assert_eq!(settings.end_of_sentence, "</s>");
        assert_eq!(settings.padding, "<pad>");
        assert_eq!(settings.unknown, "<unk>");
        assert!(!settings.separate_vocabularies);
        assert!(!settings.clean_up_spaces);
    }

    #[test]
    fn listed_tokens_have_their_ids_and_the_other_files_are_not_read() {
        let config = br#"{"eos_token": {"content": "<end>", "lstrip": true},
            "separate_vocabs": true,
            "added_tokens_decoder": {"7": {"content": "<end>", "rstrip": true, "special": true}}}"#;
        let settings = read(&SettingsFiles {
            tokenizer_config: Some(config),
            special_tokens_map: Some(br#"{"eos_token": "<not>"}"#),
            added_tokens: Some(br#"{"<not>": 9}"#),
            tokenizer: Some(br#"{"added_tokens": [{"id": 3, "content": "<not>"}]}"#),
        });
        assert_eq!(settings.end_of_sentence, "<end>");
        assert_eq!(contents(&settings), ["<end>", "<unk>", "<pad>"]);
        assert_eq!(settings.added[0].id, Some(7));
        assert!(settings.added[0].rstrip && !settings.added[0].lstrip);
        assert!(settings.separate_vocabularies);
    }

    #[test]
    fn older_folders_have_their_tokens_in_several_files() {
        let settings = read(&SettingsFiles {
            tokenizer_config: Some(br#"{"additional_special_tokens": ["<a>"]}"#),
            special_tokens_map: Some(
                br#"{"pad_token": "<fill>", "additional_special_tokens": ["<a>", "<b>"]}"#,
            ),
            added_tokens: Some(br#"{"<c>": 9}"#),
            tokenizer: Some(br#"{"model": {}, "added_tokens": [{"id": 3, "content": "<d>"}]}"#),
        });
        assert_eq!(settings.padding, "<fill>");
        assert_eq!(settings.special, ["</s>", "<unk>", "<fill>", "<a>", "<b>"]);
        assert_eq!(
            contents(&settings),
            ["<c>", "<d>", "</s>", "<unk>", "<fill>", "<a>", "<b>"]
        );
        assert_eq!(settings.added[1].id, Some(3));
    }

    #[test]
    fn wrong_forms_are_errors() {
        for config in [
            "[]",
            "{",
            r#"{"eos_token": 3}"#,
            r#"{"eos_token": null}"#,
            r#"{"eos_token": {"text": "x"}}"#,
            r#"{"added_tokens_decoder": {"x": {"content": "a"}}}"#,
            r#"{"added_tokens_decoder": []}"#,
        ] {
            let files = SettingsFiles {
                tokenizer_config: Some(config.as_bytes()),
                ..SettingsFiles::default()
            };
            let error = Settings::read(&files).unwrap_err().to_string();
            assert!(error.starts_with("tokenizer_config.json cannot"), "{error}");
        }
    }
}
