//! From values of a pipeline file to an Arrow array of a given type.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, GenericListArray, OffsetSizeTrait, StringArray,
    StructArray, new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rows::check_columns;
use crate::diagnostic::Diagnostic;
use crate::operator::{TextBuilder, is_text};

/// One value of a column, or its absence.
#[derive(Debug, Clone)]
pub(super) struct Cell<'v> {
    value: Option<&'v Spanned<DeValue<'v>>>,
    /// Where it stands, or should stand.
    place: Range<usize>,
    /// Whether it lies in something that is null, so that it may be absent.
    excused: bool,
}

impl<'v> Cell<'v> {
    /// A value that stands in what is at `around`.
    pub(super) fn new(value: Option<&'v Spanned<DeValue<'v>>>, around: Range<usize>) -> Self {
        Self {
            place: value.map_or(around, Spanned::span),
            value,
            excused: false,
        }
    }
}

/// The array of `cells`, which are values of the column `name`.
pub(super) fn array(
    name: &str,
    field: &Field,
    cells: &[Cell<'_>],
    problems: &mut Vec<Diagnostic>,
) -> Option<ArrayRef> {
    let before = problems.len();
    for cell in cells {
        if cell.value.is_none() && !field.is_nullable() && !cell.excused {
            let kind = field.data_type();
            let problem = Diagnostic::error("A133", format!("column `{name}` cannot be null"))
                .at(cell.place.clone())
                .label(format!("has no `{name}`"));
            problems.push(problem.help(format!("give it a value of type {kind}")));
        }
    }
    let array = if cells.iter().all(|cell| cell.value.is_none()) {
        Some(new_null_array(field.data_type(), cells.len()))
    } else {
        of_type(name, field.data_type(), cells, problems)
    };
    array.filter(|_| problems.len() == before)
}

fn of_type(
    name: &str,
    kind: &DataType,
    cells: &[Cell<'_>],
    problems: &mut Vec<Diagnostic>,
) -> Option<ArrayRef> {
    let column = Column { name, kind };
    match kind {
        kind if is_text(kind) => column.texts(cells, problems),
        DataType::List(item) => column.lists::<i32>(item, cells, problems),
        DataType::LargeList(item) => column.lists::<i64>(item, cells, problems),
        DataType::FixedSizeList(item, size) => column.fixed_lists(item, *size, cells, problems),
        DataType::Struct(fields) => column.structs(fields, cells, problems),
        DataType::Dictionary(_, values) => {
            let values = of_type(name, values, cells, problems)?;
            cast(&values, kind).ok()
        }
        DataType::Duration(_) => {
            let numbers = column.parsed(&DataType::Int64, cells, problems)?;
            cast(&numbers, kind).ok()
        }
        // Time zones by name are not known here, but what counts is the instant.
        DataType::Timestamp(unit, Some(_)) => {
            let in_utc = DataType::Timestamp(*unit, Some("+00:00".into()));
            let instants = column.parsed(&in_utc, cells, problems)?;
            cast(&instants, kind).ok()
        }
        kind if is_binary(kind) => {
            let bytes = column.parsed(&DataType::Binary, cells, problems)?;
            cast(&bytes, kind).ok()
        }
        kind => column.parsed(kind, cells, problems),
    }
}

/// A column whose values are read.
#[derive(Clone, Copy)]
struct Column<'c> {
    name: &'c str,
    kind: &'c DataType,
}

impl Column<'_> {
    /// Complains that `value` is not of the column's type.
    fn mismatch(self, value: &Spanned<DeValue<'_>>) -> Diagnostic {
        let Self { name, kind } = self;
        let what = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let problem = Diagnostic::error("A133", format!("column `{name}` is {kind}, not {what}"))
            .at(value.span())
            .label(what);
        match example(kind) {
            Some(example) => problem.help(format!("write for example {example}")),
            None => problem.help("values of this type cannot be written here: leave it out"),
        }
    }

    fn texts(self, cells: &[Cell<'_>], problems: &mut Vec<Diagnostic>) -> Option<ArrayRef> {
        let mut texts = TextBuilder::with_capacity(cells.len(), 0);
        for cell in cells {
            let text = cell.value.and_then(|value| {
                let text = value.get_ref().as_str();
                if text.is_none() {
                    problems.push(self.mismatch(value));
                }
                text
            });
            texts.push(text);
        }
        texts.finish(self.kind).ok()
    }

    /// The values that are written as one word, by what that word means in the type `kind`.
    fn parsed(
        self,
        kind: &DataType,
        cells: &[Cell<'_>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<ArrayRef> {
        let before = problems.len();
        let mut words: Vec<Option<String>> = Vec::with_capacity(cells.len());
        for cell in cells {
            let word = cell.value.map(|value| {
                let word = word(value.get_ref(), kind);
                if word.is_none() {
                    problems.push(self.mismatch(value));
                }
                word
            });
            words.push(word.flatten());
        }
        if problems.len() > before {
            return None;
        }
        let words = StringArray::from(words);
        // A word without a meaning becomes null.
        let Ok(array) = cast(&words, kind) else {
            let value = cells.iter().find_map(|cell| cell.value)?;
            problems.push(self.mismatch(value));
            return None;
        };
        for (row, cell) in cells.iter().enumerate() {
            if let (Some(value), true) = (cell.value, array.is_null(row)) {
                let (name, kind) = (self.name, self.kind);
                let word = words.value(row);
                let message = format!("column `{name}` is {kind}, which `{word}` is not");
                let problem = Diagnostic::error("A133", message).at(value.span());
                problems.push(match example(kind) {
                    Some(example) => problem.help(format!("write for example {example}")),
                    None => problem,
                });
            }
        }
        Some(array)
    }

    fn lists<O: OffsetSizeTrait>(
        self,
        item: &FieldRef,
        cells: &[Cell<'_>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<ArrayRef> {
        let (items, lengths) = self.items(cells, problems);
        let values = array(&format!("{}[]", self.name), item, &items, problems)?;
        let offsets = OffsetBuffer::<O>::from_lengths(lengths);
        let list = GenericListArray::try_new(Arc::clone(item), offsets, values, nulls(cells));
        list.ok().map(|list| Arc::new(list) as ArrayRef)
    }

    fn fixed_lists(
        self,
        item: &FieldRef,
        size: i32,
        cells: &[Cell<'_>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<ArrayRef> {
        let wanted = usize::try_from(size).ok()?;
        let mut items = Vec::new();
        for cell in cells {
            let (mut own, _) = self.items(std::slice::from_ref(cell), problems);
            if let (Some(value), true) = (cell.value, own.len() != wanted) {
                let name = self.name;
                let message = format!("column `{name}` holds lists of {wanted}, not {}", own.len());
                problems.push(Diagnostic::error("A133", message).at(value.span()));
            }
            let absent = Cell {
                value: None,
                place: cell.place.clone(),
                excused: true,
            };
            own.resize(wanted, absent);
            items.append(&mut own);
        }
        let values = array(&format!("{}[]", self.name), item, &items, problems)?;
        let list = FixedSizeListArray::try_new(Arc::clone(item), size, values, nulls(cells));
        list.ok().map(|list| Arc::new(list) as ArrayRef)
    }

    /// The items of all lists, and how many there are in each.
    fn items<'v>(
        self,
        cells: &[Cell<'v>],
        problems: &mut Vec<Diagnostic>,
    ) -> (Vec<Cell<'v>>, Vec<usize>) {
        let (mut items, mut lengths) = (Vec::new(), Vec::with_capacity(cells.len()));
        for cell in cells {
            let before = items.len();
            match cell.value.map(|value| (value, value.get_ref().as_array())) {
                None => {}
                Some((_, Some(list))) => {
                    items.extend(list.iter().map(|item| Cell::new(Some(item), item.span())));
                }
                Some((value, None)) => problems.push(self.mismatch(value)),
            }
            lengths.push(items.len() - before);
        }
        (items, lengths)
    }

    fn structs(
        self,
        fields: &Fields,
        cells: &[Cell<'_>],
        problems: &mut Vec<Diagnostic>,
    ) -> Option<ArrayRef> {
        let schema = arrow::datatypes::Schema::new(fields.clone());
        let mut tables: Vec<Option<&DeTable<'_>>> = Vec::with_capacity(cells.len());
        for cell in cells {
            let table = cell.value.and_then(|value| {
                let table = value.get_ref().as_table();
                match table {
                    Some(table) => check_columns(table, &schema, problems),
                    None => problems.push(self.mismatch(value)),
                }
                table
            });
            tables.push(table);
        }
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields {
            let inner: Vec<Cell<'_>> = tables
                .iter()
                .zip(cells)
                .map(|(table, cell)| Cell {
                    excused: table.is_none(),
                    ..Cell::new(
                        table.and_then(|table| table.get(field.name().as_str())),
                        cell.place.clone(),
                    )
                })
                .collect();
            let name = format!("{}.{}", self.name, field.name());
            columns.push(array(&name, field, &inner, problems));
        }
        let columns: Option<Vec<ArrayRef>> = columns.into_iter().collect();
        let structs = StructArray::try_new(fields.clone(), columns?, nulls(cells));
        structs.ok().map(|structs| Arc::new(structs) as ArrayRef)
    }
}

fn nulls(cells: &[Cell<'_>]) -> Option<NullBuffer> {
    let valid: Vec<bool> = cells.iter().map(|cell| cell.value.is_some()).collect();
    Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0)
}

fn is_binary(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    )
}

/// A value as the word that is read as a value of type `kind`; nothing if it cannot be one.
fn word(value: &DeValue<'_>, kind: &DataType) -> Option<String> {
    use DataType as T;
    let decimal = matches!(
        kind,
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..)
    );
    let temporal = matches!(
        kind,
        T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) | T::Timestamp(..) | T::Interval(_)
    );
    match value {
        DeValue::Integer(_) if kind.is_integer() || kind.is_floating() || decimal => {
            integer(value).map(|number| number.to_string())
        }
        DeValue::Float(number) if kind.is_floating() || decimal => {
            Some(number.as_str().replace('_', ""))
        }
        DeValue::Boolean(truth) if *kind == T::Boolean => Some(truth.to_string()),
        DeValue::Datetime(time) if temporal => Some(time.to_string()),
        DeValue::String(text) if temporal || decimal || *kind == T::Binary => {
            Some(text.to_string())
        }
        _ => None,
    }
}

/// The whole number that `value` is.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i128> {
    let integer = value.as_integer()?;
    i128::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

/// A value of type `kind` as it is written in a pipeline file; nothing if there is no way to.
fn example(kind: &DataType) -> Option<&'static str> {
    use DataType as T;
    Some(match kind {
        kind if is_text(kind) => "\"some text\"",
        kind if kind.is_unsigned_integer() => "7, a whole number from 0 that the type can hold",
        kind if kind.is_integer() => "7, a whole number that the type can hold",
        kind if kind.is_floating() => "0.5",
        T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => "12.50",
        T::Boolean => "true",
        T::Date32 | T::Date64 => "2024-05-31",
        T::Time32(_) | T::Time64(_) => "17:30:00",
        T::Timestamp(..) => "2024-05-31T17:30:00Z",
        T::Interval(_) => "\"3 days\"",
        T::Duration(_) => "7, a whole number",
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => "\"some bytes\"",
        T::List(_) | T::LargeList(_) | T::FixedSizeList(..) => "a list: [...]",
        T::Struct(_) => "a table: { ... }",
        T::Dictionary(_, values) => return example(values),
        _ => return None,
    })
}
