//! Common misspellings of English, and words that are taken for one another.
//!
//! Both are lists that lie in the binary, see `resources/misspellings/`; [`Patterns`] misspells the
//! words that are in neither, by the rules that most misspellings follow.
//!
//! ```
//! use augment::text::misspellings::Misspellings;
//! let english = Misspellings::english();
//! assert_eq!(english.listed("until").get(0), Some("untill"));
//! assert_eq!(english.confused("their").get(0), Some("there"));
//! ```

mod patterns;

pub use patterns::Patterns;

use std::collections::HashMap;
use std::sync::LazyLock;

const LISTED: &str = include_str!("../../../resources/misspellings/english.tsv");
const CONFUSED: &str = include_str!("../../../resources/misspellings/confusions.tsv");

/// Endings that a listed word may take without a change of its own: "separate", "separates".
const ENDINGS: [&str; 9] = ["s", "d", "r", "ed", "ly", "ing", "ness", "ment", "'s"];

/// The lists. Read-only.
#[derive(Debug)]
pub struct Misspellings {
    listed: HashMap<&'static str, Wrong>,
    confused: HashMap<&'static str, Wrong>,
}

/// Wrong spellings of one word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wrong {
    /// With a tab between each two; empty if there is none.
    all: &'static str,
}

impl Wrong {
    /// How many there are.
    pub fn len(self) -> usize {
        if self.is_empty() {
            return 0;
        }
        1 + self.all.bytes().filter(|byte| *byte == b'\t').count()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.all.is_empty()
    }

    /// One of them.
    pub fn get(self, index: usize) -> Option<&'static str> {
        self.all
            .split('\t')
            .nth(index)
            .filter(|wrong| !wrong.is_empty())
    }
}

impl Misspellings {
    /// The lists of English; the first call reads them.
    pub fn english() -> &'static Self {
        static ENGLISH: LazyLock<Misspellings> = LazyLock::new(|| Misspellings {
            listed: read(LISTED),
            confused: read(CONFUSED),
        });
        &ENGLISH
    }

    /// Misspellings of a lower-case word.
    pub fn listed(&self, word: &str) -> Wrong {
        self.listed.get(word).copied().unwrap_or_default()
    }

    /// Misspellings of a word without one of the common endings, and that ending, if the word itself
    /// is not listed.
    pub fn listed_stem<'a>(&self, word: &'a str) -> Option<(Wrong, &'a str)> {
        ENDINGS.iter().find_map(|ending| {
            let stem = word.strip_suffix(ending)?;
            let wrong = self.listed.get(stem)?;
            Some((*wrong, word.get(stem.len()..)?))
        })
    }

    /// What a lower-case word, or a phrase of two with one space between them, is taken for.
    pub fn confused(&self, word: &str) -> Wrong {
        self.confused.get(word).copied().unwrap_or_default()
    }
}

fn read(list: &'static str) -> HashMap<&'static str, Wrong> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| line.split_once('\t'));
    entries.map(|(word, all)| (word, Wrong { all })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(list: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| {
            let (word, wrong) = line.split_once('\t').unwrap();
            (word, wrong.split('\t').collect())
        })
    }

    #[test]
    fn lists_are_sorted_and_no_word_is_its_own_misspelling() {
        for list in [LISTED, CONFUSED] {
            let words: Vec<&str> = entries(list).map(|(word, _)| word).collect();
            assert!(words.is_sorted_by(|one, two| one < two));
            for (word, wrong) in entries(list) {
                assert!(!wrong.contains(&word), "{word}");
                let letters = |byte: u8| byte.is_ascii_lowercase() || b"' ".contains(&byte);
                for text in wrong.iter().chain([&word]) {
                    assert!(
                        !text.is_empty() && text.bytes().all(letters),
                        "{word}: {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_listed_misspelling_is_no_listed_word() {
        let english = Misspellings::english();
        for (word, wrong) in entries(LISTED) {
            for wrong in wrong {
                assert!(english.listed(wrong).is_empty(), "{word}: {wrong}");
            }
        }
    }

    #[test]
    fn phrases_keep_their_first_word() {
        for (phrase, wrong) in entries(CONFUSED) {
            if let Some((first, _)) = phrase.split_once(' ') {
                assert!(
                    wrong.iter().all(|wrong| wrong.starts_with(first)),
                    "{phrase}"
                );
            }
        }
    }

    #[test]
    fn words_are_found_with_and_without_an_ending() {
        let english = Misspellings::english();
        assert_eq!(english.listed("believe").len(), 2);
        assert_eq!(english.listed("believe").get(1), Some("belive"));
        assert_eq!(english.listed("believe").get(2), None);
        let (wrong, ending) = english.listed_stem("believes").unwrap();
        assert_eq!((wrong.get(0), ending), (Some("beleive"), "s"));
        assert!(english.listed("house").is_empty() && english.listed("").get(0).is_none());
        assert_eq!(english.listed_stem("houses"), None);
        assert_eq!(english.confused("could have").get(0), Some("could of"));
    }
}
