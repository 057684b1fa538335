//! From a table of a pipeline file to a typed value, with every problem located.
//!
//! serde stops at the first error of a table. Here unknown keys are compared with the type's JSON
//! schema first, and after each error the key to blame is taken out and the rest tried again, so
//! that one pass reports everything.

use std::ops::Range;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::diagnostic::Diagnostic;

/// The names of the options of `T`, in the order of its fields.
pub fn keys_of<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T);
    let properties = schema
        .get("properties")
        .and_then(serde_json::Value::as_object);
    properties
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// The name among `candidates` that is most like `name`, if one is like enough to be what was
/// meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, candidate)| {
            distance <= (name.chars().count().max(candidate.chars().count()) / 3).max(1)
        })
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
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
pub fn deserialize<T: DeserializeOwned>(
    table: &DeTable<'_>,
    span: Range<usize>,
) -> Result<T, Vec<Diagnostic>> {
    let mut rest = table.clone();
    let mut problems = Vec::new();
    loop {
        let value = Spanned::new(span.clone(), DeValue::Table(rest.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let place = error.span().unwrap_or_else(|| span.clone());
        let culprit = rest
            .iter()
            .find(|(key, value)| {
                let whole = key.span().start..value.span().end;
                whole.start <= place.start && place.end <= whole.end
            })
            .map(|(key, _)| key.clone());
        let message = error.message().trim_end().to_owned();
        let Some(culprit) = culprit else {
            // No key to take out: a missing option, perhaps one that was taken out above.
            let taken_out = |problem: &Diagnostic| message.contains(&problem.label);
            if !problems.iter().any(taken_out) {
                let code = if message.starts_with("missing field") {
                    "A104"
                } else {
                    "A103"
                };
                problems.push(Diagnostic::error(code, message).at(span));
            }
            return Err(problems);
        };
        problems.push(
            Diagnostic::error("A103", message)
                .at(place)
                .label(format!("in `{}`", culprit.get_ref())),
        );
        rest.remove(&culprit);
    }
}
