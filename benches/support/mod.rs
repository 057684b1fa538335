//! What the benchmarks of pipelines share: shards of text, a pipeline run over them, the median.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "numbers of rows are small"
)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use augment::config::Document;
use augment::engine::{self, RunSettings};
use augment::operator::Registry;
use augment::plan::{self, FileCatalog};
use augment::random::Random;
use augment::topology::{ShardOutcome, Silent, Stop};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

pub(crate) type Failure = Box<dyn std::error::Error>;

const SHARDS: usize = 8;

/// The folder that `assemble.py` has filled.
pub(crate) fn folder() -> PathBuf {
    std::env::var("AUGMENT_BENCH").map_or_else(|_| PathBuf::from(".bench"), PathBuf::from)
}

/// The folder of the shards of text, made if they are not there; none without sentences.
pub(crate) fn shards() -> Result<Option<PathBuf>, Failure> {
    shards_compressed(Compression::ZSTD(ZstdLevel::try_new(1)?))
}

/// The same, with pages compressed so or not at all.
pub(crate) fn shards_compressed(compression: Compression) -> Result<Option<PathBuf>, Failure> {
    let folder = folder();
    let megabytes: usize = std::env::var("AUGMENT_BENCH_MB").map_or(Ok(200), |mb| mb.parse())?;
    let sentences = folder.join("sentences.txt");
    if !sentences.exists() {
        println!(
            "skipped: {} is not there; make it with: python3 benches/text/assemble.py --out {}",
            sentences.display(),
            folder.display()
        );
        return Ok(None);
    }
    let plain = if compression == Compression::UNCOMPRESSED {
        "-uncompressed"
    } else {
        ""
    };
    let shards = folder.join(format!("shards-{megabytes}{plain}"));
    make_shards(&sentences, &shards, megabytes, compression).map(Some)
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Parquet files of `megabytes` of text in all: one to three sentences a row, drawn from the file
/// with repetition, a number and a label beside them.
fn make_shards(
    sentences: &Path,
    folder: &Path,
    megabytes: usize,
    compression: Compression,
) -> Result<PathBuf, Failure> {
    if folder.join("complete").exists() {
        return Ok(folder.to_owned());
    }
    fs::create_dir_all(folder)?;
    let lines: Vec<String> = BufReader::new(File::open(sentences)?)
        .lines()
        .collect::<Result<_, _>>()?;
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("text", DataType::Utf8, true),
        Field::new("label", DataType::Int32, false),
    ]));
    let mut random = Random::from_key(7);
    let mut id = 0;
    for shard in 0..SHARDS {
        let file = File::create(folder.join(format!("text-{shard}.parquet")))?;
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_max_row_group_row_count(Some(131_072))
            .build();
        let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))?;
        let mut bytes = 0;
        while bytes < megabytes * 1_000_000 / SHARDS {
            let mut texts = Vec::new();
            for _ in 0..8_192 {
                let count = 1 + random.below(3);
                let picked: Vec<&str> = (0..count)
                    .filter_map(|_| random.choose(&lines))
                    .map(String::as_str)
                    .collect();
                texts.push(picked.join(" "));
            }
            bytes += texts.iter().map(String::len).sum::<usize>();
            let ids = Int64Array::from_iter_values(id..id + texts.len() as i64);
            id += texts.len() as i64;
            let labels = Int32Array::from_iter_values(texts.iter().map(|_| random.below(4) as i32));
            let texts = StringArray::from(texts);
            let columns = vec![
                Arc::new(ids) as _,
                Arc::new(texts) as _,
                Arc::new(labels) as _,
            ];
            writer.write(&RecordBatch::try_new(schema.clone(), columns)?)?;
        }
        writer.close()?;
    }
    File::create(folder.join("complete"))?;
    Ok(folder.to_owned())
}

/// What stands between the source `text` and the sink, and what is to be said of the sink.
pub(crate) struct Pipeline<'a> {
    pub(crate) operators: &'a str,
    /// What the sink reads, in quotes and separated by commas.
    pub(crate) output: &'a str,
    pub(crate) sink_options: &'a str,
}

/// Runs a pipeline over the shards and throws its output away: how many rows it wrote.
pub(crate) fn run(pipeline: &Pipeline<'_>, shards: &Path, workers: usize) -> Result<u64, Failure> {
    let output = tempfile::tempdir_in(shards)?;
    let text = format!(
        "version = 1\nseed = 42\n\
         [sources.text]\ntype = \"parquet\"\npaths = [\"{}/*.parquet\"]\ntext = \"text\"\n{}\
         [sinks.out]\ntype = \"parquet\"\ninputs = [{}]\npath = \"{}/{{shard}}.parquet\"\n{}\n",
        fs::canonicalize(shards)?.display(),
        pipeline.operators,
        pipeline.output,
        fs::canonicalize(output.path())?.display(),
        pipeline.sink_options,
    );
    let document = Document::new("bench", &text, Path::new("."), &[]);
    let catalog = FileCatalog::new(PathBuf::from("."));
    let (plan, report) = plan::check(&document, None, &|_| None, &Registry::builtin(), &catalog);
    let plan = plan.ok_or_else(|| report.render(false))?;
    let report = engine::run(&plan, &RunSettings::new(workers), &Silent, &Stop::default())?;
    let failed = report
        .shards
        .iter()
        .find(|shard| shard.outcome != ShardOutcome::Committed);
    match failed {
        Some(shard) => Err(format!("{}: {:?}", shard.path, shard.outcome).into()),
        None => Ok(report.rows_written.iter().map(|(_, rows)| rows).sum()),
    }
}
