//! What stands for the tables of steps in the options of an operator that holds them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The table of a step: the `type` of an operator that rewrites rows in place, and its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepTable;

/// The table of an alternative: a `weight`, and either the `type` and the options of one step or
/// `steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlternativeTable;

/// Accepts any table: what is in it is read by the registry.
struct AnyTable;

impl<'de> Visitor<'de> for AnyTable {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table with the `type` of an operator and its options")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

impl<'de> Deserialize<'de> for StepTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyTable).map(|()| Self)
    }
}

impl<'de> Deserialize<'de> for AlternativeTable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyTable).map(|()| Self)
    }
}

impl JsonSchema for StepTable {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Step")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": { "type": { "type": "string" } },
            "required": ["type"],
        })
    }
}

impl JsonSchema for AlternativeTable {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Alternative")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "weight": { "type": "number", "exclusiveMinimum": 0, "default": 1 },
                "type": { "type": "string" },
            },
        })
    }
}
