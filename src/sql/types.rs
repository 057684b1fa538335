//! Which types of columns conditions can read, and as what.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};

/// The type as which a column of type `data_type` goes into polars; nothing if it cannot.
///
/// - Integers of up to 32 bits become 64-bit integers: polars wraps around at the width of the
///   column, so that `small * 100 > 500` would be wrong without a word.
/// - Dictionaries are decoded: what they hold is what the condition is about.
/// - Times with a zone become UTC without a zone, so that they compare with TIMESTAMP literals.
/// - Seconds, which polars does not have as a unit, become milliseconds.
pub(super) fn crossing(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Int64
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Date32 => data_type.clone(),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Nanosecond),
        DataType::Timestamp(unit, _) => DataType::Timestamp(crossing_unit(*unit), None),
        DataType::Duration(unit) => DataType::Duration(crossing_unit(*unit)),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => {
            if *scale < 0 {
                return None;
            }
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => crossing(values)?,
        DataType::Struct(fields) if !fields.is_empty() => {
            DataType::Struct(fields.iter().map(crossing_field).collect::<Option<_>>()?)
        }
        DataType::List(item) | DataType::FixedSizeList(item, _) => {
            DataType::List(crossing_field(item)?)
        }
        DataType::LargeList(item) => DataType::LargeList(crossing_field(item)?),
        _ => return None,
    })
}

fn crossing_field(field: &FieldRef) -> Option<FieldRef> {
    let data_type = crossing(field.data_type())?;
    Some(Arc::new(Field::new(
        field.name(),
        data_type,
        field.is_nullable(),
    )))
}

fn crossing_unit(unit: TimeUnit) -> TimeUnit {
    match unit {
        TimeUnit::Second => TimeUnit::Millisecond,
        unit => unit,
    }
}
