//! From ids back to text.

use super::model_file::{ModelFile, PieceKind};
use super::normaliser::{Normaliser, SPACE};
use super::python::trim;
use super::trie::Trie;
use super::vocabulary::Vocabulary;

/// What becomes of an id in a decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// It is a special token, or no token at all: nothing.
    Skipped,
    /// It is a control piece of the target model: nothing, but a part of the text all the same.
    Invisible,
    /// Its spelling, with spaces.
    Text,
    /// What the target model writes for the unknown.
    UnknownMark,
    /// One byte of a character.
    Byte(u8),
    /// An added token: its spelling, and a space around it.
    Added,
}

/// Writes ids as text, as `MarianTokenizer.decode(ids, skip_special_tokens=True)`.
#[derive(Debug)]
pub(super) struct Decoder {
    surfaces: Vec<Surface>,
    unknown_mark: String,
    denormaliser: Option<Normaliser>,
    clean_up_spaces: bool,
}

impl Decoder {
    /// A decoder for the ids of `target`. `model` is the target's, if it has one; `special` and
    /// `added` say whether a spelling is a token of that kind, `special_id` whether an id is.
    ///
    /// # Errors
    /// When the model's table of replacements is damaged.
    pub(super) fn new(
        target: &Vocabulary,
        model: Option<&ModelFile<'_>>,
        special: impl Fn(&str, u32) -> bool,
        added: impl Fn(&str) -> bool,
        clean_up_spaces: bool,
    ) -> Result<Self, String> {
        let mut kinds: Vec<(&[u8], PieceKind)> = model
            .iter()
            .flat_map(|model| &model.pieces)
            .filter(|piece| !piece.is_cut_from_texts())
            .map(|piece| (piece.text, piece.kind))
            .collect();
        kinds.sort_by_key(|(text, _)| *text);
        let kind_of = |spelling: &str| {
            let place = kinds.binary_search_by_key(&spelling.as_bytes(), |(text, _)| text);
            place
                .ok()
                .and_then(|place| kinds.get(place))
                .map(|(_, kind)| *kind)
        };
        let surface = |id: u32| {
            let Some(spelling) = target.spelling(id) else {
                return Surface::Skipped;
            };
            if special(spelling, id) {
                return Surface::Skipped;
            }
            if added(spelling) {
                return Surface::Added;
            }
            match kind_of(spelling) {
                Some(PieceKind::Control) => Surface::Invisible,
                Some(PieceKind::Unknown) => Surface::UnknownMark,
                Some(PieceKind::Byte(byte)) => Surface::Byte(byte),
                _ => Surface::Text,
            }
        };
        let denormaliser = match model.and_then(|model| model.denormaliser) {
            Some(spec) if !spec.charsmap.is_empty() => {
                Some(Normaliser::new(&spec, false, Trie::default())?)
            }
            _ => None,
        };
        let unknown_mark = model.map(|model| String::from_utf8_lossy(model.unknown_surface));
        Ok(Self {
            surfaces: (0..).take(target.places()).map(surface).collect(),
            unknown_mark: unknown_mark.unwrap_or_default().into_owned(),
            denormaliser,
            clean_up_spaces,
        })
    }

    /// The text of `ids`, which are those of `target`.
    pub(super) fn decode(&self, target: &Vocabulary, ids: &[u32]) -> String {
        let mut text = String::with_capacity(ids.len() * 6);
        let mut joined = false;
        let mut part = Part::default();
        for id in ids {
            let surface = self.surfaces.get(*id as usize).copied();
            let spelling = target.spelling(*id).unwrap_or_default();
            match surface.unwrap_or(Surface::Skipped) {
                Surface::Skipped => {}
                Surface::Added => {
                    // An empty part before an added token leaves no space; the last one does.
                    if part.is_there && !self.finish(&mut part).is_empty() {
                        add(&mut text, trim(&part.text), &mut joined);
                    }
                    part.clear();
                    add(&mut text, spelling, &mut joined);
                }
                Surface::Invisible => part.push(""),
                Surface::UnknownMark => part.push(&self.unknown_mark),
                Surface::Text => part.push(spelling),
                Surface::Byte(byte) => part.push_byte(byte),
            }
        }
        if part.is_there {
            self.finish(&mut part);
            add(&mut text, trim(&part.text), &mut joined);
        }
        if self.clean_up_spaces {
            text = clean_up(&text);
        }
        text
    }

    /// Completes a part and returns its text without white space at the ends.
    fn finish<'p>(&self, part: &'p mut Part) -> &'p str {
        part.write_bytes();
        if let Some(denormaliser) = &self.denormaliser {
            let mut bytes = Vec::new();
            denormaliser.normalise(part.text.trim_start_matches(' '), &mut bytes);
            part.text = String::from_utf8_lossy(&bytes).replace(SPACE, " ");
        }
        trim(&part.text)
    }
}

/// Appends a part, with a space between it and what is there.
fn add(text: &mut String, part: &str, joined: &mut bool) {
    if *joined {
        text.push(' ');
    }
    text.push_str(part);
    *joined = true;
}

/// A stretch of pieces between added tokens.
#[derive(Debug, Default)]
struct Part {
    text: String,
    /// Bytes of characters that are not complete yet.
    bytes: Vec<u8>,
    is_there: bool,
}

impl Part {
    fn clear(&mut self) {
        self.text.clear();
        self.bytes.clear();
        self.is_there = false;
    }

    fn push(&mut self, spelling: &str) {
        self.is_there = true;
        self.write_bytes();
        let mut words = spelling.split(SPACE);
        self.text.push_str(words.next().unwrap_or_default());
        for word in words {
            self.text.push(' ');
            self.text.push_str(word);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        self.is_there = true;
        self.bytes.push(byte);
    }

    /// Writes the bytes as characters: U+FFFD for each that is part of none.
    fn write_bytes(&mut self) {
        let mut rest = self.bytes.as_slice();
        while !rest.is_empty() {
            let valid = match std::str::from_utf8(rest) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let (text, wrong) = rest.split_at_checked(valid).unwrap_or((&[], rest));
            // A space may be spelled in bytes, too.
            let text = String::from_utf8_lossy(text).replace(SPACE, " ");
            self.text.push_str(&text);
            rest = match wrong.split_first() {
                Some((_, rest)) => {
                    self.text.push('\u{fffd}');
                    rest
                }
                None => &[],
            };
        }
        self.bytes.clear();
    }
}

/// `PreTrainedTokenizerBase.clean_up_tokenization`: removes spaces that English does not have.
fn clean_up(text: &str) -> String {
    let pairs = [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ];
    let mut text = text.to_owned();
    for (from, to) in pairs {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_characters() {
        let mut part = Part::default();
        for byte in [0xe2, 0x82, 0xac, 0xff, 0xe2, 0x82, b'a', 0xe2, 0x96, 0x81] {
            part.push_byte(byte);
        }
        part.push("\u{2581}b\u{2581}");
        assert_eq!(part.text, "\u{20ac}\u{fffd}\u{fffd}\u{fffd}a  b ");
    }

    #[test]
    fn spaces_are_cleaned_up_in_order() {
        assert_eq!(clean_up("do n't , it 's ' x ' ."), "don't, it's'x '.");
    }
}
