//! The options that all row-level operators share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::amount::{Amount, check_share};
use super::row_texts::Vary;
use crate::columns::TextNames;
use crate::diagnostic::Problem;
use crate::text::StopWords;

/// The most variants of a row that may be asked for: each is compared with all before it.
const MOST_REPLICAS: u32 = 1_000;

/// What an operator does where its table has none of the common options.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    /// Its `rate`. An operator without one does not take `rate`, `min` and `max`.
    pub rate: Option<f64>,
    /// Its `min`.
    pub min: u32,
    /// Its `max`.
    pub max: Option<u32>,
    /// Whether it leaves English stop words alone.
    pub stop_words: bool,
}

impl Defaults {
    /// An operator that takes no rate and edits all words.
    pub const NONE: Self = Self {
        rate: None,
        min: 1,
        max: None,
        stop_words: false,
    };

    /// An operator that edits a share of the units of a text, but at least one.
    pub const fn rate(rate: f64) -> Self {
        Self {
            rate: Some(rate),
            ..Self::NONE
        }
    }

    /// The same, and English stop words are left alone.
    #[must_use]
    pub const fn without_stop_words(self) -> Self {
        Self {
            stop_words: true,
            ..self
        }
    }
}

/// Options that every row-level operator understands beside its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TextOptions {
    /// Share of the eligible words (or characters, or sentences) to edit, from 0 to 1. Edited are
    /// `max(min, round(rate * eligible))`, halves rounded up, but at most `max`; at 0 none.
    #[serde(default)]
    pub rate: Option<f64>,
    /// Edits to make in a text, at least, if it has as many eligible words.
    #[serde(default)]
    pub min: Option<u32>,
    /// Edits to make in a text, at most.
    #[serde(default)]
    pub max: Option<u32>,
    /// Words that are never edited, in whatever case: `"english"` for the function words of
    /// English, `"none"`, or a list of words.
    #[serde(default)]
    pub stop_words: Option<StopWordOption>,
    /// Variants to make of each row, that differ from it and from each other; the row itself does
    /// not pass. Fewer are made, and a shortfall counted, where ten draws give nothing new.
    /// Without this option each row is changed in place, or left as it is.
    #[serde(default)]
    pub replicas: Option<u32>,
    /// Regular expressions: what they match is never edited. They add to what is always
    /// protected: URLs, e-mail addresses, numbers with their units, mentions, hash tags, code in
    /// back-ticks, XML and HTML tags, and template slots such as `{name}`.
    #[serde(default)]
    pub protect: Vec<String>,
    /// Languages, for example `["en", "de"]`: rows in others are left alone, and counted. What
    /// language a row is in stands in its column `language_column`; `en` stands for `en-GB` too.
    #[serde(default)]
    pub languages: Vec<String>,
    /// The column with the language of each row, as a tag such as `en` or `pt-BR`.
    #[serde(default = "default_language_column")]
    pub language_column: String,
    /// What becomes of a row that the operator cannot process: `fail` fails its shard, `drop`
    /// counts it and leaves it out, `route` sends it out of the port `errors` and notes the reason in
    /// `.augment/rejects.jsonl`.
    #[serde(default)]
    pub on_error: OnError,
    /// Which of the texts of a row are edited, where its source names several: one of them, or a
    /// list. Without this option, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextNames>,
    /// Where a row has several texts: `together`, the default, edits all of them in every variant;
    /// `one` edits a single one, in variants the first, the second and so on in turn, in place one
    /// that is drawn.
    #[serde(default, skip_serializing_if = "Vary::is_together")]
    pub vary: Vary,
}

impl Default for TextOptions {
    /// What a table without any of them means.
    fn default() -> Self {
        Self {
            rate: None,
            min: None,
            max: None,
            stop_words: None,
            replicas: None,
            protect: Vec::new(),
            languages: Vec::new(),
            language_column: default_language_column(),
            on_error: OnError::default(),
            text: None,
            vary: Vary::default(),
        }
    }
}

fn default_language_column() -> String {
    "language".to_owned()
}

/// Words that are not edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected \"english\", \"none\", or a list of words"
)]
pub enum StopWordOption {
    /// A list that the crate knows.
    Named(StopWordList),
    /// The words themselves.
    Words(Vec<String>),
}

/// Lists of words that the crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopWordList {
    /// Function words of English.
    English,
    /// No word.
    None,
}

impl StopWordOption {
    /// The words.
    pub fn stop_words(&self) -> StopWords {
        match self {
            Self::Named(StopWordList::None) => StopWords::none(),
            Self::Named(StopWordList::English) => StopWords::english(),
            Self::Words(words) => StopWords::of(words.iter().map(String::as_str)),
        }
    }
}

/// What becomes of a row that an operator cannot process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The shard fails.
    #[default]
    Fail,
    /// The row is counted and left out.
    Drop,
    /// The row is counted and leaves by the port `errors`.
    Route,
}

impl TextOptions {
    /// The options with those filled in that the operator sets.
    #[must_use]
    pub fn or(&self, defaults: Defaults) -> Self {
        let named = if defaults.stop_words {
            StopWordList::English
        } else {
            StopWordList::None
        };
        Self {
            rate: self.rate.or(defaults.rate),
            min: self.min.or(defaults.rate.map(|_| defaults.min)),
            max: self.max.or(defaults.max),
            stop_words: self
                .stop_words
                .clone()
                .or(Some(StopWordOption::Named(named))),
            ..self.clone()
        }
    }

