//! The JSON schema of an operator's table.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::Example;

/// The schema of a table of type `name` with the options of `Own` and those options of `Common` that
/// are in `common`. The examples come along as tables that read `demo`.
pub(super) fn of_table<Own: JsonSchema, Common: JsonSchema>(
    name: &str,
    common: &[String],
    examples: &[Example],
    generator: &mut SchemaGenerator,
) -> Value {
    let own = Own::json_schema(generator).to_value();
    let shared = Common::json_schema(generator).to_value();
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "const": name }));
    let inputs = json!({
        "description": "The nodes that it reads: sources, operators and, as `ID.PORT`, other outputs \
                        of operators; globs are understood.",
        "type": "array",
        "items": { "type": "string" },
        "minItems": 1,
    });
    properties.insert("inputs".to_owned(), inputs);
    let options = |schema: &Value| -> Map<String, Value> {
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.cloned().unwrap_or_default()
    };
    properties.extend(options(&own));
    let shared = options(&shared).into_iter();
    properties.extend(shared.filter(|(key, _)| common.contains(key)));
    let mut required = vec![json!("type"), json!("inputs")];
    let own_required = own.get("required").and_then(Value::as_array);
    required.extend(own_required.into_iter().flatten().cloned());
    json!({
        "description": own.get("description"),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
        "examples": examples.iter().map(|example| table(name, example)).collect::<Vec<_>>(),
    })
}

/// The table of an example.
fn table(name: &str, example: &Example) -> Value {
    let mut table = Map::new();
    table.insert("type".to_owned(), json!(name));
    table.insert("inputs".to_owned(), json!(["demo"]));
    // Tests see to it that the options of examples can be read.
    if let Ok(Value::Object(options)) = toml::from_str(example.options) {
        table.extend(options);
    }
    Value::Object(table)
}
