//! The rules that most misspellings of English follow.

use crate::random::Random;

/// Where in a word a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    /// Anywhere but at the first letter.
    Inside,
    End,
}

/// Letters that are taken for others.
struct Rule {
    at: At,
    right: &'static str,
    wrong: &'static str,
    /// The shortest word, in letters, that it holds for.
    shortest: usize,
    /// The letters of `right`: words without one of them are not looked at more closely.
    letters: Letters,
}

/// Which of the letters a to z there are, by the lowest five bits of their bytes.
type Letters = u32;

const fn letters_of(word: &[u8]) -> Letters {
    let (mut letters, mut place) = (0, 0);
    while place < word.len() {
        letters |= 1 << (word[place] % 32);
        place += 1;
    }
    letters
}

const fn rule(at: At, right: &'static str, wrong: &'static str, shortest: usize) -> Rule {
    Rule {
        at,
        right,
        wrong,
        shortest,
        letters: letters_of(right.as_bytes()),
    }
}

const RULES: [Rule; 56] = {
    use At::{End, Inside, Start};
    [
        // i and e.
        rule(Inside, "cei", "cie", 5),
        rule(Inside, "eigh", "iegh", 6),
        rule(Inside, "eign", "iegn", 5),
        rule(Inside, "eir", "ier", 5),
        rule(Inside, "iev", "eiv", 5),
        rule(Inside, "ief", "eif", 5),
        rule(Inside, "ield", "eild", 5),
        rule(Inside, "iend", "eind", 5),
        rule(Inside, "iece", "eice", 5),
        rule(Inside, "iew", "eiw", 5),
        // Endings that sound alike.
        rule(End, "ance", "ence", 7),
        rule(End, "ence", "ance", 7),
        rule(End, "ances", "ences", 8),
        rule(End, "ences", "ances", 8),
        rule(End, "tant", "tent", 7),
        rule(End, "dant", "dent", 7),
        rule(End, "dent", "dant", 7),
        rule(End, "ient", "iant", 7),
        rule(End, "able", "ible", 8),
        rule(End, "ible", "able", 8),
        rule(End, "eous", "ious", 7),
        rule(End, "ary", "ery", 7),
        rule(End, "ery", "ary", 7),
        rule(End, "tor", "ter", 6),
        rule(End, "tain", "tian", 7),
        rule(End, "acy", "asy", 7),
        // Letters lost or doubled before an ending.
        rule(End, "tely", "tly", 7),
        rule(End, "rely", "rly", 7),
        rule(End, "ically", "icly", 8),
        rule(End, "ally", "aly", 6),
        rule(End, "fully", "fuly", 7),
        rule(End, "eable", "able", 8),
        rule(End, "ful", "full", 6),
        rule(End, "iness", "yness", 7),
        rule(End, "ties", "tys", 7),
        rule(End, "nies", "nys", 7),
        rule(End, "iting", "itting", 7),
        rule(End, "ining", "inning", 7),
        rule(End, "oping", "opping", 7),
        rule(End, "nment", "ment", 8),
        // Silent letters.
        rule(Start, "wh", "w", 5),
        rule(Start, "rh", "r", 5),
        rule(Start, "sce", "se", 5),
        rule(Start, "sci", "si", 5),
        rule(Inside, "sci", "si", 7),
        rule(Inside, "exh", "ex", 6),
        rule(Start, "exc", "ex", 6),
        rule(Start, "acq", "aq", 6),
        rule(Inside, "bt", "t", 5),
        rule(Inside, "dge", "ge", 5),
        rule(End, "mn", "m", 5),
        rule(Inside, "tch", "ch", 5),
        // Letters in the wrong order, and vowels without stress.
        rule(Start, "gua", "gau", 5),
        rule(Inside, "uild", "iuld", 5),
        rule(Start, "des", "dis", 7),
        rule(Start, "per", "pre", 6),
    ]
};

/// Consonants of which one of two is often forgotten.
const DOUBLED: &[u8] = b"bcdfglmnprst";

/// Endings after an apostrophe, which is often forgotten.
const CLITICS: [&str; 7] = ["'t", "'s", "'re", "'ve", "'ll", "'d", "'m"];

