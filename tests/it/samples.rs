//! Rows that tests are run on, the same ones each time.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "any number will do for a column, as long as it is the same each time"
)]

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array,
    Decimal256Array, DictionaryArray, DurationMillisecondArray, FixedSizeBinaryArray,
    FixedSizeListArray, Float16Array, Float64Array, Int8Array, Int32Array, Int64Array,
    LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, MapArray, NullArray,
    RecordBatch, StringArray, StringViewArray, StructArray, Time64MicrosecondArray,
    TimestampNanosecondArray, UInt8Array, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Fields, Int8Type, Int16Type, Int32Type, Schema, i256};
use augment::random::Random;

/// What sentences are made of: all that an operator may meet in a text.
const WORDS: [&str; 40] = [
    "the",
    "movie",
    "was",
    "a",
    "big",
    "success",
    "and",
    "people",
    "loved",
    "it",
    "Quickly",
    "running",
    "dogs",
    "don't",
    "state-of-the-art",
    "naïve",
    "Größe",
    "東京",
    "привет",
    "😀",
    "👩‍👩‍👧",
    "e\u{301}te\u{301}",
    "https://example.com/a?b=c",
    "me@example.com",
    "12 kg",
    "#tag",
    "@you",
    "{name}",
    "`code here`",
    "<b>bold</b>",
    "\"quoted,\"",
    "(twice)",
    "slowly",
    "houses",
    "3.14",
    "end.",
    "Why?",
    "well;",
    "happy",
    "sad",
];

/// What parts words.
const GAPS: [&str; 8] = [" ", " ", " ", " ", ", ", "  ", "\n", "\t"];

/// Texts of up to `most` words; some are null, some empty.
pub(crate) fn texts(seed: u64, rows: usize, most: usize) -> Vec<Option<String>> {
    let mut random = Random::from_key(seed);
    let mut sentence = || {
        if random.below(17) == 0 {
            return None;
        }
        let mut text = String::new();
        for place in 0..random.below(most + 1) {
            if place > 0 {
                text.push_str(random.choose(&GAPS).unwrap());
            }
            text.push_str(random.choose(&WORDS).unwrap());
        }
        Some(text)
    };
    (0..rows).map(|_| sentence()).collect()
}

/// Plain English sentences without null, of four words and more.
pub(crate) fn sentences(seed: u64, rows: usize) -> Vec<String> {
    let mut random = Random::from_key(seed);
    let mut sentence = || {
        let words: Vec<&str> = (0..4 + random.below(20))
            .filter_map(|_| random.choose(&WORDS[..14]).copied())
            .collect();
        words.join(" ")
    };
    (0..rows).map(|_| sentence()).collect()
}

/// Sentences with a number beside them.
pub(crate) fn numbered_sentences(seed: u64, rows: usize) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let texts: ArrayRef = Arc::new(StringArray::from(sentences(seed, rows)));
    RecordBatch::try_from_iter_with_nullable([("number", numbers, false), ("text", texts, true)])
        .unwrap()
}

/// A column with the annotations of each row: where they start and end.
pub(crate) fn annotations(rows: &[Vec<(i32, i32)>]) -> ArrayRef {
    let all = || rows.iter().flatten();
    let fields = Fields::from(vec![
        Field::new("start", DataType::Int32, true),
        Field::new("end", DataType::Int32, true),
        Field::new("label", DataType::Utf8, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(all().map(|(start, _)| *start))),
        Arc::new(Int32Array::from_iter_values(all().map(|(_, end)| *end))),
        Arc::new(StringArray::from_iter_values(all().map(|_| "person"))),
    ];
    let spans = StructArray::new(fields.clone(), columns, None);
    let item = Arc::new(Field::new_list_field(DataType::Struct(fields), true));
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(Vec::len));
    Arc::new(ListArray::new(item, offsets, Arc::new(spans), None))
}

