//! How fast operators are, Parquet in and out included, beside what nlpaug and textaugment do to
//! the same texts in a Python list.
//!
//! ```sh
//! python3 benches/text/assemble.py --out .bench              # once: real English sentences
//! python3 benches/peers/nltk_data.py --out .bench/nltk_data  # once: WordNet and a tagger for the peers
//! PYTHON=VENV/bin/python cargo bench --no-default-features --bench operators
//!     [-- [--rounds 5] [--seconds 4] [--uncompressed] [--one OPERATOR]]
//! ```
//!
//! `PYTHON` names an interpreter with `benches/peers/requirements.txt`. Everything is run in turn,
//! several rounds over, so that a noisy machine disturbs all alike: we do all shards with one
//! worker, each peer as many texts of the first shard as it can in `--seconds`. The first round
//! warms up. Ratios are those of the medians, by the clock and by the time that the processor
//! spent on either side; the least and the most of the rounds stand in brackets.
//!
//! `--uncompressed` reads and writes Parquet without compression, which the peers have none of: what
//! is left is the operator, and getting columns in and out of pages. `--one` runs one of our
//! pipelines alone, for a profiler.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
#![expect(clippy::cast_precision_loss, reason = "numbers of rows are small")]

mod support;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use augment::operator::Registry;
use parquet::basic::Compression;
use support::{Failure, Pipeline, median};

/// An operator of ours, and what it is measured against.
struct Case {
    operator: &'static str,
    options: &'static str,
    peers: &'static [Peer],
}

/// A method of a peer, as `augmenters.py` calls it, and how many times faster we want to be.
struct Peer {
    method: &'static str,
    wanted: f64,
}

/// The first is what all pipelines have in common: no operator at all.
const CASES: [Case; 6] = [
    Case {
        operator: "",
        options: "",
        peers: &[],
    },
    Case {
        operator: "random_deletion",
        options: "rate = 0.1",
        peers: &[
            Peer {
                method: "textaugment.random_deletion",
                wanted: 10.0,
            },
            Peer {
                method: "nlpaug.RandomWordAug.delete",
                wanted: 100.0,
            },
        ],
    },
    Case {
        operator: "random_swap",
        options: "rate = 0.1",
        peers: &[Peer {
            method: "textaugment.random_swap",
            wanted: 10.0,
        }],
    },
    Case {
        operator: "random_swap",
        options: "rate = 0.1\nadjacent = true",
        peers: &[Peer {
            method: "nlpaug.RandomWordAug.swap",
            wanted: 100.0,
        }],
    },
    Case {
        operator: "synonym_replacement",
        options: "rate = 0.1",
        peers: &[
            Peer {
                method: "textaugment.synonym_replacement",
                wanted: 300.0,
            },
            Peer {
                method: "nlpaug.SynonymAug",
                wanted: 300.0,
            },
        ],
    },
    Case {
        operator: "keyboard_typo",
        // As nlpaug: other keys, on three in ten letters of a word of four or more.
        options: "rate = 0.1\nkinds = [\"substitute\"]\ndigits = true\nmarks = true\n\
                  characters = { rate = 0.3, shortest = 4 }",
        peers: &[Peer {
            method: "nlpaug.KeyboardAug",
            wanted: 100.0,
        }],
    },
];

impl Case {
    fn name(&self) -> &'static str {
        match (self.operator, self.options.contains("adjacent")) {
            ("", _) => "no operator",
            (_, true) => "random_swap, adjacent",
            (operator, _) => operator,
        }
    }

    /// Runs it over all shards with one worker.
    fn run(&self, shards: &Path, settings: &Settings) -> Result<Speed, Failure> {
        let operators = format!(
            "[operators.it]\ntype = \"{}\"\ninputs = [\"text\"]\n{}\n",
            self.operator, self.options
        );
        let pipeline = Pipeline {
            operators: if self.operator.is_empty() {
                ""
            } else {
                &operators
            },
            output: if self.operator.is_empty() {
                "\"text\""
            } else {
                "\"it\""
            },
            sink_options: if settings.uncompressed {
                "lineage = false\ncompression = \"none\""
            } else {
                "lineage = false"
            },
        };
        let (started, processor) = (Instant::now(), processor_seconds()?);
        let rows = support::run(&pipeline, shards, 1)?;
        Ok(Speed::new(
            rows as f64,
            started.elapsed().as_secs_f64(),
            processor_seconds()? - processor,
        ))
    }
}

/// What is asked for on the command line.
struct Settings {
    rounds: usize,
    seconds: f64,
    uncompressed: bool,
    one: Option<String>,
}

impl Settings {
    fn read() -> Result<Self, Failure> {
        let mut settings = Self {
            rounds: 5,
            seconds: 4.0,
            uncompressed: false,
            one: None,
        };
        let mut arguments = env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{flag} what?"));
            match flag.as_str() {
                "--bench" => {}
                "--rounds" => settings.rounds = value()?.parse()?,
                "--seconds" => settings.seconds = value()?.parse()?,
                "--uncompressed" => settings.uncompressed = true,
                "--one" => settings.one = Some(value()?),
                _ => return Err(format!("unknown option {flag}").into()),
            }
        }
        Ok(settings)
    }
}

/// Rows per second, by the clock and by the time of the processor.
#[derive(Clone, Copy)]
struct Speed {
    wall: f64,
    processor: f64,
}

impl Speed {
    fn new(rows: f64, wall: f64, processor: f64) -> Self {
        Self {
            wall: rows / wall,
            processor: rows / processor,
        }
    }
}

