//! Files of every make, to be damaged.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, ListArray, RecordBatch, StringArray, StructArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use augment::columns::{SpanNames, TextNames};
use augment::source::parquet::ParquetSourceConfig;
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};

use crate::samples;

/// A file, and how it is read.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) config: ParquetSourceConfig,
}

const CODECS: [fn() -> Compression; 7] = [
    || Compression::UNCOMPRESSED,
    || Compression::SNAPPY,
    || Compression::GZIP(GzipLevel::default()),
    || Compression::BROTLI(BrotliLevel::default()),
    || Compression::ZSTD(ZstdLevel::default()),
    || Compression::LZ4,
    || Compression::LZ4_RAW,
];

/// How a source reads the file `a.parquet`.
pub(crate) fn config(text: &str, spans: Option<&str>, id: Option<&str>) -> ParquetSourceConfig {
    let texts: Vec<String> = text.split(' ').map(str::to_owned).collect();
    ParquetSourceConfig {
        paths: vec!["a.parquet".to_owned()],
        shard: augment::source::ShardUnit::default(),
        text: serde_json::from_value::<TextNames>(serde_json::json!(texts)).unwrap(),
        id: id.map(str::to_owned),
        spans: spans.map(|name| {
            serde_json::from_value::<SpanNames>(
                serde_json::json!({ "column": name, "text": "text" }),
            )
            .unwrap()
        }),
    }
}

/// All samples: every codec, both versions of pages, values plain and in dictionaries and as
/// differences, nested and null and none.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    for (number, codec) in CODECS.iter().enumerate() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let rows = samples::numbered_sentences(number as u64, 90);
            let written = write(&[rows], &properties(codec(), version, 20));
            samples.push(Sample {
                name: format!("flat {:?} {version:?}", codec()),
                bytes: written,
                config: config("text", None, Some("number")),
            });
        }
        let written = write(
            &[chats(7), chats(30)],
            &properties(codec(), WriterVersion::PARQUET_2_0, 8),
        );
        samples.push(Sample {
            name: format!("nested {:?}", codec()),
            bytes: written,
            config: config("text messages[].content", Some("entities"), None),
        });
    }
    let plain = properties(Compression::UNCOMPRESSED, WriterVersion::PARQUET_1_0, 16);
    samples.push(Sample {
        name: "all types".to_owned(),
        bytes: write(&[samples::all_types(1, 24)], &plain),
        config: config("text", None, None),
    });
    let one: Vec<RecordBatch> = (0..6).map(|_| samples::numbered_sentences(1, 1)).collect();
    samples.push(Sample {
        name: "row groups of one row".to_owned(),
        bytes: write(&one, &plain),
        config: config("text", None, Some("number")),
    });
    samples.push(Sample {
        name: "no rows".to_owned(),
        bytes: write(&[samples::numbered_sentences(1, 0)], &plain),
        config: config("text", None, None),
    });
    for (name, encoding) in [
        ("differences", Encoding::DELTA_BYTE_ARRAY),
        ("lengths", Encoding::DELTA_LENGTH_BYTE_ARRAY),
    ] {
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_column_encoding("text".into(), encoding)
            .set_column_encoding("number".into(), Encoding::DELTA_BINARY_PACKED)
            .set_data_page_row_count_limit(25)
            .build();
        samples.push(Sample {
            name: name.to_owned(),
            bytes: write(&[samples::numbered_sentences(3, 100)], &properties),
            config: config("text", None, Some("number")),
        });
    }
    let checked = include_bytes!("../../../src/source/testdata/checksums.parquet");
    samples.push(Sample {
        name: "checksums".to_owned(),
        bytes: checked.to_vec(),
        config: config("text", None, None),
    });
    samples
}

fn properties(codec: Compression, version: WriterVersion, page_rows: usize) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(codec)
        .set_writer_version(version)
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows)
        // So small that pages with and without a dictionary follow each other.
        .set_dictionary_page_size_limit(400)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_write_page_header_statistics(true)
        .build()
}

pub(crate) fn write(groups: &[RecordBatch], properties: &WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let schema = groups[0].schema();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties.clone())).unwrap();
    for group in groups {
        writer.write(group).unwrap();
        writer.flush().unwrap();
    }
    writer.close().unwrap();
    bytes
}

/// Rows with a text, a list of structs that hold lists, and annotations; many nulls.
fn chats(rows: usize) -> RecordBatch {
    let texts: ArrayRef = Arc::new(
        samples::sentences(rows as u64, rows)
            .into_iter()
            .enumerate()
            .map(|(row, text)| (row % 4 != 1).then_some(text))
            .collect::<StringArray>(),
    );
    let items = rows * 2;
    let words = |modulus: usize| -> ArrayRef {
        Arc::new(
            samples::sentences(items as u64, items)
                .into_iter()
                .enumerate()
                .map(|(item, text)| (item % modulus != 1).then_some(text))
                .collect::<StringArray>(),
        )
    };
    let tags = list(words(3), items, 1, 5);
    let message = StructArray::from(vec![
        field("role", words(2)),
        field("content", words(5)),
        field("tags", tags),
    ]);
    let messages = list(Arc::new(message), rows, 2, 3);
    let number =
        |add: i32| -> ArrayRef { Arc::new(Int32Array::from_iter_values((0..rows).map(|_| add))) };
    let entity = StructArray::from(vec![
        field("start", number(0)),
        field("end", number(1)),
        field("label", Arc::new(StringArray::from(vec!["A"; rows]))),
    ]);
    let entities = list(Arc::new(entity), rows, 1, 2);
    RecordBatch::try_from_iter_with_nullable([
        ("text", texts, true),
        ("messages", messages, true),
        ("entities", entities, true),
    ])
    .unwrap()
}

fn field(name: &str, values: ArrayRef) -> (Arc<Field>, ArrayRef) {
    let data_type: DataType = values.data_type().clone();
    (Arc::new(Field::new(name, data_type, true)), values)
}

/// Lists of `each` items, of which every so many is null.
fn list(items: ArrayRef, rows: usize, each: usize, nulls: usize) -> ArrayRef {
    let item = Arc::new(Field::new_list_field(items.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(each, rows));
    let valid = (0..rows)
        .map(|row| row % nulls != 1)
        .collect::<NullBuffer>();
    Arc::new(ListArray::new(item, offsets, items, Some(valid)))
}
