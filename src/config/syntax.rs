//! What the TOML parser says, without its echoes and with a remedy.

use std::collections::BTreeSet;

use toml::de::Error;

use crate::diagnostic::Diagnostic;

/// Most syntax errors that are reported of one text: those that follow tend to be echoes.
const MOST: usize = 20;

/// Errors that are looked at to find the ones to report; noise can give one a byte.
const CONSIDERED: usize = 500;

/// The problems behind `errors` in `text`: one a line, and one for a table that stands twice.
pub(super) fn problems(text: &str, errors: &[Error]) -> Vec<Diagnostic> {
    let mut sorted: Vec<&Error> = errors.iter().take(CONSIDERED).collect();
    // Of the errors of one line the first is the cause, unless something was left open before.
    let is_unclosed = |error: &Error| error.message().starts_with("unclosed");
    let line = |error: &Error| line_of(text, start_of(error));
    sorted.sort_by_cached_key(|error| (line(error).0, !is_unclosed(error), start_of(error)));
    let mut lines = BTreeSet::new();
    let mut tables_twice = BTreeSet::new();
    let mut problems = Vec::new();
    for error in sorted {
        let (start, content) = line(error);
        if !lines.insert(start) {
            continue;
        }
        if error.message().starts_with("duplicate key") {
            if content.trim_start().starts_with('[') {
                tables_twice.insert(start);
            } else if header_before(text, start).is_some_and(|table| tables_twice.contains(&table))
            {
                continue;
            }
        }
        problems.push(problem(error, 0));
        if problems.len() == MOST {
            break;
        }
    }
    problems
}

/// The problem behind one error; `start` is where its text begins.
pub(super) fn problem(error: &Error, start: usize) -> Diagnostic {
    let message = error.message().trim_end();
    // The parser says "expected nothing" where it has no better idea.
    let message = message
        .strip_suffix(", expected nothing")
        .unwrap_or(message);
    let no_value = [
        "invalid boolean",
        "invalid float",
        "string values must be quoted",
    ];
    let diagnostic = if no_value
        .iter()
        .any(|complaint| message.starts_with(complaint))
    {
        Diagnostic::error("A101", "this is not a value")
            .label("not valid TOML")
            .help("a string needs double quotes around it")
    } else if message.starts_with("duplicate key") {
        Diagnostic::error("A101", "this name stands here for the second time")
            .label("given before")
            .help("a key or table may stand only once: join the two, or rename one")
    } else if message.starts_with("unclosed") {
        Diagnostic::error("A101", message)
            .label("still open here")
            .help("add what is missing where it should end, here or in a line above")
    } else {
        Diagnostic::error("A101", message).label("not valid TOML")
    };
    match error.span() {
        Some(span) => diagnostic.at(start + span.start..start + span.end),
        None => diagnostic,
    }
}

fn start_of(error: &Error) -> usize {
    error.span().map_or(0, |span| span.start)
}

/// The line that holds `offset`, and where it starts.
fn line_of(text: &str, offset: usize) -> (usize, &str) {
    let offset = text.floor_char_boundary(offset);
    let (before, after) = text.split_at(offset);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let end = after.find('\n').map_or(text.len(), |end| offset + end);
    (start, text.get(start..end).unwrap_or_default())
}

/// Where the last table header above the line at `start` begins.
fn header_before(text: &str, start: usize) -> Option<usize> {
    let mut above = text.get(..start)?;
    while !above.is_empty() {
        let (line, content) = line_of(above, above.len() - 1);
        if content.trim_start().starts_with('[') {
            return Some(line);
        }
        above = above.get(..line)?;
    }
    None
}
