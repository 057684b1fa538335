//! Tests on real files.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "numbers made from row numbers need not be exact"
)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::file::metadata::RowGroupMetaData;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryViewArray, BooleanArray, Date32Array,
    Decimal128Array, Decimal256Array, DictionaryArray, DurationMillisecondArray,
    FixedSizeBinaryArray, FixedSizeListArray, Float16Array, Float64Array, Int32Array, Int64Array,
    LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, MapArray, NullArray,
    RecordBatch, RecordBatchOptions, RunArray, StringArray, StringViewArray, StructArray,
    Time64MicrosecondArray, TimestampNanosecondArray, UInt8Array, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Field, Fields, Int8Type, Int32Type, Int64Type, Schema, SchemaRef, i256,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::parquet::ParquetSinkConfig;
use super::*;
use crate::batch::{Batch, EditLog, EditRecord, OperatorSet, Origins, Refusal, Rows, Shard};
use crate::source::parquet::ParquetSourceConfig;
use crate::source::{ReadOptions, ShardReader, ShardUnit, discover};

/// One row in five is null.
fn nulls(rows: usize) -> NullBuffer {
    (0..rows).map(|row| row % 5 != 2).collect()
}

#[expect(clippy::too_many_lines, reason = "one column after the other")]
/// A column for each type that Parquet holds, over rows that compress neither well nor badly.
fn all_types(rows: usize) -> RecordBatch {
    let nulls = nulls(rows);
    let valid = |row: usize| nulls.is_valid(row);
    let mixed = |row: usize| (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let text = |row: usize| valid(row).then(|| format!("row {} of many, {row}", mixed(row)));
    let texts = || (0..rows).map(text).collect::<Vec<_>>();
    let bytes = || {
        texts()
            .into_iter()
            .map(|text| text.map(String::into_bytes))
            .collect::<Vec<_>>()
    };
    let number = |row: usize| valid(row).then(|| mixed(row) as i64 - 1000);
    let numbers = || (0..rows).map(number);

    let lengths = || (0..rows).map(|row| row % 4);
    let children: usize = lengths().sum();
    let child = |data_type| Arc::new(Field::new("item", data_type, true));
    let child_texts: StringArray = (0..children)
        .map(|at| (at % 7 > 0).then_some("child"))
        .collect();
    let child_dictionary: DictionaryArray<Int32Type> = (0..children)
        .map(|at| (at % 7 > 0).then_some(["a", "b"][at % 2]))
        .collect();
    let fields = Fields::from(vec![
        Field::new("x", DataType::Int64, true),
        Field::new("texts", DataType::List(child(DataType::Utf8)), true),
    ]);
    let list = ListArray::new(
        child(DataType::Utf8),
        OffsetBuffer::from_lengths(lengths()),
        Arc::new(child_texts),
        Some(nulls.clone()),
    );
    let nested = StructArray::new(
        fields,
        vec![
            Arc::new(numbers().collect::<Int64Array>()),
            Arc::new(list.clone()),
        ],
        Some(nulls.clone()),
    );
    let entries = StructArray::new(
        Fields::from(vec![
            Field::new("keys", DataType::Utf8, false),
            Field::new("values", DataType::Int32, true),
        ]),
        vec![
            Arc::new(
                (0..children)
                    .map(|at| Some(format!("key {at}")))
                    .collect::<StringArray>(),
            ),
            Arc::new(
                (0..children)
                    .map(|at| (at % 3 > 0).then_some(at as i32))
                    .collect::<Int32Array>(),
            ),
        ],
        None,
    );
    let map = MapArray::new(
        Arc::new(Field::new("entries", entries.data_type().clone(), false)),
        OffsetBuffer::from_lengths(lengths()),
        entries,
        Some(nulls.clone()),
        false,
    );
    let large_list = LargeListArray::new(
        child(child_dictionary.data_type().clone()),
        OffsetBuffer::from_lengths(lengths()),
        Arc::new(child_dictionary),
        None,
    );
    let pairs = FixedSizeListArray::new(
        child(DataType::Int32),
        2,
        Arc::new(
            (0..2 * rows)
                .map(|at| (at % 9 > 0).then_some(at as i32))
                .collect::<Int32Array>(),
        ),
        Some(nulls.clone()),
    );
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(
        (0..rows).map(|row| valid(row).then(|| (mixed(row) as u32).to_be_bytes())),
        4,
    );
    let dictionary: DictionaryArray<Int8Type> = (0..rows)
        .map(|row| valid(row).then_some(["one", "two", "three"][row % 3]))
        .collect();
    let number_dictionary = DictionaryArray::<Int32Type>::new(
        (0..rows)
            .map(|row| valid(row).then_some(row as i32 % 2))
            .collect(),
        Arc::new(Int64Array::from(vec![-7, 1 << 40])),
    );
    let runs = RunArray::<Int32Type>::try_new(
        &(1..=rows).map(|end| end as i32).collect::<Int32Array>(),
        &texts().into_iter().collect::<StringArray>(),
    );
    let half = |row| valid(row).then(|| half::f16::from_f64(row as f64 / 4.0));
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "text",
            Arc::new(texts().into_iter().collect::<StringArray>()),
        ),
        (
            "large",
            Arc::new(texts().into_iter().collect::<LargeStringArray>()),
        ),
        (
            "view",
            Arc::new(texts().into_iter().collect::<StringViewArray>()),
        ),
        (
            "binary",
            Arc::new(
                bytes()
                    .iter()
                    .map(Option::as_deref)
                    .collect::<BinaryArray>(),
            ),
        ),
        (
            "large_binary",
            Arc::new(
                bytes()
                    .iter()
                    .map(Option::as_deref)
                    .collect::<LargeBinaryArray>(),
            ),
        ),
        (
            "binary_view",
            Arc::new(
                bytes()
                    .iter()
                    .map(Option::as_deref)
                    .collect::<BinaryViewArray>(),
            ),
        ),
        (
            "boolean",
            Arc::new(
                (0..rows)
                    .map(|row| valid(row).then_some(row % 3 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
        (
            "u8",
            Arc::new(
                (0..rows)
                    .map(|row| valid(row).then_some(row as u8))
                    .collect::<UInt8Array>(),
            ),
        ),
        (
            "u32",
            Arc::new(
                (0..rows)
                    .map(|row| Some(mixed(row) as u32))
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
            Arc::new(
                (0..rows)
                    .map(|row| valid(row).then_some(row as f64 / 7.0))
                    .collect::<Float64Array>(),
            ),
        ),
        (
            "date",
            Arc::new(
                (0..rows)
                    .map(|row| valid(row).then_some(row as i32))
                    .collect::<Date32Array>(),
            ),
        ),
        (
            "time",
            Arc::new(
                (0..rows)
                    .map(|row| valid(row).then_some(row as i64))
                    .collect::<Time64MicrosecondArray>(),
            ),
        ),
        (
            "duration",
            Arc::new(numbers().collect::<DurationMillisecondArray>()),
        ),
        (
            "timestamp",
            Arc::new(
                numbers()
                    .collect::<TimestampNanosecondArray>()
                    .with_timezone("Europe/Berlin"),
            ),
        ),
        (
            "decimal",
            Arc::new(
                numbers()
                    .map(|n| n.map(i128::from))
                    .collect::<Decimal128Array>()
                    .with_precision_and_scale(30, 5)
                    .unwrap(),
            ),
        ),
        (
            "decimal256",
            Arc::new(
                numbers()
                    .map(|n| n.map(|n| i256::from_i128(n.into())))
                    .collect::<Decimal256Array>()
                    .with_precision_and_scale(60, 5)
                    .unwrap(),
            ),
        ),
        ("fixed", Arc::new(fixed.unwrap())),
        ("dictionary", Arc::new(dictionary)),
        ("number_dictionary", Arc::new(number_dictionary)),
        ("null", Arc::new(NullArray::new(rows))),
        ("list", Arc::new(list)),
        ("large_list", Arc::new(large_list)),
        ("pairs", Arc::new(pairs)),
        ("nested", Arc::new(nested)),
        ("map", Arc::new(map)),
        ("runs", Arc::new(runs.unwrap())),
    ];
    let metadata = |tag: &str| -> HashMap<String, String> {
        (0..5)
            .map(|n| (format!("{tag} {n}"), format!("value {n}")))
            .collect()
    };
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| {
            Field::new(*name, array.data_type().clone(), true).with_metadata(metadata(name))
        })
        .collect();
    let schema = Schema::new_with_metadata(fields, metadata("schema"));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options).unwrap()
}

/// Rows of `records` from `first` on, as a batch of the shard `part/a`.
fn batch(records: &RecordBatch, first: usize, rows: usize) -> Batch {
    let origins = Arc::new(Origins::new("part/a", first as u64, rows, None));
    Batch {
        records: records.slice(first, rows),
        rows: Rows::originals(origins, false),
        shard: Arc::new(Shard::new(0, "train", "part/a", 3)),
        seq: 0,
        last: false,
        ticket: None,
    }
}

fn config(options: &str) -> ParquetSinkConfig {
    toml::from_str(&format!("path = '{{shard}}.parquet'\n{options}")).unwrap()
}

fn plan(options: &str, schema: &SchemaRef) -> SinkPlan {
    let operators = ["deletion", "swap", "filter"].map(str::to_owned).to_vec();
    let pairs = [
        ("huggingface".to_owned(), Some("{}".to_owned())),
        ("flag".to_owned(), None),
    ];
    SinkPlan::new(
        &config(options),
        Arc::clone(schema),
        operators,
        &[],
        &pairs,
        false,
    )
    .unwrap()
}

/// Compiles only if the value may move to another thread.
fn movable<T: Send>(value: T) -> T {
    value
}

/// Writes batches to a file in `folder`.
fn write(plan: &SinkPlan, folder: &Path, batches: &[Batch]) -> Output {
    let mut writer = movable(ShardWriter::create(plan, folder.join("deep/a.parquet")).unwrap());
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap().publish().unwrap()
}

fn read(path: &Path) -> (RecordBatch, Vec<i64>) {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let groups = builder
        .metadata()
        .row_groups()
        .iter()
        .map(RowGroupMetaData::num_rows)
        .collect();
    let schema = Arc::clone(builder.schema());
    let batches: Vec<_> = builder.build().unwrap().map(Result::unwrap).collect();
    (concat_batches(&schema, &batches).unwrap(), groups)
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn all_types_and_metadata_survive() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(3000);
    for options in [
        "lineage = false",
        "lineage = false\ncompression = 'none'\nrow_group_rows = 700",
    ] {
        let output = write(
            &plan(options, &rows.schema()),
            folder.path(),
            &[batch(&rows, 0, 3000)],
        );
        let (found, _) = read(&output.path);
        for (position, field) in rows.schema().fields().iter().enumerate() {
            if let DataType::RunEndEncoded(..) = field.data_type() {
                // Parquet readers give runs back as plain values.
                assert_eq!(&found["runs"], &found["text"]);
                continue;
            }
            assert_eq!(found.schema().field(position), field.as_ref());
            assert_eq!(
                found.column(position),
                rows.column(position),
                "{}",
                field.name()
            );
        }
        // Readers show key-value metadata as metadata of the schema.
        let mut metadata = found.schema().metadata().clone();
        assert_eq!(metadata.remove("huggingface").as_deref(), Some("{}"));
        assert_eq!(metadata, *rows.schema().metadata());

        let file = ParquetRecordBatchReaderBuilder::try_new(File::open(&output.path).unwrap());
        let file = file.unwrap();
        let facts = file.metadata().file_metadata();
        assert_eq!(facts.created_by(), Some("augment 1"));
        let pairs = facts.key_value_metadata().unwrap();
        let keys: Vec<_> = pairs
            .iter()
            .map(|pair| (pair.key.as_str(), pair.value.is_some()))
            .collect();
        assert_eq!(
            keys,
            [
                ("huggingface", true),
                ("flag", false),
                ("ARROW:schema", true)
            ]
        );
        let bytes = fs::read(&output.path).unwrap();
        assert_eq!((output.rows, output.bytes), (3000, bytes.len() as u64));
        let digest: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(&output.sha256[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(digest, Sha256::digest(&bytes).as_slice());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn bytes_do_not_depend_on_batches(
        cuts in prop::collection::vec(0..2600_usize, 0..40),
        options in prop::sample::select(vec![
            "statistics = 'page'",
            "row_group_rows = 1500",
            "row_group_bytes = 60000",
            "compression = 'none'\nrow_group_rows = 1024",
        ]),
    ) {
        let rows = all_types(2600);
        let plan = plan(options, &rows.schema());
        let folder = tempfile::tempdir().unwrap();
        let whole = write(&plan, folder.path(), &[batch(&rows, 0, 2600)]);
        let (found, groups) = read(&whole.path);
        prop_assert_eq!(found.num_rows(), 2600);
        prop_assert!(groups.len() > 1 || options.starts_with("statistics"), "{:?}", groups);

        let mut cuts = cuts;
        cuts.extend([0, 2600]);
        cuts.sort_unstable();
        let parts: Vec<Batch> = cuts
            .windows(2)
            .map(|cut| {
                let part = batch(&rows, cut[0], cut[1] - cut[0]);
                // Built anew, so that neither offsets nor dictionaries are shared with the whole.
                let indices: UInt32Array = (0..part.rows.len() as u32).collect();
                part.take(&indices).unwrap()
            })
            .collect();
        let again = write(&plan, folder.path(), &parts);
        prop_assert_eq!(whole, again);
    }
}

#[test]
fn sources_read_what_sinks_write() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(3000);
    let plan = plan("lineage = false\nrow_group_rows = 2000", &rows.schema());
    let output = write(&plan, folder.path(), &[batch(&rows, 0, 3000)]);
    let config = ParquetSourceConfig {
        paths: vec![output.path.to_str().unwrap().to_owned()],
        text: "text".into(),
        id: Some("i64".to_owned()),
        spans: None,
        shard: ShardUnit::Auto,
    };
    let facts = discover(&config, folder.path()).unwrap();
    assert_eq!(
        facts.key_value_metadata[0],
        ("huggingface".to_owned(), Some("{}".to_owned()))
    );
    let options = ReadOptions {
        batch_rows: 700,
        ..ReadOptions::default()
    };
    let mut reader = movable(ShardReader::open(&facts.shards[0], &facts, &options).unwrap());
    let mut read = 0;
    while let Some((first, found)) = reader.next_batch().unwrap() {
        assert_eq!(first, read);
        let expected = rows.slice(first as usize, found.num_rows());
        for (field, column) in found.schema().fields().iter().zip(found.columns()) {
            let expected = if field.name() == "runs" {
                &expected["text"]
            } else {
                &expected[field.name()]
            };
            assert_eq!(column, expected, "{}", field.name());
        }
        read += found.num_rows() as u64;
    }
    assert_eq!(read, 3000);
}

#[test]
fn dictionaries_that_outgrow_their_keys_together_are_written() {
    let part = |from: usize| -> Batch {
        let values: DictionaryArray<Int8Type> = (from..from + 100)
            .map(|value| Some(format!("value {value}")))
            .collect::<Vec<_>>()
            .iter()
            .map(|value| value.as_deref())
            .collect();
        let records = RecordBatch::try_from_iter([("text", Arc::new(values) as ArrayRef)]).unwrap();
        batch(&records, 0, 100)
    };
    let parts = [part(0), part(100), part(200)];
    let folder = tempfile::tempdir().unwrap();
    let schema = parts[0].records.schema();
    let output = write(&plan("lineage = false", &schema), folder.path(), &parts);
    let file = File::open(output.path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .with_batch_size(50);
    assert_eq!(
        reader.schema().field(0).data_type(),
        schema.field(0).data_type()
    );
    let mut texts = Vec::new();
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        let column = batch
            .column(0)
            .as_dictionary::<Int8Type>()
            .downcast_dict::<StringArray>();
        texts.extend(
            column
                .unwrap()
                .into_iter()
                .map(|text| text.unwrap().to_owned()),
        );
    }
    assert_eq!(
        texts,
        (0..300)
            .map(|value| format!("value {value}"))
            .collect::<Vec<_>>()
    );
}

#[test]
fn row_groups_end_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(3000);
    let groups = |options: &str| {
        let plan = plan(options, &rows.schema());
        read(&write(&plan, folder.path(), &[batch(&rows, 0, 3000)]).path).1
    };
    assert_eq!(groups("row_group_rows = 1300"), [1300, 1300, 400]);
    assert_eq!(groups("row_group_rows = 1024"), [1024, 1024, 952]);
    assert!(groups("row_group_bytes = 1").iter().all(|&rows| rows <= 64));
    assert_eq!(groups(""), [3000]);
}

#[test]
fn a_shard_without_rows_is_a_file_without_rows() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(10);
    let output = write(
        &plan("", &rows.schema()),
        folder.path(),
        &[batch(&rows, 0, 0)],
    );
    let (found, groups) = read(&output.path);
    assert_eq!(
        (found.num_rows(), found.num_columns(), groups.len()),
        (0, rows.num_columns() + 3, 0)
    );
    assert_eq!(output.rows, 0);
}

#[test]
fn nothing_shows_before_publishing_and_nothing_stays_after_dropping() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(100);
    let plan = plan("", &rows.schema());
    let target = folder.path().join("a.parquet");
    let create = || ShardWriter::create(&plan, target.clone()).unwrap();

    let mut writer = create();
    writer.write(&batch(&rows, 0, 100)).unwrap();
    let hidden = folder.path().join(".a.parquet.augment-partial");
    assert_eq!(files_below(folder.path()), std::slice::from_ref(&hidden));
    drop(writer);
    assert!(files_below(folder.path()).is_empty());

    let prepared = create().finish().unwrap();
    assert_eq!(prepared.temporary(), hidden);
    assert!(!target.exists());
    drop(prepared);
    assert!(files_below(folder.path()).is_empty());

    create().finish().unwrap().publish().unwrap();
    assert_eq!(files_below(folder.path()), [target]);
}

#[test]
fn obstacles_are_named_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(10);
    let plan = plan("", &rows.schema());
    let file = folder.path().join("out");
    fs::write(&file, "").unwrap();
    let error = ShardWriter::create(&plan, file.join("deep/a.parquet"))
        .err()
        .unwrap();
    assert!(
        matches!(&error, SinkError::NotFolder { obstacle, .. } if *obstacle == file),
        "{error}"
    );
    assert!(error.help().contains("choose another `path`"));

    let taken = folder.path().join("b.parquet");
    fs::create_dir(&taken).unwrap();
    let error = ShardWriter::create(&plan, taken.clone()).err().unwrap();
    assert!(
        matches!(&error, SinkError::IsFolder { path } if *path == taken),
        "{error}"
    );

    let long = folder.path().join("x".repeat(300));
    let error = ShardWriter::create(&plan, long).err().unwrap();
    assert_eq!(error.code(), "A420", "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rows = all_types(5000);
    let plan = plan("row_group_rows = 1000", &rows.schema());
    let hidden = folder.path().join(".a.parquet.augment-partial");
    let full = || {
        let target = folder.path().join("a.parquet");
        let (temporary, _) = super::file::Temporary::create(&target).unwrap();
        let file = File::options().write(true).open("/dev/full").unwrap();
        ShardWriter::writing_to(super::file::Growing::Local(file), temporary, &plan, target)
    };
    // One fails when the footer is flushed, the other long before.
    let small = full().finish().unwrap_err();
    assert!(fs::symlink_metadata(&hidden).is_err());
    let mut writer = full();
    let mut failure = None;
    for _ in 0..100 {
        if let Err(error) = writer.write(&batch(&rows, 0, 5000)) {
            failure = Some(error);
            break;
        }
    }
    drop(writer);
    assert!(fs::symlink_metadata(&hidden).is_err());
    for error in [small, failure.unwrap()] {
        assert_eq!(error.code(), "A420");
        assert!(
            error.to_string().contains(hidden.to_str().unwrap()),
            "{error}"
        );
        assert!(error.help().contains("free some space"), "{}", error.help());
    }
}

#[expect(clippy::too_many_lines, reason = "one column after the other")]
#[test]
fn lineage_says_where_rows_come_from() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a b", "c", "c d"]));
    let records = RecordBatch::try_from_iter([("text", texts)]).unwrap();
    let mut rows = batch(&records, 0, 3);
    let ids = StringArray::from(vec![Some("x1"), None]);
    rows.rows.origins = Arc::new(Origins::new("part/a", 10, 2, Some(ids)));
    rows.rows.origin = vec![0, 1, 1];
    rows.rows.replica = vec![0, 1, 2];
    let set = OperatorSet::default();
    rows.rows.changed = vec![set, set.with(1), set.with(2).with(0)];
    let log = |previous, operator, start: u32, old: &str, new: &str| {
        let end = start + old.len() as u32;
        let edit = EditRecord {
            start,
            end,
            old: old.to_owned(),
            new: new.to_owned(),
            from: None,
        };
        Some(Arc::new(EditLog {
            previous,
            operator,
            text: None,
            edits: [edit].as_slice().into(),
        }))
    };
    let first = log(None, 0, 1, " b", "");
    rows.rows.edits = Some(vec![
        None,
        log(None, 1, 0, "b", "c"),
        log(first, 2, 0, "", "c "),
    ]);
    let refusal = Refusal {
        operator: 1,
        reason: "too long".into(),
    };
    rows.rows.errors = Some(vec![None, Some(refusal), None]);

    let operators = ["deletion", "swap", "insertion"]
        .map(str::to_owned)
        .to_vec();
    let config = config("lineage = 'edits'");
    let plan = SinkPlan::new(&config, records.schema(), operators, &[], &[], true).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (found, _) = read(&write(&plan, folder.path(), &[rows]).path);
    let names: Vec<_> = found
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(
        names,
        [
            "text",
            "aug_parent",
            "aug_replica",
            "aug_operators",
            "aug_edits",
            "aug_error"
        ]
    );
    assert_eq!(found.schema().fields(), plan.output_schema().fields());

    let parents: Vec<_> = found["aug_parent"]
        .as_string::<i32>()
        .iter()
        .flatten()
        .collect();
    assert_eq!(parents, ["x1", "part/a#11", "part/a#11"]);
    let replicas = found["aug_replica"].as_primitive::<Int32Type>();
    assert_eq!(replicas.values(), &[0, 1, 2]);
    let lists = found["aug_operators"].as_list::<i32>();
    let ids = |row| -> Vec<String> {
        lists
            .value(row)
            .as_string::<i32>()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        [ids(0), ids(1), ids(2)],
        [vec![], vec!["swap"], vec!["deletion", "insertion"]]
    );
    let edits = found["aug_edits"].as_list::<i32>();
    assert!(edits.value(0).is_empty());
    let last = edits.value(2);
    let last = last.as_struct();
    let texts = |name| -> Vec<String> {
        last[name]
            .as_string::<i32>()
            .iter()
            .flatten()
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(texts("operator"), ["deletion", "insertion"]);
    assert_eq!(last["start"].as_primitive::<Int64Type>().values(), &[1, 0]);
    assert_eq!(last["end"].as_primitive::<Int64Type>().values(), &[3, 0]);
    assert_eq!(
        (texts("old"), texts("new")),
        (
            vec![" b".to_owned(), String::new()],
            vec![String::new(), "c ".to_owned()]
        )
    );
    let errors: Vec<_> = found["aug_error"].as_string::<i32>().iter().collect();
    assert_eq!(errors, [None, Some("too long"), None]);
}

#[test]
fn lineage_columns_are_chosen() {
    let schema = Schema::new(vec![Field::new("text", DataType::Utf8, true)]);
    let names = |options: &str, with_errors| -> Vec<String> {
        let columns = config(options).lineage.columns(with_errors);
        let fields = columns.append_to(&schema).unwrap();
        fields
            .fields()
            .iter()
            .skip(1)
            .map(|field| field.name().clone())
            .collect()
    };
    let usual = ["aug_parent", "aug_replica", "aug_operators"];
    assert_eq!(names("", false), usual);
    assert_eq!(names("lineage = true", false), usual);
    assert!(names("lineage = false", false).is_empty());
    assert_eq!(names("lineage = false", true), ["aug_error"]);
    assert_eq!(
        names(
            "lineage = { parent = 'group', edits = true, error = 'why' }",
            true
        ),
        ["group", "aug_replica", "aug_operators", "aug_edits", "why"]
    );
    assert_eq!(
        names("lineage = { edits = 'changes' }", false)[3],
        "changes"
    );
    assert!(config("lineage = 'edits'").lineage.keeps_edits());
    assert!(!config("lineage = { edits = false }").lineage.keeps_edits());

    let twice = config("lineage = { parent = 'x', replica = 'x', error = '' }").validate();
    assert_eq!(twice.len(), 2, "{twice:?}");
    for wrong in [
        "lineage = 'edit'",
        "lineage = 3",
        "lineage = { parents = 'x' }",
    ] {
        let error =
            toml::from_str::<ParquetSinkConfig>(&format!("path = 'x'\n{wrong}")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("expected true, false, \"edits\""),
            "{error}"
        );
    }
}

#[test]
fn columns_that_cannot_be_written_are_refused() {
    let refused = |field: Field| {
        let schema = Arc::new(Schema::new(vec![field]));
        SinkPlan::new(&config(""), schema, vec![], &[], &[], false)
            .unwrap_err()
            .remove(0)
    };
    let taken = refused(Field::new("aug_parent", DataType::Utf8, true));
    assert!(
        taken.message.contains("already has a column `aug_parent`"),
        "{}",
        taken.message
    );
    let empty = refused(Field::new("x", DataType::Struct(Fields::empty()), true));
    assert!(
        empty.message.contains("Parquet cannot hold"),
        "{}",
        empty.message
    );
}
