//! Errors of text recognition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::characters::{CharacterEdit, CharacterOptions, Characters, Spelling};
use crate::prelude::*;

/// What looks alike in print: one or two characters each, and each may be read as the other. Chosen
/// by the shapes of the letters in common book and office typefaces.
const CONFUSIONS: [(&str, &str); 57] = [
    // Digits and letters.
    ("0", "O"),
    ("0", "o"),
    ("0", "D"),
    ("0", "Q"),
    ("1", "l"),
    ("1", "I"),
    ("1", "i"),
    ("1", "7"),
    ("2", "Z"),
    ("2", "z"),
    ("3", "8"),
    ("4", "A"),
    ("5", "S"),
    ("5", "s"),
    ("6", "G"),
    ("6", "b"),
    ("8", "B"),
    ("8", "S"),
    ("9", "g"),
    ("9", "q"),
    // Small letters.
    ("a", "o"),
    ("a", "e"),
    ("b", "h"),
    ("c", "e"),
    ("c", "o"),
    ("e", "o"),
    ("f", "t"),
    ("g", "q"),
    ("h", "n"),
    ("i", "l"),
    ("n", "u"),
    ("u", "v"),
    ("v", "y"),
    // Capitals.
    ("l", "I"),
    ("C", "G"),
    ("D", "O"),
    ("E", "F"),
    ("O", "Q"),
    ("P", "F"),
    ("U", "V"),
    ("V", "Y"),
    // Two for one.
    ("cl", "d"),
    ("ci", "a"),
    ("ii", "u"),
    ("ij", "y"),
    ("in", "m"),
    ("iv", "w"),
    ("li", "h"),
    ("lc", "k"),
    ("lo", "b"),
    ("nn", "m"),
    ("ri", "n"),
    ("rn", "m"),
    ("vv", "w"),
    ("VV", "W"),
    ("LI", "U"),
    ("I3", "B"),
];

/// Makes the errors of programs that read print: characters become others that look alike.
///
/// This is nlpaug's `OcrAug` and the OCR perturbations of NL-Augmenter. Beside pairs of characters
/// such as `0` and `O`, `1`, `l` and `I`, `5` and `S`, `c` and `e`, it knows two that are taken for
/// one and one that is taken for two: `rn` and `m`, `cl` and `d`, `vv` and `w`, `li` and `h`.
/// nlpaug exchanges single characters only. The table is our own, by the shapes of letters in
/// common typefaces; letters with accents and other scripts are not in it.
///
/// `rate`, `min` and `max` count words; `characters` says how many characters of each word drawn,
/// where a pair counts as the one that it begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OcrError {
    /// Whether two characters may be read as one, and one as two.
    #[serde(default = "default_pairs")]
    pub pairs: bool,
    /// Which characters of a word that was drawn are edited: `rate`, `min` and `max` say how many,
    /// as they do for the words of a text; `first = false` and `last = false` spare the first and
    /// the last; words of fewer characters than `shortest` are left alone.
    #[serde(default = "CharacterOptions::few")]
    pub characters: CharacterOptions,
}

fn default_pairs() -> bool {
    true
}

impl TextOperatorConfig for OcrError {
    const NAME: &'static str = "ocr_error";
    const DEFAULTS: Defaults = Defaults::rate(0.1);

    fn validate(&self) -> Vec<Problem> {
        self.characters.validate()
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        Ok(Box::new(Characters::new(
            Reading::new(self.pairs),
            context.amount,
            &self.characters,
            0.1,
        )))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Every word is misread",
                options: "rate = 1.0",
                columns: &[],
                input: &["Modern clowns of the 1950s hardly win in SMALL towns"],
                output: &["Modorn cbwns ef fhe 1950s harclly wln 1n 5MALL tewns"],
            },
            Example {
                title: "The same with one character for one only",
                options: "rate = 1.0\npairs = false",
                columns: &[],
                input: &["Modern clowns of the 1950s hardly win in SMALL towns"],
                output: &["Modorn ciowns ef fhe 1950s hordly w1n 1n 5MALL fowns"],
            },
            Example {
                title: "What looks like nothing else stays",
                options: "rate = 1.0",
                columns: &[],
                input: &["Привет мир"],
                output: &["Привет мир"],
            },
        ]
    }
}

/// The errors of [`OcrError`].
struct Reading {
    /// What is there and what is read, sorted by what is there.
    confusions: Vec<(&'static str, &'static str)>,
    /// For each ASCII character where those that begin with it start in the list; at the next they
    /// end.
    starts: [u8; 129],
}

impl Reading {
    fn new(pairs: bool) -> Self {
        let both_ways = CONFUSIONS
            .iter()
            .flat_map(|&(one, other)| [(one, other), (other, one)]);
        let mut confusions: Vec<_> = both_ways
            .filter(|(there, read)| pairs || there.len() == read.len())
            .collect();
        confusions.sort_unstable();
        let mut starts = [0; 129];
        for (character, start) in starts.iter_mut().enumerate() {
            let before = confusions.partition_point(|(there, _)| first_byte(there) < character);
            *start = u8::try_from(before).unwrap_or(u8::MAX);
        }
        Self { confusions, starts }
    }

    /// Those whose left side stands at `place`, in as many characters that are free.
    fn at(
        &self,
        word: &Spelling<'_>,
        place: usize,
    ) -> impl Iterator<Item = (&'static str, &'static str)> {
        let rest = word.from(place);
        let first = usize::from(rest.bytes().next().unwrap_or(u8::MAX));
        let bound = |at: usize| self.starts.get(at).copied().map_or(0, usize::from);
        let range = bound(first)..bound(first + 1);
        let all = self.confusions.get(range).unwrap_or_default();
        all.iter().copied().filter(move |(there, _)| {
            let places = place..place + there.len();
            // Letters with a mark of their own are not those of the table.
            rest.starts_with(there)
                && places
                    .clone()
                    .all(|place| word.is_free(place) && word.span(place).len() == 1)
        })
    }
}

fn first_byte(text: &str) -> usize {
    text.bytes().next().map_or(0, usize::from)
}

impl CharacterEdit for Reading {
    const NOTHING: &'static str = "no character that looks like another";

    fn is_eligible(&self, word: &Spelling<'_>, place: usize) -> bool {
        self.at(word, place).next().is_some()
    }

    fn edit(
        &mut self,
        word: &mut Spelling<'_>,
        place: usize,
        random: &mut Random,
        edits: &mut Edits,
    ) -> bool {
        let count = self.at(word, place).count();
        let Some((there, read)) = self.at(word, place).nth(random.below(count)) else {
            return false;
        };
        let start = word.span(place).start;
        edits.replace(start..start + there.len(), read);
        for place in place..place + there.len() {
            word.take(place);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confusions_are_of_ascii_and_none_comes_twice() {
        let reading = Reading::new(true);
        assert_eq!(reading.confusions.len(), 2 * CONFUSIONS.len());
        assert!(reading.confusions.windows(2).all(|pair| pair[0] != pair[1]));
        for (there, read) in &reading.confusions {
            assert!(there.is_ascii() && there != read, "{there} {read}");
            let first = first_byte(there);
            let range = usize::from(reading.starts[first])..usize::from(reading.starts[first + 1]);
            assert!(
                reading.confusions[range].contains(&(*there, *read)),
                "{there} {read}"
            );
        }
        assert_eq!(
            reading.starts[128],
            u8::try_from(2 * CONFUSIONS.len()).unwrap()
        );
    }
}
