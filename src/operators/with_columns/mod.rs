//! Columns by SQL expressions.

mod column;
#[cfg(all(test, feature = "polars"))]
mod tests;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measures::{self, Meter};
use super::sql_option::{NamedSql, failed, misfit, unusable};
use crate::batch::{EditLog, EditRecord, OperatorSet};
use crate::operator::{RowTextReader, RowTextValues, TextColumn, is_text, number_in_place};
use crate::prelude::*;
use crate::sql::Expression;
use column::{NewColumn, option, schema_with};

/// Adds columns, or replaces them, by SQL expressions on single rows.
///
/// An expression sees the columns as they come in, also those that are replaced here, and the
/// measures of the text that `filter` has. A column of a name that is there is replaced at its place;
/// others are added at the end, in the order of the file. All other columns stay as they are.
///
/// Types follow from the expressions: texts are strings, whole numbers have 64 bits unless CAST says
/// INTEGER, a column alone keeps its type, and a text in place of a text has the type of that column.
/// The text column can be replaced by texts only; a row whose text changes counts as changed by this
/// operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WithColumns {
    /// An expression for each column: `columns = { shout = "upper(text)", n = "words * 2" }`.
    pub columns: NamedSql,
}

impl WithColumns {
    /// The names in expressions, as far as these can be parsed.
    fn named(&self) -> Vec<String> {
        let parsed = self.columns.iter();
        let parsed = parsed.filter_map(|(_, sql)| Expression::parse(sql).ok());
        parsed
            .flat_map(|expression| expression.columns().to_vec())
            .collect()
    }
}

impl OperatorConfig for WithColumns {
    const NAME: &'static str = "with_columns";

    fn reads_text(&self) -> bool {
        measures::is_named(&self.named())
    }

    fn handling(&self) -> TextHandling {
        TextHandling {
            uses: TextUse::ReadsAll,
            ..TextHandling::default()
        }
    }

    fn compares(&self) -> bool {
        measures::compares(&self.named())
    }

    fn validate(&self) -> Vec<Problem> {
        if self.columns.is_empty() {
            let help = "give it one or more: `columns = { shout = \"upper(text)\" }`";
            return vec![Problem::new("columns", "there is no column", help)];
        }
        let mut problems = Vec::new();
        for (name, sql) in self.columns.iter() {
            let option = option(name);
            if name.is_empty() {
                let help = "give the column a name";
                problems.push(Problem::new(&option, "a column has no name", help));
            }
            let parsed = Expression::parse(sql);
            problems.extend(parsed.err().map(|error| unusable(&option, sql, &error)));
        }
        problems
    }

    fn schemas(&self, input: &SchemaRef) -> Result<Vec<SchemaRef>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut columns = Vec::new();
        for (name, sql) in self.columns.iter() {
            match NewColumn::of(name, sql, input) {
                Ok(column) => columns.push(column),
                Err(error) => problems.push(misfit(&option(name), sql, &error, input)),
            }
        }
        if problems.is_empty() {
            Ok(vec![schema_with(input, &columns)])
        } else {
            Err(problems)
        }
    }

    fn check_text(&self, input: &SchemaRef, text: &TextColumn) -> Vec<Problem> {
        let Some(sql) = self.columns.get(&text.name) else {
            return Vec::new();
        };
        let field = NewColumn::of(&text.name, sql, input).map(|column| column.field);
        match field {
            Ok(field) if !is_text(field.data_type()) => {
                let message = format!(
                    "`{}` is the text that operators rewrite, and would become {}",
                    text.name,
                    field.data_type()
                );
                let help = "give the column another name, or make a text of it: CAST(... AS TEXT)";
                vec![Problem::new(&option(&text.name), message, help)]
            }
            _ => Vec::new(),
        }
    }

    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Operator>, OperatorError> {
        Ok(Box::new(Columns {
            config: self.clone(),
            position: context.position,
            texts: RowTextReader::new(context),
            has_text: context.text.index != usize::MAX,
            several: context.texts.is_some_and(|texts| texts.several),
            meter: Meter::new(self.named(), context)?,
            layout: None,
        }))
    }

    fn examples() -> Vec<Example> {
        vec![
            Example {
                title: "The text without spaces around it, and a column with its length",
                options: "columns = { text = \"trim(text)\", length = \"characters\" }",
                columns: &[],
                input: &["  two words ", "none"],
                output: &["two words", "none"],
            },
            Example {
                title: "A prompt made of several columns",
                options: "columns = { text = \"question || ' Context: ' || text\" }",
                columns: &[("question", &["Who?", "When?"])],
                input: &["Ada wrote it.", "In 1843."],
                output: &["Who? Context: Ada wrote it.", "When? Context: In 1843."],
            },
            Example {
                title: "A choice",
                options: "columns.text = \"CASE WHEN label = 'title' THEN upper(text) ELSE text END\"",
                columns: &[("label", &["title", "body"])],
                input: &["On cats", "They purr."],
                output: &["ON CATS", "They purr."],
            },
        ]
    }
}

