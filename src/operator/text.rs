//! The row-level contract: one text in, a list of edits out.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{BuildContext, Defaults, Edits, Example, OperatorError, Site};
use crate::diagnostic::Problem;
use crate::random::Random;
use crate::text::{Word, Words};

/// One text, cut into words.
///
/// Words are those of UAX #29 that hold a letter or a digit: punctuation and space lie between
/// them. Words that lie in a protected span (an URL, a number with its unit, a
/// template slot, ...) and stop words are not among them: an operator cannot touch what it is not
/// shown.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    value: &'a str,
    /// The bytes of the text, and what lies after it in its column.
    column: &'a [u8],
    words: Words<'a>,
    protected: &'a [Word],
    replica: u32,
    language: Option<&'a str>,
}

impl<'a> Text<'a> {
    /// A text with its editable words and its protected spans, each sorted and without overlap,
    /// of which variant number `replica` is to be made (0 to change it in place).
    pub fn new(value: &'a str, words: Words<'a>, protected: &'a [Word], replica: u32) -> Self {
        Self {
            value,
            column: value.as_bytes(),
            words,
            protected,
            replica,
            language: None,
        }
    }

    /// The same, known to be the beginning of `column`.
    #[must_use]
    pub(super) fn in_column(self, column: &'a [u8]) -> Self {
        debug_assert!(column.starts_with(self.value.as_bytes()));
        Self { column, ..self }
    }

    /// The bytes of the text, and what lies after it in its column: short pieces are copied beyond their end.
    #[inline]
    pub(super) fn in_its_column(&self) -> &'a [u8] {
        self.column
    }

    /// The same, known to be in `language`.
    #[must_use]
    pub fn in_language(self, language: Option<&'a str>) -> Self {
        Self { language, ..self }
    }

    /// The tag of the language that it is in, such as `en` or `pt-BR`, where a column says so.
    pub fn language(&self) -> Option<&'a str> {
        self.language
    }

    /// The whole text.
    pub fn as_str(&self) -> &'a str {
        self.value
    }

    /// The words that may be edited, in order.
    pub fn words(&self) -> Words<'a> {
        self.words
    }

    /// The spans that no edit may touch, in order.
    pub fn protected(&self) -> &'a [Word] {
        self.protected
    }

    /// The text of a word.
    #[inline]
    pub fn word(&self, word: Word) -> &'a str {
        self.value.get(word.range()).unwrap_or_default()
    }

    /// The word at `place`, and the text of the one before it, if nothing but space parts them.
    #[inline]
    pub fn word_in_context(&self, place: usize) -> Option<(Option<&'a str>, Word)> {
        let (previous, word) = self.words.get_with_previous(place)?;
        let previous = previous
            .filter(|previous| self.is_space(previous.range().end..word.range().start))
            .map(|previous| self.word(previous));
        Some((previous, word))
    }

    /// Which variant of the row is being made, from 1; 0 where the row is changed in place.
    pub fn replica(&self) -> u32 {
        self.replica
    }

    /// Whether there is nothing but spaces and tabs in `span`.
    #[inline]
    pub fn is_space(&self, span: Range<usize>) -> bool {
        let between = self.value.as_bytes().get(span).unwrap_or_default();
        between.iter().all(|byte| matches!(byte, b' ' | b'\t'))
    }

    /// Whether `word` begins with a capital that the start of a sentence does not explain.
    pub fn may_be_name(&self, word: Word) -> bool {
        let start = word.range().start;
        let first = self.value.as_bytes().get(start).copied();
        // Most words begin with a small letter.
        if first.is_some_and(|first| first.is_ascii_lowercase())
            || !self.word(word).starts_with(char::is_uppercase)
        {
            return false;
        }
        let before = self
            .value
            .get(..start)
            .unwrap_or_default()
            .trim_end_matches(|c: char| {
                matches!(
                    c,
                    ' ' | '\t' | '"' | '\'' | '(' | '[' | '*' | '“' | '‘' | '«'
                )
            });
        let starts_sentence = before.is_empty()
            || before.ends_with(['.', '!', '?', ':', '…', '\n', '\r', '-', '–', '—']);
        let shouted = self
            .word(word)
            .chars()
            .nth(1)
            .is_some_and(char::is_uppercase);
        !starts_sentence && !shouted
    }

    /// The bytes to delete so that what stands at `span`, a word or a few, goes and leaves no
    /// doubled or stray space behind: the span and the spaces on one side of it. These are the
    /// spaces before it, unless it begins a line: then those after it. Line breaks always stay.
    pub fn with_space(&self, span: Range<usize>) -> Range<usize> {
        let bytes = self.value.as_bytes();
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let before = bytes.get(..span.start).unwrap_or_default();
        let after = bytes.get(span.end..).unwrap_or_default();
        let spaces_before = before.iter().rev().take_while(is_space).count();
        let ahead = before.len() - spaces_before;
        let begins_line = ahead == 0 || matches!(before.get(ahead - 1), Some(b'\n' | b'\r'));
        if begins_line {
            let spaces_after = after.iter().take_while(is_space).count();
            return span.start..span.end + spaces_after;
        }
        // Where no space or punctuation follows, the space before is all that parts the neighbours.
        let parted = after
            .first()
            .is_none_or(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
        if parted { ahead..span.end } else { span }
    }
}

