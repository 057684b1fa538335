//! Tests on real files.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "numbers made from row numbers are small"
)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::data_type::ByteArrayType;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{
    Array, ArrayRef, BinaryArray, Int8Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use super::parquet::ParquetSourceConfig;
use super::*;

fn config(paths: &[&str]) -> ParquetSourceConfig {
    ParquetSourceConfig {
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        text: "text".into(),
        id: None,
        spans: None,
        shard: ShardUnit::Auto,
    }
}

fn texts(rows: usize) -> RecordBatch {
    let texts: StringArray = (0..rows).map(|row| Some(format!("row {row}"))).collect();
    let labels: Int64Array = (0..rows)
        .map(|row| (row % 3 > 0).then_some(row as i64))
        .collect();
    RecordBatch::try_from_iter([
        ("text", Arc::new(texts) as ArrayRef),
        ("label", Arc::new(labels) as ArrayRef),
    ])
    .unwrap()
}

fn write(path: &Path, batch: &RecordBatch, row_group_rows: usize) {
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(row_group_rows))
        .set_key_value_metadata(Some(vec![
            KeyValue::new("huggingface".to_owned(), Some("{}".to_owned())),
            KeyValue::new("flag".to_owned(), None),
        ]))
        .build();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// What is wrong with a source that has one thing wrong with it.
fn problem(config: &ParquetSourceConfig, base: &Path) -> SourceError {
    let mut problems = discover(config, base).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    let problem = problems.remove(0);
    assert!(!problem.help().is_empty());
    problem
}

/// What is wrong with `bytes` as a file.
fn problem_of_file(bytes: &[u8]) -> SourceError {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.parquet"), bytes).unwrap();
    let problem = problem(&config(&["a.parquet"]), folder.path());
    assert!(problem.to_string().contains("a.parquet"), "{problem}");
    problem
}

fn read_all(
    shard: &ShardFile,
    facts: &SourceFacts,
    options: &ReadOptions,
) -> Result<Vec<(u64, RecordBatch)>, SourceError> {
    let mut reader = ShardReader::open(shard, facts, options)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    Ok(batches)
}

#[test]
fn one_column_is_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rows = texts(25);
    write(&folder.path().join("a.parquet"), &rows, 10);
    let facts = discover(&config(&["a.parquet"]), folder.path()).unwrap();
    for column in 0..2 {
        let reader = ShardReader::open(&facts.shards[0], &facts, &ReadOptions::default());
        let mut reader = reader.unwrap().only(&[column]).unwrap();
        let mut read = 0;
        while let Some((first, batch)) = reader.next_batch().unwrap() {
            let expected = rows.column(column).slice(first as usize, batch.num_rows());
            assert_eq!((batch.num_columns(), batch.column(0)), (1, &expected));
            read += batch.num_rows();
        }
        assert_eq!(read, 25);
    }
    let reader = ShardReader::open(&facts.shards[0], &facts, &ReadOptions::default());
    assert!(reader.unwrap().only(&[2]).is_err());
}

#[test]
fn a_digest_tells_one_state_of_the_data_from_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write(&path("a.parquet"), &texts(25), 10);
    write(&path("b.parquet"), &texts(9), 10);
    let state = || digest(&discover(&config(&["."]), folder.path()).unwrap()).unwrap();
    let mut states = vec![state()];
    assert_eq!(states[0].len(), 64);
    fs::copy(path("b.parquet"), path("copy")).unwrap();
    fs::rename(path("copy"), path("b.parquet")).unwrap();
    assert_eq!(state(), states[0], "the same bytes at another time");
    fs::rename(path("b.parquet"), path("c.parquet")).unwrap();
    states.push(state());
    write(&path("a.parquet"), &texts(25).slice(1, 24), 10);
    states.push(state());
    // As many rows and bytes, with other bounds.
    let other: StringArray = (0..9).map(|row| Some(format!("now {row}"))).collect();
    let rows = texts(9);
    let columns = vec![Arc::new(other) as ArrayRef, Arc::clone(rows.column(1))];
    let other = RecordBatch::try_new(rows.schema(), columns).unwrap();
    let bytes = fs::metadata(path("c.parquet")).unwrap().len();
    write(&path("c.parquet"), &other, 10);
    assert_eq!(fs::metadata(path("c.parquet")).unwrap().len(), bytes);
    states.push(state());
    fs::remove_file(path("c.parquet")).unwrap();
    states.push(state());
    let count = states.len();
    states.sort();
    states.dedup();
    assert_eq!(states.len(), count);
    let facts = discover(&config(&["."]), folder.path()).unwrap();
    fs::remove_file(path("a.parquet")).unwrap();
    assert_eq!(digest(&facts).unwrap_err().code(), "A407");
}

