//! How fast pipelines are, as a share of the speed at which arrow-rs copies the same files.
//!
//! ```sh
//! python3 benches/text/assemble.py --out .bench      # once: real English sentences
//! BENCH="cargo bench --no-default-features --features jemalloc --bench pipeline"
//! $BENCH                                             # ratios, one worker and two
//! $BENCH -- --memory                                 # peak memory, each case in a process
//! ```
//!
//! `jemalloc` is the allocator of the program; without the feature both sides use that of the system.
//!
//! Every case is run in turn, several rounds over, so that a noisy machine disturbs all alike; the
//! median is reported. Speed is rows written per second.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
#![expect(clippy::cast_precision_loss, reason = "numbers of rows are small")]

mod support;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use support::{Failure, Pipeline, median};

/// The allocator of the program.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ROUNDS: usize = 5;

/// A pipeline to measure: its name, its operators, and what the sink reads.
struct Case {
    name: &'static str,
    operators: &'static str,
    output: &'static str,
    lineage: bool,
}

const CASES: [Case; 6] = [
    Case {
        name: "no operator",
        operators: "",
        output: "\"text\"",
        lineage: false,
    },
    Case {
        name: "deletion + swap",
        operators: "[operators.del]\ntype = \"random_deletion\"\ninputs = [\"text\"]\n\
                    [operators.swap]\ntype = \"random_swap\"\ninputs = [\"del\"]\n",
        output: "\"swap\"",
        lineage: false,
    },
    Case {
        name: "deletion + swap, with lineage",
        operators: "[operators.del]\ntype = \"random_deletion\"\ninputs = [\"text\"]\n\
                    [operators.swap]\ntype = \"random_swap\"\ninputs = [\"del\"]\n",
        output: "\"swap\"",
        lineage: true,
    },
    Case {
        name: "synonyms",
        operators: "[operators.syn]\ntype = \"synonym_replacement\"\ninputs = [\"text\"]\n",
        output: "\"syn\"",
        lineage: false,
    },
    Case {
        name: "eda, 4 replicas",
        operators: "[operators.eda]\ntype = \"eda\"\ninputs = [\"text\"]\nreplicas = 4\nalpha = 0.1\n",
        output: "\"eda\"",
        lineage: false,
    },
    Case {
        name: "eda, 4 replicas, with lineage",
        operators: "[operators.eda]\ntype = \"eda\"\ninputs = [\"text\"]\nreplicas = 4\nalpha = 0.1\n",
        output: "\"eda\"",
        lineage: true,
    },
];

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|flag| flag != "--bench")
        .collect();
    let Some(shards) = support::shards()? else {
        return Ok(());
    };
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", "copy", workers] => {
            let rows = copy_by_arrow(&shards, workers.parse()?)?;
            println!("{rows} rows, peak {} MB", peak_memory_mb().unwrap_or(0));
            Ok(())
        }
        ["--one", name, workers] => {
            let case = CASES
                .iter()
                .find(|case| case.name == name)
                .ok_or("no such case")?;
            let rows = run_case(case, &shards, workers.parse()?)?;
            println!("{rows} rows, peak {} MB", peak_memory_mb().unwrap_or(0));
            Ok(())
        }
        ["--memory"] => memory(),
        [] => speed(&shards),
        _ => Err("usage: [--memory | --one CASE WORKERS]".into()),
    }
}

fn speed(shards: &Path) -> Result<(), Failure> {
    println!("rows written per second, median of {ROUNDS} rounds; ratio to copying by arrow-rs\n");
    println!(
        "{:32} {:>9} {:>7} {:>9} {:>7} {:>8}",
        "", "1 worker", "ratio", "2 workers", "ratio", "2 to 1"
    );
    // rates[case][workers - 1]; the copy comes first.
    let mut rates = vec![[Vec::new(), Vec::new()]; CASES.len() + 1];
    for _ in 0..ROUNDS {
        for workers in [1, 2] {
            let (copy, rest) = rates.split_at_mut(1);
            copy[0][workers - 1].push(rate(|| copy_by_arrow(shards, workers))?);
            for (case, rates) in CASES.iter().zip(rest) {
                rates[workers - 1].push(rate(|| run_case(case, shards, workers))?);
            }
        }
    }
    let names = std::iter::once("copy by arrow-rs").chain(CASES.iter().map(|case| case.name));
    let copy = [median(&rates[0][0]), median(&rates[0][1])];
    for (name, rates) in names.zip(&rates) {
        let (one, two) = (median(&rates[0]), median(&rates[1]));
        println!(
            "{name:32} {one:>9.0} {:>7.2} {two:>9.0} {:>7.2} {:>8.2}",
            one / copy[0],
            two / copy[1],
            two / one
        );
    }
    Ok(())
}

fn memory() -> Result<(), Failure> {
    for case in &CASES {
        let output = std::process::Command::new(std::env::current_exe()?)
            .args(["--one", case.name, "2"])
            .output()?;
        println!(
            "{:32} {}",
            case.name,
            String::from_utf8_lossy(&output.stdout).trim()
        );
    }
    Ok(())
}

/// Rows per second of `work`, which answers how many rows it wrote.
fn rate(work: impl FnOnce() -> Result<u64, Failure>) -> Result<f64, Failure> {
    let started = Instant::now();
    let rows = work()?;
    Ok(rows as f64 / started.elapsed().as_secs_f64())
}

/// What `VmHWM` says: the most memory this process has had resident.
fn peak_memory_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes / 1_024)
}

/// The yardstick: arrow-rs reads every file and writes it again, a file a thread.
fn copy_by_arrow(shards: &Path, threads: usize) -> Result<u64, Failure> {
    let output = tempfile::tempdir_in(shards)?;
    let mut files: Vec<PathBuf> = fs::read_dir(shards)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .collect();
    files.sort();
    let next = AtomicUsize::new(0);
    let copy = || -> Result<u64, String> {
        let mut rows = 0;
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            rows += copy_file(path, output.path()).map_err(|error| error.to_string())?;
        }
        Ok(rows)
    };
    let counts: Vec<Result<u64, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(copy)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(Err("panic".into())))
            .collect()
    });
    Ok(counts.into_iter().sum::<Result<u64, String>>()?)
}

fn copy_file(path: &Path, output: &Path) -> Result<u64, Failure> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let schema = reader.schema().clone();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(131_072))
        .build();
    let target = File::create(output.join(path.file_name().ok_or("no name")?))?;
    let mut writer = ArrowWriter::try_new(target, schema, Some(properties))?;
    let mut rows = 0;
    for batch in reader.with_batch_size(4_096).build()? {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    writer.close()?;
    Ok(rows)
}

fn run_case(case: &Case, shards: &Path, workers: usize) -> Result<u64, Failure> {
    let sink_options = format!("lineage = {}", case.lineage);
    let pipeline = Pipeline {
        operators: case.operators,
        output: case.output,
        sink_options: &sink_options,
    };
    support::run(&pipeline, shards, workers)
}
