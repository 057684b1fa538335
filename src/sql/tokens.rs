//! Where things stand in SQL text. polars says what is wrong, and rarely where.
//!
//! The tokens are those of the parser that polars uses, as far as names, texts and comments go; what
//! else there is counts as signs of one character.

use std::borrow::Cow;
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A name in `"..."` or in back-ticks.
    Name,
    /// A text in `'...'`.
    Text,
    /// Anything else.
    Sign,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token<'s> {
    kind: Kind,
    range: Range<usize>,
    written: &'s str,
}

impl<'s> Token<'s> {
    /// What the token stands for: without quotes, where it has them.
    fn value(&self) -> Cow<'s, str> {
        let Some(quote) = self.written.chars().next().filter(|_| self.is_quoted()) else {
            return Cow::Borrowed(self.written);
        };
        let inner = self.written.get(1..).unwrap_or_default();
        let inner = inner.strip_suffix(quote).unwrap_or(inner);
        let quote = quote.to_string();
        Cow::Owned(inner.replace(&quote.repeat(2), &quote))
    }

    fn is_quoted(&self) -> bool {
        matches!(self.kind, Kind::Name | Kind::Text)
    }
}

/// Where the column `name` is first named in `sql`.
pub(super) fn column(sql: &str, name: &str) -> Option<Range<usize>> {
    let tokens = tokens(sql);
    let found = tokens.iter().enumerate().find(|(index, token)| {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let after = tokens.get(index + 1);
        let is = |token: Option<&Token<'_>>, sign| token.is_some_and(|it| it.written == sign);
        matches!(token.kind, Kind::Word | Kind::Name)
            && token.value() == name
            // A field of a struct, and a function, are no columns.
            && !is(before, ".")
            && !(token.kind == Kind::Word && is(after, "("))
    });
    found.map(|(_, token)| token.range.clone())
}

/// Where one of `words` first stands in `sql`, in whatever case.
pub(super) fn word(sql: &str, words: &[&str]) -> Option<Range<usize>> {
    let is_one = |token: &Token<'_>| {
        let mut words = words.iter();
        !token.is_quoted() && words.any(|word| token.written.eq_ignore_ascii_case(word))
    };
    tokens(sql)
        .into_iter()
        .find(is_one)
        .map(|token| token.range)
}

/// Where something that `message` quotes stands in `sql`.
#[cfg(any(test, feature = "polars"))]
pub(super) fn quoted_in(message: &str, sql: &str) -> Option<Range<usize>> {
    let tokens = tokens(sql);
    let quoted = message.split('\'').skip(1).step_by(2);
    quoted
        .filter(|quoted| !quoted.is_empty())
        .find_map(|quoted| {
            let mut tokens = tokens.iter();
            tokens.find(|token| token.value().eq_ignore_ascii_case(quoted))
        })
        .map(|token| token.range.clone())
}

/// The token at a place that is given by line and column, both from 1; the end of the text, if the
/// place lies there or beyond.
#[cfg(any(test, feature = "polars"))]
pub(super) fn at(sql: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let text = sql.split('\n').nth(line.checked_sub(1)?)?;
    let start: usize = sql
        .split('\n')
        .take(line - 1)
        .map(|one| one.len() + 1)
        .sum();
    let mut places = text.char_indices().map(|(place, _)| place);
    let place = start + places.nth(column.checked_sub(1)?).unwrap_or(text.len());
    let mut found = tokens(sql).into_iter();
    let found = found.find(|token| token.range.contains(&place));
    Some(found.map_or(place..place, |token| token.range))
}

/// The tokens of `sql`, without white space and comments.
fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(rest) = sql.get(start..)
        && let Some(first) = rest.chars().next()
    {
        let (kind, length) = if let Some(length) = comment(rest) {
            (None, length)
        } else if first.is_whitespace() {
            (None, first.len_utf8())
        } else if let Some(length) = quoted(rest, first) {
            let kind = if first == '\'' {
                Kind::Text
            } else {
                Kind::Name
            };
            (Some(kind), length)
        } else if is_of_word(first) {
            let end = rest.find(|character| !is_of_word(character));
            (Some(Kind::Word), end.unwrap_or(rest.len()))
        } else {
            (Some(Kind::Sign), first.len_utf8())
        };
        let range = start..start + length;
        if let (Some(kind), Some(written)) = (kind, sql.get(range.clone())) {
            tokens.push(Token {
                kind,
                range: range.clone(),
                written,
            });
        }
        start = range.end;
    }
    tokens
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '$' | '@' | '#')
}

/// The length of the comment that `rest` begins with, if it does.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("--") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    None
}

/// The length of the text or name in quotes that `rest` begins with, if it does. A quote within is
/// doubled. One that is not closed goes to the end.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    if !matches!(quote, '\'' | '"' | '`') {
        return None;
    }
    let mut marks = rest
        .match_indices(quote)
        .map(|(place, _)| place)
        .skip(1)
        .peekable();
    while let Some(mark) = marks.next() {
        if marks.next_if_eq(&(mark + 1)).is_none() {
            return Some(mark + 1);
        }
    }
    Some(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slice(sql: &str, range: Option<Range<usize>>) -> Option<&str> {
        range.and_then(|range| sql.get(range))
    }

    #[test]
    fn a_column_is_found_where_it_is_named_and_nowhere_else() {
        let find = |sql, name| slice(sql, column(sql, name)).map(str::to_owned);
        let at = |sql, name| column(sql, name).map(|range| range.start);
        assert_eq!(at("'lable' <> lable", "lable"), Some(11));
        assert_eq!(
            at("-- lable\nx = 1 /* lable */ AND lable", "lable"),
            Some(31)
        );
        assert_eq!(
            find("\"a \"\"b\"\"\" = 1", "a \"b\"").as_deref(),
            Some("\"a \"\"b\"\"\"")
        );
        assert_eq!(at("length(length) > 1", "length"), Some(7));
        assert_eq!(at("a.b = b", "b"), Some(6));
        assert_eq!(at("Größe = größe", "größe"), Some(10));
        assert_eq!(at("labels = 1", "label"), None);
    }

    #[test]
    fn a_place_by_line_and_column_is_that_of_a_token() {
        let sql = "größe > 1\n AND text = 'open";
        assert_eq!(slice(sql, at(sql, 1, 7)), Some(">"));
        assert_eq!(slice(sql, at(sql, 2, 2)), Some("AND"));
        assert_eq!(slice(sql, at(sql, 2, 13)), Some("'open"));
        assert_eq!(at(sql, 2, 99), Some(sql.len()..sql.len()));
        assert_eq!(at(sql, 3, 1), None);
    }

    #[test]
    fn words_are_found_in_any_case_but_not_in_texts() {
        let sql = "text = 'sum' OR Sum(id) > 1";
        assert_eq!(slice(sql, word(sql, &["avg", "sum"])), Some("Sum"));
        assert_eq!(slice(sql, quoted_in("found 'or' clause", sql)), Some("OR"));
        assert_eq!(quoted_in("nothing '' of 'it'", sql), None);
    }

    proptest! {
        #[test]
        fn tokens_lie_in_the_text_in_order(sql in "\\PC{0,40}|['\"`a -/*\n(]{0,20}") {
            let mut end = 0;
            for token in tokens(&sql) {
                prop_assert!(token.range.start >= end && !token.range.is_empty());
                end = token.range.end;
            }
            prop_assert!(end <= sql.len());
        }
    }
}
