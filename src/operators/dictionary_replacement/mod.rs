//! Replacement by the user's own dictionary.

mod dictionary;
mod file;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::article;
use crate::operator::Site;
use crate::prelude::*;
use crate::text::Case;

use dictionary::{Dictionary, Entry, Matcher};
use file::Table;

/// Replaces words and phrases by those that a dictionary of your own has for them.
///
/// This is `ReservedAug` of nlpaug, and the custom dictionaries of its `SpellingAug` and of AugLy,
/// for terms, brands, spellings of another norm, your own misspellings. Where several phrases begin
/// at one word the longest counts. Whole words only: "art" is not found in "party". Between the
/// words of a phrase there may be any number of spaces or tabs, but no line break; `'` and `’` are
/// the same. Eligible are the places where an entry is found: with the default rate all of them are
/// replaced, each by one of the entry's replacements, drawn. An empty replacement deletes the word
/// and a space beside it. What is protected (numbers with units, URLs, ...) is not found. "A" and
/// "an" before a place follow what stands there then, where the text is English: by its
/// `language_column`, or, without one, by its function words.
///
/// Unless `case_sensitive` is set, words are found in whatever case, and a capital at the start, or
/// capitals throughout, pass to the replacement: with `colour = "color"` "Colour" becomes "Color"
/// and "COLOUR" "COLOR". Where the text has the very capitals of the entry the replacement is put
/// as it was given.
///
/// A file has one entry a line: the word, a tab, what may take its place, and after each further
/// tab another replacement. Empty lines and those that start with `#` count for nothing. The file's
/// hash is part of the run's fingerprint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DictionaryReplacement {
    /// Entries: a word or a phrase, and its replacement or a list of them, for example
    /// `{ colour = "color", "per cent" = ["percent", "%"] }`. They go before those of the file.
    #[serde(default)]
    pub words: BTreeMap<String, Replacements>,
    /// A file of entries in UTF-8; a relative path starts at the folder of the pipeline file.
    #[serde(default)]
    pub file: Option<String>,
    /// Whether only words of the very capitals of an entry are found.
    #[serde(default)]
    pub case_sensitive: bool,
}

/// What may take the place of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Replacements {
    /// Always this.
    One(String),
    /// One of these, each equally likely.
    Several(Vec<String>),
}

impl Replacements {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl DictionaryReplacement {
    fn table(&self) -> Table {
        let entries = self.words.iter();
        entries
            .map(|(word, replacements)| (word.clone(), replacements.as_slice().to_vec()))
            .collect()
    }

    fn read_file(&self, base: &Path) -> Result<Option<file::File>, file::FileError> {
        let file = self.file.as_deref();
        file.map(|file| file::read(&base.join(file))).transpose()
    }
}

impl TextOperatorConfig for DictionaryReplacement {
    const NAME: &'static str = "dictionary_replacement";
    const VERSION: u32 = 2;
    const DEFAULTS: Defaults = Defaults::rate(1.0);

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.words.is_empty() && self.file.is_none() {
            problems.push(Problem::new(
                "words",
                "there is no entry",
                "give `words = { colour = \"color\" }`, or `file = \"words.tsv\"`",
            ));
        }
        let mut known: BTreeMap<String, &str> = BTreeMap::new();
        for (word, replacements) in &self.words {
            if word.trim().is_empty() {
                problems.push(Problem::new(
                    "words",
                    "an entry has no word",
                    "name the word or phrase that is to be replaced",
                ));
            }
            if replacements.as_slice().is_empty() {
                problems.push(Problem::new(
                    "words",
                    format!("`{word}` has no replacement"),
                    "give at least one; an empty text, \"\", deletes the word",
                ));
            }
            let key = dictionary::normal(word, self.case_sensitive);
            if let Some(other) = known.insert(key, word) {
                problems.push(Problem::new(
                    "words",
                    format!("`{other}` and `{word}` are the same entry"),
                    "leave one out, or set `case_sensitive = true` if they differ in capitals",
                ));
            }
        }
        problems
    }

