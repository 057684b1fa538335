//! What values of a pipeline file become.

use arrow::datatypes::{IntervalUnit, TimeUnit};
use toml::de::DeTable;

use super::*;
use crate::plan::literal;

/// What `value`, as a pipeline file has it, becomes in a column of this type, or what is wrong
/// with it.
fn read(value: &str, kind: &DataType) -> Result<String, String> {
    let text = format!("x = {value}");
    let table = DeTable::parse(&text).unwrap();
    let cells = [
        Cell::new(None, 0..1),
        Cell::new(table.get_ref().get("x"), 0..1),
    ];
    let mut problems = Vec::new();
    let field = Field::new("x", kind.clone(), true);
    let array = array("x", &field, &cells, &mut problems);
    for problem in &problems {
        assert!(problem.span.as_ref().unwrap().start >= 4, "{problem:?}");
    }
    match array {
        Some(array) => {
            assert_eq!(problems, []);
            assert_eq!((array.len(), array.data_type()), (2, kind));
            assert!(array.is_null(0));
            Ok(literal(&array, 1))
        }
        None => Err(problems[0].message.clone()),
    }
}

fn item(kind: DataType) -> FieldRef {
    Arc::new(Field::new_list_field(kind, true))
}

fn text_dictionary(values: DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(values))
}

#[test]
fn values_of_every_type_that_can_be_written() {
    use DataType as T;
    let fields = Fields::from(vec![
        Field::new("a", T::Int32, false),
        Field::new("b", T::Utf8, true),
    ]);
    for (value, kind, shown) in [
        ("\"ä\"", T::Utf8, "\"ä\""),
        ("'a'", T::LargeUtf8, "\"a\""),
        ("'a'", T::Utf8View, "\"a\""),
        ("'a'", text_dictionary(T::Utf8), "\"a\""),
        ("'a'", text_dictionary(T::LargeUtf8), "\"a\""),
        ("7", text_dictionary(T::Int64), "7"),
        ("0x1f", T::Int8, "31"),
        ("-128", T::Int8, "-128"),
        ("18_446", T::UInt64, "18446"),
        ("2", T::Float64, "2.0"),
        ("0.1", T::Float32, "0.1"),
        ("1.5", T::Float16, "1.5"),
        ("-inf", T::Float64, "-inf"),
        ("nan", T::Float64, "NaN"),
        ("true", T::Boolean, "true"),
        ("12.5", T::Decimal128(6, 2), "12.50"),
        ("'12.5'", T::Decimal256(6, 2), "12.50"),
        ("2024-05-31", T::Date32, "\"2024-05-31\""),
        ("17:30:00", T::Time64(TimeUnit::Microsecond), "\"17:30:00\""),
        ("'17:30:00'", T::Time32(TimeUnit::Second), "\"17:30:00\""),
        (
            "2024-05-31T17:30:00Z",
            T::Timestamp(TimeUnit::Millisecond, Some("+00:00".into())),
            "\"2024-05-31T17:30:00Z\"",
        ),
        (
            "'2024-05-31T17:30:00+02:00'",
            T::Timestamp(TimeUnit::Nanosecond, Some("Europe/Berlin".into())),
            "\"2024-05-31T15:30:00Z\"",
        ),
        (
            "2024-05-31T17:30:00",
            T::Timestamp(TimeUnit::Nanosecond, None),
            "\"2024-05-31T17:30:00\"",
        ),
        ("7", T::Duration(TimeUnit::Second), "7"),
        ("'ab'", T::Binary, "\"ab\""),
        ("'ab'", T::LargeBinary, "\"ab\""),
        ("'ab'", T::BinaryView, "\"ab\""),
        ("'ab'", T::FixedSizeBinary(2), "\"ab\""),
        ("['a', 'b']", T::List(item(T::Utf8)), "[\"a\", \"b\"]"),
        ("[]", T::LargeList(item(T::Utf8)), "[]"),
        ("[1, 2]", T::FixedSizeList(item(T::Int32), 2), "[1, 2]"),
        ("{ a = 1 }", T::Struct(fields.clone()), "{ a = 1 }"),
        (
            "[{ a = 1, b = 'x' }]",
            T::List(item(T::Struct(fields.clone()))),
            "[{ a = 1, b = \"x\" }]",
        ),
    ] {
        assert_eq!(
            read(value, &kind),
            Ok(shown.to_owned()),
            "{value} as {kind}"
        );
    }
}

#[test]
fn values_of_other_types_are_refused() {
    use DataType as T;
    let fields = Fields::from(vec![Field::new("a", T::Int32, false)]);
    for (value, kind, message) in [
        ("1", T::Utf8, "column `x` is Utf8, not a whole number"),
        ("'1'", T::Int64, "column `x` is Int64, not a string"),
        ("1.5", T::Int64, "column `x` is Int64, not a number"),
        ("128", T::Int8, "column `x` is Int8, which `128` is not"),
        ("-1", T::UInt8, "column `x` is UInt8, which `-1` is not"),
        ("1", T::Boolean, "column `x` is Boolean, not a whole number"),
        (
            "'soon'",
            T::Date32,
            "column `x` is Date32, which `soon` is not",
        ),
        (
            "2024-05-31",
            T::Utf8,
            "column `x` is Utf8, not a date or time",
        ),
        (
            "'a'",
            T::List(item(T::Utf8)),
            "column `x` is List(Utf8), not a string",
        ),
        (
            "[1]",
            T::List(item(T::Utf8)),
            "column `x[]` is Utf8, not a whole number",
        ),
        (
            "[1]",
            T::FixedSizeList(item(T::Int32), 2),
            "column `x` holds lists of 2, not 1",
        ),
        (
            "{}",
            T::Struct(fields.clone()),
            "column `x.a` cannot be null",
        ),
        (
            "{ b = 1 }",
            T::Struct(fields),
            "there is no column `b` here",
        ),
    ] {
        assert_eq!(
            read(value, &kind),
            Err(message.to_owned()),
            "{value} as {kind}"
        );
    }
    let interval = T::Interval(IntervalUnit::DayTime);
    let found = read("1", &interval).unwrap_err();
    assert!(found.ends_with("not a whole number"), "{found}");
}

#[test]
fn what_cannot_be_null_has_to_be_given() {
    let cells = [Cell::new(None, 3..9)];
    let mut problems = Vec::new();
    let field = Field::new("x", DataType::Int64, false);
    assert!(array("x", &field, &cells, &mut problems).is_none());
    assert_eq!(problems[0].message, "column `x` cannot be null");
    assert_eq!(problems[0].span, Some(3..9));
}
