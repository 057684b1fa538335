//! Runs a pipeline of words over much text, and fails if it takes more memory than it should.
//!
//! ```sh
//! # 10 GiB, then the growth:
//! cargo bench --no-default-features --features jemalloc --bench soak
//! cargo bench --no-default-features --features jemalloc --bench soak -- --megabytes 200,500,1000,10240
//! ```
//!
//! The input is made once, in `.bench/soak` (or in `$AUGMENT_BENCH/soak`): shards of 64 MiB of text,
//! in rows that are mostly short and sometimes very long, long ones side by side too; and one shard
//! with a row of 50 MB. A data set of a size is the first so many shards. Each is run with two
//! workers, without a limit and with `--memory 256MiB`, and the outputs of both have to be the same.
//! The peak is what Linux says the process had resident at most. Outputs are removed as they are
//! finished; the input takes four tenths of what its text does. `--program` names another binary than the
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
use std::sync::atomic::{AtomicUsize, Ordering};
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
/// What a run with the largest row may take without one.
const LARGEST_BOUND: u64 = 1_100_000_000;
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
    let folder =
        std::env::var("AUGMENT_BENCH").map_or_else(|_| PathBuf::from(".bench"), PathBuf::from);
    let folder = folder.join("soak");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("soak.toml"), PIPELINE)?;
    soak(&folder, &arguments)
}

struct Arguments {
    /// Sizes of data sets.
    megabytes: Vec<usize>,
    program: PathBuf,
}

impl Arguments {
    fn read() -> Result<Self, Failure> {
        let mut read = Self {
            megabytes: vec![10_240],
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
                "--program" => read.program = fs::canonicalize(value)?,
                other => return Err(format!("unknown argument {other}").into()),
            }
        }
        Ok(read)
    }
}

/// How a run is limited: its flags, and the bytes that it may take.
const LIMITS: [(&[&str], u64); 2] = [(&[], BOUND), (&["--memory", "256MiB"], LIMITED_BOUND)];

fn soak(folder: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let mut problems = Vec::new();
    let mut peaks = Vec::new();
    let most = arguments.megabytes.iter().max().copied().unwrap_or(0);
    make_shards(folder, (most << 20).div_ceil(SHARD))?;
    for megabytes in &arguments.megabytes {
        let shards = (0..(megabytes << 20).div_ceil(SHARD)).map(|shard| shard_path(folder, shard));
        use_as_data(folder, shards)?;
        let name = format!("{megabytes} MiB");
        peaks.push(run_limited_and_not(
            folder,
            arguments,
            &name,
            &mut problems,
        )?);
    }
    use_as_data(folder, [folder.join("large.parquet")])?;
    run_large_row(folder, arguments, &mut problems)?;
    fs::remove_dir_all(folder.join("data"))?;
    if let (Some(least), Some(most)) = (peaks.iter().min(), peaks.iter().max())
        && *most as f64 > *least as f64 * GROWTH
    {
        problems.push(format!("the peak grows with the data: {peaks:?}"));
    }
    match problems.as_slice() {
        [] => Ok(()),
        problems => Err(problems.join("; ").into()),
    }
}

/// A row of 50 MB takes what it takes; where there is no room for it, that is said.
fn run_large_row(
    folder: &Path,
    arguments: &Arguments,
    problems: &mut Vec<String>,
) -> Result<(), Failure> {
    for (flags, _) in LIMITS {
        let name = format!("a row of 50 MB {}", flags.join(" "));
        let ran = run(&arguments.program, folder, flags)?;
        report(&name, &ran);
        let bound = if flags.is_empty() {
            LARGEST_BOUND
        } else {
            LIMITED_BOUND
        };
        if ran.peak > bound {
            problems.push(format!("{name}: {} bytes are more than {bound}", ran.peak));
        }
        if ran.succeeded != flags.is_empty()
            || ran.said.contains("there is room for") == ran.succeeded
        {
            problems.push(format!(
                "{name}: it should pass without a limit and be refused with one"
            ));
        }
    }
    Ok(())
}

