//! Runs pipelines over much text, and fails if they take more memory than they should.
//!
//! ```sh
//! # Operators on words over 10 GiB; then over data sets of several sizes:
//! cargo bench --no-default-features --features jemalloc --bench soak
//! cargo bench --no-default-features --features jemalloc --bench soak -- --words 200,500,1000,10240
//! # Back-translation with the models that come with the program, over 2, 6 and 12 MiB:
//! cargo bench --bench soak -- --translated 2,6,12
//! ```
//!
//! The input is made once, in `.bench/soak` (or in `$AUGMENT_BENCH/soak`): shards of text in rows that
//! are mostly short and sometimes very long, long ones side by side too; and for words one shard
//! with a row of 50 MB. A data set of a size is the first so many shards. Each is run with two
//! workers, without a limit and with `--memory 256MiB`, and the outputs of both have to be the same.
//! The peak is what Linux says the process had resident at most. Outputs are removed as they are
//! finished; the input takes four tenths of what its text does. What models take, on top of which
//! translation has its bounds, is what a run with them over a few short rows takes more than one
//! of words does. `--program` names another binary than the one that Cargo builds with this.

#![expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "a benchmark reports on stdout, and its numbers are small"
)]

use std::fs;
use std::path::PathBuf;

use data::Kind;
use run::{Ran, run};

mod data;
mod run;

type Failure = Box<dyn std::error::Error>;

/// How runs are limited: flags, and the bytes that they may take beside their models.
const LIMITS: [(&[&str], u64); 2] = [(&[], 500_000_000), (&["--memory", "256MiB"], 320_000_000)];
/// What a run with the largest row may take without a limit.
const LARGEST_BOUND: u64 = 1_100_000_000;
/// How much more than the smallest data set the largest may take.
const GROWTH: f64 = 1.25;

const SOURCE: &str = r#"version = 1
seed = 7

[sources.texts]
type = "parquet"
paths = ["data/*.parquet"]
text = "text"
id = "id"
"#;

const WORDS: &str = r#"
[operators.changed]
type = "chain"
inputs = ["texts"]
replicas = 2
steps = [
    { type = "synonym_replacement", rate = 0.1 },
    { type = "random_swap", rate = 0.05 },
    { type = "random_deletion", rate = 0.05 },
]
"#;

const TRANSLATION: &str = r#"
[operators.changed]
type = "back_translation"
inputs = ["texts"]
forward = "builtin:en-de"
backward = "builtin:de-en"
"#;

const SINK: &str = r#"
[sinks.out]
type = "parquet"
inputs = ["texts", "changed"]
path = "out/{shard}.parquet"
lineage = "edits"
"#;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read()?;
    let folder =
        std::env::var("AUGMENT_BENCH").map_or_else(|_| PathBuf::from(".bench"), PathBuf::from);
    let folder = folder.join("soak");
    fs::create_dir_all(&folder)?;
    let mut soak = Soak {
        folder,
        program: arguments.program,
        problems: Vec::new(),
    };
    if !arguments.words.is_empty() {
        soak.words(&arguments.words)?;
    }
    if !arguments.translated.is_empty() {
        soak.translation(&arguments.translated)?;
    }
    fs::remove_dir_all(soak.folder.join("data"))?;
    match soak.problems.as_slice() {
        [] => Ok(()),
        problems => Err(problems.join("; ").into()),
    }
}

struct Arguments {
    /// Sizes of data sets for operators on words, in MiB of text.
    words: Vec<usize>,
    /// The same for translation.
    translated: Vec<usize>,
    program: PathBuf,
}

impl Arguments {
    fn read() -> Result<Self, Failure> {
        let mut read = Self {
            words: Vec::new(),
            translated: Vec::new(),
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
                "--words" => read.words = sizes(&value)?,
                "--translated" => read.translated = sizes(&value)?,
                "--program" => read.program = fs::canonicalize(value)?,
                other => return Err(format!("unknown argument {other}").into()),
            }
        }
        if read.words.is_empty() && read.translated.is_empty() {
            read.words = vec![10_240];
        }
        Ok(read)
    }
}

