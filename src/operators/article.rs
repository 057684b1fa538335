//! "A" and "an" before the words that operators replace, insert and delete.

use std::ops::Range;

use crate::prelude::*;
use crate::text::article;

/// Whether a text is in English: by its language where a column says it, by its words otherwise.
/// Operators that do not know English only ask this before they touch an article.
pub(super) fn is_english(language: Option<&str>, text: &str) -> bool {
    match language {
        Some(tag) => {
            let language = tag.split(['-', '_']).next().unwrap_or_default();
            language.eq_ignore_ascii_case("en")
        }
        None => article::is_english(text),
    }
}

/// Puts in place of `span` what `write` appends, unless it answers false, and corrects the article
/// before `place` if `corrects`: `place` is where `span` starts, or where that starts which is
/// deleted before it. Answers what `write` does.
#[inline]
pub(super) fn replace_if(
    text: &Text<'_>,
    span: Range<usize>,
    place: usize,
    edits: &mut Edits,
    corrects: impl FnOnce() -> bool,
    write: impl FnOnce(&mut String) -> bool,
) -> bool {
    let mut found = false;
    let mut correction = None;
    edits.replace_if(span, |new| {
        let start = new.len();
        found = write(new);
        if found {
            let written = new.get(start..).unwrap_or_default();
            let first = written.split_whitespace().next().unwrap_or_default();
            correction = article::correction(text.as_str(), place, first);
        }
        found
    });
    if let Some((span, article)) = correction
        && corrects()
    {
        edits.replace(span, article);
    }
    found
}

/// Corrects the article before a span that is deleted, by the word after it.
pub(super) fn correct_before_deleted(text: &Text<'_>, deleted: &Range<usize>, edits: &mut Edits) {
    let after = text.as_str().get(deleted.end..).unwrap_or_default();
    let after = after.trim_start_matches([' ', '\t']);
    let following = after.split_whitespace().next().unwrap_or_default();
    if !following.starts_with(char::is_alphanumeric) {
        return;
    }
    let correction = article::correction(text.as_str(), deleted.start, following);
    if let Some((span, article)) = correction
        && is_english(text.language(), text.as_str())
    {
        edits.replace(span, article);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_what_the_column_says_or_else_the_words() {
        assert!(is_english(Some("en"), "a película"));
        assert!(is_english(Some("EN-gb"), "a film"));
        assert!(!is_english(Some("de"), "the end of the film"));
        assert!(!is_english(None, "a film"));
        assert!(is_english(None, "a film with them"));
    }
}
