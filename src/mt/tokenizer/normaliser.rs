//! Texts as sentencepiece wants them: characters replaced, spaces tidied and marked.

use super::model_file::NormaliserSpec;
use super::trie::Trie;

/// U+2581, which stands for a space in pieces.
pub(super) const SPACE: &str = "\u{2581}";

/// The most keys at one place that sentencepiece looks at.
const MOST_MATCHES: usize = 32;

/// Changes texts as a model says.
#[derive(Debug)]
pub(super) struct Normaliser {
    charsmap: Charsmap,
    /// What is kept as it is, and wins over replacing.
    user_defined: Trie,
    add_prefix: bool,
    add_suffix: bool,
    remove_extra_whitespaces: bool,
    space: &'static [u8],
    /// For each ASCII character whether it stays as it is wherever another one, or the end,
    /// follows.
    stays: [bool; 128],
}

impl Normaliser {
    /// A normaliser by a specification of a model.
    ///
    /// # Errors
    /// When its table of replacements is damaged.
    pub(super) fn new(
        spec: &NormaliserSpec<'_>,
        whitespace_as_suffix: bool,
        user_defined: Trie,
    ) -> Result<Self, String> {
        let charsmap = Charsmap::read(spec.charsmap)?;
        let mut stays = [false; 128];
        if user_defined.is_empty() {
            for (byte, stays) in (0u8..).zip(&mut stays) {
                *stays = charsmap.longest(&[byte]).is_none() && !charsmap.has_ascii_pair(byte);
            }
        }
        Ok(Self {
            charsmap,
            user_defined,
            add_prefix: spec.add_dummy_prefix && !whitespace_as_suffix,
            add_suffix: spec.add_dummy_prefix && whitespace_as_suffix,
            remove_extra_whitespaces: spec.remove_extra_whitespaces,
            space: if spec.escape_whitespaces {
                SPACE.as_bytes()
            } else {
                b" "
            },
            stays,
        })
    }

    /// Replaces what is in `normalised` with what `text` becomes. That is UTF-8 unless the table
    /// of a damaged model cuts characters.
    pub(super) fn normalise(&self, text: &str, normalised: &mut Vec<u8>) {
        normalised.clear();
        let mut rest = text.as_bytes();
        if self.remove_extra_whitespaces {
            while let Some((b" ", consumed)) = self.first(rest) {
                rest = rest.get(consumed..).unwrap_or_default();
            }
        }
        if rest.is_empty() {
            return;
        }
        normalised.reserve(rest.len() + rest.len() / 2 + 2 * self.space.len());
        if self.add_prefix {
            normalised.extend_from_slice(self.space);
        }
        let mut after_space = self.remove_extra_whitespaces;
        loop {
            let plain = self.plain_start(rest);
            if plain > 0 {
                let (start, end) = rest.split_at_checked(plain).unwrap_or_default();
                self.append_plain(start, &mut after_space, normalised);
                rest = end;
            }
            let Some((replacement, consumed)) = self.first(rest) else {
                break;
            };
            self.append_replacement(replacement, &mut after_space, normalised);
            rest = rest.get(consumed..).unwrap_or_default();
        }
        if self.remove_extra_whitespaces {
            while normalised.ends_with(self.space) {
                normalised.truncate(normalised.len() - self.space.len());
            }
        }
        if self.add_suffix {
            normalised.extend_from_slice(self.space);
        }
    }

    /// Appends characters that stay as they are, with spaces marked, and one of each run of spaces
    /// if the others are to go.
    fn append_plain(&self, mut text: &[u8], after_space: &mut bool, normalised: &mut Vec<u8>) {
        while let Some(first) = text.first() {
            if *first == b' ' {
                if !*after_space {
                    normalised.extend_from_slice(self.space);
                }
                *after_space = self.remove_extra_whitespaces;
                text = text.get(1..).unwrap_or_default();
            } else {
                let word = text.iter().take_while(|byte| **byte != b' ').count();
                let (word, end) = text.split_at_checked(word).unwrap_or_default();
                normalised.extend_from_slice(word);
                *after_space = false;
                text = end;
            }
        }
    }

    /// Appends what one key became. Of its spaces only those at its start can be too many.
    fn append_replacement(&self, mut text: &[u8], after_space: &mut bool, out: &mut Vec<u8>) {
        while *after_space && let Some(rest) = text.strip_prefix(b" ") {
            text = rest;
        }
        for byte in text {
            match byte {
                b' ' => out.extend_from_slice(self.space),
                byte => out.push(*byte),
            }
        }
        if let Some(last) = text.last() {
            *after_space = self.remove_extra_whitespaces && *last == b' ';
        }
    }

