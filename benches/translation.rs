//! How fast sentences are translated, beside CTranslate2 and transformers with the same weights.
//!
//! ```sh
//! export ORT_DYLIB_PATH=.../libonnxruntime.so
//! cargo bench --bench translation --features onnx -- MODEL [--forced 64] [--workers 2]
//!     [--beams 1,4] [--type int8,fp32] [--peers ctranslate2,transformers] [--rounds 5] [--memory]
//!     [--device cuda:0 [--own]]
//! ```
//!
//! `benches/peers/prepare_translation.py` makes MODEL, a folder that holds `transformers/` (the model
//! as transformers has it), `fast-fp32/` and `fast-int8/` (made by `augment models optimize`), and
//! `sentences.txt`, with the token ids of one sentence per line. `PYTHON` names the interpreter that has the peers' packages.
//!
//! All systems translate all sentences in turn, several rounds over, so that a noisy machine
//! disturbs all alike; the median is reported, of ratios that of the rounds. With `--forced N`, for weights that were never
//! trained, sentences are translated in groups of N, sorted by length, and each translation has as
//! many tokens as the longest sentence of its group (the folders must then forbid the end of
//! sentence, by `bad_words_ids` in `generation_config.json`).
//!
//! On a GPU, workers hand their sentences to the threads that the device belongs to; with `--own`
//! each has sessions of its own there.

#![expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
#![expect(clippy::cast_precision_loss, reason = "sentences are few")]

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use augment::inference::Budget;
use augment::mt::marian::{
    LoadOptions, MarianModel, MarianTranslator, ModelFiles, SessionSource, TokenSentence, Tokenizer,
};
use augment::mt::{Decoding, Strategy};
use augment::onnx::{ChosenDevice, Device, Runtime, RuntimeOptions};
use augment::random::Random;
use ort::session::builder::{PrepackedWeights, SessionBuilder};

/// As the program has it: ONNX Runtime takes its memory from it as well.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Failure = Box<dyn std::error::Error>;

/// What is measured.
struct Settings {
    model: PathBuf,
    forced: Option<usize>,
    workers: usize,
    beams: Vec<usize>,
    types: Vec<String>,
    peers: Vec<String>,
    rounds: usize,
    memory: bool,
    budget: Option<Budget>,
    device: Device,
    own: bool,
}

impl Settings {
    fn read() -> Result<Self, Failure> {
        let mut settings = Self {
            model: PathBuf::new(),
            forced: None,
            workers: 2,
            beams: vec![1, 4],
            types: vec!["int8".to_owned(), "fp32".to_owned()],
            peers: vec!["ctranslate2".to_owned(), "transformers".to_owned()],
            rounds: 5,
            memory: false,
            budget: None,
            device: Device::Cpu,
            own: false,
        };
        let mut budget = Budget::default();
        let mut arguments = env::args().skip(1).filter(|flag| flag != "--bench");
        while let Some(argument) = arguments.next() {
            if argument == "--memory" {
                settings.memory = true;
                continue;
            }
            if argument == "--own" {
                settings.own = true;
                continue;
            }
            if !argument.starts_with("--") {
                settings.model = argument.into();
                continue;
            }
            let value = arguments.next().ok_or("a flag lacks its value")?;
            let list = || value.split(',').filter(|part| !part.is_empty());
            match argument.as_str() {
                "--forced" => settings.forced = Some(value.parse()?),
                "--workers" => settings.workers = value.parse()?,
                "--beams" => settings.beams = list().map(str::parse).collect::<Result<_, _>>()?,
                "--type" => settings.types = list().map(str::to_owned).collect(),
                "--peers" => settings.peers = list().map(str::to_owned).collect(),
                "--rounds" => settings.rounds = value.parse()?,
                "--device" => settings.device = value.parse()?,
                "--tokens" => {
                    budget.tokens = value.parse()?;
                    budget.sources = budget.tokens;
                }
                "--rows" => budget.rows = value.parse()?,
                _ => return Err(format!("unknown flag {argument}").into()),
            }
        }
        settings.budget = (budget != Budget::default()).then_some(budget);
        Ok(settings)
    }
}

fn main() -> Result<(), Failure> {
    let settings = Settings::read()?;
    if env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("skipped: ORT_DYLIB_PATH does not name the library of ONNX Runtime");
        return Ok(());
    }
    if !settings.model.join("sentences.txt").is_file() {
        println!("skipped: {} has no sentences.txt", settings.model.display());
        return Ok(());
    }
    let runtime = Runtime::load(&RuntimeOptions::default())?;
    let sentences = read_sentences(&settings.model.join("sentences.txt"))?;
    let tokens: usize = sentences.iter().map(Vec::len).sum();
    println!(
        "{} sentences, {tokens} tokens, {} workers of one thread, median of {} rounds",
        sentences.len(),
        settings.workers,
        settings.rounds,
    );
    if settings.memory {
        return memory(&settings, runtime, &sentences);
    }
    for beams in &settings.beams {
        for number in &settings.types {
            println!("\n{number}, {}", strategy_name(*beams));
            compare(&settings, runtime, &sentences, number, *beams)?;
        }
    }
    Ok(())
}

