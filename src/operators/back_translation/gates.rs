//! What is turned down, of the round trips of sentences and of the texts made of them.

use std::cmp::Ordering;

use super::options::Gates;
use crate::text::{Chrf, Segmenter};

/// Characters added to both lengths before they are compared, so that short sentences have room.
const ROOM: usize = 10;

/// A thing said so many times in a row is said too often, unless the source does it as well.
const TOO_OFTEN: usize = 4;

/// Words, at most, of a thing that is said again and again.
const LONGEST_LOOP: usize = 8;

/// Digits of a number that has to be the same: shorter ones may become words.
const LONG_NUMBER: usize = 3;

/// Why a round trip was turned down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rejection {
    /// This protected text is missing or altered.
    Lost(String),
    /// A long number is missing, altered or new.
    Number,
    /// Too short or too long for its source.
    Length,
    /// The same thing again and again.
    Repetition,
    /// It ends where the model had to stop.
    CutShort,
    /// There is nothing in it.
    Empty,
    /// The translation is too long for the model that translates back.
    TooLong,
    /// The text is the one that came in.
    Copied,
    /// The text is much like the one that came in.
    TooSimilar,
    /// The text is unlike the one that came in.
    TooDifferent,
    /// The text is another variant of the row.
    Again,
}

impl Rejection {
    /// The reason under which it is counted, without `rejected: `.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Lost(_) => "protected text lost",
            Self::Number => "number lost",
            Self::Length => "length",
            Self::Repetition => "repetition",
            Self::CutShort => "cut short",
            Self::Empty => "empty translation",
            Self::TooLong => "too long to translate back",
            Self::Copied => "copied input",
            Self::TooSimilar => "too similar",
            Self::TooDifferent => "too different",
            Self::Again => "same as another variant",
        }
    }
}

/// Judges round trips; keeps its memory from text to text.
#[derive(Debug)]
pub(super) struct Judge {
    gates: Gates,
    segmenter: Segmenter,
    chrf: Chrf,
}

impl Judge {
    /// A judge by `gates`, who finds protected text by `segmenter`.
    pub(super) fn new(gates: Gates, segmenter: Segmenter) -> Self {
        Self {
            gates,
            segmenter,
            chrf: Chrf::default(),
        }
    }

    /// Judges the round trip of a sentence `source`, in which `protected` has to survive.
    pub(super) fn sentence<'a>(
        &mut self,
        source: &str,
        protected: impl Iterator<Item = &'a str>,
        round_trip: &str,
    ) -> Result<(), Rejection> {
        if let Some(lost) = self.lost(protected, round_trip) {
            return Err(Rejection::Lost(lost));
        }
        if self.gates.numbers && numbers(source) != numbers(round_trip) {
            return Err(Rejection::Number);
        }
        if self.gates.length.compare(length_ratio(source, round_trip)) != Ordering::Equal {
            return Err(Rejection::Length);
        }
        if self.gates.repetition
            && loops(round_trip) >= TOO_OFTEN
            && loops(round_trip) > loops(source)
        {
            return Err(Rejection::Repetition);
        }
        Ok(())
    }

    /// The first of `protected` that `text` has not as often as it is among them.
    fn lost<'a>(&mut self, protected: impl Iterator<Item = &'a str>, text: &str) -> Option<String> {
        let mut wanted = protected.peekable();
        wanted.peek()?;
        let spans = self.segmenter.segment(text).protected.iter();
        let mut found: Vec<&str> = spans.filter_map(|span| text.get(span.range())).collect();
        wanted
            .find(
                |wanted| match found.iter().position(|other| other == wanted) {
                    Some(place) => {
                        found.swap_remove(place);
                        false
                    }
                    None => true,
                },
            )
            .map(str::to_owned)
    }

    /// Compares texts with `text` from now on.
    pub(super) fn set_text(&mut self, text: &str) {
        if self.gates.chrf.0.is_some() {
            self.chrf.set_reference(text);
        }
    }

    /// Judges a text that is made of the one set before.
    pub(super) fn text(&mut self, text: &str, made: &str) -> Result<(), Rejection> {
        if text == made || self.gates.copied && is_copy(text, made) {
            return Err(Rejection::Copied);
        }
        if self.gates.chrf.0.is_none() {
            return Ok(());
        }
        match self.gates.chrf.compare(self.chrf.score(made)) {
            Ordering::Less => Err(Rejection::TooDifferent),
            Ordering::Equal => Ok(()),
            Ordering::Greater => Err(Rejection::TooSimilar),
        }
    }
}

/// Whether two texts differ in case, punctuation and space only.
fn is_copy(one: &str, other: &str) -> bool {
    fn plain(text: &str) -> impl Iterator<Item = char> {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase)
    }
    plain(one).eq(plain(other))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no sentence has 2^52 characters"
)]
fn length_ratio(source: &str, round_trip: &str) -> f64 {
    let length = |text: &str| (text.chars().count() + ROOM) as f64;
    length(round_trip) / length(source)
}

/// The long numbers of a text in order of their digits, without the marks between groups of them.
fn numbers(text: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut digits = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        let is_group = matches!(character, '.' | ',' | '\'' | '\u{a0}' | '\u{202f}')
            && characters.peek().is_some_and(char::is_ascii_digit);
        if digits.is_empty() || is_group {
            continue;
        }
        numbers.push(std::mem::take(&mut digits));
    }
    numbers.push(digits);
    numbers.retain(|digits| digits.len() >= LONG_NUMBER);
    numbers.sort_unstable();
    numbers
}