fn main() -> Result<(), Failure> {
    let settings = Settings::read()?;
    let shards = if settings.uncompressed {
        support::shards_compressed(Compression::UNCOMPRESSED)?
    } else {
        support::shards()?
    };
    let Some(shards) = shards else {
        return Ok(());
    };
    let registry = Registry::builtin();
    let known = |case: &&Case| {
        case.operator.is_empty() || registry.names().any(|name| name == case.operator)
    };
    let (cases, missing): (Vec<&Case>, Vec<&Case>) = CASES.iter().partition(known);
    for case in missing {
        println!("!!! NOT MEASURED: there is no operator `{}`", case.operator);
    }
    if let Some(name) = &settings.one {
        let case = cases.iter().find(|case| case.name() == name);
        let speed = case.ok_or("no such case")?.run(&shards, &settings)?;
        println!("{name}: {:.0} rows/s", speed.wall);
        return Ok(());
    }
    measure(&cases, &shards, &settings)
}

fn measure(cases: &[&Case], shards: &Path, settings: &Settings) -> Result<(), Failure> {
    let mut augmenters = Augmenters::start(shards)?;
    // Of each case and round.
    let mut ours: Vec<Vec<Speed>> = vec![Vec::new(); cases.len()];
    // Of each case, peer and round.
    let mut theirs: Vec<Vec<Vec<Speed>>> = cases
        .iter()
        .map(|case| vec![Vec::new(); case.peers.len()])
        .collect();
    for round in 0..=settings.rounds {
        for (place, case) in cases.iter().enumerate() {
            let speed = case.run(shards, settings)?;
            if round > 0 {
                ours[place].push(speed);
            }
            for (peer, speeds) in case.peers.iter().zip(&mut theirs[place]) {
                let speed = augmenters.run(peer.method, settings.seconds)?;
                if round > 0 {
                    speeds.push(speed);
                }
            }
        }
    }
    report(cases, &ours, &theirs, settings);
    Ok(())
}

fn report(cases: &[&Case], ours: &[Vec<Speed>], theirs: &[Vec<Vec<Speed>>], settings: &Settings) {
    println!(
        "rows per second, one worker, Parquet in and out{}; median of {} rounds\n",
        if settings.uncompressed {
            ", both without compression"
        } else {
            ""
        },
        settings.rounds
    );
    println!(
        "| operator | rows/s | peer | rows/s | ratio | by processor time | wanted |\n\
         | --- | --- | --- | --- | --- | --- | --- |"
    );
    for ((case, ours), theirs) in cases.iter().zip(ours).zip(theirs) {
        let wall = |speed: &Speed| speed.wall;
        let processor = |speed: &Speed| speed.processor;
        if case.peers.is_empty() {
            println!("| {} | {:.0} | | | | | |", case.name(), middle(ours, wall));
        }
        for (peer, theirs) in case.peers.iter().zip(theirs) {
            println!(
                "| {} | {:.0} | {} | {:.0} | {} | {} | {:.0} |",
                case.name(),
                middle(ours, wall),
                peer.method,
                middle(theirs, wall),
                ratio(ours, theirs, wall),
                ratio(ours, theirs, processor),
                peer.wanted
            );
        }
    }
}

fn middle(speeds: &[Speed], of: impl Fn(&Speed) -> f64) -> f64 {
    median(&speeds.iter().map(of).collect::<Vec<_>>())
}

/// The ratio of the medians, with the least and the most of the rounds.
fn ratio(ours: &[Speed], theirs: &[Speed], of: impl Fn(&Speed) -> f64 + Copy) -> String {
    let mut rounds: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(ours, theirs)| of(ours) / of(theirs))
        .collect();
    rounds.sort_by(f64::total_cmp);
    format!(
        "{:.1} [{:.1}, {:.1}]",
        middle(ours, of) / middle(theirs, of),
        rounds[0],
        rounds[rounds.len() - 1]
    )
}

/// Seconds of the processor that this process has had in all its threads, from `/proc`, which counts
/// in hundredths.
fn processor_seconds() -> Result<f64, Failure> {
    let line = fs::read_to_string("/proc/self/stat")?;
    // The second field, in brackets, is a name that may hold anything.
    let (_, fields) = line.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let (user, system): (f64, f64) = (fields[11].parse()?, fields[12].parse()?);
    Ok((user + system) / 100.0)
}

/// `augmenters.py`, which does what it is told.
struct Augmenters {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Augmenters {
    fn start(shards: &Path) -> Result<Self, Failure> {
        let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");
        let data =
            env::var("NLTK_DATA").map_or_else(|_| support::folder().join("nltk_data"), Into::into);
        if !data.exists() {
            return Err(format!(
                "{0} is not there; make it with: python3 benches/peers/nltk_data.py --out {0}",
                data.display()
            )
            .into());
        }
        let mut process = Command::new(python)
            .arg(format!("{folder}/augmenters.py"))
            .arg(shards.join("text-0.parquet"))
            .env("NLTK_DATA", fs::canonicalize(data)?)
            // Not one of them is told to use threads, nor may a library do so by itself.
            .env("OMP_NUM_THREADS", "1")
            .env("OPENBLAS_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut augmenters = Self {
            process,
            input,
            output,
        };
        match augmenters.line()?.as_str() {
            "ready" => Ok(augmenters),
            _ => Err(format!(
                "the peers did not start: PYTHON must name an interpreter with {folder}/requirements.txt"
            )
            .into()),
        }
    }

    fn run(&mut self, method: &str, seconds: f64) -> Result<Speed, Failure> {
        writeln!(self.input, "{method} {seconds}")?;
        self.input.flush()?;
        let line = self.line()?;
        let numbers: Vec<f64> = line
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|_| format!("{method} failed"))?;
        match numbers[..] {
            [rows, wall, processor] => Ok(Speed::new(rows, wall, processor)),
            _ => Err(format!("{method} failed").into()),
        }
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Augmenters {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