/// What came of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The edits say what changes. Without any edit the text counts as unchanged.
    Edited,
    /// The text stays as it is, for the reason given, for example `too short`: it is counted.
    Unchanged(&'static str),
    /// The row is bad: the operator's `on_error` policy decides.
    Failed(String),
}

/// Works on one text at a time. See [`Operator`](super::Operator) for the other level.
///
/// The operator lists its edits, in byte offsets of the text it was given. The framework applies
/// them, and everything that no edit names stays byte for byte. Draws come from `random`, which is
/// keyed by the row, and from nowhere else.
///
/// ```
/// use augment::prelude::*;
///
/// /// Puts every word in capitals with some probability.
/// struct Shout(f64);
///
/// impl TextOperator for Shout {
///     fn rewrite(&mut self, text: &Text, random: &mut Random, edits: &mut Edits) -> Outcome {
///         for word in text.words() {
///             if random.chance(self.0) {
///                 edits.replace(word.range(), &text.word(word).to_uppercase());
///             }
///         }
///         Outcome::Edited
///     }
/// }
/// ```
pub trait TextOperator: Send {
    /// Lists the edits of one text in `edits`, which is empty when the method is called.
    fn rewrite(&mut self, text: &Text<'_>, random: &mut Random, edits: &mut Edits) -> Outcome;
}

/// The options of a row-level operator. [`TextOptions`](super::TextOptions) are understood beside
/// them. See [`OperatorConfig`](super::OperatorConfig) for what the parts are for.
pub trait TextOperatorConfig:
    Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// The `type` that selects the operator.
    const NAME: &'static str;

    /// Increased when the same options and input give another output. Part of the fingerprint.
    const VERSION: u32 = 1;

    /// What the common options are where the table has none of them. Give a rate, and the operator
    /// takes `rate`, `min` and `max`: what they come to is in [`BuildContext::amount`].
    const DEFAULTS: Defaults = Defaults::NONE;

    /// Looks for problems that need no data: ranges, contradictions.
    fn validate(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Replicas made per row where the pipeline does not say: nothing means that rows are changed
    /// in place.
    fn replicas(&self, _source_rows: u64) -> Option<u32> {
        None
    }

    /// The options with those filled in that are chosen by the number of rows in the sources, if
    /// there are such: this form goes into the run's fingerprint. To be given by an operator that
    /// looks at [`BuildContext::source_rows`].
    fn resolved(&self, _source_rows: u64) -> Option<Self> {
        None
    }

    /// Looks at the files that the options name: what they hold that the output depends on, say a
    /// hash of a list of words. It becomes part of the run's fingerprint.
    ///
    /// # Errors
    /// Everything that is wrong with the files. The option of a problem may be dotted.
    fn inspect(&self, _site: Site<'_>) -> Result<Value, Vec<Problem>> {
        Ok(Value::Null)
    }

    /// Whether the words of the operator's sources have to be counted before it is built: it then
    /// finds them in [`Resources::word_counts`](super::Resources::word_counts).
    fn counts_words(&self) -> bool {
        false
    }

    /// Makes an operator. Called once for every worker thread.
    ///
    /// # Errors
    /// A message that names what is missing and the remedy.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn TextOperator>, OperatorError>;

    /// Runnable examples: they are the operator's documentation and its tests.
    fn examples() -> Vec<Example> {
        Vec::new()
    }
}