/// What becomes of batches with the columns of `input`.
struct Layout {
    input: SchemaRef,
    columns: Vec<NewColumn>,
    output: SchemaRef,
}

impl Layout {
    fn of(config: &WithColumns, input: &SchemaRef) -> Result<Self, OperatorError> {
        let mut columns = Vec::new();
        for (name, sql) in config.columns.iter() {
            let column = NewColumn::of(name, sql, input);
            columns.push(column.map_err(|error| failed(&option(name), &error))?);
        }
        Ok(Self {
            input: SchemaRef::clone(input),
            output: schema_with(input, &columns),
            columns,
        })
    }
}

struct Columns {
    config: WithColumns,
    position: usize,
    texts: RowTextReader,
    has_text: bool,
    /// Whether a row may have several texts: an edit does not tell which it is of then.
    several: bool,
    meter: Meter,
    /// Of the batches so far: it is the same for all of a run.
    layout: Option<Layout>,
}

impl Operator for Columns {
    fn process(&mut self, batch: Batch, context: &mut Context<'_>) -> Result<(), OperatorError> {
        let named = self.meter.gather(&batch)?;
        let layout = self.layout(&batch.records.schema())?;
        let mut columns = batch.records.columns().to_vec();
        for column in &layout.columns {
            let values = column.values(&named)?;
            match column.replaces.and_then(|place| columns.get_mut(place)) {
                Some(old) => *old = values,
                None => columns.push(values),
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.records.num_rows()));
        let output = SchemaRef::clone(&layout.output);
        let records = RecordBatch::try_new_with_options(output, columns, &options)?;
        let mut rows = batch.rows.clone();
        let touched = batch.records.columns().iter().zip(records.columns());
        if self.has_text && touched.into_iter().any(|(old, new)| !Arc::ptr_eq(old, new)) {
            let (old, new) = (self.texts.read(&batch.records)?, self.texts.read(&records)?);
            context.count_changed(self.mark_changed(&mut rows, &old, &new));
        }
        context.emit(batch.replaced(records, rows));
        Ok(())
    }
}

impl Columns {
    fn layout(&mut self, input: &SchemaRef) -> Result<&Layout, OperatorError> {
        let known = self.layout.take().filter(|known| known.input == *input);
        let layout = known.map_or_else(|| Layout::of(&self.config, input), Ok)?;
        Ok(self.layout.insert(layout))
    }

    /// Notes with each row whose text is another now that the operator changed it; how many they are.
    /// The edit is that of the whole text.
    fn mark_changed(&self, rows: &mut Rows, old: &RowTextValues, new: &RowTextValues) -> u64 {
        let mut changed = 0;
        for row in 0..rows.len() {
            if old.of_row(row).eq(new.of_row(row)) {
                continue;
            }
            changed += 1;
            if let Some(set) = rows.changed.get_mut(row) {
                *set = OperatorSet::with(*set, self.position);
            }
            if let Some(replica) = rows.replica.get_mut(row) {
                *replica = number_in_place(*replica);
            }
            let log = rows.edits.as_mut().and_then(|logs| logs.get_mut(row));
            if let Some(log) = log.filter(|_| !self.several) {
                let edit = whole_text(old.of_row(row).next(), new.of_row(row).next());
                *log = Some(Arc::new(EditLog {
                    previous: log.take(),
                    operator: self.position,
                    text: None,
                    edits: [edit].as_slice().into(),
                }));
            }
        }
        changed
    }
}

/// The edit that puts one text in place of another.
fn whole_text(old: Option<&str>, new: Option<&str>) -> EditRecord {
    let old = old.unwrap_or_default();
    EditRecord {
        start: 0,
        end: u32::try_from(old.len()).unwrap_or(u32::MAX),
        old: old.to_owned(),
        new: new.unwrap_or_default().to_owned(),
        from: None,
    }
}
