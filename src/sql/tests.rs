//! What conditions promise: types, nulls, functions, refusals, and independence of batches.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use proptest::prelude::*;

use super::types::crossing;
use super::{Condition, SqlError};

fn records(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns
        .into_iter()
        .map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn texts() -> RecordBatch {
    let text = StringArray::from(vec![
        Some("Größe zählt"),
        Some("a longer text of some words, over forty characters"),
        Some("50% off_now"),
        Some(""),
        None,
    ]);
    let id = Int64Array::from(vec![Some(1), Some(2), Some(3), None, Some(5)]);
    records(vec![("id", Arc::new(id)), ("text", Arc::new(text))])
}

/// The rows of `records` for which `sql` holds.
fn rows(sql: &str, records: &RecordBatch) -> Vec<usize> {
    let condition = Condition::parse(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let checked = condition.check(&records.schema());
    checked.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mask = condition.mask(records);
    let mask = mask.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(mask.len(), records.num_rows(), "{sql}");
    assert_eq!(mask.null_count(), 0, "{sql}");
    (0..mask.len()).filter(|row| mask.value(*row)).collect()
}

#[test]
fn functions_and_operators_hold_for_the_rows_that_sql_says() {
    let cases: &[(&str, &[usize])] = &[
        ("id > 1", &[1, 2, 4]),
        ("id > 1 AND id <> 3", &[1, 4]),
        ("NOT id > 1", &[0]),
        ("id IS NULL", &[3]),
        ("text IS NULL OR text = ''", &[3, 4]),
        ("id IN (1, 3, 8)", &[0, 2]),
        ("id NOT IN (1, 3, 8)", &[1, 4]),
        ("text IN ('', 'Größe zählt')", &[0, 3]),
        ("id BETWEEN 2 AND 3", &[1, 2]),
        ("id NOT BETWEEN 2 AND 3", &[0, 4]),
        ("text LIKE '%zähl_'", &[0]),
        ("text LIKE '50_ off%'", &[2]),
        ("text NOT LIKE '%o%'", &[0, 3]),
        ("text ILIKE 'GRÖSSE%' OR text ILIKE 'GRÖßE%'", &[0]),
        ("regexp_like(text, '^[0-9]+%')", &[2]),
        ("regexp_like(text, 'WORDS', 'i')", &[1]),
        ("text ~ 'w[o0]rds'", &[1]),
        ("length(text) = 11", &[0, 2]),
        ("octet_length(text) = 14", &[0]),
        ("length(text) - 20 > 0", &[1]),
        ("upper(text) = 'GRÖSSE ZÄHLT'", &[0]),
        ("starts_with(text, 'a ') OR ends_with(text, 'now')", &[1, 2]),
        (
            "CASE WHEN id < 3 THEN length(text) > 20 ELSE id = 5 END",
            &[1, 4],
        ),
        ("coalesce(id, 9) = 9", &[3]),
        ("id % 2 = 1", &[0, 2, 4]),
        ("id / 2 = 1.5", &[2]),
        ("abs(id - 3) <= 1", &[1, 2]),
        ("strpos(text, 'off') - 9 = -4", &[2]),
        ("substr(text, 1, 2) = '50'", &[2]),
        ("left(text, 1) = 'G'", &[0]),
        ("length(left(text, -4)) = 7", &[0, 2]),
        ("text || '!' = '!'", &[3]),
        ("\"id\" = 1", &[0]),
        ("CAST(id AS TEXT) = '2'", &[1]),
        ("TRY_CAST(text AS INT) IS NULL", &[0, 1, 2, 3, 4]),
        ("NULL", &[]),
        ("id = NULL", &[]),
        ("TRUE", &[0, 1, 2, 3, 4]),
        ("1 = 2", &[]),
    ];
    let records = texts();
    for (sql, expected) in cases {
        assert_eq!(rows(sql, &records), *expected, "{sql}");
    }
}

#[test]
fn a_null_on_the_way_is_not_true_but_or_can_save_it() {
    let records = texts();
    assert_eq!(
        rows("id > 0 OR length(text) = 0", &records),
        [0, 1, 2, 3, 4]
    );
    assert_eq!(rows("id > 0 AND length(text) >= 0", &records), [0, 1, 2]);
    assert_eq!(rows("NOT (id > 0)", &records), Vec::<usize>::new());
}

#[test]
fn columns_are_those_in_the_text_in_its_order_and_once() {
    let condition = Condition::parse("b > 1 AND (a = 'x' OR b IN (2, 3)) AND c.d IS NULL").unwrap();
    assert_eq!(condition.columns(), ["b", "a", "c"]);
    assert!(Condition::parse("1 = 1").unwrap().columns().is_empty());
}

#[test]
fn small_integers_do_not_wrap_around() {
    let small = records(vec![
        ("i8", Arc::new(Int8Array::from(vec![100, -1]))),
        ("u8", Arc::new(UInt8Array::from(vec![200, 1]))),
        ("u32", Arc::new(UInt32Array::from(vec![3, 9]))),
        ("i32", Arc::new(Int32Array::from(vec![i32::MAX, 1]))),
    ]);
    assert_eq!(rows("i8 * 10 = 1000", &small), [0]);
    assert_eq!(rows("u8 + u8 > 300", &small), [0]);
    assert_eq!(rows("u32 - 5 < 0", &small), [0]);
    assert_eq!(rows("i32 + 1 > 0", &small), [0, 1]);
    let dates = records(vec![("day", Arc::new(Date32Array::from(vec![0, 364])))]);
    assert_eq!(rows("EXTRACT(month FROM day) * 100 = 1200", &dates), [1]);
}

/// A column of three rows for every type of Arrow that Parquet can hold, and a condition that
/// holds for the first row alone.
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn every_type() -> Vec<(&'static str, ArrayRef, &'static str)> {
    let dictionary: DictionaryArray<Int32Type> = vec!["a", "b", "b"].into_iter().collect();
    let structure = StructArray::from(vec![
        (
            Arc::new(Field::new("x", DataType::Int16, true)),
            Arc::new(Int16Array::from(vec![1, 2, 3])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("s", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec!["a", "b", "c"])),
        ),
    ]);
    let mut list = ListBuilder::new(StringBuilder::new());
    for words in [&["a", "b", "c"][..], &["d"], &[]] {
        for word in words {
            list.values().append_value(word);
        }
        list.append(true);
    }
    let fixed = FixedSizeListArray::new(
        Arc::new(Field::new("item", DataType::Int32, true)),
        2,
        Arc::new(Int32Array::from(vec![1, 2, 3, 4, 5, 6])),
        None,
    );
    let halves = [1.0, 2.0, 3.0].map(half::f16::from_f32).to_vec();
    let decimal = Decimal128Array::from(vec![150, 200, 300]);
    vec![
        (
            "null",
            Arc::new(NullArray::new(3)),
            "COALESCE(c, 1) = 2 OR c IS NULL",
        ),
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![true, false, false])),
            "c",
        ),
        ("int8", Arc::new(Int8Array::from(vec![1, 2, 3])), "c = 1"),
        ("int16", Arc::new(Int16Array::from(vec![1, 2, 3])), "c < 2"),
        ("int32", Arc::new(Int32Array::from(vec![1, 2, 3])), "c < 2"),
        ("int64", Arc::new(Int64Array::from(vec![1, 2, 3])), "c < 2"),
        ("uint8", Arc::new(UInt8Array::from(vec![1, 2, 3])), "c < 2"),
        (
            "uint16",
            Arc::new(UInt16Array::from(vec![1, 2, 3])),
            "c < 2",
        ),
        (
            "uint32",
            Arc::new(UInt32Array::from(vec![1, 2, 3])),
            "c < 2",
        ),
        (
            "uint64",
            Arc::new(UInt64Array::from(vec![u64::MAX, 2, 3])),
            "c > 9",
        ),
        ("float16", Arc::new(Float16Array::from(halves)), "c < 1.5"),
        (
            "float32",
            Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0])),
            "c < 1.5",
        ),
        (
            "float64",
            Arc::new(Float64Array::from(vec![1.0, 2.0, f64::NAN])),
            "c < 1.5",
        ),
        (
            "utf8",
            Arc::new(StringArray::from(vec!["a", "b", "c"])),
            "c = 'a'",
        ),
        (
            "large_utf8",
            Arc::new(LargeStringArray::from(vec!["a", "b", "c"])),
            "c = 'a'",
        ),
        (
            "utf8_view",
            Arc::new(StringViewArray::from(vec![
                "longer than twelve bytes",
                "b",
                "c",
            ])),
            "c LIKE '%twelve%'",
        ),
        ("dictionary", Arc::new(dictionary), "c = 'a'"),
        (
            "binary",
            Arc::new(BinaryArray::from(vec![b"a".as_ref(), b"b", b"c"])),
            "c = b'01100001'",
        ),
        (
            "fixed_size_binary",
            Arc::new(FixedSizeBinaryArray::try_from_iter([[97_u8], [98], [99]].iter()).unwrap()),
            "c = b'01100001'",
        ),
        (
            "date32",
            Arc::new(Date32Array::from(vec![0, 20_000, 30_000])),
            "c < DATE '2000-01-01'",
        ),
        (
            "date64",
            Arc::new(Date64Array::from(vec![
                0,
                1_728_000_000_000,
                1_728_000_000_000,
            ])),
            "c < DATE '2000-01-01' AND EXTRACT(year FROM c) = 1970",
        ),
        (
            "time32_s",
            Arc::new(Time32SecondArray::from(vec![1, 7200, 9000])),
            "c < TIME '01:00:00'",
        ),
        (
            "time64_us",
            Arc::new(Time64MicrosecondArray::from(vec![
                1,
                7_200_000_000,
                9_000_000_000,
            ])),
            "EXTRACT(hour FROM c) = 0",
        ),
        (
            "timestamp_s",
            Arc::new(TimestampSecondArray::from(vec![
                0,
                1_728_000_000,
                1_728_000_000,
            ])),
            "c < TIMESTAMP '2000-01-01 00:00:00'",
        ),
        (
            "timestamp_us_zone",
            Arc::new(
                TimestampMicrosecondArray::from(vec![0, 86_400_000_000, 86_400_000_000])
                    .with_timezone("+02:00"),
            ),
            "c = TIMESTAMP '1970-01-01 00:00:00' AND EXTRACT(hour FROM c) = 0",
        ),
        (
            "timestamp_ns",
            Arc::new(TimestampNanosecondArray::from(vec![0, i64::MAX, i64::MAX])),
            "c < TIMESTAMP '2000-01-01 00:00:00'",
        ),
        (
            "duration_s",
            Arc::new(DurationSecondArray::from(vec![1, 7200, 7200])),
            "c < INTERVAL '1 hour'",
        ),
        (
            "decimal128",
            Arc::new(decimal.with_precision_and_scale(10, 2).unwrap()),
            "c < 1.75",
        ),
        (
            "decimal64",
            Arc::new(
                Decimal64Array::from(vec![150, 200, 300])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            "c = 1.5",
        ),
        ("struct", Arc::new(structure), "c.x = 1 AND c.s = 'a'"),
        (
            "list",
            Arc::new(list.finish()),
            "array_length(c) = 3 AND array_contains(c, 'b')",
        ),
        ("fixed_size_list", Arc::new(fixed), "c[2] = 2"),
    ]
}

