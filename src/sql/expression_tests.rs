//! What expressions promise: types that are known before the values, and values that are right.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;

use super::{Expression, SqlError};

fn records() -> RecordBatch {
    let mut list = ListBuilder::new(StringBuilder::new());
    for words in [&["a", "b"][..], &[], &["c"]] {
        for word in words {
            list.values().append_value(word);
        }
        list.append(true);
    }
    let structure = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Int16, true)),
        Arc::new(Int16Array::from(vec![1, 2, 3])) as ArrayRef,
    )]);
    let decimal = Decimal128Array::from(vec![150, 200, 300]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "id",
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        ),
        ("small", Arc::new(Int8Array::from(vec![100, 2, 3]))),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX, 2, 3]))),
        (
            "score",
            Arc::new(Float64Array::from(vec![0.5, -1.0, f64::NAN])),
        ),
        ("half", Arc::new(Float32Array::from(vec![0.5, -1.0, 2.0]))),
        (
            "flag",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "text",
            Arc::new(StringViewArray::from(vec![
                Some("a text longer than twelve bytes"),
                Some("ß"),
                None,
            ])),
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from(vec![b"a".as_ref(), b"b", b""])),
        ),
        ("day", Arc::new(Date32Array::from(vec![0, 20_000, 30_000]))),
        (
            "time",
            Arc::new(TimestampMicrosecondArray::from(vec![0, 1, 2]).with_timezone("+02:00")),
        ),
        (
            "money",
            Arc::new(decimal.with_precision_and_scale(10, 2).unwrap()),
        ),
        ("tags", Arc::new(list.finish())),
        ("inner", Arc::new(structure)),
    ];
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// The type and the values, which have to be of that type also for no rows.
fn values(sql: &str) -> (DataType, ArrayRef) {
    let records = records();
    let expression = Expression::parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let data_type = expression.data_type(&records.schema());
    let data_type = data_type.unwrap_or_else(|error| panic!("{sql}: {error}"));
    for part in [
        records.slice(0, 0),
        records.slice(1, 1),
        records.slice(1, 2),
    ] {
        let values = expression.evaluate(&part, &data_type);
        let values = values.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(
            (values.data_type(), values.len()),
            (&data_type, part.num_rows()),
            "{sql}"
        );
    }
    let values = expression.evaluate(&records, &data_type).unwrap();
    assert_eq!((values.data_type(), values.len()), (&data_type, 3), "{sql}");
    (data_type, values)
}

#[test]
fn types_are_canonical_and_known_before_the_values() {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let cases = [
        ("small + 100", DataType::Int64),
        ("1", DataType::Int64),
        ("length(text)", DataType::Int64),
        ("CASE WHEN flag THEN 1 ELSE 0 END", DataType::Int64),
        ("CAST(small AS INTEGER)", DataType::Int32),
        ("CAST(score AS REAL)", DataType::Float32),
        ("big", DataType::UInt64),
        ("id / 2", DataType::Float64),
        ("half * 2", DataType::Float32),
        ("score", DataType::Float64),
        ("flag", DataType::Boolean),
        ("id > 1", DataType::Boolean),
        ("text", DataType::Utf8View),
        ("text || 'x'", DataType::Utf8),
        ("'x'", DataType::Utf8),
        ("CAST(NULL AS TEXT)", DataType::Utf8),
        ("bytes", DataType::Binary),
        ("day", DataType::Date32),
        (
            "time",
            DataType::Timestamp(TimeUnit::Microsecond, Some("+02:00".into())),
        ),
        (
            "TIMESTAMP '2026-01-31 12:00:00'",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        ("money", DataType::Decimal128(10, 2)),
        ("tags", DataType::List(item(DataType::Utf8))),
        (
            "string_to_array(text, ' ')",
            DataType::List(item(DataType::Utf8)),
        ),
        ("inner.x", DataType::Int64),
        ("inner", records().schema().field(12).data_type().clone()),
    ];
    for (sql, expected) in cases {
        assert_eq!(values(sql).0, expected, "{sql}");
    }
}

#[test]
fn values_are_those_that_sql_says() {
    let is = |sql: &str, expected: ArrayRef| assert_eq!(&values(sql).1, &expected, "{sql}");
    is("small * 10", Arc::new(Int64Array::from(vec![1000, 20, 30])));
    is("coalesce(id, 9)", Arc::new(Int64Array::from(vec![1, 9, 3])));
    is(
        "upper(text)",
        Arc::new(StringArray::from(vec![
            Some("A TEXT LONGER THAN TWELVE BYTES"),
            Some("SS"),
            None,
        ])),
    );
    is(
        "NOT flag",
        Arc::new(BooleanArray::from(vec![Some(false), None, Some(true)])),
    );
    is("'x'", Arc::new(StringArray::from(vec!["x"; 3])));
    is("inner.x + 1", Arc::new(Int64Array::from(vec![2, 3, 4])));
    is(
        "array_length(tags)",
        Arc::new(Int64Array::from(vec![2, 0, 1])),
    );
    is(
        "CAST(NULL AS BIGINT)",
        Arc::new(Int64Array::from(vec![None; 3])),
    );
    is("id = NULL", Arc::new(BooleanArray::from(vec![None; 3])));
    assert_eq!(&values("text").1, records().column(6));
    assert_eq!(&values("time").1, records().column(9));
}

#[test]
fn an_expression_that_no_column_can_hold_is_refused() {
    let refused = |sql: &str| {
        let expression = Expression::parse(sql).unwrap();
        expression.data_type(&records().schema()).unwrap_err()
    };
    assert!(matches!(refused("NULL"), SqlError::NoColumn { .. }));
    assert!(matches!(refused("nope"), SqlError::UnknownColumn { .. }));
    assert!(matches!(refused("length(id)"), SqlError::Mismatch(_)));
    let strict = Expression::parse("CAST(text AS BIGINT)").unwrap();
    let failed = strict.evaluate(&records(), &DataType::Int64).unwrap_err();
    assert!(matches!(failed, SqlError::Evaluation(_)), "{failed}");
}

#[test]
fn errors_have_a_place_in_the_text() {
    let place = |sql: &str| {
        let error = match Expression::parse(sql) {
            Ok(expression) => expression.data_type(&records().schema()).unwrap_err(),
            Err(error) => error,
        };
        let place = error.place(sql)?;
        Some((sql.get(place.clone())?.to_owned(), place.start))
    };
    let at = |text: &str, start| Some((text.to_owned(), start));
    assert_eq!(place("id > 1 AND nope = 'nope'"), at("nope", 11));
    assert_eq!(place("id > 1 AND"), at("", 10));
    assert_eq!(place("id > > 1"), at(">", 5));
    assert_eq!(place("id > 1\n  AND (id = 2"), at("", 20));
    assert_eq!(place("text = 'open"), at("'open", 7));
    assert_eq!(place("id > 1 ORDER BY id"), at("ORDER", 7));
    assert_eq!(place("id > 1; id > 2"), at(";", 6));
    assert_eq!(place("frobnicate(id) > 1"), at("frobnicate", 0));
    assert_eq!(place("id > AVG(id)"), at("AVG", 5));
    assert_eq!(place("id > 1 AS big"), at("AS", 7));
    assert_eq!(place("SUM(id) OVER (PARTITION BY text) > 1"), at("OVER", 8));
    assert_eq!(place("id IN (SELECT 1)"), at("SELECT", 7));
    assert_eq!(place("length(id)"), None);
}