    /// How much of a text is edited.
    pub fn amount(&self) -> Amount {
        self.rate.map_or(Amount::NONE, |rate| {
            Amount::new(rate, self.min.unwrap_or_default(), self.max)
        })
    }

    /// Looks for problems that need no data.
    pub fn validate(&self, defaults: Defaults) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(self.rate.and_then(|rate| check_share("rate", rate)));
        let filled = self.or(defaults);
        if let (Some(min), Some(max)) = (filled.min, filled.max)
            && min > max
        {
            let option = if self.max.is_some() { "max" } else { "min" };
            problems.push(Problem::new(
                option,
                format!("`max` is {max}, and `min` is {min}"),
                "give a `max` that is at least `min`; the same for a fixed number of edits",
            ));
        }
        if self
            .replicas
            .is_some_and(|replicas| replicas > MOST_REPLICAS)
        {
            problems.push(Problem::new(
                "replicas",
                format!("`replicas` is more than {MOST_REPLICAS}"),
                "ask for fewer variants, or split the work between several operators",
            ));
        }
        if self.replicas == Some(0) {
            problems.push(Problem::new(
                "replicas",
                "`replicas` must be at least 1",
                "leave it out to change rows in place, or disconnect the operator",
            ));
        }
        for pattern in &self.protect {
            if let Err(error) = regex::Regex::new(pattern) {
                let error = error.to_string();
                let reason = error.lines().last().unwrap_or_default();
                problems.push(Problem::new(
                    "protect",
                    format!("`{pattern}` is not a regular expression: {reason}"),
                    "see https://docs.rs/regex/#syntax",
                ));
            }
        }
        if let Some((message, help)) = self.text.as_ref().and_then(TextNames::problem) {
            problems.push(Problem::new("text", message, help));
        }
        for language in &self.languages {
            let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if language.is_empty() || !language.split(['-', '_']).all(letters) {
                problems.push(Problem::new(
                    "languages",
                    format!("`{language}` is not a language tag"),
                    "give tags as in BCP 47, for example `en`, `de` or `pt-BR`",
                ));
            }
        }
        problems
    }

    /// Whether a row in `language` is to be edited.
    pub fn speaks(&self, language: Option<&str>) -> bool {
        self.languages.is_empty()
            || language.is_some_and(|language| {
                self.languages
                    .iter()
                    .any(|wanted| is_within(language, wanted))
            })
    }
}

/// Whether the language tag `language` is `wanted` or a variety of it: `en-GB` is within `en`.
fn is_within(language: &str, wanted: &str) -> bool {
    let (language, wanted) = (language.trim().as_bytes(), wanted.as_bytes());
    let same = |one: &u8, two: &u8| {
        one.eq_ignore_ascii_case(two) || (matches!(one, b'-' | b'_') && matches!(two, b'-' | b'_'))
    };
    language.len() >= wanted.len()
        && language.iter().zip(wanted).all(|(one, two)| same(one, two))
        && matches!(language.get(wanted.len()), None | Some(b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_covers_its_varieties() {
        for (language, wanted, within) in [
            ("en", "en", true),
            ("en-GB", "en", true),
            ("EN_us", "en", true),
            ("en", "en-GB", false),
            ("eng", "en", false),
            ("", "en", false),
        ] {
            assert_eq!(is_within(language, wanted), within, "{language} {wanted}");
        }
        let options = TextOptions {
            languages: vec!["de".to_owned()],
            ..TextOptions::default()
        };
        assert!(options.speaks(Some("de-AT")) && !options.speaks(None));
        assert!(TextOptions::default().speaks(None));
    }

    #[test]
    fn an_empty_table_means_the_defaults() {
        let read: TextOptions = toml::from_str("").unwrap();
        assert_eq!(read, TextOptions::default());
    }

    #[test]
    fn what_the_table_lacks_the_operator_sets() {
        let defaults = Defaults::rate(0.3).without_stop_words();
        let filled = TextOptions::default().or(defaults);
        assert_eq!(filled.amount(), Amount::new(0.3, 1, None));
        assert!(filled.stop_words.unwrap().stop_words().contains("The"));
        let none = TextOptions::default().or(Defaults::NONE);
        assert_eq!((none.rate, none.min, none.max), (None, None, None));
        assert_eq!(none.amount(), Amount::NONE);
    }

    #[test]
    fn all_problems_are_found() {
        let options = TextOptions {
            rate: Some(2.0),
            min: Some(5),
            max: Some(3),
            replicas: Some(0),
            protect: vec!["(".to_owned()],
            languages: vec!["en".to_owned(), "no such".to_owned()],
            ..TextOptions::default()
        };
        let problems = options.validate(Defaults::rate(0.1));
        let places: Vec<_> = problems.iter().map(|problem| &*problem.option).collect();
        assert_eq!(places, ["rate", "max", "replicas", "protect", "languages"]);
        assert!(TextOptions::default().validate(Defaults::NONE).is_empty());
    }
}
