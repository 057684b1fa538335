//! From a table of a pipeline file to a typed value, with every problem located.
//!
//! serde stops at the first error of a table. Here unknown and missing keys are found by comparing
//! the table with the type's JSON schema first, and after each error the key to blame is taken
//! out and the rest tried again, so that one pass reports everything.

mod names;

use std::borrow::Cow;
use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue, ValueDeserializer};

use crate::diagnostic::{Diagnostic, Problem};

pub use names::{nearest, suggestion};

/// The names of the options of `T`, in the order of its fields.
pub fn keys_of<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T);
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// Whether `id` can name a node or a port: `[a-z][a-z0-9_]*`.
pub fn is_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.chars().all(|character| {
            character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_'
        })
}

/// Checks that `table` has no key but those in `known`.
pub fn check_keys(table: &DeTable<'_>, known: &[&str]) -> Vec<Diagnostic> {
    table
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
        .map(|key| {
            let name = key.get_ref().as_ref();
            let diagnostic = Diagnostic::error("A102", format!("unknown key `{name}`"))
                .at(key.span())
                .label("no such option here");
            match nearest(name, known.iter().copied()) {
                Some(near) => diagnostic.help(format!("a similar option exists: `{near}`")),
                None => diagnostic.help(format!("the options here are: {}", known.join(", "))),
            }
        })
        .collect()
}