/// Runs the data set of this name with each of the limits; answers the peak without one.
fn run_limited_and_not(
    folder: &Path,
    arguments: &Arguments,
    name: &str,
    problems: &mut Vec<String>,
) -> Result<u64, Failure> {
    let mut first: Option<Ran> = None;
    for (flags, bound) in LIMITS {
        let name = format!("{name} {}", flags.join(" "));
        let ran = run(&arguments.program, folder, flags)?;
        report(&name, &ran);
        if !ran.succeeded {
            return Err("the run failed".into());
        }
        if ran.peak > bound {
            problems.push(format!("{name}: {} bytes are more than {bound}", ran.peak));
        }
        match &first {
            Some(first) if first.outputs != ran.outputs => {
                problems.push(format!("{name}: the limit changed the output"));
            }
            Some(_) => {}
            None => first = Some(ran),
        }
    }
    Ok(first.map_or(0, |ran| ran.peak))
}

fn report(what: &str, ran: &Ran) {
    println!(
        "{what}: peak {:.0} MB, {:.1} s, {} files",
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
    let out = folder.join("out");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["run", "soak.toml", "-j", "2", "--quiet"])
        .args(flags)
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()?;
    let mut peak = 0;
    let mut outputs = BTreeMap::new();
    let status = loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        take_outputs(&out, &mut outputs)?;
        thread::sleep(Duration::from_millis(10));
    };
    let elapsed = started.elapsed();
    take_outputs(&out, &mut outputs)?;
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut said)?;
    }
    fs::remove_dir_all(&out)?;
    Ok(Ran {
        peak,
        elapsed,
        outputs,
        succeeded: status.success(),
        said: said.trim().to_owned(),
    })
}

/// Notes what the finished files hold, and removes them: all of them would take much room.
fn take_outputs(out: &Path, outputs: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    if !out.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".parquet") && !name.starts_with('.') {
            outputs.insert(name.into_owned(), digest(&path)?);
            fs::remove_file(&path)?;
        }
    }
    Ok(())
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

fn shard_path(folder: &Path, shard: usize) -> PathBuf {
    folder
        .join("shards")
        .join(format!("part-{shard:05}.parquet"))
}

/// Puts these files into the folder that the pipeline reads, in place of what is there.
fn use_as_data(folder: &Path, files: impl IntoIterator<Item = PathBuf>) -> Result<(), Failure> {
    let data = folder.join("data");
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    fs::create_dir_all(&data)?;
    for file in files {
        fs::hard_link(&file, data.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

/// Makes so many shards, and the one with a large row, unless they are there.
fn make_shards(folder: &Path, count: usize) -> Result<(), Failure> {
    fs::create_dir_all(folder.join("shards"))?;
    make(&folder.join("large.parquet"), large_row)?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), String> {
        loop {
            let shard = next.fetch_add(1, Ordering::Relaxed);
            if shard >= count {
                return Ok(());
            }
            make(&shard_path(folder, shard), |writer| {
                mixed_rows(writer, shard)
            })
            .map_err(|error| error.to_string())?;
        }
    };
    thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })
}

/// Makes a shard, which has its name only when it is complete.
fn make(path: &Path, rows: impl FnOnce(&mut Shard) -> Result<(), Failure>) -> Result<(), Failure> {
    if path.exists() {
        return Ok(());
    }
    let partial = path.with_extension("partial");
    let mut shard = Shard::create(&partial)?;
    rows(&mut shard)?;
    shard.close()?;
    Ok(fs::rename(partial, path)?)
}

/// Rows of every length; in every fourth shard long ones lie side by side.
fn mixed_rows(writer: &mut Shard, shard: usize) -> Result<(), Failure> {
    let mut random = Random::from_key(shard as u64);
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
    Ok(())
}

/// One large row between small ones.
fn large_row(writer: &mut Shard) -> Result<(), Failure> {
    let mut random = Random::from_key(0);
    for row in 0..10_000 {
        let length = if row == 5_000 { LARGEST } else { 300 };
        writer.row(text(length, &mut random))?;
    }
    Ok(())
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
    fn create(path: &Path) -> Result<Self, Failure> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let file = File::create(path)?;
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
