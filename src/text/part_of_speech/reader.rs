//! Reads words where they stand in a text, and remembers what it has learned of them.

use std::collections::HashMap;
use std::ops::Range;

use super::{Class, Context, Familiarity, Neighbor, Reading, Tagger};

/// The longest word, in bytes, that is looked up.
const LONGEST: usize = 64;

/// As many words are remembered; then all are forgotten and learned anew.
const MOST: usize = 1 << 14;

/// Tells which [`Reading`] of a word is the likeliest where it stands.
///
/// ```
/// use augment::text::part_of_speech::{Reader, Tag};
///
/// let mut reader = Reader::english();
/// let mut tag = |text: &str| reader.read(text, text.len() - 3..text.len()).unwrap().tag;
/// assert_eq!(tag("She went for the run"), Tag::Noun);
/// assert_eq!(tag("She wanted to run"), Tag::Verb);
/// ```
#[derive(Debug)]
pub struct Reader {
    tagger: Tagger,
    known: HashMap<Box<str>, Known>,
}

/// What there is to know of a form.
#[derive(Debug)]
struct Known {
    familiarity: Familiarity,
    /// Its readings, each with what speaks for it wherever the word stands.
    readings: Box<[(Reading, i32)]>,
}

impl Reader {
    /// For English.
    pub fn english() -> Self {
        Self {
            tagger: Tagger::english(),
            known: HashMap::new(),
        }
    }

    /// The likeliest reading of the word at `span` of `text`; nothing where WordNet does not know
    /// the word.
    pub fn read(&mut self, text: &str, span: Range<usize>) -> Option<Reading> {
        let mut buffer = [0; LONGEST];
        let form = lower_case(text.get(span.clone())?, &mut buffer)?;
        if let [(only, _)] = &*self.know(form)?.readings {
            return Some(*only);
        }
        let context = Context::around(text, span);
        let before = self.class(context.before);
        let second = self.class(context.second());
        let after = self.class(context.after);
        let surroundings = self.tagger.surroundings(before, Some(second), after);
        // Of equals the first: `max_by_key` keeps the last.
        let readings = self.know(form)?.readings.iter().rev();
        let likeliest =
            readings.max_by_key(|(reading, score)| score + surroundings.evidence(reading.tag));
        likeliest.map(|(reading, _)| *reading)
    }

    fn class(&mut self, neighbor: Neighbor<'_>) -> Class {
        match neighbor {
            Neighbor::Word(word) => {
                let mut buffer = [0; LONGEST];
                let form = lower_case(word, &mut buffer).unwrap_or_default();
                let known = self.know(form);
                let familiarity = known.map(|known| known.familiarity).unwrap_or_default();
                self.tagger.seen_as(familiarity, word)
            }
            mark => self.tagger.mark(mark).unwrap_or_default(),
        }
    }

    fn know(&mut self, form: &str) -> Option<&Known> {
        if !self.known.contains_key(form) {
            if self.known.len() >= MOST {
                self.known.clear();
            }
            let known = self.learn(form);
            self.known.insert(form.into(), known);
        }
        self.known.get(form)
    }

    fn learn(&self, form: &str) -> Known {
        let tagger = self.tagger;
        let mut readings = Vec::new();
        tagger.readings(form, |reading| {
            readings.push((reading, tagger.evidence(form, &reading)));
        });
        Known {
            familiarity: tagger.class(form),
            readings: readings.into(),
        }
    }
}

/// `word` with ASCII letters in lower case and straight apostrophes, if it is short.
fn lower_case<'a>(word: &str, buffer: &'a mut [u8; LONGEST]) -> Option<&'a str> {
    const APOSTROPHE: &[u8] = "’".as_bytes();
    let mut rest = word.as_bytes();
    let mut length = 0;
    while let Some((first, others)) = rest.split_first() {
        let (byte, others) = match rest.strip_prefix(APOSTROPHE) {
            Some(after) => (b'\'', after),
            None => (first.to_ascii_lowercase(), others),
        };
        *buffer.get_mut(length)? = byte;
        length += 1;
        rest = others;
    }
    std::str::from_utf8(buffer.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::part_of_speech::Tag;

    #[test]
    fn what_stands_around_a_word_tells_what_it_is() {
        let mut reader = Reader::english();
        for (before, word, after, tag) in [
            ("She enjoyed the ", "run", ".", Tag::Noun),
            ("She wants to ", "run", " home.", Tag::Verb),
            ("He ", "LEAVES", " early", Tag::ThirdPerson),
            ("the green ", "leaves", " of a tree", Tag::PluralNoun),
            ("the ", "mouse", "", Tag::Noun),
        ] {
            let text = format!("{before}{word}{after}");
            let span = before.len()..before.len() + word.len();
            assert_eq!(reader.read(&text, span).unwrap().tag, tag, "{text}");
        }
        assert_eq!(reader.read("qwertyuiop", 0..10), None);
        assert_eq!(reader.read("", 0..0), None);
    }

    proptest! {
        #[test]
        fn any_text_is_safe_and_read_the_same_each_time(text in "\\PC{0,20}|[a-z ]{0,30}", start in 0_usize..30, length in 0_usize..9) {
            let mut reader = Reader::english();
            let span = start..start + length;
            let first = reader.read(&text, span.clone());
            prop_assert_eq!(reader.read(&text, span), first);
        }
    }
}
