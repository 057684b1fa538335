//! Small files that claim, or hold, more than there is memory for.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray,
};
use arrow::datatypes::Int32Type;
use augment::random::Random;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::files::{config, write};
use super::mutate::{assemble, take_apart, with_column};
use super::read_all;
use super::thrift::{Lies, Value};
use crate::allocation::most_bytes;
use crate::samples;
use crate::scratch::Scratch;

const PIPELINE: &str = "version = 1\nseed = 42\n[sources.s]\ntype = \"parquet\"\npaths = [\"data\"]\n\
     text = \"text\"\n[operators.o]\ntype = \"random_swap\"\ninputs = [\"s\"]\n[sinks.out]\n\
     type = \"parquet\"\ninputs = [\"o\"]\npath = \"out/{shard}.parquet\"\n";

fn texts(texts: Vec<String>) -> RecordBatch {
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    RecordBatch::try_from_iter([("text", texts)]).unwrap()
}

fn plain() -> WriterProperties {
    let builder = WriterProperties::builder().set_dictionary_enabled(false);
    builder.set_compression(Compression::SNAPPY).build()
}

/// What comes of reading a file, and the bytes that it took at most.
fn read(bytes: &[u8]) -> (Result<u64, String>, usize) {
    let scratch = Scratch::new();
    scratch.write("a.parquet", bytes);
    let folder = scratch.path("");
    most_bytes(|| read_all(&folder, &config("text", None, None)))
}

/// A file whose first page has other numbers in its header: the fields on the way, and the number.
fn with_header(field: &[i64], number: i64) -> Vec<u8> {
    let file = write(&[texts(samples::sentences(1, 50))], &plain());
    with_column(&file, &mut Random::from_key(1), |pages, _| {
        let mut value = Some(&mut pages[0].0);
        for id in field {
            value = value.and_then(|value| value.field_mut(*id));
        }
        *value.unwrap() = Value::Number(number);
        false
    })
}

#[test]
fn a_page_that_claims_gigabytes() {
    for (field, number, said) in [
        (&[2][..], i64::from(i32::MAX), "may hold 268435456"),
        (&[2], 200 << 20, "claims to decompress to 209715200"),
        (&[5, 1], i64::from(i32::MAX), "may hold 67108864"),
    ] {
        let (result, taken) = read(&with_header(field, number));
        let error = result.unwrap_err();
        assert!(error.contains(said), "{error}");
        assert!(taken < 64 << 20, "{taken} bytes");
    }
}

#[test]
fn a_header_that_claims_a_text_without_end() {
    let file = write(&[texts(samples::sentences(1, 50))], &plain());
    let file = with_column(&file, &mut Random::from_key(1), |pages, _| {
        // Statistics whose maximum goes on for a terabyte: the field is a list that cannot end.
        let statistics = Value::Struct(vec![(5, 8, Value::Binary(vec![b'a'; 8]))]);
        let Some(Value::Struct(fields)) = pages[0].0.field_mut(5) else {
            panic!("no data page");
        };
        fields.retain(|field| field.0 != 5);
        fields.push((5, 12, statistics));
        false
    });
    let claimed = file
        .windows(10)
        .position(|at| at == b"\x0a\x08aaaaaaaa" || at[1..] == *b"\x08aaaaaaaa");
    let mut file = file;
    let at = claimed.unwrap() + 1;
    file.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    let (result, taken) = read(&file);
    assert!(result.is_err());
    assert!(taken < 64 << 20, "{taken} bytes");
}

#[test]
fn a_value_larger_than_a_page_may_be() {
    let scratch = Scratch::new();
    scratch.write("test.toml", PIPELINE);
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .set_compression(zstd)
        .build();
    let file = write(&[texts(vec!["a".repeat(257 << 20)])], &properties);
    assert!(file.len() < 1 << 20);
    scratch.write("data/a.parquet", &file);
    scratch.parquet("data/b.parquet", &[texts(samples::sentences(1, 10))]);
    let finished = scratch.run(["run", "test.toml", "--keep-going"]);
    finished.says(
        1,
        &[
            "a.parquet: rows 0 to 0 (row group 0) are too large",
            "a page holds 269484036 bytes, and may hold 268435456",
            "help: write the file again with smaller pages and values",
            "what failed is in out/.augment/rejects.jsonl",
        ],
    );
    assert_eq!(scratch.visible("out"), ["b.parquet"]);
}

