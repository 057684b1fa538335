//! The part of the JSON schema of a pipeline file that describes `[[tests]]`.

use serde_json::{Value, json};

/// The schema of the list of tests.
pub(in crate::plan) fn json_schema() -> Value {
    let text = |description: &str| json!({ "description": description, "type": "string" });
    let number =
        |description: &str| json!({ "description": description, "type": "integer", "minimum": 0 });
    let row = json!({ "description": "Columns and their values.", "type": "object" });
    let of_rows = json!({
        "rows": number("How many rows have to come."),
        "output": {
            "description": "The rows that have to come, in their order. Only the columns that a \
                            row gives are compared; `aug_parent`, `aug_replica` and \
                            `aug_operators` are columns, too.",
            "type": "array",
            "items": row,
        },
        "changed": {
            "description": "Whether every text has to differ from the text that was put in, or \
                            none may.",
            "type": "boolean",
        },
        "contains": {
            "description": "What every text has to contain.",
            "type": ["string", "array"],
            "items": { "type": "string" },
        },
        "matches": text("A regular expression that every text has to match."),
    });
    let kinds = [
        ("unchanged", "How many rows have to be left as they were."),
        ("filtered", "How many rows have to be left out."),
        ("rejected", "How many candidates have to be turned down."),
        ("shortfall", "How many variants have to be missing."),
        ("error", "How many rows have to be refused."),
    ];
    let mut of_node = of_rows.clone();
    if let Some(properties) = of_node.as_object_mut() {
        properties.extend(kinds.map(|(kind, description)| (kind.to_owned(), number(description))));
        let ports = json!({
            "description": "What is expected of the other outputs, by their names.",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": of_rows,
                "additionalProperties": false,
            },
        });
        let snapshot = json!({
            "description": "Whether all that comes has to be what came when `augment test \
                            --update` was last run.",
            "type": "boolean",
        });
        properties.insert("ports".to_owned(), ports);
        properties.insert("snapshot".to_owned(), snapshot);
    }
    json!({
        "description": "Rows to put into a node, and what is expected of them: `augment test`.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": text("What the test shows, in a few words."),
                "at": text("The operator, output (`ID.PORT`), source or sink that is tested."),
                "from": text(
                    "The node that the rows are put into, if they are to pass all operators \
                     between it and `at`.",
                ),
                "input": {
                    "description": "The rows that are put in. A column that a row does not give \
                                    is null.",
                    "type": "array",
                    "items": row,
                },
                "expect": {
                    "description": "What is expected.",
                    "type": "object",
                    "properties": of_node,
                    "patternProperties": {
                        "^(unchanged|filtered|rejected|shortfall|error): ":
                            number("How many rows have to be counted under this reason."),
                    },
                    "additionalProperties": false,
                    "minProperties": 1,
                },
            },
            "required": ["name", "at", "input", "expect"],
            "additionalProperties": false,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::test::expect::{KINDS, OF_NODE, OF_ROWS};

    #[test]
    fn everything_that_can_be_expected_is_in_it() {
        let schema = json_schema();
        let keys = |pointer: &str| -> Vec<String> {
            let properties = schema.pointer(pointer).unwrap().as_object().unwrap();
            let mut keys: Vec<String> = properties.keys().cloned().collect();
            keys.sort();
            keys
        };
        let sorted = |names: &[&[&str]]| -> Vec<String> {
            let mut names: Vec<String> = names.concat().iter().map(|n| (*n).to_owned()).collect();
            names.sort();
            names
        };
        let expect = "/items/properties/expect/properties";
        assert_eq!(keys(expect), sorted(&[&OF_ROWS, &OF_NODE, &KINDS]));
        let port = format!("{expect}/ports/additionalProperties/properties");
        assert_eq!(keys(&port), sorted(&[&OF_ROWS]));
        let pattern = keys("/items/properties/expect/patternProperties").remove(0);
        assert!(KINDS.iter().all(|kind| pattern.contains(kind)), "{pattern}");
    }
}