#[test]
fn batches_stay_within_row_groups_and_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let rows = texts(25);
    write(&folder.path().join("a.parquet"), &rows, 10);
    let facts = discover(&config(&["a.parquet"]), folder.path()).unwrap();
    assert_eq!((facts.rows, facts.text, facts.id), (25, 0, None));
    assert_eq!(facts.shards[0].relative, "a.parquet");
    assert_eq!(facts.shards[0].row_groups, 3);
    assert_eq!(
        facts.key_value_metadata,
        [
            ("huggingface".to_owned(), Some("{}".to_owned())),
            ("flag".to_owned(), None)
        ]
    );

    let options = ReadOptions {
        batch_rows: 4,
        ..ReadOptions::default()
    };
    let lengths = |options: &ReadOptions| -> Vec<(u64, usize)> {
        let batches = read_all(&facts.shards[0], &facts, options).unwrap();
        for (first, batch) in &batches {
            assert_eq!(
                *batch,
                rows.slice(*first as usize, batch.num_rows())
                    .with_schema(facts.schema.clone())
                    .unwrap()
            );
        }
        batches
            .iter()
            .map(|(first, batch)| (*first, batch.num_rows()))
            .collect()
    };
    let cut = [
        (0, 4),
        (4, 4),
        (8, 2),
        (10, 4),
        (14, 4),
        (18, 2),
        (20, 4),
        (24, 1),
    ];
    assert_eq!(lengths(&options), cut);
    assert_eq!(
        lengths(&ReadOptions::default()),
        [(0, 10), (10, 10), (20, 5)]
    );
    assert_eq!(
        lengths(&ReadOptions {
            limit: Some(13),
            ..options
        }),
        [(0, 4), (4, 4), (8, 2), (10, 3)]
    );
    assert_eq!(
        lengths(&ReadOptions {
            limit: Some(0),
            ..options
        }),
        []
    );
    assert_eq!(
        lengths(&ReadOptions {
            batch_bytes: 1,
            ..options
        })
        .len(),
        25
    );
}

#[test]
fn files_without_rows_are_shards() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("none.parquet"), &texts(0), 10);
    // A row group of no rows, which `ArrowWriter` would not write.
    let schema = ::parquet::schema::parser::parse_message_type(
        "message schema { required binary text (STRING); required int64 label; }",
    );
    let file = File::create(folder.path().join("group.parquet")).unwrap();
    let mut writer = ::parquet::file::writer::SerializedFileWriter::new(
        file,
        Arc::new(schema.unwrap()),
        Arc::default(),
    )
    .unwrap();
    let mut group = writer.next_row_group().unwrap();
    while let Some(column) = group.next_column().unwrap() {
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();

    let config = config(&["."]);
    let facts = match discover(&config, folder.path()) {
        Ok(facts) => facts,
        Err(problems) => panic!("{problems:?}"),
    };
    assert_eq!(facts.rows, 0);
    let groups: Vec<_> = facts.shards.iter().map(|shard| shard.row_groups).collect();
    assert_eq!(groups, [1, 0]);
    for shard in &facts.shards {
        assert!(
            read_all(shard, &facts, &ReadOptions::default())
                .unwrap()
                .is_empty()
        );
    }
}

#[test]
fn wrong_files_are_named_with_a_remedy() {
    assert_eq!(problem_of_file(b"").code(), "A408");
    assert_eq!(problem_of_file(b"text,label\nhello,1\n").code(), "A409");
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    assert!(problem_of_file(pointer).help().contains("git lfs pull"));
    assert!(
        problem_of_file(b"ARROW1\0\0 and so on")
            .help()
            .contains("Feather")
    );
    assert_eq!(problem_of_file(b"PARE and so on PARE").code(), "A411");
    assert_eq!(problem_of_file(b"PAR1").code(), "A410");
    assert_eq!(problem_of_file(b"PAR1\xff\xff\xff\x7fPAR1").code(), "A410");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &texts(100), 50);
    let whole = fs::read(path).unwrap();
    for length in (4..whole.len()).step_by(whole.len() / 50) {
        assert_eq!(problem_of_file(&whole[..length]).code(), "A410");
    }
}