/// Memory of the process with more and more workers, after each has translated something.
fn memory(
    settings: &Settings,
    runtime: &'static Runtime,
    sentences: &[Vec<u32>],
) -> Result<(), Failure> {
    // The file may have the short ones first.
    let few: Vec<Vec<u32>> = sentences
        .iter()
        .step_by((sentences.len() / 64).max(1))
        .cloned()
        .collect();
    for number in &settings.types {
        println!("\n{number}: {} MB before", resident_mb()?);
        let mut ours = Ours::load(settings, runtime, &few, number, 4)?;
        println!("{} workers loaded: {} MB", settings.workers, resident_mb()?);
        ours.translate()?;
        println!(
            "after {} sentences with 4 beams: {} MB",
            few.len(),
            resident_mb()?
        );
    }
    Ok(())
}

/// Memory that is in use by this process, without what it shares with files.
fn resident_mb() -> Result<usize, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .ok_or("no RssAnon")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? / 1024)
}

fn strategy_name(beams: usize) -> String {
    if beams == 1 {
        "greedy".to_owned()
    } else {
        format!("{beams} beams")
    }
}

/// Something that translates all sentences and says how many tokens it made.
trait Contender {
    fn translate(&mut self) -> Result<(f64, usize), Failure>;
}

fn compare(
    settings: &Settings,
    runtime: &'static Runtime,
    sentences: &[Vec<u32>],
    number: &str,
    beams: usize,
) -> Result<(), Failure> {
    let loaded = Instant::now();
    let ours = Ours::load(settings, runtime, sentences, number, beams)?;
    let mut contenders: Vec<(String, Box<dyn Contender>)> = vec![(
        format!(
            "augment (loaded in {:.2} s)",
            loaded.elapsed().as_secs_f64()
        ),
        Box::new(ours),
    )];
    for peer in &settings.peers {
        let (name, numbers) = match (peer.as_str(), number) {
            ("ctranslate2", "int8") => ("CTranslate2 int8", Some("int8")),
            ("ctranslate2", _) => ("CTranslate2 float32", Some("float32")),
            _ => ("transformers float32", None),
        };
        let peer = Peer::start(settings, peer, numbers, beams)?;
        contenders.push((name.to_owned(), Box::new(peer)));
    }
    let mut seconds = vec![Vec::new(); contenders.len()];
    let mut tokens = vec![0; contenders.len()];
    for round in 0..=settings.rounds {
        for (place, (_, contender)) in contenders.iter_mut().enumerate() {
            let (took, made) = contender.translate()?;
            // The first round warms up.
            if round > 0 {
                seconds[place].push(took);
            }
            tokens[place] = made;
        }
    }
    // The machine is now fast, now slow, for all alike: rounds are compared one by one.
    let ours = seconds[0].clone();
    for (((name, _), seconds), tokens) in contenders.iter().zip(&seconds).zip(&tokens) {
        let ratios = seconds
            .iter()
            .zip(&ours)
            .map(|(theirs, ours)| theirs / ours);
        let rate = sentences.len() as f64 / median(seconds.clone());
        println!(
            "  {name:32} {rate:8.1} sentences/s {:8.0} tokens/s {:6.2}",
            rate * *tokens as f64 / sentences.len() as f64,
            median(ratios.collect()),
        );
    }
    Ok(())
}

/// The one in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn read_sentences(path: &Path) -> Result<Vec<Vec<u32>>, Failure> {
    let text = fs::read_to_string(path)?;
    let ids = |line: &str| line.split(' ').map(str::parse).collect();
    Ok(text.lines().map(ids).collect::<Result<_, _>>()?)
}

/// The peers are given token ids as well.
struct NoTokenizer;

impl Tokenizer for NoTokenizer {
    fn encode(&self, _: &str, _: &mut Vec<u32>) {}

    fn decode(&self, _: &[u32]) -> String {
        String::new()
    }
}

/// Sentences that a worker is handed at once, and how to translate them.
type Call = (Vec<TokenSentence>, Decoding);

struct Ours {
    workers: Vec<MarianTranslator>,
    calls: Vec<Call>,
}

