//! A choice of columns.

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::neighbours::missing_column;
use crate::prelude::*;

/// Keeps some of the columns, or leaves some out.
///
/// Values, types and metadata stay as they are. Operators that work on the text cannot come after
/// one that leaves the text column out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Select {
    /// The columns to keep, in the order in which they shall stand.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// The columns to leave out; all others stay where they are.
    #[serde(default)]
    pub drop: Option<Vec<String>>,
}

impl Select {
    /// The positions in `schema` of the columns that stay.
    fn positions(&self, schema: &Schema) -> Result<Vec<usize>, ArrowError> {
        if let Some(columns) = &self.columns {
            return columns.iter().map(|name| schema.index_of(name)).collect();
        }
        let left_out = |name: &String| self.drop.iter().flatten().any(|drop| drop == name);
        let fields = schema.fields().iter().enumerate();
        let kept = fields.filter(|(_, field)| !left_out(field.name()));
        Ok(kept.map(|(position, _)| position).collect())
    }
}

impl OperatorConfig for Select {
    const NAME: &'static str = "select";

    fn reads_text(&self) -> bool {
        false
    }

    fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.columns.is_some() == self.drop.is_some() {
            let (option, message) = match self.drop {
                Some(_) => ("drop", "columns are kept and left out at once"),
                None => ("", "no column is named"),
            };
            let help = "give either `columns = [...]`, those to keep, or `drop = [...]`";
            problems.push(Problem::new(option, message, help));
        }
        for (option, names) in [("columns", &self.columns), ("drop", &self.drop)] {
            let names = names.as_deref();
            if names.is_some_and(<[String]>::is_empty) {
                let message = format!("`{option}` names no column");
                problems.push(Problem::new(option, message, "name at least one"));
            }
            let mut seen = BTreeSet::new();
            for (position, name) in names.unwrap_or_default().iter().enumerate() {
                if !seen.insert(name) {
                    problems.push(Problem::new(
                        &format!("{option}.{position}"),
                        format!("`{name}` is named twice"),
                        "take one of them out",
                    ));
                }
            }
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let mut problems = Vec::new();
        for (option, names) in [("columns", &self.columns), ("drop", &self.drop)] {
            for (position, name) in names.iter().flatten().enumerate() {
                let option = format!("{option}.{position}");
                problems.extend(missing_column(&option, name, input));
            }
        }
        let positions = self.positions(input).unwrap_or_default();
        if problems.is_empty() && positions.is_empty() {
            let help = "keep at least one: a file without columns has no rows";
            problems.push(Problem::new("drop", "no column is left", help));
        }
        match input.project(&positions) {
            Ok(schema) if problems.is_empty() => Ok(vec![SchemaRef::new(schema)]),
            _ => Err(problems),
        }
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Selector(self.clone())))
    }

    fn examples() -> Vec<Example> {
        const COLUMNS: &[(&str, &[&str])] = &[("label", &["good"]), ("note", &["seen twice"])];
        vec![
            Example {
                title: "Text and label; a note stays behind",
                options: "columns = [\"text\", \"label\"]",
                columns: COLUMNS,
                input: &["Well worth it."],
                output: &["Well worth it."],
            },
            Example {
                title: "The same the other way round",
                options: "drop = [\"note\"]",
                columns: COLUMNS,
                input: &["Well worth it."],
                output: &["Well worth it."],
            },
            Example {
                title: "Another order: the first column, which is shown, is now the label",
                options: "columns = [\"label\", \"text\"]",
                columns: COLUMNS,
                input: &["Well worth it."],
                output: &["good"],
            },
        ]
    }
}

struct Selector(Select);

impl Operator for Selector {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let positions = self.0.positions(batch.records.schema_ref())?;
        let records: RecordBatch = batch.records.project(&positions)?;
        let rows = batch.rows.clone();
        context.emit(batch.replaced(records, rows));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn select(columns: Option<&[&str]>, drop: Option<&[&str]>) -> Select {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Select {
            columns: columns.map(names),
            drop: drop.map(names),
        }
    }

    fn through(config: &Select) -> Result<Vec<String>, Vec<String>> {
        let field = |name| Field::new(name, DataType::Utf8, true);
        let schema = Arc::new(Schema::new(vec![field("a"), field("b"), field("c")]));
        let names = |schemas: Vec<SchemaRef>| {
            let fields = schemas[0].fields().iter();
            fields.map(|field| field.name().clone()).collect()
        };
        let messages = |problems: Vec<Problem>| {
            problems
                .into_iter()
                .map(|problem| problem.message)
                .collect()
        };
        config.schemas(&schema).map(names).map_err(messages)
    }

    #[test]
    fn columns_are_kept_in_the_order_given_or_left_out() {
        let kept = through(&select(Some(&["c", "a"]), None));
        assert_eq!(kept.unwrap(), ["c", "a"]);
        assert_eq!(through(&select(None, Some(&["b"]))).unwrap(), ["a", "c"]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let unknown = through(&select(Some(&["d"]), None));
        assert_eq!(unknown.unwrap_err(), ["there is no column `d`"]);
        let none = through(&select(None, Some(&["a", "b", "c"])));
        assert_eq!(none.unwrap_err(), ["no column is left"]);
        for (config, problems) in [
            (select(None, None), 1),
            (select(Some(&["a"]), Some(&["b"])), 1),
            (select(Some(&[]), None), 1),
            (select(None, Some(&["a", "a"])), 1),
        ] {
            assert_eq!(config.validate().len(), problems);
        }
    }
}