#[test]
fn all_wrong_files_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), &texts(3), 10);
    fs::write(folder.path().join("b.parquet"), "").unwrap();
    fs::write(folder.path().join("c.parquet"), "hello").unwrap();
    let config = ParquetSourceConfig {
        text: "txet".into(),
        id: Some("lable".to_owned()),
        ..config(&[".", "missing.parquet"])
    };
    let problems = discover(&config, folder.path()).unwrap_err();
    let codes: Vec<_> = problems.iter().map(SourceError::code).collect();
    assert_eq!(codes, ["A401", "A408", "A409", "A301", "A301"]);
    assert_eq!(problems[3].help(), "a similar column exists: `text`");
    assert_eq!(
        (problems[4].option(), problems[4].help().as_str()),
        ("id", "a similar column exists: `label`")
    );
}

#[test]
fn columns_of_the_wrong_type_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = BinaryArray::from_vec(vec![b"\xff\xfe", b"text"]);
    let nested = StructArray::from(vec![(
        Arc::new(Field::new("x", DataType::Int32, false)),
        Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef,
    )]);
    let batch = RecordBatch::try_from_iter([
        ("text", Arc::new(bytes) as ArrayRef),
        ("nested", Arc::new(nested) as ArrayRef),
        (
            "other",
            Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef,
        ),
    ])
    .unwrap();
    write(&folder.path().join("a.parquet"), &batch, 10);
    let error = problem(&config(&["a.parquet"]), folder.path());
    assert_eq!(error.code(), "A302");
    assert!(
        error.to_string().contains("is not text but Binary"),
        "{error}"
    );
    assert!(error.help().contains("cast(pl.String)"), "{}", error.help());
    let other = ParquetSourceConfig {
        text: "other".into(),
        ..config(&["a.parquet"])
    };
    assert!(discover(&other, folder.path()).is_ok());
    for id in ["nested", "text"] {
        let error = problem(
            &ParquetSourceConfig {
                id: Some(id.to_owned()),
                ..other.clone()
            },
            folder.path(),
        );
        assert_eq!((error.code(), error.option()), ("A303", "id"));
    }
}

#[test]
fn shards_with_other_columns_are_named() {
    let field = |name: &str, data_type: DataType| Field::new(name, data_type, true);
    let with = |fields: Vec<Field>| -> SchemaRef { Arc::new(Schema::new(fields)) };
    let text = || field("text", DataType::Utf8);
    let label = || field("label", DataType::Int64);
    let list = |item: Field| field("list", DataType::List(Arc::new(item)));
    let item = || Field::new("item", DataType::Int8, true);
    let first = with(vec![text(), label(), list(item())]);
    let tagged = item().with_metadata(HashMap::from([("tag".to_owned(), "x".to_owned())]));
    for (other, column, difference) in [
        (vec![text(), label(), list(item())], "", ""),
        (vec![text(), label(), list(tagged)], "", ""),
        (vec![text(), label()], "list", "it is missing"),
        (
            vec![label(), text(), list(item())],
            "text",
            "it is column 2 instead of column 1",
        ),
        (
            vec![text(), field("lable", DataType::Int64), list(item())],
            "label",
            "in its place is `lable`",
        ),
        (
            vec![text(), field("label", DataType::Int32), list(item())],
            "label",
            "it is Int32 instead of Int64",
        ),
        (
            vec![
                text(),
                Field::new("label", DataType::Int64, false),
                list(item()),
            ],
            "label",
            "it may not hold nulls",
        ),
        (
            vec![
                text(),
                label(),
                list(Field::new("item", DataType::Int16, true)),
            ],
            "list",
            "instead of",
        ),
        (
            vec![text(), label(), list(item()), field("more", DataType::Int8)],
            "more",
            "the first has no such column",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(
            &folder.path().join("a.parquet"),
            &RecordBatch::new_empty(first.clone()),
            10,
        );
        write(
            &folder.path().join("b.parquet"),
            &RecordBatch::new_empty(with(other)),
            10,
        );
        if column.is_empty() {
            assert!(discover(&config(&["."]), folder.path()).is_ok());
            continue;
        }
        let error = problem(&config(&["."]), folder.path());
        assert_eq!(error.code(), "A304");
        let message = error.to_string();
        for part in ["a.parquet", "b.parquet", &format!("`{column}`"), difference] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn batches_have_the_schema_of_the_first_shard() {
    let batch = |tag: &str| {
        let item = Field::new("x", DataType::Int8, true)
            .with_metadata(HashMap::from([("tag".to_owned(), tag.to_owned())]));
        let fields = Fields::from(vec![item]);
        let values: ArrayRef = Arc::new(Int8Array::from(vec![Some(1), None]));
        let nested = StructArray::new(fields.clone(), vec![values], None);
        let schema = Schema::new_with_metadata(
            vec![
                Field::new("text", DataType::Utf8, true),
                Field::new("nested", DataType::Struct(fields), true),
            ],
            HashMap::from([("written by".to_owned(), tag.to_owned())]),
        );
        let text = StringArray::from(vec!["a", "b"]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(text), Arc::new(nested)]).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), &batch("first"), 10);
    write(&folder.path().join("b.parquet"), &batch("second"), 10);
    let facts = discover(&config(&["."]), folder.path()).unwrap();
    for shard in &facts.shards {
        let (_, read) = read_all(shard, &facts, &ReadOptions::default())
            .unwrap()
            .remove(0);
        assert_eq!(read.schema(), facts.schema);
        assert_eq!(read.columns(), batch("first").columns());
        assert_eq!(read.schema().metadata().get("written by").unwrap(), "first");
    }
}

#[test]
fn a_changed_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &texts(10), 10);
    let facts = discover(&config(&["a.parquet"]), folder.path()).unwrap();
    write(&path, &texts(1000), 10);
    let error = ShardReader::open(&facts.shards[0], &facts, &ReadOptions::default())
        .err()
        .unwrap();
    assert_eq!(error.code(), "A413");
    fs::remove_file(path).unwrap();
    let error = ShardReader::open(&facts.shards[0], &facts, &ReadOptions::default())
        .err()
        .unwrap();
    assert_eq!(error.code(), "A415");
}