/// Misspells words by rules; keeps its memory from word to word.
///
/// Known are: *ie* for *ei* and the reverse, endings that sound alike (-ance and -ence, -able and
/// -ible, ...), one consonant for two, letters lost before an ending, silent letters, a forgotten
/// apostrophe. A rule holds for words of some length only, so that short and frequent ones stay.
#[derive(Debug, Default)]
pub struct Patterns {
    found: Vec<Slip>,
}

/// A misspelling of one word.
#[derive(Debug, Clone, Copy)]
struct Slip {
    start: usize,
    end: usize,
    wrong: &'static str,
}

impl Patterns {
    /// Appends a misspelling of a lower-case word of ASCII to `into`, each that the rules give
    /// equally likely. Answers whether there was one; if not, `into` is as it was.
    pub fn draw(&mut self, word: &str, random: &mut Random, into: &mut String) -> bool {
        self.find(word);
        let Some(slip) = random.choose(&self.found) else {
            return false;
        };
        into.push_str(word.get(..slip.start).unwrap_or_default());
        into.push_str(slip.wrong);
        into.push_str(word.get(slip.end..).unwrap_or_default());
        true
    }

    fn find(&mut self, word: &str) {
        self.found.clear();
        let letters = letters_of(word.as_bytes());
        let may_hold = |rule: &&Rule| word.len() >= rule.shortest && rule.letters & !letters == 0;
        for rule in RULES.iter().filter(may_hold) {
            let length = rule.right.len();
            let start = match rule.at {
                At::Start => word.starts_with(rule.right).then_some(0),
                At::End => word.ends_with(rule.right).then_some(word.len() - length),
                At::Inside => word
                    .get(1..)
                    .and_then(|rest| rest.find(rule.right))
                    .map(|start| start + 1),
            };
            self.found.extend(start.map(|start| Slip {
                start,
                end: start + length,
                wrong: rule.wrong,
            }));
        }
        self.find_doubled(word);
        self.find_apostrophe(word);
    }

    fn find_doubled(&mut self, word: &str) {
        const SHORTEST: usize = 6;
        if word.len() < SHORTEST {
            return;
        }
        let pairs = word.as_bytes().windows(2).enumerate();
        for (start, pair) in pairs {
            let is_double = matches!(pair, [one, two] if one == two && DOUBLED.contains(one));
            // Neither at the start nor at the end.
            if is_double && start > 0 && start + 2 < word.len() {
                self.found.push(Slip {
                    start,
                    end: start + 1,
                    wrong: "",
                });
            }
        }
    }

    fn find_apostrophe(&mut self, word: &str) {
        let Some(place) = word.find('\'').filter(|place| *place > 0) else {
            return;
        };
        if CLITICS.contains(&word.get(place..).unwrap_or_default()) {
            self.found.push(Slip {
                start: place,
                end: place + 1,
                wrong: "",
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn all(word: &str) -> BTreeSet<String> {
        let mut patterns = Patterns::default();
        (0..100)
            .filter_map(|key| {
                let mut wrong = String::new();
                let mut random = Random::from_key(key);
                patterns
                    .draw(word, &mut random, &mut wrong)
                    .then_some(wrong)
            })
            .collect()
    }

    #[test]
    fn words_are_misspelled_as_people_do() {
        for (word, wrong) in [
            ("perceive", "percieve"),
            ("foreign", "foriegn"),
            ("brief", "breif"),
            ("reliance", "relience"),
            ("accessible", "accessable"),
            ("completely", "completly"),
            ("running", "runing"),
            ("science", "sience"),
            ("white", "wite"),
            ("couldn't", "couldnt"),
            ("helpful", "helpfull"),
            ("knowledge", "knowlege"),
        ] {
            assert!(all(word).contains(wrong), "{word}: {:?}", all(word));
        }
    }

    #[test]
    fn short_and_plain_words_stay() {
        for word in [
            "",
            "'",
            "cat",
            "when",
            "full",
            "all",
            "table",
            "'tis",
            "house",
            "rock'n'roll",
        ] {
            assert!(all(word).is_empty(), "{word}: {:?}", all(word));
        }
    }

    proptest! {
        #[test]
        fn a_misspelling_is_another_word(word in "[a-z']{0,20}") {
            for wrong in all(&word) {
                prop_assert_ne!(&wrong, &word);
                prop_assert!(!wrong.is_empty());
            }
        }
    }
}
