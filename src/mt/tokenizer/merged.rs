//! `tokenizer.json` as transformers.js has it: one list of pieces for both languages.
//!
//! It is a stand-in. Whoever made it had to choose one score for pieces that both sides have, so
//! texts may be cut otherwise than by the two models of sentencepiece.

use serde::Deserialize;
use serde_json::Value;

use super::model_file::{NormaliserSpec, Piece, PieceKind};

/// What is read of the file.
#[derive(Debug, Deserialize)]
pub(super) struct MergedFile {
    model: Model,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    added_tokens: Vec<Token>,
}

#[derive(Debug, Deserialize)]
struct Model {
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Pieces and their scores; a piece's id is its position. Other models have another form here.
    vocab: Value,
}

#[derive(Debug, Deserialize)]
struct Token {
    content: String,
}

/// Pieces and their scores, in the order of their ids.
pub(super) type Scored = Vec<(String, f32)>;

impl MergedFile {
    /// # Errors
    /// When the bytes are no `tokenizer.json`.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("it is no tokenizer: {error}"))
    }

    /// The pieces.
    ///
    /// # Errors
    /// When the model is not a unigram model.
    pub(super) fn pieces(&self) -> Result<Scored, String> {
        match self.model.kind.as_deref() {
            Some("Unigram") | None => {}
            Some(other) => {
                return Err(format!(
                    "it holds a model of type `{other}`, and only `Unigram` is supported"
                ));
            }
        }
        let pieces = Scored::deserialize(&self.model.vocab)
            .map_err(|error| format!("`model.vocab` is no list of pieces and scores: {error}"))?;
        match pieces.iter().find(|(_, score)| !score.is_finite()) {
            Some((piece, _)) => Err(format!("the score of `{piece}` is no number")),
            None => Ok(pieces),
        }
    }

    /// The pieces as a model of sentencepiece would have them.
    pub(super) fn as_model<'a>(&self, pieces: &'a Scored) -> Vec<Piece<'a>> {
        let is_token = |text: &str| self.added_tokens.iter().any(|token| token.content == text);
        pieces
            .iter()
            .map(|(text, score)| Piece {
                text: text.as_bytes(),
                score: *score,
                kind: if is_token(text) {
                    PieceKind::Control
                } else {
                    PieceKind::Normal
                },
            })
            .collect()
    }

    /// The table of replacements: the first that the normaliser or one of its parts has.
    ///
    /// # Errors
    /// When it is damaged.
    pub(super) fn charsmap(&self) -> Result<Vec<u8>, String> {
        let parts = self.normalizer.get("normalizers").and_then(Value::as_array);
        let parts = parts.into_iter().flatten().chain([&self.normalizer]);
        let mut maps = parts.filter_map(|part| part.get("precompiled_charsmap")?.as_str());
        match maps.next() {
            None => Ok(Vec::new()),
            Some(map) => decode_base64(map)
                .ok_or_else(|| "`precompiled_charsmap` is no base64 text".to_owned()),
        }
    }
}

/// How `Metaspace` and `WhitespaceSplit` treat spaces.
pub(super) fn spec(charsmap: &[u8]) -> NormaliserSpec<'_> {
    NormaliserSpec {
        charsmap,
        ..NormaliserSpec::default()
    }
}

/// The bytes of a base64 text, RFC 4648, section 4.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.chunks(4) {
        let mut bits = 0u32;
        for letter in group {
            let digit = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let whole = match group.len() {
            4 => 3,
            3 => 2,
            2 => 1,
            _ => return None,
        };
        bits <<= 6 * (4 - group.len());
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(whole));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmE=", b"fooba"),
            ("+/8A", &[0xfb, 0xff, 0]),
        ] {
            assert_eq!(decode_base64(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(decode_base64("Z"), None);
        assert_eq!(decode_base64("Zm 9v"), None);
    }

    #[test]
    fn only_lists_of_scored_pieces_are_taken() {
        let error = |json: &str| {
            let file = MergedFile::read(json.as_bytes());
            file.and_then(|file| file.pieces()).unwrap_err()
        };
        assert!(error("{}").starts_with("it is no tokenizer"));
        assert_eq!(
            error(r#"{"model": {"type": "BPE", "vocab": {"a": 0}}}"#),
            "it holds a model of type `BPE`, and only `Unigram` is supported"
        );
        assert!(error(r#"{"model": {"vocab": {"a": 0}}}"#).starts_with("`model.vocab`"));
        assert!(error(r#"{"model": {"vocab": [["a"]]}}"#).starts_with("`model.vocab`"));
    }

    #[test]
    fn the_table_is_found_in_a_sequence() {
        let json = r#"{"model": {"vocab": []}, "normalizer": {"type": "Sequence", "normalizers":
            [{"type": "Strip"}, {"type": "Precompiled", "precompiled_charsmap": "Zm8="}]}}"#;
        let file = MergedFile::read(json.as_bytes()).unwrap();
        assert_eq!(file.charsmap().unwrap(), b"fo");
        let none = MergedFile::read(br#"{"model": {"vocab": []}}"#).unwrap();
        assert_eq!(none.charsmap().unwrap(), b"");
    }
}
