//! The ids of a model: `vocab.json`, and tokens that were added to it.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};

/// Ids beyond this are refused: a table with a place for each is made.
const HIGHEST_ID: u32 = 1 << 22;

/// Stands for no token.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Token {
    start: u32,
    end: u32,
    id: u32,
}

/// Which spelling has which id, and the other way round.
///
/// All spellings lie in one text.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    spellings: String,
    tokens: Vec<Token>,
    /// Positions in `tokens`, in the order of spellings, each of these once.
    by_spelling: Vec<u32>,
    /// Positions in `tokens`, by id.
    by_id: Vec<u32>,
}

impl Vocabulary {
    /// Reads `vocab.json`, an object of spellings and ids; `added` tokens come after it and replace
    /// what is there.
    ///
    /// # Errors
    /// When the bytes are no such object.
    pub(super) fn read(json: &[u8], added: &[(&str, u32)]) -> Result<Self, String> {
        let mut vocabulary = Self::default();
        let mut reader = serde_json::Deserializer::from_slice(json);
        let read = reader.deserialize_map(Reader(&mut vocabulary));
        read.and_then(|()| reader.end())
            .map_err(|error| format!("it is no object of tokens and their ids: {error}"))?;
        vocabulary.finish(added)
    }

    /// A vocabulary in which a spelling's id is its position.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn from_list<'a>(
        spellings: impl Iterator<Item = &'a str>,
        added: &[(&str, u32)],
    ) -> Result<Self, String> {
        let mut vocabulary = Self::default();
        for (spelling, id) in spellings.zip(0..) {
            vocabulary.push(spelling, id)?;
        }
        vocabulary.finish(added)
    }

    fn push(&mut self, spelling: &str, id: u32) -> Result<(), String> {
        if id >= HIGHEST_ID {
            return Err(format!(
                "the id {id} of `{spelling}` is not below {HIGHEST_ID}"
            ));
        }
        let place = |text: &str| u32::try_from(text.len()).map_err(|_| "it is too large");
        let start = place(&self.spellings)?;
        self.spellings.push_str(spelling);
        let end = place(&self.spellings)?;
        self.tokens.push(Token { start, end, id });
        Ok(())
    }

    fn finish(mut self, added: &[(&str, u32)]) -> Result<Self, String> {
        for (spelling, id) in added {
            self.push(spelling, *id)?;
        }
        self.sort();
        let places = self.tokens.iter().map(|token| token.id as usize + 1).max();
        self.by_id = vec![NONE; places.unwrap_or(0)];
        for (position, token) in (0..).zip(&self.tokens) {
            if let Some(place) = self.by_id.get_mut(token.id as usize) {
                *place = position;
            }
        }
        Ok(self)
    }

    /// Orders the tokens by spelling; of those spelled alike the last one counts.
    fn sort(&mut self) {
        let mut order: Vec<u32> = (0..).zip(&self.tokens).map(|(place, _)| place).collect();
        order.sort_by_key(|position| (self.spelling_at(*position), std::cmp::Reverse(*position)));
        order.dedup_by_key(|position| self.spelling_at(*position));
        self.by_spelling = order;
    }

    fn spelling_at(&self, position: u32) -> &str {
        self.tokens
            .get(position as usize)
            .and_then(|token| self.spellings.get(token.start as usize..token.end as usize))
            .unwrap_or_default()
    }

    /// The id of a spelling.
    pub(super) fn id(&self, spelling: &[u8]) -> Option<u32> {
        let place = self
            .by_spelling
            .binary_search_by_key(&spelling, |position| self.spelling_at(*position).as_bytes())
            .ok()?;
        let token = self.tokens.get(*self.by_spelling.get(place)? as usize)?;
        Some(token.id)
    }

    /// The spelling of an id.
    pub(super) fn spelling(&self, id: u32) -> Option<&str> {
        let position = *self.by_id.get(id as usize)?;
        (position != NONE).then(|| self.spelling_at(position))
    }

    /// All spellings, in the order of the alphabet.
    pub(super) fn spellings(&self) -> impl Iterator<Item = &str> {
        self.by_spelling
            .iter()
            .map(|place| self.spelling_at(*place))
    }

    /// One more than the highest id.
    pub(super) fn places(&self) -> usize {
        self.by_id.len()
    }
}

/// Reads the object without making a table of its own.
struct Reader<'a>(&'a mut Vocabulary);

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tokens and their ids")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((spelling, id)) = map.next_entry::<std::borrow::Cow<'de, str>, u32>()? {
            self.0
                .push(&spelling, id)
                .map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, added: &[(&str, u32)]) -> Vocabulary {
        Vocabulary::read(json.as_bytes(), added).unwrap()
    }

    #[test]
    fn spellings_and_ids_are_found() {
        let vocabulary = read(r#"{"b": 0, "a": 3, "\u2581c": 1}"#, &[]);
        assert_eq!(vocabulary.id(b"a"), Some(3));
        assert_eq!(vocabulary.id("\u{2581}c".as_bytes()), Some(1));
        assert_eq!(vocabulary.id(b"d"), None);
        assert_eq!(vocabulary.id(b""), None);
        assert_eq!(vocabulary.spelling(3), Some("a"));
        assert_eq!(vocabulary.spelling(2), None);
        assert_eq!(vocabulary.spelling(4), None);
        assert_eq!(vocabulary.places(), 4);
        let all: Vec<&str> = vocabulary.spellings().collect();
        assert_eq!(all, ["a", "b", "\u{2581}c"]);
    }

    #[test]
    fn added_tokens_replace_others() {
        let vocabulary = read(r#"{"a": 0, "b": 1}"#, &[("<new>", 5), ("b", 0)]);
        assert_eq!(vocabulary.id(b"<new>"), Some(5));
        assert_eq!(vocabulary.id(b"b"), Some(0));
        assert_eq!(vocabulary.spelling(0), Some("b"));
        assert_eq!(vocabulary.places(), 6);
    }

    #[test]
    fn of_tokens_that_share_an_id_the_last_is_read_back() {
        let vocabulary = read(r#"{"b": 0, "a": 0}"#, &[]);
        assert_eq!(vocabulary.spelling(0), Some("a"));
        assert_eq!(vocabulary.id(b"b"), Some(0));
    }

    #[test]
    fn what_is_no_vocabulary_is_refused() {
        for json in [
            "",
            "[]",
            "{",
            r#"{"a": -1}"#,
            r#"{"a": "b"}"#,
            r#"{"a": 1} x"#,
        ] {
            assert!(Vocabulary::read(json.as_bytes(), &[]).is_err(), "{json}");
        }
        let huge = Vocabulary::read(br#"{"a": 4294967295}"#, &[]).unwrap_err();
        assert!(huge.contains("the id 4294967295 of `a`"), "{huge}");
    }
}