#[test]
fn columns_of_every_readable_type_can_be_named() {
    for (name, column, sql) in every_type() {
        let expected: &[usize] = if name == "null" { &[0, 1, 2] } else { &[0] };
        let whole = records(vec![("c", column)]);
        assert_eq!(rows(sql, &whole), expected, "{name}");
        // A slice starts within its buffers.
        let rest = whole.slice(1, 2);
        let expected: &[usize] = if name == "null" { &[0, 1] } else { &[] };
        assert_eq!(rows(sql, &rest), expected, "{name}, sliced");
        assert!(rows(sql, &whole.slice(3, 0)).is_empty(), "{name}, empty");
        assert!(rows("c IS NULL", &whole).len() == if name == "null" { 3 } else { 0 });
    }
}

#[test]
fn every_readable_type_can_be_cast_to_what_crosses() {
    for (name, column, _) in every_type() {
        let target = crossing(column.data_type()).unwrap();
        assert!(
            arrow::compute::can_cast_types(column.data_type(), &target),
            "{name}"
        );
        assert_eq!(
            crossing(&target).as_ref(),
            Some(&target),
            "{name}: what crosses stays"
        );
    }
}

#[test]
fn types_that_conditions_cannot_read_are_named_with_their_column() {
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for _ in 0..2 {
        map.keys().append_value("k");
        map.values().append_value(1);
        map.append(true).unwrap();
    }
    let interval = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3); 2]);
    let wide = Decimal256Array::from(vec![i256::ONE; 2]);
    let negative = Decimal128Array::from(vec![1, 2])
        .with_precision_and_scale(5, -2)
        .unwrap();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(map.finish()),
        Arc::new(interval),
        Arc::new(wide),
        Arc::new(negative),
    ];
    let condition = Condition::parse("odd IS NOT NULL").unwrap();
    for column in columns {
        let data_type = column.data_type().clone();
        let records = records(vec![("odd", column)]);
        let expected = SqlError::UnsupportedType {
            column: "odd".to_owned(),
            data_type: data_type.clone(),
        };
        assert_eq!(condition.check(&records.schema()), Err(expected.clone()));
        assert_eq!(condition.mask(&records), Err(expected.clone()));
        let message = expected.to_string();
        assert!(message.contains("`odd`") && message.contains(&data_type.to_string()));
        // A column that no condition names may have any type.
        assert_eq!(rows("1 = 1", &records), [0, 1]);
    }
}

