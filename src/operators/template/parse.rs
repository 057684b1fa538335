//! Templates: text with the names of columns in braces.

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::operator::{TextValues, is_text};

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A column, by its place among those that the template names.
    Column(usize),
    /// The examples.
    Shots,
}

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
    /// The columns that it names, each once.
    columns: Vec<String>,
}

impl Template {
    /// Reads a template, in which `{shots}` stands for the examples if `has_shots`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(template: &str, has_shots: bool) -> Result<Self, String> {
        let mut read = Self {
            parts: Vec::new(),
            columns: Vec::new(),
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some(brace) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(brace);
            text.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                text.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                text.push('}');
                rest = after;
            } else if let Some(after) = from.strip_prefix('{') {
                let (name, after) = after
                    .split_once('}')
                    .filter(|(name, _)| !name.contains('{'))
                    .ok_or_else(|| format!("the brace in `{}` is never closed", start_of(from)))?;
                if name.is_empty() {
                    return Err("`{}` names no column".to_owned());
                }
                if !text.is_empty() {
                    read.parts.push(Part::Text(std::mem::take(&mut text)));
                }
                let part = if has_shots && name == "shots" {
                    Part::Shots
                } else {
                    read.column(name)
                };
                read.parts.push(part);
                rest = after;
            } else {
                return Err(format!(
                    "the brace in `{}` was never opened",
                    start_of(from)
                ));
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            read.parts.push(Part::Text(text));
        }
        Ok(read)
    }

    fn column(&mut self, name: &str) -> Part {
        let known = self.columns.iter().position(|column| column == name);
        Part::Column(known.unwrap_or_else(|| {
            self.columns.push(name.to_owned());
            self.columns.len() - 1
        }))
    }

    /// The columns that it names, each once.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether it says where the examples stand.
    pub(super) fn places_shots(&self) -> bool {
        self.parts.contains(&Part::Shots)
    }

    /// Appends the template, filled in for `row` from `values`, one for each of its columns, to
    /// `into`. Answers false where one is null and `null` does not say what stands for it: then
    /// what was appended is of no use.
    ///
    /// # Errors
    /// When a value has no text form.
    pub(super) fn fill(
        &self,
        row: usize,
        values: &[Values<'_>],
        shots: &str,
        null: Option<&str>,
        into: &mut String,
    ) -> Result<bool, ArrowError> {
        for part in &self.parts {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Shots => into.push_str(shots),
                Part::Column(column) => {
                    let filled = match values.get(*column) {
                        Some(values) => values.append(row, into)?,
                        None => false,
                    };
                    match null {
                        _ if filled => {}
                        Some(null) => into.push_str(null),
                        None => return Ok(false),
                    }
                }
            }
        }
        Ok(true)
    }
}

/// The first characters of what a message is about.
fn start_of(text: &str) -> String {
    text.chars().take(12).collect()
}

/// The values of a column, as text.
pub(super) enum Values<'a> {
    Text(TextValues),
    Other(ArrayFormatter<'a>, Option<NullBuffer>),
}

impl<'a> Values<'a> {
    /// The values of `column`.
    ///
    /// # Errors
    /// When they have no text form.
    pub(super) fn new(
        column: &'a ArrayRef,
        options: &FormatOptions<'a>,
    ) -> Result<Self, ArrowError> {
        Ok(if is_text(column.data_type()) {
            Self::Text(TextValues::new(column)?)
        } else {
            Self::Other(
                ArrayFormatter::try_new(column, options)?,
                column.logical_nulls(),
            )
        })
    }

    /// Appends the value of `row`, unless it is null.
    fn append(&self, row: usize, into: &mut String) -> Result<bool, ArrowError> {
        match self {
            Self::Text(values) => {
                let value = values.get(row);
                into.push_str(value.unwrap_or_default());
                Ok(value.is_some())
            }
            Self::Other(_, Some(nulls)) if nulls.is_null(row) => Ok(false),
            Self::Other(values, _) => values.value(row).write(into).map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BooleanArray, Float64Array, Int32Array, ListArray, StringArray, TimestampSecondArray,
    };
    use arrow::datatypes::Int32Type;

    use super::*;

    fn filled(template: &str, columns: &[(&str, ArrayRef)], null: Option<&str>) -> Option<String> {
        let template = Template::parse(template, true).unwrap();
        let options = FormatOptions::new();
        let values: Vec<Values<'_>> = template
            .columns()
            .iter()
            .map(|name| {
                let (_, column) = columns.iter().find(|(other, _)| other == name).unwrap();
                Values::new(column, &options).unwrap()
            })
            .collect();
        let mut into = String::new();
        template
            .fill(0, &values, "<shots>", null, &mut into)
            .unwrap()
            .then_some(into)
    }

    #[test]
    fn braces_are_escaped_by_doubling() {
        let text: ArrayRef = Arc::new(StringArray::from(vec!["so {good}"]));
        let columns = [("text", text)];
        for (template, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{text}", "so {good}"),
            ("{{text}}", "{text}"),
            ("{{{text}}}", "{so {good}}"),
            ("{shots}: {text}, {text}", "<shots>: so {good}, so {good}"),
        ] {
            assert_eq!(
                filled(template, &columns, None).as_deref(),
                Some(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn braces_that_make_no_sense_are_refused() {
        for (template, message) in [
            ("a {text", "the brace in `{text` is never closed"),
            ("a {te{xt}", "the brace in `{te{xt}` is never closed"),
            ("a } b", "the brace in `} b` was never opened"),
            ("a {} b", "`{}` names no column"),
        ] {
            assert_eq!(Template::parse(template, false), Err(message.to_owned()));
        }
    }

    #[test]
    fn values_of_every_type_have_a_text_form() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]);
        let columns: [(&str, ArrayRef); 5] = [
            ("whole", Arc::new(Int32Array::from(vec![-3]))),
            ("part", Arc::new(Float64Array::from(vec![0.5]))),
            ("truth", Arc::new(BooleanArray::from(vec![true]))),
            ("list", Arc::new(list)),
            ("time", Arc::new(TimestampSecondArray::from(vec![0]))),
        ];
        let text = filled("{whole} {part} {truth} {list} {time}", &columns, None);
        assert_eq!(
            text.as_deref(),
            Some("-3 0.5 true [1, ] 1970-01-01T00:00:00")
        );
    }

    #[test]
    fn a_null_is_filled_in_if_it_may_be() {
        let columns: [(&str, ArrayRef); 2] = [
            ("a", Arc::new(Int32Array::from(vec![None::<i32>]))),
            ("b", Arc::new(StringArray::from(vec![None::<&str>]))),
        ];
        assert_eq!(filled("{a} {b}", &columns, None), None);
        assert_eq!(
            filled("{a} {b}", &columns, Some("?")).as_deref(),
            Some("? ?")
        );
    }
}
