//! The option `spans`: which columns hold annotations, and of which text.

use arrow::datatypes::{DataType, Field, Schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::path::TextPath;
use crate::table::nearest;

/// Columns of annotations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected the name of a column, a table with the keys column, text, unit, on_cut, \
                 start and end, or a list of such"
)]
pub enum SpanNames {
    /// One column, with all defaults.
    Name(String),
    /// Several. They come before the table, which serde would read from a list too.
    List(Vec<SpanEntry>),
    /// One column.
    Table(SpanTable),
}

/// One of several columns of annotations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SpanEntry {
    /// With all defaults.
    Name(String),
    /// With some of its own.
    Table(SpanTable),
}

/// A column of annotations: a list of structs, in each of which two fields say where the annotation
/// starts and ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanTable {
    /// The column.
    pub column: String,
    /// The text that it annotates; it can be left out where a row has one text.
    #[serde(default)]
    pub text: Option<String>,
    /// What offsets count.
    #[serde(default)]
    pub unit: SpanUnit,
    /// What becomes of an annotation that an edit would cut.
    #[serde(default)]
    pub on_cut: OnCut,
    /// The field with the offset of the first character.
    #[serde(default = "start_field")]
    pub start: String,
    /// The field with the offset after the last character.
    #[serde(default = "end_field")]
    pub end: String,
}

fn start_field() -> String {
    "start".to_owned()
}

fn end_field() -> String {
    "end".to_owned()
}

/// What the offsets of annotations count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpanUnit {
    /// Unicode scalar values, as in Python.
    #[default]
    Characters,
    /// Bytes of UTF-8.
    Bytes,
}

/// What becomes of an annotation that an edit would cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnCut {
    /// No edit touches annotated text.
    #[default]
    Protect,
    /// Edits may; the annotation is dropped, and counted, where one crosses its border or deletes
    /// it.
    Drop,
}

impl From<&str> for SpanTable {
    fn from(column: &str) -> Self {
        Self {
            column: column.to_owned(),
            text: None,
            unit: SpanUnit::default(),
            on_cut: OnCut::default(),
            start: start_field(),
            end: end_field(),
        }
    }
}

impl SpanNames {
    /// All of them, with their defaults.
    pub fn tables(&self) -> Vec<SpanTable> {
        match self {
            Self::Name(name) => vec![SpanTable::from(name.as_str())],
            Self::Table(table) => vec![table.clone()],
            Self::List(entries) => entries
                .iter()
                .map(|entry| match entry {
                    SpanEntry::Name(name) => SpanTable::from(name.as_str()),
                    SpanEntry::Table(table) => table.clone(),
                })
                .collect(),
        }
    }

    /// Whether it is a list, in which each has a place.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }
}

/// A column of annotations, found in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanColumn {
    /// Its name.
    pub name: String,
    /// Its position.
    pub column: usize,
    /// The name of the text that it annotates.
    pub text: String,
    /// What offsets count.
    pub unit: SpanUnit,
    /// What becomes of an annotation that an edit would cut.
    pub on_cut: OnCut,
    /// The position of the field with the starts.
    pub start: usize,
    /// The position of the field with the ends.
    pub end: usize,
}

impl SpanColumn {
    /// Finds a column of annotations of one of `texts`.
    ///
    /// # Errors
    /// What is wrong, and the remedy.
    pub fn resolve(
        table: &SpanTable,
        texts: &[TextPath],
        schema: &Schema,
    ) -> Result<Self, (String, String)> {
        let name = &table.column;
        let Some((column, field)) = schema.column_with_name(name) else {
            let names = schema.fields().iter().map(|field| field.name().as_str());
            let list = names.clone().collect::<Vec<_>>().join(", ");
            let help = match nearest(name, names) {
                Some(near) => format!("a similar column exists: `{near}`"),
                None => format!("the columns are: {list}"),
            };
            return Err((format!("no column `{name}` holds annotations"), help));
        };
        let text = match (&table.text, texts) {
            (Some(text), _) => texts
                .iter()
                .find(|path| path.name() == text)
                .ok_or_else(|| {
                    let names: Vec<&str> = texts.iter().map(TextPath::name).collect();
                    (
                        format!("`{text}`, which `{name}` annotates, is not among the texts"),
                        format!("the texts are: {}", names.join(", ")),
                    )
                })?,
            (None, [only]) => only,
            (None, _) => {
                return Err((
                    format!("it is not said which of the texts `{name}` annotates"),
                    format!("write `{{ column = \"{name}\", text = \"...\" }}`"),
                ));
            }
        };
        if !text.is_single() {
            return Err((
                format!(
                    "`{name}` cannot annotate `{}`, of which a row may have several",
                    text.name()
                ),
                "annotate a text that a row has one of".to_owned(),
            ));
        }
        let fields = fields_of(field).ok_or_else(|| {
            (
                format!(
                    "`{name}` is {}, and not a list of annotations",
                    field.data_type()
                ),
                "name a list of structs with a start and an end".to_owned(),
            )
        })?;
        let offset = |option: &str, wanted: &String| {
            let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
            match fields.find(wanted) {
                Some((index, field)) if field.data_type().is_integer() => Ok(index),
                Some((_, field)) => Err((
                    format!(
                        "the field `{wanted}` of `{name}` is {}, and not a whole number",
                        field.data_type()
                    ),
                    format!(
                        "name another field: `{{ column = \"{name}\", {option} = \"...\" }}`; the fields are: {}",
                        names.join(", ")
                    ),
                )),
                None => Err((
                    format!("the annotations in `{name}` have no field `{wanted}`"),
                    format!(
                        "name the field: `{{ column = \"{name}\", {option} = \"...\" }}`; the fields are: {}",
                        names.join(", ")
                    ),
                )),
            }
        };
        Ok(Self {
            name: name.clone(),
            column,
            text: text.name().to_owned(),
            unit: table.unit,
            on_cut: table.on_cut,
            start: offset("start", &table.start)?,
            end: offset("end", &table.end)?,
        })
    }
}

/// The fields of the structs in a list.
fn fields_of(field: &Field) -> Option<&arrow::datatypes::Fields> {
    match field.data_type() {
        DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
            DataType::Struct(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}