#[test]
fn what_looks_at_other_rows_is_refused() {
    let refused = [
        "COUNT(*) > 1",
        "COUNT(id) > 1",
        "SUM(id) > 1",
        "id > AVG(id)",
        "id = MAX(id)",
        "id = MIN(id) OR id > 3",
        "STDDEV(id) > 1",
        "MEDIAN(id) > 1",
        "FIRST(id) = 1",
        "SUM(id) OVER () > 1",
        "SUM(id) OVER (PARTITION BY text) > 1",
        "SUM(id) OVER (ORDER BY id) > 1",
        "ROW_NUMBER() OVER (ORDER BY id) < 10",
        "ROW_NUMBER() OVER () < 10",
        "RANK() OVER (ORDER BY id) < 10",
        "LAG(id) OVER (ORDER BY id) = 1",
        "LEAD(id, 2) OVER (ORDER BY id) = 1",
        "FIRST_VALUE(id) OVER (ORDER BY id) = 1",
        "ARRAY_AGG(id)[1] = 1",
        "STRING_AGG(text, ',') = 'a'",
        "UNNEST(tags) = 'a'",
        "id > ALL(other)",
        "id = ANY(other)",
        "id IN (SELECT id FROM other)",
        "EXISTS (SELECT 1 FROM other)",
        "id = (SELECT 1)",
        "DATE(text) > DATE '2020-01-01'",
        "TIMESTAMP(text) IS NULL",
        "COLUMNS('i.*') > 1",
        "*",
        "\"^i.*$\" > 1",
        "COUNT(*) FILTER (WHERE id > 1) > 1",
        "QUANTILE_CONT(id, 0.5) > id",
        "CORR(id, id) > 0",
        "length(text) > AVG(length(text))",
        "CASE WHEN id > 1 THEN SUM(id) ELSE 0 END > 1",
        "coalesce(MAX(id), 1) = 1",
    ];
    for sql in refused {
        let error = Condition::parse(sql).map(|condition| condition.columns().to_vec());
        assert!(error.is_err(), "{sql} is taken: {error:?}");
    }
}