/// `texts` as a column of each type that can be a text column, by a name for each.
pub(crate) fn text_columns(texts: &[Option<String>]) -> Vec<(&'static str, ArrayRef)> {
    let values = || texts.iter().map(Option::as_deref);
    // A narrow dictionary holds few texts.
    let few = || {
        values()
            .enumerate()
            .map(|(row, text)| text.and(texts[row % 40].as_deref()))
    };
    let small: DictionaryArray<Int8Type> = few().collect();
    let large = arrow::compute::cast(
        &small,
        &DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::LargeUtf8)),
    );
    vec![
        ("utf8", Arc::new(values().collect::<StringArray>())),
        (
            "large_utf8",
            Arc::new(values().collect::<LargeStringArray>()),
        ),
        ("utf8_view", Arc::new(values().collect::<StringViewArray>())),
        (
            "dictionary_int32",
            Arc::new(values().collect::<DictionaryArray<Int32Type>>()),
        ),
        (
            "dictionary_int16",
            Arc::new(values().collect::<DictionaryArray<Int16Type>>()),
        ),
        ("dictionary_int8_large", large.unwrap()),
    ]
}

/// Key-value pairs, enough of them that an order other than that of their writing would show.
pub(crate) fn metadata(tag: &str) -> HashMap<String, String> {
    (0..5)
        .map(|number| (format!("{tag} {number}"), format!("value \u{e9} {number}")))
        .collect()
}

/// A text column named `text`, and beside it one column of every type that Parquet gives back as
/// it got it, nulls among the values; metadata on the schema and on each field.
pub(crate) fn all_types(seed: u64, rows: usize) -> RecordBatch {
    let texts = texts(seed, rows, 12);
    let mut columns: Vec<(&str, ArrayRef)> = vec![(
        "text",
        Arc::new(texts.iter().map(Option::as_deref).collect::<StringArray>()),
    )];
    columns.extend(text_columns(&texts));
    columns.extend(flat_columns(seed, rows));
    columns.extend(nested_columns(rows));
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            Field::new(*name, array.data_type().clone(), true).with_metadata(metadata(name))
        })
        .collect();
    let schema = Schema::new_with_metadata(fields, metadata("schema"));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(schema), arrays).unwrap()
}

fn valid(row: usize) -> bool {
    row % 5 != 2
}

#[expect(clippy::too_many_lines, reason = "one column after the other")]
fn flat_columns(seed: u64, rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let mut random = Random::from_key(seed ^ 1);
    let drawn: Vec<i64> = (0..rows)
        .map(|_| random.below(1 << 40) as i64 - 1000)
        .collect();
    let number = |row: usize| valid(row).then(|| drawn[row]);
    let numbers = || (0..rows).map(number);
    let bytes: Vec<Option<Vec<u8>>> = numbers()
        .map(|number| number.map(|number| number.to_be_bytes().to_vec()))
        .collect();
    let bytes = || bytes.iter().map(Option::as_deref);
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(bytes(), 8).unwrap();
    let number_dictionary = DictionaryArray::<Int32Type>::new(
        (0..rows)
            .map(|row| valid(row).then_some(row as i32 % 2))
            .collect(),
        Arc::new(Int64Array::from(vec![-7, 1 << 40])),
    );
    let decimal = numbers()
        .map(|number| number.map(i128::from))
        .collect::<Decimal128Array>();
    let wide = numbers().map(|number| number.map(|number| i256::from_i128(number.into())));
    let wide = wide.collect::<Decimal256Array>();
    let zoned = numbers()
        .collect::<TimestampNanosecondArray>()
        .with_timezone("Europe/Berlin");
    let float = |row: usize| number(row).map(|number| number as f64 / 7.0);
    let half = |row: usize| valid(row).then(|| half::f16::from_f64(row as f64 / 4.0));
    vec![
        ("binary", Arc::new(bytes().collect::<BinaryArray>())),
        (
            "large_binary",
            Arc::new(bytes().collect::<LargeBinaryArray>()),
        ),
        (
            "binary_view",
            Arc::new(bytes().collect::<BinaryViewArray>()),
        ),
        ("fixed", Arc::new(fixed)),
        (
            "boolean",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n % 3 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "i8",
            Arc::new(numbers().map(|n| n.map(|n| n as i8)).collect::<Int8Array>()),
        ),
        (
            "u8",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n as u8))
                    .collect::<UInt8Array>(),
            ),
        ),
        (
            "u32",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n as u32))
                    .collect::<UInt32Array>(),
            ),
        ),
        ("i64", Arc::new(numbers().collect::<Int64Array>())),
        (
            "f16",
            Arc::new((0..rows).map(half).collect::<Float16Array>()),
        ),
        (
            "f64",
            Arc::new((0..rows).map(float).collect::<Float64Array>()),
        ),
        (
            "date",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n as i32))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "time",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| n.rem_euclid(1 << 30)))
                    .collect::<Time64MicrosecondArray>(),
            ),
        ),
        (
            "duration",
            Arc::new(numbers().collect::<DurationMillisecondArray>()),
        ),
        ("timestamp", Arc::new(zoned)),
        (
            "decimal",
            Arc::new(decimal.with_precision_and_scale(30, 5).unwrap()),
        ),
        (
            "decimal256",
            Arc::new(wide.with_precision_and_scale(60, 5).unwrap()),
        ),
        ("number_dictionary", Arc::new(number_dictionary)),
        ("null", Arc::new(NullArray::new(rows))),
    ]
}