impl Ours {
    fn load(
        settings: &Settings,
        runtime: &'static Runtime,
        sentences: &[Vec<u32>],
        number: &str,
        beams: usize,
    ) -> Result<Self, Failure> {
        let (device, _) = runtime.choose(settings.device)?;
        let sessions = SessionSource::new(device, move |weights| {
            session_builder(runtime, device, weights).map_err(|error| error.to_string())
        });
        let files = ModelFiles::folder(&settings.model.join(format!("fast-{number}")));
        let options = LoadOptions {
            variant: None,
            budget: settings.budget,
        };
        let model = MarianModel::load(files, Arc::new(NoTokenizer), sessions, &options)?;
        let strategy = match beams {
            1 => Strategy::Greedy,
            beams => Strategy::Beam {
                beams,
                length_penalty: 1.0,
            },
        };
        let mut workers = Vec::new();
        for _ in 0..settings.workers {
            workers.push(if settings.own {
                model.own_translator()?
            } else {
                model.translator()?
            });
        }
        let calls = calls(settings, sentences, strategy);
        Ok(Self { workers, calls })
    }
}

/// A session as runs have them. `AUGMENT_PROFILE` names the beginning of files that ONNX Runtime's
/// profiles are written to.
fn session_builder(
    runtime: &Runtime,
    device: ChosenDevice,
    weights: &PrepackedWeights,
) -> Result<SessionBuilder, Failure> {
    let builder = runtime.session_builder(device, Some(weights))?;
    match env::var_os("AUGMENT_PROFILE") {
        Some(path) => Ok(builder
            .with_profiling(PathBuf::from(path))
            .map_err(|e| e.to_string())?),
        None => Ok(builder),
    }
}

/// What the workers take in turn: groups, or the same share of long and short sentences for each.
fn calls(settings: &Settings, sentences: &[Vec<u32>], strategy: Strategy) -> Vec<Call> {
    let as_sentence = |tokens: &Vec<u32>| TokenSentence {
        tokens: tokens.clone(),
        wanted: 1,
        random: Random::from_key(0),
    };
    let decoding = |tokens: usize| Decoding {
        max_length_factor: 0.0,
        max_length_extra: tokens,
        ..Decoding::new(strategy)
    };
    let Some(group) = settings.forced else {
        let deal = |worker: usize| sentences.iter().skip(worker).step_by(settings.workers);
        return (0..settings.workers)
            .map(|worker| (deal(worker).map(as_sentence).collect(), decoding(255)))
            .collect();
    };
    let mut sorted: Vec<Vec<u32>> = sentences.to_vec();
    sorted.sort_by_key(|sentence| std::cmp::Reverse(sentence.len()));
    sorted
        .chunks(group)
        .map(|group| {
            // The forced end of sentence, which the peers do not have, costs nothing.
            let tokens = group.first().map_or(0, Vec::len) + 1;
            (group.iter().map(as_sentence).collect(), decoding(tokens))
        })
        .collect()
}

impl Contender for Ours {
    fn translate(&mut self) -> Result<(f64, usize), Failure> {
        let start = Instant::now();
        // Who is done with one takes the next, as the peers do.
        let (calls, next) = (&self.calls, &AtomicUsize::new(0));
        let made: Vec<Result<usize, String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .workers
                .iter_mut()
                .map(|translator| {
                    scope.spawn(move || {
                        let mut tokens = 0;
                        while let Some((sentences, decoding)) =
                            calls.get(next.fetch_add(1, Ordering::Relaxed))
                        {
                            let (found, _) = translator
                                .translate_tokens(sentences, decoding)
                                .map_err(|error| error.to_string())?;
                            tokens += found
                                .iter()
                                .map(|found| found[0].tokens.len())
                                .sum::<usize>();
                        }
                        Ok(tokens)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err("panic".to_owned())))
                .collect()
        });
        let mut tokens = 0;
        for made in made {
            tokens += made?;
        }
        Ok((start.elapsed().as_secs_f64(), tokens))
    }
}

/// A script that translates when it is told to.
struct Peer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(
        settings: &Settings,
        peer: &str,
        number: Option<&str>,
        beams: usize,
    ) -> Result<Self, Failure> {
        let python = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = format!(
            "{}/benches/peers/translate_{peer}.py",
            env!("CARGO_MANIFEST_DIR")
        );
        let mut command = Command::new(python);
        command
            .arg(script)
            .arg(settings.model.join("transformers"))
            .arg(settings.model.join("sentences.txt"))
            .args(["--beams", &beams.to_string()])
            .args(["--workers", &settings.workers.to_string()]);
        if let Some(number) = number {
            command.args(["--type", number]);
        }
        if let Some(group) = settings.forced {
            command.args(["--forced", &group.to_string()]);
        }
        if let Ok(batch) = env::var("PEER_BATCH") {
            command.args(["--batch", &batch]);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = process.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut peer = Self {
            process,
            input,
            output,
        };
        if peer.line()? != "ready" {
            return Err("a peer did not get ready: run its script by hand to see why".into());
        }
        Ok(peer)
    }

    fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Contender for Peer {
    fn translate(&mut self) -> Result<(f64, usize), Failure> {
        writeln!(self.input, "translate")?;
        self.input.flush()?;
        let line = self.line()?;
        let (seconds, tokens) = line.split_once(' ').ok_or("a peer failed")?;
        Ok((seconds.parse()?, tokens.parse()?))
    }
}