/// Deserialises `table`, which stands at `span`, into a `T`. Unknown keys are not looked for:
/// see [`check_keys`].
///
/// # Errors
/// Everything that is wrong with the table, in the order of the file.
pub fn deserialize<T: DeserializeOwned + JsonSchema>(
    table: &DeTable<'_>,
    span: Range<usize>,
) -> Result<T, Vec<Diagnostic>> {
    let schema = schemars::schema_for!(T);
    let mut problems = missing(table, schema.as_value(), &span);
    let mut rest = table.clone();
    // Where tables stand that something was taken out of: what they lack by then is no news.
    let mut thinned: Vec<Range<usize>> = Vec::new();
    loop {
        let value = Spanned::new(span.clone(), DeValue::Table(rest.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let place = error.span().unwrap_or_else(|| span.clone());
        let mut paths = rest.iter();
        let path = paths.find_map(|(key, value)| path_to(key, value, &place));
        let Some(path) = path else {
            // No key to take out: a missing option that was reported or taken out above, or
            // something that the type itself says about the table as a whole.
            if !error.message().starts_with("missing field") || problems.is_empty() {
                problems.push(Diagnostic::error("A103", error.message().trim_end()).at(span));
            }
            return Err(problems);
        };
        if !(error.message().starts_with("missing field") && thinned.contains(&place)) {
            problems.push(in_plain_words(error.message(), &path).at(place.clone()));
        }
        thinned.extend(take_out(&mut rest, &place));
    }
}

/// Takes the innermost option out that `place` lies in, or the item of a list: where the table
/// stands that it was in, unless that is `table` itself.
fn take_out(table: &mut DeTable<'_>, place: &Range<usize>) -> Option<Range<usize>> {
    let culprit = table
        .iter()
        .find(|(key, value)| path_to(key, value, place).is_some())
        .map(|(key, _)| key.clone())?;
    let value = table.get_mut(&culprit)?;
    match take_out_of(value, place) {
        Taken::From(span) => Some(span),
        Taken::Item => None,
        Taken::Nothing => {
            table.remove(&culprit);
            None
        }
    }
}

/// What was taken out of a value.
enum Taken {
    /// An option of the table that stands there.
    From(Range<usize>),
    /// An item of a list.
    Item,
    /// Nothing: it is the value as a whole that is meant.
    Nothing,
}

fn take_out_of(value: &mut Spanned<DeValue<'_>>, place: &Range<usize>) -> Taken {
    let span = value.span();
    let is_inside = path_in(value, place).is_some();
    match value.get_mut() {
        DeValue::Table(inner) if is_inside => Taken::From(take_out(inner, place).unwrap_or(span)),
        DeValue::Array(items) => {
            let inside = items.iter_mut().find(|item| path_in(item, place).is_some());
            if let Some(item) = inside {
                return take_out_of(item, place);
            }
            let before = items.len();
            let all = std::mem::replace(items, DeArray::new()).into_iter();
            *items = all.filter(|item| !covers(&item.span(), place)).collect();
            if items.len() < before {
                Taken::Item
            } else {
                Taken::Nothing
            }
        }
        _ => Taken::Nothing,
    }
}

/// Where the value of an option stands, or of a part of it: `decode.beams`, `via.1.forward`. Of
/// a part that is not there, what it would be a part of; nothing if there is no such option.
pub fn place_of(table: &DeTable<'_>, option: &str) -> Option<Range<usize>> {
    value_of(table, option).map(Spanned::span)
}

/// The value that [`place_of`] tells the place of.
fn value_of<'t, 'i>(table: &'t DeTable<'i>, option: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    let mut parts = option.split('.');
    let mut value = table.get(parts.next()?)?;
    for part in parts {
        let inner = match value.get_ref() {
            DeValue::Table(table) => table.get(part),
            DeValue::Array(items) => part.parse().ok().and_then(|item: usize| items.get(item)),
            _ => None,
        };
        match inner {
            Some(inner) => value = inner,
            None => break,
        }
    }
    Some(value)
}

/// Where `problem` stands in `table`: at the bytes of an option's text that it names, or at the value
/// of the option; nothing if there is no such option.
pub fn place_of_problem(table: &DeTable<'_>, problem: &Problem) -> Option<Range<usize>> {
    let value = value_of(table, &problem.option)?;
    let part = problem.within.as_ref();
    let part = part.and_then(|part| place_within(value, part));
    Some(part.unwrap_or_else(|| value.span()))
}

/// Where the bytes `part` of a string stand in the file; nothing where it is written in another way
/// than it reads: with escapes, or with a variable of the environment.
fn place_within(value: &Spanned<DeValue<'_>>, part: &Range<usize>) -> Option<Range<usize>> {
    /// Bytes of the delimiters of a string over several lines.
    const LONG: usize = 3;
    // The parser borrows a string from the file where it can, and that is where it reads as written.
    let DeValue::String(Cow::Borrowed(text)) = value.get_ref() else {
        return None;
    };
    let span = value.span();
    let around = span.len().checked_sub(text.len())?;
    let mark = if around < 2 * LONG { 1 } else { LONG };
    let start = span.end.checked_sub(mark + text.len())?;
    (part.end <= text.len()).then(|| start + part.start..start + part.end)
}

/// The options that `schema` requires and `table` lacks.
fn missing(table: &DeTable<'_>, schema: &Value, span: &Range<usize>) -> Vec<Diagnostic> {
    let required = schema.get("required").and_then(Value::as_array);
    required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !table.contains_key(*name))
        .map(|name| {
            let meaning = schema
                .pointer(&format!("/properties/{name}/description"))
                .and_then(Value::as_str)
                .map(first_clause)
                .unwrap_or_default();
            let diagnostic = Diagnostic::error("A104", format!("the option `{name}` is missing"))
                .at(span.clone())
                .label("has to be given here");
            if meaning.is_empty() {
                diagnostic.help(format!("add `{name} = ...`"))
            } else {
                diagnostic.help(format!("add `{name} = ...`: {}", decapitalised(&meaning)))
            }
        })
        .collect()
}

/// What stands before the first full stop or colon of a doc comment.
fn first_clause(description: &str) -> String {
    let words = description.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = [". ", ": "].iter().filter_map(|end| words.find(end)).min();
    end.and_then(|end| words.get(..end))
        .unwrap_or(&words)
        .trim_end_matches(['.', ':'])
        .to_owned()
}

/// Text with a small first letter, unless the first word is an acronym.
fn decapitalised(text: &str) -> String {
    let mut rest = text.chars();
    let (first, second) = (rest.next(), rest.clone().next());
    match (first, second) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(rest).collect()
        }
        _ => text.to_owned(),
    }
}

