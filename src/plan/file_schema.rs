//! The JSON schema of a pipeline file, for editors.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::test;
use crate::operator::Registry;
use crate::sink::parquet::ParquetSinkConfig;
use crate::source::parquet::ParquetSourceConfig;

/// The schema (JSON Schema, draft 2020-12) of pipeline files with the operators of `registry`.
///
/// Editors that know TOML, such as those with taplo, complete and check by it. It says less than
/// [`compile`](super::compile): what is between tables cannot be said in a schema.
pub fn json_schema(registry: &Registry) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let operators = registry.schemas(&mut generator);
    let source = node::<ParquetSourceConfig>(false, &mut generator);
    let sink = node::<ParquetSinkConfig>(true, &mut generator);
    let nodes = |description: &str, kinds: Vec<Value>| {
        json!({
            "description": description,
            "type": "object",
            "patternProperties": { "^[a-z][a-z0-9_]*$": { "oneOf": kinds } },
            "additionalProperties": false,
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pipeline of augment",
        "type": "object",
        "properties": {
            "version": { "description": "The version of the format.", "const": 1 },
            "seed": {
                "description": "Decides every random choice, with the id of the operator and the \
                                identity of the row; 0 where it is left out.",
                "type": "integer",
                "minimum": 0,
            },
            "sources": nodes("Where rows come from.", vec![source]),
            "operators": nodes("What works on them.", operators),
            "sinks": nodes("Where they go.", vec![sink]),
            "tests": test::json_schema(),
        },
        "required": ["version", "sources", "sinks"],
        "additionalProperties": false,
        "$defs": generator.take_definitions(true),
    })
}

/// The schema of the table of a source or sink.
fn node<T: JsonSchema>(has_inputs: bool, generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    if let Some(table) = schema.as_object_mut() {
        table.insert("additionalProperties".to_owned(), json!(false));
    }
    let mut extra = vec![("type", json!({ "const": "parquet" }))];
    if has_inputs {
        let inputs = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
        extra.push(("inputs", inputs));
    }
    for (key, property) in extra {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        if let Some(properties) = properties {
            properties.insert(key.to_owned(), property);
        }
        let required = schema.get_mut("required").and_then(Value::as_array_mut);
        if let Some(required) = required {
            required.push(json!(key));
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All values under the key `key`, at any depth.
    fn under<'v>(key: &str, value: &'v Value, found: &mut Vec<&'v Value>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get(key));
                object.values().for_each(|value| under(key, value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| under(key, value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_operator_is_in_it_with_every_option_of_its_examples() {
        let registry = Registry::builtin();
        let schema = json_schema(&registry);
        let kinds = schema
            .pointer("/properties/operators/patternProperties/^[a-z][a-z0-9_]*$/oneOf")
            .unwrap();
        let kinds = kinds.as_array().unwrap();
        let named = kinds
            .iter()
            .map(|kind| &kind["properties"]["type"]["const"]);
        assert!(named.eq(registry.names()));
        for kind in kinds {
            for example in kind["examples"].as_array().unwrap() {
                for option in example.as_object().unwrap().keys() {
                    assert!(
                        kind["properties"].get(option).is_some(),
                        "{option}: {kind:#}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = json_schema(&Registry::builtin());
        let mut references = Vec::new();
        under("$ref", &schema, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(schema.pointer(pointer).is_some(), "{reference}");
        }
    }
}
