//! Options that hold SQL.

use std::borrow::Cow;
use std::fmt;

use arrow::datatypes::Schema;
use schemars::{JsonSchema, Schema as JsonSchemaOf, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::measures;
use crate::operator::OperatorError;
use crate::prelude::Problem;
use crate::sql::SqlError;
use crate::table::nearest;

/// SQL under names, in the order of the file.
///
/// Its serialised form is a list of pairs, because the order means something, and that of the keys of
/// an object does not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NamedSql(Vec<(String, String)>);

impl NamedSql {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and SQL.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, sql)| (name.as_str(), sql.as_str()))
    }

    /// The SQL under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(other, _)| *other == name)
            .map(|(_, sql)| sql)
    }
}

impl<'de> Deserialize<'de> for NamedSql {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = NamedSql;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table of names and SQL")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedSql, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(NamedSql(all))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl JsonSchema for NamedSql {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("NamedSql")
    }

    fn json_schema(_: &mut SchemaGenerator) -> JsonSchemaOf {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

/// What to say about the SQL in `option` that cannot be used at all.
pub(super) fn unusable(option: &str, sql: &str, error: &SqlError) -> Problem {
    Problem::new(option, error.to_string(), error.help()).within(error.place(sql))
}

/// What to say about the SQL in `option` that does not fit the columns of `input`.
pub(super) fn misfit(option: &str, sql: &str, error: &SqlError, input: &Schema) -> Problem {
    let SqlError::UnknownColumn { name } = error else {
        return unusable(option, sql, error);
    };
    let mut known: Vec<&str> = measures::names().collect();
    known.splice(
        0..0,
        input.fields().iter().map(|field| field.name().as_str()),
    );
    let list = known.join(", ");
    let help = match nearest(name, known) {
        Some(near) => format!("a similar one is `{near}`; there are: {list}"),
        None => format!("there are: {list}; texts stand in '...', not in \"...\""),
    };
    Problem {
        help,
        ..unusable(option, sql, error)
    }
}

/// The error of an operator whose `option` failed on the data.
pub(super) fn failed(option: &str, error: &SqlError) -> OperatorError {
    OperatorError::Other(format!("`{option}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_file() {
        #[derive(Deserialize)]
        struct Table {
            routes: NamedSql,
        }
        for text in [
            "routes = { long = 'a', b = 'c', anew = 'd' }",
            "[routes]\nlong = 'a'\nb = 'c'\nanew = 'd'",
        ] {
            let table: Table = toml::from_str(text).unwrap();
            let names: Vec<&str> = table.routes.iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["long", "b", "anew"]);
            assert_eq!(table.routes.get("b"), Some("c"));
            assert_eq!(
                serde_json::to_string(&table.routes).unwrap(),
                r#"[["long","a"],["b","c"],["anew","d"]]"#
            );
        }
    }
}
