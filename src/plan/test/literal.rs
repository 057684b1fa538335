//! Values of arrays as they would be written in a pipeline file.

use std::fmt::Write;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::operator::{TextValues, is_text};

/// What times with a zone are shown in: zones by name are not known here.
const UTC: &str = "+00:00";

/// The value at `row`: different values of one type look different. TOML has no null; it is
/// written as `null`, and left out of tables.
pub fn literal(array: &dyn Array, row: usize) -> String {
    if row >= array.len() || array.is_null(row) {
        return "null".to_owned();
    }
    let one = array.slice(row, 1);
    let kind = array.data_type();
    match kind {
        kind if is_text(kind) => match TextValues::new(&one) {
            Ok(text) => text.get(0).map_or("null".to_owned(), quoted),
            Err(_) => displayed(&one, false),
        },
        DataType::Null => "null".to_owned(),
        DataType::Float32 => format!("{:?}", one.as_primitive::<Float32Type>().value(0)),
        DataType::Float64 => format!("{:?}", one.as_primitive::<Float64Type>().value(0)),
        DataType::List(_) => list(&one.as_list::<i32>().value(0)),
        DataType::LargeList(_) => list(&one.as_list::<i64>().value(0)),
        DataType::FixedSizeList(..) => list(&one.as_fixed_size_list().value(0)),
        DataType::Struct(fields) => {
            let values = one.as_struct().columns().iter().zip(fields);
            let values = values.filter(|(column, _)| column.is_valid(0));
            inline_table(values.map(|(column, field)| (field.name().as_str(), literal(column, 0))))
        }
        DataType::Dictionary(_, values) => match cast(&one, values) {
            Ok(values) => literal(&values, 0),
            Err(_) => displayed(&one, true),
        },
        DataType::Timestamp(unit, Some(zone)) if **zone != *UTC => {
            match cast(&one, &DataType::Timestamp(*unit, Some(UTC.into()))) {
                Ok(instant) => displayed(&instant, true),
                Err(_) => displayed(&one, true),
            }
        }
        DataType::Duration(_) => match cast(&one, &DataType::Int64) {
            Ok(number) => displayed(&number, false),
            Err(_) => displayed(&one, true),
        },
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => bytes(&one),
        kind => displayed(&one, !(kind.is_numeric() || *kind == DataType::Boolean)),
    }
}

/// A table on one line.
pub fn inline_table<'n>(values: impl Iterator<Item = (&'n str, String)>) -> String {
    let values: Vec<String> = values
        .map(|(name, value)| format!("{} = {value}", key(name)))
        .collect();
    if values.is_empty() {
        return "{}".to_owned();
    }
    format!("{{ {} }}", values.join(", "))
}

/// A name as a key, in quotes if it needs them.
pub fn key(name: &str) -> String {
    let is_bare = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

fn list(items: &dyn Array) -> String {
    let items: Vec<String> = (0..items.len()).map(|row| literal(items, row)).collect();
    format!("[{}]", items.join(", "))
}

/// Bytes as text if they are that, else in hexadecimal digits.
fn bytes(one: &dyn Array) -> String {
    let text = cast(one, &DataType::Binary)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes.as_binary::<i32>().value(0).to_vec()).ok());
    text.map_or_else(|| displayed(one, true), |text| quoted(&text))
}

/// The value as Arrow shows it.
fn displayed(one: &dyn Array, in_quotes: bool) -> String {
    let options = FormatOptions::default();
    let shown = match ArrayFormatter::try_new(one, &options) {
        Ok(formatter) => formatter.value(0).to_string(),
        Err(error) => error.to_string(),
    };
    if in_quotes { quoted(&shown) } else { shown }
}

/// A string in double quotes, with escapes for what cannot stand in them.
fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    for character in text.chars() {
        match character {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            control if control.is_control() => {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "\\u{:04X}", u32::from(control));
            }
            other => shown.push(other),
        }
    }
    shown.push('"');
    shown
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, ListArray, StringArray, StructArray};
    use arrow::datatypes::{Field, Int32Type};
    use proptest::prelude::*;
    use toml::de::DeTable;

    use super::*;

    #[test]
    fn values_look_as_in_a_pipeline_file() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), None])]);
        let field = |name: &str, array: &ArrayRef| {
            Arc::new(Field::new(name, array.data_type().clone(), true))
        };
        let (a, b): (ArrayRef, ArrayRef) = (
            Arc::new(StringArray::from(vec!["x"])),
            Arc::new(Int64Array::from(vec![None])),
        );
        let structs = StructArray::from(vec![(field("a b", &a), a), (field("c", &b), b)]);
        assert_eq!(literal(&list, 0), "[1, null]");
        assert_eq!(literal(&structs, 0), "{ \"a b\" = \"x\" }");
        assert_eq!(literal(&Float64Array::from(vec![2.0]), 0), "2.0");
        assert_eq!(literal(&StringArray::from(vec![None::<&str>]), 0), "null");
        assert_eq!(literal(&Int64Array::from(vec![-3]), 0), "-3");
        assert_eq!(literal(&Int64Array::from(vec![-3]), 1), "null");
        assert_eq!(inline_table(std::iter::empty()), "{}");
    }

    proptest! {
        #[test]
        fn a_text_is_read_back_as_it_was(text: String) {
            let line = format!("x = {}", literal(&StringArray::from(vec![text.as_str()]), 0));
            let table = DeTable::parse(&line).unwrap();
            prop_assert_eq!(table.get_ref()["x"].get_ref().as_str(), Some(text.as_str()));
        }

        #[test]
        fn a_name_is_read_back_as_it_was(name: String) {
            let line = format!("{} = 1", key(&name));
            let table = DeTable::parse(&line).unwrap();
            prop_assert!(table.get_ref().contains_key(name.as_str()));
        }
    }
}