/// What serde says about the option `name`, for people who do not know serde.
fn in_plain_words(message: &str, name: &str) -> Diagnostic {
    let message = message.trim_end();
    if let Some((got, expected)) = parts(message, "invalid type: ") {
        let (got, expected) = (plain_kind(got), plain_kind(expected));
        return Diagnostic::error("A103", format!("`{name}` takes {expected}, not {got}"))
            .label(format!("not {expected}"));
    }
    if let Some((got, expected)) = parts(message, "invalid value: ") {
        let (got, expected) = (plain_kind(got), plain_kind(expected));
        return Diagnostic::error(
            "A103",
            format!("`{name}` cannot be {got}: it takes {expected}"),
        )
        .label("out of range");
    }
    if let Some((got, expected)) = parts(message, "unknown variant ") {
        let choices: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let diagnostic = Diagnostic::error("A103", format!("`{name}` cannot be {got}"))
            .label(format!("in `{name}`"));
        let listed = choices
            .iter()
            .map(|choice| format!("\"{choice}\""))
            .collect::<Vec<_>>();
        let diagnostic = match nearest(got.trim_matches('`'), choices.iter().copied()) {
            Some(near) => diagnostic.help(format!("a similar choice exists: \"{near}\"")),
            None => diagnostic,
        };
        return diagnostic.help(format!("the choices are {}", listed.join(", ")));
    }
    if let Some((got, expected)) = parts(message, "unknown field ") {
        let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let field = got.trim_matches('`');
        // The key stands where the problem is, and is part of the name.
        let table = name
            .strip_suffix(field)
            .and_then(|name| name.strip_suffix('.'));
        let table = table.unwrap_or(name);
        let diagnostic = Diagnostic::error("A102", format!("unknown key `{field}` in `{table}`"))
            .label("no such option here");
        return match nearest(field, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("a similar option exists: `{near}`")),
            None => diagnostic.help(format!("the options here are: {}", known.join(", "))),
        };
    }
    if let Some(field) = message.strip_prefix("missing field ") {
        return Diagnostic::error(
            "A104",
            format!("in `{name}`, the option {field} is missing"),
        )
        .label("has to be given here");
    }
    // The words of a type with several forms, which serde passes on.
    if let Some(expected) = message.strip_prefix("expected ") {
        return Diagnostic::error("A103", format!("`{name}` takes {expected}"))
            .label("none of these");
    }
    Diagnostic::error("A103", message).label(format!("in `{name}`"))
}

/// Splits a message of the form `<prefix><got>, expected <expected>`.
fn parts<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    message.strip_prefix(prefix)?.rsplit_once(", expected ")
}

/// serde's names of types and values, in words.
fn plain_kind(kind: &str) -> String {
    match kind {
        "f64" | "f32" | "floating point number" => "a number".to_owned(),
        "a string" | "string" => "a string".to_owned(),
        "a boolean" | "boolean" => "`true` or `false`".to_owned(),
        "a sequence" | "sequence" => "a list".to_owned(),
        "map" | "a map" => "a table".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        other => {
            for (from, to) in [
                ("string ", "the string "),
                ("integer ", "the number "),
                ("floating point ", "the number "),
                ("boolean ", ""),
                ("struct ", "a table of "),
            ] {
                if let Some(value) = other.strip_prefix(from) {
                    return format!("{to}{value}");
                }
            }
            other.to_owned()
        }
    }
}

fn covers(whole: &Range<usize>, part: &Range<usize>) -> bool {
    whole.start <= part.start && part.end <= whole.end
}

/// The dotted name of the option that `place` lies in, if it lies in `key` or its `value`. The
/// values of a table with a header of its own stand outside of that table's span.
fn path_to(
    key: &Spanned<DeString<'_>>,
    value: &Spanned<DeValue<'_>>,
    place: &Range<usize>,
) -> Option<String> {
    let name = key.get_ref();
    if let Some(inner) = path_in(value, place) {
        return Some(format!("{name}.{inner}"));
    }
    let items_hold = match value.get_ref() {
        DeValue::Array(items) => items.iter().any(|item| covers(&item.span(), place)),
        _ => false,
    };
    (covers(&key.span(), place) || covers(&value.span(), place) || items_hold)
        .then(|| name.to_string())
}