fn nested_columns(rows: usize) -> Vec<(&'static str, ArrayRef)> {
    let nulls: NullBuffer = (0..rows).map(valid).collect();
    let lengths = || (0..rows).map(|row| row % 4);
    let children: usize = lengths().sum();
    let item =
        |data_type| Arc::new(Field::new("item", data_type, true).with_metadata(metadata("item")));
    let child_texts: StringArray = (0..children)
        .map(|at| (at % 7 > 0).then_some("child"))
        .collect();
    let child_dictionary: DictionaryArray<Int32Type> = (0..children)
        .map(|at| (at % 7 > 0).then_some(["a", "b"][at % 2]))
        .collect();
    let list = ListArray::new(
        item(DataType::Utf8),
        OffsetBuffer::from_lengths(lengths()),
        Arc::new(child_texts),
        Some(nulls.clone()),
    );
    let large_list = LargeListArray::new(
        item(child_dictionary.data_type().clone()),
        OffsetBuffer::from_lengths(lengths()),
        Arc::new(child_dictionary),
        None,
    );
    let pairs = FixedSizeListArray::new(
        item(DataType::Int32),
        2,
        Arc::new(
            (0..2 * rows)
                .map(|at| (at % 9 > 0).then_some(at as i32))
                .collect::<Int32Array>(),
        ),
        Some(nulls.clone()),
    );
    let numbers: Int64Array = (0..rows)
        .map(|row| valid(row).then_some(row as i64))
        .collect();
    let nested = StructArray::new(
        Fields::from(vec![
            Field::new("x", DataType::Int64, true),
            Field::new("texts", list.data_type().clone(), true),
        ]),
        vec![Arc::new(numbers), Arc::new(list.clone())],
        Some(nulls.clone()),
    );
    let keys: StringArray = (0..children).map(|at| Some(format!("key {at}"))).collect();
    let values: Int32Array = (0..children)
        .map(|at| (at % 3 > 0).then_some(at as i32))
        .collect();
    let entries = StructArray::new(
        Fields::from(vec![
            Field::new("keys", DataType::Utf8, false),
            Field::new("values", DataType::Int32, true),
        ]),
        vec![Arc::new(keys), Arc::new(values)],
        None,
    );
    let map = MapArray::new(
        Arc::new(Field::new("entries", entries.data_type().clone(), false)),
        OffsetBuffer::from_lengths(lengths()),
        entries,
        Some(nulls),
        false,
    );
    vec![
        ("list", Arc::new(list)),
        ("large_list", Arc::new(large_list)),
        ("pairs", Arc::new(pairs)),
        ("nested", Arc::new(nested)),
        ("map", Arc::new(map)),
    ]
}
