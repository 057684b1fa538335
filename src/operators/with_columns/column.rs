//! One column that is made.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

use crate::operator::is_text;
use crate::operators::measures;
use crate::operators::sql_option::failed;
use crate::prelude::OperatorError;
use crate::sql::{Expression, SqlError};

/// The option that holds the expression of the column `name`.
pub(super) fn option(name: &str) -> String {
    format!("columns.{name}")
}

/// A column that is made.
pub(super) struct NewColumn {
    option: String,
    expression: Expression,
    /// The type of the expression's values.
    data_type: DataType,
    /// The column that comes of it.
    pub(super) field: FieldRef,
    /// The place of the column that it replaces.
    pub(super) replaces: Option<usize>,
}

impl NewColumn {
    pub(super) fn of(name: &str, sql: &str, input: &Schema) -> Result<Self, SqlError> {
        let expression = Expression::parse(sql)?;
        let data_type = expression.data_type(&measures::beside(input, expression.columns()))?;
        let mut places = (0..)
            .zip(input.fields())
            .filter(|(_, field)| field.name() == name);
        let replaced = places.next();
        if places.next().is_some() {
            let name = name.to_owned();
            return Err(SqlError::AmbiguousColumn { name });
        }
        let field = match replaced {
            // The metadata of a column may speak of its type.
            Some((_, old)) if *old.data_type() == data_type => {
                old.as_ref().clone().with_nullable(true)
            }
            Some((_, old)) if is_text(old.data_type()) && is_text(&data_type) => {
                old.as_ref().clone().with_nullable(true)
            }
            _ => Field::new(name, data_type.clone(), true),
        };
        Ok(Self {
            option: option(name),
            expression,
            data_type,
            field: Arc::new(field),
            replaces: replaced.map(|(place, _)| place),
        })
    }

    /// The values for the rows of `named`.
    pub(super) fn values(&self, named: &RecordBatch) -> Result<ArrayRef, OperatorError> {
        let values = self.expression.evaluate(named, &self.data_type);
        let values = values.map_err(|error| failed(&self.option, &error))?;
        let strict = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        if values.data_type() == self.field.data_type() {
            return Ok(values);
        }
        cast_with_options(&values, self.field.data_type(), &strict).map_err(|error| {
            let data_type = self.field.data_type();
            let message = format!("`{}` does not fit {data_type}: {error}", self.option);
            OperatorError::Other(message)
        })
    }
}

/// The columns of `input` with `columns`.
pub(super) fn schema_with(input: &Schema, columns: &[NewColumn]) -> SchemaRef {
    let mut fields = input.fields().to_vec();
    for column in columns {
        let field = Arc::clone(&column.field);
        match column.replaces.and_then(|place| fields.get_mut(place)) {
            Some(old) => *old = field,
            None => fields.push(field),
        }
    }
    Arc::new(Schema::new_with_metadata(fields, input.metadata().clone()))
}