fn path_in(value: &Spanned<DeValue<'_>>, place: &Range<usize>) -> Option<String> {
    match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .find_map(|(key, value)| path_to(key, value, place)),
        DeValue::Array(items) => items.iter().find_map(|item| path_in(item, place)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only read by the deserialiser")]
    struct Options {
        /// Share of the words.
        rate: f64,
        count: u32,
        #[serde(default)]
        mode: Mode,
        #[serde(default)]
        decode: Option<Decode>,
        #[serde(default)]
        items: Vec<Decode>,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        #[default]
        Fail,
        Drop,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by the deserialiser")]
    struct Decode {
        top_k: u32,
    }

    fn problems(text: &str) -> Vec<(String, String)> {
        let table = DeTable::parse(text).unwrap();
        deserialize::<Options>(table.get_ref(), 0..0)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|problem| {
                let span = problem.span.unwrap_or_default();
                (
                    problem.message,
                    text.get(span).unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn a_good_table_is_read() {
        assert_eq!(problems("rate = 0.5\ncount = 1\n[decode]\ntop_k = 3"), []);
    }

    #[test]
    fn every_missing_option_is_named() {
        let messages: Vec<_> = problems("")
            .into_iter()
            .map(|(message, _)| message)
            .collect();
        let missing = |name: &str| format!("the option `{name}` is missing");
        assert_eq!(messages, [missing("rate"), missing("count")]);
    }

    #[test]
    fn every_wrong_value_is_named_at_its_own_bytes() {
        let mut found = problems("rate = \"x\"\ncount = -1\nmode = 'dorp'\n[decode]\ntop_k = []");
        found.sort();
        let expected = [
            (
                "`count` cannot be the number `-1`: it takes a whole number from 0",
                "-1",
            ),
            (
                "`decode.top_k` takes a whole number from 0, not a list",
                "[]",
            ),
            ("`mode` cannot be `dorp`", "'dorp'"),
            ("`rate` takes a number, not the string \"x\"", "\"x\""),
        ];
        assert_eq!(
            found,
            expected.map(|(message, at)| (message.to_owned(), at.to_owned()))
        );
    }

    #[test]
    fn a_key_of_an_inner_table_is_checked_too() {
        let found = problems("rate = 0.5\ncount = 1\ndecode = { top_k = 3, topp = 1 }");
        let message = "unknown key `topp` in `decode`".to_owned();
        assert_eq!(found, [(message, "topp".to_owned())]);
    }

    #[test]
    fn every_mistake_in_an_inner_table_is_named_once() {
        let messages = |text: &str| {
            let found = problems(&format!("rate = 0.5\ncount = 1\n{text}"));
            let messages = found.into_iter().map(|(message, _)| message);
            let mut messages: Vec<String> = messages.collect();
            messages.sort();
            messages
        };
        let wrong = "`decode.top_k` takes a whole number from 0, not the string \"x\"";
        let unknown = |key: &str| format!("unknown key `{key}` in `decode`");
        let expected = [wrong.to_owned(), unknown("topp"), unknown("z")];
        for text in [
            "decode = { topp = 1, top_k = 'x', z = {} }",
            "[decode]\nz = {}\ntopp = 1\ntop_k = 'x'",
        ] {
            assert_eq!(messages(text), expected, "{text}");
        }
        // What is missing from a table with a mistake that is no name is told.
        let missing = "in `decode`, the option `top_k` is missing";
        assert_eq!(messages("decode = {}"), [missing]);
        // In a list of tables, too.
        let text = "items = [{ top_k = 'x' }, { top_k = 1, y = 2 }, {}, 3]";
        let expected = [
            "`items.top_k` takes a whole number from 0, not the string \"x\"",
            "`items` takes a table of Decode, not the number `3`",
            "in `items`, the option `top_k` is missing",
            "unknown key `y` in `items`",
        ];
        assert_eq!(messages(text), expected);
    }

    #[test]
    fn a_part_of_an_option_has_a_place() {
        let text = "via = [{ a = 1 }, { a = 22 }]\n[decode]\nbeams = 4";
        let table = DeTable::parse(text).unwrap();
        let place = |option| place_of(table.get_ref(), option).and_then(|span| text.get(span));
        assert_eq!(place("via.1.a"), Some("22"));
        assert_eq!(place("via.0"), Some("{ a = 1 }"));
        assert_eq!(place("via.1.b"), Some("{ a = 22 }"));
        assert_eq!(place("decode.beams"), Some("4"));
        assert_eq!(place("rate"), None);
    }

    #[test]
    fn a_part_of_a_string_has_a_place_where_the_string_reads_as_written() {
        for (written, expected) in [
            (r#"sql = "a > b""#, "b"),
            ("sql = 'a > b'", "b"),
            (r#"sql = """a > b""""#, "b"),
            ("sql = '''\na > b'''", "b"),
            ("sql = '''\r\na > b'''", "b"),
            ("sql = '''a > b''''", "b"),
            (r#"sql = "a \u003e b""#, r#""a \u003e b""#),
            (r#"sql = ["a > b"]"#, r#"["a > b"]"#),
        ] {
            let table = DeTable::parse(written).unwrap();
            let problem = Problem::new("sql", "", "").within(Some(4..5));
            let place = place_of_problem(table.get_ref(), &problem).unwrap();
            assert_eq!(&written[place], expected, "{written}");
        }
    }
}
