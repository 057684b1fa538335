//! Which tokens are whole words.

use serde_json::Value;
use tokenizers::Tokenizer;

/// The words that tokens are.
#[derive(Debug)]
pub(super) struct Words {
    /// For each token the word that it is; empty for one that is none.
    words: Vec<Box<str>>,
}

/// How a tokenizer says where words begin.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Marks {
    /// Tokens that go on a word begin with this: `##` of BERT.
    Continuation(String),
    /// Tokens that begin a word have a space before it, and all are written in the characters that
    /// GPT-2 has for bytes: `Ġ` of RoBERTa.
    Bytes,
    /// Tokens that begin a word begin with this: `▁` of SentencePiece.
    Beginning(String),
}

impl Words {
    /// The words among the tokens of `tokenizer`, which `description`, its `tokenizer.json`,
    /// describes.
    ///
    /// # Errors
    /// A line that says why the words cannot be told.
    pub(super) fn of(
        tokenizer: &Tokenizer,
        description: &Value,
        vocabulary: usize,
    ) -> Result<Self, String> {
        let marks = Marks::of(description)?;
        let added = tokenizer.get_added_tokens_decoder();
        let word = |token: usize| {
            let token = u32::try_from(token).ok()?;
            // Masks, ends and the like, whatever they look like.
            if added.contains_key(&token) {
                return None;
            }
            let word = marks.word(&tokenizer.id_to_token(token)?)?;
            is_word(&word).then(|| word.into_boxed_str())
        };
        let words: Vec<Box<str>> = (0..vocabulary)
            .map(|token| word(token).unwrap_or_default())
            .collect();
        if words.iter().all(|word| word.is_empty()) {
            return Err("it has no token that is a whole word".to_owned());
        }
        Ok(Self { words })
    }

    /// The word that a token is; empty for one that is none.
    pub(super) fn get(&self, token: u32) -> &str {
        self.words.get(token as usize).map_or("", |word| word)
    }

    /// Copies the logits of words into `only`, and rules the other tokens out.
    pub(super) fn filter(&self, logits: &[f32], only: &mut Vec<f32>) {
        only.clear();
        only.extend(logits.iter().zip(&self.words).map(|(logit, word)| {
            if word.is_empty() {
                f32::NEG_INFINITY
            } else {
                *logit
            }
        }));
    }
}

impl Marks {
    fn of(description: &Value) -> Result<Self, String> {
        let model = &description["model"];
        if model["type"] == "WordPiece" {
            let prefix = model["continuing_subword_prefix"].as_str().unwrap_or("##");
            return Ok(Self::Continuation(prefix.to_owned()));
        }
        let mut parts = Vec::new();
        for field in ["pre_tokenizer", "decoder"] {
            collect_parts(&description[field], &mut parts);
        }
        if parts.iter().any(|part| part["type"] == "ByteLevel") {
            return Ok(Self::Bytes);
        }
        if let Some(part) = parts.iter().find(|part| part["type"] == "Metaspace") {
            let mark = part["replacement"].as_str().unwrap_or("▁");
            return Ok(Self::Beginning(mark.to_owned()));
        }
        Err(format!(
            "expected one of the kinds WordPiece, ByteLevel and Metaspace, by which whole words \
             can be told; found a model of the kind {}",
            model["type"]
        ))
    }

    /// The word that begins with the token of this name, if one does.
    fn word(&self, token: &str) -> Option<String> {
        match self {
            Self::Continuation(prefix) => {
                (!token.starts_with(prefix.as_str())).then(|| token.to_owned())
            }
            Self::Beginning(mark) => token.strip_prefix(mark.as_str()).map(str::to_owned),
            Self::Bytes => {
                let bytes: Option<Vec<u8>> = token.chars().map(byte_of).collect();
                let text = String::from_utf8(bytes?).ok()?;
                text.strip_prefix(' ').map(str::to_owned)
            }
        }
    }
}

/// The parts of a pre-tokenizer or decoder that may be a sequence of such.
fn collect_parts<'a>(value: &'a Value, parts: &mut Vec<&'a Value>) {
    parts.push(value);
    for field in ["pretokenizers", "decoders"] {
        for part in value[field].as_array().into_iter().flatten() {
            collect_parts(part, parts);
        }
    }
}

/// The byte that a character stands for in byte-level tokens: printable characters of Latin 1 are
/// themselves, the other bytes are the characters from U+0100 on, in order.
fn byte_of(character: char) -> Option<u8> {
    let is_itself = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match u32::from(character) {
        code @ 0..=0xff => u8::try_from(code).ok().filter(|byte| is_itself(*byte)),
        code => {
            let number = usize::try_from(code - 0x100).ok()?;
            (0..=u8::MAX).filter(|byte| !is_itself(*byte)).nth(number)
        }
    }
}

/// Whether text is a word that may be put into a text: letters, with apostrophes and hyphens
/// inside. Of single ASCII letters only two are English words; the others are pieces of
/// contractions (`don't`) and initials.
fn is_word(text: &str) -> bool {
    let mut letters = text.chars();
    let (Some(first), last) = (letters.next(), letters.next_back()) else {
        return false;
    };
    match last {
        None => first.is_alphabetic() && (!first.is_ascii() || matches!(first, 'a' | 'I')),
        Some(last) => {
            first.is_alphabetic()
                && last.is_alphabetic()
                && letters.all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_letters() {
        for (text, expected) in [
            ("house", true),
            ("don't", true),
            ("well-known", true),
            ("été", true),
            ("好", true),
            ("a", true),
            ("I", true),
            ("s", false),
            ("", false),
            ("-", false),
            (".", false),
            ("1995", false),
            ("b2b", false),
            ("[unused1]", false),
            ("'em", false),
            ("the ", false),
        ] {
            assert_eq!(is_word(text), expected, "{text:?}");
        }
    }

    #[test]
    fn each_kind_of_tokenizer_marks_words_in_its_way() {
        let marks = |description: Value| Marks::of(&description);
        let bert = marks(json!({"model": {"type": "WordPiece"}})).unwrap();
        assert_eq!(bert.word("house"), Some("house".to_owned()));
        assert_eq!(bert.word("##ing"), None);
        let roberta = marks(json!({
            "model": {"type": "BPE"}, "pre_tokenizer": {"type": "ByteLevel"}, "decoder": null,
        }))
        .unwrap();
        assert_eq!(roberta.word("Ġhouse"), Some("house".to_owned()));
        assert_eq!(roberta.word("ĠÃ©tÃ©"), Some("été".to_owned()));
        assert_eq!(roberta.word("ing"), None);
        let albert = marks(json!({
            "model": {"type": "Unigram"},
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "WhitespaceSplit"},
                    {"type": "Metaspace", "replacement": "▁"},
                ],
            },
        }))
        .unwrap();
        assert_eq!(albert.word("▁house"), Some("house".to_owned()));
        assert_eq!(albert.word("house"), None);
        let other = marks(json!({"model": {"type": "WordLevel"}})).unwrap_err();
        assert!(
            other.contains("found a model of the kind \"WordLevel\""),
            "{other}"
        );
    }

    #[test]
    fn characters_for_bytes_are_those_of_gpt_2() {
        for (character, byte) in [
            ('Ġ', Some(b' ')),
            ('Ċ', Some(b'\n')),
            ('Ā', Some(0)),
            ('ł', Some(0xa0)),
            ('Ń', Some(0xad)),
            ('é', Some(0xe9)),
            ('a', Some(b'a')),
            (' ', None),
            ('好', None),
        ] {
            assert_eq!(byte_of(character), byte, "{character}");
        }
    }
}
