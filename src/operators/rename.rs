//! Other names for columns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::neighbours::missing_column;
use crate::prelude::*;

/// Gives columns other names.
///
/// Nothing else about them changes: values, types, metadata and places stay. If the text column is
/// renamed, the operators after this one work on it under its new name. Names may be exchanged:
/// `{ a = "b", b = "a" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rename {
    /// Old names and new ones: `{ review = "text", stars = "label" }`.
    pub columns: BTreeMap<String, String>,
}

impl Rename {
    fn new_name<'a>(&'a self, old: &'a str) -> &'a str {
        self.columns.get(old).map_or(old, String::as_str)
    }

    fn apply(&self, schema: &Schema) -> SchemaRef {
        let field = |field: &Arc<arrow::datatypes::Field>| match self.columns.get(field.name()) {
            Some(new) => Arc::new(field.as_ref().clone().with_name(new)),
            None => Arc::clone(field),
        };
        let fields: Vec<_> = schema.fields().iter().map(field).collect();
        Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
    }
}

impl OperatorConfig for Rename {
    const NAME: &'static str = "rename";

    fn reads_text(&self) -> bool {
        false
    }

    fn renamed(&self, column: &str) -> Option<&str> {
        self.columns.get(column).map(String::as_str)
    }

    fn validate(&self) -> Vec<Problem> {
        let empty = self.columns.iter().filter(|(_, new)| new.is_empty());
        let problem = |(old, _): (&String, _)| {
            let message = format!("the new name of `{old}` is empty");
            Problem::new(&format!("columns.{old}"), message, "give it a name")
        };
        let mut problems: Vec<Problem> = empty.map(problem).collect();
        if self.columns.is_empty() {
            let help = "write for example `columns = { old = \"new\" }`";
            problems.push(Problem::new("columns", "no column is renamed", help));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let mut problems = Vec::new();
        for old in self.columns.keys() {
            problems.extend(missing_column(&format!("columns.{old}"), old, input));
        }
        let mut taken = BTreeSet::new();
        for field in input.fields() {
            let new = self.new_name(field.name());
            if !taken.insert(new) {
                let old = self.columns.iter().find(|(_, name)| *name == new);
                let option = old.map_or("columns".to_owned(), |(old, _)| format!("columns.{old}"));
                let message = format!("two columns would be called `{new}`");
                let help = "choose another name, or leave out the other column by `select`";
                problems.push(Problem::new(&option, message, help));
            }
        }
        if problems.is_empty() {
            Ok(vec![self.apply(input)])
        } else {
            Err(problems)
        }
    }

    fn build(&self, _context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Renamer(self.clone())))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The text is called `review` from then on",
                options: "columns = { text = \"review\" }",
                columns: &[],
                input: &["A text stays as it is."],
                output: &["A text stays as it is."],
            },
            Example {
                title: "Two columns at once",
                options: "columns = { text = \"review\", stars = \"label\" }",
                columns: &[("stars", &["5"])],
                input: &["Well worth it."],
                output: &["Well worth it."],
            },
            Example {
                title: "Two columns change names: the first, which is shown, is now called `title`",
                options: "columns = { text = \"title\", title = \"text\" }",
                columns: &[("title", &["A title"])],
                input: &["A text"],
                output: &["A text"],
            },
        ]
    }
}

struct Renamer(Rename);

impl Operator for Renamer {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let records = &batch.records;
        let options = RecordBatchOptions::new().with_row_count(Some(records.num_rows()));
        let schema = self.0.apply(records.schema_ref());
        let columns = records.columns().to_vec();
        let records = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let rows = batch.rows.clone();
        context.emit(batch.replaced(records, rows));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn rename(columns: &[(&str, &str)]) -> Rename {
        let name = |(old, new): &(&str, &str)| ((*old).to_owned(), (*new).to_owned());
        Rename {
            columns: columns.iter().map(name).collect(),
        }
    }

    fn schema() -> SchemaRef {
        let metadata: std::collections::HashMap<_, _> =
            [("unit".to_owned(), "stars".to_owned())].into();
        Arc::new(Schema::new(vec![
            Field::new("text", DataType::Utf8, true),
            Field::new("score", DataType::Int64, false).with_metadata(metadata),
        ]))
    }

    fn messages(config: &Rename) -> Vec<String> {
        let problems = config.schemas(&schema()).err().unwrap_or_default();
        problems
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn everything_but_the_name_stays() {
        let renamed = rename(&[("score", "text"), ("text", "score")])
            .schemas(&schema())
            .unwrap();
        let field = renamed[0].field(1);
        assert_eq!(field.name(), "text");
        assert_eq!(field.metadata(), schema().field(1).metadata());
        assert!(!field.is_nullable());
    }

    #[test]
    fn names_must_exist_and_stay_unique() {
        assert_eq!(
            messages(&rename(&[("scroe", "x")])),
            ["there is no column `scroe`"]
        );
        assert_eq!(
            messages(&rename(&[("score", "text")])),
            ["two columns would be called `text`"]
        );
        assert_eq!(rename(&[("a", "")]).validate().len(), 1);
        assert_eq!(rename(&[]).validate().len(), 1);
    }
}
