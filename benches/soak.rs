//! Runs a pipeline of words over much text, and fails if it takes more memory than it should.
//!
//! ```text
//! cargo bench --no-default-features --bench soak -- --megabytes 10240
//! ```
//!
//! Shards are written one after the other, of rows that are mostly short and sometimes very long,
//! long ones side by side too; in the end one row of 50 MB. Each size in `--megabytes` (several are
//! separated by commas) is run with two workers, without a limit and with `--memory 256MiB`, and
//! the outputs of both have to be the same. The peak is what Linux says the process had resident
//! at most. Everything is written to a folder below `--folder` (the folder for temporary files),
//! which takes about four times the size, and is removed. `--program` names another binary than the
//! one that Cargo builds with this.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "a benchmark reports on stdout, and its numbers are small"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow::array::{Int64Array, RecordBatch, StringArray};
use augment::random::Random;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest, Sha256};

type Failure = Box<dyn std::error::Error>;

/// Bytes of text in a shard, roughly.
const SHARD: usize = 64 << 20;
/// Bytes of the largest row.
const LARGEST: usize = 50_000_000;
/// What a run may take without a limit.
const BOUND: u64 = 500_000_000;
/// What it may take with one of 256 MiB.
const LIMITED_BOUND: u64 = 320_000_000;
/// How much more than the smallest data set the largest may take.
const GROWTH: f64 = 1.25;

const PIPELINE: &str = r#"version = 1
seed = 7

[sources.texts]
type = "parquet"
paths = ["data/*.parquet"]
text = "text"
id = "id"

[operators.words]
type = "chain"
inputs = ["texts"]
replicas = 2
steps = [
    { type = "synonym_replacement", rate = 0.1 },
    { type = "random_swap", rate = 0.05 },
    { type = "random_deletion", rate = 0.05 },
]

[sinks.out]
type = "parquet"
inputs = ["texts", "words"]
path = "out/{shard}.parquet"
lineage = "edits"
"#;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let folder = arguments
        .folder
        .join(format!("augment-soak-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let result = soak(&folder, &arguments);
    fs::remove_dir_all(&folder)?;
    result
}

struct Arguments {
    /// Sizes of data sets.
    megabytes: Vec<usize>,
    folder: PathBuf,
    program: PathBuf,
}

impl Arguments {
    fn read() -> Result<Self, Failure> {
        let mut read = Self {
            megabytes: vec![10_240],
            folder: std::env::temp_dir(),
            program: env!("CARGO_BIN_EXE_augment").into(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            // Cargo says so itself.
            if argument == "--bench" {
                continue;
            }
            let value = arguments.next().ok_or("each argument needs a value")?;
            match argument.as_str() {
                "--megabytes" => {
                    let sizes: Result<_, _> = value.split(',').map(str::parse).collect();
                    read.megabytes = sizes?;
                }
                "--folder" => read.folder = value.into(),
                "--program" => read.program = value.into(),
                other => return Err(format!("unknown argument {other}").into()),
            }
        }
        Ok(read)
    }
}

fn soak(folder: &Path, arguments: &Arguments) -> Result<(), Failure> {
    fs::write(folder.join("soak.toml"), PIPELINE)?;
    let mut peaks = Vec::new();
    let mut problems = Vec::new();
    let mut expect = |peak: u64, bound: u64, what: &str| {
        if peak > bound {
            problems.push(format!("{what}: {peak} bytes are more than {bound}"));
        }
    };
    let run = |flags: &[&str]| run(&arguments.program, folder, flags);
    for size in &arguments.megabytes {
        make_shards(&folder.join("data"), size << 20)?;
        let free = run(&[])?;
        report(&format!("{size} MB"), &free);
        expect(free.peak, BOUND, "without a limit");
        let limited = run(&["--memory", "256MiB"])?;
        report(&format!("{size} MB, --memory 256MiB"), &limited);
        expect(limited.peak, LIMITED_BOUND, "with a limit");
        if !(free.succeeded && limited.succeeded) {
            return Err("a run failed".into());
        }
        if free.outputs != limited.outputs {
            return Err("the limit changed the output".into());
        }
        peaks.push(free.peak);
        fs::remove_dir_all(folder.join("data"))?;
    }
    make_large_row(&folder.join("data"))?;
    for (limit, bound) in [(&[][..], BOUND), (&["--memory", "256MiB"], LIMITED_BOUND)] {
        let large = run(limit)?;
        let what = format!("a row of 50 MB {}", limit.concat());
        report(&what, &large);
        expect(large.peak, bound, &what);
    }
    let (least, most) = (peaks.iter().min(), peaks.iter().max());
    if let (Some(least), Some(most)) = (least, most)
        && *most as f64 > *least as f64 * GROWTH
    {
        problems.push(format!("the peak grows with the data: {peaks:?}"));
    }
    match problems.as_slice() {
        [] => Ok(()),
        problems => Err(problems.join("; ").into()),
    }
}

fn report(what: &str, ran: &Ran) {
    println!(
        "{what}: peak {:.0} MB, {:.0} s, {} files",
        ran.peak as f64 / 1e6,
        ran.elapsed.as_secs_f64(),
        ran.outputs.len()
    );
    if !ran.said.is_empty() {
        println!("  {}", ran.said.replace('\n', "\n  "));
    }
}

/// What a run took and made.
struct Ran {
    peak: u64,
    elapsed: Duration,
    outputs: BTreeMap<String, String>,
    succeeded: bool,
    said: String,
}

/// Runs the program in `folder`, and removes what it wrote.
fn run(program: &Path, folder: &Path, flags: &[&str]) -> Result<Ran, Failure> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["run", "soak.toml", "-j", "2", "--quiet"])
        .args(flags)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        thread::sleep(Duration::from_millis(10));
    };
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    let mut outputs = BTreeMap::new();
    let out = folder.join("out");
    for entry in fs::read_dir(&out)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            let name = path.file_name().unwrap_or_default();
            outputs.insert(name.to_string_lossy().into_owned(), digest(&path)?);
        }
    }
    fs::remove_dir_all(&out)?;
    Ok(Ran {
        peak,
        elapsed: started.elapsed(),
        outputs,
        succeeded: status.success(),
        said: said.trim().to_owned(),
    })
}