/// Reads all of `bytes` as a file; nothing if its footer is refused.
fn read_bytes(bytes: &[u8]) -> Option<Result<Vec<RecordBatch>, SourceError>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.parquet"), bytes).unwrap();
    let facts = discover(&config(&["a.parquet"]), folder.path()).ok()?;
    let batches = read_all(&facts.shards[0], &facts, &ReadOptions::default());
    Some(batches.map(|batches| batches.into_iter().map(|(_, batch)| batch).collect()))
}

#[test]
fn a_flipped_byte_in_a_page_with_a_checksum_is_an_error() {
    // pyarrow.parquet.write_table(..., row_group_size=10, compression="none",
    // use_dictionary=False, write_page_checksum=True), 20 rows.
    let whole = include_bytes!("testdata/checksums.parquet");
    assert_eq!(read_bytes(whole).unwrap().unwrap().len(), 2);
    // In a page a text stands after its length; in statistics, which have no checksum, it does not.
    let texts = whole
        .windows(14)
        .enumerate()
        .filter(|(_, window)| *window == b"\x19\0\0\0row number");
    let places: Vec<usize> = texts.map(|(at, _)| at + 8).collect();
    // Those of the first row group, which are one byte shorter.
    assert_eq!(places.len(), 10);
    for (row, at) in places.into_iter().enumerate() {
        let mut flipped = whole.to_vec();
        flipped[at] ^= 0x20;
        let error = read_bytes(&flipped).unwrap().unwrap_err();
        let SourceError::Damaged {
            row_group, rows, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(
            (*row_group, rows.contains(&(row as u64))),
            (0, true),
            "{error}"
        );
        assert!(
            error.to_string().contains("rows 0 to 9 (row group 0)"),
            "{error}"
        );
        assert!(error.help().contains("--keep-going"));
    }
}

#[test]
fn no_flipped_byte_makes_the_reader_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &texts(60), 30);
    let whole = fs::read(path).unwrap();
    for at in (0..whole.len()).step_by(3) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        if let Some(Ok(batches)) = read_bytes(&flipped) {
            let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
            // Without checksums a changed letter passes, but never a lost row.
            assert!(
                rows == 60 || at + 1000 > whole.len(),
                "byte {at}: {rows} rows"
            );
        }
    }
}

#[test]
fn text_that_is_not_utf8_is_an_error() {
    let schema = ::parquet::schema::parser::parse_message_type(
        "message schema { required binary text (STRING); }",
    );
    let mut bytes = Vec::new();
    let mut writer = ::parquet::file::writer::SerializedFileWriter::new(
        &mut bytes,
        Arc::new(schema.unwrap()),
        Arc::default(),
    )
    .unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let latin1 = b"caf\xe9".to_vec();
    column
        .typed::<ByteArrayType>()
        .write_batch(&[latin1.into()], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let error = read_bytes(&bytes).unwrap().unwrap_err();
    assert_eq!(error.code(), "A412");
    assert!(
        error.help().contains("decode it from its encoding"),
        "{error}"
    );
}

#[test]
fn ids_are_text() {
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
    let batch = RecordBatch::try_from_iter([("id", numbers)]).unwrap();
    let texts = ids(&batch, 0).unwrap();
    assert_eq!(texts.value(0), "7");
    assert!(texts.is_null(1));
    assert!(ids(&batch, 1).is_err());
}