    fn inspect(&self, site: Site<'_>) -> Result<Value, Vec<Problem>> {
        match self.read_file(site.base) {
            Ok(file) => Ok(file.map_or(Value::Null, |file| json!({ "sha256": file.sha256 }))),
            Err(error) => Err(vec![Problem::new("file", error.message, error.help)]),
        }
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError> {
        let key = format!("{} {}", Self::NAME, context.id);
        let shared = &context.resources.shared;
        let dictionary = shared.get_or_try_insert(&key, || {
            let file = self.read_file(&context.resources.base)?;
            let file = file.map(|file| file.entries).unwrap_or_default();
            Ok::<_, file::FileError>(Dictionary::new(&[self.table(), file], self.case_sensitive))
        });
        let dictionary = dictionary
            .map_err(|error| OperatorError::Other(format!("{}: {}", error.message, error.help)))?;
        Ok(Box::new(Replacement {
            amount: context.amount,
            matcher: Matcher::new(dictionary),
            places: Places::default(),
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "Words and phrases, the longest first, with the capitals of the text",
                options: "words = { colour = \"color\", \"per cent\" = \"percent\", per = \"for each\" }",
                columns: &[],
                input: &["Colour: ten per cent, one PER person. Colourful!"],
                output: &["Color: ten percent, one FOR EACH person. Colourful!"],
            },
            Example {
                title: "One of several replacements; an empty one deletes",
                options: "words = { film = [\"movie\", \"picture\"], very = \"\" }\nreplicas = 2",
                columns: &[],
                input: &["A very good film."],
                output: &["A good picture.", "A good movie."],
            },
            Example {
                title: "Capitals count, and a text without an entry stays",
                options: "words = { US = \"United States\" }\ncase_sensitive = true",
                columns: &[],
                input: &["Tell us about the US.", "Tell us."],
                output: &["Tell us about the United States.", "Tell us."],
            },
        ]
    }
}

/// The operator behind [`DictionaryReplacement`].
struct Replacement {
    amount: Amount,
    matcher: Matcher,
    places: Places,
}

impl TextOperator for Replacement {
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome {
        let (dictionary, found) = self.matcher.find(text);
        if found.is_empty() {
            return Outcome::Unchanged("no word of the dictionary");
        }
        let wanted = self.amount.of(found.len());
        let drawn = self.places.sample(found.len(), wanted, random).iter();
        // What was deleted and is followed by nothing but what has yet to come.
        let mut deleted: Option<Range<usize>> = None;
        for found in drawn.filter_map(|place| found.get(*place as usize)) {
            let Some(entry) = dictionary.entry(found) else {
                continue;
            };
            let span = found.span.range();
            let before = deleted.take().and_then(|before| {
                let gap = text.as_str().get(before.end..span.start);
                if gap.is_some_and(|gap| gap.chars().all(|c| matches!(c, ' ' | '\t'))) {
                    return Some(before);
                }
                article::correct_before_deleted(text, &before, edits);
                None
            });
            let start = before.map_or(span.start, |before| before.start);
            match random.choose(&entry.replacements) {
                Some(new) if new.is_empty() => {
                    edits.delete(text.with_space(span.clone()));
                    deleted = Some(start..span.end);
                }
                Some(new) => replace(text, found.span, (entry, new), start, edits),
                None => {}
            }
        }
        if let Some(last) = deleted {
            article::correct_before_deleted(text, &last, edits);
        }
        Outcome::Edited
    }
}

/// Replaces what stands at `span`, and corrects the article before `start`, from where on all that
/// stands before it is deleted.
fn replace(
    text: &Text<'_>,
    span: Word,
    (entry, new): (&Entry, &str),
    start: usize,
    edits: &mut Edits,
) {
    let old = text.word(span);
    let case = if old == &*entry.word {
        Case::Lower
    } else {
        case_of_phrase(old)
    };
    let is_english = || article::is_english(text.language(), text.as_str());
    article::replace_if(text, span.range(), start, edits, is_english, |into| {
        case.append(new, into);
        true
    });
}

/// The case of a phrase: "Per Cent" begins with a capital as "Per cent" does.
fn case_of_phrase(phrase: &str) -> Case {
    let first = phrase.split([' ', '\t', '\u{a0}']).next();
    match (Case::of(phrase), first.map(Case::of)) {
        (Case::Mixed, Some(Case::Title)) if phrase.contains([' ', '\t', '\u{a0}']) => Case::Title,
        (case, _) => case,
    }
}

#[cfg(test)]
mod tests;