fn sizes(list: &str) -> Result<Vec<usize>, Failure> {
    let sizes: Result<_, _> = list.split(',').map(str::parse).collect();
    Ok(sizes?)
}

struct Soak {
    /// Where data, pipeline and output are.
    folder: PathBuf,
    program: PathBuf,
    /// What should not be.
    problems: Vec<String>,
}

impl Soak {
    fn words(&mut self, megabytes: &[usize]) -> Result<(), Failure> {
        self.use_operator(WORDS)?;
        self.sizes("words", &data::WORDS, megabytes, 0)?;
        data::use_large_row(&self.folder)?;
        self.large_row()
    }

    fn translation(&mut self, megabytes: &[usize]) -> Result<(), Failure> {
        data::use_short_rows(&self.folder)?;
        self.use_operator(WORDS)?;
        let without = self.run_and_report("words of short rows", &[])?;
        self.use_operator(TRANSLATION)?;
        let with = self.run_and_report("translation of short rows", &[])?;
        let models = with.peak.saturating_sub(without.peak);
        println!("models: {:.0} MB", models as f64 / 1e6);
        self.sizes("translation", &data::TRANSLATED, megabytes, models)
    }

    fn use_operator(&self, operator: &str) -> Result<(), Failure> {
        let pipeline = [SOURCE, operator, SINK].concat();
        Ok(fs::write(self.folder.join("soak.toml"), pipeline)?)
    }

    /// Runs data sets of several sizes; the peak should not grow with them.
    fn sizes(
        &mut self,
        what: &str,
        kind: &Kind,
        megabytes: &[usize],
        models: u64,
    ) -> Result<(), Failure> {
        let mut peaks = Vec::new();
        for megabytes in megabytes {
            data::use_bytes(&self.folder, kind, megabytes << 20)?;
            peaks.push(self.limited_and_not(&format!("{what}, {megabytes} MiB"), models)?);
        }
        if let (Some(least), Some(most)) = (peaks.iter().min(), peaks.iter().max())
            && *most as f64 > *least as f64 * GROWTH
        {
            let problem = format!("{what}: the peak grows with the data: {peaks:?}");
            self.problems.push(problem);
        }
        Ok(())
    }

    /// Runs the data with each of the limits; answers the peak without one.
    fn limited_and_not(&mut self, name: &str, models: u64) -> Result<u64, Failure> {
        let mut first: Option<Ran> = None;
        for (flags, bound) in LIMITS {
            let name = format!("{name} {}", flags.join(" "));
            let ran = self.run_and_report(&name, flags)?;
            if !ran.succeeded {
                return Err("the run failed".into());
            }
            self.bound(&name, &ran, bound + models);
            match &first {
                Some(first) if first.outputs != ran.outputs => {
                    let problem = format!("{name}: the limit changed the output");
                    self.problems.push(problem);
                }
                Some(_) => {}
                None => first = Some(ran),
            }
        }
        Ok(first.map_or(0, |ran| ran.peak))
    }

    /// A row of 50 MB takes what it takes; where there is no room for it, that is said.
    fn large_row(&mut self) -> Result<(), Failure> {
        for (flags, bound) in LIMITS {
            let is_limited = !flags.is_empty();
            let name = format!("a row of 50 MB {}", flags.join(" "));
            let ran = self.run_and_report(&name, flags)?;
            self.bound(&name, &ran, if is_limited { bound } else { LARGEST_BOUND });
            if ran.succeeded == is_limited || ran.said.contains("there is room for") != is_limited {
                self.problems.push(format!(
                    "{name}: it should pass without a limit and be refused with one"
                ));
            }
        }
        Ok(())
    }

    fn run_and_report(&self, name: &str, flags: &[&str]) -> Result<Ran, Failure> {
        let ran = run(&self.program, &self.folder, flags)?;
        report(name, &ran);
        Ok(ran)
    }

    fn bound(&mut self, name: &str, ran: &Ran, bound: u64) {
        if ran.peak > bound {
            let problem = format!("{name}: {} bytes are more than {bound}", ran.peak);
            self.problems.push(problem);
        }
    }
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
