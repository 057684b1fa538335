//! Synonyms from a file, for other languages than English and for words of one's own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Words and what may stand for them, read from a file of the user's.
///
/// A file is UTF-8 text in one of two formats. Empty lines and lines that begin with `#` count in
/// neither.
///
/// - A table: a word or phrase, a tab, and its synonyms, parted by commas. Space around them is
///   dropped. Several lines for one word add up; the relation goes one way only.
///
///   ```text
///   schön<TAB>hübsch, ansehnlich
///   ```
/// - A file of the Open Multilingual Wordnet (`wn-data-deu.tab`): a synset, a type and a lemma, parted
///   by tabs. The lemmas of one synset are synonyms of each other; other types than `lemma` (`def`,
///   `exe`) are passed over. A `_` is a space.
///
///   ```text
///   02084071-n<TAB>deu:lemma<TAB>Hund
///   ```
///
/// Words are looked up in lower case, by Unicode's rules. Their synonyms are given as they are
/// spelled in the file, in no other form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lexicon {
    synonyms: HashMap<Box<str>, Vec<Box<str>>>,
}

/// Why a file is no lexicon. The message names the file, the line and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LexiconError {
    /// The file cannot be read, or is not UTF-8.
    #[error("the lexicon {path} cannot be read: {source}; it must be a UTF-8 text file", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is in neither format.
    #[error(
        "line {line} of the lexicon {path} {problem}; \
         write a word, a tab and its synonyms with commas between them, \
         or use a `.tab` file of the Open Multilingual Wordnet",
        path = .path.display()
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no word in it.
    #[error("the lexicon {path} holds no synonyms: every line is empty, a comment or alone in its synset", path = .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// What a line says.
enum Line<'a> {
    Table { word: &'a str, synonyms: &'a str },
    Lemma { synset: &'a str, lemma: &'a str },
    Other,
}

impl Lexicon {
    /// Reads a file. Phrases of several words are left out as synonyms unless `multi_word`.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is not in the format.
    pub fn read(path: &Path, multi_word: bool) -> Result<Self, LexiconError> {
        let bytes = std::fs::read(path).map_err(|source| LexiconError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&bytes, path, multi_word)
    }