#[test]
fn a_part_that_is_not_row_wise_is_named() {
    let said = |sql: &str| Condition::parse(sql).unwrap_err().to_string();
    assert_eq!(
        said("COUNT(*) > 1"),
        "the SQL has a count of rows (COUNT), whose value for a row depends on other rows"
    );
    assert!(said("SUM(id) OVER (PARTITION BY text) > 1").contains("a window function (OVER)"));
    assert!(said("id > AVG(id)").contains("an aggregate"));
    assert!(said("SUM(id) OVER () > 1").contains("an aggregate"));
    assert!(said("ROW_NUMBER() OVER (ORDER BY id) < 9").contains("a window function"));
    assert!(said("id IN (SELECT 1)").contains("subquery"));
    assert!(said("DATE(day) IS NULL").contains("without a format"));
}

#[test]
fn what_is_not_an_expression_is_refused_with_the_place() {
    let said = |sql: &str| match Condition::parse(sql) {
        Err(SqlError::Syntax { message, .. }) => message,
        other => panic!("{sql}: {other:?}"),
    };
    assert_eq!(said(""), "it is empty");
    assert!(said("length(text) >").contains("found: EOF"));
    assert!(said("text = 'open").contains("Unterminated string literal, at column 8"));
    assert!(said("id > 1 ORDER BY id").contains("ORDER"));
    assert!(said("id > 1; id > 2").contains(';'));
    assert!(said("SELECT * FROM x").contains("SELECT"));
    assert!(said("id > 1 AS big").contains("leave out `AS big`"));
    assert!(said("frobnicate(id) > 1").contains("frobnicate"));
    assert!(said("id > DATE 'nonsense'").contains("nonsense"));
    assert_eq!(
        said("EXISTS (SELECT 1)"),
        "expression Exists is not currently supported"
    );
    for sql in [
        "id >",
        "(id > 1",
        "id > 1)",
        "id ==== 1",
        "'",
        "\"",
        "id > > 1",
        "((((",
        "\0",
        "💥",
    ] {
        assert!(!said(sql).contains("SELECT"), "{sql}");
    }
}

