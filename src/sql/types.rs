//! Which types of columns SQL can read, and as what; and of which types its values are.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use polars::prelude::{DataType as PolarsType, TimeUnit as PolarsUnit};

/// The type as which a column of type `data_type` goes into polars; nothing if it cannot.
///
/// - Integers of up to 32 bits become 64-bit integers: polars wraps around at the width of the
///   column, so that `small * 100 > 500` would be wrong without a word.
/// - Dictionaries are decoded: what they hold is what the SQL is about.
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

/// The type of a column with values of the polars type `data_type`; nothing if there is none. Whole
/// numbers have 64 bits, unless another size was asked for (`as_asked`): what size polars gives a
/// literal, or a sum, is a matter of chance.
pub(super) fn column_type(data_type: &PolarsType, as_asked: bool) -> Option<DataType> {
    Some(match data_type {
        PolarsType::Int32 if as_asked => DataType::Int32,
        PolarsType::UInt32 if as_asked => DataType::UInt32,
        PolarsType::Boolean => DataType::Boolean,
        PolarsType::Int8
        | PolarsType::Int16
        | PolarsType::Int32
        | PolarsType::Int64
        | PolarsType::UInt8
        | PolarsType::UInt16
        | PolarsType::UInt32 => DataType::Int64,
        PolarsType::UInt64 => DataType::UInt64,
        PolarsType::Float32 => DataType::Float32,
        PolarsType::Float64 => DataType::Float64,
        PolarsType::String => DataType::Utf8,
        PolarsType::Binary => DataType::Binary,
        PolarsType::Date => DataType::Date32,
        PolarsType::Time => DataType::Time64(TimeUnit::Nanosecond),
        PolarsType::Datetime(unit, None) => DataType::Timestamp(arrow_unit(*unit), None),
        PolarsType::Duration(unit) => DataType::Duration(arrow_unit(*unit)),
        PolarsType::Decimal(precision, scale) => {
            DataType::Decimal128(u8::try_from(*precision).ok()?, i8::try_from(*scale).ok()?)
        }
        PolarsType::List(item) => {
            let item = Field::new("item", column_type(item, as_asked)?, true);
            DataType::List(Arc::new(item))
        }
        PolarsType::Struct(fields) => {
            let field = |field: &polars::prelude::Field| {
                let data_type = column_type(field.dtype(), as_asked)?;
                Some(Field::new(field.name().as_str(), data_type, true))
            };
            DataType::Struct(fields.iter().map(field).collect::<Option<Vec<_>>>()?.into())
        }
        _ => return None,
    })
}

fn arrow_unit(unit: PolarsUnit) -> TimeUnit {
    match unit {
        PolarsUnit::Milliseconds => TimeUnit::Millisecond,
        PolarsUnit::Microseconds => TimeUnit::Microsecond,
        PolarsUnit::Nanoseconds => TimeUnit::Nanosecond,
    }
}
