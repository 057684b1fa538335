//! What there is to say about an operator, read off the JSON schema of its options.

use schemars::JsonSchema;
use serde_json::Value;

use super::Example;

/// One option of an operator, as documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionDocument {
    /// Its key in the table.
    pub name: String,
    /// What may be given, for example `number` or `string, one of fail, drop, route`.
    pub kind: String,
    /// The default as TOML or JSON; nothing where the option is required or absent by default.
    pub default: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What it does.
    pub description: String,
}

/// What `augment ops NAME` prints about an operator.
#[derive(Debug, Clone)]
pub struct OperatorDocument {
    /// Its `type`.
    pub name: &'static str,
    /// The first paragraph of the doc comment of its configuration.
    pub summary: String,
    /// The rest of the doc comment.
    pub details: String,
    /// Its own options, in the order of the fields.
    pub options: Vec<OptionDocument>,
    /// The options that it shares with every operator of its level.
    pub common: Vec<OptionDocument>,
    /// Runnable examples.
    pub examples: Vec<Example>,
}

/// The doc comment of `T`: its first paragraph, and the rest.
pub(super) fn description<T: JsonSchema>() -> (String, String) {
    let schema = schemars::schema_for!(T);
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let (summary, details) = text.split_once("\n\n").unwrap_or((text, ""));
    (summary.replace('\n', " "), details.to_owned())
}

/// The options of `T`, read off its JSON schema.
pub(super) fn options<T: JsonSchema>() -> Vec<OptionDocument> {
    let schema = schemars::schema_for!(T);
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    properties
        .iter()
        .map(|(name, property)| OptionDocument {
            name: name.clone(),
            kind: kind_of(property, schema.as_value()),
            default: property
                .get("default")
                .filter(|default| !default.is_null())
                .map(ToString::to_string),
            required: required.contains(&name.as_str()),
            description: property
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .replace('\n', " "),
        })
        .collect()
}

/// What a JSON schema accepts, in a few words.
fn kind_of(property: &Value, root: &Value) -> String {
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        return target.map_or_else(String::new, |target| kind_of(target, root));
    }
    for alternatives in ["anyOf", "oneOf"] {
        if let Some(all) = property.get(alternatives).and_then(Value::as_array) {
            let mut kinds: Vec<String> = all
                .iter()
                .map(|one| kind_of(one, root))
                .filter(|kind| kind != "null" && !kind.is_empty())
                .collect();
            kinds.dedup();
            return kinds.join(" or ");
        }
    }
    if let Some(value) = property.get("const") {
        return value.to_string();
    }
    if let Some(values) = property.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        return values.join(" or ");
    }
    let named = |kind: &str| match kind {
        "array" => {
            let items = property
                .get("items")
                .or_else(|| property.pointer("/prefixItems/0"));
            format!(
                "list of {}",
                items.map_or_else(|| "any".to_owned(), |item| kind_of(item, root))
            )
        }
        "object" => "table".to_owned(),
        kind => kind.to_owned(),
    };
    match property.get("type") {
        Some(Value::String(kind)) => named(kind),
        Some(Value::Array(kinds)) => {
            let kinds: Vec<String> = kinds
                .iter()
                .filter_map(Value::as_str)
                .filter(|kind| *kind != "null")
                .map(named)
                .collect();
            kinds.join(" or ")
        }
        _ => String::new(),
    }
}