#[test]
fn a_condition_must_fit_the_columns() {
    let schema = texts().schema();
    let check = |sql: &str| Condition::parse(sql).unwrap().check(&schema).unwrap_err();
    assert_eq!(
        check("nope > 1"),
        SqlError::UnknownColumn {
            name: "nope".to_owned()
        }
    );
    assert_eq!(
        check("\"Text\" = ''"),
        SqlError::UnknownColumn {
            name: "Text".to_owned()
        }
    );
    assert!(matches!(check("id + 1"), SqlError::NotBoolean { .. }));
    assert!(matches!(check("text"), SqlError::NotBoolean { .. }));
    assert!(matches!(check("length(id) > 1"), SqlError::Mismatch(_)));
    assert!(matches!(check("text > 1"), SqlError::Mismatch(_)));
    assert!(matches!(
        check("id AND id > 1"),
        SqlError::Mismatch(_) | SqlError::NotBoolean { .. }
    ));
    assert!(matches!(check("id.field = 1"), SqlError::Mismatch(_)));
    assert!(matches!(check("text ~ '('"), SqlError::Mismatch(_)));
    assert!(matches!(
        check("regexp_like(text, '[')"),
        SqlError::Mismatch(_)
    ));
}

#[test]
fn messages_are_one_line_about_the_matter() {
    let dates = records(vec![("day", Arc::new(Date32Array::from(vec![0])))]);
    let error = Condition::parse("day > '2020-01-01'").unwrap();
    let error = error.check(&dates.schema()).unwrap_err();
    assert!(error.to_string().contains("cannot compare"), "{error}");
    assert!(error.help().contains("DATE '"));
    for sql in ["text ~ 'a('", "length(id) > 1", "id + 1", "text > 1"] {
        let condition = Condition::parse(sql).unwrap();
        let error = condition.check(&texts().schema()).unwrap_err().to_string();
        assert!(!error.contains('\n') && error.len() < 200, "{error}");
    }
}