/// How often the text says the same thing in a row: 1 where it never does.
fn loops(text: &str) -> usize {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    if words.len() > 1 {
        return repeats(&words);
    }
    // Without spaces there are no words to compare.
    repeats(&text.chars().collect::<Vec<char>>())
}

/// How often, at most, a run of up to [`LONGEST_LOOP`] items follows upon itself.
fn repeats<T: PartialEq>(items: &[T]) -> usize {
    let mut most = 1;
    for period in 1..=LONGEST_LOOP.min(items.len() / 2) {
        let mut same = 0;
        let later = items.get(period..).unwrap_or_default();
        for (one, other) in items.iter().zip(later) {
            same = if one == other { same + 1 } else { 0 };
            most = most.max(same / period + 1);
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::super::options::Band;
    use super::*;

    fn judge(gates: Gates) -> Judge {
        Judge::new(gates, Segmenter::new(&["Rose".to_owned()]).unwrap())
    }

    fn sentence(source: &str, round_trip: &str) -> Option<&'static str> {
        let mut segmenter = Segmenter::new(&["Rose".to_owned()]).unwrap();
        let protected: Vec<String> = segmenter
            .segment(source)
            .protected
            .iter()
            .map(|span| source[span.range()].to_owned())
            .collect();
        judge(Gates::default())
            .sentence(source, protected.iter().map(String::as_str), round_trip)
            .err()
            .map(|rejection| rejection.reason())
    }

    #[test]
    fn protected_text_has_to_come_back_as_it_was() {
        let lost = Some("protected text lost");
        let source = "Rose saw 12 kg at https://example.com/a, {name}.";
        assert_eq!(sentence(source, source), None);
        let moved = "At https://example.com/a, {name}: Rose has seen 12 kg.";
        assert_eq!(sentence(source, moved), None);
        for (from, to) in [
            ("12 kg", "112 kg"),
            ("12 kg", "12 pounds"),
            ("example.com/a", "example.com/ab"),
            ("{name}", "{ name }"),
            ("Rose", "A rose"),
        ] {
            assert_eq!(sentence(source, &source.replace(from, to)), lost, "{to}");
        }
        // Twice has to come back twice.
        assert_eq!(sentence("@you and @you", "@you and you"), lost);
    }

    #[test]
    fn long_numbers_stay_the_same_and_short_ones_may_become_words() {
        assert_eq!(
            sentence("In 1984 or so", "In 1948 or so"),
            Some("number lost")
        );
        assert_eq!(
            sentence("It was long ago", "It was 1984 or so"),
            Some("number lost")
        );
        assert_eq!(sentence("some 10,000 people", "about 10000 people"), None);
        assert_eq!(sentence("the 7 dwarfs", "the seven dwarfs"), None);
    }

    #[test]
    fn lengths_are_compared_with_some_room() {
        let long = "a word that goes on and on for as long as it can";
        assert_eq!(sentence("Good.", "Very good."), None);
        assert_eq!(sentence(long, "a word"), Some("length"));
        assert_eq!(sentence("a word or two", long), Some("length"));
    }

    #[test]
    fn what_is_said_again_and_again_is_noticed() {
        let again = Some("repetition");
        assert_eq!(sentence("It goes on and it goes", "so so so so it"), again);
        assert_eq!(
            sentence("He likes to read books", "to read to read to read to read"),
            again
        );
        assert_eq!(
            sentence("He said no, no, no, no to it", "no, no, no, no he said"),
            None
        );
        assert_eq!(sentence("very, very good", "very very very good"), None);
        assert_eq!(
            sentence("他说他很喜欢看这些书的", "他说他说他说他说他说"),
            again
        );
    }

    #[test]
    fn texts_are_turned_down_for_what_they_share_with_the_source() {
        let source = "The film was long, and a bit dull.";
        let reason = |gates: Gates, made: &str| {
            let mut judge = judge(gates);
            judge.set_text(source);
            judge.text(source, made).err().map(|found| found.reason())
        };
        let usual = Gates::default;
        assert_eq!(reason(usual(), source), Some("copied input"));
        assert_eq!(
            reason(usual(), "the film was long and a bit dull"),
            Some("copied input")
        );
        let similar = "The film was long, and a bit dull. Oh";
        assert_eq!(reason(usual(), similar), Some("too similar"));
        assert_eq!(
            reason(usual(), "Something else entirely"),
            Some("too different")
        );
        assert_eq!(
            reason(usual(), "The movie was long and somewhat dull."),
            None
        );
        // Each gate can be taken away; the same text is no variant all the same.
        let open = Gates {
            copied: false,
            chrf: Band(None),
            ..usual()
        };
        assert_eq!(reason(open.clone(), source), Some("copied input"));
        assert_eq!(
            reason(open.clone(), "the film was long and a bit dull"),
            None
        );
        assert_eq!(reason(open, "Something else entirely"), None);
    }

    #[test]
    fn gates_of_sentences_can_be_taken_away() {
        let open = Gates {
            length: Band(None),
            repetition: false,
            numbers: false,
            ..Gates::default()
        };
        let made = "no no no no no no no no no no no no no no 333";
        let judged = judge(open).sentence("yes 444", std::iter::empty(), made);
        assert_eq!(judged, Ok(()));
    }
}