/// The most bytes that a process has had resident; 0 if it is gone.
fn high_water(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kilobytes = kilobytes.and_then(|number| number.trim().parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn digest(path: &Path) -> Result<String, Failure> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(path)?, &mut Writer(&mut hash))?;
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// A digest that can be written to.
struct Writer<'a>(&'a mut Sha256);

impl std::io::Write for Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Shards with so many bytes of text in all.
fn make_shards(folder: &Path, bytes: usize) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let mut made = 0;
    for shard in 0.. {
        if made >= bytes {
            break;
        }
        let mut random = Random::from_key(shard);
        let mut writer = Shard::create(folder, shard)?;
        // In every fourth shard long rows lie side by side.
        let mut side_by_side = if shard % 4 == 1 { 40 } else { 0 };
        while writer.bytes < SHARD {
            let length = match random.below(1_000) {
                _ if writer.bytes > SHARD / 2 && side_by_side > 0 => {
                    side_by_side -= 1;
                    1_000_000
                }
                0..900 => 20 + random.below(400),
                900..990 => 1_000 + random.below(4_000),
                990..999 => 50_000 + random.below(150_000),
                _ => 1_000_000,
            };
            writer.row(text(length, &mut random))?;
        }
        made += writer.bytes;
        writer.close()?;
    }
    Ok(())
}

/// A shard with one large row between small ones.
fn make_large_row(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    let mut random = Random::from_key(0);
    let mut writer = Shard::create(folder, 0)?;
    for row in 0..10_000 {
        let length = if row == 5_000 { LARGEST } else { 300 };
        writer.row(text(length, &mut random))?;
    }
    writer.close()
}

/// Words up to so many bytes.
fn text(length: usize, random: &mut Random) -> String {
    const WORDS: [&str; 24] = [
        "the", "a", "of", "house", "river", "good", "quick", "slowly", "walk", "people", "city",
        "bright", "every", "morning", "small", "answer", "kind", "story", "begin", "happy", "and",
        "train", "window", "cold",
    ];
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        if random.below(4) == 0 {
            for _ in 0..3 + random.below(6) {
                text.push(char::from(b'a' + random.below(26) as u8));
            }
        } else {
            text.push_str(WORDS[random.below(WORDS.len())]);
        }
        text.push(if random.below(12) == 0 { '.' } else { ' ' });
    }
    text
}

/// A shard that is being written.
struct Shard {
    writer: ArrowWriter<File>,
    texts: Vec<String>,
    waiting: usize,
    rows: i64,
    bytes: usize,
}

impl Shard {
    fn create(folder: &Path, number: u64) -> Result<Self, Failure> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = File::create(folder.join(format!("part-{number:05}.parquet")))?;
        let schema = rows(&[], 0)?.schema();
        Ok(Self {
            writer: ArrowWriter::try_new(file, schema, Some(properties))?,
            texts: Vec::new(),
            waiting: 0,
            rows: 0,
            bytes: 0,
        })
    }

    fn row(&mut self, text: String) -> Result<(), Failure> {
        self.bytes += text.len();
        self.waiting += text.len();
        self.texts.push(text);
        if self.waiting > 1 << 20 {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.writer.write(&rows(&self.texts, self.rows)?)?;
        self.rows += self.texts.len() as i64;
        self.texts.clear();
        self.waiting = 0;
        Ok(())
    }

    fn close(mut self) -> Result<(), Failure> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

fn rows(texts: &[String], first: i64) -> Result<RecordBatch, Failure> {
    let ids = first..first + texts.len() as i64;
    Ok(RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(ids)) as _),
        ("text", Arc::new(StringArray::from_iter_values(texts)) as _),
    ])?)
}