#[test]
fn two_columns_of_one_name_are_refused_where_they_are_named() {
    let field = || Field::new("twice", DataType::Int64, true);
    let schema = Schema::new(vec![field(), field()]);
    let named = Condition::parse("twice = 1").unwrap().check(&schema);
    assert_eq!(
        named,
        Err(SqlError::AmbiguousColumn {
            name: "twice".to_owned()
        })
    );
    assert_eq!(Condition::parse("1 = 1").unwrap().check(&schema), Ok(()));
}

#[test]
fn a_conversion_that_a_value_does_not_allow_is_an_error_of_the_data() {
    let condition = Condition::parse("CAST(text AS INT) = 1").unwrap();
    condition.check(&texts().schema()).unwrap();
    let error = condition.mask(&texts()).unwrap_err();
    assert!(matches!(error, SqlError::Evaluation(_)), "{error}");
    assert_eq!(
        condition.mask(&records(vec![("id", Arc::new(Int64Array::from(vec![1])))])),
        Err(SqlError::UnknownColumn {
            name: "text".to_owned()
        })
    );
}

#[test]
fn long_conditions_are_parsed_or_refused_but_never_overflow_the_stack() {
    for conditions in [126, 200, 800] {
        let long = vec!["id <> 7"; conditions].join(" AND ");
        let parsed = Condition::parse(&long);
        assert_eq!(parsed.is_ok(), conditions == 126);
        if let Ok(condition) = parsed {
            assert_eq!(condition.check(&texts().schema()), Ok(()));
            assert_eq!(condition.mask(&texts()).unwrap().true_count(), 4);
        }
    }
    assert!(Condition::parse(&vec!["a"; 5_000].join("|")).is_err());
    assert!(Condition::parse(&vec!["a"; 5_001].join("|")).is_err());
    assert!(Condition::parse(&format!("{} id > 1", "NOT ".repeat(2_000))).is_err());
    let values: Vec<String> = (0..2_000).map(|value| value.to_string()).collect();
    let list = format!("id IN ({})", values.join(","));
    assert_eq!(rows(&list, &texts()), [0, 1, 2, 4]);
    let deep = format!("{}id{} > 1", "(".repeat(4_900), ")".repeat(4_900));
    assert!(Condition::parse(&deep).is_err());
}

#[test]
fn the_buffers_that_polars_reads_are_those_of_arrow() {
    let records = texts();
    let frame = crate::foreign::frames::to_frame(&records).unwrap();
    let ours = records.column(0).as_primitive::<Int64Type>().values();
    let theirs = frame.column("id").unwrap().i64().unwrap().clone();
    let theirs = theirs.downcast_iter().next().unwrap().values();
    assert_eq!(theirs.as_slice().as_ptr(), ours.as_ptr());
    drop(records);
    assert_eq!(
        frame.column("text").unwrap().str().unwrap().get(2),
        Some("50% off_now")
    );
}