    /// How many bytes at the start of `text` surely stay as they are.
    fn plain_start(&self, text: &[u8]) -> usize {
        let stays = |byte: &u8| {
            self.stays
                .get(usize::from(*byte))
                .is_some_and(|stays| *stays)
        };
        let plain = text.iter().take_while(|byte| stays(byte)).count();
        // What follows may change the last one, as an accent does.
        match text.get(plain) {
            Some(next) if !next.is_ascii() => plain.saturating_sub(1),
            _ => plain,
        }
    }

    /// What the start of `text` becomes, and how many bytes that start has; `None` at the end.
    fn first<'a>(&'a self, text: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let first = text.first()?;
        if !self.user_defined.is_empty()
            && let Some((length, _)) = self.user_defined.longest(text)
        {
            return Some((text.get(..length)?, length));
        }
        if let Some((length, replacement)) = self.charsmap.longest(text) {
            return Some((replacement, length));
        }
        let length = character_length(*first).min(text.len());
        Some((text.get(..length)?, length))
    }
}

/// Bytes of the UTF-8 character that starts with `byte`.
#[inline]
pub(super) fn character_length(byte: u8) -> usize {
    match byte {
        0..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// The table `precompiled_charsmap`: a double array in the format of Darts-clone, whose values are
/// places in a block of replacements that each end with a null byte.
#[derive(Debug, Default)]
struct Charsmap {
    units: Vec<u32>,
    replacements: Vec<u8>,
}

/// The part of a unit that tells which byte leads to it; with the highest bit it is a value.
fn label(unit: u32) -> u32 {
    unit & (1 << 31 | 0xff)
}

fn has_leaf(unit: u32) -> bool {
    unit >> 8 & 1 == 1
}

fn value(unit: u32) -> u32 {
    unit & !(1 << 31)
}

fn offset(unit: u32) -> u32 {
    unit >> 10 << ((unit & 1 << 9) >> 6)
}

impl Charsmap {
    fn read(blob: &[u8]) -> Result<Self, String> {
        if blob.is_empty() {
            return Ok(Self::default());
        }
        let damaged = || "its table of characters is damaged".to_owned();
        let (size, rest) = blob.split_first_chunk::<4>().ok_or_else(damaged)?;
        let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|_| damaged())?;
        let (trie, replacements) = rest.split_at_checked(size).ok_or_else(damaged)?;
        if size < 1024 || size % 1024 != 0 || replacements.last() != Some(&0) {
            return Err(damaged());
        }
        let (units, _) = trie.as_chunks::<4>();
        let charsmap = Self {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.to_vec(),
        };
        if charsmap.is_sound() {
            Ok(charsmap)
        } else {
            Err(damaged())
        }
    }

    /// Whether every step stays in the array and every value in the replacements.
    fn is_sound(&self) -> bool {
        let reaches =
            |place: usize, unit: u32| (place ^ offset(unit) as usize) | 0xff < self.units.len();
        self.units.iter().enumerate().all(|(place, unit)| {
            let leaf = || {
                let leaf = self.units.get(place ^ offset(*unit) as usize);
                leaf.is_some_and(|leaf| label(*leaf) > 0xff)
            };
            if place == 0 {
                label(*unit) == 0 && !has_leaf(*unit) && offset(*unit) != 0 && reaches(place, *unit)
            } else if label(*unit) <= 0xff {
                reaches(place, *unit) && (!has_leaf(*unit) || leaf())
            } else {
                (value(*unit) as usize) < self.replacements.len()
            }
        })
    }

    /// Length and replacement of the longest key that `text` starts with.
    #[inline]
    fn longest(&self, text: &[u8]) -> Option<(usize, &[u8])> {
        let mut place = offset(*self.units.first()?) as usize;
        let mut longest = None;
        let mut matches = 0;
        for (position, byte) in text.iter().enumerate() {
            place ^= usize::from(*byte);
            let unit = *self.units.get(place)?;
            if label(unit) != u32::from(*byte) {
                break;
            }
            place ^= offset(unit) as usize;
            if has_leaf(unit) {
                longest = Some((position + 1, place));
                matches += 1;
                if matches == MOST_MATCHES {
                    break;
                }
            }
        }
        let (length, leaf) = longest?;
        let start = value(*self.units.get(leaf)?) as usize;
        let replacement = self.replacements.get(start..)?;
        let end = replacement.iter().position(|byte| *byte == 0)?;
        Some((length, replacement.get(..end)?))
    }

    /// Whether a key starts with `first` and another ASCII character.
    fn has_ascii_pair(&self, first: u8) -> bool {
        let Some(root) = self.units.first() else {
            return false;
        };
        let place = offset(*root) as usize ^ usize::from(first);
        let Some(unit) = self.units.get(place).copied() else {
            return false;
        };
        if label(unit) != u32::from(first) {
            return false;
        }
        let place = place ^ offset(unit) as usize;
        (1u8..128).any(|next| {
            let unit = self.units.get(place ^ usize::from(next));
            unit.is_some_and(|unit| label(*unit) == u32::from(next))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::trie::Entry;
    use super::*;

    fn normalised(normaliser: &Normaliser, text: &str) -> String {
        let mut bytes = b"left from before".to_vec();
        normaliser.normalise(text, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    fn with(spec: NormaliserSpec<'_>) -> Normaliser {
        Normaliser::new(&spec, false, Trie::default()).unwrap()
    }

    /// The normaliser of the test model: Unicode's NFKC and some tidying (`nmt_nfkc`).
    fn nfkc() -> Normaliser {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/marian-en-de/source.spm"
        );
        let file = std::fs::read(path).unwrap();
        let model = super::super::model_file::ModelFile::read(&file).unwrap();
        with(model.normaliser)
    }

    #[test]
    fn spaces_are_tidied_and_marked() {
        let normaliser = with(NormaliserSpec::default());
        assert_eq!(normalised(&normaliser, "  a  b "), "\u{2581}a\u{2581}b");
        assert_eq!(normalised(&normaliser, "a"), "\u{2581}a");
        assert_eq!(normalised(&normaliser, ""), "");
        assert_eq!(normalised(&normaliser, "   "), "");
        assert_eq!(normalised(&normaliser, "a \u{2581} "), "\u{2581}a");
        assert_eq!(normalised(&normaliser, "\u{2581}"), "");
    }

    #[test]
    fn spaces_stay_where_the_model_wants_them() {
        let keeps = NormaliserSpec {
            remove_extra_whitespaces: false,
            ..NormaliserSpec::default()
        };
        assert_eq!(
            normalised(&with(keeps), " a  b "),
            "\u{2581}\u{2581}a\u{2581}\u{2581}b\u{2581}"
        );
        assert_eq!(normalised(&with(keeps), ""), "");
        let bare = NormaliserSpec {
            add_dummy_prefix: false,
            escape_whitespaces: false,
            ..NormaliserSpec::default()
        };
        assert_eq!(normalised(&with(bare), " a  b "), "a b");
        let suffix = Normaliser::new(&NormaliserSpec::default(), true, Trie::default()).unwrap();
        assert_eq!(normalised(&suffix, " a  b "), "a\u{2581}b\u{2581}");
    }

    #[test]
    fn characters_are_replaced() {
        let normaliser = nfkc();
        assert_eq!(
            normalised(&normaliser, "\u{fb01}\u{ff21}\u{a0}x\u{200b}y"),
            "\u{2581}fiA\u{2581}x\u{2581}y"
        );
        // The accent belongs to the plain letter before it.
        assert_eq!(
            normalised(&normaliser, "cafe\u{301}s"),
            "\u{2581}caf\u{e9}s"
        );
        assert_eq!(normalised(&normaliser, "e\u{301}"), "\u{2581}\u{e9}");
        assert_eq!(
            normalised(&normaliser, "a\tb\r\nc\u{1}d"),
            "\u{2581}a\u{2581}b\u{2581}cd"
        );
    }

    #[test]
    fn user_defined_pieces_are_not_replaced() {
        let file = std::fs::read(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/marian-en-de/source.spm"
        ))
        .unwrap();
        let model = super::super::model_file::ModelFile::read(&file).unwrap();
        let kept = Trie::new(vec![Entry {
            key: "\u{fb01}".as_bytes(),
            value: 0,
            score: 0.0,
        }]);
        let normaliser = Normaliser::new(&model.normaliser, false, kept).unwrap();
        assert_eq!(
            normalised(&normaliser, "\u{fb01}\u{fb02}"),
            "\u{2581}\u{fb01}fl"
        );
    }

    #[test]
    fn damaged_tables_are_refused() {
        for blob in [&[1][..], &[0; 4], &[0; 2000], &[0xff; 2000]] {
            assert!(Charsmap::read(blob).is_err());
        }
    }

    proptest! {
        #[test]
        fn the_short_way_for_plain_text_changes_nothing(text in "([a-z \u{301}\u{e9}.\t]|\\PC){0,40}") {
            let quick = nfkc();
            let mut slow = nfkc();
            slow.stays = [false; 128];
            prop_assert_eq!(normalised(&quick, &text), normalised(&slow, &text));
        }

        #[test]
        fn damaged_tables_never_panic(
            start in prop::collection::vec(any::<u8>(), 0..2100),
            length in 0usize..9000,
            text in ".{0,20}",
        ) {
            let mut blob = 1024u32.to_le_bytes().to_vec();
            blob.extend(start.iter().copied().cycle().take(if start.is_empty() { 0 } else { length }));
            blob.push(0);
            if let Ok(charsmap) = Charsmap::read(&blob) {
                for (position, _) in text.char_indices() {
                    let found = charsmap.longest(&text.as_bytes()[position..]);
                    prop_assert!(found.is_none_or(|(length, _)| length > 0));
                }
            }
        }
    }
}