#[test]
fn a_long_text_in_every_row_of_a_dictionary() {
    // A megabyte in the file; ten gigabytes of text.
    let long: ArrayRef = Arc::new(StringArray::from(vec!["word ".repeat(1 << 18)]));
    let keys = Int32Array::from_iter_values(std::iter::repeat_n(0, 10_000));
    let dictionary: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(keys, long));
    let rows = RecordBatch::try_from_iter([("text", dictionary)]).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_page_size_limit(16 << 20)
        .set_statistics_enabled(parquet::file::properties::EnabledStatistics::None)
        .set_compression(Compression::SNAPPY)
        .build();
    let file = write(&[rows], &properties);
    // Without the type that its writer had, the column is one of plain texts; and without a count of
    // bytes nothing in the footer tells how long they are.
    let (body, mut footer) = take_apart(&file).unwrap();
    if let Value::Struct(fields) = &mut footer {
        fields.retain(|field| field.0 != 5);
    }
    let about = footer.field_mut(4).unwrap().items_mut()[0]
        .field_mut(1)
        .unwrap()
        .items_mut()[0]
        .field_mut(3)
        .unwrap();
    if let Value::Struct(fields) = about {
        fields.retain(|field| field.0 != 16);
    }
    let file = assemble(body, &footer, Lies(None));
    assert!(file.len() < 4 << 20, "{}", file.len());
    let scratch = Scratch::new();
    scratch.write("a.parquet", file);
    let config = config("text", None, None);
    let facts = augment::source::discover(&config, &scratch.path("")).unwrap();
    let options = augment::source::ReadOptions::default();
    let (rows, taken) = most_bytes(|| {
        let mut reader =
            augment::source::ShardReader::open(&facts.shards[0], &facts, &options).unwrap();
        // The beginning is enough.
        let batches = (0..20).map(|_| reader.next_batch().unwrap().unwrap().1.num_rows());
        batches.sum::<usize>()
    });
    assert!(rows > 100, "{rows} rows");
    assert!(taken < 300 << 20, "{taken} bytes");
}

#[test]
fn columns_nested_without_end() {
    let file = write(&[texts(samples::sentences(1, 5))], &plain());
    let (body, mut footer) = take_apart(&file).unwrap();
    let Some(Value::List(_, columns)) = footer.field_mut(2) else {
        panic!("no columns");
    };
    let mut group = columns[0].clone();
    if let Value::Struct(fields) = &mut group {
        fields.push((3, 5, Value::Number(0)));
    }
    let leaf = columns.pop().unwrap();
    columns.extend(std::iter::repeat_n(group, 200_000));
    columns.push(leaf);
    let (result, _) = read(&assemble(body, &footer, Lies(None)));
    let error = result.unwrap_err();
    assert!(
        error.contains("nested") && error.contains("may be 32"),
        "{error}"
    );
}

#[test]
fn rows_and_bytes_beyond_all_numbers() {
    let groups: Vec<RecordBatch> = (0..3).map(|_| texts(samples::sentences(1, 5))).collect();
    let (body, footer) = take_apart(&write(&groups, &plain())).unwrap();
    for rows in [i64::MAX, -1, i64::MIN, 1 << 40] {
        let mut footer = footer.clone();
        for group in footer.field_mut(4).unwrap().items_mut() {
            *group.field_mut(2).unwrap() = Value::Number(rows);
            *group.field_mut(3).unwrap() = Value::Number(rows);
        }
        let (result, taken) = read(&assemble(body.clone(), &footer, Lies(None)));
        assert!(result.is_err() || rows < 0, "{rows}: {result:?}");
        assert!(taken < 64 << 20, "{taken} bytes");
    }
}

#[test]
fn nulls_that_take_megabytes() {
    let wide = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        std::iter::repeat_n(None::<&[u8]>, 40),
        4,
    )
    .unwrap();
    let text: ArrayRef = Arc::new(StringArray::from(vec!["text"; 40]));
    let rows = RecordBatch::try_from_iter([("text", text), ("wide", Arc::new(wide) as ArrayRef)]);
    let (body, mut footer) = take_apart(&write(&[rows.unwrap()], &plain())).unwrap();
    if let Value::Struct(fields) = &mut footer {
        fields.retain(|field| field.0 != 5);
    }
    *footer.field_mut(2).unwrap().items_mut()[2]
        .field_mut(2)
        .unwrap() = Value::Number(i64::from(i32::MAX));
    let (result, taken) = read(&assemble(body, &footer, Lies(None)));
    let error = result.unwrap_err();
    assert!(error.contains("each value of column `wide`"), "{error}");
    assert!(taken < 64 << 20, "{taken} bytes");
}

#[test]
fn a_footer_that_says_how_columns_are_encrypted() {
    let (body, mut footer) = take_apart(&write(&[texts(vec!["a".into()])], &plain())).unwrap();
    if let Value::Struct(fields) = &mut footer {
        let algorithm = Value::Struct(vec![(1, 12, Value::Struct(Vec::new()))]);
        fields.push((8, 12, algorithm));
    }
    let (result, _) = read(&assemble(body, &footer, Lies(None)));
    assert!(result.unwrap_err().ends_with("a.parquet is encrypted"));
}