    /// Reads what a file at `path`, which errors name, holds.
    ///
    /// # Errors
    /// When it is not UTF-8, or a line is not in the format.
    pub fn parse(bytes: &[u8], path: &Path, multi_word: bool) -> Result<Self, LexiconError> {
        let text = std::str::from_utf8(bytes).map_err(|error| LexiconError::Unreadable {
            path: path.to_owned(),
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
        })?;
        let mut lexicon = Self::default();
        let mut synset = (String::new(), Vec::new());
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_end_matches('\r');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parsed = parse_line(line).map_err(|problem| LexiconError::Line {
                path: path.to_owned(),
                line: number,
                problem,
            })?;
            match parsed {
                Line::Table { word, synonyms } => {
                    for synonym in synonyms.split(',') {
                        lexicon.add(word, synonym.trim(), multi_word);
                    }
                }
                Line::Lemma {
                    synset: name,
                    lemma,
                } => {
                    if name != synset.0 {
                        lexicon.add_synset(&synset.1, multi_word);
                        synset = (name.to_owned(), Vec::new());
                    }
                    synset.1.push(lemma.replace('_', " "));
                }
                Line::Other => {}
            }
        }
        lexicon.add_synset(&synset.1, multi_word);
        if lexicon.synonyms.is_empty() {
            return Err(LexiconError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(lexicon)
    }

    /// The synonyms of a lower-case word.
    #[inline]
    pub fn synonyms(&self, form: &str) -> &[Box<str>] {
        self.synonyms.get(form).map_or(&[], Vec::as_slice)
    }

    /// How many words have synonyms.
    pub fn len(&self) -> usize {
        self.synonyms.len()
    }

    /// Whether no word has.
    pub fn is_empty(&self) -> bool {
        self.synonyms.is_empty()
    }

    fn add_synset(&mut self, lemmas: &[String], multi_word: bool) {
        for word in lemmas {
            for synonym in lemmas {
                self.add(word, synonym, multi_word);
            }
        }
    }

    fn add(&mut self, word: &str, synonym: &str, multi_word: bool) {
        let form = word.to_lowercase();
        if synonym.is_empty()
            || form == synonym.to_lowercase()
            || !multi_word && synonym.contains(char::is_whitespace)
        {
            return;
        }
        let synonyms = self.synonyms.entry(form.into_boxed_str()).or_default();
        if !synonyms.iter().any(|known| &**known == synonym) {
            synonyms.push(synonym.into());
        }
    }
}

fn parse_line(line: &str) -> Result<Line<'_>, &'static str> {
    let (first, rest) = line.split_once('\t').ok_or("has no tab")?;
    if is_synset(first) {
        let (kind, lemma) = rest
            .split_once('\t')
            .ok_or("names a synset and has no second tab")?;
        let kind = kind.rsplit(':').next().unwrap_or(kind);
        return Ok(match lemma.split('\t').next().map(str::trim) {
            Some(lemma) if kind == "lemma" && !lemma.is_empty() => Line::Lemma {
                synset: first,
                lemma,
            },
            _ => Line::Other,
        });
    }
    let word = first.trim();
    if word.is_empty() {
        Err("has no word before the tab")
    } else if rest.contains('\t') {
        Err("has more than one tab")
    } else if rest.split(',').all(|synonym| synonym.trim().is_empty()) {
        Err("has no synonym after the tab")
    } else {
        Ok(Line::Table {
            word,
            synonyms: rest,
        })
    }
}

/// `02084071-n`
fn is_synset(field: &str) -> bool {
    field.split_once('-').is_some_and(|(offset, part)| {
        offset.len() == 8
            && offset.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(part, "n" | "v" | "a" | "s" | "r")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, multi_word: bool) -> Result<Lexicon, String> {
        Lexicon::parse(text.as_bytes(), Path::new("words.tsv"), multi_word)
            .map_err(|error| error.to_string())
    }

    fn synonyms(lexicon: &Lexicon, form: &str) -> Vec<String> {
        let found = lexicon.synonyms(form).iter();
        found.map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_is_read() {
        let text = "\u{feff}# German\r\n\nSchön\thübsch, Ansehnlich ,\nschön\thübsch,sehr fein\nгород\tместо\n";
        let lexicon = parse(text, false).unwrap();
        assert_eq!(lexicon.len(), 2);
        assert_eq!(synonyms(&lexicon, "schön"), ["hübsch", "Ansehnlich"]);
        assert_eq!(synonyms(&lexicon, "город"), ["место"]);
        assert_eq!(synonyms(&lexicon, "hübsch"), [""; 0]);
        let lexicon = parse(text, true).unwrap();
        assert_eq!(
            synonyms(&lexicon, "schön"),
            ["hübsch", "Ansehnlich", "sehr fein"]
        );
    }

    #[test]
    fn a_file_of_the_open_multilingual_wordnet_is_read() {
        let text = "# Open German WordNet\tdeu\thttps://example.org\n\
            02084071-n\tdeu:lemma\tHund\n\
            02084071-n\tdeu:lemma\tHaushund\n\
            02084071-n\tdeu:def\t0\tein Tier\n\
            02084071-n\tlemma\tCanis_familiaris\n\
            02121620-n\tdeu:lemma\tKatze\n";
        let lexicon = parse(text, false).unwrap();
        assert_eq!(synonyms(&lexicon, "hund"), ["Haushund"]);
        assert_eq!(synonyms(&lexicon, "canis familiaris"), ["Hund", "Haushund"]);
        assert_eq!(synonyms(&lexicon, "katze"), [""; 0]);
        let lexicon = parse(text, true).unwrap();
        assert_eq!(synonyms(&lexicon, "hund"), ["Haushund", "Canis familiaris"]);
    }

    #[test]
    fn a_bad_line_is_named_with_the_remedy() {
        for (text, problem) in [
            ("a\tb\n\nword", "line 3 of the lexicon words.tsv has no tab"),
            ("\tb", "line 1 of the lexicon words.tsv has no word before"),
            ("a\t ,", "line 1 of the lexicon words.tsv has no synonym"),
            (
                "a\tn\tb",
                "line 1 of the lexicon words.tsv has more than one",
            ),
            ("02084071-n\tHund", "has no second tab"),
        ] {
            let error = parse(text, false).unwrap_err();
            assert!(error.contains(problem), "{error}");
            assert!(error.contains("write a word, a tab"), "{error}");
        }
        for text in ["", "# nothing", "a\tA"] {
            let error = parse(text, false).unwrap_err();
            assert!(error.contains("holds no synonyms"), "{error}");
        }
        let error = Lexicon::parse(b"a\t\xff", Path::new("words.tsv"), false).unwrap_err();
        assert!(error.to_string().contains("must be a UTF-8"), "{error}");
        let error = Lexicon::read(Path::new("/no/such.tsv"), false).unwrap_err();
        assert!(error.to_string().contains("/no/such.tsv"), "{error}");
    }
}