#[test]
fn views_and_offsets_of_slices_survive_the_bridge() {
    let offsets = OffsetBuffer::new(ScalarBuffer::from(vec![2, 4, 4, 7]));
    let list = ListArray::new(
        Arc::new(Field::new("item", DataType::Int64, true)),
        offsets,
        Arc::new(Int64Array::from((0..9).collect::<Vec<_>>())),
        None,
    );
    let records = records(vec![("c", Arc::new(list.slice(1, 2)))]);
    assert_eq!(rows("array_length(c) = 3 AND c[1] = 4", &records), [1]);
}

fn any_records() -> impl Strategy<Value = RecordBatch> {
    let row = (
        prop::option::of(prop_oneof![
            Just("2026-01-31".to_owned()),
            Just("31.01.2026".to_owned()),
            Just("12".to_owned()),
            "[a-cA-C äß%_]{0,6}",
        ]),
        prop::option::of(-3_i32..4),
        prop::option::of(any::<f64>()),
        prop::option::of("[ab]"),
    );
    prop::collection::vec(row, 0..30).prop_map(|rows| {
        let text: StringArray = rows.iter().map(|row| row.0.as_deref()).collect();
        let number: Int32Array = rows.iter().map(|row| row.1).collect();
        let score: Float64Array = rows.iter().map(|row| row.2).collect();
        let label: DictionaryArray<Int8Type> = rows.iter().map(|row| row.3.as_deref()).collect();
        records(vec![
            ("text", Arc::new(text)),
            ("number", Arc::new(number)),
            ("score", Arc::new(score)),
            ("label", Arc::new(label)),
        ])
    })
}

const CONDITIONS: [&str; 14] = [
    "number > 0 OR label = 'a'",
    "text LIKE '%a_' AND NOT label IN ('b')",
    "length(text) - number > 2",
    "regexp_like(text, '^[[:alpha:]]+$')",
    "CASE WHEN score > 0 THEN number = 1 WHEN label IS NULL THEN true END",
    "TRY_CAST(text AS DATE) > DATE '2000-01-01'",
    "TRY_CAST(text AS TIMESTAMP) IS NOT NULL",
    "TRY_CAST(text AS INT) = 12",
    "TRY_CAST(text AS DOUBLE) > 1",
    "coalesce(text, label, 'none') < 'b'",
    "greatest(number, 2) = 2 AND least(score, 0.5) <> 0.5",
    "split_part(text, ' ', 1) = upper(split_part(text, ' ', 1))",
    "number % 2 = 0 AND round(score / 2, 1) BETWEEN -1000000 AND 1000000",
    "number NOT IN (1, NULL) OR 1 = 2",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn batches_cut_anywhere_give_the_same_rows(
        records in any_records(),
        cuts in prop::collection::vec(0_usize..30, 0..4),
    ) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(records.num_rows())).collect();
        cuts.extend([0, records.num_rows()]);
        cuts.sort_unstable();
        for sql in CONDITIONS {
            let condition = Condition::parse(sql).unwrap();
            prop_assert_eq!(condition.check(&records.schema()), Ok(()), "{}", sql);
            let whole = condition.mask(&records).unwrap();
            let mut parts = Vec::new();
            for cut in cuts.windows(2) {
                let part = records.slice(cut[0], cut[1] - cut[0]);
                let mask = condition.mask(&part).unwrap();
                // The same rows with buffers of their own.
                let copy = concat_batches(&part.schema(), [&part]).unwrap();
                prop_assert_eq!(&condition.mask(&copy).unwrap(), &mask, "{}", sql);
                parts.extend(mask.iter());
            }
            prop_assert_eq!(BooleanArray::from(parts), whole, "{}", sql);
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic_or_accept_nonsense(sql in "[a-z0-9 ()'\"=<>,.*+-]{0,24}") {
        if let Ok(condition) = Condition::parse(&sql) {
            // A quote within a quoted name is doubled.
            let plain = sql.replace('"', "");
            for name in condition.columns() {
                prop_assert!(plain.contains(&name.replace('"', "")), "{}", name);
            }
        }
    }
}
